"""Recorded sell-offs move a stored plan through its rungs, each exactly once, and a gap in the middle changes nothing."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from market.observations import DAY_MS, Side
from market.plans import Gap, Happened, PlanNews
from market.reading import Presence
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.history_files import read_history
from scheduler.replay import replay
from store.connection import Connection
from tests.doubles.valkey import valkey, valkey_socket
from tests.recorded import sell_off
from tests.scheduler.plans.desk import ANNA, Desk, happened, stated

__all__ = ["valkey", "valkey_socket"]

LADDER = ["trim", "hedge", "exit"]
FALLS = [("2024-08-05_BTC", 18.0), ("2022-06-13_3ac_ETH", 17.0)]
"""Recordings, and how many days into each the position is stated: before its fall."""
BLIND_LOOKS = 6


@cache
def looks(path: Path) -> tuple[Snapshot, ...]:
    """Every bar of a recording, judged."""
    return tuple(snapshot for snapshot, _ in replay(read_history(path), Rules()))


def since(recordings: Path, name: str, day: float) -> list[Snapshot]:
    """The bars of a recording from a day on."""
    every = looks(sell_off(recordings, name))
    return [look for look in every if look.at_ms >= every[0].at_ms + day * DAY_MS]


def rungs(told: list[tuple[str, PlanNews]]) -> list[str]:
    return [one for one in happened(told, ANNA) if one in LADDER]


def blinded(look: Snapshot) -> Snapshot:
    """The same look with a price that has grown old."""
    readings = (
        replace(one, presence=Presence.STALE) if one.name == "price" else one for one in look.readings
    )
    return replace(look, readings=tuple(readings))


@pytest.mark.parametrize(("name", "day"), FALLS)
async def test_a_fall_moves_a_plan_through_trim_hedge_and_exit_once_each(
    valkey: Connection, recordings: Path, name: str, day: float
) -> None:
    desk, (first, *fall) = Desk(valkey), since(recordings, name, day)
    await desk.state(ANNA, stated(first), reach=ANNA)
    for look in fall:
        await desk.watch.look(look)  # a watch that knows nothing but the store: a restart at every bar
    told = await desk.told()
    assert rungs(told) == LADDER
    assert happened(told, ANNA).count(Happened.LIQUIDATED) == 1
    assert (await desk.plan(ANNA)).watch.gaps == ()
    for _, news in told:
        assert news.price_usd == next(look for look in fall if look.at_ms == news.at_ms).fact(
            "price", "price_usd"
        )


@pytest.mark.parametrize(("name", "day"), FALLS)
@pytest.mark.parametrize("kind", ["nobody looks", "old prices"])
async def test_a_gap_in_the_middle_neither_fires_nor_resets(
    valkey: Connection, recordings: Path, name: str, day: float, kind: str
) -> None:
    desk, (first, *fall) = Desk(valkey), since(recordings, name, day)
    await desk.state(ANNA, stated(first), reach=ANNA)
    begin = 0
    while "trim" not in rungs(await desk.told()):
        await desk.watch.look(fall[begin])
        begin += 1
    before = await desk.plan(ANNA)
    if kind == "old prices":
        assert [await desk.watch.look(blinded(look)) for look in fall[begin : begin + BLIND_LOOKS]] == [
            0
        ] * BLIND_LOOKS
    assert await desk.plan(ANNA) == before
    for look in fall[begin + BLIND_LOOKS :]:
        await desk.watch.look(look)
    told = await desk.told()
    gap = Gap(fall[begin - 1].at_ms, fall[begin + BLIND_LOOKS].at_ms)
    assert rungs(told) == LADDER
    assert not [news for _, news in told if gap.since_ms < news.at_ms < gap.until_ms]
    assert (await desk.plan(ANNA)).watch.gaps == (gap,)
    assert next(news.gaps for _, news in told if news.at_ms > gap.since_ms) == (gap,)
    assert sum(gap in news.gaps for _, news in told) == 1


async def test_the_market_turns_against_a_plan_before_it_is_out(valkey: Connection, recordings: Path) -> None:
    desk, (first, *fall) = Desk(valkey), since(recordings, *FALLS[0])
    await desk.state(ANNA, stated(first), reach=ANNA)
    for look in fall:
        await desk.watch.look(look)
    said = happened(await desk.told(), ANNA)
    assert said.index(Happened.RISK_INVALIDATED) < said.index(Happened.EXIT)
    assert (await desk.plan(ANNA)).watch.tight_since_ms is not None


async def test_a_short_is_not_moved_by_a_fall(valkey: Connection, recordings: Path) -> None:
    desk, (first, *fall) = Desk(valkey), since(recordings, *FALLS[0])
    await desk.state(ANNA, stated(first, Side.SHORT), reach=ANNA)
    for look in fall[:72]:
        await desk.watch.look(look)
    assert rungs(await desk.told()) == []
