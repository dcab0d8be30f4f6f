"""Summer 2024, the only months with hourly liquidations and open interest: a case study, in which nothing can be established."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from math import isnan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluation.study import Chapter, Floats, Study, Written
from evaluation.tables import number, share, table, with_interval
from evaluation.verdicts import Claim, Court, at_most, both, column, equal, plain
from market.alerts import Alert, Edge, Kind
from market.evaluation.labels import Event, events_of, falls_ahead
from market.evaluation.recorded import Recorded
from market.evaluation_rules import LabelRules
from market.observations import HOUR_MS, Asset
from market.rules import Rules
from market.table import CODED, State
from scheduler.gathering import gather
from scheduler.history_files import read_history

KNOWN_BY = "liquidations.long_bps_24h"
LEG = 0.95
LOOK_BACK_HOURS = 96
SIGMAS = 2.0


def _state(state: State) -> Claim:
    return equal("regime.state", float(CODED.index(state)))


SAID: Mapping[str, Claim] = {
    "shock -1.5": at_most("price.shock_24h", -1.5),
    "shock -2": at_most("price.shock_24h", -2.0),
    "shock -2.5": at_most("price.shock_24h", -2.5),
    "pd": column("flag.pd"),
    "brk": column("flag.brk"),
    "oe": column("flag.oe"),
    "fn": column("flag.fn"),
    "fe": column("flag.fe"),
    "pro-tip": both(column("flag.pd"), column("flag.oe"), column("flag.fn")),
    "lc": column("flag.lc"),
    "lb": column("flag.lb"),
    "CROWDING": _state(State.CROWDING),
    "UNWINDING": _state(State.UNWINDING),
}
GIVEN_WEAK: Mapping[str, Claim] = {
    **{name: column(f"flag.{name}") for name in ("lc", "lb", "rri_high", "oe", "ou", "oc", "fn")},
    "pro-tip": SAID["pro-tip"],
    "UNWINDING": SAID["UNWINDING"],
}


def write(study: Study) -> Written:
    """What liquidations and hourly open interest said that summer, the label's liquidation leg, and the sell-offs one by one."""
    court = Court(study)
    seen = {one.asset: np.isfinite(study.column(one, KNOWN_BY)) for one in study.recorded}
    if not any(known.any() for known in seen.values()):
        return Written("No market here has hourly liquidations.\n")
    study.note("summer 2024, given a fall", 2 * len(GIVEN_WEAK))
    text, facts = HEAD.format(span=_span(study, seen)), dict[str, object]()
    given, facts["given_weak"] = _given_weak(court, seen)
    leg, facts["liquidation_leg"] = _leg(study, seen)
    told, facts["deepest"] = _deepest(study, seen)
    text += given + leg + told
    if study.home is not None and (folder := study.home / "history" / "sell-offs").is_dir():
        files, facts["sell_offs"] = _files(folder, study.rules, study.label)
        text += files
    return Written(text, facts)


HEAD = """Hourly liquidations are known from {span}: too few days with a sell-off for a verdict, so this is a case study.

"""


def _span(study: Study, seen: Mapping[Asset, NDArray[np.bool_]]) -> str:
    rows = [(one, np.flatnonzero(seen[one.asset])) for one in study.recorded if seen[one.asset].any()]
    first = min(one.bars.close_ms(int(known[0])) for one, known in rows)
    last = max(one.bars.close_ms(int(known[-1])) for one, known in rows)
    return f"{_at(first)[:10]} to {_at(last)[:10]} ({', '.join(one.asset for one, _ in rows)})"


