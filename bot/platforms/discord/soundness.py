"""Whether an interaction can be read: what is read of it must be of the kind that Discord's documentation says it is.

The library takes whatever stands in a field, and what it raises where that is of another kind ends the connection, whose
resumption brings the same event again. One that is not as documented is passed over, and no other waits for it.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec
import structlog
from msgspec import Meta, Struct

Snowflake = Annotated[str, Meta(pattern="^[1-9][0-9]{0,19}$")]
Bits = Annotated[str, Meta(pattern="^[0-9]{1,20}$")]
Printable = Annotated[str, Meta(pattern="^[!-~]+$")]
"""What can be a part of an address."""
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What the library raises where a field is of another kind; msgspec's own are ValueErrors."""

Take = Callable[[Any], None]
log = structlog.stdlib.get_logger(__name__)


class _User(Struct):
    id: Snowflake
    username: str
    discriminator: str
    avatar: str | None


class _Member(Struct):
    user: _User
    permissions: Bits
    roles: list[Snowflake] = []


class _Channel(Struct):
    id: Snowflake
    type: int


class _Guild(Struct):
    id: Snowflake


class _Option(Struct):
    name: str
    type: int
    value: str | int | float | bool | None = None
    focused: bool = False
    options: list["_Option"] = []


class _Role(Struct):
    id: Snowflake
    name: str
    permissions: Bits
    position: int


class _Resolved(Struct):
    roles: dict[Snowflake, _Role] = {}


class _Component(Struct):
    type: int
    id: int | None = None
    custom_id: str | None = None
    value: str | None = None
    values: list[str] = []
    components: list["_Component"] = []
    component: "_Component | None" = None


class _Done(Struct):
    """What was asked, pressed, chosen or handed in."""

    id: str | int | None = None
    name: str | None = None
    type: Literal[1, 2, 3] = 1
    options: list[_Option] = []
    custom_id: str | None = None
    component_type: int | None = None
    values: list[str] = []
    components: list[_Component] = []
    resolved: _Resolved | None = None


class _Message(Struct):
    id: Snowflake
    channel_id: Snowflake
    author: _User
    content: str
    timestamp: str
    edited_timestamp: str | None = None
    flags: int = 0
    components: list[_Component] = []


class _Interaction(Struct):
    id: Snowflake
    application_id: Snowflake
    type: int
    token: Printable
    version: int
    attachment_size_limit: int
    data: _Done | None = None
    guild_id: Snowflake | None = None
    guild: _Guild | None = None
    channel_id: Snowflake | None = None
    channel: _Channel | None = None
    member: _Member | None = None
    user: _User | None = None
    message: _Message | None = None
    context: int | None = None
    locale: str = "en-US"
    app_permissions: Bits = "0"
    authorizing_integration_owners: dict[Bits, Bits] = {}


def sifted(take: Take) -> Take:
    """The library's way of taking an interaction, past which none gets that it could not read."""

    def taken(told: Any) -> None:
        try:
            _check(msgspec.convert(told, _Interaction))
            take(told)
        except UNREADABLE:
            log.warning("an interaction cannot be read and is passed over")

    return taken


def _check(asked: _Interaction) -> None:
    """Raises ValueError where a kind of interaction lacks what one of its kind has, or nobody did it."""
    done = asked.data
    match asked.type:
        case 2:
            is_whole = done is not None and done.name is not None
        case 4:
            typed = [] if done is None else [one.value for one in done.options if one.focused]
            is_named = done is not None and done.name is not None
            is_whole = is_named and len(typed) == 1 and isinstance(typed[0], str)
        case 3:
            is_whole = done is not None and done.custom_id is not None and done.component_type is not None
        case 5:
            is_whole = done is not None and done.custom_id is not None and bool(done.components)
        case _:
            is_whole = True
    is_whole = is_whole and (done is None or all(map(_is_of_its_type, done.options)))
    by = asked.user if asked.guild_id is None else asked.member
    if not is_whole or by is None:
        raise ValueError(f"an interaction of kind {asked.type} that lacks something")


def _is_of_its_type(option: _Option) -> bool:
    """Whether an option holds what one of its type does (developer documentation, Application Command Option Type)."""
    if option.type in _HOLDS:
        return isinstance(option.value, _HOLDS[option.type])
    return isinstance(option.value, str) and option.value.isascii() and option.value.isdecimal()


_HOLDS: Mapping[int, Any] = {3: str, 4: int | str, 5: bool, 10: int | float}
"""Text, whole number, truth, number; all others name somebody or something. What is still typed is text."""
