"""What new facts come to in one chat: a new message, an edit of the live one, a digest, or nothing; each with its reason.

One message lives per wave and chat: it is edited while nothing escalates, a new one is sent on escalation, and a digest
at the end. A chat that is muted or has quiet hours is told once afterwards what then still stands. Pure: the same wave,
facts and chat give the same telling.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from market.alerts import CLASSES, Alert, Edge, Severity
from market.alerts import Kind as AlertKind
from market.observations import HOUR_MS, MINUTE_MS
from store.chats import Chat, QuietHours
from store.waves import Wave

RAISED = frozenset({Edge.FIRED, Edge.ESCALATED})
STANDING = RAISED | {Edge.UNKNOWN}
LATE_MS = 60_000
FALLING_VALID_MS = 30 * MINUTE_MS
"""A cascade is over or another one after half an hour (reliability.md, section 1, catch-up)."""
VALID_MS = 6 * HOUR_MS
MARKET_WIDE = 3
"""So many assets falling at once are the market, and a single one's silent watch is no news beside it."""


class Action(StrEnum):
    """What to do with a chat."""

    SEND = "send"
    EDIT = "edit"
    DIGEST = "digest"
    HOLD = "hold"
    NOTHING = "nothing"


class Why(StrEnum):
    """Why that is done."""

    NEW_WAVE = "new_wave"
    ESCALATED = "escalated"
    TOLD_AGAIN = "told_again"
    STILL_STANDS = "still_stands"
    CHANGED = "changed"
    OVER = "over"
    MUTED = "muted"
    QUIET = "quiet"
    CAPPED = "capped"
    ACKNOWLEDGED = "acknowledged"
    KNOWN = "known"
    NEVER_TOLD = "never_told"
    EXPIRED = "expired"
    INHIBITED = "inhibited"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Telling:
    """What is done in a chat and why, the wave as it is afterwards, and what the message shows.

    Of what is shown, the warnings named in `past` were too old when they could be told: they are not said to stand.
    `until_ms` is when a held telling is looked at again. `is_silent`: no sound; `is_late`: the news is older than a minute.
    """

    action: Action
    why: Why
    wave: Wave
    shown: tuple[Alert, ...] = ()
    until_ms: int | None = None
    is_silent: bool = False
    is_late: bool = False
    past: frozenset[str] = frozenset()


def tell(wave: Wave, facts: Iterable[Alert], chat: Chat, now_ms: int) -> Telling:
    """What to do with these facts in this chat now."""
    news = _news(wave, facts)
    if not news and not wave.held:
        return Telling(Action.NOTHING, Why.KNOWN, wave)
    held = _newest(wave.held, news.values())
    blocked = _blocked(chat, held, now_ms)
    if blocked is not None:
        why, until_ms = blocked
        return Telling(Action.HOLD, why, replace(wave, held=held), until_ms=until_ms)
    stale = {key for key, alert in news.items() if key not in wave.held and _is_stale(alert, now_ms)}
    past = (frozenset(wave.past) - held.keys()) | stale
    merged = replace(wave, alerts=_newest(wave.alerts, held.values()), held={}, past=tuple(sorted(past)))
    telling = _next(wave, merged, held, chat)
    if telling.action is Action.SEND and telling.why is not Why.EXPIRED:
        telling = _within_limits(telling, wave, chat, now_ms)
    return _finished(telling, held, now_ms)


def sample(wave: Wave, facts: Iterable[Alert], now_ms: int, not_after_ms: int) -> Telling:
    """A warning that somebody asked for to see one: beside every wave, mute and limit, and worthless when it is late."""
    shown = tuple(facts)
    if not shown or now_ms > not_after_ms:
        return Telling(Action.NOTHING, Why.EXPIRED, wave)
    late = any(now_ms - alert.at_ms > LATE_MS for alert in shown)
    return Telling(Action.SEND, Why.SAMPLE, wave, shown, is_late=late)


def valid_ms(alert: Alert) -> int:
    """For how long after its moment a warning is news (ms)."""
    is_falling = alert.kind is AlertKind.CASCADE and alert.edge in RAISED
    return FALLING_VALID_MS if is_falling else VALID_MS


