"""What would change a state, in words: "funding under .020%/8h"; the figures come from the rules."""

from collections.abc import Iterable, Mapping

from commands.protocol.phrases import Phrases
from commands.protocol.style import Style, style
from commands.wording import numbers
from market.observations import HOUR_MS
from market.outlook import Turn
from market.rules import Rules

MOST_TURNS = 3
MOST_WRITTEN = 16


_WRITTEN: dict[tuple[int, Style | None], tuple[Rules, Mapping[str, str]]] = {}
"""What was written out, by the rules' identity: an answer asks for it several times, and rules stay as they are."""


def thresholds(rules: Rules) -> Mapping[str, str]:
    """The lines a phrase of `turn_on` and `turn_off` may speak of, written out."""
    key = (id(rules), style())
    known = _WRITTEN.get(key)
    if known is None or known[0] is not rules:
        if len(_WRITTEN) >= MOST_WRITTEN:
            _WRITTEN.clear()
        known = _WRITTEN[key] = (rules, _written_out(rules))
    return known[1]


def _written_out(rules: Rules) -> Mapping[str, str]:
    price, interest, funding, skew = rules.price, rules.open_interest, rules.funding, rules.skew
    return {
        "stab_hours": _hours(price.no_new_low_ms),
        "pd_hours": _hours(price.weak_exit_ms),
        "lc_hours": str(rules.liquidations.cluster_hours),
        "oe_enter": f"{interest.elevated_percentile * 100:.0f}",
        "oe_exit": f"{interest.elevated_percentile_exit * 100:.0f}",
        "ou_enter": numbers.percent(interest.rising_24h, signed=False),
        "ou_exit": numbers.percent(interest.rising_24h_exit, signed=False),
        "oc_enter": numbers.percent(-interest.compressing_72h, signed=False),
        "oc_exit": numbers.percent(-interest.compressing_72h_exit, signed=False),
        "fe_enter": numbers.rate(funding.elevated),
        "fe_exit": numbers.rate(funding.elevated_exit),
        "fn_enter": numbers.rate(funding.not_reset),
        "fr_enter": numbers.rate(funding.reset),
        "fr_hours": _hours(funding.reset_after_ms),
        "fd_enter": numbers.rate(funding.deeply_negative),
        "ks_enter": numbers.general(skew.steep_points),
        "kst_enter": numbers.general(skew.steepening_points),
    }


def turn_words(flag: str, *, on: bool, phrases: Phrases, rules: Rules) -> str:
    """One flag's turning: what has to happen in the market."""
    family = "turn_on" if on else "turn_off"
    return phrases.say(f"{family}.{flag}", **thresholds(rules))


def turns_words(turns: Iterable[Turn], phrases: Phrases, rules: Rules) -> str:
    """At most three ways, joined: "price no longer weak for 6 h, or funding under .008%/8h"."""
    ways = []
    for turn in list(turns)[:MOST_TURNS]:
        parts = [turn_words(flag, on=value, phrases=phrases, rules=rules) for flag, value in turn.flags]
        ways.append(phrases.say("words.and").join(parts))
    return ("," + phrases.say("words.or")).join(ways)


def _hours(ms: int) -> str:
    return numbers.general(ms / HOUR_MS)
