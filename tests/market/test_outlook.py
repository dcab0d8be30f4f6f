"""What would change a state, asked of the decision table."""

from itertools import product

import pytest

from market.outlook import Turn, better, voted, worse
from market.table import FLAGS, SEVERITY, State, classify, is_valid
from tests.commands.markets import calm, crowding, digesting, market, unwinding


def test_crowding_becomes_unwinding_by_repeated_long_liquidations() -> None:
    assert worse(crowding()) == (Turn((("lc", True),), State.UNWINDING),)


def test_crowding_eases_when_funding_is_no_longer_unreset_and_only_the_nearest_change_is_told() -> None:
    assert better(crowding()) == (Turn((("fn", False),), State.MIXED),)


def test_two_changes_are_looked_for_only_where_one_does_not_do() -> None:
    ways = better(market("pd", "down", "lc", "oe", "fe", "fn", "material", "brk"))
    assert ways
    assert {len(turn.flags) for turn in ways} == {1} or {len(turn.flags) for turn in ways} == {2}


def test_nothing_is_worse_than_unwinding_and_nothing_better_than_healthy() -> None:
    assert worse(unwinding()) == ()
    assert better(calm()) == ()


def test_no_calm_state_is_promised_where_open_interest_is_not_seen() -> None:
    ways = better(digesting(lacking=("open_interest",)))
    assert all(turn.state is State.MIXED for turn in ways)


def test_a_flag_nobody_can_see_never_turns() -> None:
    without_liquidations = worse(crowding(lacking=("liquidations",)))
    without_funding = better(crowding(silent=("funding",)))
    assert not {flag for turn in without_liquidations for flag, _ in turn.flags} & {"lc"}
    assert not {flag for turn in without_funding for flag, _ in turn.flags} & {"fe", "fn", "fr", "fd"}


def test_absent_counts_as_false_and_stale_as_unknown() -> None:
    assert voted(crowding(lacking=("skew",)))["ks"] is False
    assert voted(crowding(silent=("funding",)))["fe"] is None


@pytest.mark.parametrize("raised", list(product((False, True), repeat=6)), ids=str)
def test_what_is_promised_is_what_the_table_says_of_a_combination_that_can_occur(
    raised: tuple[bool, ...],
) -> None:
    names = ("pd", "stab", "oe", "fn", "lc", "kst")
    snapshot = market(*(name for name, on in zip(names, raised, strict=True) if on), "down")
    flags = voted(snapshot)
    for turn in (*worse(snapshot), *better(snapshot)):
        after = {**flags, **dict(turn.flags)}
        for flag, value in turn.flags:
            assert flags[flag] is not value
        if is_valid(after):
            assert classify(after).state is turn.state
        held = SEVERITY[snapshot.regime.held]
        assert SEVERITY[turn.state] != held
    assert set(flags) == set(FLAGS)
