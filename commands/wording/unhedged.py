"""How a position stands without a hedge, and the words for it: a hedge is insurance, and not every house needs one."""

from dataclasses import dataclass

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from market.observations import HOUR_MS


@dataclass(frozen=True, slots=True)
class Unhedged:
    """How the long plans in an asset stand without a hedge; claims are None where a price, a bracket or sigma is not known.

    `notional_usd` is what they are worth at entry or now, whichever is more; `sigma_move` two deviations as a fraction,
    `hours` of which time. `within_budget`: what is lost at each plan's exit is no more than it may lose.
    """

    plans: int
    notional_usd: float
    hours: float
    sigma_move: float | None
    survives_adverse: bool | None
    survives_sigmas: bool | None
    within_budget: bool

    @property
    def is_enough(self) -> bool:
        """Whether no hedge is needed, as far as anybody can tell; what is not known is no yes."""
        return self.survives_adverse is True and self.survives_sigmas is True and self.within_budget


def unhedged_lines(stands: Unhedged, phrases: Phrases) -> list[str]:
    """What the asker's own plans go through without a hedge: 10 %, two sigma, and the risk they may take."""
    return [
        phrases.say(
            "unhedged.stands",
            count=stands.plans,
            adverse=_claim(stands.survives_adverse, phrases),
            sigmas=_claim(stands.survives_sigmas, phrases),
            move=numbers.percent(stands.sigma_move, signed=False),
            time=numbers.duration(round(stands.hours) * HOUR_MS),
            budget=_claim(stands.within_budget, phrases),
        ),
        *([phrases.say("unhedged.enough")] if stands.is_enough else []),
    ]


def unhedged_numbers(stands: Unhedged | None) -> dict[str, object] | None:
    """The same for JSON."""
    if stands is None:
        return None
    return {
        "plans": stands.plans,
        "notional_usd": stands.notional_usd,
        "hours": stands.hours,
        "sigma_move": stands.sigma_move,
        "survives_10pct": stands.survives_adverse,
        "survives_2sigma": stands.survives_sigmas,
        "within_budget": stands.within_budget,
        "enough": stands.is_enough,
    }


def _claim(claim: bool | None, phrases: Phrases) -> str:
    return phrases.word("answer", "unknown" if claim is None else "yes" if claim else "no")
