"""The exchanges: one file or package each, found by a scan; pure, they say what to ask and read what came back."""

from functools import cache

from market.entries import entries
from scheduler.exchange import Exchange


@cache
def exchanges() -> tuple[Exchange, ...]:
    """Every exchange of this folder, in alphabetical order of file names."""
    return entries(__name__, "EXCHANGE", Exchange, lambda exchange: exchange.name)
