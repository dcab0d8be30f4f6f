"""Closed bars of any step put together into closed hours: the grid on which everything is ranked."""

from dataclasses import dataclass

from market.observations import HOUR_MS, Candle


@dataclass(slots=True)
class Hour:
    """One hour of candles; complete when its last candle has closed and none is missing."""

    open_at_ms: int
    open_usd: float
    high_usd: float
    low_usd: float
    close_usd: float
    volume_usd: float | None
    covered_ms: int

    @property
    def is_complete(self) -> bool:
        """Whether candles cover the whole hour."""
        return self.covered_ms == HOUR_MS


def price_of(candle: Candle) -> float:
    """The price a candle closes at: the mark price where it is known, else the last trade."""
    return candle.close_usd if candle.mark_close_usd is None else candle.mark_close_usd


def volume_of(candle: Candle) -> float | None:
    """Turnover in US dollars, from coins and the close where the venue gives coins only."""
    if candle.volume_usd is not None:
        return candle.volume_usd
    return None if candle.volume_coins is None else candle.volume_coins * candle.close_usd


def begin_hour(candle: Candle) -> Hour:
    """The hour that `candle` opens."""
    opened = candle.open_at_ms - candle.open_at_ms % HOUR_MS
    return Hour(
        opened,
        candle.open_usd,
        candle.high_usd,
        candle.low_usd,
        candle.close_usd,
        volume_of(candle),
        candle.step_ms,
    )


def extend_hour(hour: Hour, candle: Candle) -> None:
    """Add the next candle of the same hour."""
    hour.high_usd = max(hour.high_usd, candle.high_usd)
    hour.low_usd = min(hour.low_usd, candle.low_usd)
    hour.close_usd = candle.close_usd
    volume = volume_of(candle)
    hour.volume_usd = None if hour.volume_usd is None or volume is None else hour.volume_usd + volume
    hour.covered_ms += candle.step_ms
