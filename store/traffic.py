"""What went to the server and came back in this process, in plain counts; and since when nothing comes back."""

from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """Calls (blocks of a connection) that were answered, and that were not. Times are seconds of the process's own clock.

    `away_s` is when the first call of now was left unanswered, None while the server answers; a refusal is an answer.
    """

    reads: int = 0
    writes: int = 0
    failed_reads: int = 0
    failed_writes: int = 0
    outages: int = 0
    away_s: float | None = None
    was_away_s: float = 0.0
    """How long the server was away in all, up to the last time it came back."""

    def answered(self, now_s: float, *, is_write: bool) -> None:
        """The server did what it was asked."""
        if is_write:
            self.writes += 1
        else:
            self.reads += 1
        self.heard(now_s)

    def failed(self, now_s: float, *, is_write: bool, is_refusal: bool) -> None:
        """The server refused, or said nothing."""
        if is_write:
            self.failed_writes += 1
        else:
            self.failed_reads += 1
        if is_refusal:
            self.heard(now_s)
        elif self.away_s is None:
            self.outages, self.away_s = self.outages + 1, now_s

    def heard(self, now_s: float) -> None:
        """The server is there."""
        if self.away_s is not None:
            self.was_away_s, self.away_s = self.was_away_s + now_s - self.away_s, None

    def away_for_s(self, now_s: float) -> float:
        """How long the server has said nothing, 0 while it answers."""
        return 0.0 if self.away_s is None else now_s - self.away_s
