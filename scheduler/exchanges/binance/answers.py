"""How answers of Binance USD-M are read (exchanges.md section 1). Rows of COIN-M and of dated futures are not for us.

A row of ours that is not as documented refuses the whole answer: nothing of it has been used.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from market.observations import HOUR_MS, MINUTE_MS, Candle, Funding, Mark, OpenInterest, Venue
from scheduler.exchange import Asked, Instrument, Kind, Misread, Report, Told
from scheduler.exchanges.binance.shapes import (
    AnyPremium,
    Book,
    ExchangeInfo,
    FundingInterval,
    FundingRow,
    Kline,
    OpenInterestNow,
    OpenInterestThen,
    Premium,
    SaidPremium,
    Symbol,
)
from scheduler.wire import Price, decoder, depth_bands, either, spans_hours, strictly

VENUE = Venue.BINANCE
DEFAULT_INTERVAL_HOURS = 8.0
"""What the venue documents for symbols that fundingInfo does not list; it lists adjusted ones only."""
NOT_FUNDED = (None, 0, "", "0")
QUOTES = ("USDT", "USDC")
FUNDING_PAGE = 1000

_klines = decoder(VENUE, Kind.CANDLES, list[Kline])
_premiums = either(VENUE, Kind.FUNDING, SaidPremium | list[SaidPremium], AnyPremium | list[AnyPremium])
_settled = decoder(VENUE, Kind.FUNDING_HISTORY, list[FundingRow])
_intervals = decoder(VENUE, Kind.FUNDING_INTERVALS, list[FundingInterval])
_open_interest = decoder(VENUE, Kind.OPEN_INTEREST, OpenInterestNow)
_past_open_interest = decoder(VENUE, Kind.OPEN_INTEREST_HISTORY, list[OpenInterestThen])
_book = decoder(VENUE, Kind.DEPTH, Book)
_contracts = decoder(VENUE, Kind.INSTRUMENTS, ExchangeInfo)


def read_candles(payload: bytes, asked: Asked) -> tuple[Told, ...]:
    """Closed bars of last trades, oldest first; the bar that is still open is left out."""
    asset, received_at_ms = _instrument(asked, Kind.CANDLES).asset, asked.received_at_ms
    rows: list[Kline] = _klines(payload)
    step_ms = _step_ms(rows, asked)
    # a page holds up to 1500: a call for each bar would double what they cost (benchmarks/feed.py)
    bars = [
        Candle(
            VENUE,
            row.open_at,
            step_ms,
            row.open,
            row.high,
            row.low,
            row.close,
            None,
            row.volume,
            row.turnover,
        )
        for row in rows
        if row.close_at < received_at_ms
    ]
    return tuple([Told(asset, bar) for bar in bars])


def read_premium(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """Mark, index and the predicted funding rate of each of our perpetuals, from one row or all.

    No rate is told of a symbol whose interval is not known yet. A row without a next funding time is a dated future.
    """
    rows = _premiums(payload)
    reports: list[Report] = []
    known = asked.instruments
    for row in rows if isinstance(rows, list) else [rows]:
        instrument = known.get(row.symbol)
        if instrument is not None and row.next_funding_time not in NOT_FUNDED:
            mine = row if row.is_whole() else strictly(VENUE, Kind.FUNDING, row, Premium)
            asset, hours = instrument.asset, instrument.funding_interval_hours
            reports.append(Mark(VENUE, asset, mine.time, mine.mark_price, mine.index_price))
            if hours is not None:
                rate, next_ms = mine.last_funding_rate, mine.next_funding_time
                cap = instrument.cap_of(rate)
                reports.append(Told(asset, Funding(VENUE, mine.time, rate, hours, False, next_ms, cap)))
    return tuple(reports)


def read_settled_funding(payload: bytes, asked: Asked) -> tuple[Told, ...]:
    """Rates that were paid, oldest first; each row's interval is its distance from the row before.

    Rates of another type than the regular one are no price of holding a position for an interval and are left out.
    """
    instrument = _instrument(asked, Kind.FUNDING_HISTORY)
    rows: list[FundingRow] = _settled(payload)
    _only_asked(rows, asked, Kind.FUNDING_HISTORY)
    rates = {_to_minute(row.funding_time): row.funding_rate for row in rows if row.rate_type == "Regular"}
    times = sorted(rates)
    spans = spans_hours(times, instrument.funding_interval_hours)
    return tuple(
        Told(instrument.asset, Funding(VENUE, at_ms, rates[at_ms], hours))
        for at_ms, hours in zip(times, spans, strict=True)
        if hours is not None
    )


def next_funding_page(payload: bytes, asked: Asked) -> Mapping[str, str] | None:
    """Where the page after a full one begins, None after the last."""
    rows: list[FundingRow] = _settled(payload)
    if len(rows) < FUNDING_PAGE:
        return None
    return {"startTime": str(max(row.funding_time for row in rows) + 1)}


def read_funding_intervals(payload: bytes, asked: Asked) -> tuple[Instrument, ...]:
    """The instruments known so far, each with its funding interval; eight hours for those not listed.

    Of those that are listed it says between which bounds a rate stays; of the others nobody does.
    """
    listed = {row.symbol: row for row in _intervals(payload)}
    ours = {symbol: one for symbol, one in asked.instruments.items() if one.venue is VENUE}
    return tuple(
        _adjusted(one, listed[symbol])
        if symbol in listed
        else replace(one, funding_interval_hours=DEFAULT_INTERVAL_HOURS)
        for symbol, one in ours.items()
    )


def _adjusted(instrument: Instrument, row: FundingInterval) -> Instrument:
    cap, floor = row.adjusted_funding_rate_cap, row.adjusted_funding_rate_floor
    return replace(
        instrument,
        funding_interval_hours=float(row.funding_interval_hours),
        highest_funding=cap if isinstance(cap, float) else None,
        lowest_funding=floor if isinstance(floor, float) else None,
    )


def read_open_interest(payload: bytes, asked: Asked) -> tuple[Told, ...]:
    """Open interest in coins, now."""
    row: OpenInterestNow = _open_interest(payload)
    instrument = _instrument(asked, Kind.OPEN_INTEREST)
    _only_asked([row], asked, Kind.OPEN_INTEREST)
    return (Told(instrument.asset, OpenInterest(VENUE, row.time, row.open_interest, MINUTE_MS)),)


def read_past_open_interest(payload: bytes, asked: Asked) -> tuple[Told, ...]:
    """Open interest in coins, oldest first; a period without a trade has no row."""
    rows: list[OpenInterestThen] = _past_open_interest(payload)
    asset = _instrument(asked, Kind.OPEN_INTEREST_HISTORY).asset
    _only_asked(rows, asked, Kind.OPEN_INTEREST_HISTORY)
    cadence_ms = asked.step_ms or HOUR_MS
    return tuple(
        Told(asset, OpenInterest(VENUE, row.timestamp, row.sum_open_interest, cadence_ms))
        for row in sorted(rows, key=lambda row: row.timestamp)
    )


def read_depth(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """What rests within 1 % and 2 %; a thousand levels may end before that, and the bands say so."""
    book: Book = _book(payload)
    instrument = _instrument(asked, Kind.DEPTH)
    return depth_bands(VENUE, instrument.asset, book.event_at, book.bids, book.asks)


def read_instruments(payload: bytes, asked: Asked) -> tuple[Instrument, ...]:
    """The perpetuals that trade against dollars, one a coin: an observation names venue and coin, so a coin has one series.

    That is the one in USDT, else the one in USDC. Raises Misread where there is none at all.
    """
    rows = [row for row in _contracts(payload).symbols if _is_ours(row)]
    rows.sort(key=lambda row: QUOTES.index(row.quote_asset), reverse=True)
    chosen = {row.base_asset: row for row in rows}
    if not chosen:
        raise Misread(VENUE, Kind.INSTRUMENTS, "no perpetual among the symbols")
    return tuple(_listed(row) for row in chosen.values())


def _step_ms(rows: list[Kline], asked: Asked) -> int:
    """How long the bars are: all alike, and as asked for."""
    steps = {row.close_at + 1 - row.open_at for row in rows}
    wanted = max(steps, default=0) if asked.step_ms is None else asked.step_ms
    if wrong := steps - ({wanted} if wanted > 0 else set()):
        raise Misread(VENUE, Kind.CANDLES, f"a bar of {min(wrong)} ms")
    return wanted


def _is_ours(row: Symbol) -> bool:
    return (
        row.contract_type == "PERPETUAL"
        and row.status == "TRADING"
        and row.quote_asset in QUOTES
        and row.margin_asset == row.quote_asset
        and bool(row.base_asset)
    )


def _listed(row: Symbol) -> Instrument:
    tick = next((rule.tick_size for rule in row.filters if rule.filter_type == "PRICE_FILTER"), None)
    return Instrument(
        VENUE,
        row.symbol,
        row.base_asset,
        coins_per_contract=1.0,
        tick_usd=None if tick is None else strictly(VENUE, Kind.INSTRUMENTS, tick, Price),
    )


def _instrument(asked: Asked, kind: Kind) -> Instrument:
    try:
        return asked.instruments[asked.symbol or ""]
    except KeyError:
        raise Misread(VENUE, kind, "symbol: asked of none we know") from None


def _only_asked(
    rows: Iterable[FundingRow | OpenInterestNow | OpenInterestThen], asked: Asked, kind: Kind
) -> None:
    if any(row.symbol != asked.symbol for row in rows):
        raise Misread(VENUE, kind, "symbol: of another one than asked")


def _to_minute(at_ms: int) -> int:
    return round(at_ms / MINUTE_MS) * MINUTE_MS
