"""When kept hours are looked back at: once for each asset, again when they have grown, and when rules or hours are others."""

from dataclasses import replace

import pytest

from market.hourly import Hourly
from market.observations import HOUR_MS
from market.rules import Rules
from scheduler.backtesting import AGAIN_AFTER_MS
from scheduler.looking_back import LooksBack
from store.backtests import StoredBacktests
from store.connection import Connection
from store.in_memory import HoursInMemory
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]

RULES = Rules()
DAYS = 12
NOW_MS = DAYS * 24 * HOUR_MS


def some_hours(count: int = DAYS * 24, first: int = 1) -> Hourly:
    """Hours that swing a little; the first of them is hour `first` of the epoch."""
    hours = Hourly()
    for hour in range(first, first + count):
        price = 100.0 + hour % 7
        hours.close_hour(hour * HOUR_MS, price + 1.0, price - 1.0, price, 1_000.0)
    return hours


async def test_each_asset_has_its_turn_and_what_is_made_is_kept(valkey: Connection) -> None:
    kept = StoredBacktests(valkey, "live")
    looks = LooksBack(HoursInMemory({"BTC": some_hours(), "ETH": some_hours()}).of, kept, RULES)
    assert [await looks.next(("BTC", "ETH", "SOL"), NOW_MS) for _ in range(3)] == ["BTC", "ETH", None]
    made = await kept.of("ETH")
    assert made is not None
    assert made.until_ms == DAYS * 24 * HOUR_MS


async def test_another_process_does_not_make_again_what_is_kept(valkey: Connection) -> None:
    hours, kept = HoursInMemory({"BTC": some_hours()}).of, StoredBacktests(valkey, "live")
    assert await LooksBack(hours, kept, RULES).next(("BTC",), NOW_MS) == "BTC"
    assert await LooksBack(hours, kept, RULES).next(("BTC",), NOW_MS) is None


async def test_under_other_rules_it_is_made_anew(valkey: Connection) -> None:
    hours, kept = HoursInMemory({"BTC": some_hours()}).of, StoredBacktests(valkey, "live")
    await LooksBack(hours, kept, RULES).next(("BTC",), NOW_MS)
    others = replace(RULES, alerts=replace(RULES.alerts, watch_shock=-1.4))
    assert await LooksBack(hours, kept, others).next(("BTC",), NOW_MS) == "BTC"


@pytest.mark.parametrize(("more", "is_due"), [(5, False), (6, True)])
async def test_it_is_made_again_after_six_hours(valkey: Connection, more: int, is_due: bool) -> None:
    kept, of = StoredBacktests(valkey, "live"), {"BTC": some_hours()}
    looks = LooksBack(HoursInMemory(of).of, kept, RULES)
    await looks.next(("BTC",), NOW_MS)
    of["BTC"] = some_hours(DAYS * 24 + more)
    assert AGAIN_AFTER_MS == 6 * HOUR_MS
    assert await looks.next(("BTC",), NOW_MS + more * HOUR_MS) == ("BTC" if is_due else None)


async def test_it_is_made_again_when_a_longer_past_was_read(valkey: Connection) -> None:
    """The service was stopped for that, and begins anew with what is kept."""
    kept = StoredBacktests(valkey, "live")
    short, longer = some_hours(DAYS * 24, first=100), some_hours(DAYS * 24 + 99)
    await LooksBack(HoursInMemory({"BTC": short}).of, kept, RULES).next(("BTC",), NOW_MS)
    looks = LooksBack(HoursInMemory({"BTC": longer}).of, kept, RULES)
    assert await looks.next(("BTC",), NOW_MS) == "BTC"


async def test_it_is_made_again_where_the_hours_end_before_it(valkey: Connection) -> None:
    """Other files are played on the same store: what was looked back at is not there any more."""
    kept, of = StoredBacktests(valkey, "history"), {"BTC": some_hours(DAYS * 24 + 50)}
    await LooksBack(HoursInMemory(of).of, kept, RULES).next(("BTC",), NOW_MS + 50 * HOUR_MS)
    of["BTC"] = some_hours()
    looks = LooksBack(HoursInMemory(of).of, kept, RULES)
    assert [await looks.next(("BTC",), NOW_MS) for _ in range(2)] == ["BTC", None]
    made = await kept.of("BTC")
    assert made is not None
    assert made.until_ms == NOW_MS


async def test_what_is_new_is_not_even_read(valkey: Connection) -> None:
    reads: list[str] = []

    async def read(asset: str) -> Hourly:
        reads.append(asset)
        return some_hours()

    looks = LooksBack(read, StoredBacktests(valkey, "live"), RULES)
    for _ in range(3):
        await looks.next(("BTC",), NOW_MS)
    assert reads == ["BTC"]


async def test_what_was_looked_back_at_is_dropped_where_too_few_hours_are_left(valkey: Connection) -> None:
    kept, of = StoredBacktests(valkey, "history"), {"BTC": some_hours()}
    await LooksBack(HoursInMemory(of).of, kept, RULES).next(("BTC",), NOW_MS)
    assert await kept.of("BTC") is not None
    of["BTC"] = some_hours(100)
    await LooksBack(HoursInMemory(of).of, kept, RULES).next(("BTC",), 100 * HOUR_MS)
    assert await kept.of("BTC") is None


async def test_too_few_hours_are_not_tried_each_minute(valkey: Connection) -> None:
    kept = StoredBacktests(valkey, "live")
    looks = LooksBack(HoursInMemory({"BTC": some_hours(100)}).of, kept, RULES)
    assert await looks.next(("BTC",), NOW_MS) == "BTC"
    assert await looks.next(("BTC",), NOW_MS) is None
    assert await kept.of("BTC") is None
