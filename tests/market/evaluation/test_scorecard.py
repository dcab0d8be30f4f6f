"""The scorecard of alerts: against the faster way of budgets where both see the same, and where there is nothing to say."""

from array import array
from collections.abc import Sequence
from math import isnan, nan

import numpy as np
import pytest

from market.evaluation.budget import edges, score_rows
from market.evaluation.recorded import Bars, Recorded
from market.evaluation.scorecard import (
    BASELINES,
    PRICE,
    RANDOM,
    Markets,
    ScoredBy,
    Unscored,
    card,
    markets_of,
)
from market.evaluation_rules import EvidenceRules
from market.observations import HOUR_MS

FIRST_MS = 1_700_006_400_000
ROWS = 3_000
BY = ScoredBy(evidence=EvidenceRules(repetitions=100, random_draws=200))


def made(seed: int, asset: str = "BTC", first_ms: int = FIRST_MS, *, with_columns: bool = True) -> Recorded:
    """A walk with leaps, and a shock of it: what price did in 24 h by what it does in a day."""
    dice = np.random.default_rng(seed)
    steps = dice.normal(0.0, 0.004, ROWS) - 0.1 * (dice.random(ROWS) < 0.006)
    close = 100.0 * np.exp(np.cumsum(steps))
    low = close * np.exp(-np.abs(dice.normal(0.0, 0.002, ROWS)))
    back = np.concatenate([np.full(24, nan), np.log(close[24:] / close[:-24])])
    bars = Bars(asset, first_ms, _doubles(close), _doubles(low), _doubles(close), array("d", [0.02] * ROWS))
    columns = {"price.r_24h": _doubles(back), "price.shock_24h": _doubles(back / 0.02)}
    return Recorded(bars, columns if with_columns else {})


def _doubles(column: np.ndarray) -> array:  # type: ignore[type-arg]
    return array("d", column.tobytes())


def shocked(markets: Markets, most: float) -> list[list[int]]:
    """When the shock came to fall so far, at scored hours."""
    return [
        [
            one.bars.close_ms(int(row))
            for row in edges(one.scores[PRICE], -most)
            if bool(one.ground.scored[row])
        ]
        for one in markets.each
    ]


@pytest.mark.parametrize("hours", [6, 24])
def test_it_agrees_with_the_faster_way(hours: int) -> None:
    markets = markets_of([made(1), made(2, "ETH")], BY)
    alerts = shocked(markets, -1.5)
    found = card(markets, alerts, hours, [])
    rows = [edges(one.scores[PRICE], 1.5) for one in markets.each]
    fast = score_rows(markets.grounds, rows, hours, [one.lost for one in markets.each])
    assert (found.right, found.counted) == (fast.right.sum(), fast.kept.sum())
    assert (found.warned, found.events) == (fast.warned.sum(), fast.onsets.sum())
    assert found.counted > 10
    assert found.a_month == pytest.approx(fast.a_month)
    assert found.false_a_month.value == pytest.approx(fast.false_a_month)
    assert found.lead_hours is not None
    assert found.lead_hours[1] == pytest.approx(fast.lead)
    assert found.lost is not None
    assert found.lost[1] == pytest.approx(np.median(fast.lost))


def test_price_beside_itself_is_no_better_than_itself() -> None:
    markets = markets_of([made(1), made(2, "ETH")], BY)
    found = card(markets, shocked(markets, -1.5), 6, [PRICE, RANDOM])
    price, chance = found.beside
    assert price.above.low <= 0.0 <= price.above.high or price.above.value < 0.0
    assert chance.precision.low < chance.precision.value < chance.precision.high
    assert found.precision.value - chance.precision.value == pytest.approx(chance.above.value)


def test_a_signal_that_is_not_known_is_no_baseline() -> None:
    markets = markets_of([made(1)], BY)
    found = card(markets, shocked(markets, -1.5), 6, BASELINES)
    known = {one.name: one.known for one in found.beside}
    assert known[PRICE] == 1.0
    assert known["skew_z"] == 0.0
    assert all(isnan(one.precision.value) for one in found.beside if one.name != PRICE)


def test_without_an_alert_there_is_nothing_beside_and_nothing_is_claimed() -> None:
    markets = markets_of([made(1)], BY)
    found = card(markets, [[]], 6, [PRICE, RANDOM])
    assert (found.counted, found.beside, found.lead_hours, found.lost) == (0, (), None, None)
    assert isnan(found.precision.value)
    assert found.alert_hours == 0.0


def test_more_alerts_than_chance_can_place_have_no_chance_beside_them() -> None:
    markets = markets_of([made(1)], BY)
    (one,) = markets.each
    every = [one.bars.close_ms(int(row)) for row in np.flatnonzero(one.ground.scored)]
    found = card(markets, [every], 0, [RANDOM])
    assert found.counted > 1_000
    crowded = card(markets, [every[::2]], 2, [RANDOM])
    assert len(crowded.beside) <= 1


@pytest.mark.parametrize(
    ("asset", "row", "why"),
    [
        ("ETH", 500, Unscored.NO_FILE),
        ("BTC", -1, Unscored.OUTSIDE),
        ("BTC", ROWS + 5, Unscored.OUTSIDE),
        ("BTC", 167, Unscored.WARM_UP),
        ("BTC", ROWS - 1, Unscored.UNKNOWN),
        ("BTC", 168, 0),
        ("BTC", ROWS - 25, 0),
        ("BTC", ROWS + 700, 1),
    ],
)
def test_each_alert_is_in_a_market_or_has_a_reason_not_to_be(
    asset: str, row: int, why: Unscored | int
) -> None:
    later = made(2, first_ms=FIRST_MS + (ROWS + 500) * HOUR_MS)
    markets = markets_of([made(1), later], BY)
    assert markets.find(asset, FIRST_MS + row * HOUR_MS) == why


def test_two_files_of_one_asset_are_two_markets_of_their_own() -> None:
    one, later = made(1), made(2, first_ms=FIRST_MS + 2 * ROWS * HOUR_MS)
    apart = [card(markets_of([mine], BY), _all(mine), 6, []) for mine in (one, later)]
    both = card(markets_of([one, later], BY), [*_all(one), *_all(later)], 6, [RANDOM])
    assert both.counted == sum(mine.counted for mine in apart)
    assert both.events == sum(mine.events for mine in apart)
    assert both.beside[0].known == 1.0


def _all(one: Recorded) -> list[Sequence[int]]:
    return [shocked(markets_of([one], BY), -1.5)[0]]


def test_a_market_without_a_scored_hour_is_refused() -> None:
    short = made(1)
    bars = short.bars
    cut = Bars(
        "BTC", FIRST_MS, *(one[:100] for one in (bars.high_usd, bars.low_usd, bars.close_usd, bars.sigma_24h))
    )
    with pytest.raises(ValueError, match="no hour is scored"):
        markets_of([Recorded(cut, {})], BY)


def test_without_the_return_of_the_day_before_nothing_is_said_of_what_was_lost() -> None:
    bare = made(1, with_columns=False)
    markets = markets_of([bare], BY)
    assert card(markets, [shocked(markets_of([made(1)], BY), -1.5)[0]], 6, []).lost is None
