"""A recorded market through the engine, row by row: what it knew at each close, for those who score it afterwards."""

from array import array
from collections.abc import Iterator
from math import inf, nan, sqrt

from market.alerts import Alert
from market.checklist import seen_flag
from market.evaluation.recorded import Bars, Doubles, Recorded
from market.flags import INPUT_OF
from market.margin import ImpossiblePosition, Tier, Tiers
from market.observations import HOUR_MS, Asset, Candle, Side, Venue
from market.rules import Rules
from market.sizing import Position, check_size, conditions_of
from market.snapshot import Snapshot
from market.table import CODED
from scheduler.engine import Engine
from scheduler.history_files import HistoryFile

ASKED_LEVERAGE, ASKED_HOURS = 5.0, 72.0
"""The position of the sizing check of section 10: a 5x long held three days."""

MAINTENANCE_RATE, HIGHEST_LEVERAGE = 0.005, 125.0
"""Of every notional: "today's tier tables barred for past sizing claims" (section 10); section 6 of the first evaluation."""


def gather(history: HistoryFile, rules: Rules, *, with_size: bool = True) -> Recorded:
    """All bars of one file, which must be of an hour, through the engine. Raises ValueError for other bars.

    `with_size` also asks at each close what `/size` allows of a 5x long held three days (a third of the time).
    """
    if history.step_ms != HOUR_MS:
        raise ValueError(f"{history.path.name}: bars of an hour are scored, not of {history.step_ms} ms")
    rows = (history.last_close_ms - history.first_close_ms) // HOUR_MS + 1
    columns: dict[str, Doubles] = {}
    high, low, close, sigma = (_unknown(rows) for _ in range(4))
    engine, alerts = Engine(history.asset, rules, "history"), list[Alert]()
    tiers = _flat(history.asset) if with_size else None
    for now_ms, _, observations in history.steps():
        row = (now_ms - history.first_close_ms) // HOUR_MS
        snapshot, told = engine.step(now_ms, observations)
        alerts.extend(told)
        for candle in observations:
            if isinstance(candle, Candle):
                high[row], low[row] = candle.high_usd, candle.low_usd
                close[row] = candle.close_usd if candle.mark_close_usd is None else candle.mark_close_usd
        for name, value in _told(snapshot, tiers, rules):
            if value is not None:
                column = columns.get(name)
                if column is None:
                    column = columns[name] = _unknown(rows)
                column[row] = value
        ewma = snapshot.fact("volatility", "ewma_3d")
        if ewma is not None:
            sigma[row] = ewma / sqrt(365.0)
    bars = Bars(history.asset, history.first_close_ms, high, low, close, sigma)
    return Recorded(bars, columns, tuple(alerts))


def _unknown(rows: int) -> Doubles:
    return array("d", [nan]) * rows


def _flat(asset: Asset) -> Tiers:
    """One bracket for every size and year."""
    return Tiers(asset, Venue.BINANCE, "", (Tier(0.0, inf, HIGHEST_LEVERAGE, MAINTENANCE_RATE, 0.0),))


def _told(snapshot: Snapshot, tiers: Tiers | None, rules: Rules) -> Iterator[tuple[str, float | None]]:
    """Every number of a snapshot by its name in `Recorded.columns`."""
    for reading in snapshot.readings:
        yield f"{reading.name}.value", reading.value
        yield f"{reading.name}.percentile", reading.percentile
        for name, fact in reading.facts.items():
            yield f"{reading.name}.{name}", fact
    regime = snapshot.regime
    for name, memory in regime.flags.items():
        yield f"flag.{name}", _number(memory.value)
    for name in INPUT_OF:
        yield f"seen.{name}", _number(seen_flag(snapshot, name))
    yield "regime.state", float(CODED.index(regime.state))
    yield "regime.stage", float(regime.stage)
    yield "regime.score", regime.score
    yield "regime.confidence", regime.confidence
    yield "regime.protip", _number(regime.protip)
    if tiers is not None:
        yield from _sized(snapshot, tiers, rules)


def _number(claim: bool | None) -> float | None:
    return None if claim is None else float(claim)


def _sized(snapshot: Snapshot, tiers: Tiers, rules: Rules) -> Iterator[tuple[str, float | None]]:
    """What each cap of `/size` allows, and the least of them."""
    position = Position(snapshot.asset, Side.LONG, ASKED_LEVERAGE, hold_hours=ASKED_HOURS)
    try:
        check = check_size(position, conditions_of(snapshot, rules), tiers, rules.sizing)
    except ImpossiblePosition:
        return
    yield "size.max_leverage", check.max_leverage
    yield "size.new_notional_factor", check.new_notional_factor
    for cap, leverage in check.caps.items():
        yield f"size.{cap.value}", leverage
