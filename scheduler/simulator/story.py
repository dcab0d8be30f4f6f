"""What comes to a simulated market from outside: orders, and how much leverage people want.

A story gives causes, never prices. How far price falls, how much is liquidated and where funding goes follow from
them through price, leverage and sentiment, and differ from seed to seed. Hours count from the start of day one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Scenario(StrEnum):
    """The stories there are."""

    SELL_OFF = "sell_off"
    CALM = "calm"


@dataclass(frozen=True, slots=True)
class Push:
    """Outside orders over some hours, sized in what volatility has lately made of one day.

    `lasting` is the share that is news and stays; the rest is impact that decays as liquidity comes back.
    """

    start_h: float
    hours: float
    sigmas: float
    lasting: float

    def between(self, begin_h: float, end_h: float) -> float:
        """The part of the push, in daily sigmas, that falls into this span."""
        overlap = min(end_h, self.start_h + self.hours) - max(begin_h, self.start_h)
        return self.sigmas * max(0.0, overlap) / self.hours


@dataclass(frozen=True, slots=True)
class Mood:
    """What people want, against usual times.

    `appetite` is wanted open interest (log), `greed` what longs pay above the index (premium, a fraction), `credit`
    the share of new contracts that somebody holds on thin margin, `bustle` how much is traded (log).
    """

    appetite: float = 0.0
    greed: float = 0.0
    credit: float = 0.0
    bustle: float = 0.0


@dataclass(frozen=True, slots=True)
class Tide:
    """A change of mood that comes in over some hours and stays until another takes it back."""

    start_h: float
    hours: float
    brings: Mood

    def risen(self, at_h: float) -> float:
        """How much of it has come in, 0..1."""
        return min(1.0, max(0.0, (at_h - self.start_h) / self.hours))


@dataclass(frozen=True, slots=True)
class Story:
    """All causes of one scenario; `range_bound_from_h` is when price stops wandering and trades in a range."""

    pushes: Sequence[Push]
    tides: Sequence[Tide]
    range_bound_from_h: float

    def mood(self, at_h: float) -> Mood:
        """What people want at this hour: all tides together."""
        risen = [(tide.risen(at_h), tide.brings) for tide in self.tides if at_h > tide.start_h]
        return Mood(
            sum(share * mood.appetite for share, mood in risen),
            sum(share * mood.greed for share, mood in risen),
            sum(share * mood.credit for share, mood in risen),
            sum(share * mood.bustle for share, mood in risen),
        )


RANGE_BOUND_FROM_H = -14 * 24.0
SEASONS_FROM_H = -96 * 24.0


def tell(scenario: Scenario, dice: Random) -> Story:
    """The causes of a scenario, drawn with `dice`."""
    return _sell_off(dice) if scenario is Scenario.SELL_OFF else _calm(dice)


def _seasons(dice: Random) -> tuple[Tide, ...]:
    """Some days of greed and some of fear, weeks ago: what the present is ranked against."""
    greedy_h, fearful_h = (
        SEASONS_FROM_H + dice.uniform(0.0, 240.0),
        SEASONS_FROM_H + dice.uniform(600.0, 900.0),
    )
    greed, fear = dice.uniform(0.0006, 0.0009), dice.uniform(0.0006, 0.0008)
    return (
        Tide(greedy_h, 48.0, Mood(greed=greed)),
        Tide(greedy_h + 144.0, 48.0, Mood(greed=-greed)),
        Tide(fearful_h, 48.0, Mood(greed=-fear)),
        Tide(fearful_h + 144.0, 48.0, Mood(greed=fear)),
    )


def _calm(dice: Random) -> Story:
    """A range-bound market that trades for cash while leverage leaves: calm by construction, not by luck."""
    leaving = Mood(appetite=-dice.uniform(0.06, 0.08), credit=-0.025, bustle=0.15)
    tides = (*_seasons(dice), Tide(-30 * 24.0, 28 * 24.0, leaving))
    return Story((), tides, RANGE_BOUND_FROM_H)


def _sell_off(dice: Random) -> Story:
    """A rally that levers up, a large seller who is absorbed, late buyers on credit, then news that does not go away."""
    dip_h = dice.choice((6.0, 7.0, 8.0))
    legs = _legs(24.5 + dice.uniform(0.0, 1.5), dice)
    wave_h, end_h = legs[0].start_h, legs[-1].start_h + legs[-1].hours
    pushes = (
        Push(RANGE_BOUND_FROM_H, -RANGE_BOUND_FROM_H, dice.uniform(2.4, 3.2), 1.0),
        Push(dip_h, 1.0, -dice.uniform(2.62, 2.7), 0.0),
        Push(dip_h + 1.0, 1.0, dice.uniform(0.35, 0.45), 0.0),
        Push(dip_h + 6.0, 10.0, dice.uniform(0.6, 0.9), 1.0),
        *legs,
        *_aftermath(end_h, dice),
    )
    rally = Mood(dice.uniform(0.09, 0.12), 0.0002, 0.01)
    crowd = Mood(dice.uniform(0.05, 0.07), dice.uniform(0.00078, 0.00094), 0.05)
    flight = Mood(-dice.uniform(0.05, 0.08), -0.00105, -0.05)
    tides = (
        *_seasons(dice),
        Tide(-15 * 24.0, 14 * 24.0, rally),
        Tide(dip_h + 3.0, 7.0, crowd),
        Tide(wave_h, 8.0, flight),
    )
    return Story(pushes, tides, RANGE_BOUND_FROM_H)


def _legs(start_h: float, dice: Random) -> tuple[Push, ...]:
    """The wave: bad news in instalments, each met by fewer bids, then those who sell at any price."""
    legs = []
    for _ in range(3):
        hours = dice.uniform(0.9, 1.4)
        legs.append(Push(start_h, hours, -dice.uniform(1.45, 1.7), 0.75))
        start_h += hours + dice.uniform(0.6, 1.1)
    legs.append(Push(start_h, 1.2, -dice.uniform(1.95, 2.25), 0.3))
    return tuple(legs)


def _aftermath(end_h: float, dice: Random) -> tuple[Push, ...]:
    """Shorts cover into the low, longs who bought the top sell the bounce and are absorbed, buyers come back."""
    retest_h = end_h + dice.uniform(21.5, 23.5)
    return (
        Push(end_h + 0.5, 6.0, dice.uniform(0.8, 1.0), 0.4),
        Push(retest_h, 1.3, -dice.uniform(1.75, 1.9), 0.0),
        Push(retest_h + 2.0, 12.0, dice.uniform(0.5, 0.8), 1.0),
    )
