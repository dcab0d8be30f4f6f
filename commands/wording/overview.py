"""The answer to /alerts: what this chat is warned of, how close each of it is, what stands now and what is silenced."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from commands.protocol.phrases import Phrases
from commands.protocol.reply import (
    Action,
    Block,
    Heading,
    Lines,
    Mention,
    Moment,
    Note,
    Reply,
    Text,
    Told,
    Tone,
)
from commands.wording import numbers
from commands.wording.closeness import Lookup, closeness
from commands.wording.columns import fit, sides
from commands.wording.market import source_notes
from commands.wording.panel import age_of
from commands.wording.unwatched import is_any_unwatched, oldest_price_ms
from commands.wording.wave import alert_row
from commands.wording.wishes import (
    asset_words,
    kind_and_severity,
    never_so_loud,
    plain_wishes,
    quietest_line,
    role_of,
    server_notes,
    short_words,
    way_notes,
    wish_line,
    wish_words,
)
from market.alerts import CLASSES, Alert, Kind, Severity
from market.alerts.alert import lost_by
from market.alerts.reach import reaches
from market.observations import Asset
from market.reading import Presence
from market.report import LIVE, alert_line, market_time
from market.rules import Rules
from store.whom import UNNAMED
from store.wishes import Change, Chat, Subscription

MOST_TOLD = 12
MOST_STANDING = 10
MOST_ACKS = 3
MOST_CHANGES = 3
MOST_EDITED = 4


@dataclass(frozen=True, slots=True)
class Unchosen:
    """What is shown where nobody has chosen: the `usual`, or everything there is (())."""

    usual: tuple[Subscription, ...]


def describe_alerts(
    chat: Chat,
    wishes: Sequence[Subscription],
    standing: Sequence[Alert],
    snapshots: Lookup,
    phrases: Phrases,
    rules: Rules,
    now_ms: int,
    *,
    asset: Asset | None,
    is_terminal: bool,
    unchosen: Unchosen | None = None,
) -> Reply:
    """The subscriptions of a chat, of one asset where that was asked for; `standing` are the warnings it is told of."""
    heading = _heading(chat, wishes, asset, phrases) if unchosen is None else _unchosen(unchosen, phrases)
    shown = wishes if unchosen is None else unchosen.usual
    blocks: list[Block] = [Heading(fit(heading))]
    notes = (*never_so_loud(wishes, phrases), *way_notes(chat, phrases, now_ms, is_terminal=is_terminal))
    blocks += [*_late(snapshots, phrases, now_ms), *(Note(line, Tone.CAUTION) for line in notes)]
    blocks += server_notes(chat, phrases)
    blocks += _standing(chat, shown, standing, snapshots, phrases, now_ms)
    blocks += _closeness(chat, shown, snapshots, phrases, rules, now_ms)
    if len(wishes) > MOST_TOLD:
        blocks.append(Text(phrases.say("alerts.more", count=len(wishes) - MOST_TOLD)))
    if not chat.subscriptions:
        blocks.append(Text(phrases.say(_begin(unchosen))))
    blocks += _changes(chat, chat.changes[-MOST_CHANGES:], phrases)
    return Reply(
        tuple(blocks),
        _actions(chat, standing, snapshots, phrases)
        if asset is None or not wishes
        else _actions_of(asset, wishes, _acks(chat, standing, phrases), phrases),
        data={
            "subscriptions": plain_wishes(wishes),
            "standing": [alert_line(alert) for alert in standing],
            "changes": plain_changes(chat),
            "muted": {one: until_ms for one, until_ms in chat.muted_ms.items() if until_ms > now_ms},
        },
    )


def _unchosen(unchosen: Unchosen, phrases: Phrases) -> str:
    return phrases.say("alerts.unchosen" if unchosen.usual else "alerts.unchosen_all")


def _begin(unchosen: Unchosen | None) -> str:
    """How to choose, where nothing was subscribed to."""
    if unchosen is None:
        return "alerts.begin"
    return "alerts.begin_usual" if unchosen.usual else "alerts.begin_everything"


def _late(snapshots: Lookup, phrases: Phrases, now_ms: int) -> tuple[Note, ...]:
    """That nothing was evaluated lately, said once: every market is looked at by the same service."""
    notes = [
        note
        for one in snapshots.values()
        if one.source == LIVE
        for note in source_notes(one, phrases, now_ms)
    ]
    return tuple(notes[:1])


def _closeness(
    chat: Chat,
    wishes: Sequence[Subscription],
    snapshots: Lookup,
    phrases: Phrases,
    rules: Rules,
    now_ms: int,
) -> list[Block]:
    """How close each subscription is, and how old the prices are that this is counted from."""
    told = wishes[:MOST_TOLD]
    rows = [line for wish in told for line in closeness(wish, chat, snapshots, phrases, rules, now_ms)]
    blocks: list[Block] = [Lines(tuple(rows))] if rows else []
    age_ms = oldest_price_ms(told, snapshots, now_ms)
    return blocks if age_ms is None else [*blocks, Text(phrases.say("alerts.age", age=numbers.age(age_ms)))]


def describe_changes(chat: Chat, phrases: Phrases) -> Reply:
    """Who changed what here and when, as far back as it is remembered, the newest first."""
    blocks = _changes(chat, chat.changes, phrases) or [Text(phrases.say("alerts.no_changes"))]
    heading = Heading(fit(phrases.say("alerts.changes", count=len(chat.changes))))
    return Reply(
        (heading, *blocks),
        (Action(phrases.say("button.alerts"), "/alerts"),),
        data={"changes": plain_changes(chat)},
    )


def plain_changes(chat: Chat) -> list[dict[str, object]]:
    """The changes for `--json`, the newest first; `by` is empty where a group itself spoke."""
    return [
        {"at_ms": one.at_ms, "by": one.by or None, "did": one.did, "what": one.what}
        for one in reversed(chat.changes)
    ]


def _changes(chat: Chat, changes: Sequence[Change], phrases: Phrases) -> list[Block]:
    return [Told(tuple(_change(chat, change, phrases))) for change in reversed(changes)]


def _change(chat: Chat, change: Change, phrases: Phrases) -> Iterator[str | Mention | Moment]:
    """A change in a line: when, who, what."""
    yield from (
        Moment(change.at_ms, words=numbers.date_and_clock(change.at_ms)),
        " · ",
        _who(change.by, phrases),
        " · ",
    )
    yield phrases.word("changed", change.did) + " "
    role, _, least = change.what.partition(" ")
    if change.did == "ping" and least:
        yield from (role_of(chat.address, role), f" {least}")
    else:
        yield change.what


def _who(by: str, phrases: Phrases) -> str | Mention:
    """Who changed it, as far as that is still anybody's to know."""
    if by == UNNAMED:
        return phrases.say("alerts.forgotten")
    return Mention(by) if by else "-"


