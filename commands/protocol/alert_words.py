"""The words of subscriptions: a kind of warning, how loud, how long, which hours, where on earth, which warning.

As with all words, a reader gives None for a word that is not its kind and raises Misunderstood for one that is but cannot
be. Words that say nothing by themselves, such as "off", are read only behind the name of what they set.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, NamedTuple

from commands.protocol.amounts import read_number
from commands.protocol.phrases import known_language, languages
from commands.protocol.request import Misunderstood, said
from commands.protocol.words import (
    ASSET,
    Lexicon,
    Word,
    nearest,
    read_asset,
    read_asset_named,
    symbol_of,
)
from market.alerts import Kind, Severity
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, Asset

ALL = "all"
"""Stands for every watched asset; no symbol is written in small letters."""
EVERY = "every"
"""Stands for every kind of warning."""
AUTO = "auto"
"""Stands for each reader's own language."""
LEAST_MUTE_MS = 5 * MINUTE_MS
LONGEST_MUTE_MS = 30 * DAY_MS
MOST_A_DAY = 100
MOST_PAGES = 999

_EVERYTHING = frozenset({"all", "everything", "any", "*"})
_KINDS: Mapping[str, Kind] = {
    **{kind.value: kind for kind in Kind},
    "liq": Kind.LIQUIDATIONS,
    "liqs": Kind.LIQUIDATIONS,
    "interest": Kind.OPEN_INTEREST,
    "state": Kind.REGIME,
    "sequence": Kind.STAGE,
}
_PLANS = frozenset({"plan", "plans", "position", "positions"})
_SEVERITIES: Mapping[str, Severity] = {
    **{severity.value: severity for severity in Severity},
    "warn": Severity.WARNING,
    "crit": Severity.CRITICAL,
}
_UNITS_MS: Mapping[str, int] = {
    **dict.fromkeys(("m", "min", "mins", "minutes"), MINUTE_MS),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), HOUR_MS),
    **dict.fromkeys(("d", "day", "days"), DAY_MS),
    "w": 7 * DAY_MS,
}
_CLOCKS = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?-([0-9]{1,2})(?::([0-9]{2}))?", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{2,40}", re.ASCII)
_ROLE = re.compile(r"(?:<@&)?([0-9]{5,20})>?", re.ASCII)
_PAGE = re.compile(r"[1-9][0-9]{0,2}", re.ASCII)
_ID = re.compile(r"#?([0-9a-f]{4})", re.ASCII)


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


class Hours(NamedTuple):
    """From one minute of the day to another, over midnight where the second is the smaller."""

    begin_minute: int
    end_minute: int


def read_assets(word: str, lexicon: Lexicon) -> Asset | None:
    """A watched asset, or ALL for "all"."""
    return ALL if word.lower() in _EVERYTHING else read_asset(word, lexicon)


def read_assets_named(word: str, lexicon: Lexicon) -> Asset | None:
    """The same; a word that names no watched asset is refused with the nearest ones. Raises Misunderstood."""
    return ALL if word.lower() in _EVERYTHING else read_asset_named(word, lexicon)


def read_some_assets(word: str, lexicon: Lexicon) -> tuple[Asset, ...] | None:
    """One or several, "BTC,ETH"; one that names none among some that do is refused. ALL stands for every one."""
    first, *others = [name for name in word.split(",") if name] or [""]
    asset = read_assets(first, lexicon)
    return None if asset is None else _together((asset, *(_asset_named(one, lexicon) for one in others)))


def read_some_assets_named(word: str, lexicon: Lexicon) -> tuple[Asset, ...] | None:
    """The same; a word that names no watched asset is refused with the nearest ones. Raises Misunderstood."""
    names = tuple(filter(None, word.split(",")))
    if len(names) > 1:
        return _together([_asset_named(one, lexicon) for one in names])
    asset = read_assets_named(word, lexicon)
    return None if asset is None else (asset,)


def _asset_named(word: str, lexicon: Lexicon) -> Asset:
    asset = read_assets_named(word, lexicon)
    if asset is None:
        raise Misunderstood("words.none_of", said=said(word), kinds=["assets"])
    return asset


