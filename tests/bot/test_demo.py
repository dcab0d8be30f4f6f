"""The demo as a newcomer meets it: real processes, a real private Valkey, piped and at a terminal."""

import os
import pty
import re
import select
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.programs import Room, eventually, room

HOUSE = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(
    300
)  # five exchanges for three days are some work where others work beside it
PLAYED_WITHIN_S = 200.0
SIMULATED = "SEAWALL DEMO - SIMULATED market, seed 7. No token, no real prices."
PROGRESS = re.compile(r"^\[SIM d(\d) (\d\d:\d\d)\] BTC [\d,]+  ([A-Z ]+?)  \d of \d read$", re.MULTILINE)


def play(here: Room, *words: str) -> str:
    """What a demo says that is played to its end, which must be a good one and leave nothing."""
    running = here.start("demo", *words)
    said, complaints = running.communicate(timeout=PLAYED_WITHIN_S)
    assert (running.returncode, complaints) == (0, "")
    assert here.is_empty()
    return str(said)


@pytest.fixture(scope="module")
def piped() -> Iterator[str]:
    """What the demo says to a pipe, played once for all tests that only read it."""
    with room() as here:
        yield play(here)


@pytest.fixture
def here() -> Iterator[Room]:
    with room() as made:
        yield made


def answers_to(command: str, said: str) -> list[str]:
    """Everything said after each time `command` was typed, up to the next thing typed or told."""
    return re.findall(rf"^> {re.escape(command)}\n(.*?)(?=^> |^\[SIM|^End\.)", said, re.MULTILINE | re.DOTALL)


def test_it_begins_with_what_it_is_and_ends_with_what_comes_next(piped: str) -> None:
    lines = piped.splitlines()
    assert lines[0] == SIMULATED
    assert lines[1].startswith("Reading 100 days of past from five exchanges")
    assert lines[2] == "3 simulated days without waiting."
    assert lines[3].startswith("Try: /regime   /size BTC 5x   /why")
    assert lines[-1] == "End. 2 warnings: 1 real, 1 false. Your own bot: make serve (one token)"


def test_what_the_readme_shows_of_it_is_what_it_says(piped: str) -> None:
    readme = (HOUSE / "README.md").read_text("utf-8")
    shown = readme.partition(SIMULATED)[2].partition("```")[0].strip().splitlines()
    assert len(shown) >= 6
    said = iter(piped.splitlines())
    assert [line for line in shown if line not in said] == []  # each after the one before


def test_the_market_passes_through_at_least_four_states(piped: str) -> None:
    states = [state for _, _, state in PROGRESS.findall(piped)]
    assert len(set(states)) >= 4
    assert "UNWINDING" in states
    assert states[0] == "HEALTHY"


def test_simulated_time_goes_on_through_three_days(piped: str) -> None:
    times = [(day, clock) for day, clock, _ in PROGRESS.findall(piped)]
    assert times == sorted(times)
    assert {day for day, _ in times} == {"1", "2", "3"}


@pytest.mark.parametrize("command", ["/regime", "/why", "/size BTC 5x 10k", "/check"])
def test_the_reader_who_is_not_there_asks_before_during_and_after(command: str, piped: str) -> None:
    answers = answers_to(command, piped)
    assert len(answers) == 3
    assert len(set(answers)) == 3
    assert all("SIMULATED" in answer for answer in answers)
    assert not [answer for answer in answers if "went wrong" in answer]


@pytest.mark.parametrize("command", ["/liq", "/funding", "/hedge BTC 50k 30d", "/oi", "/skew"])
def test_each_reading_and_a_hedge_are_asked_for_by_themselves(command: str, piped: str) -> None:
    (answer,) = answers_to(command, piped)
    assert "SIMULATED" in answer
    assert not re.search(r" \? |NO OPTION PRICES|not known here|not kept here|went wrong", answer)
    assert max(map(len, answer.splitlines()[:1])) <= 37


