"""Readers of the loopback venue, each in a process of its own: ours, and the peers with their own interpreter."""

import json
import subprocess
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isclose
from pathlib import Path

from benchmarks.loopback.frames import Frames

HOME = Path(__file__).resolve().parents[2]
PEERS = HOME / ".venv-peers" / "bin" / "python"
FOLDER = Path(__file__).parent
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "Seawall": (sys.executable, "-m", "benchmarks.loopback.ours"),
    "cryptofeed": (str(PEERS), str(FOLDER / "peer_cryptofeed.py")),
    "ccxt.pro": (str(PEERS), str(FOLDER / "peer_ccxt.py")),
}
OURS = "Seawall"
DEADLINE_S = 60.0
RELATIVE = 1e-6
"""Bybit tells open interest of both sides and of one, each rounded by itself."""

Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader did: CPU seconds from the first frame to the last, and rows of coin, name, time and value."""

    cpu_s: float
    rows: list[Row]


class Unread(Exception):
    """A reader did not read to the end; why, in its last words."""


def absent_because() -> str | None:
    """Why the peers cannot be measured here, None where they can."""
    if not PEERS.exists():
        return f"no interpreter with the peers at {PEERS.parent.parent.name} (make bench installs benchmarks/peers.txt)"
    tried = subprocess.run(  # noqa: S603 (our own venv)
        [PEERS, "-c", "import ccxt.pro, cryptofeed"], capture_output=True, text=True, check=False
    )
    return tried.stderr.strip().rpartition("\n")[2] if tried.returncode else None


@contextmanager
def served(frames: Frames, many: int, apart_s: float = 0.0) -> Iterator[str]:
    """The loopback venue in a process of its own, its frames in a burst or so far apart; its port."""
    command = [
        *(sys.executable, "-m", "benchmarks.loopback.server"),
        *(frames.venue.value, str(many), str(apart_s)),
    ]
    with subprocess.Popen(  # noqa: S603 (this interpreter)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HOME
    ) as server:
        try:
            yield (server.stdout.readline() if server.stdout else "").strip()
        finally:
            server.terminate()


def read(name: str, frames: Frames, port: str, *, records: bool = False) -> Reading:
    """Let a reader read all frames. Raises Unread."""
    command = [
        *COMMANDS[name],
        frames.venue.value,
        port,
        str(frames.last_ms),
        *(["record"] if records else []),
    ]
    try:
        done = subprocess.run(  # noqa: S603 (the readers named above)
            command, capture_output=True, timeout=DEADLINE_S, check=False, cwd=HOME
        )
    except subprocess.TimeoutExpired:
        raise Unread(f"{name} did not end within {DEADLINE_S:.0f} s") from None
    try:
        told = json.loads(done.stdout)
    except ValueError:
        raise Unread(f"{name}: {done.stderr.decode(errors='replace')[-300:]}") from None
    return Reading(told["cpu_s"], told["rows"])


def differences(ours: Sequence[Row], theirs: Sequence[Row]) -> tuple[int, list[str]]:
    """How many values were compared, and which disagree: at every moment one side told something, both hold the same.

    What only we tell (Binance's index, to cryptofeed) is not compared. Liquidations are compared one by one.
    """
    our_series, their_series = _series(ours), _series(theirs)
    compared, wrong = 0, list[str]()
    for key, said in their_series.items():
        mine = our_series.get(key, [])
        if key[1] == "liquidation":
            pairs = list(zip(said, mine, strict=False))
            wrong += [f"{key}: {len(said)} told, {len(mine)} by us"] if len(said) != len(mine) else []
        else:
            pairs = [*_at(mine, said), *_at(said, mine)]
        compared += len(pairs)
        wrong += [f"{key}: {one} and {other}" for one, other in pairs if not _same(one, other)]
    return compared, wrong


def _series(rows: Sequence[Row]) -> dict[tuple[object, object], list[tuple[int, object]]]:
    """By coin and name, what was told when."""
    found: defaultdict[tuple[object, object], list[tuple[int, object]]] = defaultdict(list)
    for coin, name, at_ms, value in rows:
        found[coin, name].append((int(str(at_ms)), value))
    return found


def _at(
    series: list[tuple[int, object]], moments: list[tuple[int, object]]
) -> Iterator[tuple[tuple[int, object], tuple[int, object]]]:
    """What a series held at the moments of another one, beside what that told then."""
    times = [at_ms for at_ms, _ in series]
    for at_ms, value in moments:
        place = bisect_right(times, at_ms) - 1
        yield (at_ms, series[place][1] if place >= 0 else None), (at_ms, value)


def _same(one: tuple[int, object], other: tuple[int, object]) -> bool:
    (at_ms, value), (other_at_ms, other_value) = one, other
    if at_ms != other_at_ms:
        return False
    if isinstance(value, list) and isinstance(other_value, list):
        return value[0] == other_value[0] and all(map(_close, value[1:], other_value[1:]))
    return _close(value, other_value)


def _close(one: object, other: object) -> bool:
    if not isinstance(one, (int, float)) or not isinstance(other, (int, float)):
        return False
    return isclose(one, other, rel_tol=RELATIVE)