def _together(assets: Iterable[Asset]) -> tuple[Asset, ...]:
    """Each once; beside ALL no other says more."""
    known = tuple(dict.fromkeys(assets))
    return (ALL,) if ALL in known else known


def read_any_asset(word: str, lexicon: Lexicon) -> Asset | None:
    """ALL, a watched asset under any of its names, else the symbol as it was said: what is dropped may be long gone."""
    return read_assets(word, lexicon) or symbol_of(word)


def read_kinds(word: str, lexicon: Lexicon) -> tuple[Kind, ...] | None:
    """Kinds of warnings ("cascade", "cascade,regime"), all of them for "every".

    Plans are no such kind: they are watched by themselves, and said so.
    """
    if word.lower() in _PLANS and not {"PLAN", "PLANS"} & set(lexicon.assets):
        raise Misunderstood("subscribe.plans", example="/plan BTC 5x long 10k", offers=("/positions",))
    if word.lower() == EVERY:
        return tuple(Kind)
    kinds = [_KINDS.get(name) for name in word.lower().split(",")]
    known = tuple(dict.fromkeys(kind for kind in kinds if kind is not None))
    return known if len(known) == len(set(kinds)) else None


def read_severity(word: str, lexicon: Lexicon) -> Severity | None:
    """How loud: watch, warning, critical."""
    return _SEVERITIES.get(word.lower())


def read_span(word: str, lexicon: Lexicon) -> int | Switch | None:
    """A time to be silent in milliseconds ("2h", "30m", "1d"), five minutes to 30 days; or "off"."""
    lower = word.lower()
    if lower == Switch.OFF:
        return Switch.OFF
    unit = lower.lstrip("0123456789.,")
    number = read_number(lower[: len(lower) - len(unit)])
    if unit not in _UNITS_MS or number is None:
        return None
    span_ms = round(number * _UNITS_MS[unit])
    if not LEAST_MUTE_MS <= span_ms <= LONGEST_MUTE_MS:
        raise Misunderstood("words.span_range", said=said(word))
    return span_ms


