"""The loop of every fuzzer: an input made, tried and judged, timed by itself, and kept where something is wrong.

Time is CPU time of the thread that answers, so that other processes are not blamed; garbage is collected between inputs and
not within one; what the oracle and the stand-ins for servers take is taken off. An input that took too long is tried twice
more and the shortest time counts: a first time also pays for what is loaded and remembered, and for the pages of the machine.
"""

import asyncio
import gc
import json
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from random import Random
from typing import Any, Protocol

import structlog

MOST_MS = 20.0
"""Longer than this no input may take (issue 9)."""
COLLECTED_EVERY = 2_000
MOST_FAILURES = 50
HANDLED = frozenset({"CommandSignatureMismatch", "NotFound", "HTTPException"})
"""What discord.py catches itself while words are offered: Discord shows options of another version, or waits no longer."""
LOOKED_INTO = 12
"""So many failures are tried by themselves: what fails more often fails of the same cause."""
RAISES = "telegram.request"
"""A logger of the library that tells what is raised all the same."""
CORPUS = Path(__file__).parent / "corpus"
BUCKETS_US = tuple(round(10 * 1.15**power) for power in range(70))


class Wrong(Exception):
    """What the oracle has to say of an answer."""


class Target(Protocol):
    """What is fuzzed."""

    name: str
    before: list[Any]
    """The inputs that led here since it last began anew."""

    def input(self, dice: Random) -> Any:
        """The next input, of what JSON can hold."""

    async def answer(self, given: Any) -> Any:
        """Take the input as production would; whatever it raises is unhandled. This is what is timed."""

    def judge(self, given: Any, answered: Any) -> str:
        """How it went, in a word to be counted. Raises Wrong."""

    async def end(self) -> None:
        """Put everything away."""

    def besides_ns(self) -> int:
        """CPU time since the last call that stand-ins took, not production."""


@dataclass(slots=True)
class Failure:
    """An input that went wrong."""

    target: str
    number: int
    given: Any
    why: str
    before: list[Any] = field(default_factory=list)

    def save(self, folder: Path = CORPUS) -> Path:
        """Keep it as a file of the corpus."""
        kept = {"target": self.target, "why": self.why[:2_000], "before": self.before, "given": self.given}
        told = json.dumps(kept, indent=1)
        name = blake2b(told.encode(), digest_size=6).hexdigest()
        path = folder / f"{self.target}-{name}.json"
        folder.mkdir(exist_ok=True)
        path.write_text(told + "\n", encoding="ascii")
        return path


@dataclass(slots=True)
class Report:
    """What a fuzzer has to tell."""

    target: str
    seed: int
    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    times: Counter[int] = field(default_factory=Counter)
    slowest_us: float = 0.0
    slowest: Any = None
    failures: list[Failure] = field(default_factory=list)
    cpu_s: float = 0.0

    def took(self, us: float, given: Any) -> None:
        """Note the time of an input."""
        self.times[next((place for place, most in enumerate(BUCKETS_US) if us <= most), len(BUCKETS_US))] += 1
        if us > self.slowest_us:
            self.slowest_us, self.slowest = us, given

    def within_us(self, share: float) -> float:
        """A time within which that share of the inputs was answered, to 15 %."""
        seen = 0
        for place in sorted(self.times):
            seen += self.times[place]
            if seen >= share * self.inputs:
                return BUCKETS_US[min(place, len(BUCKETS_US) - 1)]
        return 0.0

    def lines(self) -> Iterator[str]:
        """The report in words."""
        outcomes = ", ".join(f"{name} {count:,}" for name, count in self.outcomes.most_common())
        yield f"{self.target}: {self.inputs:,} inputs of seed {self.seed}; {len(self.failures)} wrong; {outcomes}"
        yield (
            f"  half within {self.within_us(0.5):.0f} us, 99 % within {self.within_us(0.99):.0f} us, slowest "
            f"{self.slowest_us / 1_000:.2f} ms (at most {MOST_MS:.0f} ms); {self.cpu_s:.0f} s of CPU"
        )
        yield f"  slowest: {json.dumps(self.slowest)[:300]}"
        for failure in self.failures:
            yield f"  WRONG, input {failure.number}: {failure.why[-700:]}\n    {json.dumps(failure.given)[:400]}"


