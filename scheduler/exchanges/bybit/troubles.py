"""How Bybit says no: HTTP statuses, and error codes inside of HTTP 200."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from scheduler.exchange import Trouble, Verdict
from scheduler.wire import words

TOO_FREQUENT_S = 600.0
"""After "access too frequent" every session stops for ten minutes, or the ban is renewed."""

_WENT_WELL = b'{"retCode":0,'
_VERDICTS = {
    10000: Verdict.RETRY,  # server timeout
    10006: Verdict.SLOW_DOWN,
    10009: Verdict.GEO_BLOCKED,
    10016: Verdict.RETRY,  # internal
    10018: Verdict.SLOW_DOWN,  # rate of this address
    10024: Verdict.GEO_BLOCKED,  # compliance
    10429: Verdict.SLOW_DOWN,  # the system's own limit
}


class _Envelope(Struct, rename="camel"):
    ret_code: int
    ret_msg: str = ""


_decode = msgspec.json.Decoder(_Envelope, strict=False).decode


def trouble(status: int, headers: Mapping[str, str], body: bytes) -> Trouble | None:
    """A failed answer understood, None where it is none. Statuses not named here mean what they mean everywhere."""
    if status == 403:
        return _forbidden(body)
    if status != 200:
        return None
    if body.startswith(_WENT_WELL):
        return None
    try:
        said = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Trouble(Verdict.RETRY, "no envelope around the answer")
    if said.ret_code == 0:
        return None
    why = words(f"retCode {said.ret_code}: {said.ret_msg}")
    return Trouble(_VERDICTS.get(said.ret_code, Verdict.REFUSED), why, until_ms=_reset_ms(headers))


def _forbidden(body: bytes) -> Trouble:
    """403 is a ban of the address for its pace, or a country's. Unexplained it is taken for a ban, and tried again later."""
    said = body[:4096].lower()
    if b"u.s" in said or b"country" in said or b"region" in said:
        return Trouble(Verdict.GEO_BLOCKED, "not served in this country")
    return Trouble(Verdict.BANNED, "access too frequent", wait_s=TOO_FREQUENT_S)


def _reset_ms(headers: Mapping[str, str]) -> int | None:
    said = headers.get("x-bapi-limit-reset-timestamp", "")
    return int(said) if len(said) == 13 and said.isascii() and said.isdigit() else None
