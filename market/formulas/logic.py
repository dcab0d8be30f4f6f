"""Three-valued logic after Kleene: an unknown stays unknown unless the rest already decides (quant.md section 0)."""

from collections.abc import Iterable


def all_of(*claims: bool | None) -> bool | None:
    """True if every claim holds, False if any fails, else None: AND(F, U) = F, AND(T, U) = U; of nothing True."""
    if False in claims:
        return False
    return None if None in claims else True


def any_of(*claims: bool | None) -> bool | None:
    """True if any claim holds, False if all fail, else None: OR(T, U) = T, OR(F, U) = U; of nothing False."""
    if True in claims:
        return True
    return None if None in claims else False


def negate(claim: bool | None) -> bool | None:
    """The opposite of a claim; an unknown stays unknown."""
    return None if claim is None else not claim


def at_least(value: float | None, needed: float) -> bool | None:
    """Whether a value reaches what is needed, None where the value is unknown."""
    return None if value is None else value >= needed


def at_most(value: float | None, needed: float) -> bool | None:
    """Whether a value is no more than what is needed, None where the value is unknown."""
    return None if value is None else value <= needed


def as_number(claim: bool | None) -> float | None:
    """A claim as a fact: 1 holds, 0 does not, None unknown."""
    return None if claim is None else float(claim)


def count_true(claims: Iterable[bool | None]) -> tuple[int, int]:
    """How many claims hold and how many are unknown, in this order (the pre-trade checklist's k and u)."""
    holding = unknown = 0
    for claim in claims:
        holding += claim is True
        unknown += claim is None
    return holding, unknown
