"""The branching ratio as a fact: shown while it is of this hour, ranked after a week, and judged by nothing."""

from market.observations import HOUR_MS, Branching, Observation, Venue
from market.state import MarketState
from scheduler.engine import Engine
from tests.market.feeds import RULES, START_MS, closes, fed, interest, liquidated, read

HOURS = 240


def estimate(number: int, ratio: float) -> Branching:
    return Branching(Venue.BYBIT, START_MS + number * HOUR_MS, 15 * 60_000, ratio, 0.1, 400)


def steps(ratio: float | None) -> list[list[Observation]]:
    """Ten quiet days, an estimate an hour where there is one."""
    made = []
    for number, closed in enumerate(closes([100.0] * HOURS), start=1):
        told: list[Observation] = [
            *closed,
            interest(number, 100_000.0),
            liquidated(number, 1.0 + number % 5, 1.0),
        ]
        made.append(told if ratio is None else [*told, estimate(number, ratio + number % 3 / 100.0)])
    return made


def market(ratio: float | None) -> MarketState:
    return fed(steps(ratio))


def test_an_estimate_of_this_hour_is_shown_with_its_deviation_events_and_rank() -> None:
    facts = read(market(0.4), "liquidations").facts

    assert (facts["branching"], facts["branching_deviation"], facts["branching_events"]) == (0.4, 0.1, 400.0)
    rank = facts["branching_percentile"]
    assert rank is not None
    assert 0.0 < rank < 0.5


def test_without_estimates_there_is_nothing_to_show() -> None:
    facts = read(market(None), "liquidations").facts

    assert [facts[name] for name in ("branching", "branching_percentile", "branching_events")] == [None] * 3


def test_an_estimate_of_an_hour_ago_is_not_shown() -> None:
    state = market(0.4)
    state.observe((), START_MS + HOURS * HOUR_MS + HOUR_MS + 1, RULES)

    assert read(state, "liquidations").facts["branching"] is None


def test_no_estimate_however_high_moves_a_flag_a_level_or_a_state() -> None:
    with_it, without = Engine("BTC", RULES, "history"), Engine("BTC", RULES, "history")
    for number, (told, other) in enumerate(zip(steps(0.95), steps(None), strict=True), start=1):
        now_ms = START_MS + number * HOUR_MS
        one, alerts = with_it.step(now_ms, told)
        two, same = without.step(now_ms, other)
        assert (one.regime, alerts) == (two.regime, same)


def test_an_older_estimate_changes_nothing() -> None:
    state = market(0.4)
    state.branching.observe(estimate(3, 0.9), RULES.freshness.absent_after_ms)

    assert read(state, "liquidations").facts["branching"] == 0.4
