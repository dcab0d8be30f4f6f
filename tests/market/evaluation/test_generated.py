"""Markets made of chance: the same from the same seed, jointly shocked, with the truth that was planted."""

from dataclasses import replace

import numpy as np
import pytest

from market.evaluation.bootstrap import Floats
from market.evaluation.generated import FREE_OF_CAUSE, STANDARD, Generated, generate, generate_many
from market.evaluation.labels import events_of
from market.evaluation_rules import LabelRules

ASSETS = ("BTC", "ETH")
DENSE = replace(STANDARD, month_signs=3.0)


def returns(one: Generated) -> Floats:
    return np.diff(np.log(one.close_usd))


@pytest.fixture(scope="module")
def market() -> tuple[Generated, ...]:
    return generate(ASSETS, 500, 11, DENSE)


def test_the_same_seed_gives_the_same_market_alone_or_among_others() -> None:
    (alone,) = generate(("BTC",), 40, 5)
    _, (among,) = generate_many(("BTC",), 40, [4, 5])
    assert (alone.low_usd == among.low_usd).all()
    assert (alone.funding_8h == among.funding_8h).all()


def test_prices_are_hours_in_order(market: tuple[Generated, ...]) -> None:
    for one in market:
        assert (one.low_usd <= np.minimum(one.open_usd, one.close_usd)).all()
        assert (one.high_usd >= np.maximum(one.open_usd, one.close_usd)).all()
        assert (one.open_usd[1:] == one.close_usd[:-1]).all()
        assert np.unique(np.diff(one.opens_ms())).tolist() == [3_600_000]


def test_assets_are_shocked_together_and_calm_follows_calm(market: tuple[Generated, ...]) -> None:
    first, second = (returns(one) for one in market)
    assert np.corrcoef(first, second)[0, 1] > 0.5
    assert np.corrcoef(np.abs(first[:-24]), np.abs(first[24:]))[0, 1] > 0.03


def test_most_planted_falls_are_found_where_they_were_planted(market: tuple[Generated, ...]) -> None:
    for one in market:
        recorded = one.recorded()
        onsets = [recorded.bars.row_at(event.onset_ms) for event in events_of(recorded.bars, LabelRules())]
        near = [any(0 <= onset - fall <= 12 for onset in onsets) for fall in one.falls]
        assert np.mean(near) > 0.6


def test_a_sign_stands_before_about_half_of_the_falls_it_announces(market: tuple[Generated, ...]) -> None:
    one = market[0]
    signs = np.flatnonzero(np.diff(one.sign, prepend=0.0) > 0.0)
    share = np.mean([((one.falls > sign) & (one.falls <= sign + 18)).any() for sign in signs])
    assert 0.25 < share < 0.6


def test_funding_tells_the_sign_and_open_interest_the_meaningless_one(market: tuple[Generated, ...]) -> None:
    one = market[0]
    assert one.funding_8h[one.sign > 0.0].min() > 3e-4
    assert one.funding_8h[one.sign == 0.0].max() < 1e-4
    begins = np.flatnonzero(np.diff(one.meaningless, prepend=0.0) > 0.0)[1:]
    grown = one.interest_coins[begins] / one.interest_coins[begins - 1] - 1.0
    assert grown.min() > 0.08


def test_the_null_has_no_planted_fall_and_no_sign() -> None:
    (one,) = generate(("BTC",), 100, 3, FREE_OF_CAUSE)
    assert not len(one.falls)
    assert not one.sign.any()
    assert one.meaningless.any()


def test_what_is_recorded_of_it_is_known_at_the_close(market: tuple[Generated, ...]) -> None:
    recorded = market[0].recorded()
    row = 24 * 60
    day = np.log(recorded.bars.close_usd[row] / recorded.bars.close_usd[row - 24])
    assert recorded.columns["price.shock_24h"][row] == pytest.approx(day / recorded.bars.sigma_24h[row])
    assert np.isnan(recorded.columns["price.shock_24h"][23])
    assert len(recorded.columns["flag.sign"]) == len(recorded.bars) == 500 * 24