def test_five_exchanges_are_asked_and_heard_and_say_what_of_the_market_they_are(piped: str) -> None:
    (status,) = answers_to("/status", piped)
    for venue in ("Binance", "Bybit", "Deribit", "Hyperliquid", "OKX"):
        assert re.search(rf"^{venue} +ok +\d+s +\d+s +1/1$", status, re.MULTILINE)
    assert "Nothing is blind." in status
    assert "Source: SIMULATED" in status
    assert piped.count("Heard: open interest 100%, funding 100%, liquidations 86% of what is open.") >= 4


def test_nonsense_is_answered_with_a_reason_and_an_example(piped: str) -> None:
    (answer,) = answers_to("/size btc banana", piped)
    assert '"banana" is no leverage' in answer
    assert "Example: /size BTC 5x 10k" in answer


def test_a_warning_that_comes_to_nothing_is_closed_as_a_false_alarm_before_the_real_wave(piped: str) -> None:
    assert "! WARNING #" in piped
    assert piped.index("FALSE ALARM") < piped.index("!! CRITICAL #")
    assert "RESOLVED" in piped[piped.index("!! CRITICAL #") :]


def test_what_happens_to_a_stated_plan_is_told_as_it_happens_and_each_rung_once(piped: str) -> None:
    told = re.findall(
        r"^\[SIM d\d \d\d:\d\d\] !!? BTC 5x long (p\w+) · (TRIM|HEDGE|OUT|RISK|MAX LOSS)$",
        piped,
        re.MULTILINE,
    )
    assert [what for _, what in told if what != "RISK"] == ["MAX LOSS", "TRIM", "HEDGE", "OUT"]
    first = piped[piped.index("· MAX LOSS") : piped.index("· TRIM")]
    assert "The market has turned against it" in first  # before the first rung is reached
    assert {name for name, _ in told} == set(re.findall(r"BTC 5x long (p\w+) · KEPT", piped))
    assert "has reached your exit rung" in piped


def test_the_time_between_two_looks_of_the_demo_is_no_gap_in_the_watch(piped: str) -> None:
    assert "Not watched" not in piped
    before_the_end, after = answers_to("/positions", piped)
    assert "max loss reached" in before_the_end
    assert "max loss reached" in after


@pytest.mark.slow
def test_a_calm_market_warns_of_nothing_and_is_still_asked(here: Room) -> None:
    said = play(here, "--scenario", "calm", "--seed", "3")
    assert "seed 3" in said
    assert "End. 0 warnings." in said
    assert len(answers_to("/regime", said)) == 3


