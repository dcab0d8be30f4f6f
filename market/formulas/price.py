"""Price structure: swings by directional change, drawdown, compression, and shocks in sigmas (quant.md section 1)."""

from dataclasses import dataclass
from enum import StrEnum
from math import erfc, log, sqrt

from market.formulas.logic import all_of

MONTH_HOURS = 720.0


class Trend(StrEnum):
    """Which way the confirmed pivots point."""

    DOWN = "down"
    UP = "up"
    RANGE = "range"


_NUMBERS = {Trend.DOWN: -1.0, Trend.RANGE: 0.0, Trend.UP: 1.0}


def trend_number(trend: Trend | None) -> float | None:
    """A trend as the fact of a reading: -1 down, 0 range, 1 up."""
    return None if trend is None else _NUMBERS[trend]


@dataclass(frozen=True, slots=True)
class Pivot:
    """A confirmed turning point: its price, when it stood, and when it was known (only this may be used in tests)."""

    price_usd: float
    at_ms: int
    confirmed_at_ms: int


def level_of(pivot: Pivot | None) -> float | None:
    """The price of a pivot in US dollars, None where there is none."""
    return None if pivot is None else pivot.price_usd


@dataclass(slots=True)
class Swings:
    """Turning points of closes without look-ahead: a pivot counts from the close that left it by the threshold.

    `rising` tells the direction of the open leg (None: not yet known), `high_usd` and `low_usd` its running extreme;
    both run until the first pivot after the start or a reset. The claims below answer None while pivots are lacking
    and, after `reset`, until one pivot has been confirmed again.
    """

    rising: bool | None = None
    high_usd: float | None = None
    high_at_ms: int = 0
    low_usd: float | None = None
    low_at_ms: int = 0
    last_high: Pivot | None = None
    previous_high: Pivot | None = None
    last_low: Pivot | None = None
    previous_low: Pivot | None = None

    def observe(self, close_usd: float, threshold: float, at_ms: int) -> bool:
        """Add the close of a bar known at `at_ms`; tells whether it confirmed a pivot.

        `threshold` (fraction, 0..1) is that of this step. Closes come in order of time. Raises ValueError for a close
        that is not positive (NaN included) or a threshold outside 0..1.
        """
        if not close_usd > 0.0 or not 0.0 < threshold < 1.0:
            raise ValueError(f"no close of a bar: {close_usd} USD at threshold {threshold}")
        self._extend(close_usd, at_ms)
        if self.low_usd is not None and close_usd >= self.low_usd * (1.0 + threshold):
            self._confirm_low(self.low_usd, close_usd, at_ms)
            return True
        if self.high_usd is not None and close_usd <= self.high_usd * (1.0 - threshold):
            self._confirm_high(self.high_usd, close_usd, at_ms)
            return True
        return False

    def reset(self) -> None:
        """Forget the open leg after a gap: what it did meanwhile is unknown until a pivot is confirmed again."""
        self.rising = self.high_usd = self.low_usd = None
        self.high_at_ms = self.low_at_ms = 0

    def lower_low(self, margin: float) -> bool | None:
        """Whether the last confirmed low lies more than `margin` (fraction) under the one before."""
        return self._under(self.last_low, self.previous_low, margin)

    def higher_low(self, margin: float) -> bool | None:
        """Whether the last confirmed low lies more than `margin` (fraction) over the one before."""
        return self._over(self.last_low, self.previous_low, margin)

    def lower_high(self, margin: float) -> bool | None:
        """Whether the last confirmed high lies more than `margin` (fraction) under the one before."""
        return self._under(self.last_high, self.previous_high, margin)

    def higher_high(self, margin: float) -> bool | None:
        """Whether the last confirmed high lies more than `margin` (fraction) over the one before."""
        return self._over(self.last_high, self.previous_high, margin)

    def lower_low_in_progress(self) -> bool | None:
        """Whether the open leg already runs below the last confirmed low; None without direction or such a low."""
        if self.rising is None or self.last_low is None:
            return None
        return self.low_usd is not None and self.low_usd < self.last_low.price_usd

    def higher_high_in_progress(self) -> bool | None:
        """Whether the open leg already runs above the last confirmed high; None without direction or such a high."""
        if self.rising is None or self.last_high is None:
            return None
        return self.high_usd is not None and self.high_usd > self.last_high.price_usd

    def is_below_last_low(self, close_usd: float, margin: float) -> bool | None:
        """Whether a close broke the last confirmed low by more than `margin` (fraction): the price leg of `brk`."""
        if self.rising is None or self.last_low is None:
            return None
        return close_usd < self.last_low.price_usd * (1.0 - margin)

    @property
    def confirmed_at_ms(self) -> float | None:
        """When the last pivot was confirmed (UTC ms), None where none is: how old what the confirmed ones claim is."""
        pivots = (self.last_low, self.last_high)
        return max([float(one.confirmed_at_ms) for one in pivots if one is not None], default=None)

    def trend(self, margin: float) -> Trend | None:
        """Down on a lower low and a lower high, up on a higher low and a higher high, else range; None if undecided."""
        down = all_of(self.lower_low(margin), self.lower_high(margin))
        up = all_of(self.higher_low(margin), self.higher_high(margin))
        if down:
            return Trend.DOWN
        if up:
            return Trend.UP
        return None if down is None or up is None else Trend.RANGE

    def _extend(self, close_usd: float, at_ms: int) -> None:
        """Move the running extremes that are being tracked; at the start both begin here."""
        if self.high_usd is None and self.low_usd is None:
            self.high_usd = self.low_usd = close_usd
            self.high_at_ms = self.low_at_ms = at_ms
        elif self.high_usd is not None and close_usd > self.high_usd:
            self.high_usd, self.high_at_ms = close_usd, at_ms
        elif self.low_usd is not None and close_usd < self.low_usd:
            self.low_usd, self.low_at_ms = close_usd, at_ms

    def _confirm_low(self, low_usd: float, close_usd: float, at_ms: int) -> None:
        self.previous_low = self.last_low
        self.last_low = Pivot(low_usd, self.low_at_ms, at_ms)
        self.rising, self.low_usd, self.low_at_ms = True, None, 0
        self.high_usd, self.high_at_ms = close_usd, at_ms

    def _confirm_high(self, high_usd: float, close_usd: float, at_ms: int) -> None:
        self.previous_high = self.last_high
        self.last_high = Pivot(high_usd, self.high_at_ms, at_ms)
        self.rising, self.high_usd, self.high_at_ms = False, None, 0
        self.low_usd, self.low_at_ms = close_usd, at_ms

    def _under(self, last: Pivot | None, previous: Pivot | None, margin: float) -> bool | None:
        if self.rising is None or last is None or previous is None:
            return None
        return last.price_usd < previous.price_usd * (1.0 - margin)

    def _over(self, last: Pivot | None, previous: Pivot | None, margin: float) -> bool | None:
        if self.rising is None or last is None or previous is None:
            return None
        return last.price_usd > previous.price_usd * (1.0 + margin)


