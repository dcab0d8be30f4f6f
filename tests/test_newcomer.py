"""The newcomer's clock: a fresh clone, nothing installed, `make run`, and how long a person waits."""

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
FIRST_WORD_S = 2.0
FIRST_ANSWER_S = 3.0
WHOLE_DEMO_S = 60.0
INHERITED = ("VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONPATH")


@dataclass(frozen=True, slots=True)
class Line:
    """What was said, and how many seconds after the start."""

    after_s: float
    said: str


def make_run(clone: Path) -> Iterator[Line]:
    """Give every line of `make run </dev/null` as it comes; its end must be a good one."""
    environment = {name: value for name, value in os.environ.items() if name not in INHERITED}
    environment.pop("PYTEST_CURRENT_TEST", None)
    began = time.monotonic()
    with subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env={name: value for name, value in environment.items() if not name.startswith("SEAWALL_")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            yield Line(time.monotonic() - began, line.rstrip())
    assert running.returncode == 0


def first_answer(lines: list[Line]) -> Line:
    """The line after the first command typed."""
    typed = next(place for place, line in enumerate(lines) if line.said.startswith("> "))
    return lines[typed + 1]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_newcomer_sees_progress_at_once_and_an_answer_soon_after_installing(tmp_path: Path) -> None:
    clone = tmp_path / "seawall"
    subprocess.run(["git", "clone", "--quiet", str(HOME), str(clone)], check=True)
    first = list(make_run(clone))
    again = list(make_run(clone))
    installed = next(
        line for line in first if "packages" in line.said and "(once)" in line.said and " in " in line.said
    )
    after_install_s = first_answer(first).after_s - installed.after_s
    print(
        f"\nnewcomer's clock: first word {first[0].after_s:.2f} s | installed {installed.after_s:.1f} s"
        f" | first answer {after_install_s:.2f} s later | second start, first answer {first_answer(again).after_s:.2f} s"
        f" | whole demo, piped, {again[-1].after_s:.1f} s",
    )
    assert first[0].after_s < FIRST_WORD_S
    assert again[0].after_s < FIRST_WORD_S
    assert after_install_s < FIRST_ANSWER_S
    assert first_answer(again).after_s < FIRST_ANSWER_S
    assert again[-1].after_s < WHOLE_DEMO_S
