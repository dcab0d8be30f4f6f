"""The sequence of a sell-off: steps in order, hits out of order, seven days of memory."""

from market.sequence import in_order
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
