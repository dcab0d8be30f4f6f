"""/settings: what holds for this chat (quiet hours, severity, zone), and alone with a person their own limits."""

from dataclasses import dataclass, fields, replace
from typing import Annotated

from commands.desk.own import own
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
from commands.protocol.position_words import OwnBaseWord, OwnDrawdownWord, OwnFundingWord
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, Role
from commands.protocol.style import write_in
from commands.protocol.words import AssetWord
from commands.wording.settings import OwnLimits, describe_limits, describe_settings
from commands.wording.wishes import describe_nobody
from store.persons import Person
from store.services import Chats, People
from store.wishes import Chat, QuietHours

OF_A_PERSON = ("base", "drawdown", "funding")
EXAMPLE_OWN = "/settings base 3x drawdown 3% funding 0.02%"


@dataclass(frozen=True, slots=True)
class Settings:
    """Ask what is set, or set some of it."""

    quiet: Annotated[HoursWord, "quiet hours by the wall clock, or off"] | None = None
    zone: Annotated[ZoneWord, "the time zone of this chat"] | None = None
    pierce: Annotated[SwitchWord, "whether critical ones come in quiet hours too"] | None = None
    least: Annotated[SeverityWord, "the lowest severity told here"] | None = None
    cap: Annotated[CountWord, "new messages a day at most, critical ones not counted, or off"] | None = None
    language: (
        Annotated[
            LanguageWord,
            "the language of answers and warnings, such as es, or es-MX for its marks in numbers",
        ]
        | None
    ) = None
    asset: Annotated[AssetWord, "the coin meant where none is said"] | None = None
    public: Annotated[SwitchWord, "in a server: /regime answers so that all here see it"] | None = None
    base: Annotated[OwnBaseWord, "your own base leverage, or off for ours; alone with me only"] | None = None
    drawdown: Annotated[OwnDrawdownWord, "the most of your equity to lose, or off; alone with me"] | None = (
        None
    )
    funding: Annotated[OwnFundingWord, "what is too dear for you per 8 h, or off; alone with me"] | None = (
        None
    )


async def answer(ask: Settings, context: Context) -> Reply:
    """All settings, after those that were said are kept for good."""
    phrases, chats = phrases_in(context.language), context.services.chats
    said = {field.name for field in fields(ask) if getattr(ask, field.name) is not None}
    of_a_person, of_the_chat = said & set(OF_A_PERSON), said - set(OF_A_PERSON)
    if chats is None and (of_the_chat or not (of_a_person or _keeps_limits(context))):
        return describe_nobody(await context.services.feed.status(), phrases)
    people = _people(context) if of_a_person else None
    chat = None if chats is None else await _of_the_chat(ask, context, chats, is_new=bool(of_the_chat))
    person = await own(context) if people is None else await _of_the_person(ask, context, people)
    limits = OwnLimits(person, context.rules) if _keeps_limits(context) else None
    if chat is None:
        feed = await context.services.feed.status()
        return describe_limits(OwnLimits(person, context.rules), feed, phrases, is_new=bool(said))
    if ask.language is not None:
        phrases = phrases_in(chat.language or context.language)
        write_in(phrases.style)
    asset = chat.default_asset or await replace(context, default_asset=None).asset(None)
    return describe_settings(
        chat,
        phrases,
        context.now_ms,
        is_new=bool(said),
        is_terminal=context.is_terminal,
        asset=asset,
        limits=limits,
    )


def _keeps_limits(context: Context) -> bool:
    """Whether a person's own limits are kept and may be shown here: only where nobody else reads."""
    return context.services.people is not None and context.is_private and bool(context.person)


def _people(context: Context) -> People:
    """Where limits are kept. Raises Misunderstood where others read, or nobody is kept."""
    if not context.is_private or not context.person:
        raise Misunderstood("setting.alone", example=EXAMPLE_OWN)
    if context.services.people is None:
        raise Misunderstood("setting.nobody_kept", example="/size BTC 5x 10k base=3x lose=3%")
    return context.services.people


async def _of_the_chat(ask: Settings, context: Context, chats: Chats, *, is_new: bool) -> Chat:
    if not is_new:
        return await home(context, chats)
    if ask.public is not None and not context.server:
        raise Misunderstood("setting.only_servers", example="/settings least warning")
    chat = await change(context, chats, lambda chat: _set(chat, ask))
    if context.services.post is not None:
        # quiet hours or a cap may have held something back
        await context.services.post.hurry(context.address)
    return chat


async def _of_the_person(ask: Settings, context: Context, people: People) -> Person:
    def told(person: Person) -> Person:
        return replace(
            person,
            reach=context.reach or person.reach,
            spoken=context.language,
            base_leverage=_own(ask.base, person.base_leverage),
            drawdown_budget=_own(ask.drawdown, person.drawdown_budget),
            funding_8h=_own(ask.funding, person.funding_8h),
            made_ms=person.made_ms or context.now_ms,
        )

    return await people.change(context.person, told)


def _own(said: float | Switch | None, before: float | None) -> float | None:
    """A limit as it is now: "off" takes it away, so that ours holds again."""
    if said is None:
        return before
    return None if isinstance(said, Switch) else said


def _set(chat: Chat, ask: Settings) -> Chat:
    zone = ask.zone or chat.zone
    chat = replace(chat, zone=zone, quiet=_quiet(chat.quiet, ask, zone))
    if ask.least is not None:
        chat = replace(chat, least=ask.least)
    if ask.cap is not None:
        chat = replace(chat, daily_cap=None if isinstance(ask.cap, Switch) else ask.cap)
    if ask.language is not None:
        chat = replace(chat, language=None if ask.language == AUTO else ask.language)
    if ask.public is not None:
        chat = replace(chat, public=ask.public is Switch.ON)
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
    help="what holds for this chat, and your own limits: quiet hours, base leverage and more",
    example="/settings quiet 23-07 Europe/Berlin",
    order=48,
    needs=Role.MANAGER,
    in_menu=False,
    changes=True,
)
