"""How Deribit's REST answers are read (exchanges.md section 4).

Traps: volatilities are in percent; open interest and trade amounts of inverse contracts are US dollars already, of
linear ones coins, never contracts; `funding_8h` is per eight hours and `interest_1h` per hour.
"""

from collections.abc import Mapping
from math import isfinite

from market.observations import MINUTE_MS, Candle, Funding, ImpliedVolatility, Mark, OpenInterest
from scheduler.coin_names import asset_of
from scheduler.exchange import Asked, Instrument, Kind, Misread, Report, Told
from scheduler.exchanges.deribit.forced import forced_orders
from scheduler.exchanges.deribit.shapes import (
    VENUE,
    Answer,
    Bar,
    Book,
    Chart,
    Fills,
    Level,
    Listed,
    PaidFunding,
    Perpetual,
    Spoken,
    Volatilities,
)
from scheduler.wire import decoder, depth_bands, strictly

FUNDING_HOURS = 8.0
DOLLARS = frozenset({"USD", "USDC", "USDT"})
GONE = frozenset({"closed", "delivered", "inactive", "archivized"})
OPEN = frozenset({"open", "settlement"})
"""States in which a ticker's numbers move; settlement lasts for seconds each morning."""

_instruments = decoder(VENUE, Kind.INSTRUMENTS, Answer[list[Listed]])
_ticker = decoder(VENUE, Kind.MARK, Answer[Spoken])
_chart = decoder(VENUE, Kind.CANDLES, Answer[Chart])
_funding = decoder(VENUE, Kind.FUNDING_HISTORY, Answer[list[PaidFunding]])
_volatilities = decoder(VENUE, Kind.VOLATILITY_INDEX, Answer[Volatilities])
_level = decoder(VENUE, Kind.VOLATILITY_INDEX, Answer[Level])
_book = decoder(VENUE, Kind.DEPTH, Answer[Book])
_fills = decoder(VENUE, Kind.LIQUIDATIONS, Answer[Fills])


def read_instruments(payload: bytes, asked: Asked) -> tuple[Instrument, ...]:
    """The perpetuals against dollars, one a coin: where there is an inverse one, the small linear one is left out.

    Options, dated futures, other quotes and delisted ones are not for us.
    """
    rows = _instruments(payload).taken(Kind.INSTRUMENTS)
    listed = [_instrument(row) for row in rows if _is_ours(row)]
    known = (*asked.instruments.values(), *listed)
    inverse = {one.asset for one in known if one.usd_per_contract is not None}
    return tuple(one for one in listed if one.usd_per_contract is not None or one.asset not in inverse)


def _is_ours(row: Listed) -> bool:
    is_perpetual = row.kind == "future" and row.settlement_period == "perpetual"
    return is_perpetual and row.quote_currency in DOLLARS and row.is_active and row.state not in GONE


def _instrument(row: Listed) -> Instrument:
    told: Perpetual = strictly(VENUE, Kind.INSTRUMENTS, row, Perpetual)
    shape = row.instrument_type or row.future_type
    is_inverse = row.quote_currency == "USD" if shape is None else shape == "reversed"
    asset, quoted = asset_of(row.base_currency)
    return Instrument(
        VENUE,
        row.instrument_name,
        asset,
        None if is_inverse else told.contract_size * quoted,
        told.contract_size if is_inverse else None,
        FUNDING_HOURS,
        told.tick_size / quoted,
        told.max_leverage,
        quoted,
    )


