"""Options skew: what protection against a fall costs over the same rise, and whether it is getting dearer (section 6)."""

from market.evidence_rules import LEAST_HOURS, THIRD_OF_MONTH_HOURS
from market.formulas.logic import all_of, any_of, at_least, at_most
from market.formulas.statistics import freshness_quality, time_to_live_ms
from market.observations import Skew
from market.reading import (
    LEARNED_MONTH,
    MONTH_HOURS,
    Condition,
    Facts,
    Reading,
    Signal,
    absent,
    because_of,
    claim,
    learning,
    measure,
    presence_of,
)
from market.rules import Rules, SkewRules
from market.state import MarketState
from market.state.skew import SkewWindows

NAME, UNIT = "skew", "pts"
POINTS = 100.0


def read(state: MarketState, now_ms: int, rules: Rules) -> Reading:
    """Read the 30-day 25-delta skew in vol points (put minus call), scored over 30 days of hourly values."""
    windows, fresh = state.skew, rules.freshness
    last = windows.last
    if last is None:
        return absent(NAME, UNIT)
    ttl_ms = time_to_live_ms(fresh.options_ttl_ms, last.cadence_ms, fresh.cadence_factor)
    learned = len(windows.levels)
    rank = windows.levels.rank(last.skew_25d_30d) if learned >= LEAST_HOURS else None
    quality = last.quality * freshness_quality(now_ms - last.known_at_ms, ttl_ms)
    facts = {
        **_facts(state, is_learned=learned >= LEAST_HOURS),
        **_shape(last),
        **_ebbing(windows, rules.skew),
    }
    return Reading(
        NAME,
        UNIT,
        presence_of(last.known_at_ms, now_ms, ttl_ms, fresh.absent_after_ms),
        because_of(rank),
        value=last.skew_25d_30d * POINTS,
        percentile=rank,
        quality=quality if learned >= THIRD_OF_MONTH_HOURS else quality * fresh.learning_quality,
        asof_ms=last.known_at_ms,
        ttl_ms=ttl_ms,
        facts=facts,
        conditions=_conditions(facts, rules.skew),
        learning=None if learned > LEARNED_MONTH else learning(learned, LEAST_HOURS, MONTH_HOURS),
    )


def _facts(state: MarketState, *, is_learned: bool) -> dict[str, float | None]:
    windows = state.skew
    last = windows.last
    if last is None:
        return {}
    change = windows.change_24h()
    knows_change = is_learned and change is not None and len(windows.changes) >= LEAST_HOURS
    return {
        "skew_30d_points": last.skew_25d_30d * POINTS,
        "skew_7d_points": None if last.skew_25d_7d is None else last.skew_25d_7d * POINTS,
        "atm_iv_30d": last.atm_iv_30d,
        "z": windows.levels.robust_z(last.skew_25d_30d) if is_learned else None,
        "change_24h_points": None if change is None else change * POINTS,
        "z_change": windows.changes.robust_z(change) if knows_change and change is not None else None,
    }


def _shape(last: Skew) -> Facts:
    """What else the smile and its term say: shown, never voted with."""
    week, month = last.atm_iv_7d, last.atm_iv_30d
    return {
        "skew_30d_adjusted_points": _points(last.skew_25d_30d_adjusted),
        "butterfly_30d_points": _points(last.butterfly_25d_30d),
        "atm_iv_7d": week,
        "skew_over_atm": last.skew_25d_30d / month if month else None,
        "term_inversion_points": None if week is None or month is None else (week - month) * POINTS,
    }


def _ebbing(windows: SkewWindows, rules: SkewRules) -> Facts:
    """Whether fear leaves: "fell >=50% from 7 d peak and d24h<0" is panic priced in, not resolved."""
    last, change, peak = windows.last, windows.change_24h(), windows.peak_7d()
    if last is None or peak is None:
        return {}
    left = last.skew_25d_30d / peak if peak > 0.0 else None
    has_fallen = None if left is None else left <= 1.0 - rules.normalising_share
    ebbs = all_of(has_fallen or False, None if change is None else change < 0.0)
    return {
        "peak_7d_points": peak * POINTS,
        "from_peak_7d": None if left is None else left - 1.0,
        "normalising": None if ebbs is None else float(ebbs),
    }


def _points(fraction: float | None) -> float | None:
    return None if fraction is None else fraction * POINTS


def _conditions(facts: Facts, rules: SkewRules) -> tuple[Condition, ...]:
    z, points, change = facts["z"], facts["skew_30d_points"], facts["change_24h_points"]
    # before a month is learned the points alone decide
    ranked = at_least(z, rules.steep_z) or False
    steep = any_of(at_least(points, rules.steep_points), ranked)
    calls = any_of(at_most(points, -rules.steep_points), at_most(z, -rules.steep_z) or False)
    steepening = all_of(
        at_least(change, rules.steepening_points), at_least(facts["z_change"], rules.steepening_z)
    )
    dear = at_least(z, rules.caution_z)
    return (
        Condition(
            "ks",
            steep,
            steep,
            measures=(
                measure("skew_points", points, rules.steep_points, "pts"),
                measure("skew_z", z, rules.steep_z, "z"),
            ),
        ),
        Condition(
            "kst",
            steepening,
            steepening,
            measures=(
                measure("skew_change_24h", change, rules.steepening_points, "pts"),
                measure("skew_change_z", facts["z_change"], rules.steepening_z, "z"),
            ),
        ),
        claim("ks_call", calls),
        claim("skew_dear", dear),
    )


SIGNAL = Signal(NAME, order=5, weight=0.10, read=read)
