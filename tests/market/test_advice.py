"""What is advised of new risk on a side: what the checks say, halved where signs do not agree, no adds where the market turned."""

import pytest

from market.checklist import Advice, strongest
from market.observations import Side
from market.reading import Level, Presence
from market.sizing import Ground, advise, check_size, conditions_of
from market.sizing.position import Position
from market.snapshot import Snapshot
from market.table import State
from tests.market.markets import HALF_PERCENT, RULES, SIZING, reading, snapshot

LONG, SHORT = Side.LONG, Side.SHORT


def against_each_other(*raised: str) -> Snapshot:
    """Signs that do not agree: MIXED, with a row under stress."""
    return snapshot(raised=raised, state=State.MIXED, levels={"price": Level.STRESS})


@pytest.mark.parametrize(
    ("shown", "advice", "grounds"),
    [
        (snapshot(), Advice.PROCEED, ()),
        (snapshot(raised=("fe", "lc")), Advice.REDUCE, (Ground.FLASHING,)),
        (snapshot(raised=("fe", "lc", "ks")), Advice.WAIT, (Ground.FLASHING,)),
        (snapshot(absent=("skew", "liquidations")), Advice.REDUCE, (Ground.UNSEEN,)),
        (snapshot(absent=("skew",)), Advice.PROCEED, ()),
        (snapshot(raised=("rolling_over",)), Advice.NO_ADDS, (Ground.TURNED,)),
        (snapshot(protip=True), Advice.NO_ADDS, (Ground.TURNED,)),
        (snapshot(state=State.CROWDING), Advice.NO_ADDS, (Ground.TURNED,)),
        (
            snapshot(state=State.CROWDING, raised=("fe", "lc")),
            Advice.REDUCE,
            (Ground.FLASHING, Ground.TURNED),
        ),
        (against_each_other(), Advice.REDUCE, (Ground.UNCERTAIN,)),
        (snapshot(state=State.MIXED), Advice.PROCEED, ()),
        (snapshot(state=State.INSUFFICIENT_DATA, held=State.HEALTHY), Advice.REDUCE, (Ground.UNCERTAIN,)),
        (against_each_other("fe", "lc", "ks"), Advice.WAIT, (Ground.FLASHING,)),
    ],
)
def test_the_strongest_ground_says_what_is_advised_and_every_ground_is_named(
    shown: Snapshot, advice: Advice, grounds: tuple[Ground, ...]
) -> None:
    found = advise(shown, LONG, RULES)
    assert (found.advice, found.grounds) == (advice, grounds)


def test_what_stands_against_shorts_says_nothing_of_longs() -> None:
    squeeze = snapshot(state=State.SQUEEZE_RISK)
    assert advise(squeeze, SHORT, RULES).advice is Advice.NO_ADDS
    assert advise(squeeze, LONG, RULES).advice is Advice.PROCEED


def test_whether_the_market_has_turned_is_not_guessed_from_a_stale_input() -> None:
    found = advise(snapshot(reading("open_interest", Presence.STALE), raised=("rolling_over",)), LONG, RULES)
    assert not found.has_turned
    assert (
        conditions_of(snapshot(reading("open_interest", Presence.STALE)), RULES).long.risk_invalidated is None
    )


def test_advice_is_ordered_by_what_it_leaves() -> None:
    assert strongest(Advice.NO_ADDS, Advice.PROCEED) is Advice.NO_ADDS
    assert strongest(Advice.NO_ADDS, Advice.REDUCE) is Advice.REDUCE
    assert strongest(Advice.WAIT, Advice.REDUCE) is Advice.WAIT


@pytest.mark.parametrize(
    ("shown", "factor"),
    [
        (snapshot(), 1.0),
        (snapshot(state=State.CROWDING), 1.0),
        (snapshot(absent=("skew", "liquidations")), 0.5),
        (against_each_other(), 0.5),
        (snapshot(raised=("fe", "lc", "ks")), 0.0),
    ],
)
def test_a_new_size_follows_the_advice_and_the_caps_do_not(shown: Snapshot, factor: float) -> None:
    position = Position("BTC", LONG, 2.0, equity_usd=10_000.0)
    check = check_size(position, conditions_of(shown, RULES), HALF_PERCENT, SIZING)
    assert check.new_notional_factor == factor
    assert check.advised == advise(shown, LONG, RULES)


def test_checks_that_cannot_be_seen_change_no_cap() -> None:
    position = Position("BTC", LONG, 2.0, equity_usd=10_000.0)
    seen, unseen = (
        check_size(position, conditions_of(shown, RULES), HALF_PERCENT, SIZING)
        for shown in (snapshot(), snapshot(absent=("skew", "liquidations")))
    )
    assert unseen.caps == seen.caps
    assert (seen.new_notional_factor, unseen.new_notional_factor) == (1.0, 0.5)
