"""What all parts of the Bot API double stand on: what it remembers, and how something happens in a chat."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.doubles.telegram_judge import Method, Refused, entities

Json = dict[str, Any]

BOT: Json = {"id": 7_700_000_001, "is_bot": True, "first_name": "Seawall", "username": "seawall_bot"}
ALICE: Json = {"id": 11, "is_bot": False, "first_name": "Alice", "language_code": "en"}
BOB: Json = {"id": 12, "is_bot": False, "first_name": "Bob", "language_code": "en"}
CARMEN: Json = {"id": 13, "is_bot": False, "first_name": "Carmen", "language_code": "es"}
ANONYMOUS: Json = {
    "id": 1_087_968_824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
"""Who writes for an anonymous administrator; the message's sender_chat is then the group itself."""
PRIVATE: Json = {"id": 11, "type": "private", "first_name": "Alice"}
SMALL_GROUP: Json = {"id": -5, "type": "group", "title": "Desk"}
GROUP: Json = {"id": -1_001, "type": "supergroup", "title": "Desk"}
FORUM: Json = {"id": -1_002, "type": "supergroup", "title": "Desks", "is_forum": True}
CHANNEL: Json = {"id": -1_003, "type": "channel", "title": "News"}
PATIENCE_S = 60.0


@dataclass(slots=True)
class Shown:
    """A message as a chat shows it: what is read, what was sent, its buttons, and how often it was edited.

    `photo` is what Telegram calls its picture; what is read is then its caption. `only_for` is the one who sees it, where
    it is ephemeral: its message_id is then the one among ephemeral messages. `rich` is the HTML of a rich message, `thread_id`
    its topic.
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
    only_for: int | None = None
    rich: str | None = None
    thread_id: int | None = None

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
    `page` answers with this text in place of JSON. `after` so many calls that go well.
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
    after: int = 0


class Ground:
    """The memory of the server, and the queue of what happened."""

    def __init__(self, token: str, clock: Callable[[], float] = time.time) -> None:
        self.token = token
        self.clock = clock
        self.url = ""
        self.calls: list[tuple[str, Json]] = []
        self.refusals: list[str] = []
        self.shown: list[Shown] = []
        self.chats: dict[int, Json] = {}
        """The chats that were heard of, by id."""
        self.has_rich = False
        """Whether this server knows sendRichMessage (Bot API 10.1); an older one answers 404 "method not found"."""
        self.has_ephemeral = False
        """Whether this server knows ephemeral messages (Bot API 10.3).

        An older one answers 404 to their methods, and **does not see** `ephemeral_message_parameters` of the others: the
        Bot API ignores parameters it does not know, so that the message is then posted for everybody to read.
        """
        self.allowed: list[str] | None = None
        """The kinds of updates last asked for, None for all."""
        self._updates: list[Json] = []
        self._next_update = 1_000
        self._next_message = 1
        self._changed = asyncio.Condition()
        self._closing = asyncio.Event()

    async def happen(self, update: Json) -> Json:
        """An update of any kind; one with an update_id is a replay."""
        async with self._changed:
            if "update_id" not in update:
                update = {"update_id": self._next_update, **update}
                self._next_update += 1
            self._updates.append(update)
            self._changed.notify_all()
        return update

    async def wait_for(self, claim: Callable[[], bool]) -> None:
        """Wait until a claim about this server holds; it is looked at after every request."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(claim)

    def message_id(self) -> int:
        """The next message's number."""
        self._next_message += 1
        return self._next_message

    def told(self, shown: Shown, chat: Json | None = None) -> Json:
        """A message of the bot as Telegram tells it: with its marks and its buttons, and its topic."""
        chat = chat or self.chats.get(shown.chat_id) or _stranger(shown.chat_id)
        told: Json = {"message_id": shown.message_id, "date": int(self.clock()), "chat": chat, "from": BOT}
        if shown.only_for is not None:
            told |= {"message_id": 0, "ephemeral_message_id": shown.message_id}
            told |= {"receiver_user": {"id": shown.only_for, "is_bot": False, "first_name": "Somebody"}}
        if shown.thread_id is not None and chat["type"] == "supergroup":
            told |= {"message_thread_id": shown.thread_id, "is_topic_message": True}
        marked = entities(shown.raw, shown.parse_mode)
        if shown.rich is not None:
            told |= {"rich_message": {"blocks": []}}
        elif shown.photo is None:
            told |= {"text": shown.text, "entities": marked}
        else:
            told |= {"photo": [photo_size(shown.photo)], "caption": shown.text, "caption_entities": marked}
        return told | ({"reply_markup": {"inline_keyboard": shown.keyboard}} if shown.keyboard else {})

    async def _tell_waiting(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _wanted(self) -> list[Json]:
        kinds = set(self.allowed or ())
        return [update for update in self._updates if not kinds or kinds & set(update)]


def photo_size(name: str) -> Json:
    """A picture as Telegram tells it."""
    return {"file_id": name, "file_unique_id": f"u{name}", "width": 900, "height": 1_200}


def method_not_found() -> Refused:
    """What a server says of a method it does not know."""
    return Refused("Not Found: method not found", 404)


def _stranger(chat_id: int) -> Json:
    return {"id": chat_id, "type": "private" if chat_id > 0 else "supergroup"}
