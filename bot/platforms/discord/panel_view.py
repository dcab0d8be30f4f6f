"""The panel of /subscribe as Discord shows it, and what is chosen in it: that stands in the message itself, nowhere else.

Each menu shows what is chosen as its default, so that the next press, in whichever process, reads it from the message.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Self

import discord
from discord import ui

from bot.layout import DISCORD_MARKDOWN, lay_out
from bot.platforms.discord.admitting import Admitted
from commands.protocol.phrases import Phrases
from commands.protocol.reply import Reply
from commands.wording.subscribe_panel import ALL, Choice, kind_label, label, severity_label
from market.alerts import CLASSES, Kind, Severity

NAME = "discord"
MOST_CHOICES = 25
"""Discord's limit of a menu (developer documentation, Select Menu)."""
CHANNELS = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
]
"""Wherever one can write: the panel opens in any of them, and shows it as chosen."""
PREFIX = "seawall-panel:"

Row = ui.ActionRow[Any]
Layout = ui.LayoutView
Item = ui.Item[Any]


class PanelItem(Admitted, ui.DynamicItem[Item], template=rf"{PREFIX}(?P<part>[a-z_]+)"):
    """A menu or button of the panel, known by its part in a process that has shown none of them yet."""

    def __init__(self, item: Item, part: str) -> None:
        super().__init__(item)
        self.part = part

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003, the library's signature
        item: Item,
        match: re.Match[str],
        /,
    ) -> Self:
        """The item again, from what Discord kept of it."""
        return cls(item, match["part"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand it to the client, which knows what to do."""
        await interaction.client.answers.touch_panel(interaction, self.part)


def panel_of(choice: Choice, assets: Sequence[str], summary: Reply, phrases: Phrases) -> Layout:
    """The panel with what is chosen; `assets` can be, `summary` says it in words."""
    box = ui.Container[Any](accent_colour=None)
    box.add_item(ui.TextDisplay(lay_out(summary, DISCORD_MARKDOWN)[0]))
    for menu in _menus(choice, assets, phrases):
        box.add_item(Row(menu))
    box.add_item(Row(*_buttons(choice, phrases)))
    layout = Layout(timeout=None)
    layout.add_item(box)
    layout.stop()  # the library is not to wait for it: it may be pressed in another process
    return layout


def choice_in(message: discord.Message) -> tuple[Choice, tuple[str, ...]]:
    """What is chosen in a panel as it stands, and the assets that can be."""
    choice = Choice(f"{NAME}:0")
    assets: tuple[str, ...] = ()
    for item in Layout.from_message(message, timeout=None).walk_children():
        part = str(getattr(item, "custom_id", "") or "").removeprefix(PREFIX)
        if isinstance(item, ui.Select):
            if part == "assets":
                assets = tuple(option.value for option in item.options)
            choice = chosen(choice, part, [option.value for option in item.options if option.default])
        elif isinstance(item, ui.ChannelSelect | ui.RoleSelect):
            choice = chosen(choice, part, [str(one.id) for one in item.default_values])
        elif part == "thread_off":
            choice = replace(choice, thread=True)
    return choice, assets


def chosen(choice: Choice, part: str, values: Sequence[str]) -> Choice:
    """The choice with these values for a part; a button turns its part round. What another version offered is left out."""
    first = next(iter(values), None)
    match part:
        case "channel":
            return replace(choice, channel=f"{NAME}:{first}") if _is_number(first) else choice
        case "assets":
            return replace(choice, assets=(ALL,) if ALL in values else tuple(values))
        case "kinds":
            return replace(choice, kinds=tuple(Kind(value) for value in values if value in _KINDS))
        case "severity":
            return replace(choice, severity=_severity(first))
        case "role":
            return replace(choice, role=first if _is_number(first) else None)
        case "ping_from":
            return replace(choice, ping_from=_severity(first) or choice.ping_from)
        case "thread_on" | "thread_off":
            return replace(choice, thread=part == "thread_on")
        case _:
            return choice


_KINDS = frozenset(kind.value for kind in Kind)


def _severity(value: str | None) -> Severity | None:
    return Severity(value) if value in {one.value for one in Severity} else None


def _is_number(value: str | None) -> bool:
    return value is not None and value.isascii() and value.isdecimal()


def number_of(address: str) -> int:
    """The number of "discord:987"."""
    return int(address.partition(":")[2])


def _menus(choice: Choice, assets: Sequence[str], phrases: Phrases) -> list[Item]:
    channel, role = discord.Object(number_of(choice.channel)), choice.role
    kinds = [(kind.value, kind_label(kind, phrases), kind in choice.kinds) for kind in Kind]
    known = [(asset, asset, asset in choice.assets) for asset in assets[:MOST_CHOICES]]
    return [
        ui.ChannelSelect(
            custom_id=f"{PREFIX}channel",
            channel_types=CHANNELS,
            placeholder=label("channel", phrases),
            default_values=[
                discord.SelectDefaultValue(id=channel.id, type=discord.SelectDefaultValueType.channel)
            ],
        ),
        _menu("assets", known, phrases, least=1, most=len(known)),
        _menu("kinds", kinds, phrases, most=len(kinds)),
        _menu("severity", _severities("severity", choice.severity, phrases), phrases),
        ui.RoleSelect(
            custom_id=f"{PREFIX}role",
            placeholder=label("role", phrases),
            min_values=0,
            default_values=[] if role is None else [discord.Object(int(role), type=discord.Role)],
        ),
        _menu("ping_from", _severities("ping_from", choice.ping_from, phrases), phrases, least=1),
    ]


def _menu(
    part: str, options: Iterable[tuple[str, str, bool]], phrases: Phrases, *, least: int = 0, most: int = 1
) -> Item:
    """A menu of (value, label, whether it is chosen)."""
    shown = [
        discord.SelectOption(value=value, label=text, default=is_chosen) for value, text, is_chosen in options
    ]
    return ui.Select(
        custom_id=f"{PREFIX}{part}",
        placeholder=label(part, phrases),
        min_values=least,
        max_values=most,
        options=shown,
    )


def _severities(part: str, present: Severity | None, phrases: Phrases) -> list[tuple[str, str, bool]]:
    return [(one.value, severity_label(part, one, phrases), one is present) for one in CLASSES]


def _buttons(choice: Choice, phrases: Phrases) -> list[Item]:
    thread = "thread_off" if choice.thread else "thread_on"
    styles = {
        "confirm": discord.ButtonStyle.success,
        "preview": discord.ButtonStyle.secondary,
        thread: discord.ButtonStyle.secondary,
    }
    return [
        ui.Button(label=label(part, phrases), style=style, custom_id=f"{PREFIX}{part}")
        for part, style in styles.items()
    ]
