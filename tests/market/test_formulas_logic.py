"""Unknown is a value: Kleene's three-valued logic (quant.md section 0)."""

from itertools import product

import pytest

from market.formulas.logic import all_of, any_of, at_least, at_most, count_true, negate

CLAIMS = (True, False, None)


def test_false_and_unknown_is_false() -> None:
    assert all_of(False, None) is False


def test_true_and_unknown_is_unknown() -> None:
    assert all_of(True, None) is None


def test_true_or_unknown_is_true() -> None:
    assert any_of(True, None) is True


def test_false_or_unknown_is_unknown() -> None:
    assert any_of(False, None) is None


def test_nothing_asked_of_all_holds_and_of_any_fails() -> None:
    assert all_of() is True
    assert any_of() is False


def test_the_opposite_of_unknown_is_unknown() -> None:
    assert [negate(claim) for claim in CLAIMS] == [False, True, None]


@pytest.mark.parametrize("claims", list(product(CLAIMS, repeat=3)))
def test_de_morgan_holds_with_unknowns(claims: tuple[bool | None, ...]) -> None:
    assert negate(all_of(*claims)) == any_of(*(negate(claim) for claim in claims))


@pytest.mark.parametrize("claims", list(product(CLAIMS, repeat=3)))
def test_learning_an_unknown_never_turns_a_decided_answer(claims: tuple[bool | None, ...]) -> None:
    for known in product((True, False), repeat=claims.count(None)):
        filled = iter(known)
        complete = tuple(next(filled) if claim is None else claim for claim in claims)
        for join in (all_of, any_of):
            assert join(*claims) in (None, join(*complete))


def test_an_unknown_value_reaches_no_threshold_and_misses_none() -> None:
    assert at_least(None, 1.0) is None
    assert at_most(None, 1.0) is None
    assert at_least(1.0, 1.0) is True
    assert at_most(1.1, 1.0) is False


def test_claims_are_counted_as_holding_and_unknown() -> None:
    assert count_true([True, None, False, True]) == (2, 1)
