"""How a warning is written on Discord: words above an embed where it is to be noticed, a layout where nobody is disturbed.

A telephone announces the words of a message and nothing of a layout (discord-api-docs issue 7854), and who is warned reads
them there first. An edit announces nothing: with it a message becomes a layout, which it stays (Edit Message). What Discord
refuses in one form is told in the next, plain words last.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar

import discord
import structlog

from bot.layout import DISCORD_MARKDOWN, DISCORD_UNITS, lay_out, pieces
from bot.platforms.discord.buttons import buttons_of
from bot.platforms.discord.render import ACCENT, SIGN, Controls, layout_of, plain_view, tone_of
from commands.protocol.reply import Heading, Reply

LONGEST_EMBED = 4_096
"""Of an embed's description (developer documentation, Embed Limits)."""
ROOM_FOR_A_CALL = 30
"""A role's mention and a sign, before the first line."""
MISSING_PERMISSIONS = 50013

Form = Mapping[str, Any]
"""The parts of a message by the names that the library has for them: content, embed, view."""
Put = TypeVar("Put")

log = structlog.stdlib.get_logger(__name__)


def forms_of(
    reply: Reply, *, is_silent: bool, role: str | None = None, may_embed: bool = True
) -> tuple[Form, ...]:
    """A new message in every form it may have, the best first; `role` is called by its words."""
    best = _layout(reply) if is_silent else _aloud(reply, role) if may_embed else None
    words = {**_words(reply, role), "suppress_embeds": True}
    return (words,) if best is None else (best, words)


def edits_of(reply: Reply) -> tuple[Form, ...]:
    """What a message is changed into, in every form; its words and embeds are taken away where they do not belong."""
    layout = _layout(reply)
    words = {"view": None, **_words(reply), "embeds": []}
    return (words,) if layout is None else ({"content": None, "embeds": [], **layout}, words)


async def first_taken(forms: Sequence[Form], put: Callable[[Form], Awaitable[Put]]) -> Put:
    """What `put` gives for the first form that Discord does not refuse as such. Raises what `put` raises."""
    *better, last = forms
    for form in better:
        try:
            return await put(form)
        except discord.HTTPException as refused:
            if not _is_of_form(refused, form):
                raise
            log.warning("Discord refused a form of a message", status=refused.status, code=refused.code)
    return await put(last)


def _is_of_form(refused: discord.HTTPException, form: Form) -> bool:
    """Whether the same may be taken in another form; embeds need a right of their own."""
    is_embed = refused.code == MISSING_PERMISSIONS and "embed" in form
    return is_embed or refused.status == HTTPStatus.BAD_REQUEST


def _layout(reply: Reply) -> Form | None:
    layout = layout_of(reply, Controls(buttons_of(reply.actions, "")))
    return None if layout is None else {"view": layout}


def _aloud(reply: Reply, role: str | None) -> Form | None:
    """The first line in words, for it is announced, the rest in a box of its colour; None where that is too much or no more."""
    line, rest = replace(reply, blocks=reply.blocks[:1]), replace(reply, blocks=reply.blocks[1:])
    said = lay_out(line, replace(DISCORD_MARKDOWN, units=DISCORD_UNITS - ROOM_FOR_A_CALL))
    below = lay_out(rest, replace(DISCORD_MARKDOWN, units=LONGEST_EMBED))
    if not pieces(rest) or len(said) > 1 or len(below) > 1:
        return None
    box = discord.Embed(description=below[0], colour=ACCENT.get(tone_of(reply)))
    return {"content": _call(role) + _sign(reply) + said[0], "embed": box, **_buttons(reply)}


def _words(reply: Reply, role: str | None = None) -> Form:
    """As much as one message holds."""
    room = replace(DISCORD_MARKDOWN, units=DISCORD_UNITS - ROOM_FOR_A_CALL)
    return {"content": _call(role) + _sign(reply) + lay_out(reply, room)[0], **_buttons(reply)}


def _buttons(reply: Reply) -> Form:
    view = plain_view(Controls(buttons_of(reply.actions, "")))
    return {} if view is None else {"view": view}


def _call(role: str | None) -> str:
    return "" if role is None else f"<@&{int(role)}> "


def _sign(reply: Reply) -> str:
    is_heading = bool(reply.blocks) and isinstance(reply.blocks[0], Heading)
    return SIGN.get(tone_of(reply), "") if is_heading else ""
