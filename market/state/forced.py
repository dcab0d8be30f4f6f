"""What was closed by force hour by hour, as the closed hours keep it: the last minutes of an hour may be told late."""

from dataclasses import dataclass, field

from market.evidence_rules import LEAST_OF_HOUR_MS
from market.hourly import Hourly
from market.observations import HOUR_MS, Liquidations

MOST_WAITING = 48
"""So many hours wait for their price; what is older is forgotten."""


@dataclass(slots=True)
class ForcedHour:
    """The sums of the hour that closes at `close_ms` in US dollars, and how much of it was told."""

    close_ms: int
    long_usd: float = 0.0
    short_usd: float = 0.0
    told_ms: int = 0


@dataclass(slots=True)
class ForcedHours:
    """The hours that may still change: those whose price is not known yet, and the newest one. Buckets come in order."""

    waiting: list[ForcedHour] = field(default_factory=list)

    def take(self, said: Liquidations, price_usd: float, hours: Hourly) -> None:
        """Add a bucket, valued at `price_usd`, to the hour in which it ends; one that is among `hours` is mended there."""
        close_ms = -(-said.known_at_ms // HOUR_MS) * HOUR_MS
        if not self.waiting or self.waiting[-1].close_ms < close_ms:
            self._forget(hours)
            self.waiting.append(ForcedHour(close_ms))
        hour = self.waiting[-1]
        hour.long_usd += said.long_coins * price_usd
        hour.short_usd += said.short_coins * price_usd
        hour.told_ms += said.step_ms if said.is_whole else 0
        if close_ms <= hours.last_close_ms:
            _tell(hour, hours)

    def close(self, hours: Hourly) -> None:
        """Put what is known of hours that have closed among `hours`, which hold their price since a moment."""
        for hour in self.waiting:
            if hour.close_ms <= hours.last_close_ms:
                _tell(hour, hours)
        self._forget(hours)

    def _forget(self, hours: Hourly) -> None:
        """Let go of what is kept elsewhere, but for the newest: it may not be over yet."""
        newest = self.waiting[-1:]
        before = [hour for hour in self.waiting[:-1] if hour.close_ms > hours.last_close_ms]
        self.waiting = [*before[-MOST_WAITING:], *newest]


def _tell(hour: ForcedHour, hours: Hourly) -> None:
    if hour.told_ms >= LEAST_OF_HOUR_MS:
        hours.set_liquidated(hour.close_ms, hour.long_usd, hour.short_usd)
