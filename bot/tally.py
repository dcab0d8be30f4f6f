"""What this process has done, in plain numbers: counted where it happens, worded only when somebody asks (`bot.health`)."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

ANSWER_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
DELAY_BOUNDS_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 21_600.0)
URGENCIES = ("critical", "warning", "watch")
"""What a row's priority is called: 0, 1 and 2."""

UNKNOWN_COMMAND = "unknown"


@dataclass(slots=True)
class Spread:
    """How often a value fell below each bound, and beyond the last one; `total` is the sum of all values."""

    bounds: tuple[float, ...]
    counts: list[int] = field(init=False)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True)
class Tally:
    """Counts since this process began. No name of a chat or of a person stands in it."""

    deliveries: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By platform, urgency and outcome: sent, edited, repeated, late, expired, refused or dead."""
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Tries that went wrong, by platform and `bot.messenger.Wrong`."""
    delays: dict[tuple[str, str], Spread] = field(default_factory=dict)
    """Seconds from the news to its new message, by platform and urgency."""
    commands: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By platform, command and outcome."""
    answers: dict[str, Spread] = field(default_factory=dict)
    """Seconds to an answer, by command."""
    pings: Counter[str] = field(default_factory=Counter)
    """Of the outside dead-man switch, by outcome: pinged or failed."""

    def delivered(self, platform: str, priority: int, outcome: str, delay_s: float | None = None) -> None:
        """A row came to its end; `delay_s` of a new message."""
        urgency = URGENCIES[priority]
        self.deliveries[platform, urgency, outcome] += 1
        if delay_s is not None:
            known = self.delays.setdefault((platform, urgency), Spread(DELAY_BOUNDS_S))
            known.add(max(0.0, delay_s))

    def answered(self, platform: str, command: str | None, outcome: str, took_s: float) -> None:
        """A line was answered; of a command that is none of ours nothing is kept but that."""
        name = command or UNKNOWN_COMMAND
        self.commands[platform, name, outcome] += 1
        spread = self.answers.get(name)
        if spread is None:
            spread = self.answers[name] = Spread(ANSWER_BOUNDS_S)
        spread.add(took_s)
