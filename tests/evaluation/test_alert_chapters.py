"""The chapters on alerts: on markets made of chance they find the planted sign, call the meaningless one what it is, and bear gaps."""

import json
from array import array
from collections.abc import Mapping
from itertools import chain

import numpy as np
import pytest

from evaluation.chapters import ablations, baselines, edges, hours, robust, rules_scored
from evaluation.conditions import both, conditions, either
from evaluation.drawing import Axis, Line, forest
from evaluation.grounds import field, longest
from evaluation.signals import ranked, signals, summed
from evaluation.study import Floats, Study, Written
from evaluation.told import rows_told, standing
from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.evaluation.generated import Generated, generate
from market.evaluation.recorded import Recorded
from market.evaluation_rules import EvidenceRules
from market.observations import HOUR_MS
from market.table import CODED, State

ASSETS, DAYS, SEED = ("BTC", "ETH"), 500, 11
PLANTED, MEANINGLESS = "funding level (24 h mean)", "open interest percentile"
CHAPTERS = (baselines, robust, edges, hours, rules_scored, ablations)


def column(values: Floats) -> "array[float]":
    return array("d", np.asarray(values, np.float64).tolist())


def told(made: Generated, recorded: Recorded) -> tuple[Alert, ...]:
    """An alert of dear funding wherever the sign begins to stand, over after a day."""
    begins = np.flatnonzero(np.diff(made.sign, prepend=0.0) > 0.0).tolist()
    said = [(row, Edge.FIRED, Severity.WATCH) for row in begins] + [
        (row + 24, Edge.RESOLVED, Severity.WATCH) for row in begins
    ]
    return tuple(
        Alert(str(number), recorded.asset, Kind.FUNDING, severity, edge, Reason.CONDITION_HOLDS, recorded.bars.close_ms(row), 0, State.MIXED)
        for number, (row, edge, severity) in enumerate(sorted(said))
    )  # fmt: skip


def market(made: Generated) -> Recorded:
    """What the engine would call the sign dear funding and the meaningless one high open interest, and the rest of price."""
    plain = made.recorded()
    close = made.close_usd
    day = np.concatenate([np.full(24, np.nan), np.log(close[24:] / close[:-24])])
    sigma = np.frombuffer(plain.bars.sigma_24h)
    crowding, mixed = (float(CODED.index(state)) for state in (State.CROWDING, State.MIXED))
    columns = {
        **plain.columns,
        "funding.f24": column(made.funding_8h),
        "open_interest.percentile": column(0.5 + 0.5 * made.meaningless + 1e-6 * np.arange(len(close)) / len(close)),
        "price.r_24h": column(day),
        "price.sigma_1d": column(sigma),
        "price.drawdown_7d": column(np.minimum(day, 0.0)),
        "volatility.ewma_3d": column(sigma),
        "flag.fe": column(made.sign),
        "flag.oe": column(made.meaningless),
        "regime.state": column(np.where(made.sign > 0.0, crowding, mixed)),
        **{f"seen.{name}": column(0.0 * made.sign) for name in ("pd", "brk", "nc", "lc", "ks", "kst", "stab", "ou", "oc", "fn", "fr", "fd")},
        "seen.fe": column(made.sign),
        "seen.oe": column(made.meaningless),
    }  # fmt: skip
    return Recorded(plain.bars, columns, told(made, plain))


@pytest.fixture(scope="module")
def study() -> Study:
    evidence = EvidenceRules(repetitions=200, random_draws=100, least_event_days=10)
    return Study(tuple(market(one) for one in generate(ASSETS, DAYS, SEED)), evidence=evidence)


@pytest.fixture(scope="module")
def written(study: Study) -> Mapping[str, Written]:
    return {chapter.CHAPTER.name: chapter.write(study) for chapter in CHAPTERS}


def of(facts: object, *path: str) -> Mapping[str, list[float]]:
    for name in path:
        assert isinstance(facts, Mapping)
        facts = facts[name]
    assert isinstance(facts, Mapping)
    return facts


def test_a_planted_sign_is_better_than_random_and_a_meaningless_one_is_not(
    written: Mapping[str, Written],
) -> None:
    told = of(written["baselines"].facts, "signals")
    assert of(told, PLANTED)["beyond_random"][1] > 0.0
    assert of(told, PLANTED)["beyond_shock"][1] > 0.0
    assert of(told, MEANINGLESS)["beyond_random"][1] <= 0.0
    assert f"interval of the difference above 0: **{PLANTED}" in written["baselines"].text


def test_what_no_market_knows_is_not_established(written: Mapping[str, Written]) -> None:
    unknown = written["baselines"].facts["not_established"]
    assert isinstance(unknown, list)
    assert {"skew z", "liquidations percentile", "DVOL"} <= set(unknown)
    assert "Not established (too few days" in written["baselines"].text
    assert "skew z" in written["baselines"].text


def test_hours_under_the_planted_sign_are_worse_than_others(written: Mapping[str, Written]) -> None:
    told = of(written["hours"].facts, "hours", "BTC, ETH")
    assert told["fe"][1] > 2.0
    assert told["oe"][1] < 1.0 < told["oe"][2]


def test_rules_are_held_against_the_shock_at_the_same_count(written: Mapping[str, Written]) -> None:
    told = of(written["edges"].facts, "rules_everywhere", "fe")
    assert told["beyond_random"][1] > 0.0
    assert told["beyond_shock"][0] > 0.0


def test_the_sign_is_found_by_other_labels_too(written: Mapping[str, Written]) -> None:
    ways = of(written["robust"].facts, "ways")
    assert len(ways) == 14
    assert all(str(of(ways, name)["best"]) == PLANTED for name in ways)
    assert of(ways, "10%, 2.5 sigma")["sell_offs"] < of(ways, "primary")["sell_offs"]


