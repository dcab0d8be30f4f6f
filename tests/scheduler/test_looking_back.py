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


def some_hours(count: int = DAYS * 24, first: int = 1) -> Hourly:
    """Hours that swing a little; the first of them is hour `first` of the epoch."""
    hours = Hourly()
    for hour in range(first, first + count):
        price = 100.0 + hour % 7
        hours.close_hour(hour * HOUR_MS, price + 1.0, price - 1.0, price, 1_000.0)
    return hours


async def test_each_asset_has_its_turn_and_what_is_made_is_kept(valkey: Connection) -> None:
    kept = StoredBacktests(valkey, "live")
    looks = LooksBack(HoursInMemory({"BTC": some_hours(), "ETH": some_hours()}), kept, RULES)
    assert [await looks.next(("BTC", "ETH", "SOL")) for _ in range(3)] == ["BTC", "ETH", None]
    made = await kept.of("ETH")
    assert made is not None
    assert made.until_ms == DAYS * 24 * HOUR_MS


async def test_another_process_does_not_make_again_what_is_kept(valkey: Connection) -> None:
    hours, kept = HoursInMemory({"BTC": some_hours()}), StoredBacktests(valkey, "live")
    assert await LooksBack(hours, kept, RULES).next(("BTC",)) == "BTC"
    assert await LooksBack(hours, kept, RULES).next(("BTC",)) is None


async def test_under_other_rules_it_is_made_anew(valkey: Connection) -> None:
    hours, kept = HoursInMemory({"BTC": some_hours()}), StoredBacktests(valkey, "live")
    await LooksBack(hours, kept, RULES).next(("BTC",))
    others = replace(RULES, alerts=replace(RULES.alerts, watch_shock=-1.4))
    assert await LooksBack(hours, kept, others).next(("BTC",)) == "BTC"


@pytest.mark.parametrize(("more", "is_due"), [(5, False), (6, True)])
async def test_it_is_made_again_after_six_hours(valkey: Connection, more: int, is_due: bool) -> None:
    kept, of = StoredBacktests(valkey, "live"), {"BTC": some_hours()}
    looks = LooksBack(HoursInMemory(of), kept, RULES)
    await looks.next(("BTC",))
    of["BTC"] = some_hours(DAYS * 24 + more)
    assert AGAIN_AFTER_MS == 6 * HOUR_MS
    assert await looks.next(("BTC",)) == ("BTC" if is_due else None)


async def test_it_is_made_again_when_a_longer_past_was_read(valkey: Connection) -> None:
    kept, of = StoredBacktests(valkey, "live"), {"BTC": some_hours(DAYS * 24, first=100)}
    looks = LooksBack(HoursInMemory(of), kept, RULES)
    await looks.next(("BTC",))
    of["BTC"] = some_hours(DAYS * 24 + 99)
    assert await looks.next(("BTC",)) == "BTC"


async def test_too_few_hours_are_not_tried_each_minute(valkey: Connection) -> None:
    kept = StoredBacktests(valkey, "live")
    looks = LooksBack(HoursInMemory({"BTC": some_hours(100)}), kept, RULES)
    assert await looks.next(("BTC",)) == "BTC"
    assert await looks.next(("BTC",)) is None
    assert await kept.of("BTC") is None
