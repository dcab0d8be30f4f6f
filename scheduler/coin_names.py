"""What a coin is called here: as on Binance USD-M, so that one market has one name at every venue."""

import re

from market.observations import Asset

_TOGETHER = {
    **dict.fromkeys(
        ("PEPE", "SHIB", "BONK", "FLOKI", "LUNC", "XEC", "SATS", "RATS", "CAT", "CHEEMS", "WHY", "X"), 1_000
    ),
    "MOG": 1_000_000,
    "BOB": 1_000_000,
    "BABYDOGE": 1_000_000,
}
"""How many of a cheap coin Binance counts as one."""

_SPELLED = {("BABYDOGE", 1_000_000): "1MBABYDOGE"}
_MANY = re.compile(r"(?:(?P<before>10{2,6}))?(?P<coin>[A-Z0-9]*?[A-Z][A-Z0-9]*?)(?:(?P<after>10{2,6}))?")


def asset_of(base: str) -> tuple[Asset, float]:
    """The name of a venue's base coin, and how many of that asset's coins one of the venue's is.

    PEPE is 0.001 of 1000PEPE; SHIB1000 (Bybit) is one 1000SHIB; 10000SATS are ten 1000SATS; BTC is one BTC.
    """
    base = base.upper()
    found = _MANY.fullmatch(base)
    if found is None:
        return base, 1.0
    many = int(found["before"] or found["after"] or 1)
    coin = found["coin"]
    together = _TOGETHER.get(coin)
    if together is None:
        return base, 1.0
    return _SPELLED.get((coin, together), f"{together}{coin}"), many / together
