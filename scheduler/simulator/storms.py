"""A day of storms: news that price falls through in an hour and takes back within half a day, again and again.

The story of the soak (tests/soak): each fall is deep enough to be warned of, each recovery long enough for the warning to
be over before the next one.
"""

from random import Random

from scheduler.simulator.story import RANGE_BOUND_FROM_H, Mood, Push, Story, Tide

FIRST_H, APART_H = 2.5, 11.0
"""When the first fall begins, and how far apart they are; each up to an hour later."""
FALL_H, RECOVERY_AFTER_H, RECOVERY_H, TAKEN_BACK = 0.7, 0.7, 2.0, 1.3


def storms(dice: Random, hours: float = 72.0) -> Story:
    """The causes of so many hours of storms."""
    falls = falls_h(dice, hours)
    pushes = [push for at_h in falls for push in _storm(at_h, dice)]
    crowd = Mood(appetite=0.05, credit=0.03)
    return Story(pushes, (Tide(-10 * 24.0, 9 * 24.0, crowd),), RANGE_BOUND_FROM_H)


def falls_h(dice: Random, hours: float = 72.0) -> tuple[float, ...]:
    """When the falls begin, in hours of the days to play."""
    count = int((hours - FIRST_H) / APART_H) + 1
    return tuple(FIRST_H + APART_H * number + dice.uniform(0.0, 1.0) for number in range(count))


def _storm(at_h: float, dice: Random) -> tuple[Push, Push]:
    """A fall and what takes it back."""
    deep = dice.uniform(2.7, 3.2)
    return (
        Push(at_h, FALL_H, -deep, 1.0),
        Push(at_h + FALL_H + RECOVERY_AFTER_H, RECOVERY_H, deep * TAKEN_BACK, 1.0),
    )
