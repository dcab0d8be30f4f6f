"""One asset at one instant: what was read and what it means."""

from dataclasses import dataclass

from market.across import AtVenue
from market.findings import Finding
from market.observations import Asset
from market.reading import Reading
from market.regime import Regime


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Snapshot:
    """The readings and the regime of `asset` at `at_ms` (UTC milliseconds).

    `source` says where the market comes from: "live", "history" or "simulated". `findings` are what was noticed when
    several venues were made one market: who is left out, what is a floor; `venues` what each of them says by itself. There
    are none of a recorded market.
    """

    asset: Asset
    at_ms: int
    source: str
    readings: tuple[Reading, ...]
    regime: Regime
    findings: tuple[Finding, ...] = ()
    venues: tuple[AtVenue, ...] = ()

    def reading(self, name: str) -> Reading | None:
        """The reading of that name, None where the signal is not there."""
        for reading in self.readings:  # asked for hundreds of times an answer: no generator
            if reading.name == name:
                return reading
        return None

    def fact(self, reading: str, name: str) -> float | None:
        """A number behind a reading, None where it is unknown."""
        found = self.reading(reading)
        return None if found is None else found.facts.get(name)
