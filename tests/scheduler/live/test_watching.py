"""Which assets are watched: the setting, and what /watch and /unwatch make of it, taken up while the market runs."""

from market.observations import HOUR_MS
from market.table import State
from scheduler.live import want
from scheduler.simulator.market import START_MS
from store.connection import Connection
from store.services import PastReport
from store.snapshots import StoredSnapshots
from tests.scheduler.live.house import three_coins, town

NOW_MS = START_MS + 30 * HOUR_MS


async def test_an_added_asset_is_answered_at_once_and_taken_up_with_its_past(valkey: Connection) -> None:
    async with town(NOW_MS, three_coins()) as here, here.house(valkey) as house:
        await house.begin("BTC")
        assert await house.memory.watchlist.add("SOL")
        await house.market.mind_watchlist()
        assert house.market.is_live("SOL")
        await house.minute("BTC")
        snapshot = await house.minute("SOL")
        assert snapshot.regime.state is not State.INSUFFICIENT_DATA
        assert house.market.assets == ("BTC", "SOL")


async def test_a_dropped_asset_is_neither_asked_nor_looked_at_and_goes_on_when_watched_again(
    valkey: Connection,
) -> None:
    async with town(NOW_MS, three_coins()) as here, here.house(valkey) as house:
        await house.begin("BTC", "ETH")
        await house.memory.watchlist.drop("ETH")
        await house.market.mind_watchlist()
        assert house.market.assets == ("BTC",)
        before = len(house.asked)
        await house.minutes(2)
        assert not [ask for ask in house.asked[before:] if "ETH" in (ask.symbol or "")]
        assert await house.cycle.snapshots.latest("ETH") is None
        await house.memory.watchlist.add("ETH")
        await house.market.mind_watchlist()
        assert (await house.look("ETH")).regime.state is not State.INSUFFICIENT_DATA
        assert (await house.cycle.history.load("ETH")).last_seq == 2


async def test_an_asset_that_no_venue_lists_is_named_and_keeps_nobody_waiting(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("NONE", "BTC")
        assert house.market.is_live("BTC")
        assert not house.market.is_live("NONE")
        assert await house.memory.sources.pasts() == (PastReport("NONE", 0.0, ("no venue lists NONE",)),)
        assert (await house.look("NONE")).regime.state is State.INSUFFICIENT_DATA
        assert (await house.cycle.history.load("NONE")).last_seq == 0


async def test_what_was_watched_in_a_chat_survives_a_restart_until_the_setting_is_another(
    valkey: Connection,
) -> None:
    async with town(NOW_MS, three_coins()) as here:
        async with here.house(valkey) as house:
            await want(("BTC", "ETH"), house.memory)
            await house.memory.watchlist.add("SOL")
            await house.memory.watchlist.drop("ETH")
        async with here.house(valkey) as house:
            await want(("BTC", "ETH"), house.memory)
            assert await house.memory.watchlist.watched() == ("BTC", "SOL")
            await want(("ETH",), house.memory)
            assert await house.memory.watchlist.watched() == ("ETH",)


async def test_what_a_recorded_market_left_in_the_store_is_not_the_present(valkey: Connection) -> None:
    async with town(NOW_MS) as here, here.house(valkey) as house:
        await house.begin("BTC")
        snapshot = await house.look()
        await StoredSnapshots(valkey).watch(["BTC", "DOGE"])
        await house.cycle.snapshots.save(snapshot)
        await want(("BTC",), house.memory)
        assert await house.memory.watchlist.watched() == ("BTC",)
        assert await house.cycle.snapshots.latest("BTC") is None
        await house.market.begin()
        again = await house.cycle.snapshots.latest("BTC")
        assert again is not None
        assert again.at_ms == snapshot.at_ms
