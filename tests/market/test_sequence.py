"""The sequence of a sell-off: steps in order, hits out of order, seven days of memory."""

from hypothesis import given
from hypothesis import strategies as st

from market.sequence import STEPS, EarlyWarning, Misplaced, early_warning, in_order, misplaced, steps_seen
from tests.market.readings import HOUR, judged, market

DAY = 24 * HOUR


def test_steps_in_the_articles_order_are_all_counted() -> None:
    onsets = {"price": (1,), "funding": (2,), "liquidations": (3,), "open_interest": (4,), "skew": (5,)}
    assert in_order(onsets) == (("price", "funding", "liquidations", "open_interest", "skew"), ())


def test_a_step_that_came_too_early_is_out_of_order() -> None:
    onsets = {"price": (5,), "funding": (6,), "liquidations": (7,), "skew": (1,)}
    assert in_order(onsets) == (("price", "funding", "liquidations"), ("skew",))


def test_without_weakness_there_is_no_stage() -> None:
    assert in_order({"funding": (1,), "skew": (2,)}) == ((), ("funding", "skew"))


def test_the_longest_run_is_taken() -> None:
    onsets = {"price": (1,), "funding": (9,), "liquidations": (3,), "open_interest": (4,)}
    assert in_order(onsets) == (("price", "liquidations", "open_interest"), ("funding",))


def test_steps_add_up_as_a_market_turns() -> None:
    weak = market(pd=True, fn=True, fr=False)
    dear = market(pd=True, fe=True, fn=True, fr=False)
    selling = market(pd=True, fe=True, fn=True, fr=False, lc=True)
    assert judged(market()).stage == 0
    assert judged(market(), weak).steps == ("price",)
    assert judged(market(), weak, dear).steps == ("price", "funding")
    assert judged(market(), weak, dear, selling).steps == ("price", "funding", "liquidations")


def test_unreset_funding_counts_sixteen_hours_after_weakness() -> None:
    weak = market(pd=True, fn=True, fr=False)
    assert judged(*[weak] * 16).steps == ("price",)
    assert judged(*[weak] * 17).steps == ("price", "funding")


def test_a_step_is_forgotten_after_seven_days_unless_it_still_holds() -> None:
    weak, over = market(pd=True), market()
    assert judged(weak, *[over] * 6, every_ms=DAY).steps == ("price",)
    assert judged(weak, *[over] * 9, every_ms=DAY).steps == ()
    assert judged(*[weak] * 12, every_ms=DAY).steps == ("price",)


def test_every_step_has_the_time_it_was_first_true_and_whether_it_still_is() -> None:
    weak = market(pd=True, fn=True, fr=False)
    dear = market(pd=True, fe=True, fn=True, fr=False)
    regime = judged(weak, dear, market(fe=True, fn=True, fr=False))
    seen = steps_seen(regime.step_onsets_ms, regime.active_steps, regime.steps)
    assert [(one.step, one.first_ms, one.holds, one.in_order) for one in seen] == [
        ("price", HOUR, False, True),
        ("funding", 2 * HOUR, True, True),
        ("liquidations", None, False, False),
        ("open_interest", None, False, False),
        ("skew", None, False, False),
    ]


def test_a_step_out_of_order_is_placed_beside_those_in_order() -> None:
    onsets = {"price": (5,), "funding": (6,), "liquidations": (7,), "skew": (1,)}
    assert misplaced(onsets, *in_order(onsets)) == (Misplaced("skew", before="price", is_first=True),)
    onsets = {"price": (1,), "funding": (9,), "liquidations": (3,), "open_interest": (4,)}
    assert misplaced(onsets, *in_order(onsets)) == (Misplaced("funding", after="open_interest"),)
    onsets = {"price": (2,), "funding": (3,), "liquidations": (6,), "open_interest": (4,), "skew": (7,)}
    assert misplaced(onsets, *in_order(onsets)) == (Misplaced("open_interest", before="liquidations"),)


def test_without_weakness_a_step_has_no_place() -> None:
    onsets = {"funding": (1,), "skew": (2,)}
    assert misplaced(onsets, *in_order(onsets)) == (Misplaced("funding"), Misplaced("skew"))


def test_price_and_funding_before_liquidations_are_an_early_warning() -> None:
    both = {"price": (1,), "funding": (4,)}
    assert early_warning(both, ("price", "funding")) == EarlyWarning(4, None, stands=True)
    assert early_warning(both, ("price",)) == EarlyWarning(4, None, stands=False)
    assert early_warning({**both, "liquidations": (9,)}, ("price",)) == EarlyWarning(4, 9, stands=False)
    assert early_warning({"price": (4,), "funding": (1,)}, ("price", "funding")) == EarlyWarning(
        4, None, stands=True
    )


def test_it_is_none_where_liquidations_came_as_early_or_one_of_the_two_is_missing() -> None:
    both = {"price": (1,), "funding": (4,)}
    assert early_warning({**both, "liquidations": (4,)}, ("price", "funding")) is None
    assert early_warning({**both, "liquidations": (2,)}, ("price", "funding")) is None
    assert early_warning({"price": (1,)}, ("price",)) is None
    assert early_warning({"funding": (1,), "skew": (1,)}, ("funding",)) is None


@given(st.dictionaries(st.sampled_from(STEPS), st.integers(0, 9).map(lambda at: (at,))))
def test_every_step_that_was_seen_is_in_order_or_placed(onsets: dict[str, tuple[int, ...]]) -> None:
    run, left = in_order(onsets)
    placed = misplaced(onsets, run, left)
    assert {*run, *(one.step for one in placed)} == {*onsets}
    for one in placed if run else ():
        assert (one.before is None) != (one.after is None)
