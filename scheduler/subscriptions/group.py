"""What new facts come to in one chat: a new message, an edit of the live one, a digest, or nothing; each with its reason.

One message lives per wave and chat: it is edited while nothing escalates, a new one is sent on escalation, and a digest
when no asset falls loudly any more; other warnings neither end nor prolong a wave. A chat that is muted or has quiet hours is told once afterwards what then still stands. Pure: the same wave,
facts and chat give the same telling.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from market.alerts import CLASSES, Alert, Edge, Severity
from market.alerts import Kind as AlertKind
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from scheduler.subscriptions.quiet import day_of, is_quiet, next_day_ms, quiet_until_ms
from store.chats import Chat
from store.waves import Wave

RAISED = frozenset({Edge.FIRED, Edge.ESCALATED})
STANDING = RAISED | {Edge.UNKNOWN}
LATE_MS = 60_000
FALLING_VALID_MS = 30 * MINUTE_MS
"""A cascade is over or another one after half an hour (reliability.md, section 1, catch-up)."""
VALID_MS = 6 * HOUR_MS
MARKET_WIDE = 3
"""So many assets falling at once are the market: what another one does as loudly is no news beside it."""
AGAIN_MS = {Severity.CRITICAL: 2 * HOUR_MS, Severity.WARNING: 4 * HOUR_MS, Severity.WATCH: DAY_MS}
"""So long after the last message something as loud as before is told by a new one, not by an edit far up in the chat."""
PEAK_MS = 4 * HOUR_MS
"""So long after the last message its loudness is the wave's; then that of what still stands."""
MOST_A_WAVE = 5
"""New messages of a wave, before its digest; beyond them a day has to pass."""
LOUD = 2


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
    telling = _next(wave, merged, held, chat, now_ms)
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


def _next(before: Wave, after: Wave, news: Mapping[str, Alert], chat: Chat, now_ms: int) -> Telling:
    stood, standing = _standing(before), _standing(after)
    fresh = [alert for key, alert in news.items() if alert.edge in RAISED and key not in after.past]
    is_live = before.message is not None and bool(stood)
    begins = bool(_falling(fresh)) and not _falling(stood)
    if fresh and (begins or not is_live):
        of_now = {key: alert for key, alert in after.alerts.items() if key in news or alert in standing}
        past = tuple(key for key in after.past if key in of_now)
        begun = replace(
            after, alerts=of_now, past=past, loudness=0, opened_ms=0, sent=0, thread=None, is_pinged=False
        )
        return Telling(Action.SEND, Why.NEW_WAVE, begun)
    if not is_live:
        return _catch_up(before, after)
    if _falling(stood) and not _falling(standing):
        return Telling(Action.DIGEST, Why.OVER, after)
    if not standing:
        return Telling(Action.EDIT, Why.OVER, after)
    return _while_it_stands(before, after, fresh, chat, now_ms)


def _falling(alerts: Iterable[Alert]) -> set[str]:
    """The assets with a loud cascade: they make a wave, from the first to the last."""
    return {alert.asset for alert in alerts if _loudness(alert) > LOUD and alert.kind is AlertKind.CASCADE}


def _catch_up(before: Wave, after: Wave) -> Telling:
    """News, and none of it stands: what was missed is told once, and how it ended is an edit of that."""
    if after.past:
        missed = {*before.past, *after.past}
        of_past = {key: alert for key, alert in after.alerts.items() if key in missed}
        action = Action.SEND if before.message is None else Action.EDIT
        return Telling(action, Why.EXPIRED, replace(after, alerts=of_past))
    if before.message is not None and before.past:
        return Telling(Action.EDIT, Why.OVER, after)
    return Telling(Action.NOTHING, Why.NEVER_TOLD, _closed(after))


def _while_it_stands(before: Wave, after: Wave, fresh: list[Alert], chat: Chat, now_ms: int) -> Telling:
    unheard = [alert for alert in fresh if alert.id not in chat.acknowledged]
    peak, loudest = _peak(before, now_ms), _loudest(unheard)
    if fresh and not unheard and _loudest(fresh) <= peak:
        return Telling(Action.EDIT, Why.ACKNOWLEDGED, after)
    if loudest > peak:
        return Telling(Action.SEND, Why.ESCALATED, after)
    if _is_market_wide(after):
        return Telling(Action.EDIT, Why.INHIBITED, after)
    if not any(_loudness(alert) == peak and _is_due(alert, before, now_ms) for alert in unheard):
        return Telling(Action.EDIT, Why.CHANGED, after)
    if before.sent >= MOST_A_WAVE and now_ms - before.told_ms < DAY_MS:
        return Telling(Action.EDIT, Why.CAPPED, after)
    return Telling(Action.SEND, Why.TOLD_AGAIN, after)


def _loudness(alert: Alert) -> int:
    """0 or 1 silent, from LOUD on it makes a sound; a cascade is louder than anything else of its severity."""
    return 2 * CLASSES.index(alert.severity) + (alert.kind is AlertKind.CASCADE)


def _loudest(alerts: Iterable[Alert]) -> int:
    return max(map(_loudness, alerts), default=0)


def _peak(before: Wave, now_ms: int) -> int:
    """How loud the wave is already."""
    is_recent = now_ms - before.told_ms < PEAK_MS
    return before.loudness if is_recent else min(before.loudness, _loudest(_standing(before)))


def _is_due(alert: Alert, before: Wave, now_ms: int) -> bool:
    """Whether something this loud is worth a message once more."""
    return now_ms - before.told_ms >= AGAIN_MS[alert.severity]


def _is_market_wide(wave: Wave) -> bool:
    return len(_falling(_standing(wave))) >= MARKET_WIDE


def _within_limits(telling: Telling, before: Wave, chat: Chat, now_ms: int) -> Telling:
    """A new message, unless the day's number is reached; critical ones do not count."""
    standing = _standing(telling.wave)
    is_critical = any(alert.severity is Severity.CRITICAL for alert in standing)
    day = day_of(chat, now_ms)
    sent = before.sent_today if before.day == day else 0
    if chat.daily_cap is not None and sent >= chat.daily_cap and not is_critical:
        if before.message is not None:
            return replace(telling, action=Action.EDIT, why=Why.CAPPED)
        wave = replace(before, held=_newest(before.held, standing))
        return Telling(Action.HOLD, Why.CAPPED, wave, until_ms=next_day_ms(chat, now_ms))
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
    late = any(now_ms - alert.at_ms > LATE_MS for alert in news.values())
    is_new = telling.action in {Action.SEND, Action.DIGEST}
    loudest = _loudest(standing)
    wave = replace(
        wave,
        loudness=max(wave.loudness, loudest) if telling.why is not Why.TOLD_AGAIN else loudest,
        opened_ms=wave.opened_ms or min(alert.opened_ms for alert in shown),
        told_ms=now_ms if is_new else wave.told_ms,
        edited_ms=now_ms,
        sent=wave.sent + is_new,
    )
    is_over = telling.why is Why.OVER
    of_news = [alert for key, alert in news.items() if alert.edge in RAISED and key not in past]
    silent = _loudest(of_news) < LOUD or is_over
    if is_over:
        wave = _closed(wave)
    return replace(telling, wave=wave, shown=shown, is_silent=silent, is_late=late, past=past)


def _closed(wave: Wave) -> Wave:
    """What is left of a wave that is over: the count of the day, and what is known so that it is not told again."""
    return Wave(wave.address, alerts=wave.alerts, day=wave.day, sent_today=wave.sent_today)
