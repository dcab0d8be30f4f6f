"""The decision table: total, counted, monotone in danger, and the vectors of quant.md section 7."""

from collections import Counter
from itertools import product

import pytest

from market.table import FLAGS, SEVERITY, State, classify, is_valid

DANGERS = ("brk", "nc", "lc", "oe", "ou", "fe", "ks", "kst")

ALL = [dict(zip(FLAGS, bits, strict=True)) for bits in product((False, True), repeat=len(FLAGS))]
VALID = [flags for flags in ALL if is_valid(flags)]


def only(*names: str, unknown: tuple[str, ...] = ()) -> dict[str, bool | None]:
    """Flags of which these alone are true (pd also sets nc) and those are unknown."""
    raised = {*names, *({"nc"} if "pd" in names else set())}
    flags: dict[str, bool | None] = {name: name in raised for name in FLAGS}
    return flags | dict.fromkeys(unknown)


def test_every_combination_has_one_state() -> None:
    assert len(ALL) == 16_384
    assert all(classify(flags).state in SEVERITY for flags in ALL)
    assert not any(classify(flags).possible for flags in ALL)


def test_valid_combinations_are_counted_as_designed() -> None:
    assert len(VALID) == 1_680
    assert Counter(classify(flags).state for flags in VALID) == {
        State.HEALTHY: 63,
        State.STABILISING: 26,
        State.DIGESTING: 20,
        State.MIXED: 535,
        State.SQUEEZE_RISK: 36,
        State.CROWDING: 688,
        State.CAPITULATION: 32,
        State.UNWINDING: 280,
    }


@pytest.mark.parametrize("danger", DANGERS)
def test_a_danger_never_lowers_severity(danger: str) -> None:
    pairs = [(flags, flags | {danger: True}) for flags in VALID if not flags[danger]]
    pairs = [(calmer, worse) for calmer, worse in pairs if is_valid(worse)]
    assert pairs
    for calmer, worse in pairs:
        assert SEVERITY[classify(worse).state] >= SEVERITY[classify(calmer).state]


@pytest.mark.parametrize(
    ("raised", "state"),
    [
        ((), State.HEALTHY),
        (("ou",), State.HEALTHY),
        (("ou", "nc"), State.CROWDING),
        (("oe", "fe", "fn"), State.CROWDING),
        (("pd", "oe", "fn"), State.CROWDING),
        (("pd", "ou"), State.CROWDING),
        (("pd", "brk", "lc", "oe", "fe", "fn", "ks", "kst"), State.UNWINDING),
        (("pd", "lc", "oc", "fr", "ks"), State.UNWINDING),
        (("pd", "oc", "fr", "ks"), State.CAPITULATION),
        (("pd", "stab", "oc", "fr", "ks"), State.DIGESTING),
        (("stab", "oc", "fr"), State.STABILISING),
        (("stab", "fr", "fd", "oe"), State.SQUEEZE_RISK),
        (("pd", "fr", "fd", "oe"), State.MIXED),
        (("kst", "fe", "fn"), State.CROWDING),
        (("lc",), State.MIXED),
    ],
)
def test_vectors_of_the_table(raised: tuple[str, ...], state: State) -> None:
    assert classify(only(*raised)).state is state


def test_protip_is_price_falling_on_elevated_interest_with_funding_not_reset() -> None:
    assert classify(only("pd", "oe", "fn")).protip is True
    assert classify(only("pd", "oe", "fr")).protip is False
    assert classify(only("pd", "fn", unknown=("oe",))).protip is None


def test_missing_liquidations_leave_unwinding_possible() -> None:
    verdict = classify(only("pd", "brk", unknown=("lc",)))
    assert verdict.state is State.MIXED
    assert verdict.possible == (State.UNWINDING,)


def test_crowding_is_asserted_though_liquidations_and_skew_are_missing() -> None:
    verdict = classify(only("pd", "oe", "fn", unknown=("lc", "ks", "kst")))
    assert verdict.state is State.CROWDING
    assert verdict.possible == (State.UNWINDING,)
    assert verdict.protip is True


def test_unwinding_needs_no_funding() -> None:
    verdict = classify(only("pd", "brk", "lc", unknown=("fe", "fn", "fr", "fd")))
    assert verdict.state is State.UNWINDING


def test_a_state_is_never_asserted_on_an_unknown() -> None:
    """Whatever the unknown flag turns out to be, an asserted state is among the answers with it known."""
    for flags in VALID[::7]:
        for name in FLAGS:
            verdict = classify(flags | {name: None})
            known = {classify(flags | {name: value}).state for value in (False, True)}
            assert known <= {verdict.state, *verdict.possible} or verdict.state is State.MIXED
            if len(known) == 1 and not verdict.possible:
                assert verdict.state in known
