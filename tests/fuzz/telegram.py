"""Updates of Telegram through the real application of python-telegram-bot, whose transport hands every call to the double.

Two ways lead in: getUpdates, whose body is what is mutated, and the webhook's own server. Every fifth time the double judges what
the bot sends by the models of the Bot API, else a lesser one takes it whose rules are those of `oracle`. Neither is time of ours.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from unittest.mock import Mock

import aiohttp
from aiohttp import StreamReader
from aiohttp.test_utils import make_mocked_request
from pydantic import SecretStr
from telegram import Update
from telegram.error import NetworkError, TelegramError

from bot.chat_platform import Desk
from bot.layout import TELEGRAM_UNITS
from bot.platforms.telegram.buttons import LONGEST_DATA_BYTES
from bot.platforms.telegram.service import Service
from bot.platforms.telegram.transport import PollingRequest
from bot.platforms.telegram.updates import ALLOWED_UPDATES
from bot.platforms.telegram.webhook import SECRET_HEADER, Webhook, address_of
from tests import canary
from tests.commands.markets import NOW_MS
from tests.doubles.telegram import (
    ALICE,
    ANONYMOUS,
    BOB,
    CARMEN,
    CHANNEL,
    FORUM,
    GROUP,
    PRIVATE,
    SMALL_GROUP,
    BotApi,
)
from tests.doubles.telegram_ground import BOT, Fault, Json
from tests.doubles.telegram_judge import Refused, judge
from tests.doubles.telegram_people import bot_as
from tests.fuzz.desks import Lively, lively
from tests.fuzz.harness import Wrong
from tests.fuzz.lines import Asking
from tests.fuzz.mutating import mutated_bytes, mutated_json, mutated_text, written
from tests.fuzz.oracle import check_html, check_texts

LASTS = 1_500
MESSAGES = frozenset({"sendMessage", "editMessageText"})
ALONE = "ephemeral_message_parameters"
LIGHTLY = MESSAGES | {"answerCallbackQuery"}
STEP_MS = 500
"""So much later comes every input: few enough a minute, from enough people, for nobody's limit."""
PEOPLE = (
    ALICE,
    BOB,
    CARMEN,
    *({"id": 20 + number, "is_bot": False, "first_name": f"P{number}"} for number in range(40)),
)
GROUPS = (GROUP, SMALL_GROUP, FORUM)
FAULTS: tuple[Fault | None, ...] = (
    *(None,) * 30,
    Fault(400, "Bad Request: can't parse entities: Unsupported start tag"),
    Fault(403, "Forbidden: bot was blocked by the user"),
    Fault(400, "Bad Request: message to edit not found"),
    Fault(502, page="<html>Bad Gateway</html>"),
    Fault(400, "Bad Request: BUTTON_DATA_INVALID"),
    Fault(400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": -1_009}),
    Fault(429, "Too Many Requests: retry after 99", {"retry_after": 99}),
)
OTHER_KINDS = (
    "edited_message", "edited_channel_post", "poll", "chat_member", "message_reaction", "shipping_query", "business_message", "purchased_paid_media",
)  # fmt: skip
MORE: tuple[Json, ...] = (
    {"photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}], "caption": "/regime btc"},
    {"sticker": {"file_id": "a", "file_unique_id": "b", "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}},
    {"via_bot": BOT},
    {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "x"}},
    {"entities": [{"type": "bot_command", "offset": 0, "length": 7}]},
    {"entities": [{"type": "mention", "offset": 900, "length": -7}]},
    {"new_chat_members": [BOT]},
    {"web_app_data": {"data": "x", "button_text": "y"}},
    {"migrate_to_chat_id": -1_005},
    {"sender_chat": GROUP},
    {"sender_chat": CHANNEL},
    {"is_automatic_forward": True},
    {"ephemeral_message_id": 5},
    {"quote": {"text": "5x", "position": 0}},
    {"date": 0},
)  # fmt: skip


@dataclass(slots=True)
class _Spent:
    """What the double took."""

    ns: int = 0


class InProcess(PollingRequest):
    """The transport, whose server is in this process: the double answers, and `updates` is what getUpdates brings."""

    def __init__(self, api: BotApi, spent: _Spent) -> None:
        super().__init__(SecretStr(canary.TELEGRAM_TOKEN), connections=1)
        self.api, self.spent = api, spent
        self.updates: bytes | None = None
        self.fault: Fault | None = None
        self.is_strict = True
        self.number = 10**6
        self.refusals: list[str] = []
        self.pressable: list[Json] = []

    async def initialize(self) -> None:
        """There is nothing to be opened."""

    async def _exchange(
        self, url: str, method: str, body: aiohttp.FormData | None, limits: aiohttp.ClientTimeout
    ) -> tuple[int, bytes] | NetworkError:
        name = url.rpartition("/")[2]
        if name == "getUpdates":
            return 200, self.updates or b'{"ok":true,"result":[]}'
        began_ns = time.thread_time_ns()
        try:
            return await self._served(name, _form(body))
        finally:
            self.spent.ns += time.thread_time_ns() - began_ns

    async def _served(self, name: str, form: Json) -> tuple[int, bytes]:
        self.api.calls.append((name, form))
        fault, self.fault = self.fault, None
        if fault is not None and fault.page is not None:
            return fault.status, fault.page.encode()
        try:
            if fault is not None:
                raise Refused(fault.description, fault.status, fault.parameters)
            is_for_all = name in LIGHTLY and ALONE not in form
            if is_for_all and not self.is_strict:
                return 200, written({"ok": True, "result": self._lightly(name, form)})
            self.api.check_known(name)
            told = await getattr(self.api, f"_do_{name}")(judge(name, form))
        except Refused as refused:
            if form and fault is None:
                self.refusals.append(f"{name}: {refused.description}")
            return _refusal(refused)
        self._note(told)
        return 200, written({"ok": True, "result": told})

    def _lightly(self, name: str, form: Json) -> Json | bool:
        """A message as Telegram tells it, or that something was done."""
        check_call(name, form)
        if name not in MESSAGES:
            return True
        chat = self.api.chats.get(int(form["chat_id"])) or {"id": int(form["chat_id"]), "type": "private"}
        self.number += 1
        told = {"message_id": self.number, "date": int(self.api.clock()), "chat": chat, "from": BOT}
        markup = json.loads(form.get("reply_markup") or "{}")
        told |= {"text": form["text"], **({"reply_markup": markup} if "inline_keyboard" in markup else {})}
        self._note(told)
        return told

    def _note(self, told: Any) -> None:
        """Remember messages with buttons: they will be pressed, and replied to."""
        if isinstance(told, dict) and told.get("reply_markup", {}).get("inline_keyboard"):
            self.pressable = [*self.pressable[-40:], told]


class TelegramUpdates:
    """What people do on Telegram, mutated as JSON, as text and as bytes."""

    name = "telegram"

    def __init__(self) -> None:
        self._lines, self._spent = Asking(), _Spent()
        self._service: Service | None = None
        self.before: list[Any] = []

    def input(self, dice: Random) -> Any:
        """The way in, its bytes, and what the server answers the first call with."""
        kind = dice.random()
        update = self._update(dice)
        if kind < 0.45:
            update = mutated_json(update, dice, dice.randrange(1, 4))
        body = written(update)
        if kind > 0.95:
            body = mutated_bytes(body, dice)
        fault = dice.randrange(len(FAULTS))
        way = "webhook" if dice.random() < 0.15 else "poll"
        return {
            "way": way,
            "fault": fault,
            "body": body.decode("latin-1"),
            "secret": dice.random() < 0.98,
            "strict": dice.random() < 0.2,
        }

    async def answer(self, given: Any) -> None:
        """Bring it as Telegram would."""
        if self._service is None or len(self.before) >= LASTS:
            began_ns = time.thread_time_ns()
            await self._begin()
            self._spent.ns += time.thread_time_ns() - began_ns
        assert self._service is not None
        self.before.append(given)
        self._desk.now_ms += STEP_MS
        self._api.calls.clear()
        self._request.refusals.clear()
        self._request.is_strict = given["strict"]
        self._request.fault = FAULTS[given["fault"]]
        body = given["body"].encode("latin-1")
        if given["way"] == "poll":
            await self._poll(body)
        else:
            await self._bring(body, is_secret=given["secret"])
        await self._service.settled()

    def judge(self, given: Any, answered: None) -> str:
        """Raises Wrong."""
        said = [one for one in self._request.refusals if not _is_of_the_fault(one)]
        if said:
            raise Wrong(f"Telegram refuses: {said[0]}")
        if len(self.before) % 8 == 0 and canary.leaks(json.dumps([form for _, form in self._api.calls])):
            raise Wrong("a message holds a secret")
        names = [name for name, _ in self._api.calls if name != "getChatMember"]
        return names[-1] if names else "passed over"

    async def end(self) -> None:
        """Let the bot go."""
        if self._service is not None:
            await self._service.stop()
            self._service = None

    def besides_ns(self) -> int:
        """What the double took."""
        spent, self._spent.ns = self._spent.ns, 0
        return spent

    # ---- the bot

    async def _begin(self) -> None:
        await self.end()
        self.before = []
        self._desk = lively()
        self._api = BotApi(canary.TELEGRAM_TOKEN, clock=lambda: self._desk.now_ms / 1_000)
        self._api.managers = {(chat["id"], user["id"]) for chat in GROUPS for user in PEOPLE[:6]}
        self._api.chats = {chat["id"]: chat for chat in (*GROUPS, CHANNEL, PRIVATE)}
        self._api.has_ephemeral = True
        service = Service(_with_webhook(self._desk))
        self._request = InProcess(self._api, self._spent)
        service.application.bot._request = (self._request, self._request)
        service._request = self._request
        await service.start()
        await service.settled()
        address = address_of(service._desk.settings)
        assert address is not None
        self._address = address
        self._webhook = Webhook(address, service.bot, service._intake, service._patience, ALLOWED_UPDATES)
        self._service = service

    async def _poll(self, body: bytes) -> None:
        assert self._service is not None
        self._request.updates = b'{"ok":true,"result":[' + body + b"]}"
        try:
            updates = await self._service.bot.get_updates(
                offset=None, timeout=0, allowed_updates=ALLOWED_UPDATES
            )
        except TelegramError:
            return  # Telegram is asked again later
        for update in updates:
            await self._service.application.process_update(update)

    async def _bring(self, body: bytes, *, is_secret: bool) -> None:
        assert self._service is not None
        headers = {SECRET_HEADER: self._address.secret.get_secret_value()} if is_secret else {}
        reader = StreamReader(_Quiet(), 2**20, loop=asyncio.get_running_loop())  # type: ignore[arg-type]
        reader.feed_data(body)
        reader.feed_eof()
        headers |= {"Content-Length": str(len(body)), "Content-Type": "application/json"}
        request = make_mocked_request(
            "POST", self._address.path, headers, payload=reader, **dict.fromkeys(UNUSED, NOTHING)
        )
        response = await self._webhook._serve(request)
        if response.status >= 500 or canary.leaks(str(response.body)):
            raise Wrong(f"the webhook answers {response.status}: {response.text}")
        queue = self._service.application.update_queue
        while not queue.empty():
            update = queue.get_nowait()
            queue.task_done()  # else its end would be waited for
            if isinstance(update, Update):
                await self._service.application.process_update(update)

    # ---- the people

    def _update(self, dice: Random) -> Json:
        user = dice.choice(PEOPLE)
        number = dice.randrange(1_000, 10**9)
        kind = dice.random()
        if kind < 0.62:
            return {"update_id": number, **self._message(dice, user)}
        if kind < 0.78:
            return {"update_id": number, "callback_query": self._press(dice, user)}
        if kind < 0.92:
            query = self._lines.line(dice)[dice.randrange(2) :]
            asked = {
                "id": str(number),
                "from": user,
                "query": query,
                "offset": dice.choice(("", "", "10", "x", "99999")),
            }
            return {"update_id": number, "inline_query": asked}
        if kind < 0.97:
            return {"update_id": number, "my_chat_member": _standing(dice, user)}
        other = dice.choice(OTHER_KINDS)
        return {"update_id": number, other: self._message(dice, user)["message"]}

    def _message(self, dice: Random, user: Json) -> Json:
        chat = (
            {"id": user["id"], "type": "private", "first_name": "x"}
            if dice.random() < 0.6
            else dice.choice(GROUPS)
        )
        line = self._lines.line(dice)
        if chat["type"] != "private" and dice.random() < 0.7:
            line = (
                mutated_text(f"{line} @{BOT['username']}", dice, ("@seawall_bot",))
                if dice.randrange(2)
                else line.replace(" ", "@seawall_bot ", 1)
            )
        told = {
            "message_id": dice.randrange(1, 9_999),
            "date": self._date(dice),
            "chat": chat,
            "from": user,
            "text": line,
        }
        if dice.random() < 0.2:
            told |= dice.choice(MORE)
        if dice.random() < 0.15 and self._pressables:
            told["reply_to_message"] = dice.choice(self._pressables)
        if chat is FORUM:
            told |= {"message_thread_id": 7, "is_topic_message": True}
        if dice.random() < 0.05:
            return {"message": told, "channel_post": {**told, "chat": CHANNEL, "sender_chat": CHANNEL}} | {
                "message": told
            }
        return {"message": told}

    def _press(self, dice: Random, user: Json) -> Json:
        message: Json = {"message_id": 5, "date": self._date(dice), "chat": PRIVATE, "from": BOT, "text": "x"}
        data = self._lines.line(dice)
        if self._pressables and dice.random() < 0.8:
            message = dice.choice(self._pressables)
            buttons = [
                one
                for row in message["reply_markup"]["inline_keyboard"]
                for one in row
                if "callback_data" in one
            ]
            data = dice.choice(buttons)["callback_data"] if buttons else data
            user = user if dice.random() < 0.4 else {**user, "id": abs(message["chat"]["id"])}
        if dice.random() < 0.2:
            data = mutated_text(data, dice, (data, "=/regime"))
        return {
            "id": str(dice.randrange(10**9)),
            "from": user,
            "chat_instance": "1",
            "data": data,
            "message": message,
        }

    @property
    def _pressables(self) -> list[Json]:
        return [] if self._service is None else self._request.pressable

    def _date(self, dice: Random) -> int:
        now_ms = NOW_MS if self._service is None else self._desk.now_ms
        return now_ms // 1_000 - dice.choice((0, 0, 0, 0, 0, 1, 100, 1_000, -3_600))


UNUSED = ("app", "writer", "protocol", "transport")
NOTHING = Mock()
"""A request is read by its path, headers and body alone."""


class _Quiet:
    """A connection that never has to be held back."""

    _reading_paused = False

    def pause_reading(self) -> None:
        """Nothing arrives anyway."""

    def resume_reading(self, *, resume_parser: bool = True) -> None:
        """Nothing arrives anyway."""


def _with_webhook(desk: Lively) -> Desk:
    """The desk of a bot that is brought its updates, at which one may also ask for them."""
    settings = desk.desk.settings.model_copy(
        update={"telegram_webhook_url": "https://seawall.example/telegram"}
    )
    return replace(desk.desk, settings=settings)


def _standing(dice: Random, user: Json) -> Json:
    statuses = ("member", "administrator", "restricted", "left", "kicked")
    chat = dice.choice((*GROUPS, CHANNEL, {"id": user["id"], "type": "private", "first_name": "x"}))
    old, new = bot_as(dice.choice(statuses)), bot_as(dice.choice(statuses))
    return {
        "chat": chat,
        "from": dice.choice((user, ANONYMOUS)),
        "date": NOW_MS // 1_000,
        "old_chat_member": old,
        "new_chat_member": new,
    }


def _form(body: aiohttp.FormData | None) -> Json:
    return {} if body is None else {options["name"]: value for options, _, value in body._fields}


def _refusal(refused: Refused) -> tuple[int, bytes]:
    told: Json = {"ok": False, "error_code": refused.status, "description": refused.description}
    return refused.status, written(
        told | ({"parameters": dict(refused.parameters)} if refused.parameters else {})
    )


def _is_of_the_fault(said: str) -> bool:
    """What a made up update leads to: an edit of what is not there, a query or a chat that never was."""
    return any(
        part in said
        for part in (
            "not found",
            "not modified",
            "query is too old",
            "chat_id",
            "Forbidden",
            "upgraded",
            "method not",
        )
    )


def check_call(name: str, form: Mapping[str, Any]) -> None:
    """What holds of a call, without the models of the Bot API. Raises Wrong."""
    if name in MESSAGES:
        text = str(form.get("text", ""))
        check_texts((text,), TELEGRAM_UNITS)
        if form.get("parse_mode") == "HTML":
            check_html(text)
    for row in json.loads(form.get("reply_markup") or "{}").get("inline_keyboard", ()):
        for button in row:
            if (
                not button["text"].strip()
                or len(button.get("callback_data", "").encode()) > LONGEST_DATA_BYTES
            ):
                raise Wrong(f"a button that Telegram does not take: {button}")