def swing_threshold(sigma: float, sigmas: float, floor: float, cap: float) -> float:
    """The reversal that confirms a pivot: `sigmas` times the horizon's sigma (fraction), within `floor` and `cap`.

    One sigma of the horizon keeps the number of swings about the same in quiet and in wild markets.
    """
    return min(cap, max(floor, sigmas * sigma))


def drawdown(price_usd: float, highest_usd: float) -> float | None:
    """How far the price is below the highest of a window, as a fraction (0 or less); None without a positive high."""
    return price_usd / highest_usd - 1.0 if highest_usd > 0.0 else None


def log_range(highest_usd: float, lowest_usd: float) -> float | None:
    """ln(highest / lowest) of a window; None unless both are positive."""
    return log(highest_usd / lowest_usd) if highest_usd > 0.0 and lowest_usd > 0.0 else None


def compression_ratio(range_now: float, range_median: float | None) -> float | None:
    """The day's range over its 30-day median; None without a positive median."""
    return range_now / range_median if range_median else None


def is_compressed(
    ratio: float | None, percentile: float | None, ratio_cap: float, percentile_cap: float
) -> bool | None:
    """Whether a range is small against its median and ranks low among its own past."""
    return all_of(
        None if ratio is None else ratio <= ratio_cap,
        None if percentile is None else percentile <= percentile_cap,
    )


def horizon_sigma(sigma_annual: float, hours: float) -> float:
    """An annualised volatility over a horizon, as a fraction: sigma * sqrt(hours / 8760)."""
    return sigma_annual * sqrt(hours / 8_760.0)


def shock(log_return: float, sigma_1h_prior: float | None, hours: float) -> float | None:
    """A move in sigmas of what volatility had been pricing before it began; below zero is a fall.

    `sigma_1h_prior` (fraction per hour) is estimated on data that end where the move begins: a window that holds the
    move dilutes it. None without a positive sigma.
    """
    if sigma_1h_prior is None or sigma_1h_prior <= 0.0:
        return None
    return log_return / (sigma_1h_prior * sqrt(hours))


def gaussian_hits_per_month(shock_threshold: float, hours: float) -> float:
    """How often a month a Gaussian market would fall through the threshold, horizons not overlapping.

    Fat tails multiply it; it is the floor of the false alarms that a threshold buys.
    """
    return MONTH_HOURS / hours * 0.5 * erfc(-shock_threshold / sqrt(2.0))
