"""The watch over a plan: every rung and line once, conditions again only after a time clear, and nothing in a gap."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.observations import Side
from market.plans import GAPS_KEPT, Gap, Happened, Rung, news_of, rung_usd, standing_of, urgency_of, watch
from market.reading import Presence
from market.snapshot import Snapshot
from tests.market.markets import RULES
from tests.market.stated import MADE_MS, at, hours, planned, seen, watched

TRIM, HEDGE, EXIT = Happened.TRIM, Happened.HEDGE, Happened.EXIT


def test_the_rungs_are_those_of_the_worked_case_and_pulled_in_by_a_quarter() -> None:
    plan = planned()
    plain = [rung_usd(plan, rung, RULES, tight=False) for rung in Rung]
    tight = [rung_usd(plan, rung, RULES, tight=True) for rung in Rung]
    assert plain == pytest.approx([96_373.61, 94_560.42, 92_747.23], abs=0.01)
    assert tight == pytest.approx([97_280.21, 95_920.31, 94_560.42], abs=0.01)


def test_a_price_that_falls_through_the_ladder_tells_each_rung_once() -> None:
    prices = [100_000, 96_500, 96_300, 96_900, 94_500, 95_000, 92_000, 99_000, 92_000]
    plan, told = watched(planned(), [seen(price, minute) for minute, price in enumerate(prices, 1)])
    assert told == [(), (), (TRIM,), (), (HEDGE,), (), (EXIT,), (), ()]
    assert plan.watch.told_ms == {TRIM: at(3), HEDGE: at(5), EXIT: at(7)}
    assert plan.watch.news_ms == at(7)


def test_a_leap_over_several_rungs_tells_them_together() -> None:
    _, told = watched(planned(), [seen(92_000, 1), seen(80_000, 2), seen(79_000, 3)])
    assert told == [(TRIM, HEDGE, EXIT), (Happened.MAX_LOSS, Happened.LIQUIDATED), ()]


def test_a_short_is_watched_upwards() -> None:
    plan, told = watched(planned(Side.SHORT), [seen(96_000, 1), seen(104_000, 2), seen(108_000, 3)])
    assert told == [(), (TRIM,), (HEDGE, EXIT)]
    standing = standing_of(plan, 108_000, None, RULES, at(3))
    assert standing.reached is Rung.EXIT
    assert standing.profit_usd == pytest.approx(-4_000.0)


def test_risk_invalidated_pulls_the_rungs_in_before_the_own_line_is_touched() -> None:
    looks = [seen(97_200, 1), seen(97_200, 2, raised=["rolling_over"]), seen(97_200, 3), seen(89_900, 4)]
    plan, told = watched(planned(line_usd=90_000.0), looks)
    assert told == [(), (TRIM, Happened.RISK_INVALIDATED), (), (HEDGE, EXIT, Happened.THESIS_PRICE)]
    assert plan.watch.tight_since_ms == at(2)


def test_a_condition_is_told_again_only_after_two_hours_that_were_seen_clear() -> None:
    def looks(since: int, until: int, *raised: str) -> list[Snapshot]:
        return [seen(100_000, minute, raised=raised) for minute in range(since, until)]

    bad = "rolling_over"
    plan, told = watched(planned(), [*looks(1, 2, bad), *looks(2, 61), *looks(61, 62, bad), *looks(62, 182)])
    assert [one for one in told if one] == [(Happened.RISK_INVALIDATED,)]
    assert plan.watch.tight_since_ms == at(1)
    plan, told = watched(plan, looks(182, 183), since_ms=at(181))
    assert plan.watch.tight_since_ms is None
    assert (plan.watch.told_ms, told) == ({}, [()])
    _, told = watched(plan, looks(183, 184, bad), since_ms=at(182))
    assert told == [(Happened.RISK_INVALIDATED,)]


def test_an_unknown_is_no_time_that_was_seen_to_be_clear() -> None:
    looks = [seen(100_000, 1, raised=["rolling_over"]), seen(100_000, 2)]
    looks += [seen(100_000, 3, unknown=["rolling_over"])]
    looks += [seen(100_000, minute) for minute in range(4, 124)]
    plan, told = watched(planned(), looks)
    assert [one for one in told if one] == [(Happened.RISK_INVALIDATED,)]
    assert plan.watch.clear_since_ms == {Happened.RISK_INVALIDATED: at(4)}


def test_an_unknown_neither_warns_nor_ends_a_warning() -> None:
    plan, told = watched(planned(), [seen(100_000, 1, unknown=["rolling_over"], f24=None)])
    assert (plan, told) == (planned(), [()])


def test_funding_beyond_the_own_threshold_is_told_and_pulls_the_rungs_in() -> None:
    plan, told = watched(planned(), [seen(100_000, 1, f24=0.0002), seen(97_200, 2, f24=0.0002)], 0.0002)
    assert told == [(Happened.FUNDING_BEYOND,), (TRIM,)]
    assert plan.watch.tight_since_ms == at(1)


def test_funding_is_dear_from_the_shown_default_where_no_threshold_is_stated() -> None:
    assert watched(planned(), [seen(100_000, 1, f24=0.00029)])[1] == [()]
    assert watched(planned(), [seen(100_000, 1, f24=0.0003)])[1] == [(Happened.FUNDING_BEYOND,)]


def test_a_short_pays_where_funding_is_negative() -> None:
    assert watched(planned(Side.SHORT), [seen(100_000, 1, f24=0.001)])[1] == [()]
    assert watched(planned(Side.SHORT), [seen(100_000, 1, f24=-0.0003)])[1] == [(Happened.FUNDING_BEYOND,)]


def test_liquidation_within_two_sigma_of_the_rest_of_the_horizon_is_told_once() -> None:
    plan = planned(leverage=25.0)
    assert plan.liquidation_usd == pytest.approx(96_530.92, abs=0.01)
    near = standing_of(plan, 100_000.0, 0.4, RULES, at(0))
    assert near.liquidation_distance == pytest.approx(0.03469, abs=1e-5)
    assert near.sigmas == pytest.approx(0.974, abs=1e-3)
    _, told = watched(plan, [seen(100_000, 1), seen(99_900, 2)])
    assert told == [(Happened.NEAR_LIQUIDATION,), ()]


def test_the_rest_of_the_horizon_is_never_less_than_a_day() -> None:
    plan = planned()
    rest = [standing_of(plan, 100_000.0, 0.4, RULES, at(hours(hour))).rest_hours for hour in (0, 24, 60, 500)]
    assert rest == [72.0, 48.0, 24.0, 24.0]


def test_a_position_that_was_closed_by_force_is_watched_no_more() -> None:
    plan, told = watched(
        planned(leverage=5.0, line_usd=79_000.0 + 2_000.0), [seen(80_000, 1), seen(70_000, 2)]
    )
    lost = (Happened.MAX_LOSS, Happened.LIQUIDATED, Happened.THESIS_PRICE)
    assert told == [(TRIM, HEDGE, EXIT, *lost), ()]
    assert standing_of(plan, 70_000, None, RULES, at(2)).sigmas is None


def test_the_own_time_is_told_at_the_first_look_after_it() -> None:
    _, told = watched(planned(until_ms=at(2)), [seen(100_000, minute) for minute in (1, 2, 3)])
    assert told == [(), (Happened.THESIS_TIME,), ()]


@pytest.mark.parametrize(
    "blind",
    [seen(90_000, 3, presence=Presence.STALE), seen(None, 3), seen(90_000, 3, absent=("price",))],
    ids=["old", "no price", "no feed"],
)
def test_a_look_without_a_fresh_price_neither_fires_nor_resets(blind: Snapshot) -> None:
    plan, _ = watched(planned(), [seen(96_000, 1), seen(96_000, 2)])
    after, told = watched(plan, [blind], since_ms=at(2))
    assert (after, told) == (plan, [()])


def test_a_time_that_was_not_watched_is_remembered_and_told_with_the_next_news() -> None:
    looks = [
        seen(100_000, 10),
        *(seen(90_000, m, presence=Presence.STALE) for m in range(11, 25)),
        seen(100_000, 25),
    ]
    plan, told = watched(planned(), [seen(100_000, 5), *looks])
    assert told == [()] * len(told)
    assert plan.watch.gaps == (Gap(at(10), at(25)),)
    after, happened = watch(plan, seen(96_000, 26), RULES, at(25), at(26))
    news = news_of(plan, after, happened, seen(96_000, 26), RULES)
    assert (news.happened, news.gaps) == ((TRIM,), (Gap(at(10), at(25)),))
    later, happened = watch(after, seen(94_000, 27), RULES, at(26), at(27))
    assert news_of(after, later, happened, seen(94_000, 27), RULES).gaps == ()


def test_a_gap_begins_the_time_clear_anew_and_forgets_nothing_that_was_told() -> None:
    looks = [seen(96_000, 1, raised=["rolling_over"]), *(seen(96_000, minute) for minute in range(2, 100))]
    plan, _ = watched(planned(), looks)
    assert plan.watch.clear_since_ms == {Happened.RISK_INVALIDATED: at(2)}
    after, happened = watch(plan, seen(96_000, 125), RULES, at(99), at(125))
    assert happened == ()
    assert after.watch.clear_since_ms == {Happened.RISK_INVALIDATED: at(125)}
    assert after.watch.told_ms == plan.watch.told_ms


def test_the_same_gap_looked_at_twice_is_one_and_only_the_last_ones_are_kept() -> None:
    plan = planned()
    for minute in (20, 21):  # an end before it was kept that the plans were watched
        plan, _ = watch(plan, seen(100_000, minute), RULES, at(0), at(minute))
    assert plan.watch.gaps == (Gap(at(0), at(21)),)
    for number in range(1, 9):
        plan, _ = watch(plan, seen(100_000, 40 * number), RULES, at(40 * number - 15), at(40 * number))
    assert len(plan.watch.gaps) == GAPS_KEPT
    assert plan.watch.gaps[-1] == Gap(at(305), at(320))


def test_a_plan_is_not_watched_before_it_was_made_nor_behind_its_last_news() -> None:
    plan = planned()
    assert watch(plan, seen(90_000, -5), RULES, 0, at(-5)) == (plan, ())
    told, _ = watch(plan, seen(96_000, 3), RULES, at(2), at(3))
    assert watch(told, seen(90_000, 2), RULES, at(1), at(2)) == (told, ())


def test_funding_is_counted_once_an_hour_and_of_a_longer_time_than_a_day_for_a_day() -> None:
    plan = planned()
    for hour in (0.5, 1.0, 1.5, 2.0):
        plan, _ = watch(plan, seen(100_000, hours(hour), f24=0.0001), RULES, MADE_MS, at(hours(hour)))
    hourly_usd = 0.0001 / 8.0 * 50_000.0
    assert plan.watch.funding_paid_usd == pytest.approx(2 * hourly_usd)
    before = plan.watch.funding_paid_usd
    assert before is not None
    plan, _ = watch(plan, seen(100_000, hours(100.0), f24=0.0001), RULES, MADE_MS, at(hours(100.0)))
    assert plan.watch.funding_paid_usd == pytest.approx(before + 24 * hourly_usd)


def test_funding_of_contracts_in_us_dollars_is_that_of_their_size_at_every_price() -> None:
    plan = replace(planned(), is_inverse=True)
    after, _ = watch(plan, seen(90_000, 60, f24=0.0008), RULES, at(59), at(60))
    assert after.watch.funding_paid_usd == pytest.approx(0.0008 / 8.0 * 50_000.0)


def test_funding_that_is_not_known_is_not_counted_as_none() -> None:
    plan, _ = watched(planned(), [seen(100_000, hours(2), absent=("funding",))])
    assert (plan.watch.funding_paid_usd, plan.watch.funding_at_ms) == (None, 0)


def test_news_are_as_urgent_as_the_most_urgent_of_them() -> None:
    assert [urgency_of((one,)) for one in (Happened.THESIS_TIME, TRIM, EXIT)] == [2, 1, 0]
    assert urgency_of((TRIM, Happened.NEAR_LIQUIDATION)) == 0


def test_a_look_without_a_price_has_no_news() -> None:
    with pytest.raises(ValueError, match="without a price"):
        news_of(planned(), planned(), (), seen(None, 1), RULES)


@given(st.lists(st.sampled_from([101_000, 97_500, 96_000, 94_000, 91_000, 85_000, None]), max_size=40))
def test_whatever_the_price_does_no_rung_is_told_twice_and_the_order_holds(prices: list[int | None]) -> None:
    plan, told = watched(planned(), [seen(price, minute) for minute, price in enumerate(prices, 1)])
    said = [one for look in told for one in look if one in {TRIM, HEDGE, EXIT}]
    assert said == [TRIM, HEDGE, EXIT][: len(said)]
    lowest = min((price for price in prices if price is not None), default=101_000)
    reached = [rung for rung in Rung if lowest <= (rung_usd(plan, rung, RULES, tight=False) or 0.0)]
    assert len(said) == len(reached)


LOOKS = st.lists(
    st.tuples(
        st.sampled_from([103_000, 100_000, 97_000, 95_000, 92_500, 81_000, 80_000, None]),
        st.sampled_from([1, 2, 7, 45, 150]),
        st.sampled_from([(), ("rolling_over",), ("oe", "fn")]),
        st.sampled_from([0.0, 0.0004, None]),
    ),
    max_size=25,
)


@given(LOOKS, st.sampled_from([5.0, 25.0]))
def test_a_look_that_is_taken_again_changes_nothing_and_tells_nothing(
    steps: list[tuple[int | None, int, tuple[str, ...], float | None]], leverage: float
) -> None:
    plan, since_ms, minute = planned(leverage=leverage, line_usd=98_500.0), MADE_MS, 0
    for price, later, raised, f24 in steps:
        minute += later
        look = seen(price, minute, raised=raised, f24=f24)
        after, happened = watch(plan, look, RULES, since_ms, look.at_ms)
        if price is not None:
            assert watch(after, look, RULES, since_ms, look.at_ms) == (after, ()), "an end before it was kept"
            since_ms = look.at_ms
        assert watch(after, look, RULES, since_ms, look.at_ms) == (after, ())
        assert not set(happened) & set(plan.watch.told_ms)
        assert (after.watch.tight_since_ms is not None) == bool(
            {"risk_invalidated", "funding_beyond"} & after.watch.told_ms.keys()
        )
        plan = after