def _at(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _far_fall(study: Study, one: Recorded) -> Floats:
    """Whether price fell more than two daily sigmas within a day."""
    falls = np.frombuffer(falls_ahead(one.bars, study.label.within_hours))
    sigma = study.column(one, "price.sigma_1d")
    return np.where(np.isnan(falls) | np.isnan(sigma), np.nan, falls < -SIGMAS * sigma)


def _given_weak(court: Court, seen: Mapping[Asset, NDArray[np.bool_]]) -> tuple[str, object]:
    """The table of section 5 of the first evaluation, of these months."""
    study = court.study

    def weak(one: Recorded) -> Iterator[NDArray[np.bool_]]:
        yield seen[one.asset] & (study.column(one, "flag.pd") == 1.0)

    rows, facts = [], {}
    for name, claim in GIVEN_WEAK.items():
        worse = court.beside(claim, weak, lambda one: court.rows(one).worse)
        far = court.beside(claim, weak, lambda one: _far_fall(study, one))
        rows.append(
            [
                name,
                str(worse.cases),
                str(worse.case_days),
                f"{share(worse.share.value)} / {share(worse.other.value)}",
                with_interval(worse.difference),
                f"{share(far.share.value)} / {share(far.other.value)}",
                with_interval(far.difference),
            ]
        )
        facts[name] = {
            "hours": worse.cases,
            "days": worse.case_days,
            "difference": plain(worse.difference.value),
        }
    head = [
        "while weak",
        "hours",
        "days",
        "onset or -5 % in 24 h: with / without",
        "difference",
        "beyond 2 sigma",
        "difference",
    ]
    return "**While price was weak, what stood beside it** (with it / without it, same asset)\n\n" + table(
        head, rows
    ), facts


def _leg(study: Study, seen: Mapping[Asset, NDArray[np.bool_]]) -> tuple[str, object]:
    """Which sell-offs the label's liquidation leg would keep: the day's long liquidations ranked among the hours before."""
    rows, kept = [], 0
    for one in study.recorded:
        day = study.column(one, KNOWN_BY)
        for event in _within(study.events[one.asset], one, seen[one.asset]):
            onset = one.bars.row_at(event.onset_ms)
            after = day[onset : onset + study.label.within_hours + 1]
            before = day[:onset][np.isfinite(day[:onset])]
            if not np.isfinite(after).any() or not len(before):
                continue
            most = float(np.nanmax(after))
            rank = float((before < most).mean())
            kept += rank >= LEG
            rows.append([one.asset, _at(event.onset_ms), share(event.fall), number(most, 1), share(rank, 0)])
    head = ["asset", "onset", "fall", "long liquidations of a day, bps of open interest", "rank"]
    said = f"\n**The liquidation leg** (95th percentile of the hours known before, not of a year) keeps {kept} of {len(rows)} sell-offs.\n\n"
    return said + table(head, rows), {"kept": kept, "of": len(rows)}


def _within(events: Sequence[Event], one: Recorded, known: NDArray[np.bool_]) -> Iterator[Event]:
    for event in events:
        row = one.bars.row_at(event.onset_ms)
        if known[max(0, row - 1) : row + 1].any():
            yield event


def _deepest(study: Study, seen: Mapping[Asset, NDArray[np.bool_]]) -> tuple[str, object]:
    """What each input said in the hours before the deepest of these sell-offs, asset by asset."""
    found = [
        event for one in study.recorded for event in _within(study.events[one.asset], one, seen[one.asset])
    ]
    if not found:
        return "\nNo sell-off began in these months.\n", None
    about = min(found, key=lambda event: event.fall).onset_ms
    columns: dict[Asset, tuple[Recorded, Event]] = {}
    for one in study.recorded:
        for event in study.events[one.asset]:
            if abs(event.onset_ms - about) <= study.label.merge_hours * HOUR_MS / 2:
                columns[one.asset] = (one, event)
    rows = [
        [
            name,
            *(_when(claim(study, one), one.bars.row_at(event.onset_ms)) for one, event in columns.values()),
        ]
        for name, claim in SAID.items()
    ]
    rows.append(
        ["**onset**", *(f"{_at(event.onset_ms)}, {share(event.fall)}" for _, event in columns.values())]
    )
    rows.append(
        [
            "first cascade alert in 24 h",
            *(_first_alert(one.alerts, event.onset_ms) for one, event in columns.values()),
        ]
    )
    facts = {asset: _at(event.onset_ms) for asset, (_, event) in columns.items()}
    return f"\n**The sell-off of {_at(about)[:10]}: what was said when**\n\n" + table(
        ["", *columns], rows
    ), facts


def _when(held: Floats, onset: int) -> str:
    """Since when a claim held at the close before the onset, or when it last did within four days."""
    begin = max(0, onset - LOOK_BACK_HOURS)
    before = held[begin:onset]
    if not len(before) or isnan(before[-1]):
        return "unknown"
    times = np.flatnonzero(before == 1.0)
    if not len(times):
        return "not in 4 days"
    if before[-1] != 1.0:
        return f"ended {len(before) - 1 - int(times[-1])} h before"
    off = np.flatnonzero(before != 1.0)
    if not len(off):
        return "for 4 days or longer"
    return f"for {len(before) - 1 - int(off[-1])} h"


def _first_alert(alerts: Sequence[Alert], onset_ms: int) -> str:
    """The first cascade alert of the day before, or the loudest word on one that stood by then."""
    day = [
        alert
        for alert in alerts
        if alert.kind is Kind.CASCADE
        and alert.edge in (Edge.FIRED, Edge.ESCALATED)
        and 0 < onset_ms - alert.at_ms <= 24 * HOUR_MS
    ]
    if not day:
        return "none"
    first, loudest = (
        day[0],
        max(day, key=lambda alert: ("watch", "warning", "critical").index(alert.severity.value)),
    )
    said = f"{first.severity.value} {(onset_ms - first.at_ms) // HOUR_MS} h before ({first.reason.value.replace('_', ' ')})"
    if loudest.severity is first.severity:
        return said
    return f"{said}, {loudest.severity.value} {(onset_ms - loudest.at_ms) // HOUR_MS} h before"


def _files(folder: Path, rules: Rules, label: LabelRules) -> tuple[str, object]:
    """Every recorded sell-off and calm control by itself, from 21 days before it."""
    paths = sorted(folder.glob("*.csv.gz"))
    with ProcessPoolExecutor(2) as processes:
        recorded = list(processes.map(_gathered, paths, [rules] * len(paths)))
    rows, warned, of = [], 0, 0
    for path, one in zip(paths, recorded, strict=True):
        name = path.name.removesuffix(".csv.gz").replace("_", " ")
        loud = sum(
            alert.kind is Kind.CASCADE and alert.edge is Edge.FIRED and alert.severity.value != "watch"
            for alert in one.alerts
        )
        events = events_of(one.bars, label)
        if not events:
            rows.append([name, "none", "-", "-", str(loud)])
            continue
        event = min(events, key=lambda event: event.fall)
        said = _first_alert(one.alerts, event.onset_ms)
        of += 1
        warned += said != "none"
        rows.append([name, _at(event.onset_ms), share(event.fall), said, str(loud)])
    head = [
        "file",
        "deepest onset",
        "fall",
        "first cascade alert in the 24 h before",
        "loud ones begun in the file",
    ]
    text = f"\n**Each recorded sell-off by itself**: {warned} of {of} had a cascade alert, watch or louder, in the 24 h before their deepest fall began.\n\n"
    return text + table(head, rows), {"warned": warned, "of": of}


def _gathered(path: Path, rules: Rules) -> Recorded:
    return gather(read_history(path), rules, with_size=False)


CHAPTER = Chapter(60, "summer_2024", "Summer 2024: liquidations, and each sell-off by itself", write)
