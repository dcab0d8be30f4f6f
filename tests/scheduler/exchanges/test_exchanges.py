"""The folder of exchanges is its own register."""

import pytest

from market.observations import Venue
from scheduler.exchange import Exchange, Instrument
from scheduler.exchanges import exchanges


@pytest.mark.parametrize("exchange", exchanges(), ids=lambda exchange: exchange.name)
def test_an_exchange_is_named_like_its_venue_and_listens_to_something_that_proves_life(
    exchange: Exchange,
) -> None:
    assert exchange.name == exchange.venue.value
    assert exchange.rest_url.startswith("https://")
    assert exchange.ws_url.startswith("wss://")
    btc = Instrument(exchange.venue, "BTC-PERPETUAL", "BTC", 1.0, funding_interval_hours=8.0)
    for stream in exchange.streams([btc]):
        assert stream.path.startswith("/")
        assert any(channel.expected_every_s for channel in stream.channels)
    for ask in (*exchange.instruments(), *exchange.asks([btc])):
        assert ask.venue is exchange.venue
        assert ask.budget in exchange.budgets
        assert ask.weight <= exchange.budgets[ask.budget].weight


def test_binance_and_hyperliquid_are_found() -> None:
    assert {Venue.BINANCE, Venue.HYPERLIQUID} <= {exchange.venue for exchange in exchanges()}


def test_a_cap_is_the_bound_on_the_side_of_the_rate_and_unknown_where_none_is_told() -> None:
    adjusted = Instrument(Venue.BINANCE, "SOLUSDT", "SOL", 1.0, highest_funding=0.02, lowest_funding=-0.03)
    assert (adjusted.cap_of(0.0001), adjusted.cap_of(-0.0001)) == (0.02, 0.03)
    assert Instrument(Venue.BINANCE, "BTCUSDT", "BTC", 1.0).cap_of(0.0001) is None
