"""How answers of Hyperliquid are read (exchanges.md section 5).

Its contexts carry no time: they are known when they came. Coins that are delisted, and those of builders' dexes (their
names hold a colon), are not for us.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import floor, log10

from msgspec.structs import replace

from market.margin import Tier, Tiers
from market.observations import (
    HOUR_MS,
    MINUTE_MS,
    Asset,
    Candle,
    DepthBand,
    Funding,
    Mark,
    OpenInterest,
    Venue,
)
from scheduler.coin_names import asset_of
from scheduler.exchange import Asked, Instrument, Kind, Misread, Report, Told
from scheduler.exchanges.hyperliquid.shapes import (
    AnyContext,
    Bar,
    Book,
    Context,
    MarginTable,
    Perpetual,
    Prediction,
    Settled,
    Universe,
)
from scheduler.wire import decoder, depth_bands, spans_hours, strictly

VENUE = Venue.HYPERLIQUID
INTERVAL_HOURS = 1.0
PAID_EVERY_HOURS = frozenset({1, 8})
"""Funding is paid hourly; until the summer of 2023 it was every eight hours."""
VENUES = {"HlPerp": VENUE, "BinPerp": Venue.BINANCE, "BybitPerp": Venue.BYBIT}
FINE_FIGURES, COARSE_FIGURES = 4, 3
LEVELS = 20

_universe = decoder(VENUE, Kind.INSTRUMENTS, Universe)
_contexts = decoder(VENUE, Kind.FUNDING, tuple[Universe, list[AnyContext | None]])
_predicted = decoder(VENUE, Kind.FUNDING, list[tuple[str, list[tuple[str, Prediction | None]]]])
_settled = decoder(VENUE, Kind.FUNDING_HISTORY, list[Settled])
_bars = decoder(VENUE, Kind.CANDLES, list[Bar])
_book = decoder(VENUE, Kind.DEPTH, Book)
_tables = decoder(VENUE, Kind.TIERS, Universe)


def read_instruments(payload: bytes, asked: Asked) -> tuple[Instrument, ...]:
    """The perpetuals that trade. Raises Misread where there is none at all."""
    listed = tuple(_listed(coin) for coin in _universe(payload).universe if _is_ours(coin))
    if not listed:
        raise Misread(VENUE, Kind.INSTRUMENTS, "no perpetual in the universe")
    return listed


def read_contexts(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """Mark, oracle, predicted funding and open interest of each of our coins; names and numbers meet by position."""
    universe, contexts = _contexts(payload)
    if len(universe.universe) != len(contexts):
        raise Misread(VENUE, Kind.FUNDING, f"{len(contexts)} contexts of {len(universe.universe)} coins")
    reports: list[Report] = []
    for coin, context in zip(universe.universe, contexts, strict=True):
        instrument = asked.instruments.get(coin.name)
        if instrument is not None and _is_ours(coin):
            reports += _context(strictly(VENUE, Kind.FUNDING, context, Context), instrument, asked)
    return tuple(reports)


def read_predicted_fundings(payload: bytes, asked: Asked) -> tuple[Told, ...]:
    """Predicted rates of our coins at three venues, those of the other two as relayed; a venue without the coin is null.

    A next time that has passed is the last boundary: the rate is then of the interval that ends next.
    """
    told: list[Told] = []
    for name, venues in _predicted(payload):
        instrument = asked.instruments.get(name)
        for venue_name, prediction in venues if instrument is not None else ():
            venue = VENUES.get(venue_name)
            if instrument is not None and venue is not None and prediction is not None:
                told += _prediction(venue, prediction, instrument.asset, asked.received_at_ms)
    return tuple(told)


def read_settled_funding(payload: bytes, asked: Asked) -> tuple[Told, ...]:
    """Rates that were paid, oldest first; each row's interval is its distance from the row before."""
    rows: list[Settled] = _settled(payload)
    asset = _instrument(asked, Kind.FUNDING_HISTORY, {row.coin for row in rows}).asset
    rates = {round(row.time / MINUTE_MS) * MINUTE_MS: row.funding_rate for row in rows}
    times = sorted(rates)
    spans = spans_hours(times, INTERVAL_HOURS, PAID_EVERY_HOURS)
    return tuple(
        Told(asset, Funding(VENUE, at_ms, rates[at_ms], hours or INTERVAL_HOURS))
        for at_ms, hours in zip(times, spans, strict=True)
    )


def read_candles(payload: bytes, asked: Asked) -> tuple[Told, ...]:
    """Closed bars of last trades, oldest first; the bar that is still open is left out."""
    rows: list[Bar] = _bars(payload)
    instrument = _instrument(asked, Kind.CANDLES, {row.coin for row in rows})
    bars = [_candle(row, instrument, asked) for row in rows]
    return tuple(Told(instrument.asset, bar) for bar in bars if bar.known_at_ms <= asked.received_at_ms)


def read_depth(figures: int, payload: bytes, asked: Asked) -> tuple[DepthBand, ...]:
    """What rests within 1 % and 2 %, of a book told in price steps of so many significant figures.

    The fine book tells the bands that its twenty levels surely span, the coarse one the others. Only whole steps are
    summed; where a step is more than a quarter of the band, the band is a floor.
    """
    book: Book = _book(payload)
    instrument = _instrument(asked, Kind.DEPTH, {book.coin})
    coins = instrument.quoted_coins
    bids, asks = ([(one.px / coins, one.sz * coins) for one in side] for side in book.levels)
    bands = depth_bands(VENUE, instrument.asset, book.time, bids, asks)
    if not bands:
        return ()
    middle = (book.levels[0][0].px + book.levels[1][0].px) / 2.0
    return tuple(_graded(band, figures, middle) for band in bands if _figures_for(band, middle) == figures)