def _heading(chat: Chat, wishes: Sequence[Subscription], asset: Asset | None, phrases: Phrases) -> str:
    if not chat.subscriptions:
        return phrases.say("alerts.none")
    if asset is None:
        return phrases.say("alerts.heading", count=len(wishes))
    return phrases.say("alerts.heading_of", asset=asset_words(asset, phrases), count=len(wishes))


def _standing(
    chat: Chat,
    wishes: Sequence[Subscription],
    standing: Sequence[Alert],
    snapshots: Lookup,
    phrases: Phrases,
    now_ms: int,
) -> list[Block]:
    if not standing:
        quiet = "alerts.quiet_blind" if is_any_unwatched(wishes, snapshots) else "alerts.quiet_now"
        return [Text(phrases.say(quiet))] if chat.subscriptions or wishes else []
    rows = []
    for alert in standing[:MOST_STANDING]:
        rows += [alert_row(alert, phrases, now_ms), *_by_now(alert, snapshots, phrases, now_ms)]
        if alert.id in chat.acknowledged:
            rows.append(sides("", phrases.say("alerts.acknowledged")))
    more = len(standing) - MOST_STANDING
    blocks: list[Block] = [Text(phrases.say("alerts.standing", count=len(standing))), Lines(tuple(rows))]
    return [*blocks, Text(phrases.say("wave.more", count=more))] if more > 0 else blocks


