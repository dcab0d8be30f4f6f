"""A generated market for the demo: months of past and three days to play, from a seed and a story of causes.

The calm story is a range-bound market and therefore quiet by construction; the sell-off is a story of leverage
(crowding, news, forced selling into thin books). Neither says anything about how often such days happen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, log10, sqrt
from random import Random

from market.observations import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Asset,
    Candle,
    Depth,
    Funding,
    ImpliedVolatility,
    Liquidations,
    Observation,
    OpenInterest,
    Skew,
    Venue,
)
from scheduler.simulator.leverage import Closed, Leverage, pulled, resting_coins
from scheduler.simulator.price import Path, begin_price
from scheduler.simulator.profiles import Profile, profile_of
from scheduler.simulator.sentiment import FUNDING_INTERVAL_H, Felt, Sentiment
from scheduler.simulator.story import Mood, Scenario, Story, tell

START_MS = 1_767_571_200_000
"""Day one begins: 2026-01-05 00:00 UTC, whatever the clock on the wall says."""
PAST_DAYS = 100
PLAYED_DAYS = 3
PAST_STEP_MS = HOUR_MS
PLAYED_STEP_MS = 20 * MINUTE_MS
DEPTH_WITHIN = 0.01
FUNDING_INTERVAL_MS = int(FUNDING_INTERVAL_H * HOUR_MS)

Step = tuple[int, Asset, tuple[Observation, ...]]


@dataclass(frozen=True, slots=True)
class Moment:
    """One step of one coin before it is priced: log prices relative to its start, everything else in its own unit.

    `bid_coins` and `ask_coins` rest within 1 % of the price at its end.
    """

    at_ms: int
    step_ms: int
    path: Path
    volume_coins: float
    open_interest_coins: float
    long_coins: float
    short_coins: float
    settled_8h: float | None
    predicted_8h: float
    skew_30d: float
    skew_7d: float
    implied: float
    bid_coins: float
    ask_coins: float


class SimulatedMarket:
    """A market of some assets from one seed; the same seed, scenario and assets give the same market.

    A `story` of one's own takes the place of the scenario's.
    Raises ValueError for an unknown scenario or asset.
    """

    start_ms = START_MS
    end_ms = START_MS + PLAYED_DAYS * DAY_MS
    step_ms = PLAYED_STEP_MS

    def __init__(
        self,
        seed: int,
        scenario: str = Scenario.SELL_OFF,
        assets: Sequence[Asset] = ("BTC",),
        past_days: int = PAST_DAYS,
        story: Story | None = None,
    ) -> None:
        self.seed = seed
        self.scenario = Scenario(scenario)
        self._story = story
        self._past: dict[Asset, list[Moment]] = {}
        self._days: dict[Asset, list[Moment]] = {}
        self._scale: dict[Asset, float] = {}
        for asset in assets:
            self._generate(asset, past_days)

    def past(self) -> Iterator[Step]:
        """What was known before day one, hour by hour: the time, the asset and what became known by then."""
        return self._told(self._past)

    def days(self) -> Iterator[Step]:
        """The three days to play, in steps of twenty minutes."""
        return self._told(self._days)

    def _generate(self, asset: Asset, past_days: int) -> None:
        profile = profile_of(asset)
        story = self._story or tell(self.scenario, Random(f"{self.seed}:{self.scenario}:story"))
        coin = SimulatedCoin(profile, story, f"{self.seed}:{self.scenario}", asset)
        begin_ms = START_MS - past_days * DAY_MS
        self._past[asset] = [
            coin.step(at_ms, PAST_STEP_MS) for at_ms in range(begin_ms, START_MS, PAST_STEP_MS)
        ]
        self._scale[asset] = profile.start_price_usd * coin.dice.uniform(0.98, 1.02) / exp(coin.price.last)
        self._days[asset] = [
            coin.step(at_ms, PLAYED_STEP_MS) for at_ms in range(START_MS, self.end_ms, PLAYED_STEP_MS)
        ]

    def _told(self, moments: dict[Asset, list[Moment]]) -> Iterator[Step]:
        for together in zip(*moments.values(), strict=True):
            for asset, moment in zip(moments, together, strict=True):
                yield moment.at_ms, asset, observed(moment, self._scale[asset], profile_of(asset).tick_usd)


class SimulatedCoin:
    """One coin as it moves: price first, then what leverage makes of it, then what people pay."""

    def __init__(self, profile: Profile, story: Story, seed: str, asset: Asset) -> None:
        self.dice = Random(f"{seed}:{asset}")
        self._market_dice = Random(f"{seed}:market")
        self._profile, self._story = profile, story
        self.price = begin_price(profile.sigma)
        coins = profile.open_interest_coins
        self._leverage = Leverage(coins, coins)
        self._sentiment = Sentiment(profile.sigma * profile.dvol_usual, profile.dvol_usual)
        self._busy = 0.0

    def step(self, begin_ms: int, step_ms: int) -> Moment:
        """Move on by one step that begins at `begin_ms`."""
        hours, begin_h = step_ms / HOUR_MS, (begin_ms - START_MS) / HOUR_MS
        day_sigma, mood = self.price.usual_day_sigma, self._story.mood(begin_h)
        free = self.price.step(begin_h, hours, self._story, self._market_die(), self.dice)
        before = self._leverage.coins
        closed = self._leverage.step(free, hours, self.price.heat, day_sigma, mood, self.dice)
        self.price.displace(closed.impact)
        self.price.remember(closed.path, hours)
        pressed = (closed.long_coins + closed.stopped_coins - closed.short_coins) / before
        fall_sigmas = (closed.path.begin - closed.path.end) / day_sigma
        felt = Felt(
            hours=hours,
            mood=mood,
            closed_share=max(0.0, pressed),
            fall_sigmas=fall_sigmas,
            variance=self.price.hourly_variance,
        )
        self._sentiment.step(felt, self.dice)
        return self._moment(begin_ms + step_ms, step_ms, closed, mood, fall_sigmas)

    def _market_die(self) -> float:
        together = self._profile.together
        return together * self._market_dice.gauss(0.0, 1.0) + sqrt(1.0 - together**2) * self.dice.gauss(
            0.0, 1.0
        )

    def _moment(self, at_ms: int, step_ms: int, closed: Closed, mood: Mood, fall_sigmas: float) -> Moment:
        feeling, resting = self._sentiment, resting_coins(self._leverage.coins, self.price.heat)
        return Moment(
            at_ms=at_ms,
            step_ms=step_ms,
            path=closed.path,
            volume_coins=self._volume(step_ms / HOUR_MS, mood),
            open_interest_coins=self._leverage.coins,
            long_coins=closed.long_coins,
            short_coins=closed.short_coins,
            predicted_8h=feeling.predicted_rate(),
            settled_8h=feeling.settle() if at_ms % FUNDING_INTERVAL_MS == 0 else None,
            skew_30d=feeling.skew_30d,
            skew_7d=feeling.skew_7d,
            implied=feeling.implied,
            bid_coins=pulled(resting, fall_sigmas),
            ask_coins=pulled(resting, -fall_sigmas),
        )

    def _volume(self, hours: float, mood: Mood) -> float:
        """Coins traded: more when people are busy with it, and when price moves."""
        self._busy = self._busy * exp(-hours / 200.0) + 0.008 * sqrt(hours) * self.dice.gauss(0.0, 1.0)
        usual = self._profile.open_interest_coins * self._profile.day_turnover / 24.0 * hours
        noise = exp(mood.bustle + self._busy + 0.25 * self.dice.gauss(0.0, 1.0))
        return usual * noise * sqrt(1.0 + 2.0 * self.price.heat)


def observed(moment: Moment, scale: float, tick_usd: float) -> tuple[Observation, ...]:
    """What an exchange would have said of this step, at prices of `scale` times the relative ones."""
    candle = _candle(moment, scale, tick_usd)
    bid_usd, ask_usd = (round(coins * candle.close_usd, 2) for coins in (moment.bid_coins, moment.ask_coins))
    found: list[Observation] = [
        candle,
        OpenInterest(Venue.SIMULATED, moment.at_ms, round(moment.open_interest_coins, 3), moment.step_ms),
        Liquidations(
            Venue.SIMULATED,
            moment.at_ms,
            moment.step_ms,
            round(moment.long_coins, 3),
            round(moment.short_coins, 3),
        ),
        _funding(moment),
        Depth(Venue.SIMULATED, moment.at_ms, moment.step_ms, DEPTH_WITHIN, bid_usd, ask_usd),
    ]
    if moment.at_ms % HOUR_MS == 0:
        found += _options(moment)
    return tuple(found)


def _candle(moment: Moment, scale: float, tick_usd: float) -> Candle:
    digits = max(0, round(-log10(tick_usd)))
    begin, high, low, end = (
        round(scale * exp(x), digits)
        for x in (moment.path.begin, moment.path.high, moment.path.low, moment.path.end)
    )
    coins = round(moment.volume_coins, 3)
    return Candle(
        Venue.SIMULATED,
        moment.at_ms - moment.step_ms,
        moment.step_ms,
        begin,
        high,
        low,
        end,
        mark_close_usd=end,
        volume_coins=coins,
        volume_usd=round(coins * (begin + end) / 2.0, 2),
    )


def _funding(moment: Moment) -> Funding:
    if moment.settled_8h is not None:
        return Funding(Venue.SIMULATED, moment.at_ms, round(moment.settled_8h, 8), FUNDING_INTERVAL_H)
    next_ms = moment.at_ms - moment.at_ms % FUNDING_INTERVAL_MS + FUNDING_INTERVAL_MS
    rate = round(moment.predicted_8h, 8)
    return Funding(Venue.SIMULATED, moment.at_ms, rate, FUNDING_INTERVAL_H, settled=False, next_at_ms=next_ms)


def _options(moment: Moment) -> tuple[Skew, ImpliedVolatility]:
    skew_30d, skew_7d, implied = round(moment.skew_30d, 5), round(moment.skew_7d, 5), round(moment.implied, 5)
    return (
        Skew(Venue.SIMULATED, moment.at_ms, HOUR_MS, skew_30d, skew_7d, atm_iv_30d=implied),
        ImpliedVolatility(Venue.SIMULATED, moment.at_ms, HOUR_MS, implied),
    )
