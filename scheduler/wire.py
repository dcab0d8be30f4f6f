"""How payloads of exchanges are decoded: bounded numbers, one typed decode that knows one error, and two sums all need."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import Meta

from market.observations import DAY_MS, HOUR_MS, Asset, Candle, DepthBand, SpotVolume, Venue
from scheduler.exchange import Instrument, Kind, Misread, Told

Price = Annotated[float, Meta(gt=0.0, lt=1e12)]
"""US dollars a coin. A bound refuses NaN and infinity as well, here and below."""
Amount = Annotated[float, Meta(ge=0.0, lt=1e18)]
"""Coins, contracts or US dollars: zero or more."""
Rate = Annotated[float, Meta(gt=-1.0, lt=1.0)]
"""A fraction per interval: nobody is charged all of a position at once."""
TimeMs = Annotated[int, Meta(ge=0, lt=10**14)]
"""UTC epoch milliseconds."""
SaidPrice = Literal[""] | Price | None
"""A number that may be absent or "": whatever is a float here has kept its bound. So below."""
SaidAmount = Literal[""] | Amount | None
SaidRate = Literal[""] | Rate | None
SaidTimeMs = Literal[""] | TimeMs | None
Loose = str | float | None
"""A number of a row that may not be for us, in the shape an answer is read by that has rows not as documented."""

WITHINS = (0.01, 0.02)
INTERVALS_HOURS = frozenset({1, 2, 4, 6, 8})
_WORDS = 160
_UNDECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_opens_ms = attrgetter("opens_ms")


def decoder(venue: Venue, kind: str, shape: Any) -> Callable[[bytes], Any]:
    """A function that decodes JSON into `shape`, numbers also from strings; it raises Misread and nothing else."""
    decode = msgspec.json.Decoder(shape, strict=False).decode

    def decoded(payload: bytes) -> Any:
        try:
            return decode(payload)
        except _UNDECODED as wrong:
            raise Misread(venue, kind, str(wrong)[:_WORDS]) from None

    return decoded


def either(venue: Venue, kind: str, shape: Any, otherwise: Any) -> Callable[[bytes], Any]:
    """A function that decodes JSON into `shape`, or into `otherwise` where it is none: rows that are not ours may be odd.

    Nearly everything is of the first, tight shape, in one pass that leaves no number to be looked at again. What is of
    neither raises Misread.
    """
    decode = msgspec.json.Decoder(shape, strict=False).decode
    decode_otherwise = decoder(venue, kind, otherwise)

    def decoded(payload: bytes) -> Any:
        try:
            return decode(payload)
        except _UNDECODED:
            return decode_otherwise(payload)

    return decoded


def strictly(venue: Venue, kind: str, loose: object, shape: Any) -> Any:
    """A loosely decoded row or number as the strict `shape`. Raises Misread."""
    try:
        return msgspec.convert(loose, shape, strict=False, from_attributes=True)
    except msgspec.MsgspecError as wrong:
        raise Misread(venue, kind, str(wrong)[:_WORDS]) from None


def numbers(venue: Venue, shape: Any) -> Callable[[str, str, Loose], Any]:
    """A function that reads one loose number as the strict `shape`, given the kind and the name of its field.

    None for "" and for what is not there; for anything else that is no such number it raises Misread by that name.
    """
    decode = msgspec.json.Decoder(shape, strict=False).decode

    def number(kind: str, name: str, said: Loose) -> Any:
        if said is None or said == "":
            return None
        try:
            return decode(f'"{said}"')
        except (msgspec.MsgspecError, UnicodeError) as wrong:
            raise Misread(venue, kind, f"{name}: {wrong}"[:_WORDS]) from None

    return number


class Bar(Protocol):
    """A closed bar as a venue tells it: coins in `volume` and US dollars in `turnover`."""

    opens_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    turnover: float


def candles(venue: Venue, contract: Instrument, step_ms: int, bars: Iterable[Bar]) -> tuple[Told, ...]:
    """Bars as candles, oldest first. Raises Misread where the prices of one contradict each other.

    A page holds up to 1500: comprehensions, since a call for each bar would double what they cost (benchmarks/feed.py).
    """
    rows = sorted(bars, key=_opens_ms)
    if [row for row in rows if not (row.low <= row.open <= row.high and row.low <= row.close <= row.high)]:
        raise Misread(venue, Kind.CANDLES, "open or close outside of low to high")
    asset, quoted = contract.asset, contract.quoted_coins
    made = [
        Candle(
            venue,
            row.opens_ms,
            step_ms,
            row.open / quoted,
            row.high / quoted,
            row.low / quoted,
            row.close / quoted,
            None,
            row.volume * quoted,
            row.turnover,
        )
        for row in rows
    ]
    return tuple([Told(asset, candle) for candle in made])


def with_spot(contracts: Iterable[Instrument], pairs: Mapping[Asset, str]) -> tuple[Instrument, ...]:
    """Those contracts whose coin has a spot market, each with what that is called."""
    return tuple(
        replace(contract, spot_symbol=pairs[contract.asset])
        for contract in contracts
        if contract.asset in pairs
    )


def spot_volumes(venue: Venue, asset: Asset, step_ms: int, bars: Iterable[Bar]) -> tuple[Told, ...]:
    """What spot bars turned over, oldest first. Raises Misread where one does not begin on its step."""
    rows = sorted(bars, key=_opens_ms)
    if [row for row in rows if row.opens_ms % step_ms]:
        raise Misread(venue, Kind.SPOT, f"a bar that is not of {step_ms} ms")
    return tuple(
        Told(asset, SpotVolume(venue, row.opens_ms + step_ms, step_ms, row.turnover)) for row in rows
    )


def depth_bands(
    venue: Venue,
    asset: Asset,
    known_at_ms: int,
    bids: Sequence[tuple[float, float]],
    asks: Sequence[tuple[float, float]],
) -> tuple[DepthBand, ...]:
    """What rests within 1 % and 2 % of the middle, of levels (US dollars, coins); () for a book with an empty side."""
    if not bids or not asks:
        return ()
    middle = (max(price for price, _ in bids) + min(price for price, _ in asks)) / 2.0
    lowest, highest = min(price for price, _ in bids), max(price for price, _ in asks)
    bands = []
    for within in WITHINS:
        low, high = middle * (1.0 - within), middle * (1.0 + within)
        bid_usd = sum(price * coins for price, coins in bids if price >= low)
        ask_usd = sum(price * coins for price, coins in asks if price <= high)
        reaches = lowest <= low and highest >= high
        bands.append(DepthBand(venue, asset, known_at_ms, within, bid_usd, ask_usd, reaches))
    return tuple(bands)


def spans_hours(
    times_ms: Sequence[int], otherwise_hours: float | None, intervals: Collection[int] = INTERVALS_HOURS
) -> list[float | None]:
    """For each of these ascending settlement times how many hours it settled: the distance from the one before.

    The first takes the distance to the second. A distance that is none of `intervals` (a row is missing) gives
    `otherwise_hours`, so does a time alone.
    """
    gaps = [round((later - earlier) / HOUR_MS) for earlier, later in pairwise(times_ms)]
    spans = [float(gap) if gap in intervals else otherwise_hours for gap in gaps]
    return [spans[0] if spans else otherwise_hours, *spans] if times_ms else []


def words(text: bytes | str) -> str:
    """A venue's own words on one line, shortened, without control characters: fit for a log and a chat."""
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    line = " ".join(said[: 4 * _WORDS].split())
    return "".join(letter for letter in line if letter.isprintable())[:_WORDS]


def live_from_ms(since_ms: int, now_ms: int) -> int:
    """Where hourly history gives way to the live step: at the open hour, or at once where less than a day is asked."""
    opened_ms = now_ms - now_ms % HOUR_MS
    return since_ms if now_ms - since_ms < DAY_MS else opened_ms


def pages(since_ms: int, until_ms: int, step_ms: int, rows: int) -> Iterator[tuple[int, int]]:
    """The starts of pages of at most `rows` steps that cover the time, and how many steps each has."""
    start_ms, end_ms = since_ms - since_ms % step_ms, until_ms - until_ms % step_ms
    for page_ms in range(start_ms, end_ms, rows * step_ms):
        yield page_ms, min(rows, (end_ms - page_ms) // step_ms)


def subscriptions(method: str, names: Sequence[str], at_once: int) -> tuple[str, ...]:
    """Messages {"method", "params", "id"} that subscribe to these names, at most so many in one."""
    return tuple(
        msgspec.json.encode(
            {"method": method, "params": names[first : first + at_once], "id": number}
        ).decode()
        for number, first in enumerate(range(0, len(names), at_once), start=1)
    )
