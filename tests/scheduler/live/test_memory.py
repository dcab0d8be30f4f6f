"""What is kept of a condenser is all of it but option chains, to the bit; one that cannot be read goes on at its level."""

from copy import deepcopy
from dataclasses import replace

import pytest

from market.observations import HOUR_MS, Venue
from market.state import MarketState
from scheduler.condense import CondenserState
from scheduler.condense.memory import Chains
from scheduler.live.memory import recalled, remembered
from scheduler.simulator.market import START_MS
from store.connection import Connection
from tests.scheduler.live.house import town

NOW_MS = START_MS + 30 * HOUR_MS


def without_chains(state: CondenserState) -> CondenserState:
    venues = {venue: replace(memory, chains=Chains()) for venue, memory in state.venues.items()}
    return replace(state, venues=venues)


async def test_a_condenser_that_has_lived_comes_back_equal(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey, listens=True) as house:
        await house.begin("BTC")
        await house.minutes(7)
        state = house.market.collector.condenser("BTC").state
        before = deepcopy(state)
        again = recalled(remembered(state), MarketState("BTC"))
        assert state == before
        assert state.venues[Venue.DERIBIT].chains.newest
        assert again == without_chains(state)
        assert remembered(again) == remembered(state)


@pytest.mark.parametrize("beside", [None, b"", b"\x92\x63\xc0", b"not msgpack"])
async def test_one_that_cannot_be_read_begins_at_what_the_engine_knows(
    beside: bytes | None, valkey: Connection
) -> None:
    async with town(NOW_MS) as here, here.house(valkey, listens=True) as house:
        await house.begin("BTC")
        await house.minutes(2)
        kept = await house.cycle.history.load("BTC")
        assert kept.state is not None
        market = kept.state.market
        state = recalled(beside, market)
        assert state.asset == "BTC"
        assert state.price_at_ms == market.price.price_at_ms
        assert state.interest_coins == market.open_interest.series[Venue.AGGREGATE].coins


def test_of_an_asset_never_seen_nothing_is_recalled() -> None:
    assert recalled(None, MarketState("BTC")) == CondenserState("BTC")
