"""Real runs of `seawall` in a room of their own: their temporary files, their data, no settings from outside."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Room:
    """A short folder for one test's programs (socket paths have at most 104 characters)."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What the programs find in their environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SEAWALL_")}
        return {
            **kept,
            "TMPDIR": str(self.folder),
            "SEAWALL_DATA_DIR": str(self.folder / "data"),
            "SEAWALL_ALLOW_PRIVATE_URLS": "127.0.0.1",
            "TERM": "dumb",
            "COLUMNS": "80",
            **self.settings,
        }

    def run(self, *words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run `seawall` to its end, with nothing to read."""
        return subprocess.run(
            self._command(words),
            env=self.environment,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            **options,
        )

    def start(self, *words: str | Path, **options: Any) -> subprocess.Popen[str]:
        """Start `seawall` and give the running program."""
        standard = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        running = subprocess.Popen(
            self._command(words), env=self.environment, text=True, **{**standard, **options}
        )
        self.started.append(running)
        return running

    def clear(self) -> None:
        """End what still runs and close what is still open."""
        for running in self.started:
            running.kill()
            running.wait()
            for pipe in (running.stdin, running.stdout, running.stderr):
                if pipe is not None:
                    pipe.close()
        for line in self.servers():
            with suppress(ProcessLookupError):
                os.kill(int(line.split()[0]), signal.SIGKILL)

    def is_empty(self) -> bool:
        """Whether no private server of this room is left, neither its folder nor its process."""
        left = list(self.folder.glob("seawall-*/once-*"))
        return not left and not self.servers()

    def servers(self) -> list[str]:
        """The servers that run with files of this room, or in its folder: process id and command line."""
        listed = subprocess.run(
            ["ps", "-wweo", "pid,args"], capture_output=True, text=True, check=True
        ).stdout
        found = [line for line in listed.splitlines() if "valkey-server" in line]
        return [line for line in found if str(self.folder) in f"{line} {_works_in(int(line.split()[0]))}"]

    @staticmethod
    def _command(words: tuple[str | Path, ...]) -> list[str]:
        return [sys.executable, "-m", "bot", *map(str, words)]


def _works_in(process: int) -> str:
    """The folder a process works in, "" where that is not told: a server of a data folder does not name it in its arguments."""
    try:
        return str(Path(f"/proc/{process}/cwd").readlink())
    except OSError:
        return ""


@contextmanager
def room() -> Iterator[Room]:
    """A room that is cleared at the end."""
    folder = Path(tempfile.mkdtemp(prefix="sw-", dir="/tmp"))
    made = Room(folder)
    try:
        yield made
    finally:
        made.clear()
        shutil.rmtree(folder, ignore_errors=True)


def cut_off(here: Room) -> Room:
    """The room, from which no exchange can be reached: nobody listens at that port."""
    for venue in ("BINANCE", "BYBIT", "OKX", "DERIBIT", "HYPERLIQUID"):
        here.settings[f"SEAWALL_{venue}_REST_URL"] = "http://127.0.0.1:9"
        here.settings[f"SEAWALL_{venue}_WS_URL"] = "ws://127.0.0.1:9"
    return here


def eventually(claim: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """Whether the claim becomes true in time; asked again and again, since a process of its own makes it so."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if claim():
            return True
        time.sleep(0.02)
    return claim()
