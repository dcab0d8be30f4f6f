"""The answer to /alerts: what this chat is warned of, how close each of it is, what stands now and what is silenced."""

from collections.abc import Sequence

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Note, Reply, Text, Tone
from commands.wording.closeness import Lookup, closeness
from commands.wording.columns import fit, sides
from commands.wording.wave import alert_row
from commands.wording.wishes import asset_words, plain_wishes, way_notes
from market.alerts import Alert
from market.observations import Asset
from market.report import alert_line
from market.rules import Rules
from store.wishes import Chat, Subscription

MOST_TOLD = 12
MOST_STANDING = 10
MOST_ACKS = 3


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
) -> Reply:
    """The subscriptions of a chat, of one asset where that was asked for; `standing` are the warnings it is told of."""
    blocks: list[Block] = [Heading(fit(_heading(chat, wishes, asset, phrases)))]
    blocks += [Note(line, Tone.CAUTION) for line in way_notes(chat, phrases, now_ms, is_terminal=is_terminal)]
    blocks += _standing(chat, standing, phrases)
    rows = [line for wish in wishes[:MOST_TOLD] for line in closeness(wish, chat, snapshots, phrases, rules)]
    if rows:
        blocks.append(Lines(tuple(rows)))
    if len(wishes) > MOST_TOLD:
        blocks.append(Text(phrases.say("alerts.more", count=len(wishes) - MOST_TOLD)))
    if not chat.subscriptions:
        blocks.append(Text(phrases.say("alerts.begin")))
    return Reply(
        tuple(blocks),
        _actions(chat, standing, snapshots, phrases),
        data={
            "subscriptions": plain_wishes(wishes),
            "standing": [alert_line(alert) for alert in standing],
            "muted": {one: until_ms for one, until_ms in chat.muted_ms.items() if until_ms > now_ms},
        },
    )


def _heading(chat: Chat, wishes: Sequence[Subscription], asset: Asset | None, phrases: Phrases) -> str:
    if not chat.subscriptions:
        return phrases.say("alerts.none")
    if asset is None:
        return phrases.say("alerts.heading", count=len(wishes))
    return phrases.say("alerts.heading_of", asset=asset_words(asset, phrases), count=len(wishes))


def _standing(chat: Chat, standing: Sequence[Alert], phrases: Phrases) -> list[Block]:
    if not standing:
        return [Text(phrases.say("alerts.quiet_now"))] if chat.subscriptions else []
    rows = []
    for alert in standing[:MOST_STANDING]:
        row = alert_row(alert, phrases)
        rows.append(row)
        if alert.id in chat.acknowledged:
            rows.append(sides("", phrases.say("alerts.acknowledged")))
    more = len(standing) - MOST_STANDING
    blocks: list[Block] = [Text(phrases.say("alerts.standing", count=len(standing))), Lines(tuple(rows))]
    return [*blocks, Text(phrases.say("wave.more", count=more))] if more > 0 else blocks


def _actions(
    chat: Chat, standing: Sequence[Alert], snapshots: Lookup, phrases: Phrases
) -> tuple[Action, ...]:
    refresh = Action(phrases.say("button.refresh"), "/alerts")
    if not chat.subscriptions:
        first = [*list(snapshots)[:3], "all"]
        return (*(Action(asset, f"/subscribe {asset}") for asset in first), refresh)
    unseen = [alert for alert in standing if alert.id not in chat.acknowledged]
    return (
        refresh,
        *(
            Action(phrases.say("button.ack", id=alert.id), f"/ack #{alert.id}")
            for alert in unseen[:MOST_ACKS]
        ),
        Action(phrases.say("button.mute_all"), "/mute 2h"),
        Action(phrases.say("button.unsubscribe"), "/unsubscribe"),
        Action(phrases.say("button.settings"), "/settings"),
        Action(phrases.say("button.test"), "/testalert"),
    )
