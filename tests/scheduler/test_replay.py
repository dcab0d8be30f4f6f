"""Forty recorded sell-offs and calm weeks through the engine: whole, cut, poisoned and restarted."""

import gzip
from pathlib import Path

import pytest

from market.report import alert_line, state_line
from market.rules import Rules
from market.table import State
from scheduler.cycle import ENGINE_STATE
from scheduler.engine import Engine
from scheduler.history_files import HistoryFile, read_history
from scheduler.replay import Tally, replay
from store.codec import decode, encode
from tests.recorded import SELL_OFFS, sell_off

RULES = Rules()
CUTS = (0.15, 0.35, 0.55, 0.75, 0.95)
POISONS = ("nan", "1e9", "")
CALM = (State.HEALTHY, State.STABILISING, State.DIGESTING)

Line = tuple[str, str]


def lines(history: HistoryFile, until_ms: int | None = None) -> list[Line]:
    """What is said at every bar, to the last digit."""
    return [
        (repr(state_line(snapshot)), repr([alert_line(alert) for alert in alerts]))
        for snapshot, alerts in replay(history, RULES, until_ms)
    ]


def poisoned(path: Path, keep: int, poison: str, into: Path) -> Path:
    """A copy of a recorded file whose rows after the first `keep` hold `poison` in every cell but the time."""
    head, *rows = gzip.decompress(path.read_bytes()).decode().splitlines()
    future = [",".join([row.split(",")[0], *[poison] * head.count(",")]) for row in rows[keep:]]
    copy = into / path.name
    copy.write_bytes(gzip.compress("\n".join([head, *rows[:keep], *future]).encode()))
    return copy


@pytest.mark.parametrize("name", SELL_OFFS)
def test_a_recorded_file_replays_with_its_eyes_open(name: str, recordings: Path) -> None:
    history = read_history(sell_off(recordings, name))
    tally = Tally(history.asset)
    for snapshot, alerts in replay(history, RULES):
        tally.count(snapshot, alerts, history.first_close_ms)
        seen = {reading.name for reading in snapshot.readings if reading.presence == "seen"}
        if snapshot.regime.raw in CALM:
            assert {"price", "open_interest", "funding"} <= seen
        for reading in snapshot.readings:
            assert reading.asof_ms is None or reading.asof_ms <= snapshot.at_ms
    assert tally.bars == len(history.opens_ms)
    assert tally.blind_share is not None
    assert tally.blind_share <= 0.05


@pytest.mark.parametrize(
    "name",
    [
        name if place % 4 == 0 else pytest.param(name, marks=pytest.mark.slow)
        for place, name in enumerate(SELL_OFFS)
    ],
)
def test_the_future_of_a_bar_never_changes_an_earlier_answer(
    name: str, recordings: Path, tmp_path: Path
) -> None:
    path = sell_off(recordings, name)
    history = read_history(path)
    whole = lines(history)
    for number, share in enumerate(CUTS):
        keep = int(share * len(history.opens_ms))
        copy = read_history(poisoned(path, keep, POISONS[number % len(POISONS)], tmp_path))
        until_ms = history.opens_ms[keep - 1] + history.step_ms
        assert lines(copy, until_ms) == whole[:keep]


@pytest.mark.parametrize("name", SELL_OFFS[::4])
def test_a_poisoned_future_is_refused_and_does_not_crash(name: str, recordings: Path, tmp_path: Path) -> None:
    for poison in POISONS:
        copy = read_history(poisoned(sell_off(recordings, name), 200, poison, tmp_path))
        last = [snapshot for snapshot, _ in replay(copy, RULES)][-1]
        assert last.regime.state is State.INSUFFICIENT_DATA or poison == "1e9"


@pytest.mark.parametrize("name", SELL_OFFS[::2])
def test_a_restart_at_any_bar_changes_nothing_afterwards(name: str, recordings: Path) -> None:
    history = read_history(sell_off(recordings, name))
    whole = lines(history)
    engine = Engine(history.asset, RULES, "history")
    for position, (now_ms, _, observations) in enumerate(history.steps()):
        if position % 13 == 5:
            state = decode(ENGINE_STATE, encode(ENGINE_STATE, engine.state))
            engine = Engine(history.asset, RULES, "history", state)
        snapshot, alerts = engine.step(now_ms, observations)
        said = (repr(state_line(snapshot)), repr([alert_line(alert) for alert in alerts]))
        assert said == whole[position]
