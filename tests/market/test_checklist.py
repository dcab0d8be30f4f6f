"""The four checks before a trade: what flashes, what is not seen, what is unknown, and what is advised."""

from itertools import product

import pytest

from market.checklist import Advice, Check, Question, count, is_absent, run_checklist, seen_flag
from market.observations import Side
from market.reading import Presence
from tests.market.markets import RULES, SIZING, reading, snapshot

LONG, SHORT = Side.LONG, Side.SHORT


def flashing(side: Side, *raised: str, f24: float = 0.0) -> set[str]:
    shown = snapshot(reading("funding", f24=f24), raised=raised)
    return {check.question.value for check in run_checklist(shown, side, RULES).checks if check.met}


@pytest.mark.parametrize(
    ("raised", "questions"),
    [
        ((), set()),
        (("ou",), set()),
        (("oe",), set()),
        (("ou", "nc"), {"open_interest"}),
        (("oe", "pd"), {"open_interest"}),
        (("fe",), {"funding"}),
        (("lc",), {"liquidations"}),
        (("lb",), {"liquidations"}),
        (("ks",), {"skew"}),
        (("kst",), {"skew"}),
        (("oe", "pd", "nc", "fe", "lc", "ks"), {"open_interest", "funding", "liquidations", "skew"}),
        (("lc_short", "fd", "up", "ks_call"), set()),
    ],
)
def test_what_flashes_against_a_long(raised: tuple[str, ...], questions: set[str]) -> None:
    assert flashing(LONG, *raised) == questions


@pytest.mark.parametrize(
    ("raised", "questions"),
    [
        (("ou", "up"), {"open_interest"}),
        (("oe", "up"), {"open_interest"}),
        (("fd",), {"funding"}),
        (("lc_short",), {"liquidations"}),
        (("lb_short",), {"liquidations"}),
        (("ks_call",), {"skew"}),
        (("oe", "pd", "nc", "fe", "lc", "ks", "kst"), set()),
    ],
)
def test_what_flashes_against_a_short_is_the_mirror(raised: tuple[str, ...], questions: set[str]) -> None:
    assert flashing(SHORT, *raised) == questions


def test_funding_flashes_from_one_and_a_half_basis_points_without_its_flag() -> None:
    assert flashing(LONG, f24=0.00015) == {"funding"}
    assert flashing(LONG, f24=0.00014) == set()
    assert flashing(SHORT, f24=-0.00015) == {"funding"}
    assert flashing(SHORT, f24=0.00015) == set()


@pytest.mark.parametrize(
    ("raised", "advice"),
    [
        ((), Advice.PROCEED),
        (("fe",), Advice.PROCEED),
        (("fe", "lc"), Advice.REDUCE),
        (("fe", "lc", "ks"), Advice.WAIT),
        (("fe", "lc", "ks", "oe", "pd"), Advice.WAIT),
    ],
)
def test_two_reduce_and_three_wait(raised: tuple[str, ...], advice: Advice) -> None:
    found = run_checklist(snapshot(raised=raised), LONG, RULES)
    assert (found.advice, found.could_be, found.unknown) == (advice, advice, 0)


def test_an_absent_input_counts_as_not_seen_and_is_named() -> None:
    found = run_checklist(snapshot(absent=("liquidations",)), LONG, RULES)
    assert [check.met for check in found.checks] == [False, False, False, False]
    assert [check.known for check in found.checks] == [False, False, None, False]
    assert found.absent == ("liquidations",)
    assert (found.unseen, found.unknown) == (1, 0)
    assert run_checklist(snapshot(absent=("funding",)), SHORT, RULES).absent == ("funding",)


def test_a_reading_that_says_absent_is_as_absent_as_none() -> None:
    shown = snapshot(reading("skew", Presence.ABSENT), raised=("ks",))
    assert is_absent(shown, "skew")
    assert seen_flag(shown, "ks") is False


def test_a_stale_input_makes_its_check_unknown_whatever_its_flag_said() -> None:
    shown = snapshot(reading("liquidations", Presence.STALE), raised=("lc",))
    found = run_checklist(shown, LONG, RULES)
    assert [check.met for check in found.checks] == [False, False, None, False]
    assert found.unknown == 1
    assert seen_flag(shown, "lc") is None


def test_an_unknown_check_that_could_cross_a_line_is_said_to() -> None:
    shown = snapshot(reading("skew", Presence.STALE), raised=("fe", "lc"))
    found = run_checklist(shown, LONG, RULES)
    assert (found.met, found.unknown, found.advice, found.could_be) == (2, 1, Advice.REDUCE, Advice.WAIT)


def test_two_unknown_checks_allow_at_best_a_reduced_size() -> None:
    shown = snapshot(reading("skew", Presence.STALE), reading("liquidations", Presence.STALE))
    found = run_checklist(shown, LONG, RULES)
    assert (found.met, found.unknown, found.advice, found.could_be) == (0, 2, Advice.REDUCE, Advice.REDUCE)


def test_two_checks_that_cannot_be_seen_allow_at_best_a_reduced_size() -> None:
    for side in Side:
        found = run_checklist(snapshot(absent=("liquidations", "skew")), side, RULES)
        assert (found.met, found.unseen, found.advice) == (0, 2, Advice.REDUCE)


def test_one_unseen_and_one_unknown_check_are_two_that_are_no_sign_of_calm() -> None:
    shown = snapshot(reading("liquidations", Presence.STALE), absent=("skew",))
    found = run_checklist(shown, LONG, RULES)
    assert (found.unseen, found.unknown, found.advice) == (1, 1, Advice.REDUCE)


def test_an_asset_without_options_lacks_one_check_and_is_not_touched_by_it() -> None:
    assert run_checklist(snapshot(absent=("skew",)), LONG, RULES).advice is Advice.PROCEED


def test_a_stale_price_hides_only_what_hangs_on_it() -> None:
    stale = reading("price", Presence.STALE)
    assert run_checklist(snapshot(stale, raised=("ou",)), LONG, RULES).checks[0].met is None
    assert run_checklist(snapshot(stale), LONG, RULES).checks[0].met is False


def test_a_flag_still_unknown_is_unknown_in_its_check() -> None:
    found = run_checklist(snapshot(unknown=("ks", "kst")), LONG, RULES)
    assert found.checks[3].met is None
    assert found.checks[3].flags == {"ks": None, "kst": None}


def test_advice_never_softens_as_more_checks_flash_or_go_dark() -> None:
    severity = list(Advice).index
    for claims in product((False, None, True), repeat=4):
        found = count(LONG, _checks(claims), SIZING.checklist)
        assert severity(found.could_be) >= severity(found.advice)
        for position, claim in enumerate(claims):
            if claim is not True:
                worse = (*claims[:position], True, *claims[position + 1 :])
                if claim is False or found.unknown < 2:
                    assert severity(count(LONG, _checks(worse), SIZING.checklist).advice) >= severity(
                        found.advice
                    )


def _checks(claims: tuple[bool | None, ...]) -> tuple[Check, ...]:
    return tuple(Check(question, met, {}) for question, met in zip(Question, claims, strict=True))
