"""The people of the Bot API double, and what they do: write, reply, press, ask inline, take the bot in and throw it out."""

from typing import Any

from tests.doubles.telegram_ground import ALICE, BOT, CHANNEL, PRIVATE, Ground, Json, Shown
from tests.doubles.telegram_limits import check_payload

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
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
    "can_edit_tag",
    "can_react_to_messages",
)
"""What a restricted member may do or not (Bot API, ChatMemberRestricted)."""


class People(Ground):
    """What happens in chats."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.managers: set[tuple[int, int]] = set()
        """Who is an administrator, by chat and user."""
        self.members: dict[tuple[int, int], Json] = {}
        """How somebody stands in a chat who is neither an administrator nor a member."""
        self.standing: dict[int, str] = {}
        """How the bot stands in a chat: "member" where nothing is known."""
        self.moved: dict[int, int] = {}
        """The supergroups that groups became."""
        self.gone_topics: set[tuple[int, int]] = set()
        """Topics that were deleted, by chat and thread."""

    async def say(self, text: str, *, chat: Json = PRIVATE, sender: Json = ALICE, **more: Any) -> Json:
        """Somebody writes; `more` are further fields of the message, such as date or forward_origin."""
        self.chats[chat["id"]] = chat
        message = {"message_id": self.message_id(), "date": int(self.clock()), "chat": chat, "from": sender}
        return await self.happen({"message": {**message, "text": text, **more}})

    async def say_in_topic(
        self, text: str, topic: int, *, chat: Json, sender: Json = ALICE, **more: Any
    ) -> Json:
        """Somebody writes in a topic of a forum."""
        return await self.say(
            text, chat=chat, sender=sender, message_thread_id=topic, is_topic_message=True, **more
        )

    async def start_with(self, payload: str, *, chat: Json = PRIVATE, sender: Json = ALICE) -> Json:
        """Somebody follows a deep link: a payload Telegram would not hand over is an error of the test."""
        check_payload(payload)
        at = "" if chat["type"] == "private" else f"@{BOT['username']}"
        return await self.say(f"/start{at} {payload}", chat=chat, sender=sender)

    async def post(self, text: str, *, chat: Json = CHANNEL, **more: Any) -> Json:
        """A channel posts: nobody signs, the channel itself is the sender."""
        self.chats[chat["id"]] = chat
        message = {
            "message_id": self.message_id(),
            "date": int(self.clock()),
            "chat": chat,
            "sender_chat": chat,
        }
        return await self.happen({"channel_post": {**message, "text": text, **more}})

    async def reply(
        self, shown: Shown, text: str, *, chat: Json = PRIVATE, sender: Json = ALICE, **more: Any
    ) -> Json:
        """Somebody replies to a message of the bot."""
        return await self.say(text, chat=chat, sender=sender, reply_to_message=self.told(shown, chat), **more)

    async def press(
        self,
        shown: Shown,
        label: str,
        *,
        chat: Json = PRIVATE,
        sender: Json = ALICE,
        data: str | None = None,
        answers: Json | None = None,
    ) -> Json:
        """Somebody presses a button under a message; `data` is what a client of their own making sends instead.

        `answers` is the message that the bot's one replies to, which Telegram tells along with it.

        An anonymous administrator presses under their own name: `sender` is never ANONYMOUS here.
        """
        data = shown.buttons[label]["callback_data"] if data is None else data
        query = {
            "id": str(self._next_update),
            "from": sender,
            "chat_instance": "1",
            "data": data,
            "message": self.told(shown, chat) | ({} if answers is None else {"reply_to_message": answers}),
        }
        return await self.happen({"callback_query": query})

    async def ask_inline(
        self, query: str, *, sender: Json = ALICE, offset: str = "", chat_type: str | None = "sender"
    ) -> str:
        """Somebody types "@bot QUERY" in any chat; gives the id that an answer must name."""
        name = str(self._next_update)
        asked = {"id": name, "from": sender, "query": query, "offset": offset}
        await self.happen({"inline_query": asked | ({"chat_type": chat_type} if chat_type else {})})
        return name

    async def stand(self, status: str, *, chat: Json, by: Json = ALICE, **rights: bool) -> Json:
        """The bot is taken in, thrown out, blocked, unblocked, promoted or restricted, and stands so from then on.

        `status`: member, administrator, restricted, left or kicked; in a private chat kicked is blocked. `rights` are those
        of an administrator or a restricted member that are not given: `can_post_messages=False`, `can_send_messages=False`.
        """
        self.chats[chat["id"]] = chat
        before = self.standing.get(chat["id"], "left")
        self.standing[chat["id"]] = "restricted" if False in rights.values() else status
        return await self.happen(
            {
                "my_chat_member": {
                    "chat": chat,
                    "from": by,
                    "date": int(self.clock()),
                    "old_chat_member": bot_as("member" if before == "restricted" else before),
                    "new_chat_member": bot_as(status, **rights),
                }
            }
        )

    async def migrate(self, chat: Json, becomes: Json) -> None:
        """A group becomes a supergroup: both are told, and the old one can be written to no more."""
        self.moved[chat["id"]] = becomes["id"]
        self.chats[becomes["id"]] = becomes
        common = {"date": int(self.clock()), "from": ALICE}
        left = {"message_id": self.message_id(), "chat": chat, "migrate_to_chat_id": becomes["id"]}
        await self.happen({"message": {**common, **left}})
        begun = {"message_id": 1, "chat": becomes, "migrate_from_chat_id": chat["id"]}
        await self.happen({"message": {**common, **begun}})


def bot_as(status: str, **rights: bool) -> Json:
    """The bot as a member of a chat."""
    told: Json = {"status": status, "user": BOT}
    if status == "administrator":
        told |= {**dict.fromkeys(RIGHTS, True), "is_anonymous": False, **rights}
    if status == "restricted":
        told |= {**dict.fromkeys(PERMISSIONS, True), "is_member": True, "until_date": 0, **rights}
    if status == "kicked":
        told |= {"until_date": 0}
    return told
