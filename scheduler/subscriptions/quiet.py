"""When a chat is not to be disturbed, and when its day begins: by the local wall clock of an IANA zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from market.observations import MINUTE_MS
from store.chats import Chat, QuietHours


def is_quiet(quiet: QuietHours, now_ms: int) -> bool:
    """Whether a moment (UTC ms) lies in the quiet hours, by the local wall clock of their zone."""
    local = datetime.fromtimestamp(now_ms / 1_000, UTC).astimezone(ZoneInfo(quiet.zone))
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
    return datetime.fromtimestamp(now_ms / 1_000, UTC).astimezone(ZoneInfo(chat.zone)).date().isoformat()


def next_day_ms(chat: Chat, now_ms: int) -> int:
    """When the next local day of a chat begins (UTC ms)."""
    zone = ZoneInfo(chat.zone)
    local = datetime.fromtimestamp(now_ms / 1_000, UTC).astimezone(zone)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return round(midnight.timestamp() * 1_000)
