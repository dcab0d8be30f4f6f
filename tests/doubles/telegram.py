"""A Telegram Bot API server on loopback: real HTTP, judged requests, long polling or webhook, and faults on order.

Tests play the people (`say`, `press`, `ask_inline`, `stand`) and look at what a chat shows (`shown`, `wait_for`). It knows
the methods the bot uses; any other is refused, so that a new one is noticed. Its parts: `telegram_people` what happens in
chats, `telegram_sending` what the bot puts there, `telegram_setup` menus, polling and webhook, `telegram_judge` what of a
request Telegram would refuse.
"""

from types import TracebackType
from typing import Self

from aiohttp import web

from tests.doubles.telegram_ground import (
    ALICE,
    ANONYMOUS,
    BOB,
    BOT,
    CARMEN,
    CHANNEL,
    FORUM,
    GROUP,
    PRIVATE,
    SMALL_GROUP,
    Fault,
    Json,
    Shown,
    method_not_found,
)
from tests.doubles.telegram_judge import Refused, judge, models
from tests.doubles.telegram_people import PERMISSIONS, RIGHTS
from tests.doubles.telegram_sending import Sending
from tests.doubles.telegram_setup import SECRET_HEADER, Setup

__all__ = [
    "ALICE",
    "ANONYMOUS",
    "BOB",
    "BOT",
    "CARMEN",
    "CHANNEL",
    "FORUM",
    "GROUP",
    "PERMISSIONS",
    "PRIVATE",
    "RIGHTS",
    "SECRET_HEADER",
    "SMALL_GROUP",
    "BotApi",
    "Fault",
    "Json",
    "Shown",
]


class BotApi(Sending, Setup):
    """The server; use it as `async with BotApi(token) as api` and point the bot at `api.url`."""

    def __init__(self, *given: object, **more: object) -> None:
        super().__init__(*given, **more)
        self._faults: dict[str, list[Fault]] = {}
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        models()
        app = web.Application(client_max_size=50_000_000)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        await self._stop_posting()
        await self._tell_waiting()
        if self._runner is not None:
            await self._runner.cleanup()

    def fail(self, method: str, fault: Fault) -> None:
        """Answer the next calls of `method` with a fault."""
        self._faults.setdefault(method, []).append(fault)

    # ---- what can be seen

    async def messages(self, count: int) -> list[Shown]:
        """The messages shown, once there are `count` of them."""
        await self.wait_for(lambda: len(self.shown) >= count)
        return self.shown

    def called(self, method: str) -> list[Json]:
        """The parameters of each call of a method."""
        return [form for name, form in self.calls if name == method]

    # ---- the server

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return _error(Refused("Unauthorized", 401))
        form = await self._read_form(request)
        self.calls.append((method, form))
        await self._tell_waiting()
        try:
            return await self._answer(method, form, request)
        except Refused as refusal:
            if form:  # a call without a word only asks whether there is such a method
                self.refusals.append(refusal.description)
            return _error(refusal)
        finally:
            await self._tell_waiting()

    async def _answer(self, method: str, form: Json, request: web.Request) -> web.StreamResponse:
        self.check_known(method)
        call = judge(method, form)
        perform = getattr(self, f"_do_{method}", None)
        if perform is None:
            raise Refused(f"Bad Request: this double does not know {method}")
        fault = self._take_fault(method, form)
        if fault is None:
            return web.json_response({"ok": True, "result": await perform(call)})
        if fault.delivered:
            await perform(call)
        return await self._go_wrong(fault, request)

    def check_known(self, method: str) -> None:
        """Raises Refused for a method that is newer than this server, before a parameter is looked at."""
        if ("Rich" in method and not self.has_rich) or ("Ephemeral" in method and not self.has_ephemeral):
            raise method_not_found()

    async def _go_wrong(self, fault: Fault, request: web.Request) -> web.StreamResponse:
        if fault.stall:
            await self._closing.wait()
        if (fault.stall or fault.cut) and request.transport is not None:
            request.transport.abort()
        if fault.page is not None:
            return web.Response(status=fault.status, text=fault.page, content_type="text/html")
        return _error(Refused(fault.description, fault.status, fault.parameters))

    def _take_fault(self, method: str, form: Json) -> Fault | None:
        for fault in self._faults.get(method, []):
            if fault.times > 0 and fault.chat_id in {None, _number(form.get("chat_id"))}:
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    async def _read_form(self, request: web.Request) -> Json:
        form: Json = {}
        files: dict[str, str] = {}
        for key, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                self.uploads.append((value.filename, value.file.read()))
                files[key] = value.filename
                continue
            form[key] = value if isinstance(value, str) else bytes(value).decode()
        spoken_of = " ".join(map(str, form.values()))
        return form | {
            key: f"attach://{name}" for key, name in files.items() if f"attach://{key}" not in spoken_of
        }


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None


def _error(refusal: Refused) -> web.Response:
    body: Json = {"ok": False, "error_code": refusal.status, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = dict(refusal.parameters)
    return web.json_response(body, status=refusal.status)
