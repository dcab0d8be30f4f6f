"""/settings: what holds for this chat: quiet hours, lowest severity, how many a day, zone, language, asset."""

from dataclasses import dataclass, fields, replace
from typing import Annotated

from commands.protocol.alert_words import (
    AUTO,
    CountWord,
    HoursWord,
    LanguageWord,
    SeverityWord,
    Switch,
    SwitchWord,
    ZoneWord,
)
from commands.protocol.command import Command
from commands.protocol.home import change, home
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, Role
from commands.protocol.words import AssetWord
from commands.wording.silence import describe_settings
from commands.wording.wishes import describe_nobody
from store.wishes import Chat, QuietHours


@dataclass(frozen=True, slots=True)
class Settings:
    """Ask what is set, or set some of it."""

    quiet: Annotated[HoursWord, "quiet hours by the wall clock, or off"] | None = None
    zone: Annotated[ZoneWord, "the time zone of this chat"] | None = None
    pierce: Annotated[SwitchWord, "whether critical ones come in quiet hours too"] | None = None
    least: Annotated[SeverityWord, "the lowest severity told here"] | None = None
    cap: Annotated[CountWord, "new messages a day at most, critical ones not counted, or off"] | None = None
    language: Annotated[LanguageWord, "the language of answers and warnings"] | None = None
    asset: Annotated[AssetWord, "the coin meant where none is said"] | None = None


async def answer(ask: Settings, context: Context) -> Reply:
    """All settings, after those that were said are kept for good."""
    phrases, chats = phrases_in(context.language), context.services.chats
    if chats is None:
        return describe_nobody(await context.services.feed.status(), phrases)
    is_new = any(getattr(ask, field.name) is not None for field in fields(ask))
    chat = await (change(context, chats, lambda chat: _set(chat, ask)) if is_new else home(context, chats))
    if is_new and context.services.post is not None:
        await context.services.post.hurry(
            context.address
        )  # quiet hours or a cap may have held something back
    if ask.language is not None:
        phrases = phrases_in(chat.language or context.language)
    asset = chat.default_asset or await replace(context, default_asset=None).asset(None)
    return describe_settings(
        chat, phrases, context.now_ms, is_new=is_new, is_terminal=context.is_terminal, asset=asset
    )


def _set(chat: Chat, ask: Settings) -> Chat:
    zone = ask.zone or chat.zone
    chat = replace(chat, zone=zone, quiet=_quiet(chat.quiet, ask, zone))
    if ask.least is not None:
        chat = replace(chat, least=ask.least)
    if ask.cap is not None:
        chat = replace(chat, daily_cap=None if isinstance(ask.cap, Switch) else ask.cap)
    if ask.language is not None:
        chat = replace(chat, language=None if ask.language == AUTO else ask.language)
    return chat if ask.asset is None else replace(chat, default_asset=ask.asset)


def _quiet(quiet: QuietHours | None, ask: Settings, zone: str) -> QuietHours | None:
    """The quiet hours as they are now. Raises Misunderstood where there are none for critical warnings to pierce."""
    if isinstance(ask.quiet, Switch):
        quiet = None
    elif ask.quiet is not None:
        pierces = quiet is not None and quiet.critical_pierces
        quiet = QuietHours(ask.quiet.begin_minute, ask.quiet.end_minute, zone, pierces)
    if quiet is None:
        if ask.pierce is not None:
            raise Misunderstood("setting.no_quiet", example="/settings quiet 23-07 Europe/Berlin")
        return None
    pierces = quiet.critical_pierces if ask.pierce is None else ask.pierce is Switch.ON
    return replace(quiet, zone=zone, critical_pierces=pierces)


COMMAND = Command(
    "settings",
    Settings,
    answer,
    help="what holds for this chat: quiet hours, lowest severity, zone and more",
    example="/settings quiet 23-07 Europe/Berlin",
    order=48,
    needs=Role.MANAGER,
    in_menu=False,
    changes=True,
)
