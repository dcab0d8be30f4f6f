"""Spot volume is asked of the venues that list the coin's spot market, once an hour, thirty days at a cold start."""

from dataclasses import replace

import pytest

from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, SpotVolume, Venue
from scheduler.exchange import Ask, Exchange, Instrument, Kind, Report
from scheduler.exchanges import exchanges
from scheduler.simulator.market import START_MS
from tests.scheduler.collect.room import of_kind, room

NOW_MS = START_MS + 31 * HOUR_MS - 2 * MINUTE_MS
SYMBOLS = {Venue.BYBIT: ("BTCUSDT", "BTCUSDT"), Venue.OKX: ("BTC-USDT-SWAP", "BTC-USDT")}
TELLING = [exchange for exchange in exchanges() if exchange.venue in SYMBOLS]


def contract(venue: Venue) -> Instrument:
    symbol, spot_symbol = SYMBOLS[venue]
    return Instrument(venue, symbol, "BTC", 1.0, funding_interval_hours=8.0, spot_symbol=spot_symbol)


def spot_of(asks: tuple[Ask[tuple[Report, ...]], ...]) -> list[Ask[tuple[Report, ...]]]:
    return [ask for ask in asks if ask.kind is Kind.SPOT]


@pytest.mark.parametrize("exchange", TELLING, ids=lambda exchange: exchange.name)
def test_a_coin_without_a_spot_market_is_asked_nothing_of(exchange: Exchange) -> None:
    bare = replace(contract(exchange.venue), spot_symbol=None)
    assert not spot_of(exchange.asks([bare]))
    assert not spot_of(exchange.history_asks(bare, NOW_MS - DAY_MS, NOW_MS))


@pytest.mark.parametrize("exchange", TELLING, ids=lambda exchange: exchange.name)
def test_a_month_of_it_is_few_questions_within_every_budget(exchange: Exchange) -> None:
    (each,) = spot_of(exchange.asks([contract(exchange.venue)]))
    assert (each.every_s, each.step_ms) == (3_600.0, HOUR_MS)
    month = spot_of(exchange.history_asks(contract(exchange.venue), NOW_MS - 30 * DAY_MS, NOW_MS))
    assert sum(int(ask.params["limit"]) for ask in month) == 720
    assert len(month) <= 3
    assert all(ask.budget in exchange.budgets for ask in (each, *month))


async def test_each_venue_that_has_a_spot_market_is_asked_once_an_hour_and_each_hour_is_told_once() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        asked = of_kind(await at.poll(), Kind.SPOT)
        assert {ask.venue for ask in asked} == set(SYMBOLS)
        at.step()
        first = [one for one in at.told if isinstance(one, SpotVolume)]
        assert {one.venue for one in first} == set(SYMBOLS)
        assert len(first) == 2 * 48
        await at.pass_s(60)
        assert not of_kind(await at.poll(), Kind.SPOT)
        await at.pass_s(65)
        assert len(of_kind(await at.poll(), Kind.SPOT)) == 2
        at.step()
        again = [one for one in at.told if isinstance(one, SpotVolume)][len(first) :]
        assert [one.known_at_ms for one in again] == [START_MS + 31 * HOUR_MS] * 2


async def test_the_spot_market_is_a_third_of_what_the_perpetual_trades_by_choice() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        await at.poll()
        at.step()
        market = at.venues.markets[Venue.BYBIT]
        told = [one for one in at.told if isinstance(one, SpotVolume) and one.venue is Venue.BYBIT]
        for one in told:
            begin_ms = one.known_at_ms - HOUR_MS
            (bar,) = market.spot_bars("BTC", HOUR_MS, begin_ms, begin_ms, NOW_MS)
            (whole,) = market.bars("BTC", HOUR_MS, begin_ms, begin_ms, NOW_MS)
            assert one.usd == pytest.approx(bar.usd)
            assert 0.0 < bar.usd < whole.usd / 2.0
