"""What a venue in trouble makes of a payload before it is sent: wrong values, wrong stamps, half of it, a page, a bomb."""

import gzip
import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import msgspec

from market.observations import Venue
from scheduler.simulator.server.faults import Fault, Of, Switch, Trouble
from scheduler.simulator.server.speech import decimal

PAGE = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1>cloudflare</body></html>"
BOMB_BYTES = 64 * 1024 * 1024
FIRST_STAMP_MS, LAST_STAMP_MS = 1_400_000_000_000, 2_200_000_000_000
"""Between these a whole number is a moment."""
CANDLE_COLUMNS, INTEREST_COLUMNS = range(1, 5), range(1, 4)

_NAMES = {
    Of.PRICE: (
        "markPrice indexPrice lastPrice markPx idxPx mark_price index_price oraclePx midPx price bkPx"
        " p i ap open high low close o h l c"
    ),
    Of.OPEN_INTEREST: (
        "openInterest singleOpenInterest openInterestValue oi oiCcy oiUsd open_interest sumOpenInterest"
        " sumOpenInterestValue"
    ),
    Of.FUNDING: "lastFundingRate fundingRate realizedRate r funding funding_8h current_funding interest_8h",
}
NAMES: Mapping[Of, frozenset[str]] = MappingProxyType(
    {of: frozenset(names.split()) for of, names in _NAMES.items()}
)
"""What the five venues call it."""

Change = Callable[[Any], Any]


def mangled(said: object, venue: Venue, switch: Switch) -> object:
    """What is said, with the wrong values and stamps of the venue's troubles."""
    wrong, off_s = switch.trouble(venue, Fault.VALUES), switch.seconds(venue, Fault.CLOCK)
    if wrong is not None:
        said = _with_values(said, wrong)
    return _with_stamps(said, round(off_s * 1_000)) if off_s else said


def written(said: object, venue: Venue, switch: Switch) -> bytes:
    """The payload as it is sent: text as it is, anything else as JSON; half of it, or a page, as the venue's troubles say."""
    if switch.has(venue, Fault.PAGE):
        return PAGE
    payload = said.encode() if isinstance(said, str) else msgspec.json.encode(mangled(said, venue, switch))
    return payload[: len(payload) // 2] if switch.has(venue, Fault.GARBLE) else payload


@cache
def bomb() -> bytes:
    """Some kilobytes that unpack to 64 MB of blanks."""
    return gzip.compress(b" " * BOMB_BYTES, 9)


def _with_values(said: object, wrong: Trouble) -> object:
    names, change = NAMES[wrong.of], _change(wrong)

    def walk(part: object) -> object:
        if isinstance(part, dict):
            return {name: _hit(one, change) if name in names else walk(one) for name, one in part.items()}
        if isinstance(part, list | tuple):
            columns = _columns(part, wrong.of)
            return [change(one) if place in columns else walk(one) for place, one in enumerate(part)]
        return part

    return walk(said)


def _hit(part: object, change: Change) -> object:
    """A value, or each of a column of them; an object of that name is something else."""
    if isinstance(part, list):
        return [_hit(one, change) for one in part]
    return part if isinstance(part, dict | bool) or part is None else change(part)


def _columns(row: list[object] | tuple[object, ...], of: Of) -> range:
    """Where in a row of a table the value stands: candles, and OKX's past open interest, are rows without names."""
    if not row or not _is_stamp(row[0]) or any(isinstance(one, dict | list) for one in row):
        return range(0)
    if of is Of.PRICE and len(row) > len(CANDLE_COLUMNS):
        return CANDLE_COLUMNS
    return INTEREST_COLUMNS if of is Of.OPEN_INTEREST and len(row) == INTEREST_COLUMNS.stop else range(0)


def _change(wrong: Trouble) -> Change:
    if wrong.factor is None:
        return lambda right: _as(wrong.value, right)
    factor = wrong.factor

    def times(right: Any) -> Any:
        try:
            return decimal(float(right) * factor) if isinstance(right, str) else right * factor
        except (ValueError, TypeError):
            return right

    return times


def _as(value: float | str | None, right: object) -> object:
    """The value in the venue's way of writing: a number as text where it writes text; NaN stands as it is."""
    if not isinstance(value, float):
        return value
    if isinstance(right, str):
        return str(value)
    return msgspec.Raw(repr(value).replace("nan", "NaN").replace("inf", "Infinity").encode())


def _is_stamp(part: object) -> bool:
    if isinstance(part, str):
        return bool(re.fullmatch("1[0-9]{12}", part))
    is_whole = isinstance(part, int) and not isinstance(part, bool)
    return is_whole and FIRST_STAMP_MS < int(part) < LAST_STAMP_MS  # type: ignore[call-overload]


def _with_stamps(said: object, off_ms: int) -> object:
    if isinstance(said, dict):
        return {name: _with_stamps(one, off_ms) for name, one in said.items()}
    if isinstance(said, list | tuple):
        return [_with_stamps(one, off_ms) for one in said]
    if isinstance(said, str):
        return str(int(said) + off_ms) if _is_stamp(said) else said
    return said + off_ms if isinstance(said, int) and _is_stamp(said) else said
