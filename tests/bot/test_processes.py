"""Names of processes: none twice, and a dead one is known as dead where it can be known."""

import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from bot.processes import is_dead, this_process


def name_of_another(host: str | None = None) -> tuple[subprocess.Popen[str], str]:
    """A process that waits, and its name."""
    code = "from bot.processes import this_process; import sys; print(this_process(), flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    return other, other.stdout.readline().strip()


def test_no_two_names_are_equal() -> None:
    assert this_process() != this_process()


def test_a_process_is_dead_when_it_was_killed_whether_or_not_it_was_buried() -> None:
    other, name = name_of_another()
    with other:
        assert not is_dead(name)
        other.kill()
        while not is_dead(name):
            pass
        other.wait()
        assert is_dead(name)


def test_a_process_that_proc_hides_because_it_is_another_users_is_not_taken_for_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = this_process()

    def hidden(_: Path) -> NoReturn:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", hidden)
    assert not is_dead(mine)
    host, _, there, chance = mine.rsplit(":", 3)
    assert not is_dead(f"{host}:1:{there}:{chance}")
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    assert is_dead(f"{host}:{gone.pid}:{there}:{chance}")


def test_nothing_is_said_of_a_process_of_elsewhere_or_of_a_name_that_is_none() -> None:
    mine = this_process()
    assert not is_dead(mine)
    host, _, _, chance = mine.rsplit(":", 3)
    assert not is_dead(f"{host}:999999999:00000000:{chance}")
    for name in ("", "a", "a:b:c:d", ":::", "a:1:-:x"):
        assert not is_dead(name)
