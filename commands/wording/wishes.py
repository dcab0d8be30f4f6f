"""What a chat has chosen, in words: its subscriptions, its quiet hours, what is muted, and what stands in the way of them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Mention, Note, Reply, Text, Told, Tone
from commands.protocol.style import style
from market.alerts import CLASSES, Severity
from market.alerts.reach import reaches
from market.observations import SECOND_MS, Asset
from store.services import FeedStatus
from store.wishes import Chat, QuietHours, Subscription, platform_of

HOUR_MINUTES = 60
_PLACE = "\0"
"""Where a name stands in a sentence, until it is cut there."""
EVERYTHING = ""
"""The key of a mute of all assets."""
MOST_NAMED = 8


def describe_nobody(feed: FeedStatus, phrases: Phrases) -> Reply:
    """The answer where the market is recorded or simulated, or was never read: there is nobody to warn."""
    return Reply(
        (Note(phrases.word("nobody", feed.source), Tone.CAUTION),),
        data={"changed": False, "subscriptions": []},
    )


def asset_words(asset: Asset | None, phrases: Phrases) -> str:
    """An asset, or what all of them are called."""
    return phrases.say("wish.all") if asset in {None, EVERYTHING} else str(asset)


def kind_and_severity(wish: Subscription, phrases: Phrases) -> str:
    """A subscription without its asset: "cascade from WARNING up"."""
    kind = phrases.word("alert_kind", wish.kind.value)
    return phrases.say("wish.from", kind=kind, severity=phrases.word("severity", wish.least.value))


def wish_words(wish: Subscription, phrases: Phrases) -> str:
    """A subscription: "BTC cascade from WARNING up"."""
    return f"{asset_words(wish.asset, phrases)} {kind_and_severity(wish, phrases)}"


def short_words(wish: Subscription, phrases: Phrases) -> str:
    """A subscription on a button: "BTC cascade"."""
    return f"{asset_words(wish.asset, phrases)} {phrases.word('alert_kind', wish.kind.value)}"


def wish_line(wish: Subscription) -> str:
    """The words of a command that mean this subscription: "BTC cascade"."""
    return f"{'all' if wish.asset is None else wish.asset} {wish.kind.value}"


def clock_words(minute: int) -> str:
    """A minute of the day: "23:00"."""
    return f"{minute // HOUR_MINUTES:02d}:{minute % HOUR_MINUTES:02d}"


def hours_words(quiet: QuietHours) -> str:
    """Quiet hours: "23:00-07:00"."""
    return f"{clock_words(quiet.begin_minute)}-{clock_words(quiet.end_minute)}"


def local_time(at_ms: int, zone: str) -> str:
    """A time by the wall clock of a chat's zone: "2026-11-22 14:30 Europe/Berlin", the date as the language writes it."""
    local = datetime.fromtimestamp(at_ms / SECOND_MS, UTC).astimezone(ZoneInfo(zone))
    return f"{style().dated(style().date, local)} {local:%H:%M} {zone}"


def way_notes(chat: Chat, phrases: Phrases, now_ms: int, *, is_terminal: bool) -> list[str]:
    """What keeps warnings from this chat, or makes them fewer: nothing is sent here, mutes, quiet hours, limits."""
    lines = [phrases.say("wish.terminal")] if is_terminal else []
    muted = muted_words(chat, phrases, now_ms)
    if muted:
        lines.append(phrases.say("wish.muted", muted=muted))
    if chat.quiet is not None:
        key = "wish.quiet_pierced" if chat.quiet.critical_pierces else "wish.quiet"
        lines.append(phrases.say(key, hours=hours_words(chat.quiet), zone=chat.quiet.zone))
    if chat.least is not Severity.WATCH:
        lines.append(phrases.say("wish.least", severity=phrases.word("severity", chat.least.value)))
    if chat.daily_cap is not None:
        lines.append(phrases.say("wish.cap", cap=chat.daily_cap))
    return lines


def server_notes(chat: Chat, phrases: Phrases) -> list[Text | Told]:
    """What a server has chosen for this chat besides: the role that is mentioned, threads, answers for everybody."""
    notes: list[Text | Told] = []
    if chat.ping_role is not None:
        severity = phrases.word("severity", chat.ping_least.value)
        before, _, after = phrases.say("wish.ping", role=_PLACE, severity=severity).partition(_PLACE)
        notes.append(Told((before, role_of(chat.address, chat.ping_role), after)))
    lines = [phrases.say("wish.thread")] if chat.thread_a_wave else []
    lines += [phrases.say("wish.public")] if chat.public else []
    return [*notes, *([Text("\n".join(lines))] if lines else [])]


def role_of(address: str, role: str) -> Mention:
    """A role of the server that the chat of this address belongs to."""
    return Mention(f"{platform_of(address)}:{role}", kind="role")


def muted_words(chat: Chat, phrases: Phrases, now_ms: int) -> str:
    """What is muted and until when: "all until 2026-11-22 14:30 UTC, BTC until ..."; "" where nothing is."""
    told = [
        phrases.say("wish.until", asset=asset_words(asset, phrases), until=local_time(until_ms, chat.zone))
        for asset, until_ms in sorted(chat.muted_ms.items())
        if until_ms > now_ms
    ]
    more = [phrases.say("status.more", count=len(told) - MOST_NAMED)] if len(told) > MOST_NAMED else []
    return ", ".join((*told[:MOST_NAMED], *more))


def never_told(chat: Chat, wishes: Iterable[Subscription], phrases: Phrases) -> list[str]:
    """The kinds that are never as severe as the chat's lowest severity: nothing of them would ever be told."""
    names = dict.fromkeys(
        phrases.word("alert_kind", wish.kind.value) for wish in wishes if not reaches(wish.kind, chat.least)
    )
    if not names:
        return []
    severity = phrases.word("severity", chat.least.value)
    return [phrases.say("wish.too_quiet", kinds=", ".join(names), severity=severity)]


def never_so_loud(wishes: Iterable[Subscription], phrases: Phrases) -> list[str]:
    """The subscriptions from before to what their kind never is any more (decision 0043), and the line that hears it again."""
    lost = [wish for wish in wishes if not reaches(wish.kind, wish.least)]
    if not lost:
        return []
    names = ", ".join(short_words(wish, phrases) for wish in lost[:MOST_NAMED])
    return [phrases.say("wish.never_so_loud", wishes=names, line=quietest_line(lost[0]))]


def quietest_line(wish: Subscription) -> str:
    """The command that hears all of what this subscription is of: "/subscribe BTC regime watch"."""
    return f"/subscribe {wish_line(wish)} {Severity.WATCH.value}"


def least_of(wish: Subscription, chat: Chat) -> Severity:
    """From what severity a subscription is told here, the chat's own least counted."""
    return max(wish.least, chat.least, key=CLASSES.index)


def plain_wishes(wishes: Iterable[Subscription]) -> list[dict[str, object]]:
    """Subscriptions for `--json`; an asset of None stands for every watched one."""
    return [{"asset": wish.asset, "kind": wish.kind.value, "least": wish.least.value} for wish in wishes]