@pytest.mark.parametrize(
    "words", [("--scenario", "boom"), ("--speed", "0"), ("--speed", "nan"), ("--seed", "x")]
)
def test_a_wrong_option_is_a_wrong_request(words: tuple[str, str], here: Room) -> None:
    done = here.run("demo", *words)
    assert done.returncode == 2
    assert words[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_who_has_enough_ends_it(here: Room) -> None:
    running = here.start("demo")
    assert running.stdout is not None
    assert running.stdout.readline().rstrip() == SIMULATED
    running.stdout.close()
    assert running.wait(30) == 0
    assert running.stderr is not None
    assert running.stderr.read() == ""
    assert eventually(here.is_empty)


def test_it_does_without_any_standard_input(here: Room) -> None:
    running = here.start("demo", stdin=None, preexec_fn=lambda: os.close(0))
    assert running.stdout is not None
    assert next(line for line in iter(running.stdout.readline, "") if line.startswith("> /regime"))
    running.stdout.close()
    assert running.wait(30) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_it_stops_and_leaves_nothing_behind(number: signal.Signals, here: Room) -> None:
    running = here.start("demo", "--speed", "1")
    assert running.stdout is not None
    lines = iter(running.stdout.readline, "")
    assert next(line for line in lines if line.startswith("Try:"))
    running.send_signal(number)
    assert running.wait(10) == 0
    assert eventually(here.is_empty)


def test_killed_it_leaves_no_server_behind(here: Room) -> None:
    running = here.start("demo", "--speed", "1")
    assert running.stdout is not None
    assert next(line for line in iter(running.stdout.readline, "") if line.startswith("Try:"))
    running.kill()
    running.wait(10)
    assert eventually(here.is_empty)


# ------------------------------------------------------------------------------------------ at a terminal


class Person:
    """Somebody at a terminal who types and reads."""

    def __init__(self, here: Room, *words: str) -> None:
        self.keys, inside = pty.openpty()
        self.running = here.start(
            "demo", *words, stdin=inside, stdout=inside, stderr=inside, start_new_session=True
        )
        os.close(inside)
        self.seen = ""

    def types(self, keys: str) -> None:
        os.write(self.keys, keys.encode())

    def sees(self, text: str, within_s: float = 30.0) -> bool:
        """Whether `text` comes up, anywhere after what was seen last."""
        until = time.monotonic() + within_s
        while text not in self.seen and time.monotonic() < until:
            if select.select([self.keys], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.keys, 65_536).decode(errors="replace")
                except OSError:
                    break
        found = text in self.seen
        self.seen = self.seen.partition(text)[2]
        return found

    def leaves(self) -> int:
        """Read to the end, since a full terminal would hold the program up, and give its exit code."""
        assert not self.sees("something that is never said", within_s=15.0)
        os.close(self.keys)
        return self.running.wait(15)


def test_a_person_asks_follows_a_shortcut_and_says_goodbye(here: Room) -> None:
    person = Person(here)
    assert person.sees(SIMULATED)
    assert person.sees("1 s = 20 min")
    assert person.sees("> ")
    person.types("/regime\n")
    assert person.sees("SIMULATED market")
    assert person.sees("[1] Why")
    person.types("1\n")
    assert person.sees("why ")
    person.types("pause\n")
    assert person.sees("stands still")
    person.types("quit\n")
    assert person.leaves() == 0
    assert here.is_empty()


def test_market_time_waits_for_a_half_typed_line(here: Room) -> None:
    person = Person(here, "--speed", "240")
    assert person.sees("[SIM d1 00:15]")
    person.types("/reg")
    assert person.sees("/reg")
    assert not person.sees("[SIM", within_s=1.5)
    person.types("ime\n")
    assert person.sees("SIMULATED market")
    assert person.sees("[SIM")
    person.types("\x04")
    assert person.leaves() == 0


def test_ctrl_c_at_a_terminal_ends_it_and_gives_the_terminal_back(here: Room) -> None:
    person = Person(here)
    assert person.sees("> ")
    person.running.send_signal(signal.SIGINT)
    assert person.leaves() == 0
    assert here.is_empty()


def test_a_terminal_that_is_closed_ends_it(here: Room) -> None:
    person = Person(here)
    assert person.sees("> ")
    os.close(person.keys)
    assert person.running.wait(15) == 0
    assert eventually(here.is_empty)


def test_at_a_terminal_that_can_be_drawn_on_tab_completes_and_ctrl_c_leaves(here: Room) -> None:
    here.settings["TERM"] = "xterm-256color"
    person = Person(here)
    assert person.sees("1 s = 20 min")
    person.types("/reg\tb\t")
    assert person.sees("BTC")
    person.types("\r")
    assert person.sees("SIMULATED market")
    person.types("/forget this\x03")
    person.types("\x03")
    assert person.leaves() == 0
    assert here.is_empty()


@pytest.mark.slow
def test_in_plain_it_is_told_in_words_and_nothing_is_drawn_anew(here: Room) -> None:
    here.settings["TERM"] = "xterm-256color"
    person = Person(here, "--plain", "--speed", "2000")
    for text in ("1 s = 2000 min", "> "):
        assert person.sees(text)
    person.types("/reg\tbtc\n")
    assert person.sees("1: Why")
    assert person.sees("caution WARNING #")
    seen = person.seen
    person.types("quit\n")
    assert person.leaves() == 0
    assert not set("\x1b·█▁") & set(seen)


@pytest.mark.slow
def test_played_to_its_end_the_market_stands_still_and_still_answers(here: Room) -> None:
    person = Person(here, "--speed", "100000")
    assert person.sees("End. ", within_s=PLAYED_WITHIN_S)
    assert person.sees("stands still now")
    person.types("/check\n")
    assert person.sees("SIMULATED market")
    person.types("quit\n")
    assert person.leaves() == 0
