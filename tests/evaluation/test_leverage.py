"""The chapters on leverage: on a market where falls breed falls they find it, and where nothing is known they say so."""

from array import array

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.chapters import leverage, sizing
from evaluation.leverages import FAMILIES, fall_below
from evaluation.leverages_tried import Trial, chance_of_best
from evaluation.study import Study
from market.evaluation.recorded import Bars, Recorded
from market.evaluation_rules import EvidenceRules
from market.observations import DAY_MS, HOUR_MS

Floats = NDArray[np.float64]
DAYS = 900
FALL = "**fall below the high of 72 h**"
USED = [family for family in FAMILIES if family.name in {FALL, "volatility of 30 d, inverse"}]


def column(values: Floats) -> "array[float]":
    return array("d", values.tolist())


def closes_of(bred: float, seed: int) -> Floats:
    """Hours whose volatility grows with how far price is below its high of three days, by `bred`; 0: not at all."""
    random = np.random.default_rng(seed)
    blows = random.standard_t(5.0, DAYS * 24) * 0.0045
    closes = [100.0] * 72
    for blow in blows:
        fall = 1.0 - closes[-1] / max(closes[-72:])
        closes.append(
            closes[-1]
            * float(np.exp(np.clip(blow * (1.0 + min(bred * fall, 4.0)) + 0.0002 * bred * fall, -0.2, 0.2)))
        )
    return np.array(closes[72:])


def market(asset: str, bred: float, seed: int) -> Recorded:
    closes = closes_of(bred, seed)
    noise = np.random.default_rng(seed + 1)
    told = {
        "funding.settled_8h": np.full(len(closes), 1e-4),
        "volatility.rv_30d": 0.5 + 0.1 * noise.random(len(closes)),
        "size.step": np.where(noise.random(len(closes)) < 0.3, 2.5, 5.0),
        "size.continuous": np.full(len(closes), 4.5),
    }
    price, sigma = column(closes), column(np.full(len(closes), 0.03))
    bars = Bars(asset, 20_000 * DAY_MS + HOUR_MS, price, price, price, sigma)
    return Recorded(bars, {name: column(values) for name, values in told.items()})


def study(bred: float) -> Study:
    markets = (market("BTC", bred, 3), market("ETH", bred, 4))
    return Study(markets, evidence=EvidenceRules(repetitions=300))


@pytest.fixture(scope="module")
def breeding() -> Study:
    return study(40.0)


def test_where_falls_breed_falls_a_rule_by_the_fall_beats_a_constant_walking_forward(breeding: Study) -> None:
    trial = Trial(breeding, USED)
    found, meaningless = (trial.walk([name]).compared.ratio for name in (FALL, "volatility of 30 d, inverse"))
    assert found.value < 0.85
    assert found.high < 1.0
    assert not meaningless.excludes(1.0) or meaningless.value > 1.0
    noise = {"noise": trial.whole(trial.raw["volatility of 30 d, inverse"][0])}
    best, chance = chance_of_best({"fall": trial.whole(trial.raw[FALL][1]), **noise})
    assert best == "fall"
    assert chance < chance_of_best(noise)[1]


def test_where_nothing_breeds_them_it_does_not() -> None:
    ratio = Trial(study(0.0), USED).walk([FALL]).compared.ratio
    assert not ratio.high < 1.0


def test_no_fold_trains_on_what_it_tests_and_untrained_entries_do_not_count(breeding: Study) -> None:
    trial = Trial(breeding, USED)
    for fold in trial.folds:
        assert fold.test_from - fold.train_until >= 33
    assert not any(tested[: 24 * 365].any() for tested in trial.tested)
    assert trial.means() == pytest.approx([3.9, 3.9], abs=0.05)


def test_the_fall_is_known_at_the_close_and_from_no_later_one() -> None:
    closes = np.array([100.0, 110.0, 99.0, 50.0])
    assert fall_below(closes, 2)[1:] == pytest.approx([0.0, 0.1, 1.0 - 50.0 / 99.0])
    assert fall_below(closes[:3], 2)[2] == fall_below(closes, 2)[2]


def test_the_chapters_tell_the_ratio_and_count_their_variants(breeding: Study) -> None:
    told = sizing.CHAPTER.write(breeding)
    assert "| BTC |" in told.text
    ratio = told.facts["ratio_to_equal"]
    assert isinstance(ratio, list)
    assert ratio[1] <= ratio[0] <= ratio[2]
    assert breeding.tried["sizing: /size as it is"] == 2


def test_without_prices_funding_or_sizes_nothing_is_established() -> None:
    bare = market("BTC", 0.0, 5)
    blind = Study((Recorded(bare.bars, {}),), evidence=EvidenceRules(repetitions=50))
    for chapter in (sizing.CHAPTER, leverage.CHAPTER):
        assert chapter.write(blind).text.startswith("Not established")
