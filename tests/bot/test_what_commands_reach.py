"""Hours and brackets as commands reach them: on a live store, on a recorded one, and out of files at the terminal."""

from pathlib import Path

import pytest

from bot.demo.stage import open_stage
from bot.history_feed import memory_on
from bot.live import services_on
from bot.recorded import ask_history
from market.hourly import Hourly
from market.margin import Tier, Tiers, bundled_tiers
from market.observations import DAY_MS, HOUR_MS, Venue
from scheduler.live import live_memory
from store.alerts_log import AlertsLog
from store.connection import Connection
from store.services import Services
from tests.commands.talking import text_of
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.samples import BACKTEST_SAMPLE, FIRED

__all__ = ["valkey", "valkey_socket"]

TOLD = Tiers("BTC", Venue.BYBIT, "2026-11-22", (Tier(0.0, 1e6, 100.0, 0.005, 0.0),))


def one_hour(close_usd: float) -> Hourly:
    hours = Hourly()
    hours.close_hour(HOUR_MS, 2.0 * close_usd, close_usd, close_usd, None)
    return hours


async def reached(services: Services) -> tuple[Hourly | None, Tiers | None, Tiers | None]:
    """Hours of BTC, and its brackets at Bybit and where no venue is named."""
    hours, tiers = services.hours, services.tiers
    assert hours is not None
    assert tiers is not None
    return await hours.of("BTC"), await tiers.of("BTC", Venue.BYBIT), await tiers.of("BTC")


async def test_a_live_store_answers_with_what_the_live_market_keeps(valkey: Connection) -> None:
    memory = live_memory(valkey)
    await memory.cycle.hours.save("BTC", one_hour(1.0))
    await memory.tiers.save([TOLD])
    live = await reached(services_on(valkey, is_live=True))
    assert live == (one_hour(1.0), TOLD, bundled_tiers()["BTC"])


async def test_a_recorded_store_answers_with_its_own_hours_and_not_with_brackets_of_today(
    valkey: Connection,
) -> None:
    await live_memory(valkey).tiers.save([TOLD])
    await live_memory(valkey).cycle.hours.save("BTC", one_hour(1.0))
    await memory_on(valkey).hours.save("BTC", one_hour(2.0))
    recorded = await reached(services_on(valkey, is_live=False))
    assert recorded == (one_hour(2.0), None, bundled_tiers()["BTC"])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Thirty days of a quiet market whose open interest grows a little each hour."""
    path = tmp_path / "history_BTC.csv"
    lines = ["open_time_utc,open,high,low,close,oi_binance_coins_1h"]
    for number in range(720):
        day, hour = divmod(number, 24)
        price = 60_000 + 100 * (number % 5)
        when = f"2024-03-{day + 1:02d}T{hour:02d}:00:00Z"
        lines.append(f"{when},{price},{price + 50},{price - 50},{price},{80_000 + 10 * number}")
    path.write_text("\n".join(lines))
    return path


async def test_a_question_on_files_has_their_hours_until_its_time(file: Path) -> None:
    whole = await ask_history("/levels BTC", [file], None)
    half = await ask_history("/levels BTC", [file], 1_711_411_200_000)  # 2024-03-26 00:00 UTC
    assert (whole.data["as_of"], half.data["as_of"]) == ("2024-03-31T00:00:00Z", "2024-03-26T00:00:00Z")
    assert (whole.data["hours"], half.data["hours"]) == (719, 599)
    assert whole.data["open_interest_usd"] == pytest.approx((80_000 + 7_190) * 60_400)


async def test_a_question_on_files_looks_back_at_them(file: Path) -> None:
    back = await ask_history("/backtest BTC every", [file], None)
    # a third of the thirty days is learned from
    assert (back.data["days"], back.data["scored_from"]) == (19, "2024-03-11T01:00:00Z")
    assert (await ask_history("/history BTC", [file], None)).data["asset"] == "BTC"


async def test_looks_back_and_warnings_of_a_store_are_reached(valkey: Connection) -> None:
    await live_memory(valkey).backtests.save(BACKTEST_SAMPLE)
    await AlertsLog(valkey).append(FIRED)
    live, recorded = services_on(valkey, is_live=True), services_on(valkey, is_live=False)
    assert live.backtests is not None
    assert recorded.backtests is not None
    assert live.warned is not None
    assert await live.backtests.of("BTC") == BACKTEST_SAMPLE
    assert await recorded.backtests.of("BTC") is None
    assert [alert.id for alert in await live.warned.told()] == [FIRED.id]


async def test_the_demo_knows_its_past_and_the_brackets_of_its_venues_before_the_first_question() -> None:
    async with open_stage(7, "sell_off") as stage:
        await stage.read_past()
        hours, bybit, bundled = await reached(stage.services)
        assert hours is not None
        assert len(hours) > 24 * 90
        assert bybit is not None
        assert (bybit.venue, bybit.published_on) == (Venue.BYBIT, "2026-01-05")
        assert bundled == bundled_tiers()["BTC"]
        looks = stage.services.backtests
        assert looks is not None
        while (back := await looks.of("BTC")) is None:
            pass
        assert back.until_ms - back.scored_ms > 60 * DAY_MS
        assert "BTC cascade" in text_of(await stage.ask("/backtest BTC"))
        sized = await stage.ask("/size BTC 5x 10k venue=okx")
        assert sized.data["tiers"] == {"venue": "okx", "published_on": "2026-01-05"}
