"""Whether a position fits the present market: caps, buffer, survival, ladder and size (quant.md section 8).

`check_size(position, conditions_of(snapshot, rules), tiers_of(asset), rules.sizing)` is the whole of `/size`.
"""

from market.sizing.advice import Advised, Ground, advise, advised_in
from market.sizing.caps import Cap, Link, Reduction
from market.sizing.check import SizeCheck, Verdict, check_size
from market.sizing.conditions import Conditions, Headwind, conditions_of, turned_by
from market.sizing.numbers import advice_numbers, numbers_of
from market.sizing.position import MarginMode, Position
from market.sizing.stance import Ladder, Stance
from market.sizing.trade import Assumption
from market.sizing.wallet import Held, Others, others_of

__all__ = [
    "Advised",
    "Assumption",
    "Cap",
    "Conditions",
    "Ground",
    "Headwind",
    "Held",
    "Ladder",
    "Link",
    "MarginMode",
    "Others",
    "Position",
    "Reduction",
    "SizeCheck",
    "Stance",
    "Verdict",
    "advice_numbers",
    "advise",
    "advised_in",
    "check_size",
    "conditions_of",
    "numbers_of",
    "others_of",
    "turned_by",
]
