"""The option chains of the live market: kept once a changed one, there for those who ask, and nothing of them judged."""

import pytest

from bot.live import services_on
from commands.protocol.dispatch import answer
from commands.protocol.request import Context
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


async def test_somebody_who_asks_is_told_what_the_simulated_book_asks_for_a_hedge(valkey: Connection) -> None:
    async with town(NOW_MS, one_coin()) as here, here.house(valkey) as house:
        await house.begin("BTC")
        snapshot = (await house.minutes(2))[-1]
        context = Context(services_on(valkey, is_live=True), here.time.now_ms(), user="4711")
        hedge = await answer("/hedge btc 100k 30d", context)
        assert hedge.data["verdict"] in {"PUT", "SPREAD", "REDUCE"}
        put = hedge.data["put"]
        assert isinstance(put, dict)
        assert put["strike"] == pytest.approx(0.92 * snapshot.fact("price", "price_usd"), rel=0.03)  # type: ignore[operator]
        assert hedge.data["expiry_before"] is not None
        skew = await answer("/skew btc", context)
        chain = skew.data["chain"]
        assert isinstance(chain, dict)
        assert chain["strikes"] > 50
        assert chain["skew_30d"] == pytest.approx(skew.data["skew_30d_points"], abs=0.5)
        assert chain["gamma_usd_per_percent"] > 0.0
