"""What is warned of, why, and that nothing is said twice."""

from collections.abc import Mapping
from dataclasses import replace
from math import log

import pytest

from market.alerts import AlertMemory, Edge, Kind, Reason, Severity, decide, shock_class
from market.reading import Because, Presence, Reading
from market.regime import Regime, judge
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import State
from tests.market.readings import HOUR, RULES, market, without


def snap(
    at_h: float,
    price_usd: float,
    shock: float | None,
    *,
    before: Regime | None = None,
    presence: Presence = Presence.SEEN,
    flags: Mapping[str, bool | None] | None = None,
) -> Snapshot:
    """A market at `at_h` hours whose price stood at 100 a day ago."""
    readings = market(**(flags or {}))
    now_ms = int(at_h * HOUR)
    facts = {"price_usd": price_usd, "shock_24h": shock, "r_24h": log(price_usd / 100.0), "sigma_1d": 0.02}
    priced = Reading("price", "USD", presence, Because.MEASURED, price_usd, asof_ms=now_ms, facts=facts)
    regime = judge(readings, before, RULES, now_ms)
    return Snapshot("BTC", now_ms, "history", (priced, *readings[1:]), regime)


def cascade(*snapshots: Snapshot) -> list[tuple[int, Edge, Severity, Reason]]:
    """Every cascade alert of these snapshots: hour, edge, severity and reason."""
    memory, told = AlertMemory(), []
    for snapshot in snapshots:
        memory, alerts = decide(memory, snapshot, RULES, snapshot.at_ms)
        told += [
            (alert.at_ms // HOUR, alert.edge, alert.severity, alert.reason)
            for alert in alerts
            if alert.kind is Kind.CASCADE
        ]
    return told


@pytest.mark.parametrize(
    ("shock", "level"), [(None, 0), (-1.49, 0), (-1.5, 1), (-2.0, 2), (-2.49, 2), (-2.5, 3)]
)
def test_classes_of_the_shock(shock: float | None, level: int) -> None:
    assert shock_class(shock, Rules().alerts) == level


def test_a_shock_is_told_once_and_escalates_as_it_deepens() -> None:
    told = cascade(
        snap(1, 97, -1.6), snap(2, 97, -1.6), snap(3, 96, -2.1), snap(4, 95, -2.2), snap(5, 94, -2.6)
    )
    assert told == [
        (1, Edge.FIRED, Severity.WATCH, Reason.PRICE_SHOCK),
        (3, Edge.ESCALATED, Severity.WARNING, Reason.PRICE_SHOCK),
        (5, Edge.ESCALATED, Severity.CRITICAL, Reason.PRICE_SHOCK),
    ]


CROWD = {"pd": True, "down": True, "flat": False, "oe": True, "fn": True, "fr": False}


@pytest.mark.parametrize("context", [("fe", "fn"), ("fe", "fn", "kst"), ("lc",), tuple(CROWD)])
def test_context_beside_a_shock_raises_nothing(context: tuple[str, ...]) -> None:
    flags = (
        {**dict.fromkeys(context, True), **CROWD}
        if context == tuple(CROWD)
        else {**dict.fromkeys(context, True), "fr": False}
    )
    assert cascade(snap(1, 97, -1.6, flags=flags)) == [(1, Edge.FIRED, Severity.WATCH, Reason.PRICE_SHOCK)]


def test_context_that_joins_a_shock_is_told_with_the_next_word_only() -> None:
    told = cascade(snap(1, 97, -1.6), snap(2, 97, -1.6, flags=CROWD))
    assert told == [(1, Edge.FIRED, Severity.WATCH, Reason.PRICE_SHOCK)]


def test_that_price_has_broken_after_all_is_told_even_where_nothing_gets_louder() -> None:
    crowd = {"pd": True, "down": True, "flat": False, "oe": True, "fn": True, "fr": False}
    told = cascade(snap(1, 99, -0.5, flags=crowd), snap(2, 97, -1.6), snap(3, 97, -1.6), snap(4, 96, -2.1))
    assert told == [
        (1, Edge.FIRED, Severity.WATCH, Reason.CONTEXT_ALONE),
        (2, Edge.ESCALATED, Severity.WATCH, Reason.PRICE_SHOCK),
        (4, Edge.ESCALATED, Severity.WARNING, Reason.PRICE_SHOCK),
    ]


def test_context_alone_is_a_watch_and_once_a_day() -> None:
    crowd = {"pd": True, "down": True, "flat": False, "oe": True, "fn": True, "fr": False}
    told = cascade(
        snap(1, 99, -0.5, flags=crowd), snap(2, 99, -0.5), snap(4, 99, -0.5), snap(6, 99, -0.5, flags=crowd)
    )
    assert told == [
        (1, Edge.FIRED, Severity.WATCH, Reason.CONTEXT_ALONE),
        (4, Edge.RESOLVED, Severity.WATCH, Reason.CONTEXT_CLEARED),
    ]


def lost(at_h: float) -> Snapshot:
    return snap(at_h, 97, None, presence=Presence.STALE)


def clear(at_h: float) -> Snapshot:
    return snap(at_h, 97, -0.4)


def edges(*snapshots: Snapshot) -> list[Edge]:
    return [edge for _, edge, _, _ in cascade(*snapshots)]


def test_a_moment_out_of_sight_is_no_part_of_the_two_clear_hours_and_does_not_begin_them_anew() -> None:
    """Clear from hour 2, out of sight for twelve minutes: the two hours are over at 4.2."""
    seen = (snap(1, 91, -3.0), clear(2), lost(3), clear(3.2), clear(4.1))
    assert edges(*seen) == [Edge.FIRED, Edge.UNKNOWN]
    assert edges(*seen, clear(4.2)) == [Edge.FIRED, Edge.UNKNOWN, Edge.RESOLVED]


def test_a_longer_time_out_of_sight_begins_the_two_clear_hours_anew() -> None:
    seen = (snap(1, 91, -3.0), clear(2), lost(3), clear(3.5), clear(5.4))
    assert edges(*seen) == [Edge.FIRED, Edge.UNKNOWN]
    assert edges(*seen, clear(5.5)) == [Edge.FIRED, Edge.UNKNOWN, Edge.RESOLVED]


def test_context_that_is_not_seen_any_more_is_not_resolved() -> None:
    crowd: dict[str, bool | None] = {
        "pd": True,
        "down": True,
        "flat": False,
        "oe": True,
        "fn": True,
        "fr": False,
    }
    unseen = crowd | {"oe": None, "ou": None, "oc": None}
    told = cascade(
        snap(1, 99, -0.5, flags=crowd), *[snap(hour, 99, -0.5, flags=unseen) for hour in range(2, 12)]
    )
    assert told == [(1, Edge.FIRED, Severity.WATCH, Reason.CONTEXT_ALONE)]


def test_forced_selling_that_is_not_seen_any_more_is_not_resolved() -> None:
    """Price has recovered, and whether anybody is still forced out is not known: liquidations are stale."""
    crash: dict[str, bool | None] = {
        "pd": True,
        "brk": True,
        "down": True,
        "flat": False,
        "lc": True,
        "lb": True,
    }
    unseen = crash | {"lc": None, "lb": None, "flagged": None}
    blind = [snap(hour, 97, -0.4, flags=unseen) for hour in range(2, 9)]
    stale = [replace(one, readings=tuple(_stale(reading) for reading in one.readings)) for one in blind]
    told = cascade(snap(1, 97, -0.4, flags=crash), *stale)
    assert [edge for _, edge, _, _ in told] == [Edge.FIRED]


def test_an_old_book_keeps_no_warning_alive() -> None:
    """Books are none of the five: what is not learned yet may leave UNWINDING possible for days, unseen books too."""
    crash = {"pd": True, "brk": True, "down": True, "flat": False, "lc": True, "lb": True}
    learning = crash | {"lc": None, "lb": None, "flagged": None}
    book = Reading("depth", "USD", Presence.STALE, Because.TOO_OLD, asof_ms=0)
    calm = [snap(hour, 97, -0.4, flags=learning) for hour in range(2, 9)]
    assert all(State.UNWINDING in one.regime.possible for one in calm)
    told = cascade(
        snap(1, 97, -0.4, flags=crash), *(replace(one, readings=(*one.readings, book)) for one in calm)
    )
    assert told[-1][1] in {Edge.RESOLVED, Edge.FALSE_ALARM}


def _stale(reading: Reading) -> Reading:
    return replace(reading, presence=Presence.STALE) if reading.name == "liquidations" else reading


def test_forced_selling_is_critical_whatever_the_shock() -> None:
    crash = {"pd": True, "brk": True, "down": True, "flat": False, "lc": True, "lb": True}
    assert cascade(snap(1, 97, -0.4, flags=crash)) == [
        (1, Edge.FIRED, Severity.CRITICAL, Reason.FORCED_SELLING)
    ]


def test_a_fall_that_came_to_nothing_is_called_a_false_alarm_after_two_clear_hours() -> None:
    told = cascade(
        snap(1, 96, -2.1), snap(2, 97, -0.9), snap(3, 97, -1.2), snap(4, 98, -0.5), snap(6, 98, -0.5)
    )
    assert told[-1] == (6, Edge.FALSE_ALARM, Severity.WARNING, Reason.NEVER_FELL_FAR)
    assert len(told) == 2


def test_a_fall_that_was_real_is_resolved() -> None:
    told = cascade(snap(1, 95, -2.1), snap(2, 91, -3.0), snap(3, 94, -0.9), snap(5, 94, -0.9))
    assert told[-1] == (5, Edge.RESOLVED, Severity.CRITICAL, Reason.SHOCK_CLEARED)


def test_a_lost_price_makes_a_standing_warning_unknown_once_and_never_resolved() -> None:
    blind = [snap(hour, 96, None, presence=Presence.STALE) for hour in range(2, 40)]
    told = cascade(snap(1, 96, -2.1), *blind)
    assert told[1:] == [(2, Edge.UNKNOWN, Severity.WARNING, Reason.NO_FRESH_PRICE)]


def test_a_price_that_flaps_is_said_to_be_lost_once_in_six_hours() -> None:
    flapping = [
        snap(hour, 96, None if hour % 2 else -2.1, presence=Presence.STALE if hour % 2 else Presence.SEEN)
        for hour in range(3, 10)
    ]
    told = cascade(snap(2, 96, -2.1), *flapping)
    assert [(hour, edge) for hour, edge, _, _ in told] == [
        (2, Edge.FIRED), (3, Edge.UNKNOWN), (9, Edge.UNKNOWN),
    ]  # fmt: skip


def test_an_unknown_shock_never_clears_a_warning() -> None:
    told = cascade(snap(1, 96, -2.1), *[snap(hour, 96, None) for hour in range(2, 20)])
    assert len(told) == 1


def test_a_fall_that_goes_on_for_a_day_is_told_again() -> None:
    told = cascade(*[snap(hour, 96, -2.1) for hour in range(1, 50, 4)])
    assert [(hour, reason) for hour, _, _, reason in told] == [
        (1, Reason.PRICE_SHOCK),
        (25, Reason.STILL_FALLING_AFTER_A_DAY),
        (49, Reason.STILL_FALLING_AFTER_A_DAY),
    ]


def test_an_alert_says_how_much_is_lost_and_keeps_its_name() -> None:
    memory, (first,) = decide(AlertMemory(), snap(1, 96, -2.1), RULES, HOUR)
    _, (second,) = decide(memory, snap(2, 93, -2.6), RULES, 2 * HOUR)
    assert first.lost_so_far == pytest.approx(-0.04)
    assert second.lost_so_far == pytest.approx(-0.07)
    assert second.low_so_far == pytest.approx(-0.07)
    assert first.id == second.id
    assert len(first.id) == 4


def test_a_change_of_regime_is_told_once_with_its_way_back() -> None:
    memory, regime, told = AlertMemory(), None, []
    crowd = {"pd": True, "down": True, "flat": False, "oe": True, "fn": True, "fr": False}
    for hour, flags in enumerate([{}, crowd, crowd, {}, {}, {}, {}], start=1):
        snapshot = snap(hour, 99, -0.2, before=regime, flags=flags)
        regime = snapshot.regime
        memory, alerts = decide(memory, snapshot, RULES, snapshot.at_ms)
        told += [(hour, alert.edge, alert.state) for alert in alerts if alert.kind is Kind.REGIME]
    assert told == [(2, Edge.FIRED, "CROWDING"), (6, Edge.RESOLVED, "HEALTHY")]


def test_too_little_seen_is_told_as_unknown() -> None:
    crowd = {"pd": True, "down": True, "flat": False, "oe": True, "fn": True, "fr": False}
    first = snap(1, 99, -0.2, flags=crowd)
    memory, _ = decide(AlertMemory(), first, RULES, first.at_ms)
    blind = judge(without(market(**crowd), "price", Presence.STALE), first.regime, RULES, 2 * HOUR)
    lost = Snapshot("BTC", 2 * HOUR, "history", without(first.readings, "price", Presence.STALE), blind)
    _, alerts = decide(memory, lost, RULES, 2 * HOUR)
    assert [(alert.edge, alert.reason) for alert in alerts if alert.kind is Kind.REGIME] == [
        (Edge.UNKNOWN, Reason.TOO_LITTLE_SEEN)
    ]


def regime_alerts(*hours: Mapping[str, bool | None] | None) -> list[tuple[int, Edge, str]]:
    """Every regime alert of these hours' flags, None for an hour whose price is stale."""
    memory, regime = AlertMemory(), None
    told: list[tuple[int, Edge, str]] = []
    for hour, flags in enumerate(hours, start=1):
        snapshot = snap(hour, 99, -0.2, before=regime, flags=CROWD if flags is None else flags)
        if flags is None:
            blind = without(market(**CROWD), "price", Presence.STALE)
            snapshot = replace(snapshot, readings=blind, regime=judge(blind, regime, RULES, hour * HOUR))
        regime = snapshot.regime
        memory, alerts = decide(memory, snapshot, RULES, snapshot.at_ms)
        told += [(hour, alert.edge, alert.state) for alert in alerts if alert.kind is Kind.REGIME]
    return told


def test_a_feed_that_comes_and_goes_does_not_tell_the_same_state_again() -> None:
    told = regime_alerts({}, CROWD, None, CROWD, None, CROWD)
    assert told == [(2, Edge.FIRED, "CROWDING"), (3, Edge.UNKNOWN, "INSUFFICIENT_DATA")]


def test_what_became_unknown_is_resolved_once_it_is_seen_to_be_over() -> None:
    told = regime_alerts({}, CROWD, None, {}, {}, {})
    assert told[-1] == (6, Edge.RESOLVED, "HEALTHY")


def test_every_state_that_was_told_is_resolved_however_soon_it_came_back() -> None:
    told = regime_alerts({}, CROWD, {}, {}, {}, CROWD, {}, {}, {})
    assert [edge for _, edge, _ in told] == [Edge.FIRED, Edge.RESOLVED, Edge.FIRED, Edge.RESOLVED]