def key_of(alert: Alert) -> str:
    """What a warning is called in a wave."""
    return f"{alert.kind}:{alert.asset}"


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


def _news(wave: Wave, facts: Iterable[Alert]) -> dict[str, Alert]:
    """The newest of each warning that is not told yet: a fact that comes twice, or late behind a newer one, is none."""
    found = _newest({}, facts)
    return {
        key: alert
        for key, alert in found.items()
        if all(_is_newer(alert, known.get(key)) for known in (wave.alerts, wave.held))
    }


def _newest(known: Mapping[str, Alert], facts: Iterable[Alert]) -> dict[str, Alert]:
    newest = dict(known)
    for alert in facts:
        if _is_newer(alert, newest.get(key_of(alert))):
            newest[key_of(alert)] = alert
    return newest


def _is_newer(alert: Alert, known: Alert | None) -> bool:
    if known is None:
        return True
    return (alert.at_ms, _rank(alert.severity)) > (known.at_ms, _rank(known.severity))


def _rank(severity: Severity) -> int:
    return CLASSES.index(severity)


def _stands(alert: Alert) -> bool:
    return alert.edge in STANDING


def _is_stale(alert: Alert, now_ms: int) -> bool:
    """Whether a warning could not be told in time; that something is over stays true."""
    return alert.edge in RAISED and now_ms - alert.at_ms > valid_ms(alert)


def _standing(wave: Wave) -> list[Alert]:
    """What a chat is told to stand."""
    return [alert for key, alert in wave.alerts.items() if _stands(alert) and key not in wave.past]


def _blocked(chat: Chat, held: Mapping[str, Alert], now_ms: int) -> tuple[Why, int] | None:
    """Why the chat is not to be disturbed now and until when; a mute of all its assets is one of the chat."""
    all_until = chat.muted_ms.get("", 0)
    if all_until > now_ms:
        return Why.MUTED, all_until
    until = [chat.muted_ms.get(alert.asset, 0) for alert in held.values()]
    if until and min(until) > now_ms:
        return Why.MUTED, min(until)
    quiet = chat.quiet
    if quiet is None or not is_quiet(quiet, now_ms):
        return None
    pierces = quiet.critical_pierces and any(
        alert.severity is Severity.CRITICAL and _stands(alert) for alert in held.values()
    )
    return None if pierces else (Why.QUIET, quiet_until_ms(quiet, now_ms))


def _next(before: Wave, after: Wave, news: Mapping[str, Alert], chat: Chat) -> Telling:
    stood, standing = _standing(before), _standing(after)
    fresh = [alert for key, alert in news.items() if alert.edge in RAISED and key not in after.past]
    is_live = before.message is not None and bool(stood)
    if fresh and not is_live:
        of_now = {key: alert for key, alert in after.alerts.items() if key in news or alert in standing}
        past = tuple(key for key in after.past if key in of_now)
        return Telling(Action.SEND, Why.NEW_WAVE, replace(after, alerts=of_now, past=past))
    if not is_live:
        return _catch_up(before, after)
    if not standing:
        was_loud = before.severity is not Severity.WATCH
        action = Action.DIGEST if was_loud and _had_cascade(after) else Action.EDIT
        return Telling(action, Why.OVER, replace(after, past=()))
    return _while_it_stands(before, after, fresh, chat)


def _catch_up(before: Wave, after: Wave) -> Telling:
    """News, and none of it stands: what was missed is told once, and how it ended is an edit of that."""
    if after.past:
        of_past = {key: alert for key, alert in after.alerts.items() if key in after.past}
        action = Action.SEND if before.message is None else Action.EDIT
        return Telling(action, Why.EXPIRED, replace(after, alerts=of_past))
    if before.message is not None and before.past:
        return Telling(Action.EDIT, Why.OVER, after)
    return Telling(Action.NOTHING, Why.NEVER_TOLD, _closed(after))


