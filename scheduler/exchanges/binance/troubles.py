"""What Binance's failed answers mean, and what it counts of a budget itself."""

import re
from collections.abc import Mapping

from scheduler.exchange import Misread, Trouble, Verdict
from scheduler.exchanges.binance.answers import VENUE
from scheduler.exchanges.binance.shapes import Complaint
from scheduler.wire import decoder, words

TOO_MANY, TRY_AGAIN = -1003, frozenset({-1000, -1001, -1006, -1007, -1008, -1016})
WINDOW_S = 60.0
SHORTEST_BAN_S = 120.0
FIREWALL_S = 300.0
USED = "x-mbx-used-weight-1m"

_complaint = decoder(VENUE, "error", Complaint)
_UNTIL = re.compile(r"banned until (\d{13})")


def trouble(status: int, headers: Mapping[str, str], body: bytes) -> Trouble | None:
    """A failed answer understood; None for one that is none. A ban's end stands in its words, by the venue's clock."""
    complaint = _complained(body)
    if status == 200 and (complaint is None or complaint.code >= 0):
        return None
    why = words(f"HTTP {status}: {complaint.msg}" if complaint else f"HTTP {status}")
    until = _UNTIL.search(complaint.msg) if complaint else None
    until_ms = int(until.group(1)) if until else None
    if status == 418 or until_ms is not None:
        return Trouble(Verdict.BANNED, why, None if until_ms else SHORTEST_BAN_S, until_ms)
    if status == 451:
        return Trouble(Verdict.GEO_BLOCKED, why)
    if status == 403:  # the web application firewall
        return Trouble(Verdict.SLOW_DOWN, why, FIREWALL_S)
    code = complaint.code if complaint else 0
    if status == 429 or code == TOO_MANY:
        return Trouble(Verdict.SLOW_DOWN, why, WINDOW_S)
    if status >= 500 or status == 408 or code in TRY_AGAIN:
        return Trouble(Verdict.RETRY, why)
    return Trouble(Verdict.REFUSED, why)


def used(headers: Mapping[str, str]) -> Mapping[str, int]:
    """The weight of this minute as the venue counts it; {} where an answer does not say."""
    weight = headers.get(USED, "")
    return {"default": int(weight)} if weight.isascii() and weight.isdigit() and len(weight) < 9 else {}


def _complained(body: bytes) -> Complaint | None:
    if len(body) > 4096 or not body.lstrip().startswith(b"{"):
        return None
    try:
        complaint: Complaint = _complaint(body)
    except Misread:
        return None
    return complaint
