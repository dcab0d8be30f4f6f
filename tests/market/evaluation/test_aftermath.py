"""What followed: shares of moments beside those of all hours, on bars made by hand."""

from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from market.evaluation.aftermath import (
    Aftermath,
    Moments,
    aftermath_of,
    mean_after,
    quartiles,
    quartiles_after,
    share_after,
)
from market.evaluation.bootstrap import draw_days
from market.evaluation.labels import events_of
from market.evaluation.wilson import wilson
from market.evaluation_rules import EvidenceRules, LabelRules
from market.odds import Share
from tests.market.evaluation.hourly_bars import bars_of, falling

LABEL = LabelRules()
EVIDENCE = EvidenceRules(repetitions=300)
DAYS = 60
DRAWS = draw_days(DAYS, 7, EVIDENCE)
Claims: TypeAlias = NDArray[np.bool_]


def hours(every: int, first: int = 0) -> Claims:
    """An hour in so many of `DAYS` days."""
    chosen = np.zeros(DAYS * 24, np.bool_)
    chosen[first::every] = True
    return chosen


def market(sell_off: Claims) -> Aftermath:
    """A market in which a sell-off followed those hours and no others, and price fell 1 % an hour."""
    rows = len(sell_off)
    returns = {1: np.full(rows, -0.01), 4: np.full(rows, -0.04), 24: np.full(rows, -0.2)}
    value = sell_off.astype(np.float64)
    return Aftermath(np.arange(rows) // 24, value, value, returns)


def share_of(
    after: Aftermath, told: Claims, possible: Claims | None = None, spells: int | None = None
) -> Share:
    moments = [Moments(after, told, hours(1) if possible is None else possible)]
    return share_after("sell_off", moments, DRAWS, EVIDENCE, spells=spells)


def test_bars_tell_what_followed_every_hour() -> None:
    bars = bars_of(falling(60, [100.0, 97.0, 92.0, 88.0], 40), sigma=0.01)
    (event,) = events_of(bars, LABEL)
    after = aftermath_of(bars, [event], np.arange(len(bars)) // 24, LABEL)
    onset = bars.row_at(event.onset_ms)
    assert after.sell_off[onset - 24 : onset].tolist() == [1.0] * 24
    assert after.sell_off[onset - 25] == 0.0
    assert np.isnan(after.sell_off[onset : onset + 25]).all()
    assert after.further_fall[50] == 1.0
    assert after.further_fall[30] == 0.0
    assert after.returns[1][61] == pytest.approx(92.0 / 97.0 - 1.0)
    assert np.isnan(after.returns[24][-24:]).all()


def test_what_is_not_known_ahead_is_no_case() -> None:
    after = market(hours(24))
    after.sell_off[:240] = np.nan
    share = share_of(after, hours(24))
    assert (share.cases, share.days) == (50, 50)


def test_a_share_that_is_like_any_hour_is_said_not_to_differ() -> None:
    share = share_of(market(hours(2)), hours(3))
    assert share.share == pytest.approx(0.5)
    assert share.base == pytest.approx(0.5)
    assert not share.differs
    assert share.is_established


def test_a_share_above_that_of_all_hours_is_said_to_differ() -> None:
    share = share_of(market(hours(4)), hours(8))
    assert share.share == 1.0
    assert share.base == pytest.approx(0.25)
    assert share.differs


def test_few_hits_take_the_interval_of_wilson() -> None:
    share = share_of(market(hours(24 * 30)), hours(24))
    assert share.share == pytest.approx(2 / 60)
    assert (share.low, share.high) == wilson(2, 60, EVIDENCE.level)


def test_hours_of_few_spells_count_as_so_many_cases() -> None:
    share = share_of(market(hours(2)), hours(3), spells=12)
    assert (share.low, share.high) == wilson(6, 12, EVIDENCE.level)
    assert not share.is_established


def test_too_few_days_of_moments_or_of_what_followed_establish_nothing() -> None:
    assert not share_of(market(hours(2)), hours(24 * 4)).is_established
    assert not share_of(market(hours(24 * 4)), hours(24)).is_established
    assert share_of(market(hours(24 * 2)), hours(24)).is_established


def test_the_share_of_all_hours_takes_assets_in_the_proportion_of_the_moments() -> None:
    wild, calm = (
        Moments(market(hours(2)), hours(24), hours(1)),
        Moments(market(hours(24)), hours(12), hours(1)),
    )
    share = share_after("sell_off", [wild, calm], DRAWS, EVIDENCE)
    assert share.cases == 60 + 120
    assert share.base == pytest.approx((60 * 0.5 + 120 / 24) / 180)


def test_only_hours_in_which_it_could_have_been_told_are_compared_with() -> None:
    share = share_of(market(hours(24)), hours(24, first=1), possible=hours(24))
    assert share.base == 1.0


def test_without_a_moment_there_is_no_share() -> None:
    share = share_of(market(hours(2)), np.zeros(DAYS * 24, np.bool_))
    assert (share.cases, share.share, share.is_established) == (0, None, False)


def test_returns_are_told_by_their_mean_and_quartiles() -> None:
    after = market(hours(2))
    moments = [Moments(after, hours(24), hours(1))]
    assert mean_after(24, moments, DRAWS, EVIDENCE).value == pytest.approx(-0.2)
    assert quartiles_after(4, moments) == pytest.approx((-0.04, -0.04, -0.04))
    assert quartiles(np.array([1.0, np.nan, 3.0])) == (1.5, 2.0, 2.5)
    assert quartiles(np.array([np.nan])) is None
    none = [replace(moments[0], told=np.zeros(DAYS * 24, np.bool_))]
    assert np.isnan(mean_after(24, none, DRAWS, EVIDENCE).value)
    assert quartiles_after(4, none) is None