def read_ticker(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """Mark and index, open interest, and the funding of the last eight hours, of the perpetual asked for."""
    spoken = _ticker(payload).taken(Kind.MARK)
    if spoken.instrument_name != asked.symbol:
        raise Misread(VENUE, Kind.MARK, "instrument_name: not the one asked for")
    return ticker_reports(spoken, asked_instrument(Kind.MARK, asked))


def ticker_reports(spoken: Spoken, instrument: Instrument) -> tuple[Report, ...]:
    """A ticker as reports; the funding is left out where it is not told. Raises Misread while trading is halted."""
    at_ms, mark, interest = spoken.timestamp, spoken.mark_price, spoken.open_interest
    if spoken.state not in OPEN:
        raise Misread(VENUE, Kind.MARK, f"state: {spoken.state[:20]}")
    if at_ms is None or mark is None or interest is None:
        raise Misread(VENUE, Kind.MARK, "timestamp, mark_price or open_interest: absent")
    asset, quoted = instrument.asset, instrument.quoted_coins
    index = None if spoken.index_price is None else spoken.index_price / quoted
    coins = coins_of(Kind.OPEN_INTEREST, instrument, interest, mark)
    said: tuple[Report, ...] = (
        Mark(VENUE, asset, at_ms, mark / quoted, index),
        Told(asset, OpenInterest(VENUE, at_ms, coins, MINUTE_MS)),
    )
    if spoken.funding_8h is None:
        return said
    return (*said, Told(asset, Funding(VENUE, at_ms, spoken.funding_8h, FUNDING_HOURS, settled=False)))


def coins_of(kind: str, instrument: Instrument, amount: float, price: float) -> float:
    """An amount of the venue in coins of the asset: US dollars of an inverse contract, base coins of a linear one."""
    coins = amount * instrument.quoted_coins if instrument.usd_per_contract is None else amount / price
    if not isfinite(coins * price):
        raise Misread(VENUE, kind, "amount: no number of coins")
    return coins


def asked_instrument(kind: str, asked: Asked) -> Instrument:
    """The instrument a question was about. Raises Misread where it is not known."""
    instrument = asked.instruments.get(asked.symbol or "")
    if instrument is None:
        raise Misread(VENUE, kind, "symbol: not a listed one")
    return instrument


def read_candles(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """Closed bars of the perpetual asked for, of columns of one length; the bar that is still open is left out."""
    chart = _chart(payload).taken(Kind.CANDLES)
    instrument = asked_instrument(Kind.CANDLES, asked)
    step_ms = _step_ms(Kind.CANDLES, asked)
    columns = (chart.ticks, chart.open, chart.high, chart.low, chart.close, chart.volume, chart.cost)
    if len({len(column) for column in columns}) != 1:
        raise Misread(VENUE, Kind.CANDLES, "ticks: columns of different lengths")
    bars = [Bar(*row) for row in zip(*columns, strict=True)]
    candles = [
        _candle(bar, step_ms, instrument) for bar in bars if bar.tick + step_ms <= asked.received_at_ms
    ]
    return tuple(Told(instrument.asset, candle) for candle in candles)


def _candle(bar: Bar, step_ms: int, instrument: Instrument) -> Candle:
    """A bar as a candle. Raises Misread where its prices contradict each other."""
    if not bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high:
        raise Misread(VENUE, Kind.CANDLES, f"high, low: contradict open and close at {bar.tick}")
    quoted = instrument.quoted_coins
    return Candle(
        VENUE,
        bar.tick,
        step_ms,
        bar.open / quoted,
        bar.high / quoted,
        bar.low / quoted,
        bar.close / quoted,
        volume_coins=bar.volume * quoted,
        volume_usd=bar.cost,
    )


def _step_ms(kind: str, asked: Asked) -> int:
    if not asked.step_ms:
        raise Misread(VENUE, kind, "step: not told with the question")
    return asked.step_ms


def read_paid_funding(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """What was paid each hour, per hour: Deribit settles continuously, so an hour is its interval here."""
    rows = _funding(payload).taken(Kind.FUNDING_HISTORY)
    asset = asked_instrument(Kind.FUNDING_HISTORY, asked).asset
    return tuple(Told(asset, Funding(VENUE, row.timestamp, row.interest_1h, 1.0)) for row in rows)


def read_volatility_history(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """Closed bars of DVOL as fractions, known at their close."""
    data = _volatilities(payload).taken(Kind.VOLATILITY_INDEX).data
    asset = asked_instrument(Kind.VOLATILITY_INDEX, asked).asset
    step_ms = _step_ms(Kind.VOLATILITY_INDEX, asked)
    closes = [(at_ms + step_ms, close) for at_ms, _, _, _, close in data]
    return tuple(
        Told(asset, ImpliedVolatility(VENUE, at_ms, step_ms, close / 100.0))
        for at_ms, close in sorted(closes)
        if at_ms <= asked.received_at_ms
    )


def next_volatility_page(payload: bytes, asked: Asked) -> Mapping[str, str] | None:
    """Where the page before ends: the venue pages backward. An empty page is the last one, whatever it says."""
    page = _volatilities(payload).taken(Kind.VOLATILITY_INDEX)
    if page.continuation is None or not page.data:
        return None
    return {"end_timestamp": str(page.continuation)}


def read_volatility_index(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """DVOL now, as a fraction, by the clock of the venue."""
    answer = _level(payload)
    level = answer.taken(Kind.VOLATILITY_INDEX).index_price
    asset = asked_instrument(Kind.VOLATILITY_INDEX, asked).asset
    at_ms = asked.received_at_ms if answer.sent_us is None else answer.sent_us // 1000
    return (Told(asset, ImpliedVolatility(VENUE, at_ms, MINUTE_MS, level / 100.0)),)


def read_depth(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """What rests within 1 % and 2 % of the middle of the book. Raises Misread for a book that is crossed."""
    book = _book(payload).taken(Kind.DEPTH)
    instrument = asked_instrument(Kind.DEPTH, asked)
    if book.instrument_name != asked.symbol:
        raise Misread(VENUE, Kind.DEPTH, "instrument_name: not the one asked for")
    if book.bids and book.asks and max(book.bids)[0] >= min(book.asks)[0]:
        raise Misread(VENUE, Kind.DEPTH, "bids: cross the asks")
    bids, asks = (
        [
            (price / instrument.quoted_coins, coins_of(Kind.DEPTH, instrument, amount, price))
            for price, amount in side
        ]
        for side in (book.bids, book.asks)
    )
    return depth_bands(VENUE, instrument.asset, book.timestamp, bids, asks)


def read_liquidations(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """Forced orders among a page of trades.

    Of a page that goes on, the last moment is left to the next one: its fills may not all be here.
    """
    page = _fills(payload).taken(Kind.LIQUIDATIONS)
    if page.has_more and (start := _next_start(page)) is not None:
        return forced_orders([fill for fill in page.trades if fill.timestamp < start], asked)
    return forced_orders(page.trades, asked)


def next_liquidations_page(payload: bytes, asked: Asked) -> Mapping[str, str] | None:
    """From the last moment of this page on, or from just after it where the page is all of one moment."""
    page = _fills(payload).taken(Kind.LIQUIDATIONS)
    start = _next_start(page) if page.has_more else None
    return None if start is None else {"start_timestamp": str(start)}


def _next_start(page: Fills) -> int | None:
    if not page.trades:
        return None
    first, last = (pick(fill.timestamp for fill in page.trades) for pick in (min, max))
    return last if last > first else last + 1
