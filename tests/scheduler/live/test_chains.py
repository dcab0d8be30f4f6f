"""The option chains of the live market: kept once a changed one, and nothing of them judged."""

from market.observations import MINUTE_MS
from market.options import skew_of
from scheduler.simulator.market import START_MS
from store.chains import StoredChains
from store.connection import Connection
from tests.scheduler.live.house import one_coin, town

NOW_MS = START_MS + 30 * 60 * MINUTE_MS


async def test_the_chain_the_skew_is_made_of_is_there_for_those_who_ask(valkey: Connection) -> None:
    async with town(NOW_MS, one_coin()) as here, here.house(valkey) as house:
        await house.begin("BTC")
        assert await StoredChains(valkey).of("BTC") is None
        await house.minutes(2)
        kept = await StoredChains(valkey).of("BTC")
        assert kept is not None
        assert kept.asset == "BTC"
        assert 0 <= here.time.now_ms() - kept.as_of_ms < 15 * MINUTE_MS
        last = house.market._looks["BTC"]._watched
        assert last is not None
        said = last.engine.state.market.skew.last
        found = skew_of(kept.moving, last.engine.state.market.now_ms)
        assert said is not None
        assert found is not None
        assert found.skew_25d_30d == said.skew_25d_30d
        keeper = house.market._chains
        assert not await keeper.keep("BTC", here.time.now_ms())  # nothing new was heard
        await house.minutes(6)
        newer = await StoredChains(valkey).of("BTC")
        assert newer is not None
        assert newer.as_of_ms > kept.as_of_ms