def read_hours(word: str, lexicon: Lexicon) -> Hours | None:
    """Quiet hours by the wall clock ("23-07", "22:30-6"); 24 is midnight."""
    match = _CLOCKS.fullmatch(word)
    if match is None:
        return None
    begin, begin_past, end, end_past = (int(part or 0) for part in match.groups())
    minutes = begin * 60 + begin_past, end * 60 + end_past
    if max(begin_past, end_past) >= 60 or max(minutes) > DAY_MS // MINUTE_MS:
        raise Misunderstood("words.no_hours", said=said(word))
    hours = Hours(*(minute % (DAY_MS // MINUTE_MS) for minute in minutes))
    if hours.begin_minute == hours.end_minute:
        raise Misunderstood("words.no_hours", said=said(word))
    return hours


def read_hours_named(word: str, lexicon: Lexicon) -> Hours | Switch | None:
    """The same, or "off"."""
    return Switch.OFF if word.lower() == Switch.OFF else read_hours(word, lexicon)


def read_zone(word: str, lexicon: Lexicon) -> str | None:
    """A time zone of the IANA list ("Europe/Berlin"), or UTC; any case, spaces written as _."""
    return read_zone_named(word, lexicon) if "/" in word or word.upper() == "UTC" else None


def read_zone_named(word: str, lexicon: Lexicon) -> str | None:
    """The same, also one without a slash ("Japan"). Raises Misunderstood with the nearest ones."""
    if not _ZONE.fullmatch(word):
        return None
    zone = zones().get(word.lower())
    if zone is None:
        near = tuple(zones()[name] for name in nearest(word.lower(), tuple(zones())))
        if near:
            raise Misunderstood("words.zone_near", said=said(word), near=near)
        raise Misunderstood("words.no_zone", said=said(word))
    return zone


def read_switch(word: str, lexicon: Lexicon) -> Switch | None:
    """On or off."""
    lower = {"yes": "on", "no": "off"}.get(word.lower(), word.lower())
    return Switch(lower) if lower in set(Switch) else None


def read_count(word: str, lexicon: Lexicon) -> int | Switch | None:
    """How many new messages a day, 1 to 100; or "off"."""
    if word.lower() == Switch.OFF:
        return Switch.OFF
    number = read_number(word)
    if number is None:
        return None
    if number != int(number) or not 1 <= number <= MOST_A_DAY:
        raise Misunderstood("words.count_range", said=said(word))
    return int(number)


def read_page(word: str, lexicon: Lexicon) -> int | None:
    """Which page of a list, from 1."""
    number = read_number(word)
    if number is None:
        return None
    if number != int(number) or not 1 <= number <= MOST_PAGES:
        raise Misunderstood("words.page_range", said=said(word))
    return int(number)


def read_bare_page(word: str, lexicon: Lexicon) -> int | None:
    """The same of a word that names no field: only a plain small number is one, for "1INCH" is an asset."""
    return int(word) if _PAGE.fullmatch(word) else None


def read_language(word: str, lexicon: Lexicon) -> str | None:
    """A language there are phrases in, alone or with a region that writes numbers otherwise ("es-MX"), or "auto"."""
    return AUTO if word.lower() == AUTO else known_language(word)


def read_id(word: str, lexicon: Lexicon) -> str | None:
    """The short name of a warning, "#c7f2", without its sign."""
    match = _ID.fullmatch(word.lower())
    return None if match is None else match[1]


@lru_cache(maxsize=1)
def zones() -> Mapping[str, str]:
    """Every zone of the IANA list by its name in small letters; out of the package, so that no machine knows others."""
    listed = (files("tzdata") / "zones").read_text(encoding="ascii").split()
    return {name.lower(): name for name in listed}


def read_role(word: str, lexicon: Lexicon) -> str | Switch | None:
    """A role of a server as its platform writes it ("<@&123>", or its number), or "off"."""
    if word.lower() == Switch.OFF:
        return Switch.OFF
    match = _ROLE.fullmatch(word)
    return None if match is None else match[1]


def _only_named(word: str, lexicon: Lexicon) -> None:
    """A word that says nothing by itself."""


ASSETS = replace(ASSET, kind="assets", read=read_assets, read_named=read_assets_named)
ANY_ASSET = replace(ASSETS, read=read_any_asset, read_named=read_any_asset)
SOME_ASSETS = replace(ASSETS, read=read_some_assets, read_named=read_some_assets_named)
KINDS = Word(
    "alert_kind", 35, "funding", read_kinds, read_kinds, choices=(*(kind.value for kind in Kind), EVERY)
)
SEVERITY = Word(
    "severity",
    36,
    "critical",
    read_severity,
    read_severity,
    choices=tuple(severity.value for severity in Severity),
)
SPAN = Word("span", 30, "2h", read_span, read_span, offers=("1h", "8h", "24h"))
HOURS = Word("hours", 30, "23-07", read_hours, read_hours_named)
ZONE = Word("zone", 45, "Europe/Berlin", read_zone, read_zone_named)
SWITCH = Word("switch", 40, "on", _only_named, read_switch, choices=("on", "off"))
COUNT = Word("count", 50, "10", _only_named, read_count)
PAGE = Word("page", 50, "2", read_bare_page, read_page)
LANGUAGE = Word("language", 50, "en", _only_named, read_language, choices=(*languages(), AUTO))
ROLE = Word("role", 50, "<@&1234567890>", _only_named, read_role)
PING_FROM = replace(SEVERITY, rank=50, read=_only_named)
ID = Word("id", 20, "#c7f2", read_id, read_id)

AssetsWord = Annotated[Asset, ASSETS]
SomeAssetsWord = Annotated[tuple[Asset, ...], SOME_ASSETS]
AnyAssetWord = Annotated[Asset, ANY_ASSET]
KindsWord = Annotated[tuple[Kind, ...], KINDS]
SeverityWord = Annotated[Severity, SEVERITY]
PingFromWord = Annotated[Severity, PING_FROM]
RoleWord = Annotated[str | Switch, ROLE]
SpanWord = Annotated[int | Switch, SPAN]
HoursWord = Annotated[Hours | Switch, HOURS]
ZoneWord = Annotated[str, ZONE]
SwitchWord = Annotated[Switch, SWITCH]
CountWord = Annotated[int | Switch, COUNT]
PageWord = Annotated[int, PAGE]
LanguageWord = Annotated[str, LANGUAGE]
IdWord = Annotated[str, ID]
