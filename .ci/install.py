"""Install one locked, hashed list of packages and this project into .venv, with a line that moves.

    python3 .ci/install.py requirements.lock .venv/.runtime-installed

Standard library only, since nothing else is there yet. pip's own words go to a log beside the stamp; their
end is shown when something fails. The stamp tells make that there is nothing left to do.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

OLDEST = (3, 11)
OTHERS = ("python3.11", "python3.12", "python3.13", "python3.14")
OURS = ("market", "store", "commands", "scheduler", "bot")
LOG_LINES_SHOWN = 15
SECONDS_BETWEEN_LINES = 10.0  # where the line cannot move, because nobody watches it
HOME = Path(__file__).resolve().parent.parent
VENV = HOME / ".venv"
PYTHON = VENV / "bin" / "python"


class InstallFailed(Exception):
    """What went wrong, as a sentence for the person at the terminal."""


def main() -> int:
    """Give 0 when everything in the lock is installed and the stamp is set."""
    insist_on_python()
    lock, stamp = HOME / sys.argv[1], HOME / sys.argv[2]
    progress = Progress()
    try:
        make_venv()
        install(lock, stamp.with_suffix(".log"), progress)
    except InstallFailed as failure:
        progress.end()
        print(f"Not installed. {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress.end()
        print("Stopped. The same command goes on where this one ended.", file=sys.stderr)
        return 130
    stamp.touch()
    return 0


def insist_on_python() -> None:
    """Go on with a Python that is new enough, looked for under the usual names, or end with a sentence."""
    if sys.version_info >= OLDEST:
        return
    for name in OTHERS:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606 - the same script under a newer Python
    have = ".".join(map(str, sys.version_info[:2]))
    sys.exit(
        f"Seawall needs Python 3.11 or newer; this one is {have}. Try: make PYTHON=/path/to/python3.11 run"
    )


def make_venv() -> None:
    """Have a virtual environment with pip: the one there is, or a new one."""
    if is_ours(VENV) and succeeds(PYTHON, "-m", "pip", "--version"):
        return
    if not succeeds(sys.executable, "-m", "venv", "--clear", VENV):
        raise InstallFailed(
            "This Python cannot make a virtual environment with pip "
            "(on Debian and Ubuntu it comes with python3-venv).",
        )


def is_ours(venv: Path) -> bool:
    """Whether what lies in it starts its own Python: after a folder was moved or copied, it starts that of the other place."""
    if venv.is_symlink():
        return True
    try:
        return str(venv / "bin" / "python") in (venv / "bin" / "pip").read_text()
    except (OSError, UnicodeDecodeError):
        return False


def install(lock: Path, log: Path, progress: Progress) -> None:
    """Install the packages of one lock, then the project itself, editable."""
    names = re.findall(r"^[a-z0-9][\w.-]*(?:\[[^]]*\])?==", lock.read_text(), re.MULTILINE)
    with log.open("w+") as words:
        # Complete lock, so nothing to resolve; wheels only, so that no build can fetch anything without a hash.
        said = run_pip(
            words, progress, len(names), "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", lock
        )
        run_pip(words, None, 0, "--no-deps", "--no-build-isolation", "--no-index", "--editable", HOME)
    succeeds(
        PYTHON, "-m", "compileall", "-q", *(HOME / package for package in OURS)
    )  # the first answer need not wait
    # said when all is here, the project itself as well, and not before
    progress.show(len(names), said, complete=True)
    progress.end()


def run_pip(words: TextIO, progress: Progress | None, listed: int, *arguments: object) -> str:
    """Run `pip install` with its words in the log and what it has got so far on the screen; gives what it said."""
    command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--progress-bar",
        "off",
    ]
    log = Path(words.name)
    with subprocess.Popen(
        [*map(str, command), *map(str, arguments)], stdout=words, stderr=words, cwd=HOME
    ) as pip:
        try:
            while pip.poll() is None:
                if progress:
                    progress.show(listed, log.read_text())
                time.sleep(0.2)
        except KeyboardInterrupt:
            pip.terminate()
            raise
    said = log.read_text()
    if pip.returncode:
        last = "\n".join(said.splitlines()[-LOG_LINES_SHOWN:])
        raise InstallFailed(f"The end of what pip said (all of it: {log.relative_to(HOME)}):\n\n{last}\n")
    return said


def succeeds(*command: object) -> bool:
    """Say whether a command ran and ended well."""
    try:
        return subprocess.run([*map(str, command)], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


class Progress:
    """One line that moves on a terminal, and a line now and then where it is read later."""

    def __init__(self) -> None:
        """Say the first thing at once: a person waits two seconds, not more."""
        self.moves = sys.stdout.isatty()
        self.began = time.monotonic()
        self.said_at = self.began
        self.head = f"Python {sys.version_info[0]}.{sys.version_info[1]} ok"
        print(f"{self.head} | installing (once) ...", end="\r" if self.moves else "\n", flush=True)

    def show(self, listed: int, said: str, *, complete: bool = False) -> None:
        """Say how many packages of those meant for this machine are here."""
        wanted = listed - len(re.findall(r"^Ignoring \S+: markers", said, re.MULTILINE))
        seconds = time.monotonic() - self.began
        if complete:
            self.say(f"{self.head} | packages {wanted}/{wanted} in {seconds:.0f} s (once)")
        elif "\nInstalling collected" in said:
            self.pass_on(
                f"{self.head} | packages {wanted}/{wanted} fetched, unpacking, {seconds:.0f} s (once) ..."
            )
        elif "\nCollecting " in said or said.startswith(("Collecting ", "Requirement ")):
            here = len(re.findall(r"^(?:Collecting|Requirement already) ", said, re.MULTILINE))
            self.pass_on(f"{self.head} | packages {here}/{wanted}, {seconds:.0f} s (once) ...")

    def pass_on(self, line: str) -> None:
        """Say a line that the next one replaces, or leaves out where lines only pile up."""
        if self.moves or time.monotonic() - self.said_at > SECONDS_BETWEEN_LINES:
            self.say(line)

    def say(self, line: str) -> None:
        """Put a line where the last one stood."""
        self.said_at = time.monotonic()
        print(f"\x1b[2K{line}" if self.moves else line, end="\r" if self.moves else "\n", flush=True)

    def end(self) -> None:
        """Leave the last line standing."""
        if self.moves:
            print(flush=True)


if __name__ == "__main__":
    sys.exit(main())
