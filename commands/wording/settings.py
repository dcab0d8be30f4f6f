"""The answer to /settings: what a chat has set, and, where nobody else reads, a person's own limits beside ours."""

from collections.abc import Callable
from dataclasses import dataclass

from commands.protocol.phrases import ORIGINAL, Phrases, languages, phrases_in
from commands.protocol.reply import Action, Block, Heading, Lines, Reply, Text
from commands.wording import numbers
from commands.wording.columns import fit, sides
from commands.wording.wishes import hours_words, never_told, server_notes, way_notes
from market.alerts import Severity
from market.observations import Asset
from market.rules import Rules
from store.persons import Person
from store.services import FeedStatus
from store.wishes import Chat

MOST_LANGUAGES = 3


@dataclass(frozen=True, slots=True)
class OwnLimits:
    """A person with their own limits, and the rules that hold where they have none."""

    person: Person
    rules: Rules


def describe_settings(
    chat: Chat,
    phrases: Phrases,
    now_ms: int,
    *,
    is_new: bool,
    is_terminal: bool,
    asset: Asset,
    limits: OwnLimits | None,
) -> Reply:
    """All that is set here; `asset` is what "no asset said" means here, `limits` None where others read."""
    notes = way_notes(chat, phrases, now_ms, is_terminal=is_terminal)
    notes += [*never_told(chat, chat.subscriptions, phrases), *unreviewed_notes(phrases)]
    notes.append(phrases.say("setting.how"))
    own: tuple[Block, ...] = ()
    if limits is not None:
        notes.append(phrases.say("setting.how_own"))
        own = (Text(phrases.say("setting.yours")), Lines(limit_lines(limits, phrases)))
    rows = tuple(sides(label, value) for label, value in _rows(chat, asset, phrases))
    return Reply(
        (
            Heading(fit(phrases.say("setting.heading_changed" if is_new else "setting.heading"))),
            Lines(rows),
            *own,
            *server_notes(chat, phrases),
            Text("\n".join(notes)),
        ),
        _buttons(chat, phrases),
        private=limits is not None,
        data={"changed": is_new, "settings": plain_settings(chat), "limits": plain_limits(limits)},
    )


def describe_limits(limits: OwnLimits, feed: FeedStatus, phrases: Phrases, *, is_new: bool) -> Reply:
    """A person's own limits alone, where no chat has settings since there is nobody to warn."""
    heading = "setting.heading_own_changed" if is_new else "setting.heading_own"
    own = phrases.say("setting.how_own")
    return Reply(
        (
            Heading(fit(phrases.say(heading))),
            Lines(limit_lines(limits, phrases)),
            Text("\n".join((*unreviewed_notes(phrases), own, phrases.word("nobody", feed.source)))),
        ),
        private=True,
        data={"changed": is_new, "settings": None, "limits": plain_limits(limits)},
    )


def limit_lines(limits: OwnLimits, phrases: Phrases) -> tuple[str, ...]:
    """The three limits, each said to be theirs or ours."""
    sizing = limits.rules.sizing
    base = limits.person.base_leverage
    if base is None:
        majors, others = (numbers.plainly(one) for one in (sizing.base_majors, sizing.base_others))
        told = phrases.say("setting.base_ours", majors=majors, others=others)
    else:
        told = phrases.say("setting.is_yours", value=numbers.plainly(base))
    drawdown, budget = limits.person.drawdown_budget, sizing.drawdown_budget
    funding, dear = limits.person.funding_8h, limits.rules.funding.elevated
    return (
        sides(phrases.say("setting.base"), told),
        sides(phrases.say("setting.drawdown"), _whose(drawdown, budget, numbers.share, phrases)),
        sides(phrases.say("setting.funding"), _whose(funding, dear, numbers.rate, phrases)),
    )


def _whose(own: float | None, ours: float, write: Callable[[float | None], str], phrases: Phrases) -> str:
    key = "setting.is_ours" if own is None else "setting.is_yours"
    return phrases.say(key, value=write(ours if own is None else own))


