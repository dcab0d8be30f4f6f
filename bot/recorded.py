"""Recorded history at the terminal: one question as of a time, and whole files played through the engine."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from bot.answers import time_text
from bot.running import ANSWERED, WrongRequest
from commands.protocol.dispatch import answer
from commands.protocol.phrases import ORIGINAL
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from market.alerts import Alert, Kind, Severity
from market.hourly import Hourly
from market.observations import Asset
from market.report import alert_line, state_line
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.backtesting import BacktestsOnDemand
from scheduler.engine import Engine
from scheduler.history_files import BadHistory, HistoryFile, merge, read_history
from scheduler.replay import Tally, replay
from store.alerts_log import TOLD_EDGES
from store.in_memory import FeedInMemory, HoursInMemory, SnapshotsInMemory, TiersInMemory, WarnedInMemory
from store.services import FeedStatus, Services

SOURCE = "history"
MOST_FILES = 400
LOOKING_BACK = frozenset({"backtest", "history"})
"""Commands that look back at the hours."""

Say = Callable[[Mapping[str, object]], None]


async def ask_history(
    line: str, paths: Sequence[Path], at_ms: int | None, asset: Asset | None = None, language: str = ""
) -> Reply:
    """The answer to `line` as it would have been at `at_ms`, of the bars closed by then (None: of all bars).

    `asset` is the files' asset where their names do not say it.
    Raises WrongRequest for a file that cannot be read and for a time outside the files.
    """
    files = read_files(paths, asset)
    until_ms = max(file.last_close_ms for file in files) if at_ms is None else at_ms
    snapshots, kept, told = _look(files if at_ms is None else _covering(files, until_ms), until_ms)
    hours = HoursInMemory(kept)
    looks = BacktestsOnDemand(hours, Rules())
    assets = dict.fromkeys(file.asset for file in files)
    last_ms = max(snapshot.at_ms for snapshot in snapshots)
    status = FeedStatus(SOURCE, last_ms, max(file.step_ms for file in files), until_ms - last_ms)
    services = Services(
        SnapshotsInMemory(assets, snapshots),
        FeedInMemory(status),
        hours=hours,
        tiers=TiersInMemory(),
        backtests=looks,
        warned=WarnedInMemory(told),
    )
    if line.split()[:1] and line.split(maxsplit=1)[0].lstrip("/").lower() in LOOKING_BACK:
        for one in assets:
            await looks.of(one)  # seconds of work, before the time of an answer begins
    return await answer(line, Context(services, until_ms, role=Role.OWNER, language=language or ORIGINAL))


def read_files(paths: Sequence[Path], asset: Asset | None = None) -> list[HistoryFile]:
    """Every file, in the order given. Raises WrongRequest with the reason for the first that cannot be read."""
    if len(paths) > MOST_FILES:
        raise WrongRequest(f"{len(paths)} files are more than are read at once ({MOST_FILES}).")
    try:
        return [read_history(path, asset) for path in paths]
    except BadHistory as wrong:
        raise WrongRequest(f"{wrong}.") from wrong


def replay_files(
    paths: Sequence[Path],
    stdout: TextIO,
    *,
    alerts: Path | None = None,
    states: Path | None = None,
    asset: Asset | None = None,
) -> int:
    """Play each file by itself, say what it came to, and write alerts and states as JSON lines where asked for.

    Gives 0. Raises WrongRequest for a file that cannot be read or written.
    """
    with ExitStack() as open_files:
        say_alert, say_state = (_writer(path, open_files) for path in (alerts, states))
        for path in paths:
            (history,) = read_files([path], asset)
            tally = Tally(history.asset)
            for snapshot, fired in replay(history, Rules()):
                tally.count(snapshot, fired, history.first_close_ms)
                say_state(state_line(snapshot))
                for alert in fired:
                    say_alert(alert_line(alert))
            stdout.write("\n".join(told(path, tally)) + "\n")
            stdout.flush()
    return ANSWERED


def told(path: Path, tally: Tally) -> Iterator[str]:
    """What a replay came to, in lines: bars, states, alerts, and how many bars had too little data."""
    yield f"{path.name}: {tally.asset}, {tally.bars} bars"
    states = sorted(tally.states.items(), key=lambda state: -state[1])
    yield "  states: " + ", ".join(f"{state.value} {count}" for state, count in states)
    yield f"  alerts: {_alerts_told(tally.alerts)}"
    if tally.blind_share is None:
        yield "  INSUFFICIENT DATA: shorter than the warm-up of 7 days"
    else:
        share = f"{tally.blind_share:.1%}"
        yield f"  INSUFFICIENT DATA after warm-up: {tally.blind} of {tally.warm} bars ({share})"


def _alerts_told(alerts: Iterable[Alert]) -> str:
    """How many alerts of each kind and edge, and when each wave became loud (a warning or more)."""
    told = list(alerts)
    counts = Counter(f"{alert.kind} {alert.edge}" for alert in told)
    if not counts:
        return "none"
    waves: dict[str, str] = {}
    for alert in told:
        if alert.kind is Kind.CASCADE and alert.severity is not Severity.WATCH:
            waves.setdefault(alert.id, f"{alert.severity} {time_text(alert.at_ms)}")
    said = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
    return f"{said}; {', '.join(waves.values())}" if waves else said


def _covering(files: Sequence[HistoryFile], at_ms: int) -> list[HistoryFile]:
    """The files of every asset whose bars reach around `at_ms`. Raises WrongRequest where none does."""
    spans = {asset: _spans(files, asset) for asset in dict.fromkeys(file.asset for file in files)}
    inside = {asset for asset, reach in spans.items() if any(first <= at_ms <= last for first, last in reach)}
    if not inside:
        there = ", ".join(
            f"{asset} {time_text(first)} to {time_text(last)}"
            for asset, reach in spans.items()
            for first, last in reach
        )
        raise WrongRequest(f"{time_text(at_ms)} is outside the files: {there}.")
    return [file for file in files if file.asset in inside]


def _spans(files: Sequence[HistoryFile], asset: Asset) -> list[tuple[int, int]]:
    """From when to when bars of the asset close; files that lie apart are apart, those that adjoin are one."""
    spans: list[tuple[int, int]] = []
    for file in sorted((file for file in files if file.asset == asset), key=lambda file: file.first_close_ms):
        if spans and file.first_close_ms <= spans[-1][1] + file.step_ms:
            spans[-1] = spans[-1][0], max(spans[-1][1], file.last_close_ms)
        else:
            spans.append((file.first_close_ms, file.last_close_ms))
    return spans


def _look(
    files: Sequence[HistoryFile], until_ms: int
) -> tuple[tuple[Snapshot, ...], Mapping[Asset, Hourly], list[Alert]]:
    """The last snapshot of each asset as of one time, its hours, and what was warned of until then.

    One whose bars end earlier is looked at with what is old.
    """
    engines: dict[Asset, Engine] = {}
    latest: dict[Asset, Snapshot] = {}
    told: list[Alert] = []
    for now_ms, asset, observations in merge(list(files), until_ms):
        engine = engines.setdefault(asset, Engine(asset, Rules(), SOURCE))
        latest[asset], alerts = engine.step(now_ms, observations)
        told += [alert for alert in alerts if alert.edge in TOLD_EDGES]
    at_ms = max(snapshot.at_ms for snapshot in latest.values())
    for asset, engine in engines.items():
        if latest[asset].at_ms < at_ms:
            latest[asset], _ = engine.step(at_ms, ())
    hours = {asset: engine.state.market.hours for asset, engine in engines.items()}
    return tuple(latest.values()), hours, told


def _writer(path: Path | None, open_files: ExitStack) -> Say:
    """Something that writes one JSON object a line to `path`, or nowhere."""
    if path is None:
        return lambda _: None
    try:
        stream = open_files.enter_context(path.open("w", encoding="utf-8"))
    except OSError as failure:
        raise WrongRequest(f"{path} cannot be written: {failure.strerror}.") from failure

    def say(line: Mapping[str, object]) -> None:
        stream.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")

    return say
