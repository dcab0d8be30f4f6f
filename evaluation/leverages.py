"""Rules of leverage to try: each gives relative leverages from what was known at the close, for a few values of its number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evaluation.study import Floats, Study
from market.evaluation.recorded import Recorded
from market.evaluation.sizing import Holds
from market.evaluation_rules import HoldRules

HOLD = HoldRules()
DAY = 24
LEAST_VOLATILITY = 0.01
PAST_DAYS, LEAST_PAST_DAYS = (90, 180), 28


@dataclass(frozen=True, slots=True)
class Seen:
    """A market as a rule of leverage sees it at each close: told columns, falls from highest closes, and the same of BTC and ETH.

    `fall` gives by hours how far price stands below its highest close of so many hours, a fraction, 0 or above.
    """

    told: Callable[[str], Floats]
    fall: Callable[[int], Floats]
    majors_fall: Floats
    needed: Floats
    returns: Floats


Rule = Callable[[Seen, float], Floats]


@dataclass(frozen=True, slots=True)
class Family:
    """A rule of leverage with the values of its one number that are tried."""

    name: str
    rule: Rule
    values: Sequence[float]


def seen_of(study: Study, markets: Sequence[Recorded], holds: Sequence[Holds]) -> list[Seen]:
    """These markets of a study, beside what their positions came to."""
    falls = [(one, fall_below(np.frombuffer(one.bars.close_usd), 7 * DAY)) for one in markets]
    return [_seen(study, one, held, _of_majors(one, falls)) for one, held in zip(markets, holds, strict=True)]


def _seen(study: Study, one: Recorded, held: Holds, majors_fall: Floats) -> Seen:
    close = np.frombuffer(one.bars.close_usd)
    return Seen(
        told=lambda name: study.column(one, name),
        fall=lambda hours: fall_below(close, hours),
        majors_fall=majors_fall,
        # what a position entered three days ago came to is known now
        needed=np.concatenate([np.full(HOLD.hours, np.nan), held.needed])[: len(close)],
        returns=np.diff(np.log(close), prepend=np.nan),
    )


def _of_majors(one: Recorded, falls: Sequence[tuple[Recorded, Floats]]) -> Floats:
    """The mean fall of BTC and ETH at the closes of another market; unknown where neither is."""
    total, known = np.zeros(len(one.bars)), np.zeros(len(one.bars))
    for other, fall in falls:
        if other.asset in {"BTC", "ETH"}:
            rows = (
                np.arange(len(one.bars)) + (one.bars.first_close_ms - other.bars.first_close_ms) // 3_600_000
            )
            inside = (rows >= 0) & (rows < len(fall))
            value = np.where(inside, fall[np.clip(rows, 0, len(fall) - 1)], np.nan)
            total += np.nan_to_num(value)
            known += np.isfinite(value)
    return np.asarray(np.divide(total, known, where=known > 0.0, out=np.full(len(total), np.nan)))


def over_last(values: Floats, rows: int, figure: Callable[..., Floats]) -> Floats:
    """A figure of the last `rows` up to each row; unknown before there are so many."""
    found = np.full(len(values), np.nan)
    if len(values) >= rows:
        found[rows - 1 :] = figure(sliding_window_view(values, rows), axis=1)
    return np.asarray(found, np.float64)


def fall_below(close: Floats, hours: int) -> Floats:
    """How far each close is below the highest of so many hours, a fraction."""
    return np.asarray(1.0 - close / over_last(close, hours, np.max))


def _inverse(*names: str) -> Rule:
    """One over a power of a volatility, or of the geometric mean of several."""

    def rule(seen: Seen, power: float) -> Floats:
        logs = [np.log(np.maximum(seen.told(f"volatility.{name}"), LEAST_VOLATILITY)) for name in names]
        return np.asarray(np.exp(-power * np.mean(logs, axis=0)))

    return rule


def _downward(hours: int) -> Rule:
    """One over a power of the volatility of falling hours alone."""

    def rule(seen: Seen, power: float) -> Floats:
        square = over_last(np.minimum(seen.returns, 0.0) ** 2, hours, np.mean)
        return np.asarray(np.maximum(np.sqrt(square), 1e-5) ** -power)

    return rule


def _fallen(hours: int) -> Rule:
    """Half of the leverage where price is `half_at` below its highest close of so many hours."""
    return lambda seen, half_at: 1.0 / (1.0 + seen.fall(hours) / half_at)


def _fallen_and(hours: int, *names: str) -> Rule:
    by_volatility = _inverse(*names)
    return lambda seen, half_at: by_volatility(seen, 0.5) / np.sqrt(1.0 + seen.fall(hours) / half_at)


def _shock(seen: Seen) -> Floats:
    return np.asarray(np.maximum(0.0, -seen.told("price.shock_24h")))


def _worst_past(seen: Seen, days: float) -> Floats:
    """One over the margin that 97.5 % of the positions of the last days would have needed (section 8.10).

    Worked out once a day, from four weeks on.
    """
    rows, least = int(days) * DAY, LEAST_PAST_DAYS * DAY
    found = np.full(len(seen.needed), np.nan)
    for row in range(least, len(found), DAY):
        window = seen.needed[max(0, row - rows) : row]
        known = window[np.isfinite(window)]
        if len(known):
            found[row : row + DAY] = 1.0 / max(float(np.quantile(known, 0.975)), LEAST_VOLATILITY)
    return found


def _rebound(seen: Seen, lift: float) -> Floats:
    """The three days' fall, lifted again once no new low was made for a day."""
    settled = seen.told("price.hours_since_low_72h") >= DAY
    return np.asarray(_fallen(HOLD.hours)(seen, 0.1) * np.where(settled, lift, 1.0))


