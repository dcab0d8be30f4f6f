"""What the live market keeps, and what the condenser remembers in the form it is kept in."""

from dataclasses import dataclass, replace

from market.observations import Asset, Venue
from market.rules import Rules
from market.state import MarketState
from scheduler.condense import CondenserState
from scheduler.condense.memory import Chains
from scheduler.cycle import ENGINE_STATE, Memory
from scheduler.plans import PlanWatch
from store.backtests import StoredBacktests
from store.bulletins import Bulletins
from store.chains import StoredChains
from store.codec import Kind, as_it_was, decode, encode
from store.connection import Connection
from store.history import History
from store.hours import StoredHours
from store.snapshots import StoredFeed, StoredSnapshots
from store.sources import StoredSources
from store.tiers import StoredTiers
from store.watchlist import StoredWatchlist

CONDENSER_STATE = Kind("condenser state", 2, CondenserState, upgrades={1: as_it_was})
"""What is kept beside each step; raise the number with every change of what condensing remembers.

2 remembers books.
"""

_STANDARD = Rules()


@dataclass(frozen=True, slots=True)
class LiveMemory:
    """Where a live market keeps things: what every cycle keeps, and beside it the venues and the watched assets."""

    cycle: Memory
    watchlist: StoredWatchlist
    sources: StoredSources
    tiers: StoredTiers
    chains: StoredChains
    backtests: StoredBacktests


def live_memory(connection: Connection, source: str = "live", rules: Rules = _STANDARD) -> LiveMemory:
    """The memory of a live market on one store; markets of different sources do not know each other's steps.

    `rules` are those by which stated positions are watched.
    """
    cycle = Memory(
        History(connection, ENGINE_STATE, source),
        StoredSnapshots(connection),
        Bulletins(connection).announce,
        StoredFeed(connection),
        StoredHours(connection, source),
        PlanWatch(connection, rules),
    )
    return LiveMemory(
        cycle,
        StoredWatchlist(connection),
        StoredSources(connection),
        StoredTiers(connection),
        StoredChains(connection),
        StoredBacktests(connection, source),
    )


def remembered(state: CondenserState) -> bytes:
    """What is kept of a condenser: all but its option chains, which are large and come anew within minutes."""
    venues = {venue: replace(memory, chains=Chains()) for venue, memory in state.venues.items()}
    return encode(CONDENSER_STATE, replace(state, venues=venues))


def recalled(beside: bytes | None, market: MarketState) -> CondenserState:
    """The condenser as it was after the engine's last step.

    Where it cannot be read (another version wrote it) it begins anew at what the engine knows: the level of open
    interest goes on from there, so that a new sum of the venues is no change of it, and nothing is told twice.
    """
    state = decode(CONDENSER_STATE, beside)
    return state if state is not None else _begun_at(market.asset, market)


def _begun_at(asset: Asset, market: MarketState) -> CondenserState:
    state = CondenserState(asset, stepped_ms=market.now_ms, price_at_ms=market.price.price_at_ms)
    interest = market.open_interest.series.get(Venue.AGGREGATE)
    if interest is not None:
        state.interest_coins, state.interest_at_ms = interest.coins, interest.at_ms
    if market.liquidations.at_ms is not None:
        state.forced_at_ms = state.forced_told_ms = market.liquidations.at_ms
    return state
