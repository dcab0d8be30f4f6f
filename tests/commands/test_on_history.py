"""Conversations along recorded sell-offs: whatever the market did, every answer is whole, dated and fits."""

from pathlib import Path

import pytest

from commands.protocol.dispatch import outcome
from commands.protocol.phrases import phrases_in
from commands.wording.alert import describe_alert
from market.report import iso
from market.rules import AlertRules, Rules
from scheduler.history_files import read_history
from scheduler.replay import replay
from store.services import FeedStatus
from tests.commands.talking import monospaced, talk
from tests.recorded import sell_off

LINES = (
    "/regime",
    "/why",
    "/check",
    "/check short",
    "/size 5x 10k",
    "/size 3x short 250,000 7d",
    "/scan",
    "/status",
)
EVERY = 37


@pytest.mark.parametrize(
    "name", ["2022-11-08_ftx_BTC", "2024-08-05_BTC", "2021-05-19_ETH", "calm_2023-09_BTC"]
)
async def test_every_answer_along_a_recorded_market_is_whole_and_fits(recordings: Path, name: str) -> None:
    history = read_history(sell_off(recordings, name))
    english, rules = phrases_in("en"), AlertRules()
    asked = 0
    for bar, (snapshot, alerts) in enumerate(replay(history, Rules())):
        for alert in alerts:
            told = describe_alert(alert, english, rules, "history")
            assert [line for line in monospaced(told) if len(line) > 37 or "…" in line] == []
        if bar % EVERY:
            continue
        feed = FeedStatus("history", snapshot.at_ms, history.step_ms, 0)
        ask = talk(snapshot, watched=(snapshot.asset,), feed=feed)
        for line in LINES:
            said = await ask(line)
            asked += 1
            assert outcome(ask.reply) == "answered", (line, snapshot.at_ms, said)
            assert [row for row in monospaced(ask.reply) if len(row) > 37 or "…" in row] == []
            assert iso(snapshot.at_ms)[:10] in said  # dated
            assert "nan" not in said.lower().split()
    assert asked > 50


async def test_without_liquidations_and_skew_no_answer_speaks_of_them_as_seen(recordings: Path) -> None:
    history = read_history(sell_off(recordings, "2022-11-08_ftx_BTC"))
    *_, (snapshot, _) = replay(history, Rules())
    ask = talk(snapshot, watched=("BTC",))
    assert "Liq   ?not seen" in await ask("/regime")
    assert "Not counted: liquidations not seen, skew not seen." in await ask("/why")
    assert "Liquidations are not seen: not counted." in await ask("/size 5x 10k")