def _less(column: str, factor_of: Callable[[Floats], Floats]) -> Rule:
    """`value` of the leverage where a told column says so."""

    def rule(seen: Seen, value: float) -> Floats:
        told = seen.told(column)
        return np.where(np.isnan(told), np.nan, np.where(factor_of(told) > 0.0, value, 1.0))

    return rule


POWERS, FALLS = (0.5, 1.0), (0.05, 0.1, 0.2)
FAMILIES: tuple[Family, ...] = (
    Family("sigma of `/size`, inverse", _inverse("sigma"), POWERS),
    Family("volatility of 24 h, inverse", _inverse("rv_24h"), POWERS),
    Family("volatility of 7 d, inverse", _inverse("rv_7d"), POWERS),
    Family("volatility of 30 d, inverse", _inverse("rv_30d"), POWERS),
    Family("volatility of 24 h, 7 d and 30 d, inverse", _inverse("rv_24h", "rv_7d", "rv_30d"), POWERS),
    Family("sigma over its quiet reference, inverse", _inverse("ratio"), POWERS),
    Family("downward volatility of 24 h, inverse", _downward(24), POWERS),
    Family("downward volatility of 72 h, inverse", _downward(72), POWERS),
    Family("downward volatility of 7 d, inverse", _downward(168), POWERS),
    Family("margin that the past needed (97.5 %)", _worst_past, PAST_DAYS),
    Family("fall below the high of 24 h", _fallen(24), FALLS),
    Family("**fall below the high of 72 h**", _fallen(72), FALLS),
    Family("fall below the high of 7 d", _fallen(168), FALLS),
    Family("fall below the high of 14 d", _fallen(336), FALLS),
    Family("fall below the high of 30 d", _fallen(720), FALLS),
    Family("fall of BTC and ETH over 7 d", lambda seen, half: 1.0 / (1.0 + seen.majors_fall / half), FALLS),
    Family("fall of 7 d and volatility of 7 d", _fallen_and(168, "rv_7d"), FALLS),
    Family("fall of 7 d and three volatilities", _fallen_and(168, "rv_24h", "rv_7d", "rv_30d"), FALLS),
    Family("fall of 72 h, lifted after a day without a new low", _rebound, (1.25, 1.5)),
    Family("shock of 24 h", lambda seen, half: 1.0 / (1.0 + _shock(seen) / half), (1.0, 2.0, 4.0)),
    Family(
        "worst shock of the last 72 h (cool-down)",
        lambda seen, half: 1.0 / (1.0 + over_last(_shock(seen), 72, np.max) / half),
        (1.0, 2.0, 4.0),
    ),
    Family(
        "score of the regime",
        lambda seen, weight: 1.0 / (1.0 + weight * seen.told("regime.score") / 100.0),
        (0.5, 1.0, 2.0),
    ),
    Family(
        "level of funding",
        lambda seen, weight: 1.0 / (1.0 + weight * np.clip(seen.told("funding.f24") / 1e-4, 0.0, 5.0)),
        (0.1, 0.3),
    ),
    Family("less where volatility is high", _less("flag.vol_hi", lambda told: told), (0.5, 0.75)),
    Family("less where funding is elevated", _less("flag.fe", lambda told: told), (0.5, 0.75)),
    Family(
        "less where crowded and falling (pro-tip)", _less("regime.protip", lambda told: told), (0.5, 0.75)
    ),
    Family("less where price is weak (pd)", _less("flag.pd", lambda told: told), (0.5, 0.75)),
    Family("less where shock <= -1", _less("price.shock_24h", lambda told: -1.0 - told + 1e-12), (0.5, 0.75)),
)


def raw_leverages(
    seen: Sequence[Seen], families: Sequence[Family] = FAMILIES
) -> Mapping[str, list[list[Floats]]]:
    """By family: for each value of its number the relative leverages of every market."""
    return {
        family.name: [[family.rule(one, value) for one in seen] for value in family.values]
        for family in families
    }
