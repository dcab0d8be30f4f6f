"""What a bot sets up with the Bot API double: who it is, its menus and descriptions, and how updates reach it."""

import asyncio
import io
import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.doubles.telegram_ground import BOT, Ground, Json
from tests.doubles.telegram_judge import Refused

AGAIN_S = 0.02
"""How soon an update is posted again that a webhook did not take; the real server waits longer each time."""
POSTED_WITHIN_S = 60.0
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Setup(Ground):
    """Menus by scope and language, descriptions by language, polling and the webhook."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.menus: dict[tuple[str, str], list[Json]] = {}
        """The menu of each scope ("default", "all_group_chats", "chat:-1001", "chat_member:-1001:11") and language ("")."""
        self.descriptions: dict[str, str] = {}
        self.short_descriptions: dict[str, str] = {}
        self.supports_inline = True
        """Whether @BotFather was told that the bot may be asked inline."""
        self.webhook: Any = None
        """The setWebhook that holds, None while the bot may poll."""
        self.webhook_at = ""
        """Where the bot listens ("http://127.0.0.1:8443"): what a proxy for TLS in front of it would do is done here."""
        self.posted: list[tuple[int, str]] = []
        """What the webhook answered: status and body, in the order of the posts."""
        self.last_error: str | None = None
        self.polls = 0
        self._polling = 0
        self._posting: asyncio.Task[None] | None = None

    @property
    def menu(self) -> list[Json]:
        """The menu of everybody."""
        return self.menus.get(("default", ""), [])

    async def idle(self) -> None:
        """Wait until every update was taken and the bot asks for more."""
        await self.wait_for(lambda: not self._updates and (self._polling > 0 or self.webhook is not None))

    async def post_webhook(
        self, body: bytes | Json, secret: str | None = None, **more: Any
    ) -> tuple[int, str]:
        """What anybody may post to the bot's webhook; gives status and body."""
        headers = {} if secret is None else {SECRET_HEADER: secret}
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=POSTED_WITHIN_S)) as session,
            session.request(
                more.pop("method", "POST"),
                self.webhook_at + more.pop("path", urlsplit(self.webhook.url).path or "/"),
                data=io.BytesIO(payload),
                headers={"Content-Type": "application/json", **headers, **more},
            ) as response,
        ):
            return response.status, await response.text()

    async def _stop_posting(self) -> None:
        posting, self._posting = self._posting, None
        if posting is not None:
            posting.cancel()
            with suppress(asyncio.CancelledError):
                await posting

    # ---- who it is

    async def _do_getMe(self, call: Any) -> Json:  # noqa: N802
        more = {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": self.supports_inline,
        }
        return {**BOT, **more}

    async def _do_getMyCommands(self, call: Any) -> list[Json]:  # noqa: N802
        return self.menus.get((_scope(call.scope), call.language_code or ""), [])

    async def _do_setMyCommands(self, call: Any) -> bool:  # noqa: N802
        hidden = () if self.has_ephemeral else ("is_ephemeral",)
        self.menus[_scope(call.scope), call.language_code or ""] = [
            entry.model_dump(exclude_none=True, exclude={*hidden}) for entry in call.commands
        ]
        return True

    async def _do_deleteMyCommands(self, call: Any) -> bool:  # noqa: N802
        self.menus.pop((_scope(call.scope), call.language_code or ""), None)
        return True

    async def _do_getMyDescription(self, call: Any) -> Json:  # noqa: N802
        return {"description": self.descriptions.get(call.language_code or "", "")}

    async def _do_setMyDescription(self, call: Any) -> bool:  # noqa: N802
        self.descriptions[call.language_code or ""] = call.description or ""
        return True

    async def _do_getMyShortDescription(self, call: Any) -> Json:  # noqa: N802
        return {"short_description": self.short_descriptions.get(call.language_code or "", "")}

    async def _do_setMyShortDescription(self, call: Any) -> bool:  # noqa: N802
        self.short_descriptions[call.language_code or ""] = call.short_description or ""
        return True

    # ---- how updates reach it

    async def _do_setWebhook(self, call: Any) -> bool:  # noqa: N802
        await self._stop_posting()
        if call.drop_pending_updates:
            self._updates.clear()
        if call.allowed_updates is not None:
            self.allowed = call.allowed_updates
        self.webhook = call if call.url else None
        self.last_error = None
        if self.webhook is not None:
            self._polling = -1
            self._posting = asyncio.create_task(self._post_all())
        return True

    async def _do_deleteWebhook(self, call: Any) -> bool:  # noqa: N802
        await self._stop_posting()
        self.webhook = None
        if call.drop_pending_updates:
            self._updates.clear()
        return True

    async def _do_getWebhookInfo(self, call: Any) -> Json:  # noqa: N802
        told: Json = {
            "url": self.webhook.url if self.webhook is not None else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }
        if self.allowed is not None:
            told["allowed_updates"] = self.allowed
        if self.webhook is not None:
            told["max_connections"] = self.webhook.max_connections or 40
        if self.last_error is not None:
            told |= {"last_error_date": int(self.clock()), "last_error_message": self.last_error}
        return told

    async def _do_getUpdates(self, call: Any) -> list[Json]:  # noqa: N802
        if self.webhook is not None:
            raise Refused(
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
                409,
            )
        self.polls += 1
        mine = self.polls
        self._polling = mine
        if call.allowed_updates is not None:
            self.allowed = call.allowed_updates
        try:
            return await self._poll(call, mine)
        finally:
            if self._polling == mine:
                self._polling = 0

    async def _poll(self, call: Any, mine: int) -> list[Json]:
        async with self._changed:
            if call.offset:
                self._updates = [update for update in self._updates if update["update_id"] >= call.offset]
            self._changed.notify_all()
            with suppress(TimeoutError):
                async with asyncio.timeout(call.timeout or 0):
                    await self._changed.wait_for(
                        lambda: self._polling != mine or bool(self._wanted()) or self._closing.is_set()
                    )
            if self._polling != mine:
                raise Refused("Conflict: terminated by other getUpdates request", 409)
            return self._wanted()[: call.limit or 100]

    async def _post_all(self) -> None:
        """Post what happens to the webhook, in order, each until it is taken."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._updates))
                update = self._updates[0]
            if self.allowed and not set(self.allowed) & set(update):
                taken = True
            else:
                taken = await self._post(update)
            async with self._changed:
                if taken and self._updates and self._updates[0] is update:
                    self._updates.pop(0)
                self._changed.notify_all()
            if not taken:
                await asyncio.sleep(AGAIN_S)

    async def _post(self, update: Json) -> bool:
        try:
            status, body = await self.post_webhook(update, self.webhook.secret_token)
        except (aiohttp.ClientError, OSError, TimeoutError):
            self.last_error = "Connection refused"
            return False
        self.posted.append((status, body))
        if status // 100 != 2:
            self.last_error = f"Wrong response from the webhook: {status}"
        return status // 100 == 2


def _scope(scope: Any) -> str:
    if scope is None:
        return "default"
    more = (getattr(scope, "chat_id", None), getattr(scope, "user_id", None))
    return ":".join([str(scope.type), *(str(part) for part in more if part is not None)])
