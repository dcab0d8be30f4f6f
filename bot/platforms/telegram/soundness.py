"""Whether an update can be read: what is read of it must be of the kind that the Bot API says it is.

The library takes whatever stands in a field: a number in place of a text would be found out by whoever reads it. One update
that is not as documented is passed over, and no other waits for it.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from telegram import Bot, Update

Number = Annotated[int, Meta(ge=-(2**52), le=2**52)]
"""Identifiers have at most 52 significant bits (Bot API, User and Chat)."""
Moment = Annotated[int, Meta(ge=0, lt=2**33)]
"""Unix seconds."""
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    KeyError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What the library raises where a field is of another kind; msgspec's own are ValueErrors."""


class _User(Struct):
    id: Number
    is_bot: bool
    first_name: str
    username: str | None = None
    language_code: str | None = None


class _Chat(Struct):
    id: Number
    type: Literal["private", "group", "supergroup", "channel"]
    title: str | None = None
    is_forum: bool | None = None
    is_direct_messages: bool | None = None

    def __post_init__(self) -> None:
        """People have numbers above zero, all else below: what is told of one alone must not depend on a type that slipped."""
        if (self.id > 0) != (self.type == "private"):
            raise ValueError("a chat whose number is not of its type")


class _Button(Struct):
    text: str
    callback_data: str | None = None


class _Keyboard(Struct):
    inline_keyboard: list[list[_Button]] = []


class _Entity(Struct):
    type: str
    offset: Number
    length: Number


class _Photo(Struct):
    file_id: str


class _Message(Struct, rename={"from_user": "from"}):
    message_id: Number
    date: Moment
    chat: _Chat
    from_user: _User | None = None
    sender_chat: _Chat | None = None
    text: str | None = None
    caption: str | None = None
    entities: list[_Entity] = []
    caption_entities: list[_Entity] = []
    photo: list[_Photo] = []
    message_thread_id: Number | None = None
    is_topic_message: bool | None = None
    is_automatic_forward: bool | None = None
    reply_to_message: "_Message | None" = None
    reply_markup: _Keyboard | None = None
    migrate_to_chat_id: Number | None = None
    migrate_from_chat_id: Number | None = None


class _Press(Struct, rename={"from_user": "from"}):
    id: str
    from_user: _User
    data: str | None = None
    message: _Message | None = None


class _Inline(Struct, rename={"from_user": "from"}):
    id: str
    from_user: _User
    query: str
    offset: str


class _Member(Struct):
    status: str
    user: _User
    can_send_messages: bool | None = None
    can_post_messages: bool | None = None


class _Standing(Struct, rename={"from_user": "from"}):
    chat: _Chat
    from_user: _User
    date: Moment
    old_chat_member: _Member
    new_chat_member: _Member


class _Update(Struct):
    update_id: Number
    message: _Message | None = None
    channel_post: _Message | None = None
    callback_query: _Press | None = None
    inline_query: _Inline | None = None
    my_chat_member: _Standing | None = None


def is_of_use(update: Update) -> bool:
    """Whether an update is of a kind that is read here, and so was looked at: an edit, say, is of none."""
    return any(getattr(update, kind) is not None for kind in _Update.__struct_fields__[1:])


def read_update(told: Any, bot: Bot | None) -> Update | None:
    """The update, None where it is not as the Bot API documents it."""
    try:
        msgspec.convert(told, _Update)
        update = Update.de_json(told, bot)
        # of kinds that nobody here reads too: the library notes who they are of
        whose = (update.effective_chat, update.effective_user)
    except UNREADABLE:
        return None
    return update if all(one is None or type(one.id) is int for one in whose) else None