def _while_it_stands(before: Wave, after: Wave, fresh: list[Alert], chat: Chat) -> Telling:
    unheard = [alert for alert in fresh if alert.id not in chat.acknowledged]
    if fresh and not unheard and max(map(_severity_of, fresh)) <= _rank(before.severity):
        return Telling(Action.EDIT, Why.ACKNOWLEDGED, after)
    louder = [alert for alert in unheard if _rank(alert.severity) > _rank(before.severity)]
    if louder:
        return Telling(Action.SEND, Why.ESCALATED, after)
    again = [alert for alert in unheard if _is_told_again(alert, before)]
    if again and not _is_market_wide(after):
        return Telling(Action.SEND, Why.TOLD_AGAIN, after)
    return Telling(Action.EDIT, Why.INHIBITED if _is_market_wide(after) else Why.CHANGED, after)


def _severity_of(alert: Alert) -> int:
    return _rank(alert.severity)


def _is_told_again(alert: Alert, before: Wave) -> bool:
    """The same warning fires once more, a day after: it is as loud as it was, and no silent watch."""
    known = before.alerts.get(key_of(alert))
    fires = alert.edge is Edge.FIRED and alert.severity is not Severity.WATCH
    return known is not None and fires and known.id == alert.id and _stands(known)


def _had_cascade(wave: Wave) -> bool:
    return any(alert.kind is AlertKind.CASCADE for alert in wave.alerts.values())


def _is_market_wide(wave: Wave) -> bool:
    falling = {
        alert.asset
        for alert in _standing(wave)
        if alert.kind is AlertKind.CASCADE and alert.severity is not Severity.WATCH
    }
    return len(falling) >= MARKET_WIDE


def _within_limits(telling: Telling, before: Wave, chat: Chat, now_ms: int) -> Telling:
    """A new message, unless the day's number is reached; critical ones do not count."""
    standing = _standing(telling.wave)
    worst = max(standing, key=_severity_of).severity
    day = _day(chat, now_ms)
    sent = before.sent_today if before.day == day else 0
    if chat.daily_cap is not None and sent >= chat.daily_cap and worst is not Severity.CRITICAL:
        if before.message is not None:
            return replace(telling, action=Action.EDIT, why=Why.CAPPED)
        wave = replace(before, held=_newest(before.held, standing))
        return Telling(Action.HOLD, Why.CAPPED, wave, until_ms=_next_day_ms(chat, now_ms))
    wave = replace(telling.wave, day=day, sent_today=sent + 1)
    why = Why.STILL_STANDS if before.held else telling.why
    return replace(telling, wave=wave, why=why)


def _finished(telling: Telling, news: Mapping[str, Alert], now_ms: int) -> Telling:
    """The telling with what it shows, how loud it is, and its wave as it will be."""
    wave = telling.wave
    if telling.action in {Action.HOLD, Action.NOTHING}:
        return telling
    past, standing = frozenset(wave.past), _standing(wave)
    shown = tuple(
        sorted(
            wave.alerts.values(),
            key=lambda alert: (key_of(alert) in past, -_rank(alert.severity), alert.asset),
        )
    )
    severity = max([wave.severity, *(alert.severity for alert in standing)], key=_rank)
    late = any(now_ms - alert.at_ms > LATE_MS for alert in news.values())
    is_new = telling.action in {Action.SEND, Action.DIGEST}
    wave = replace(
        wave,
        severity=severity,
        opened_ms=wave.opened_ms or min(alert.opened_ms for alert in shown),
        told_ms=now_ms if is_new else wave.told_ms,
        edited_ms=now_ms,
    )
    silent = severity is Severity.WATCH or not standing
    if not standing and not past:
        wave = _closed(wave)
    return replace(telling, wave=wave, shown=shown, is_silent=silent, is_late=late, past=past)


def _closed(wave: Wave) -> Wave:
    """What is left of a wave that is over: the count of the day, and what is known so that it is not told again."""
    over = {key: alert for key, alert in wave.alerts.items() if not _stands(alert)}
    return Wave(wave.address, alerts=over, day=wave.day, sent_today=wave.sent_today)


def _day(chat: Chat, now_ms: int) -> str:
    return datetime.fromtimestamp(now_ms / 1_000, UTC).astimezone(ZoneInfo(chat.zone)).date().isoformat()


def _next_day_ms(chat: Chat, now_ms: int) -> int:
    zone = ZoneInfo(chat.zone)
    local = datetime.fromtimestamp(now_ms / 1_000, UTC).astimezone(zone)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return round(midnight.timestamp() * 1_000)
