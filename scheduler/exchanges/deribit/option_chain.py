"""How Deribit's option chain is read: a book summary tells everything but the greeks, which are computed (quant.md, 6)."""

import re
from datetime import UTC, datetime

from market.observations import OptionQuote
from scheduler.coin_names import asset_of
from scheduler.exchange import Asked, Kind, Misread, Report
from scheduler.exchanges.deribit.shapes import VENUE, Answer, Summary
from scheduler.wire import decoder

_NAME = re.compile(
    r"(?P<base>[A-Z0-9]{1,20})(?:_(?P<quote>USDC|USDT))?"
    r"-(?P<day>\d{1,2})(?P<month>[A-Z]{3})(?P<year>\d\d)-(?P<strike>\d{1,9}(?:d\d{1,9})?)-(?P<type>[CP])",
    re.ASCII,
)
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
EXPIRY_HOUR_UTC = 8

_chain = decoder(VENUE, Kind.OPTIONS, Answer[list[Summary]])


def read_options(payload: bytes, asked: Asked) -> tuple[Report, ...]:
    """Every option quoted in coins, and those in dollars on coins without an inverse perpetual; IV as a fraction.

    A row whose name is no option's is not for us; an answer of nothing else is refused.
    """
    rows = _chain(payload).taken(Kind.OPTIONS)
    inverse = {one.asset for one in asked.instruments.values() if one.usd_per_contract is not None}
    named = [(row, named) for row in rows if (named := _NAME.fullmatch(row.instrument_name))]
    if rows and not named:
        raise Misread(VENUE, Kind.OPTIONS, "instrument_name: no option's")
    quotes = (_quote(row, named, inverse) for row, named in named)
    return tuple(quote for quote in quotes if quote is not None)


def _quote(row: Summary, named: re.Match[str], inverse: set[str]) -> OptionQuote | None:
    asset, quoted = asset_of(named["base"])
    is_inverse = named["quote"] is None
    strike = float(named["strike"].replace("d", "."))
    if quoted != 1.0 or (asset in inverse and not is_inverse):
        return None
    expires_at_ms = _expiry_ms(named)
    if expires_at_ms is None or strike <= 0.0:
        raise Misread(VENUE, Kind.OPTIONS, f"instrument_name: {row.instrument_name[:40]}")
    return OptionQuote(
        VENUE,
        asset,
        row.creation_timestamp,
        expires_at_ms,
        strike,
        named["type"] == "C",
        row.underlying_price,
        is_inverse,
        None if row.mark_iv is None else row.mark_iv / 100.0,
        row.mark_price,
        row.bid_price or None,
        row.ask_price or None,
        row.open_interest,
        row.volume,
    )


def _expiry_ms(named: re.Match[str]) -> int | None:
    """08:00 UTC of the day in the name, None where there is no such day."""
    try:
        month = _MONTHS.index(named["month"]) + 1
        day = datetime(2000 + int(named["year"]), month, int(named["day"]), EXPIRY_HOUR_UTC, tzinfo=UTC)
    except ValueError:
        return None
    return round(day.timestamp() * 1000)
