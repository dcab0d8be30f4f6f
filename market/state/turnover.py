"""The perpetual's turnover as it is remembered to measure liquidations by: the last five minutes, hour and day, US dollars.

It is that of the venue whose candles are read, as all volume here: a share of it is to be compared with its own past.
"""

from dataclasses import dataclass, field

from market.evidence_rules import HOLE_OF_DAY_MS, HOLE_OF_HOUR_MS
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, Candle
from market.rolling import RollingSum
from market.state.hours import volume_of

FIVE_MS = 5 * MINUTE_MS


@dataclass(slots=True)
class TurnoverWindows:
    """Sums of closed buckets of five minutes, of whole candles where these are longer; `five_usd` is the newest, None unknown.

    `slot_usd` is what was traded so far in the bucket that ends at `slot_ms`, of which `covered_ms` are told.
    """

    at_ms: int = 0
    hour_since_ms: int = 0
    day_since_ms: int = 0
    slot_ms: int = 0
    slot_usd: float = 0.0
    covered_ms: int = 0
    five_usd: float | None = None
    hour: RollingSum = field(default_factory=lambda: RollingSum(HOUR_MS))
    day: RollingSum = field(default_factory=lambda: RollingSum(DAY_MS))

    def observe(self, candle: Candle) -> None:
        """Take the next candle; one without a volume is a hole."""
        usd = volume_of(candle)
        if usd is None or candle.known_at_ms <= self.at_ms:
            return
        hole_ms = candle.open_at_ms - self.at_ms
        if hole_ms > HOLE_OF_HOUR_MS:
            self.hour_since_ms = candle.open_at_ms
        if hole_ms > HOLE_OF_DAY_MS:
            self.day_since_ms = candle.open_at_ms
        self.at_ms = candle.known_at_ms
        end_ms = candle.known_at_ms if candle.step_ms > FIVE_MS else -(-self.at_ms // FIVE_MS) * FIVE_MS
        if self.covered_ms and self.slot_ms != end_ms:
            self._close()
        self.slot_ms, self.slot_usd = end_ms, self.slot_usd + usd
        self.covered_ms += candle.step_ms
        if self.at_ms == end_ms:
            self._close()

    def hour_usd(self) -> float | None:
        """Turnover of the last hour that closed in full buckets; None where a part of it is not known."""
        return self.hour.total if self.at_ms - self.hour_since_ms >= HOUR_MS else None

    def day_usd(self) -> float | None:
        """Turnover of the last 24 hours; None where much of it is not known."""
        return self.day.total if self.at_ms - self.day_since_ms >= DAY_MS else None

    def _close(self) -> None:
        self.hour.offer(self.slot_ms, self.slot_usd)
        self.day.offer(self.slot_ms, self.slot_usd)
        self.five_usd = self.slot_usd if self.covered_ms == FIVE_MS else None
        self.slot_usd, self.covered_ms = 0.0, 0
