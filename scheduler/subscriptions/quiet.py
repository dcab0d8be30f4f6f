"""When a chat is not to be disturbed, and when its day begins: by the local wall clock of an IANA zone."""

import logging
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from market.observations import MINUTE_MS
from store.chats import Chat, QuietHours

_log = logging.getLogger(__name__)


@lru_cache(maxsize=1_000)
def zone_of(name: str) -> ZoneInfo:
    """A zone by its name; one that this machine's tables do not know any more is UTC, as before it was chosen."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        _log.warning("no zone %s is known here: its chats' quiet hours and days go by UTC", name)
        return ZoneInfo("UTC")


def is_quiet(quiet: QuietHours, now_ms: int) -> bool:
    """Whether a moment (UTC ms) lies in the quiet hours, by the local wall clock of their zone."""
    local = datetime.fromtimestamp(now_ms / 1_000, UTC).astimezone(zone_of(quiet.zone))
    minute = local.hour * 60 + local.minute
    if quiet.begin_minute == quiet.end_minute:
        return False
    if quiet.begin_minute < quiet.end_minute:
        return quiet.begin_minute <= minute < quiet.end_minute
    return minute >= quiet.begin_minute or minute < quiet.end_minute


def quiet_until_ms(quiet: QuietHours, now_ms: int) -> int:
    """When the quiet hours around this moment end (UTC ms): looked for minute by minute, so that no change of clocks errs."""
    at_ms = now_ms - now_ms % MINUTE_MS
    while is_quiet(quiet, at_ms):
        at_ms += MINUTE_MS
    return at_ms


def day_of(chat: Chat, now_ms: int) -> str:
    """The local date of a chat, such as "2026-11-22"."""
    return datetime.fromtimestamp(now_ms / 1_000, UTC).astimezone(zone_of(chat.zone)).date().isoformat()


def next_day_ms(chat: Chat, now_ms: int) -> int:
    """When the next local day of a chat begins (UTC ms)."""
    zone = zone_of(chat.zone)
    local = datetime.fromtimestamp(now_ms / 1_000, UTC).astimezone(zone)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return round(midnight.timestamp() * 1_000)
