"""What a venue weighed before it first spoke: as if its open interest had moved like that of the others (section 4).

A past that is read at once holds the first word of venues without a history of open interest. Presuming them from the
beginning makes the level of the chain the sum of all at its end, and weighs their funding before that.
"""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

from market.observations import Asset, OpenInterest, Venue
from scheduler.condense.interest import link_interest, take_interest
from scheduler.condense.memory import CondenserState, VenueMemory


def presumed_interest(asset: Asset, samples: Iterable[OpenInterest]) -> dict[Venue, float]:
    """Coins of each venue at the time of the first sample; what it said itself where it spoke then."""
    state = CondenserState(asset)
    shares: dict[Venue, float] = {}
    begun_coins = 0.0
    known_at = attrgetter("known_at_ms")
    for at_ms, told in groupby(sorted(samples, key=known_at), known_at):
        for said in told:
            state.venues.setdefault(said.venue, VenueMemory())
            take_interest(state, said, at_ms)
        link_interest(state, at_ms, (), {})
        state.findings.clear()
        if state.interest_coins is None:
            continue
        begun_coins = begun_coins or state.interest_coins
        for venue in state.linked.keys() - shares.keys():
            shares[venue] = state.linked[venue] / state.interest_coins
    return {venue: share * begun_coins for venue, share in shares.items()}
