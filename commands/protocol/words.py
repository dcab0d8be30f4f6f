"""How each word of a request is read: an asset, a leverage, money, a percentage, a time to hold, a side.

A reader gives None for a word that is not its kind, and raises Misunderstood for one that is but cannot be. Numbers are
ASCII only, a comma stands for thousands and never for decimals, and no exponent is a number (commands.protocol.amounts).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated

from commands.protocol.amounts import dollars, read_number, read_signed, readings, refuse_thousands, within
from commands.protocol.request import Misunderstood, said
from market.observations import Asset, Side

LONGEST_TEXT = 256
MOST_WORDS = 16
MOST_LEVERAGE = 200.0
LONGEST_HOLD_HOURS = 720.0

_MARK = re.compile(r"[-/_:.]")
_ASSET = re.compile(r"[A-Z0-9]{1,15}", re.ASCII)
_QUOTES = ("USDT", "USDC", "BUSD", "FDUSD", "USD", "PERP")
_ALIASES = {
    "XBT": "BTC",
    "BITCOIN": "BTC",
    "ETHEREUM": "ETH",
    "ETHER": "ETH",
    "SOLANA": "SOL",
    "RIPPLE": "XRP",
    "DOGECOIN": "DOGE",
    "CARDANO": "ADA",
    "LITECOIN": "LTC",
}
_MULTIPLES = ("1000000", "1000", "1M", "K")
_HOURS = {"h": 1.0, "hr": 1.0, "hrs": 1.0, "hours": 1.0, "d": 24.0, "day": 24.0, "days": 24.0, "w": 168.0}
_SIDES = {
    "long": Side.LONG,
    "l": Side.LONG,
    "buy": Side.LONG,
    "largo": Side.LONG,
    "short": Side.SHORT,
    "s": Side.SHORT,
    "sell": Side.SHORT,
    "corto": Side.SHORT,
}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What a word may refer to: the watched assets (none known: any plausible symbol is taken as one), and listed ones.

    `can_watch`: a listed one can be watched from here (/watch); a recorded market has only what was recorded.
    """

    assets: tuple[Asset, ...] = ()
    listed: tuple[Asset, ...] = ()
    can_watch: bool = False


Reader = Callable[[str, Lexicon], object | None]


@dataclass(frozen=True, slots=True)
class Word:
    """A kind of word: what it is called in the phrases, how it is read, and what a slash option needs to know.

    `read` takes a word that stands alone and must be unmistakable ("5x"), `read_named` one whose meaning has been said
    ("leverage=5"). Words of a lower `rank` are tried first. `is_number` with `least` and `most` for platforms that ask
    for numbers, `choices` where only some words exist, `offers` to choose from when the word is missing.
    """

    kind: str
    rank: int
    example: str
    read: Reader
    read_named: Reader
    is_number: bool = False
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()

    @property
    def is_of_digits(self) -> bool:
        """Whether it is written in digits ("5x", "10k", "23-07")."""
        return any(letter.isdigit() for letter in self.example)


def with_its_x(words: Sequence[str]) -> list[str]:
    """The words, an x that stands alone put to the number before it: "5 x" is "5x"."""
    joined: list[str] = []
    for word in words:
        if word.lower() == "x" and joined and read_number(joined[-1]) is not None:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def read_leverage(word: str, lexicon: Lexicon) -> float | None:
    """A multiple with its x ("5x", "x5"): 1 to 200; the venue's tier decides later what is too much."""
    lower = word.lower()
    if lower.endswith("x"):
        return _leverage_of(lower[:-1], word)
    return _leverage_of(lower[1:], word) if lower.startswith("x") else None


def read_leverage_named(word: str, lexicon: Lexicon) -> float | None:
    """The same, where the x may be left out."""
    return _leverage_of(word.lower().strip("x"), word)


