"""The words of a position, whichever command it is stated to: its venue, contract and margin, its entry, and own limits.

As with all words, a reader gives None for a word that is not its kind and raises Misunderstood for one that is but cannot
be. Words that say nothing by themselves ("base=3x") are read only behind the name of what they set.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

from commands.protocol.alert_words import Switch
from commands.protocol.request import Misunderstood, said
from commands.protocol.words import (
    LEVERAGE,
    Lexicon,
    Word,
    read_leverage_named,
    read_percent_named,
    read_price_named,
)
from market.observations import Venue
from market.sizing import MarginMode

TRADED_AT = (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.HYPERLIQUID)
"""The venues whose margin brackets are read, in the order in which one is taken where none is said."""

HIGHEST_OWN_FUNDING = 0.03
"""No venue takes more than 3 % per eight hours; more is an error of typing."""


class Contract(StrEnum):
    """What the contract is margined in and pays out: dollars, or the coin itself."""

    LINEAR = "linear"
    INVERSE = "inverse"


_MODES = {mode.value: mode for mode in MarginMode}
_VENUES = {**{venue.value: venue for venue in TRADED_AT}, "okex": Venue.OKX, "hl": Venue.HYPERLIQUID}
_CONTRACTS = {
    **{contract.value: contract for contract in Contract},
    **dict.fromkeys(("coin-m", "coinm"), Contract.INVERSE),
    **dict.fromkeys(("usd-m", "usdm"), Contract.LINEAR),
}


def read_mode(word: str, lexicon: Lexicon) -> MarginMode | None:
    """Isolated or cross."""
    return _MODES.get(word.lower())


def read_venue(word: str, lexicon: Lexicon) -> Venue | None:
    """A venue whose brackets are read, under its name or a short one."""
    return _VENUES.get(word.lower())


def read_venue_named(word: str, lexicon: Lexicon) -> Venue | None:
    """The same, but a word that names none is refused with those there are. Raises Misunderstood."""
    venue = read_venue(word, lexicon)
    if venue is None:
        raise Misunderstood("words.no_venue", said=said(word), venues=", ".join(TRADED_AT))
    return venue


def read_contract(word: str, lexicon: Lexicon) -> Contract | None:
    """Linear (margined in USDT) or inverse (margined in the coin; "coin-m" too)."""
    return _CONTRACTS.get(word.lower())


def never(word: str, lexicon: Lexicon) -> None:
    """A word that has to be named ("base=3x") is nothing when it stands alone."""


def read_entry(word: str, lexicon: Lexicon) -> float | None:
    """A price in dollars whose meaning has been said."""
    return read_price_named(word, lexicon)


def read_own_base(word: str, lexicon: Lexicon) -> float | Switch | None:
    """A base leverage ("8x", "8"), or "off"."""
    return Switch.OFF if word.lower() == Switch.OFF else read_leverage_named(word, lexicon)


def read_own_drawdown(word: str, lexicon: Lexicon) -> float | Switch | None:
    """A share of the equity as a fraction ("5%", "5"), or "off"."""
    return Switch.OFF if word.lower() == Switch.OFF else read_percent_named(word, lexicon)


def read_own_funding(word: str, lexicon: Lexicon) -> float | Switch | None:
    """A rate per eight hours as a fraction ("0.02%", "0.02"), above 0 and at most 3 %; or "off"."""
    lower = word.lower()
    if lower == Switch.OFF:
        return Switch.OFF
    rate = read_percent_named(lower.removesuffix("/8h"), lexicon)
    if rate is not None and rate > HIGHEST_OWN_FUNDING:
        raise Misunderstood("words.funding_range", said=said(word))
    return rate


BASE = replace(LEVERAGE, kind="base", rank=90, example="base=3x", read=never, offers=())
ENTRY = Word("entry", 91, "entry=64200", never, read_entry)
MODE = Word("mode", 45, "cross", read_mode, read_mode, choices=tuple(mode.value for mode in MarginMode))
VENUE = Word(
    "venue", 46, "bybit", read_venue, read_venue_named, choices=tuple(venue.value for venue in TRADED_AT)
)
CONTRACT = Word(
    "contract",
    47,
    "inverse",
    read_contract,
    read_contract,
    choices=tuple(contract.value for contract in Contract),
)
OWN_BASE = Word("own_base", 92, "base=3x", never, read_own_base)
OWN_DRAWDOWN = Word("own_drawdown", 93, "drawdown=5%", never, read_own_drawdown)
OWN_FUNDING = Word("own_funding", 94, "funding=0.02%", never, read_own_funding)

BaseWord = Annotated[float, BASE]
EntryWord = Annotated[float, ENTRY]
ModeWord = Annotated[MarginMode, MODE]
VenueWord = Annotated[Venue, VENUE]
ContractWord = Annotated[Contract, CONTRACT]
OwnBaseWord = Annotated[float | Switch, OWN_BASE]
OwnDrawdownWord = Annotated[float | Switch, OWN_DRAWDOWN]
OwnFundingWord = Annotated[float | Switch, OWN_FUNDING]
