"""How sure a share is that was counted on few cases (Wilson 1927)."""

from math import sqrt
from statistics import NormalDist

NOMINAL = 0.95


def wilson(hits: float, cases: float, level: float = NOMINAL) -> tuple[float, float]:
    """The interval of a share of independent cases; (0, 1) where there is no case. Raises ValueError for impossible counts.

    Counts need not be whole: cases that hang together may be worth fewer of them.
    """
    if not 0 <= hits <= cases:
        raise ValueError(f"{hits} of {cases} cannot be")
    if not cases:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    share, spread = hits / cases, z * z / cases
    middle = (share + spread / 2.0) / (1.0 + spread)
    half = z * sqrt(share * (1.0 - share) / cases + spread / (4.0 * cases)) / (1.0 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