def read_tiers(payload: bytes, asked: Asked) -> Mapping[Asset, Tiers]:
    """Brackets by asset. Maintenance is half the initial margin at a bracket's highest leverage; amounts make it continuous."""
    said: Universe = _tables(payload)
    tables = dict(said.margin_tables)
    day = datetime.fromtimestamp(asked.received_at_ms / 1000.0, tz=UTC).date().isoformat()
    return {
        asset_of_coin(coin.name)[0]: Tiers(asset_of_coin(coin.name)[0], VENUE, day, _steps(coin, tables))
        for coin in said.universe
        if _is_ours(coin)
    }


def asset_of_coin(name: str) -> tuple[Asset, float]:
    """The asset of a coin and how many of its coins one is: kPEPE is one 1000PEPE."""
    is_thousand = name.startswith("k") and name[1:].isupper()
    return asset_of(f"1000{name[1:]}" if is_thousand else name)


def _is_ours(coin: Perpetual) -> bool:
    return not coin.is_delisted and ":" not in coin.name


def _listed(coin: Perpetual) -> Instrument:
    asset, coins = asset_of_coin(coin.name)
    return Instrument(
        VENUE,
        coin.name,
        asset,
        coins_per_contract=coins,
        funding_interval_hours=INTERVAL_HOURS,
        highest_leverage=float(coin.max_leverage),
        quoted_coins=coins,
    )


def _context(context: Context, instrument: Instrument, asked: Asked) -> list[Report]:
    asset, coins, at_ms = instrument.asset, instrument.quoted_coins, asked.received_at_ms
    next_at_ms = (at_ms // HOUR_MS + 1) * HOUR_MS
    predicted = Funding(VENUE, at_ms, context.funding, INTERVAL_HOURS, settled=False, next_at_ms=next_at_ms)
    return [
        Mark(VENUE, asset, at_ms, context.mark_px / coins, context.oracle_px / coins),
        Told(asset, predicted),
        Told(asset, OpenInterest(VENUE, at_ms, context.open_interest * coins, MINUTE_MS)),
    ]


def _prediction(venue: Venue, said: Prediction, asset: Asset, at_ms: int) -> list[Told]:
    hours = said.funding_interval_hours or (INTERVAL_HOURS if venue is VENUE else None)
    if hours is None:
        return []
    interval_ms = int(hours * HOUR_MS)
    passed = max(0, (at_ms - said.next_funding_time) // interval_ms + 1)
    next_at_ms = said.next_funding_time + passed * interval_ms
    funding = Funding(venue, at_ms, said.funding_rate, float(hours), settled=False, next_at_ms=next_at_ms)
    return [Told(asset, funding, relayed_by=None if venue is VENUE else VENUE)]


def _candle(row: Bar, instrument: Instrument, asked: Asked) -> Candle:
    step_ms = row.close_at + 1 - row.open_at
    if step_ms <= 0 or (asked.step_ms is not None and step_ms != asked.step_ms):
        raise Misread(VENUE, Kind.CANDLES, f"a bar of {step_ms} ms")
    coins = instrument.quoted_coins
    open_usd, high_usd, low_usd, close_usd = (
        price / coins for price in (row.open, row.high, row.low, row.close)
    )
    return Candle(
        VENUE,
        row.open_at,
        step_ms,
        open_usd,
        high_usd,
        low_usd,
        close_usd,
        volume_coins=row.volume * coins,
    )


def _figures_for(band: DepthBand, middle: float) -> int:
    spans = (LEVELS - 1) * _step(FINE_FIGURES, middle) >= band.within * middle
    return FINE_FIGURES if spans else COARSE_FIGURES


def _graded(band: DepthBand, figures: int, middle: float) -> DepthBand:
    is_fine = 4.0 * _step(figures, middle) <= band.within * middle
    return band if is_fine else replace(band, reaches=False)


def _step(figures: int, middle: float) -> float:
    return float(10.0 ** (floor(log10(middle)) + 1 - figures))


def _steps(coin: Perpetual, tables: Mapping[int, MarginTable]) -> tuple[Tier, ...]:
    """A coin whose table is not among them has one bracket, of its own highest leverage."""
    table = tables.get(-1 if coin.margin_table_id is None else coin.margin_table_id)
    if table is None:
        return (_tier(0.0, float("inf"), coin.max_leverage, 0.0),)
    floors = [tier.lower_bound for tier in table.margin_tiers]
    leverages = [tier.max_leverage for tier in table.margin_tiers]
    if floors[0] != 0.0 or floors != sorted(set(floors)) or leverages != sorted(leverages, reverse=True):
        raise Misread(VENUE, Kind.TIERS, "marginTiers: not from zero upwards")
    tiers: list[Tier] = []
    amount_usd = rate_before = 0.0
    for floor_usd, cap_usd, leverage in zip(floors, [*floors[1:], float("inf")], leverages, strict=True):
        amount_usd += floor_usd * (0.5 / leverage - rate_before)
        rate_before = 0.5 / leverage
        tiers.append(_tier(floor_usd, cap_usd, leverage, amount_usd))
    return tuple(tiers)


def _tier(floor_usd: float, cap_usd: float, leverage: int, amount_usd: float) -> Tier:
    return Tier(floor_usd, cap_usd, float(leverage), 0.5 / leverage, amount_usd)


def _instrument(asked: Asked, kind: Kind, coins: Iterable[str]) -> Instrument:
    if any(coin != asked.symbol for coin in coins):
        raise Misread(VENUE, kind, "coin: of another one than asked")
    try:
        return asked.instruments[asked.symbol or ""]
    except KeyError:
        raise Misread(VENUE, kind, "coin: asked of none we know") from None
