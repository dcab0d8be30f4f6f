"""What Deribit's errors mean for what to do next; they come with HTTP 200, 400 or 429 alike."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from scheduler.exchange import Trouble, Verdict
from scheduler.exchanges.deribit.shapes import Fault
from scheduler.wire import words

TOO_MANY_REQUESTS = 10028
POOL_REFILLS_S = 5.0
"""50 000 credits come back at 10 000 a second. The venue ends the session with the error, so nothing is asked before."""
MAINTENANCE_S = 60.0
GEO_BLOCKED = frozenset({403, 451})

_PASSING = {
    10040: None,  # retry
    10041: None,  # settlement_in_progress
    10047: None,  # matching_engine_queue_full
    11051: MAINTENANCE_S,  # system_maintenance
    11094: None,  # internal_server_error
    13028: None,  # temporarily_unavailable
    13888: None,  # timed_out
}


class _Refusal(Struct):
    error: Fault | None = None


_refusal = msgspec.json.Decoder(_Refusal, strict=False).decode


def trouble(status: int, headers: Mapping[str, str], body: bytes) -> Trouble | None:
    """The venue's own error, read from the body; None where the status speaks for itself, as that of a geo-block does."""
    if status in GEO_BLOCKED or b'"error"' not in body:
        return None
    try:
        fault = _refusal(body).error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if fault is None:
        return None
    why = words(f"error {fault.code}: {fault.message}")
    if fault.code == TOO_MANY_REQUESTS or status == 429:
        return Trouble(Verdict.SLOW_DOWN, why, POOL_REFILLS_S)
    if fault.code in _PASSING:
        return Trouble(Verdict.RETRY, why, _PASSING[fault.code])
    return Trouble(Verdict.REFUSED, why)
