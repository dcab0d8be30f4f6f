"""What an answer means before anybody reads it: data, or which failure, and how long the venue wants to be left alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from scheduler.exchange import Ask, Exchange, Trouble, Verdict
from scheduler.fetch.failures import Failure, SourceFailed

LONGEST_WAIT_S = 3 * 24 * 3600.0
"""Binance's longest ban; nobody's header silences a venue for longer."""

SHORTEST_WAIT_S = 1.0

FAILURE_OF = {
    Verdict.RETRY: Failure.TROUBLED,
    Verdict.SLOW_DOWN: Failure.SLOW_DOWN,
    Verdict.BANNED: Failure.BANNED,
    Verdict.GEO_BLOCKED: Failure.GEO_BLOCKED,
    Verdict.REFUSED: Failure.REFUSED,
}
_BY_STATUS = {
    403: Verdict.GEO_BLOCKED,
    408: Verdict.RETRY,
    418: Verdict.BANNED,
    425: Verdict.RETRY,
    429: Verdict.SLOW_DOWN,
    451: Verdict.GEO_BLOCKED,
}
_NEVER_A_REFUSAL = frozenset({418, 429, 451})
"""Whatever else a venue makes of them: who repeats such a question is banned for longer."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus} | {418: "banned"}


def judge(
    exchange: Exchange, ask: Ask[object], status: int, headers: Mapping[str, str], body: bytes, now_ms: int
) -> SourceFailed | None:
    """The failure an answer is, None where it is data. `headers` are in lower case, `now_ms` is UTC."""
    if 200 <= status < 300 and _is_page(headers, body):
        return SourceFailed(ask.venue, ask.kind, "answers with a page, not with data", Failure.NOT_DATA)
    trouble = exchange.trouble(status, headers, body)
    if trouble is None or (trouble.verdict is Verdict.REFUSED and status in _NEVER_A_REFUSAL):
        trouble = _by_status(status)
    if trouble is None:
        return None
    why = trouble.why if trouble.why.startswith("HTTP ") else f"HTTP {status}, {trouble.why}"
    return SourceFailed(
        ask.venue, ask.kind, why, FAILURE_OF[trouble.verdict], _wait_s(trouble, headers, now_ms)
    )


def retry_after_s(headers: Mapping[str, str], now_ms: int) -> float | None:
    """What Retry-After says, in seconds from now; None where it is absent or says nothing.

    A date is compared with the answer's own Date where there is one: the venue's clock may differ from ours.
    """
    said = headers.get("retry-after", "").strip()[:40]
    if said.isascii() and said.isdigit():
        return float(said[:12])
    until_ms = _date_ms(said)
    if until_ms is None:
        return None
    return (until_ms - _venue_now_ms(headers, now_ms)) / 1000.0


def _by_status(status: int) -> Trouble | None:
    if 200 <= status < 300:
        return None
    verdict = _BY_STATUS.get(status, Verdict.RETRY if status >= 500 else Verdict.REFUSED)
    return Trouble(verdict, _PHRASES.get(status, "without a word"))


def _wait_s(trouble: Trouble, headers: Mapping[str, str], now_ms: int) -> float | None:
    wait_s = retry_after_s(headers, now_ms)
    if wait_s is None:
        wait_s = trouble.wait_s
    if wait_s is None and trouble.until_ms is not None:
        wait_s = (trouble.until_ms - _venue_now_ms(headers, now_ms)) / 1000.0
    return None if wait_s is None else min(max(wait_s, SHORTEST_WAIT_S), LONGEST_WAIT_S)


def _venue_now_ms(headers: Mapping[str, str], now_ms: int) -> int:
    said_ms = _date_ms(headers.get("date", ""))
    return now_ms if said_ms is None else said_ms


def _date_ms(said: str) -> int | None:
    """An HTTP date in UTC milliseconds, None where it is none."""
    try:
        moment = parsedate_to_datetime(said[:40])
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000", which is UTC as well
        moment = moment.replace(tzinfo=UTC)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def _is_page(headers: Mapping[str, str], body: bytes) -> bool:
    return "text/html" in headers.get("content-type", "").lower() or body[:64].lstrip().startswith(b"<")
