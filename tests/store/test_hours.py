"""The closed hours of assets, in the real Valkey and in memory alike."""

import msgspec
import pytest

from market.hourly import KEPT_HOURS, Hourly, known
from market.observations import HOUR_MS
from store import keys
from store.codec import encode
from store.connection import Connection
from store.hours import HOURS, StoredHours
from store.in_memory import HoursInMemory
from store.services import Hours
from tests.store.samples import HOURS_SAMPLE


def hours_until(last: int) -> Hourly:
    hours = Hourly()
    for number in range(1, last + 1):
        hours.close_hour(number * HOUR_MS, 102.0, 98.0, 100.0 + number, 1_000.0)
    return hours


@pytest.mark.parametrize("is_stored", [True, False])
async def test_an_asset_without_hours_has_none(valkey: Connection, is_stored: bool) -> None:
    here: Hours = StoredHours(valkey, "live") if is_stored else HoursInMemory({"ETH": Hourly()})
    assert await here.of("BTC") is None
    assert await here.of("ETH") is None


async def test_hours_come_back_to_the_last_bit_with_what_is_unknown_of_them(valkey: Connection) -> None:
    await StoredHours(valkey, "live").save("BTC", HOURS_SAMPLE)
    again = await StoredHours(valkey, "live").of("BTC")
    assert again == HOURS_SAMPLE == await HoursInMemory({"BTC": HOURS_SAMPLE}).of("BTC")
    assert len(HOURS_SAMPLE) == 3


async def test_another_process_sees_the_next_hour_at_once(valkey: Connection) -> None:
    writer, reader = StoredHours(valkey, "live"), StoredHours(valkey, "live")
    for last in (1, 2, 3):
        await writer.save("BTC", hours_until(last))
        assert await reader.of("BTC") == hours_until(last)


async def test_between_two_hours_what_was_read_is_not_read_again(valkey: Connection) -> None:
    here = StoredHours(valkey, "live")
    await here.save("BTC", hours_until(2))
    assert await here.of("BTC") is await here.of("BTC")


async def test_a_market_that_begins_anew_at_an_earlier_time_takes_the_place_of_the_other(
    valkey: Connection,
) -> None:
    here = StoredHours(valkey, "history")
    await here.save("BTC", hours_until(5))
    assert len(await here.of("BTC") or ()) == 5
    await here.save("BTC", hours_until(2))
    assert await here.of("BTC") == hours_until(2)


async def test_markets_of_different_sources_do_not_know_each_others_hours(valkey: Connection) -> None:
    await StoredHours(valkey, "simulated").save("BTC", hours_until(1))
    assert await StoredHours(valkey, "live").of("BTC") is None


async def test_hours_of_a_newer_version_are_missing(valkey: Connection) -> None:
    here = StoredHours(valkey, "live")
    await here.save("BTC", hours_until(1))
    assert await here.of("BTC") is not None
    async with valkey.writing() as redis:
        await redis.hset(keys.hours("live", "BTC"), mapping={"last_close_ms": 5, "hours": b"\x92\x63\x90"})
    assert await here.of("BTC") is None
    assert await here.of("BTC") is None


async def test_hours_that_an_older_version_stored_are_read_with_what_it_did_not_know(
    valkey: Connection,
) -> None:
    columns = {
        name: ["d", [1.0, 2.0]] for name in ("high_usd", "low_usd", "close_usd", "open_interest_coins")
    }
    stored = msgspec.msgpack.encode((1, {"last_close_ms": 2 * HOUR_MS, **columns}))
    async with valkey.writing() as redis:
        await redis.hset(keys.hours("live", "BTC"), mapping={"last_close_ms": 2 * HOUR_MS, "hours": stored})
    here = StoredHours(valkey, "live")
    hours = await here.of("BTC")
    assert hours is not None
    assert (len(hours), list(hours.close_usd), known(hours.funding_8h)) == (2, [1.0, 2.0], (None, None))
    hours.close_hour(3 * HOUR_MS, 2.0, 1.0, 1.5, None, funding_8h=0.5)
    await here.save("BTC", hours)
    again = await StoredHours(valkey, "live").of("BTC")
    assert again == hours
    assert known(hours.funding_8h) == (None, None, 0.5)


async def test_another_process_sees_an_hour_that_was_mended(valkey: Connection) -> None:
    writer, reader = StoredHours(valkey, "live"), StoredHours(valkey, "live")
    hours = hours_until(2)
    await writer.save("BTC", hours)
    assert await reader.of("BTC") == hours
    hours.set_liquidated(2 * HOUR_MS, 5e6, 1e6)
    await writer.save("BTC", hours)
    mended = await reader.of("BTC")
    assert mended == hours
    assert mended is await reader.of("BTC")


async def test_half_a_year_of_hours_is_a_quarter_of_a_megabyte() -> None:
    assert len(encode(HOURS, hours_until(KEPT_HOURS))) < 250_000


async def test_hours_are_read_once_without_being_kept_in_this_process(valkey: Connection) -> None:
    stored = StoredHours(valkey, "live")
    assert await stored.once("BTC") is None
    await stored.save("BTC", HOURS_SAMPLE)
    assert await stored.once("BTC") == HOURS_SAMPLE
    assert await stored.once("BTC") is not await stored.once("BTC")