def _by_now(alert: Alert, snapshots: Lookup, phrases: Phrases, now_ms: int) -> Iterator[str]:
    """What a warned fall has come to since: its row is of when it was told."""
    if alert.kind is not Kind.CASCADE or alert.lost_so_far is None:
        return
    snapshot = snapshots.get(alert.asset)
    price = None if snapshot is None else snapshot.reading("price")
    is_seen = price is not None and price.presence is Presence.SEEN
    lost = lost_by(alert, price.value) if price is not None and is_seen else None
    if snapshot is None or price is None or lost is None:
        yield sides("", phrases.say("alerts.now_unknown"))
    else:
        age = age_of(price, market_time(snapshot, now_ms))
        yield sides("", phrases.say("alerts.now", lost=numbers.percent(lost), age=age))


def _actions(
    chat: Chat, standing: Sequence[Alert], snapshots: Lookup, phrases: Phrases
) -> tuple[Action, ...]:
    refresh = Action(phrases.say("button.refresh"), "/alerts")
    changes = [Action(phrases.say("button.changes"), "/alerts changes=on")] if chat.changes else []
    if not chat.subscriptions:
        first = [*list(snapshots)[:3], "all"]
        return (*(Action(asset, f"/subscribe {asset}") for asset in first), refresh, *changes)
    lost = [wish for wish in chat.subscriptions if not reaches(wish.kind, wish.least)]
    return (
        refresh,
        *_acks(chat, standing, phrases),
        *(
            Action(wish_words(replace(wish, least=Severity.WATCH), phrases), quietest_line(wish))
            for wish in lost[:MOST_EDITED]
        ),
        Action(phrases.say("button.mute_all"), "/mute 2h"),
        Action(phrases.say("button.unsubscribe"), "/unsubscribe"),
        Action(phrases.say("button.settings"), "/settings"),
        Action(phrases.say("button.test"), "/testalert"),
        *changes,
    )


def _actions_of(
    asset: Asset, wishes: Sequence[Subscription], acks: Sequence[Action], phrases: Phrases
) -> tuple[Action, ...]:
    """What changes the subscriptions of one asset, where they are looked at."""
    return (
        Action(phrases.say("button.refresh"), f"/alerts {asset}"),
        *acks,
        *(action for wish in wishes[:MOST_EDITED] for action in _edits(wish, phrases)),
        Action(phrases.say("button.mute_asset", asset=asset), f"/mute 2h {asset}"),
        Action(phrases.say("button.alerts"), "/alerts"),
    )


def _edits(wish: Subscription, phrases: Phrases) -> Iterator[Action]:
    """Every other severity a subscription can have, and its end."""
    for least in CLASSES:
        if least is not wish.least and reaches(wish.kind, least):
            label = kind_and_severity(replace(wish, least=least), phrases)
            yield Action(label, f"/subscribe {wish_line(wish)} {least.value}")
    yield Action(
        phrases.say("button.stop", what=short_words(wish, phrases)), f"/unsubscribe {wish_line(wish)}"
    )


def _acks(chat: Chat, standing: Sequence[Alert], phrases: Phrases) -> tuple[Action, ...]:
    unseen = [alert for alert in standing if alert.id not in chat.acknowledged]
    return tuple(
        Action(phrases.say("button.ack", id=alert.id), f"/ack #{alert.id}") for alert in unseen[:MOST_ACKS]
    )