def test_alerts_are_scored_as_they_were_told(study: Study, written: Mapping[str, Written]) -> None:
    told = of(written["rules_scored"].facts, "alerts", "funding watch")
    begun = sum(alert.edge is Edge.FIRED for one in study.recorded for alert in one.alerts)
    assert begun * 0.7 < float(str(told["alerts"])) <= begun
    assert told["beyond_random"][1] > 0.0
    assert "funding warning (0 told)" in written["rules_scored"].text


def test_without_funding_the_table_has_no_crowding_left(written: Mapping[str, Written]) -> None:
    states = written["ablations"].facts["states"]
    assert isinstance(states, list)
    by_name = {part["name"]: part["alerts"] for part in states}
    assert by_name["the table without funding"] == 0
    assert by_name["the table without skew"] == by_name["the table with all"] > 0


def test_every_figure_can_be_kept_and_every_variant_is_counted(
    study: Study, written: Mapping[str, Written]
) -> None:
    for one in written.values():
        assert json.loads(json.dumps(one.facts)) is not None
    assert study.tried["single signals"] >= 3 * 20
    assert study.tried["ablations"] > 15


def test_pictures_are_the_same_for_the_same_figures(study: Study, written: Mapping[str, Written]) -> None:
    again = baselines.write(study).pictures
    assert again == written["baselines"].pictures
    pictures = list(chain.from_iterable(one.pictures.items() for one in written.values()))
    assert all(name.startswith("evaluation-") and drawn.startswith(b"<svg") for name, drawn in pictures)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.CHAPTER.name)
def test_markets_that_know_nothing_but_price_are_borne(chapter: object, study: Study) -> None:
    bare = Study(tuple(Recorded(one.bars, {}) for one in study.recorded), evidence=study.evidence)
    assert chapter.write(bare).text  # type: ignore[attr-defined]


def test_markets_are_scored_from_when_all_of_them_are(study: Study) -> None:
    later = study.recorded[1]
    cut = Recorded(type(later.bars)("XRP", later.bars.first_close_ms + 100 * 24 * HOUR_MS, *(
        series[2_400:] for series in (later.bars.high_usd, later.bars.low_usd, later.bars.close_usd, later.bars.sigma_24h)
    )), {})  # fmt: skip
    both_of = Study((study.recorded[0], cut), evidence=study.evidence)
    assert longest(both_of) == ("BTC",)
    first = [int(np.flatnonzero(ground.scored)[0]) for ground in field(both_of).grounds]
    assert first == [131 * 24, 31 * 24]


def test_an_alert_stands_until_it_is_over(study: Study) -> None:
    one = study.recorded[0]
    mine = [alert for alert in one.alerts if alert.kind is Kind.FUNDING][:1]
    row = one.bars.row_at(mine[0].at_ms)
    open_ended = standing(one, mine, lambda alert: alert.severity is Severity.WATCH)
    assert np.flatnonzero(open_ended)[0] == row
    assert open_ended[row:].all()
    assert rows_told(one, lambda alert: alert is mine[0]).tolist() == [row]


def test_what_is_half_seen_is_unknown() -> None:
    holds, not_so, unknown = np.array([1.0]), np.array([0.0]), np.array([np.nan])
    assert both(holds, not_so).tolist() == [0.0]
    assert either(holds, not_so).tolist() == [1.0]
    assert np.isnan(both(not_so, unknown)).all()
    assert np.isnan(either(holds, unknown)).all()


def test_sums_and_ranks_are_of_the_rows_before() -> None:
    values = np.array([1.0, 2.0, 3.0, np.nan, 5.0, 6.0, 7.0])
    assert np.nan_to_num(summed(values, 2), nan=-1.0).tolist() == [-1.0, 3.0, 5.0, -1.0, -1.0, 11.0, 13.0]
    assert np.nan_to_num(ranked(values, 3), nan=-1.0).tolist() == [-1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0]
    assert np.isnan(summed(values, 8)).all()


def test_the_vote_is_the_second_highest_rank_that_is_seen(study: Study) -> None:
    vote = signals(study)["2-of-5 vote"]["BTC"]
    assert np.nanmax(vote) <= 1.0
    assert np.isnan(vote[:20]).all()  # no shock yet: one rank alone is no vote


def test_a_figure_beyond_the_axis_is_drawn_at_its_end_and_an_unknown_one_not_at_all() -> None:
    axis = Axis("share", 0.0, 0.5, 0.25)
    drawn = forest([Line("a < b", 0.9), Line("unknown", float("nan"))], axis, "Title").decode()
    assert drawn.count("<circle") == 1
    assert f'cx="{axis.at(0.5):.1f}"' in drawn
    assert "a &lt; b" in drawn


def test_price_was_weak_for_six_hours_more_as_section_1_has_it(study: Study) -> None:
    bars, rows = study.recorded[0].bars, len(study.recorded[0].bars)
    shock = np.zeros(rows)
    shock[100] = -1.0
    never, flat = column(np.zeros(rows)), column(np.ones(rows))
    columns = {
        "price.r_7d": flat,
        "price.lower_low": flat,
        "price.shock_24h": column(shock),
        "price.price_usd": flat,
        "price.mean_7d_usd": never,
        "price.drawdown_7d": never,
        "price.sigma_1d": flat,
    }
    weak = conditions(Study((Recorded(bars, columns),)))["pd (section 1)"]["BTC"]
    assert np.flatnonzero(weak).tolist() == list(range(100, 107))