class Complaints(logging.Handler):
    """Everything that production logs as an error: what was caught and called unhandled there is so here."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []
        self.formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        slip = None if record.exc_info is None else type(record.exc_info[1]).__name__
        is_handled = record.name == "discord.app_commands.tree" and slip in HANDLED
        if is_handled or record.name.startswith(RAISES):
            return
        if len(self.said) < MOST_FAILURES:
            self.said.append(self.format(record))


@contextmanager
def complaints() -> Iterator[Complaints]:
    """What is logged as an error within the block; a message of lesser weight is not even made."""
    heard, root = Complaints(), logging.getLogger()
    before, level = structlog.get_config(), root.level
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        cache_logger_on_first_use=False,
    )
    root.addHandler(heard)
    root.setLevel(logging.ERROR)
    disabled = root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield heard
    finally:
        logging.disable(disabled)
        root.removeHandler(heard)
        root.setLevel(level)
        structlog.configure(**before)


@contextmanager
def no_garbage() -> Iterator[None]:
    """Nothing is collected within the block unless it says so; what is there already is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


async def drive(target: Target, seed: int, inputs: int) -> Report:
    """Try so many inputs of a seed."""
    report, dice = Report(target.name, seed), Random(f"{seed}:{target.name}")
    began_s = time.process_time()
    asyncio.get_running_loop().set_exception_handler(_unhandled)
    with complaints() as heard, no_garbage():
        for number in range(inputs):
            if number % COLLECTED_EVERY == 0:
                gc.collect()
            given = target.input(dice)
            why = await tried(target, given, heard, report)
            if why is not None:
                is_known = len(report.failures) >= LOOKED_INTO
                failure = (
                    Failure(target.name, number, given, why)
                    if is_known
                    else await _failed(target, number, given, why, heard)
                )
                report.failures.append(failure)
                if len(report.failures) >= MOST_FAILURES:
                    break
        await target.end()
    report.cpu_s = time.process_time() - began_s
    return report


async def _failed(target: Target, number: int, given: Any, why: str, heard: Complaints) -> Failure:
    """The failure; with what went before it where it fails only behind that."""
    fresh = type(target)()
    alone = await tried(fresh, given, heard, Report(target.name, 0))
    await fresh.end()
    before = [] if alone is not None else [one for one in target.before if one is not given]
    return Failure(target.name, number, given, why, before)


async def tried(target: Target, given: Any, heard: Complaints, report: Report) -> str | None:
    """What is wrong with what an input is answered with, None where nothing is."""
    report.inputs += 1
    try:
        us, answered = await _timed(target, given)
        outcome = target.judge(given, answered)
        for _ in range(2):
            if us > MOST_MS * 1_000:
                gc.collect()
                us = min(us, (await _timed(target, given))[0])
    except Wrong as wrong:
        return f"wrong: {wrong}"
    except Exception as slip:  # noqa: BLE001, finding these is what it is for
        return "unhandled: " + _told(slip)
    finally:
        said, heard.said = heard.said, []
    report.took(us, given)
    report.outcomes[outcome] += 1
    if said:
        return "logged: " + "\n".join(said)
    return f"slow: {us / 1_000:.1f} ms" if us > MOST_MS * 1_000 else None


async def _timed(target: Target, given: Any) -> tuple[float, Any]:
    target.besides_ns()
    began_ns = time.thread_time_ns()
    answered = await target.answer(given)
    took_ns = time.thread_time_ns() - began_ns
    return (took_ns - target.besides_ns()) / 1_000, answered


def _told(slip: Exception) -> str:
    return logging.Formatter().formatException((type(slip), slip, slip.__traceback__))[-1_500:].strip()


def _unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    logging.getLogger(__name__).error(
        "a task ended: %s", context.get("message"), exc_info=context.get("exception")
    )