def _rows(chat: Chat, asset: Asset, phrases: Phrases) -> tuple[tuple[str, str], ...]:
    quiet = chat.quiet
    pierces = phrases.word("answer", "yes" if quiet is not None and quiet.critical_pierces else "no")
    rows = (
        ("setting.quiet", phrases.say("setting.none") if quiet is None else hours_words(quiet)),
        *((("setting.pierce", pierces),) if quiet is not None else ()),
        ("setting.zone", chat.zone),
        ("setting.least", phrases.word("severity", chat.least.value)),
        ("setting.cap", phrases.say("setting.no_cap") if chat.daily_cap is None else str(chat.daily_cap)),
        ("setting.language", _language_words(chat, phrases)),
        ("setting.asset", asset),
        *(
            (("setting.public", phrases.word("answer", "yes" if chat.public else "no")),)
            if chat.server
            else ()
        ),
        ("setting.subscriptions", str(len(chat.subscriptions))),
    )
    return tuple((phrases.say(key), value) for key, value in rows)


def unreviewed_notes(phrases: Phrases) -> list[str]:
    """That the words which answer are a translation nobody has signed who trades in that language."""
    is_signed = phrases.language == ORIGINAL or phrases.reviewer
    return [] if is_signed else [phrases.say("setting.unreviewed_note")]


def _language_words(chat: Chat, phrases: Phrases) -> str:
    """The language that was chosen, marked where it is such a translation."""
    if chat.language is None:
        return phrases.say("setting.own")
    marked = unreviewed_notes(phrases_in(chat.language))
    return phrases.say("setting.unreviewed", language=chat.language) if marked else chat.language


def plain_settings(chat: Chat) -> dict[str, object]:
    """The settings for `--json`."""
    quiet = chat.quiet
    return {
        "quiet": None if quiet is None else hours_words(quiet),
        "pierce": None if quiet is None else quiet.critical_pierces,
        "zone": chat.zone,
        "least": chat.least.value,
        "cap": chat.daily_cap,
        "language": chat.language,
        "asset": chat.default_asset,
        "public": chat.public,
    }


def plain_limits(limits: OwnLimits | None) -> dict[str, object] | None:
    """A person's own limits for `--json`: fractions, None where ours hold; None altogether where others read."""
    if limits is None:
        return None
    own = limits.person
    return {"base": own.base_leverage, "drawdown": own.drawdown_budget, "funding_8h": own.funding_8h}


def _buttons(chat: Chat, phrases: Phrases) -> tuple[Action, ...]:
    """The other side of what can be switched."""
    quiet = chat.quiet
    if quiet is None:
        buttons = {"button.quiet_on": "/settings quiet 23-07"}
    elif quiet.critical_pierces:
        buttons = {"button.quiet_off": "/settings quiet off", "button.pierce_off": "/settings pierce off"}
    else:
        buttons = {"button.quiet_off": "/settings quiet off", "button.pierce_on": "/settings pierce on"}
    if chat.least is Severity.WATCH:
        buttons["button.loud_only"] = "/settings least warning"
    else:
        buttons["button.silent_too"] = "/settings least watch"
    if chat.server:
        key, switch = ("button.public_off", "off") if chat.public else ("button.public_on", "on")
        buttons[key] = f"/settings public {switch}"
    buttons["button.alerts"] = "/alerts"
    actions = tuple(Action(phrases.say(key), line) for key, line in buttons.items())
    return (*actions, *_languages(phrases))


def _languages(phrases: Phrases) -> tuple[Action, ...]:
    """The other languages, each called as its own speakers call it."""
    others = [language for language in languages() if language != phrases.language]
    return tuple(
        Action(phrases_in(language).say("meta.name"), f"/settings language={language}")
        for language in others[:MOST_LANGUAGES]
    )
