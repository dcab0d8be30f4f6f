"""What a bot sends to the Bot API double: messages, photos, edits, answers to presses and to inline queries."""

from dataclasses import dataclass, field
from typing import Any

from tests.doubles.strict.limits import Bucket
from tests.doubles.strict.telegram import A_CHAT, A_CHAT_BURST, A_GROUP, A_GROUP_BURST, BURST, OVERALL
from tests.doubles.telegram_ground import BOT, Json, Shown, method_not_found
from tests.doubles.telegram_judge import Refused, mode_of, visible
from tests.doubles.telegram_markup import units
from tests.doubles.telegram_people import RIGHTS, People
from tests.doubles.telegram_rich import read_rich

NOT_FOUND = "Bad Request: message to edit not found"
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
JITTER_S = {"overall": 0.05, "chat": 0.3, "group": 0.3}
"""How much earlier than its turn a message may arrive: no network, and no busy machine, keeps distances to the millisecond."""
GENERAL_TOPIC = 1
LONGEST_RICH_UNITS = 32_768
REACHED = {
    "kicked": {
        "private": "Forbidden: bot was blocked by the user",
        "group": "Forbidden: bot was kicked from the group chat",
        "supergroup": "Forbidden: bot was kicked from the supergroup chat",
        "channel": "Forbidden: bot was kicked from the channel chat",
    },
    "left": {
        "private": "Forbidden: bot can't initiate conversation with a user",
        "group": "Forbidden: bot is not a member of the group chat",
        "supergroup": "Forbidden: bot is not a member of the supergroup chat",
        "channel": "Forbidden: bot is not a member of the channel chat",
    },
}
"""What is said of a chat that cannot be written to, by how the bot stands there and its kind."""


@dataclass(slots=True)
class Floods:
    """What was sent against the published limits, counted, and with `refuses` answered 429 as well."""

    refuses: bool = False
    violations: list[tuple[str, int]] = field(default_factory=list)
    """Each message too many: which limit ("overall", "chat" or "group") and which chat."""
    _overall: Bucket = field(default_factory=lambda: Bucket(OVERALL, BURST))
    _chats: dict[int, Bucket] = field(default_factory=dict)
    _groups: dict[int, Bucket] = field(default_factory=dict)

    def count(self, chat_id: int) -> None:
        """One more message into a chat. Raises Refused where that is one too many and floods are refused."""
        limits = {
            "overall": self._overall,
            "chat": self._chats.setdefault(chat_id, Bucket(A_CHAT, A_CHAT_BURST)),
        }
        if chat_id < 0:
            limits["group"] = self._groups.setdefault(chat_id, Bucket(A_GROUP, A_GROUP_BURST))
        broken = [name for name, limit in limits.items() if limit.wait_s() > JITTER_S[name]]
        self.violations += [(name, chat_id) for name in broken]
        wait_s = max(limit.wait_s() for limit in limits.values())
        if not broken:
            for limit in limits.values():
                limit.take()
        elif self.refuses:
            retry_s = max(1, round(wait_s + 0.5))
            said = f"Too Many Requests: retry after {retry_s}"
            raise Refused(said, 429, {"retry_after": retry_s})