def read_money(word: str, lexicon: Lexicon) -> float | None:
    """US dollars ("10k", "64,200", "$500", "500usdt"). A bare number below 200 could be a leverage: it is refused."""
    usd = dollars(word)
    if usd is not None and usd <= MOST_LEVERAGE and read_number(word) is not None:
        raise Misunderstood("words.leverage_or_money", said=said(word), near=readings(word, usd))
    return read_money_named(word, lexicon)


def read_money_named(word: str, lexicon: Lexicon) -> float | None:
    """US dollars whose meaning has been said, so that any size will do."""
    usd = dollars(word)
    if usd is not None:
        refuse_thousands(word)
    return usd


def read_price_named(word: str, lexicon: Lexicon) -> float | None:
    """The same of a price, which may have three decimals: what it is a price of tells a slip of the mark."""
    return dollars(word)


def read_percent(word: str, lexicon: Lexicon) -> float | None:
    """A share ("3%") as a fraction, above 0 and at most 100 %."""
    return _percent_of(word[:-1], word) if word.endswith("%") else None


def read_percent_named(word: str, lexicon: Lexicon) -> float | None:
    """The same, where the sign may be left out."""
    return _percent_of(word.removesuffix("%"), word)


def read_hold(word: str, lexicon: Lexicon) -> float | None:
    """A time ("72h", "3d", "1w") in hours, 1 hour to 30 days."""
    lower = word.lower()
    unit = lower.lstrip("+-0123456789.,")
    hours = read_signed(lower[: len(lower) - len(unit)]) if unit in _HOURS else None
    if hours is None:
        return None
    return within(hours * _HOURS[unit], 1.0, LONGEST_HOLD_HOURS, "words.hold_range", word)


def read_hold_named(word: str, lexicon: Lexicon) -> float | None:
    """The same, a bare number standing for hours."""
    hours = read_signed(word)
    if hours is None:
        return read_hold(word, lexicon)
    return within(hours, 1.0, LONGEST_HOLD_HOURS, "words.hold_range", word)


def read_side(word: str, lexicon: Lexicon) -> Side | None:
    """Long or short."""
    return _SIDES.get(word.lower())


def read_asset(word: str, lexicon: Lexicon) -> Asset | None:
    """A watched asset under any of its names (btc, XBT, BTCUSDT, btc-perp, $BTC, PEPE for 1000PEPE), None for others."""
    symbol = symbol_of(word)
    if symbol is None:
        return None
    if not lexicon.assets:
        return symbol if re.search("[A-Z]", symbol) else None
    return next((name for name in _names_of(symbol) if name in lexicon.assets), None)


def read_asset_named(word: str, lexicon: Lexicon) -> Asset | None:
    """The same, but a word that names no watched asset is refused with the nearest ones. Raises Misunderstood."""
    asset = read_asset(word, lexicon)
    if asset is None and symbol_of(word) is not None:
        raise unknown_asset(word, lexicon)
    return asset


def read_listed(word: str, lexicon: Lexicon) -> Asset | None:
    """An asset that is watched or listed by a venue, under any of its names, None for others."""
    symbol = symbol_of(word)
    if symbol is None:
        return None
    names = _names_of(symbol)
    return next((name for name in names if name in lexicon.assets or name in lexicon.listed), None)


def read_listed_named(word: str, lexicon: Lexicon) -> Asset | None:
    """The same, but a word that names no listed asset is refused with the nearest ones. Raises Misunderstood."""
    asset = read_listed(word, lexicon)
    if asset is None and symbol_of(word) is not None:
        raise unlisted_asset(word, lexicon)
    return asset


def read_text(word: str, lexicon: Lexicon) -> str | None:
    """Any word of plain letters, digits, - and _ (the payload of a deep link, the name of a command)."""
    return word if re.fullmatch(r"/?[A-Za-z0-9_-]{1,64}", word) else None


