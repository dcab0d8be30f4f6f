"""A Telegram Bot API server on loopback: real HTTP, judged requests, long polling, and faults on order.

Tests play the people (`say`, `press`) and look at what a chat shows (`shown`, `wait_for`). It knows the methods the bot
uses; any other is refused, so that a new one is noticed.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.doubles.telegram_judge import Method, Refused, entities, judge, mode_of, models, visible

BOT = {"id": 7_700_000_001, "is_bot": True, "first_name": "Seawall", "username": "seawall_bot"}
ALICE = {"id": 11, "is_bot": False, "first_name": "Alice", "language_code": "en"}
BOB = {"id": 12, "is_bot": False, "first_name": "Bob", "language_code": "en"}
PRIVATE = {"id": 11, "type": "private", "first_name": "Alice"}
GROUP = {"id": -1_001, "type": "supergroup", "title": "Desk"}
PATIENCE_S = 10.0
RIGHTS = (
    "can_be_edited",
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
"""The rights every administrator has or has not (Bot API, ChatMemberAdministrator)."""

Json = dict[str, Any]


@dataclass(slots=True)
class Shown:
    """A message as a chat shows it: what is read, what was sent, its buttons, and how often it was edited.

    `photo` is what Telegram calls its picture; what is read is then its caption.
    """

    message_id: int
    chat_id: int
    text: str
    raw: str
    parse_mode: str | None
    keyboard: list[list[Json]]
    call: Method
    edits: int = 0
    photo: str | None = None

    @property
    def buttons(self) -> dict[str, Json]:
        """Its buttons by label."""
        return {button["text"]: button for row in self.keyboard for button in row}

    @property
    def forces_reply(self) -> bool:
        """Whether the reader is made to reply to it."""
        return bool(getattr(self.call.reply_markup, "force_reply", False))


@dataclass(slots=True)
class Fault:
    """An answer other than the right one, `times` times.

    With `delivered` the request takes effect before it goes wrong. `stall` never answers, `cut` drops the connection,
    `page` answers with this text in place of JSON.
    """

    status: int = 500
    description: str = "Internal Server Error"
    parameters: Mapping[str, int] = field(default_factory=dict)
    times: int = 1
    chat_id: int | None = None
    delivered: bool = False
    stall: bool = False
    cut: bool = False
    page: str | None = None


class BotApi:
    """The server; use it as `async with BotApi(token) as api` and point the bot at `api.url`."""

    def __init__(self, token: str, clock: Callable[[], float] = time.time) -> None:
        self.token = token
        self.clock = clock
        self.url = ""
        self.calls: list[tuple[str, Json]] = []
        self.refusals: list[str] = []
        self.shown: list[Shown] = []
        self.menu: list[Json] = []
        self.answered: list[str] = []
        self.uploads: list[tuple[str, bytes]] = []
        self.files: dict[str, bytes] = {}
        """What was uploaded as a photo, by the name it was given."""
        self.managers: set[tuple[int, int]] = set()
        """Who is an administrator, by chat and user."""
        self.members: dict[tuple[int, int], Json] = {}
        """How somebody stands in a chat who is neither an administrator nor a member."""
        self.polls = 0
        self._polling = 0
        self._updates: list[Json] = []
        self._next_update = 1_000
        self._next_message = 1
        self._faults: dict[str, list[Fault]] = {}
        self._changed = asyncio.Condition()
        self._closing = asyncio.Event()
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
        await self._tell_waiting()
        if self._runner is not None:
            await self._runner.cleanup()

    # ---- people

    async def say(self, text: str, *, chat: Json = PRIVATE, sender: Json = ALICE, **more: Any) -> Json:
        """Somebody writes; `more` are further fields of the message, such as date or forward_origin."""
        message = {"message_id": self._message_id(), "date": int(self.clock()), "chat": chat, "from": sender}
        return await self.happen({"message": {**message, "text": text, **more}})

    async def reply(
        self, shown: Shown, text: str, *, chat: Json = PRIVATE, sender: Json = ALICE, **more: Any
    ) -> Json:
        """Somebody replies to a message of the bot."""
        return await self.say(
            text, chat=chat, sender=sender, reply_to_message=self._told(shown, chat), **more
        )

    async def press(
        self, shown: Shown, label: str, *, chat: Json = PRIVATE, sender: Json = ALICE, data: str | None = None
    ) -> Json:
        """Somebody presses a button under a message; `data` is what a client of their own making sends instead."""
        data = shown.buttons[label]["callback_data"] if data is None else data
        message = self._told(shown, chat)
        query = {
            "id": str(self._next_update),
            "from": sender,
            "chat_instance": "1",
            "data": data,
            "message": message,
        }
        return await self.happen({"callback_query": query})

    def _told(self, shown: Shown, chat: Json) -> Json:
        """A message of the bot as Telegram tells it: with its marks and its buttons."""
        told = {"message_id": shown.message_id, "date": int(self.clock()), "chat": chat, "from": BOT}
        marked = entities(shown.raw, shown.parse_mode)
        if shown.photo is None:
            told |= {"text": shown.text, "entities": marked}
        else:
            told |= {"photo": [_size(shown.photo)], "caption": shown.text, "caption_entities": marked}
        return told | ({"reply_markup": {"inline_keyboard": shown.keyboard}} if shown.keyboard else {})

    async def happen(self, update: Json) -> Json:
        """An update of any kind; one with an update_id is a replay."""
        async with self._changed:
            if "update_id" not in update:
                update = {"update_id": self._next_update, **update}
                self._next_update += 1
            self._updates.append(update)
            self._changed.notify_all()
        return update

    def fail(self, method: str, fault: Fault) -> None:
        """Answer the next calls of `method` with a fault."""
        self._faults.setdefault(method, []).append(fault)

    # ---- what can be seen

    async def wait_for(self, claim: Callable[[], bool]) -> None:
        """Wait until a claim about this server holds; it is looked at after every request."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(claim)

    async def messages(self, count: int) -> list[Shown]:
        """The messages shown, once there are `count` of them."""
        await self.wait_for(lambda: len(self.shown) >= count)
        return self.shown

    async def idle(self) -> None:
        """Wait until every update was taken and the bot asks for more."""
        await self.wait_for(lambda: not self._updates and self._polling > 0)

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
            self.refusals.append(refusal.description)
            return _error(refusal)
        finally:
            await self._tell_waiting()

    async def _tell_waiting(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _answer(self, method: str, form: Json, request: web.Request) -> web.StreamResponse:
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

    def _message_id(self) -> int:
        self._next_message += 1
        return self._next_message

    # ---- the methods

    async def _do_getMe(self, call: Any) -> Json:  # noqa: N802
        more = {
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }
        return {**BOT, **more}

    async def _do_deleteWebhook(self, call: Any) -> bool:  # noqa: N802
        if call.drop_pending_updates:
            self._updates.clear()
        return True

    async def _do_getMyCommands(self, call: Any) -> list[Json]:  # noqa: N802
        return self.menu

    async def _do_setMyCommands(self, call: Any) -> bool:  # noqa: N802
        self.menu = [{"command": entry.command, "description": entry.description} for entry in call.commands]
        return True

    async def _do_getUpdates(self, call: Any) -> list[Json]:  # noqa: N802
        self.polls += 1
        mine = self.polls
        self._polling = mine
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
                        lambda: self._polling != mine or self._wanted(call) or self._closing.is_set()
                    )
            if self._polling != mine:
                raise Refused("Conflict: terminated by other getUpdates request", 409)
            return self._wanted(call)[: call.limit or 100]

    def _wanted(self, call: Any) -> list[Json]:
        kinds = set(call.allowed_updates or ())
        return [update for update in self._updates if not kinds or kinds & set(update)]

    async def _do_sendMessage(self, call: Any) -> Json:  # noqa: N802
        seen = visible(call.text, mode_of(call))
        keyboard = _keyboard(call.reply_markup)
        message_id = self._message_id()
        chat_id = int(call.chat_id)
        self.shown.append(Shown(message_id, chat_id, seen, call.text, mode_of(call), keyboard, call))
        return self._message(message_id, chat_id, seen)

    async def _do_editMessageText(self, call: Any) -> Json:  # noqa: N802
        shown = next((one for one in self.shown if one.message_id == call.message_id), None)
        if shown is None:
            raise Refused("Bad Request: message to edit not found")
        if shown.photo is not None:
            raise Refused("Bad Request: there is no text in the message to edit")
        seen, keyboard = visible(call.text, mode_of(call)), _keyboard(call.reply_markup)
        if (seen, call.text, keyboard) == (shown.text, shown.raw, shown.keyboard):
            raise Refused(
                "Bad Request: message is not modified: specified new message content is exactly the same"
            )
        shown.text, shown.raw, shown.keyboard, shown.call = seen, call.text, keyboard, call
        shown.edits += 1
        return self._message(shown.message_id, shown.chat_id, seen)

    async def _do_sendPhoto(self, call: Any) -> Json:  # noqa: N802
        shown = Shown(self._message_id(), int(call.chat_id), "", "", None, [], call)
        self._put_photo(shown, call, str(call.photo), call.caption)
        self.shown.append(shown)
        return self._as_photo(shown)

    async def _do_editMessageMedia(self, call: Any) -> Json:  # noqa: N802
        shown = next((one for one in self.shown if one.message_id == call.message_id), None)
        if shown is None:
            raise Refused("Bad Request: message to edit not found")
        before = shown.raw, shown.keyboard, shown.photo
        self._put_photo(shown, call.media, str(call.media.media), call.media.caption)
        shown.keyboard, shown.call = _keyboard(call.reply_markup), call
        if (shown.raw, shown.keyboard, shown.photo) == before:
            raise Refused(
                "Bad Request: message is not modified: specified new message content is exactly the same"
            )
        shown.edits += 1
        return self._as_photo(shown)

    def _put_photo(self, shown: Shown, spoken: Any, media: str, caption: str | None) -> None:
        """Let a message show a photo: one that was uploaded just now gets a name, another must have one."""
        if not media.startswith("attach://") and media not in self.files:
            raise Refused("Bad Request: wrong remote file identifier specified: Wrong string length")
        if media.startswith("attach://"):
            media = f"file-{len(self.files)}"
            self.files[media] = self.uploads[-1][1]
        shown.photo, shown.raw, shown.parse_mode = media, caption or "", mode_of(spoken)
        shown.text = visible(shown.raw, shown.parse_mode)
        shown.keyboard = _keyboard(getattr(spoken, "reply_markup", None))

    def _as_photo(self, shown: Shown) -> Json:
        told = self._message(shown.message_id, shown.chat_id, "")
        return {
            **{key: value for key, value in told.items() if key != "text"},
            "photo": [_size(str(shown.photo))],
            "caption": shown.text,
        }

    async def _do_editMessageReplyMarkup(self, call: Any) -> Json:  # noqa: N802
        shown = next((one for one in self.shown if one.message_id == call.message_id), None)
        if shown is None:
            raise Refused("Bad Request: message to edit not found")
        shown.keyboard = _keyboard(call.reply_markup)
        return self._message(shown.message_id, shown.chat_id, shown.text)

    async def _do_answerCallbackQuery(self, call: Any) -> bool:  # noqa: N802
        self.answered.append(call.callback_query_id)
        return True

    async def _do_getChatMember(self, call: Any) -> Json:  # noqa: N802
        user = {"id": call.user_id, "is_bot": False, "first_name": "Somebody"}
        if (int(call.chat_id), call.user_id) not in self.managers:
            return {
                "status": "member",
                "user": user,
                **self.members.get((int(call.chat_id), call.user_id), {}),
            }
        return {"status": "administrator", "user": user, **dict.fromkeys(RIGHTS, True), "is_anonymous": False}

    async def _do_sendDocument(self, call: Any) -> Json:  # noqa: N802
        return self._message(self._message_id(), int(call.chat_id), "")

    def _message(self, message_id: int, chat_id: int, text: str) -> Json:
        chat = {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup"}
        return {"message_id": message_id, "date": int(self.clock()), "chat": chat, "from": BOT, "text": text}


def _size(name: str) -> Json:
    return {"file_id": name, "file_unique_id": f"u{name}", "width": 900, "height": 1_200}


def _keyboard(markup: Any) -> list[list[Json]]:
    rows = getattr(markup, "inline_keyboard", [])
    return [[button.model_dump(exclude_none=True) for button in row] for row in rows]


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