class Sending(People):
    """The methods that put something before people."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.floods = Floods()
        self.answered: list[str] = []
        self.inline_answers: dict[str, Any] = {}
        """The answerInlineQuery to each inline query."""
        self.uploads: list[tuple[str, bytes]] = []
        self.files: dict[str, bytes] = {}
        """What was uploaded as a photo, by the name it was given."""

    # ---- messages

    async def _do_sendMessage(self, call: Any) -> Json:  # noqa: N802
        return self._put(
            call,
            Shown(
                0, int(call.chat_id), visible(call.text, mode_of(call)), call.text, mode_of(call), [], call
            ),
        )

    async def _do_sendPhoto(self, call: Any) -> Json:  # noqa: N802
        shown = Shown(0, int(call.chat_id), "", "", None, [], call)
        self._put_photo(shown, call, str(call.photo), call.caption)
        return self._put(call, shown)

    async def _do_sendRichMessage(self, call: Any) -> Json:  # noqa: N802
        if not self.has_rich:
            raise method_not_found()
        raw = _rich_html(call.rich_message)
        seen = read_rich(raw)
        return self._put(call, Shown(0, int(call.chat_id), seen, raw, None, [], call, rich=raw))

    async def _do_sendDocument(self, call: Any) -> Json:  # noqa: N802
        self._check_reach(call)
        chat = self._chat(int(call.chat_id))
        return {
            "message_id": self.message_id(),
            "date": int(self.clock()),
            "chat": chat,
            "from": BOT,
            "text": "",
        }

    async def _do_deleteMessage(self, call: Any) -> bool:  # noqa: N802
        self.shown.remove(self._find(call, "Bad Request: message to delete not found"))
        return True

    def _put(self, call: Any, shown: Shown) -> Json:
        """Show a message, where its chat can be written to and it is not one too many."""
        private_to = getattr(call, "ephemeral_message_parameters", None)
        if private_to is not None and self.has_ephemeral:
            if self._chat(shown.chat_id)["type"] not in {"group", "supergroup"}:
                raise Refused("Bad Request: ephemeral messages can be sent only to groups and supergroups")
            shown.only_for = private_to.receiver_user_id
        self._check_reach(call)
        self.floods.count(shown.chat_id)
        shown.message_id, shown.keyboard = self.message_id(), keyboard_of(call.reply_markup)
        shown.thread_id = call.message_thread_id
        self.shown.append(shown)
        return self.told(shown)

    def _check_reach(self, call: Any) -> None:
        """Raises Refused for a chat or a topic that cannot be written to."""
        chat_id, topic = int(call.chat_id), getattr(call, "message_thread_id", None)
        if chat_id in self.moved:
            said = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(said, 400, {"migrate_to_chat_id": self.moved[chat_id]})
        kind = self._chat(chat_id)["type"]
        standing = self.standing.get(chat_id, "member")
        if standing in REACHED:
            raise Refused(REACHED[standing][kind], 403)
        if standing == "restricted":
            raise Refused("Bad Request: not enough rights to send text messages to the chat")
        if topic is not None and (topic == GENERAL_TOPIC or (chat_id, topic) in self.gone_topics):
            raise Refused("Bad Request: message thread not found")

    def _chat(self, chat_id: int) -> Json:
        kind = "private" if chat_id > 0 else "supergroup"
        return self.chats.get(chat_id) or {"id": chat_id, "type": kind}

    # ---- edits

    async def _do_editMessageText(self, call: Any) -> Json:  # noqa: N802
        shown = self._find(call)
        self._check_reach(call)
        self.floods.count(shown.chat_id)
        rich = getattr(call, "rich_message", None)
        if rich is not None and self.has_rich:
            self._change_to_rich(shown, call, _rich_html(rich))
            return self.told(shown)
        if call.text is None:
            raise Refused("Bad Request: message text is empty")
        if shown.photo is not None:
            raise Refused("Bad Request: there is no text in the message to edit")
        self._change(shown, call)
        return self.told(shown)

    async def _do_editEphemeralMessageText(self, call: Any) -> bool:  # noqa: N802
        shown = self._find_ephemeral(call)
        if call.text is None:
            raise Refused("Bad Request: message text is empty")
        self._change(shown, call)
        return True

    async def _do_deleteEphemeralMessage(self, call: Any) -> bool:  # noqa: N802
        self.shown.remove(self._find_ephemeral(call))
        return True

    async def _do_editMessageMedia(self, call: Any) -> Json:  # noqa: N802
        shown = self._find(call)
        self.floods.count(shown.chat_id)
        before = shown.raw, shown.keyboard, shown.photo
        self._put_photo(shown, call.media, str(call.media.media), call.media.caption)
        shown.keyboard, shown.call = keyboard_of(call.reply_markup), call
        if (shown.raw, shown.keyboard, shown.photo) == before:
            raise Refused(NOT_MODIFIED)
        shown.edits += 1
        return self.told(shown)

    async def _do_editMessageReplyMarkup(self, call: Any) -> Json:  # noqa: N802
        shown = self._find(call)
        shown.keyboard = keyboard_of(call.reply_markup)
        return self.told(shown)

    def _change(self, shown: Shown, call: Any) -> None:
        seen, keyboard = visible(call.text, mode_of(call)), keyboard_of(call.reply_markup)
        if (seen, call.text, keyboard) == (shown.text, shown.raw, shown.keyboard):
            raise Refused(NOT_MODIFIED)
        shown.text, shown.raw, shown.parse_mode, shown.rich = seen, call.text, mode_of(call), None
        self._changed_by(shown, call, keyboard)

    def _change_to_rich(self, shown: Shown, call: Any, raw: str) -> None:
        keyboard = keyboard_of(call.reply_markup)
        if (raw, keyboard) == (shown.rich, shown.keyboard):
            raise Refused(NOT_MODIFIED)
        shown.text, shown.raw, shown.parse_mode, shown.rich = read_rich(raw), raw, None, raw
        self._changed_by(shown, call, keyboard)

    def _changed_by(self, shown: Shown, call: Any, keyboard: list[list[Json]]) -> None:
        shown.keyboard, shown.call, shown.edits = keyboard, call, shown.edits + 1

    def _find(self, call: Any, why: str = NOT_FOUND) -> Shown:
        """The message a request speaks of. Raises Refused where there is none in that chat, or it is ephemeral."""
        for one in self.shown:
            if (one.message_id, one.chat_id) == (call.message_id, int(call.chat_id)) and one.only_for is None:
                return one
        raise Refused(why)

    def _find_ephemeral(self, call: Any) -> Shown:
        if not self.has_ephemeral:
            raise method_not_found()
        wanted = (call.ephemeral_message_id, int(call.chat_id), call.receiver_user_id)
        for one in self.shown:
            if (one.message_id, one.chat_id, one.only_for) == wanted:
                return one
        raise Refused(NOT_FOUND)

    def _put_photo(self, shown: Shown, spoken: Any, media: str, caption: str | None) -> None:
        """Let a message show a photo: one that was uploaded just now gets a name, another must have one."""
        if not media.startswith("attach://") and media not in self.files:
            raise Refused("Bad Request: wrong remote file identifier specified: Wrong string length")
        if media.startswith("attach://"):
            media = f"file-{len(self.files)}"
            self.files[media] = self.uploads[-1][1]
        shown.photo, shown.raw, shown.parse_mode = media, caption or "", mode_of(spoken)
        shown.text = visible(shown.raw, shown.parse_mode)
        shown.keyboard = keyboard_of(getattr(spoken, "reply_markup", None))

    # ---- answers

    async def _do_answerCallbackQuery(self, call: Any) -> bool:  # noqa: N802
        self.answered.append(call.callback_query_id)
        return True

    async def _do_answerInlineQuery(self, call: Any) -> bool:  # noqa: N802
        if call.inline_query_id in self.inline_answers:
            raise Refused("Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.inline_answers[call.inline_query_id] = call
        return True

    async def _do_getChatMember(self, call: Any) -> Json:  # noqa: N802
        user = {"id": call.user_id, "is_bot": False, "first_name": "Somebody"}
        who = (int(call.chat_id), call.user_id)
        if who not in self.managers:
            return {"status": "member", "user": user, **self.members.get(who, {})}
        return {"status": "administrator", "user": user, **dict.fromkeys(RIGHTS, True), "is_anonymous": False}

    async def _do_getChatAdministrators(self, call: Any) -> list[Json]:  # noqa: N802
        chat_id = int(call.chat_id)
        return [
            {
                "status": "administrator",
                "user": {"id": user, "is_bot": False, "first_name": "Somebody"},
                **dict.fromkeys(RIGHTS, True),
                "is_anonymous": False,
            }
            for chat, user in sorted(self.managers)
            if chat == chat_id
        ]


def keyboard_of(markup: Any) -> list[list[Json]]:
    """The inline buttons of a message."""
    rows = getattr(markup, "inline_keyboard", None) or []
    return [[button.model_dump(exclude_none=True) for button in row] for row in rows]


def _rich_html(message: Any) -> str:
    given = [one for one in (message.html, message.markdown, message.blocks) if one is not None]
    if len(given) != 1:
        raise Refused("Bad Request: exactly one of html, markdown and blocks must be used")
    if message.html is None:
        raise Refused("Bad Request: this double reads rich messages as HTML only")
    raw: str = message.html
    if units(read_rich(raw)) > LONGEST_RICH_UNITS:
        raise Refused("Bad Request: message is too long")
    return raw
