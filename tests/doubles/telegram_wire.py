"""The library's own client on the double without HTTP between them: thousands of updates a test, every request still judged."""

import json
from typing import Any

from telegram.request import BaseRequest, RequestData

from tests.doubles.telegram import BotApi
from tests.doubles.telegram_judge import Refused, judge


class Wire(BaseRequest):
    """A transport that hands each request to the server it is given. Raises UnicodeEncodeError for what no form could carry."""

    def __init__(self, api: BotApi) -> None:
        self._api = api

    @property
    def read_timeout(self) -> float:
        """How long an answer may take, seconds."""
        return 1.0

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        """The status and body of one call."""
        name, form = url.rpartition("/")[2], {} if request_data is None else request_data.json_parameters
        for value in form.values():
            value.encode()
        for part, (file, content, _kind) in (request_data.multipart_data if request_data else {}).items():
            self._api.uploads.append((file, content if isinstance(content, bytes) else content.read()))
            form = {part: f"attach://{file}", **form}
        try:
            return 200, json.dumps({"ok": True, "result": await self._perform(name, form)}).encode()
        except Refused as refusal:
            self._api.refusals.append(f"{name}: {refusal.description}")
            body = {"ok": False, "error_code": refusal.status, "description": refusal.description}
            return refusal.status, json.dumps(body).encode()

    async def _perform(self, name: str, form: dict[str, Any]) -> Any:
        self._api.calls.append((name, form))
        self._api.check_known(name)
        return await getattr(self._api, f"_do_{name}")(judge(name, form))
