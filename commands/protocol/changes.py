"""What has become of a chat between two moments: each change in a word and what it is about, for everybody to see."""

from collections.abc import Iterator
from dataclasses import replace

from market.observations import MINUTE_MS
from store.wishes import MOST_CHANGES, Change, Chat, QuietHours, Subscription

OFF = "off"
Deed = tuple[str, str]
"""What was done (a key of the phrases' table `changed`), and of what, in the words of commands."""


def remembered(before: Chat, after: Chat, by: str, now_ms: int) -> Chat:
    """The chat as it is afterwards, with who changed what; where nothing changed, nothing is added."""
    new = [Change(now_ms, by, did, what) for did, what in changes_of(before, after, now_ms)]
    return replace(after, changes=(*before.changes, *new)[-MOST_CHANGES:]) if new else after


def changes_of(before: Chat, after: Chat, now_ms: int) -> Iterator[Deed]:
    """What somebody changed between the one and the other; that a mute is over is nobody's deed."""
    yield from _subscriptions(before, after)
    yield from _mutes(before, after, now_ms)
    yield from (("seen", f"#{one}") for one in after.acknowledged if one not in before.acknowledged)
    told = dict(_settings(before))
    yield from ((did, what) for did, what in _settings(after) if told[did] != what)


def _subscriptions(before: Chat, after: Chat) -> Iterator[Deed]:
    left = {(wish.asset, wish.kind) for wish in after.subscriptions}
    yield from (
        ("subscribed", _wish(wish)) for wish in after.subscriptions if wish not in before.subscriptions
    )
    yield from (
        ("unsubscribed", _wish(wish)) for wish in before.subscriptions if (wish.asset, wish.kind) not in left
    )


def _wish(wish: Subscription) -> str:
    return f"{wish.asset or 'all'} {wish.kind.value} {wish.least.value}"


def _mutes(before: Chat, after: Chat, now_ms: int) -> Iterator[Deed]:
    for asset, until_ms in after.muted_ms.items():
        if before.muted_ms.get(asset) != until_ms:
            yield "muted", f"{asset or 'all'} {max(0, until_ms - now_ms) // MINUTE_MS}m"
    for asset, until_ms in before.muted_ms.items():
        if asset not in after.muted_ms and until_ms > now_ms:
            yield "unmuted", asset or "all"


def _settings(chat: Chat) -> Iterator[Deed]:
    """Every setting as it is said."""
    quiet = chat.quiet
    yield "quiet", OFF if quiet is None else _hours(quiet)
    yield "pierce", _switch(is_on=quiet is not None and quiet.critical_pierces)
    yield "zone", chat.zone
    yield "least", chat.least.value
    yield "cap", OFF if chat.daily_cap is None else str(chat.daily_cap)
    yield "language", chat.language or "auto"
    yield "asset", chat.default_asset or "-"
    yield "ping", OFF if chat.ping_role is None else f"{chat.ping_role} {chat.ping_least.value}"
    yield "thread", _switch(is_on=chat.thread_a_wave)
    yield "public", _switch(is_on=chat.public)


def _switch(*, is_on: bool) -> str:
    return "on" if is_on else OFF


def _hours(quiet: QuietHours) -> str:
    begin, end = (
        f"{minute // 60:02d}:{minute % 60:02d}" for minute in (quiet.begin_minute, quiet.end_minute)
    )
    return f"{begin}-{end} {quiet.zone}"