def symbol_of(word: str) -> str | None:
    """The bare coin of an exchange's symbol ("BTC-USDT-SWAP" -> BTC), None if it cannot be one."""
    head = _MARK.split(word.upper().lstrip("$#"), maxsplit=1)[0]
    if head.endswith(_QUOTES):
        quotes = (quote for quote in _QUOTES if head.endswith(quote) and len(head) > len(quote))
        head = head.removesuffix(next(quotes, ""))
    return head if _ASSET.fullmatch(head) else None


def unknown_asset(word: str, lexicon: Lexicon) -> Misunderstood:
    """The refusal of a word that should have been an asset, with what it may have meant."""
    symbol = symbol_of(word) or ""
    watched = ", ".join(lexicon.assets[:6])
    listed = read_listed(word, lexicon)
    if listed is not None and lexicon.can_watch:
        offers = (f"/watch {listed}",)
        return Misunderstood("words.watch_it", asset=listed, watched=watched, offers=offers)
    if listed is not None:
        return Misunderstood("words.listed", asset=listed, watched=watched)
    near = nearest(symbol, lexicon.assets) or (nearest(symbol, lexicon.listed) if lexicon.can_watch else ())
    if near:
        return Misunderstood("words.did_you_mean", said=said(word), near=near)
    return Misunderstood("words.not_watched", said=said(word), watched=watched)


def unlisted_asset(word: str, lexicon: Lexicon) -> Misunderstood:
    """The refusal of a word that names nothing a venue lists, with what it may have meant."""
    near = nearest(symbol_of(word) or "", (*lexicon.assets, *lexicon.listed))
    if near:
        return Misunderstood("words.unlisted_near", said=said(word), near=near)
    return Misunderstood("words.unlisted", said=said(word))


def nearest(name: str, names: tuple[str, ...], least_alike: float = 0.6) -> tuple[str, ...]:
    """At most two of `names` that `name` may have meant; `least_alike` is a share of their letters."""
    return tuple(get_close_matches(name, names, n=2, cutoff=least_alike))


def _names_of(symbol: str) -> Iterator[str]:
    yield symbol
    alias = _ALIASES.get(symbol, symbol)
    bare = next((alias.removeprefix(lot) for lot in _MULTIPLES if alias.startswith(lot)), alias)
    yield from (alias, bare)
    yield from (lot + name for lot in _MULTIPLES for name in (alias, bare))


def _leverage_of(number: str, word: str) -> float | None:
    value = read_signed(number)
    if value is None:
        return None
    if value < 1.0:
        raise Misunderstood("words.leverage_below_one", said=said(word))
    return within(value, 1.0, MOST_LEVERAGE, "words.leverage_range", word)


def _percent_of(number: str, word: str) -> float | None:
    value = read_signed(number)
    if value is None:
        return None
    if not 0.0 < value <= 100.0:
        raise Misunderstood("words.percent_range", said=said(word))
    return value / 100.0


ASSET = Word("asset", 60, "BTC", read_asset, read_asset_named)
LISTED = Word("listed", 60, "PEPE", read_listed, read_listed_named)
LEVERAGE = Word(
    "leverage",
    10,
    "5x",
    read_leverage,
    read_leverage_named,
    is_number=True,
    least=1.0,
    most=MOST_LEVERAGE,
    offers=("1x", "2x", "3x", "5x"),
)
MONEY = Word("money", 50, "10k", read_money, read_money_named)
PERCENT = Word("percent", 20, "3%", read_percent, read_percent_named)
HOLD = Word("hold", 30, "72h", read_hold, read_hold_named)
SIDE = Word("side", 40, "long", read_side, read_side, choices=("long", "short"))
TEXT = Word("text", 70, "size", read_text, read_text)

AssetWord = Annotated[Asset, ASSET]
ListedWord = Annotated[Asset, LISTED]
LeverageWord = Annotated[float, LEVERAGE]
MoneyWord = Annotated[float, MONEY]
PercentWord = Annotated[float, PERCENT]
HoldWord = Annotated[float, HOLD]
SideWord = Annotated[Side, SIDE]
TextWord = Annotated[str, TEXT]
