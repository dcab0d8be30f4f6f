"""What followed the real engine's alerts, and hours in each state: the table that alerts, /regime and /why quote."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from math import isnan

import numpy as np
from numpy.typing import NDArray

from evaluation.study import Chapter, Study, Written
from evaluation.tables import share, table
from market.alerts import Kind
from market.evaluation.aftermath import (
    Aftermath,
    Moments,
    aftermath_of,
    mean_after,
    quartiles,
    quartiles_after,
    share_after,
)
from market.evaluation.matching import refracted
from market.evaluation.recorded import Recorded
from market.evaluation_rules import OddsRules
from market.odds import TOGETHER, Odds, Share, hours_name, is_established, told_of
from market.table import CODED, State

RULES = OddsRules()
SEEN_BY: Mapping[str, str] = {
    Kind.FUNDING: "funding.value",
    Kind.OPEN_INTEREST: "open_interest.value",
    Kind.LIQUIDATIONS: "liquidations.value",
    Kind.SKEW: "skew.value",
    "hours/protip": "open_interest.value",
}
"""What has to be known for such a thing to be told at all; everything else needs a price."""

HEAD = (
    "what", "assets", "years", "episodes", "had begun", "sell-off within 24 h", "any hour", "fall of 5% within 24 h",
    "any hour",
)  # fmt: skip

PATH_HEAD = (
    "what",
    "assets",
    "the day until then",
    *(f"{hours} h later" for hours in RULES.after_hours),
    "mean, 24 h",
)
BETWEEN = """Where price was before and after: medians (quartiles), and the mean return a day later with its interval. A warning of
tail risk, not of direction: few of the means differ from 0.
"""
BEFORE = """The real engine's alerts on the recorded years, each from the first time it was told at a severity; those of a kind that
came within {apart} h of one before are one episode. *Sell-off*: one began (7 %, 2.5 sigma) within 24 h, of the episodes outside
one that had begun already. *Fall of 5 %*: the lowest low of the next 24 h, of all of them. *Any hour*: the same of all hours in
which it could have been told, the assets in the same proportion; **bold** where the paired difference excludes 0. Intervals with
fewer than {least} hits or misses are Wilson's. Below {days} days nothing is established. Liquidations are recorded for
two months of 2024 and skew not at all; hours were judged by what was recorded then. An asset is quoted by its own row where it
has the days, else by the one of several assets that it is among.
"""

Claims = NDArray[np.bool_]


def write(study: Study) -> Written:
    """A row for every kind of alert and of hours: by asset where there are days enough, and all assets together."""
    after = {one.asset: _aftermath(study, one) for one in study.recorded}
    told = {one.asset: dict(_told(study, one)) for one in study.recorded}
    names = sorted({name for by_name in told.values() for name in by_name})
    rows = [row for name in names for row in _rows(study, name, told, after)]
    before = BEFORE.format(
        apart=RULES.apart_hours, least=RULES.least_hits, days=study.evidence.least_event_days
    )
    facts: dict[str, object] = {
        "fall": study.label.fall,
        "sigmas": study.label.sigmas,
        "further_fall": RULES.further_fall,
        "least_days": study.evidence.least_event_days,
        "first_year": min(_year(study.scored_from_ms(one)) for one in study.recorded),
        "last_year": max(_year(one.bars.close_ms(len(one.bars) - 1)) for one in study.recorded),
        "assets": [one.asset for one in study.recorded],
        "rows": [asdict(row) for row in rows],
    }
    paths = table(PATH_HEAD, map(_path, rows))
    return Written(f"{before}\n{table(HEAD, map(_line, rows))}\n{BETWEEN}\n{paths}", facts)


def _aftermath(study: Study, one: Recorded) -> Aftermath:
    return aftermath_of(one.bars, study.events[one.asset], study.rows_day(one), study.label, RULES)


def _year(at_ms: int) -> int:
    return datetime.fromtimestamp(at_ms / 1000, UTC).year


def _told(study: Study, one: Recorded) -> Iterator[tuple[str, Claims]]:
    """By name the hours at whose close something was told, or in which a state held."""
    scored = study.is_scored(one)
    for name, times in _episodes(one).items():
        rows = np.zeros(len(scored), np.bool_)
        rows[[one.bars.row_at(at_ms) for at_ms in times]] = True
        if (rows & scored).any():
            yield name, rows & scored
    names = np.array(_hours(study, one), dtype=object)
    for name in sorted({name for name in names[scored] if name}):
        yield name, (names == name) & scored


def _episodes(one: Recorded) -> dict[str, tuple[int, ...]]:
    """When each kind of alert was told: once an episode and severity, a day apart."""
    seen: set[tuple[str, str]] = set()
    times: dict[str, list[int]] = {}
    for alert in one.alerts:
        name = told_of(alert)
        if name is not None and (alert.id, name) not in seen:
            seen.add((alert.id, name))
            times.setdefault(name, []).append(alert.at_ms)
    return {name: refracted(found, RULES.apart_hours)[0] for name, found in times.items()}


def _hours(study: Study, one: Recorded) -> list[str | None]:
    """What kind of hour each row is, None without a state."""
    falling = (study.column(one, "flag.pd") == 1.0).tolist()
    protip = (study.column(one, "regime.protip") == 1.0).tolist()
    codes = study.column(one, "regime.state").tolist()
    states = [State.INSUFFICIENT_DATA if isnan(code) else CODED[int(code)] for code in codes]
    return [hours_name(*hour) for hour in zip(states, falling, protip, strict=True)]


def _rows(
    study: Study,
    name: str,
    told: Mapping[str, Mapping[str, Claims]],
    after: Mapping[str, Aftermath],
) -> Iterator[Odds]:
    """One row an asset that has days enough by itself, and one of all that have a few of their own."""
    having = [one for one in study.recorded if name in told[one.asset]]
    alone = [row for one in having if is_established(row := _row(study, name, one.asset, [one], told, after))]
    yield from alone
    several = [one for one in having if _spells(told[one.asset][name]) >= RULES.least_own] or having
    if len(several) > 1 or not alone:
        yield _row(study, name, TOGETHER, several, told, after)


def _row(
    study: Study,
    name: str,
    asset: str,
    markets: Sequence[Recorded],
    told: Mapping[str, Mapping[str, Claims]],
    after: Mapping[str, Aftermath],
) -> Odds:
    moments = [
        Moments(after[one.asset], held := told[one.asset][name], held | _possible(study, one, name))
        for one in markets
    ]
    spells = sum(_spells(one.told) for one in moments)
    of_hours = spells if name.startswith("hours/") else None
    shares = {
        outcome: share_after(outcome, moments, study.draws, study.evidence, RULES, of_hours)
        for outcome in ("sell_off", "further_fall")
    }
    mean = mean_after(24, moments, study.draws, study.evidence)
    years = [_year(at_ms) for one in markets for at_ms in _ends(one, told[one.asset][name])]
    return Odds(
        name,
        asset,
        tuple(one.asset for one in markets),
        min(years),
        max(years),
        spells,
        spells - shares["sell_off"].cases if of_hours is None else None,
        shares["sell_off"],
        shares["further_fall"],
        None if isnan(mean.value) else (mean.value, mean.low, mean.high),
        {str(hours): found for hours in RULES.after_hours if (found := quartiles_after(hours, moments))},
        _lost(study, name, markets, told),
    )


def _spells(told: Claims) -> int:
    """How many times it came that lay a day or more after the time before."""
    rows = np.flatnonzero(told)
    return int(len(rows) > 0) + int((np.diff(rows) >= RULES.apart_hours).sum())


def _possible(study: Study, one: Recorded, name: str) -> Claims:
    """The hours in which it could have been told: its input is known."""
    kind = name if name in SEEN_BY else name.partition("/")[0]
    needed = SEEN_BY.get(kind)
    scored = study.is_scored(one)
    return scored if needed is None else scored & np.isfinite(study.column(one, needed))


def _ends(one: Recorded, told: Claims) -> Iterable[int]:
    rows = np.flatnonzero(told)
    return one.bars.close_ms(int(rows[0])), one.bars.close_ms(int(rows[-1]))


def _lost(
    study: Study, name: str, markets: Sequence[Recorded], told: Mapping[str, Mapping[str, Claims]]
) -> tuple[float, float, float] | None:
    """The fall over the day until then."""
    logs = [study.column(one, "price.r_24h")[told[one.asset][name]] for one in markets]
    return quartiles(np.expm1(np.concatenate(logs)))


def _line(odds: Odds) -> list[str]:
    return [
        *_named(odds),
        f"{odds.first_year}-{odds.last_year % 100:02d}",
        str(odds.episodes),
        "-" if odds.begun is None else str(odds.begun),
        *_told_share(odds.sell_off),
        *_told_share(odds.further_fall),
    ]


def _path(odds: Odds) -> list[str]:
    """Where price was before and after: quartiles, and the mean a day later."""
    mean = odds.mean_24h
    told = [odds.lost, *(odds.returns.get(str(hours)) for hours in RULES.after_hours)]
    later = "-" if mean is None else f"{_signed(mean[0])} [{_signed(mean[1])}, {_signed(mean[2])}]"
    return [*_named(odds), *map(_quartiles, told), later]


def _named(odds: Odds) -> tuple[str, str]:
    return odds.name.replace("_", " "), " ".join(odds.assets)


def _quartiles(found: tuple[float, float, float] | None) -> str:
    return "-" if found is None else f"{_signed(found[1])} ({_signed(found[0])}, {_signed(found[2])})"


def _told_share(one: Share) -> tuple[str, str]:
    if not one.is_established:
        return f"not established ({one.days} days)", share(one.base)
    told = f"{share(one.share)} [{share(one.low)}, {share(one.high)}]"
    return f"**{told}**" if one.differs else told, share(one.base)


def _signed(value: float) -> str:
    return f"{value:+.1%}"


CHAPTER = Chapter(80, "odds", "What followed", write)
