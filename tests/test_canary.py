"""The watch of conftest does its work: a test that leaks a token fails the run, in one process and in several."""

import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
PLUGINS = ("-p", "tests.conftest", "-p", "no:cacheprovider", "-p", "no:simcord", "-p", "no:hypothesispytest")
LEAKS = """
import sys
from tests.canary import TELEGRAM_TOKEN as TOKEN

def test_a_line_past_the_handler(watched_log):
    watched_log.write("bot" + TOKEN)

def test_a_print():
    print(TOKEN)

def test_a_print_to_stderr():
    print(repr([TOKEN]), file=sys.stderr)

def test_no_leak():
    print("quiet")
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_every_leak_fails_its_test_and_the_run(workers: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "test_leaks.py"
    file.write_text(LEAKS)
    command = [sys.executable, "-m", "pytest", *PLUGINS, "-c", "/dev/null", *workers, str(file)]
    run = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=240, check=False)
    assert run.returncode == 1
    assert "3 failed, 1 passed" in run.stdout
    assert run.stdout.count("the canary token was seen in") >= 3
