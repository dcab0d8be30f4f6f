"""/id: who and where you are, as the platform counts: what settings, owners and logs name."""

from dataclasses import dataclass

from commands.protocol.command import Command
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.reply import Copy, Heading, Lines, Reply, Text
from commands.protocol.request import Context, Misunderstood, Role
from commands.wording.columns import COLUMNS, fit

UNKNOWN = "unknown"
COPIED = ("server", "chat", "topic", "user")


@dataclass(frozen=True, slots=True)
class Identity:
    """Ask who and where one is."""


async def answer(ask: Identity, context: Context) -> Reply:
    """The platform, the chat with its topic and server, the person, and what they may do here; each line can be copied."""
    phrases = phrases_in(context.language)
    role = await _role(context)
    told = {**_where(context), "role": phrases.word("role", role)}
    hidden = () if context.person else (Text(phrases.say("id.hidden")),)
    note = phrases.say("id.note", address=context.address)
    return Reply(
        (Heading(phrases.say("id.heading")), Lines(_rows(told, phrases)), *hidden, Text(note)),
        copies=tuple(Copy(phrases.say(f"id.{name}"), told[name]) for name in COPIED if name in told),
        data={**_where(context), "role": role, "address": context.address, "person": context.person or None},
    )


def _where(context: Context) -> dict[str, str]:
    """What is known of the place and the person, in the platform's own numbers; what there is not is left out."""
    chat, _, topic = context.chat.partition(":")
    found = {
        "platform": context.platform,
        "server": context.server,
        "chat": chat,
        "topic": topic,
        "user": context.user,
    }
    return {name: value for name, value in found.items() if value}


async def _role(context: Context) -> str:
    """What the asker may do here, UNKNOWN where the platform does not tell."""
    if context.role is Role.OWNER:
        return Role.OWNER.name.lower()
    try:
        is_manager = await context.may(Role.MANAGER)
    except Misunderstood:
        return UNKNOWN
    return (Role.MANAGER if is_manager else Role.ANYONE).name.lower()


def _rows(told: dict[str, str], phrases: Phrases) -> tuple[str, ...]:
    """One line each; a value too long to stand beside its label stands below it, whole, or nobody could copy it."""
    labels = {name: phrases.say(f"id.{name}") for name in told}
    width = max(map(len, labels.values())) + 1
    rows: list[str] = []
    for name, value in told.items():
        is_beside = width + len(value) <= COLUMNS
        rows += [f"{labels[name]:<{width}}{value}"] if is_beside else [fit(labels[name]), value]
    return tuple(rows)


COMMAND = Command(
    "id",
    Identity,
    answer,
    help="this chat, its topic, you and what you may do here, in the platform's own numbers",
    example="/id",
    order=51,
    in_menu=False,
)
