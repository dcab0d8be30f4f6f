"""Coins are called as on Binance, whatever a venue counts as one."""

import pytest

from scheduler.coin_names import asset_of


@pytest.mark.parametrize(
    ("base", "asset", "coins"),
    [
        ("BTC", "BTC", 1.0),
        ("PEPE", "1000PEPE", 0.001),
        ("1000PEPE", "1000PEPE", 1.0),
        ("SHIB1000", "1000SHIB", 1.0),
        ("10000SATS", "1000SATS", 10.0),
        ("1000000MOG", "1000000MOG", 1.0),
        ("BABYDOGE", "1MBABYDOGE", 0.000001),
        ("1INCH", "1INCH", 1.0),
        ("C98", "C98", 1.0),
        ("10000LADYS", "10000LADYS", 1.0),
        ("1000", "1000", 1.0),
        ("", "", 1.0),
    ],
)
def test_one_market_has_one_name_and_its_coins_are_counted_alike(base: str, asset: str, coins: float) -> None:
    name, of_ours = asset_of(base)
    assert (name, of_ours) == (asset, coins)
