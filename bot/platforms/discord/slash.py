"""Slash commands made of commands: every field becomes an option with its kind, range, choices and description.

A role is chosen from the server's own, and handed on as a line would say it. No role is chosen so: nobody is mentioned any
more where the panel of /subscribe is confirmed without one.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord
from discord import app_commands

from bot.platforms.discord.translation import translated, with_example
from commands.protocol.alert_words import ALL
from commands.protocol.command import Command, Option
from commands.protocol.phrases import ORIGINAL, phrases_in
from commands.protocol.request import Role

LONGEST_DESCRIPTION = 100
LONGEST_VALUE = 100
MOST_CHOICES = 25
"""Discord's limits (developer documentation, Application Commands); the longest value is our own."""
SUGGESTED: Mapping[str, tuple[str, ...]] = {"asset": (), "assets": (ALL,)}
"""The kinds of words that are completed, and what they may be besides a watched asset."""

ROLE = "role"
"""The kind of a word that names a role."""

Handle = Callable[[discord.Interaction[Any], Command[Any], Mapping[str, object]], Awaitable[None]]
Suggest = Callable[[str], Awaitable[tuple[str, ...]]]
Slash = app_commands.Command[Any, Any, None]


def slash_command(command: Command[Any], handle: Handle, suggest: Suggest) -> Slash:
    """The slash command that hands its options to `handle`; `suggest` completes the name of an asset.

    One that needs a manager is shown to those who may manage a server, and only where the bot itself is: elsewhere it could
    send no warning. Servers may show it to others; whether they may is asked again when it is answered.
    """
    is_managing = command.needs is Role.MANAGER

    async def callback(interaction: discord.Interaction[Any], /, **values: object) -> None:
        await handle(interaction, command, {name: _said(value) for name, value in values.items()})

    # the library reads the options from the signature; no type says that a function may be given one
    callback.__signature__ = _signature(command)  # type: ignore[attr-defined]
    _describe(command, callback)
    slash: Slash = app_commands.Command(
        name=translated(command.name, f"{command.name}.name"),
        description=translated(command.help[:LONGEST_DESCRIPTION], f"{command.name}.help"),
        callback=callback,
        allowed_contexts=app_commands.AppCommandContext(
            guild=True, dm_channel=True, private_channel=not is_managing
        ),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=not is_managing),
        auto_locale_strings=False,
    )
    if is_managing:
        slash.default_permissions = discord.Permissions(manage_guild=True)
    for option in command.options:
        if option.word.kind in SUGGESTED:
            slash.autocomplete(option.name)(_completion(suggest, SUGGESTED[option.word.kind]))
    return slash


def line_of(command: Command[Any], values: Mapping[str, object]) -> str:
    """What the same request would be as a line of text."""
    said = (
        f"{value:g}" if isinstance(value, float) else str(value)
        for value in values.values()
        if value is not None
    )
    return " ".join((f"/{command.name}", *said))


def _signature(command: Command[Any]) -> inspect.Signature:
    """What the library reads the options from: the interaction first, then a keyword for each field.

    None is demanded: what is needed and not said is asked for by a form.
    """
    kind = inspect.Parameter.KEYWORD_ONLY
    options = [
        inspect.Parameter(
            option.name,
            kind,
            annotation=_annotation(option),
            default=None,
        )
        for option in command.options
    ]
    interaction = inspect.Parameter(
        "interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction
    )
    return inspect.Signature([interaction, *options])


def _annotation(option: Option) -> Any:
    word = option.word
    kind: Any
    if word.kind == ROLE:
        kind = discord.Role
    elif word.choices:
        kind = str
    elif word.is_number and word.least is not None and word.most is not None:
        kind = app_commands.Range[float, word.least, word.most]
    elif word.is_number:
        kind = float
    else:
        kind = app_commands.Range[str, 1, LONGEST_VALUE]
    return kind | None


def _describe(command: Command[Any], callback: Any) -> None:
    for option in command.options:
        place = f"{command.name}.options.{option.name}"
        example = None if option.word.kind == ROLE else option.word.example
        text = with_example(option.description, example, phrases_in(ORIGINAL))
        app_commands.describe(**{option.name: translated(text, f"{place}.help", example)})(callback)
        app_commands.rename(**{option.name: translated(option.name, f"{place}.name")})(callback)
    choices = {
        option.name: [
            app_commands.Choice(name=choice, value=choice) for choice in option.word.choices[:MOST_CHOICES]
        ]
        for option in command.options
        if option.word.choices
    }
    app_commands.choices(**choices)(callback)


def _said(value: object) -> object:
    """What was chosen as a line would say it."""
    return value.mention if isinstance(value, discord.Role) else value


def _completion(suggest: Suggest, besides: tuple[str, ...]) -> Any:
    async def complete(
        _interaction: discord.Interaction[Any], current: str
    ) -> list[app_commands.Choice[str]]:
        others = tuple(word for word in besides if word.startswith(current.strip().lower()))
        names = (*others, *(await suggest(current)))
        return [app_commands.Choice(name=name, value=name) for name in names[:MOST_CHOICES]]

    return complete
