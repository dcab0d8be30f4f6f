"""One market, one advice: /check, /size, /regime and their numbers say the same of a side, whatever the market did."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from market.checklist import Advice
from market.observations import HOUR_MS
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import FLAGS, State
from scheduler.engine import Engine
from scheduler.history_files import read_history
from scheduler.replay import replay
from scheduler.simulator.market import SimulatedMarket
from tests.commands.markets import market
from tests.commands.talking import Talk, talk
from tests.recorded import sell_off

SAID = {
    "PROCEED WITHIN CAPS": Advice.PROCEED,
    "NO ADDS": Advice.NO_ADDS,
    "REDUCE": Advice.REDUCE,
    "WAIT": Advice.WAIT,
}
OF_THE_REGIME = {
    "Within your caps (": Advice.PROCEED,
    "No adds, rungs are pulled in: ": Advice.NO_ADDS,
    "Reduce: half of any new size (": Advice.REDUCE,
    "Without a state: half of any new size (": Advice.REDUCE,
    "Wait, no new risk (": Advice.WAIT,
}
NEW_SIZE = {Advice.WAIT: "New size: none (", Advice.REDUCE: "New size: half ("}
Heard = tuple[Advice, bool]
"""What was advised in words, and whether adding was forbidden."""


async def hear_check(ask: Talk, asset: str, side: str) -> Heard:
    said = await ask(f"/check {asset} {side}")
    advice = SAID[said.splitlines()[0].partition(" · ")[2]]
    assert ask.reply.data["advice"] == advice
    return advice, f"The market has turned against a {side} (" in said


async def hear_size(ask: Talk, asset: str, side: str) -> Heard | None:
    """None where nothing is sized for want of a price."""
    said = await ask(f"/size {asset} 2x {side} 10k")
    if "NO ANSWER" in said:
        return None
    now = next(line for line in said.splitlines() if line.startswith("Now "))
    advice = SAID.get(
        now.rpartition(": ")[2].rstrip("."), Advice.PROCEED
    )  # unsaid beside a verdict that is no yes
    assert ask.reply.data["advice"] == advice
    for told, words in NEW_SIZE.items():
        assert (words in said) == (told is advice)
    return advice, "No adds while that holds." in said


async def hear_regime(ask: Talk, asset: str) -> Heard:
    said = await ask(f"/regime {asset}")
    line = next(one for one in said.splitlines() if one.startswith(tuple(OF_THE_REGIME)))
    advice = next(told for words, told in OF_THE_REGIME.items() if line.startswith(words))
    assert ask.reply.data["long"]["advice"] == advice  # type: ignore[index]
    return advice, "No adds" in line


async def agreed(snapshot: Snapshot) -> Heard:
    """What all of them say of a long; fails where two of them differ, of a short too."""
    ask, asset = talk(snapshot, watched=(snapshot.asset,), now_ms=snapshot.at_ms), snapshot.asset
    heard = {side: await hear_check(ask, asset, side) for side in ("long", "short")}
    for side, told in heard.items():
        assert await hear_size(ask, asset, side) in (told, None), (side, snapshot.at_ms)
    assert await hear_regime(ask, asset) == heard["long"], snapshot.at_ms
    if "no adds" in (await ask(f"/oi {asset}")).lower():
        assert heard["long"][1], snapshot.at_ms
    return heard["long"]


def recorded(recordings: Path, name: str, hours: int) -> Iterator[Snapshot]:
    """A recorded market, so many hours apart, and its end."""
    history, next_ms, last = read_history(sell_off(recordings, name)), 0, None
    for last, _ in replay(history, Rules()):
        if last.at_ms >= next_ms:
            next_ms = last.at_ms + hours * HOUR_MS
            yield last
    if last is not None:
        yield last


def at(recordings: Path, name: str, moment: str) -> Snapshot:
    """A recorded market as it was at a moment (UTC)."""
    until_ms = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)
    *_, (snapshot, _) = replay(read_history(sell_off(recordings, name)), Rules(), until_ms)
    return snapshot


@pytest.mark.parametrize(
    ("name", "moment"),
    [("2020-03-12_covid_BTC", "2020-03-12T12:00"), ("2022-11-08_ftx_BTC", "2022-11-09T12:00")],
)
async def test_in_a_crash_of_which_half_cannot_be_seen_nothing_says_proceed(
    recordings: Path, name: str, moment: str
) -> None:
    snapshot = at(recordings, name, moment)
    assert (await agreed(snapshot))[0] is Advice.REDUCE
    ask = talk(snapshot, watched=("BTC",), now_ms=snapshot.at_ms)
    said = await ask("/check BTC")
    assert "2 of 4 checks cannot be seen here (liquidations, skew): at best half of a new size." in said
    assert ask.reply.data["checks"] == {
        "open_interest": False, "funding": False, "liquidations": None, "skew": None,
    }  # fmt: skip
    assert "No check flashes (2 not seen): REDUCE." in await ask("/size BTC 2x 10k")
    assert ask.reply.data["checks"]["liquidations"] is None


async def test_of_a_coin_seen_by_price_and_funding_alone_half_of_a_new_size_is_the_most() -> None:
    snapshot = market(asset="SOL", lacking=("open_interest", "liquidations", "skew"))
    assert await agreed(snapshot) == (Advice.REDUCE, False)
    said = await talk(snapshot)("/size SOL 2x 10k")
    assert "New size: half (4 checks: 3 not seen)." in said


async def test_what_rolls_over_forbids_adds_in_every_answer(recordings: Path) -> None:
    *_, end = recorded(recordings, "2024-08-05_BTC", 24)
    assert await agreed(end) == (Advice.NO_ADDS, True)
    said = await talk(end, watched=("BTC",), now_ms=end.at_ms)("/regime BTC")
    assert "No adds, rungs are pulled in: OI rolls over (0 of 4 checks on a long, 1 not seen)." in said


@pytest.mark.parametrize(
    "name",
    ["2020-03-12_covid_ETH", "2021-05-19_BTC", "2022-11-08_ftx_BTC", "2024-08-05_BTC", "calm_2023-09_ETH"],
)
async def test_along_a_recorded_market_the_answers_agree(recordings: Path, name: str) -> None:
    heard = {await agreed(snapshot) for snapshot in recorded(recordings, name, 11)}
    assert heard


@pytest.mark.parametrize(("seed", "scenario"), [(7, "sell_off"), (3, "calm")])
async def test_along_a_simulated_market_the_answers_agree(seed: int, scenario: str) -> None:
    simulated, rules = SimulatedMarket(seed, scenario, ("BTC",)), Rules()
    engine, heard = Engine("BTC", rules, "simulated"), set()
    for now_ms, _, observations in simulated.past():
        engine.state.market.observe(observations, now_ms, rules)
    for step, (now_ms, _, observations) in enumerate(simulated.days()):
        snapshot, _ = engine.step(now_ms, observations)
        if step % (4 if snapshot.regime.state is State.CROWDING else 9) == 0:
            heard.add(await agreed(snapshot))
    assert len(heard) > 1 or scenario == "calm"


async def test_whatever_is_raised_unseen_or_stale_the_answers_agree() -> None:
    dice, heard = Random(44), set()
    flags = (*FLAGS, "off_peak", "down", "up", "lb", "lc_short", "lb_short", "ks_call", "vol_hi")
    for _ in range(150):
        raised = [flag for flag in flags if dice.random() < 0.25]
        hidden = {name: dice.random() for name in ("liquidations", "open_interest", "funding", "skew")}
        lacking = tuple(name for name, chance in hidden.items() if chance < 0.2)
        silent = tuple(name for name, chance in hidden.items() if chance > 0.8)
        heard.add(await agreed(market(*raised, lacking=lacking, silent=silent)))
    assert {advice for advice, _ in heard} == set(Advice)
    assert (Advice.REDUCE, True) in heard
