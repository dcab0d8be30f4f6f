"""What price and open interest did hour by hour: does leverage leave on down moves and stay away on up moves (section 4)."""

from collections import deque
from dataclasses import dataclass, field
from math import log

from market.formulas.open_interest import digestion, moving_hours
from market.observations import HOUR_MS
from market.rules import OpenInterestRules


@dataclass(slots=True)
class HourlyPairs:
    """The last hours' log returns beside the log changes in coins, and what they come to, kept ready.

    `falling` and `rising` are the mean changes in hours that fell and rose, None where too few did. `price_usd` and
    `coins` are those at `grid_ms`.
    """

    grid_ms: int = 0
    price_usd: float = 0.0
    coins: float = 0.0
    times: deque[int] = field(default_factory=deque)
    returns: deque[float] = field(default_factory=deque)
    changes: deque[float] = field(default_factory=deque)
    falling_hours: int = 0
    rising_hours: int = 0
    falling: float | None = None
    rising: float | None = None
    is_digesting: bool | None = None

    def close_hour(
        self,
        grid_ms: int,
        price_usd: float | None,
        coins: float,
        sigma_1h: float | None,
        rules: OpenInterestRules,
    ) -> None:
        """Take the hour that closed at `grid_ms`; it makes a pair with the one before, if that is known."""
        oldest_ms = grid_ms - rules.digest_hours * HOUR_MS
        while self.times and self.times[0] <= oldest_ms:
            for kept in (self.times, self.returns, self.changes):
                kept.popleft()
        if price_usd is None or price_usd <= 0.0 or coins <= 0.0:
            return
        if grid_ms - self.grid_ms == HOUR_MS:
            self.times.append(grid_ms)
            self.returns.append(log(price_usd / self.price_usd))
            self.changes.append(log(coins / self.coins))
        self.grid_ms, self.price_usd, self.coins = grid_ms, price_usd, coins
        self._judge(sigma_1h, rules)

    def _judge(self, sigma_1h: float | None, rules: OpenInterestRules) -> None:
        self.falling_hours = self.rising_hours = 0
        self.falling = self.rising = self.is_digesting = None
        if sigma_1h is None:
            return
        self.falling_hours, self.rising_hours = moving_hours(
            self.returns, rules.digest_move_sigmas * sigma_1h
        )
        found = digestion(
            self.returns,
            self.changes,
            sigma_1h,
            band_sigmas=rules.digest_move_sigmas,
            least_hours=rules.digest_least_hours,
            falling_below=rules.digest_decline,
            rising_share=rules.digest_hold_share,
        )
        if found is not None:
            self.falling, self.rising, self.is_digesting = found.falling, found.rising, found.is_digesting
