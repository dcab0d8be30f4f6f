"""The answers to /mute, /ack and /testalert: for how long, of what, and what comes all the same."""

from collections.abc import Sequence

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Heading, Lines, Reply, Text
from commands.wording.columns import fit
from commands.wording.wave import alert_row
from commands.wording.wishes import asset_words, local_time, muted_words
from market.alerts import Alert
from market.observations import Asset
from store.wishes import Chat

MOST_ROWS = 10


def describe_muted(asset: Asset | None, until_ms: int, chat: Chat, phrases: Phrases) -> Reply:
    """The answer to /mute with a time."""
    until = local_time(until_ms, chat.zone)
    lines = [
        phrases.say("mute.until", asset=asset_words(asset, phrases), until=until),
        phrases.say("mute.then"),
    ]
    off = "/mute off" if asset is None else f"/mute off {asset}"
    return Reply(
        (
            Heading(fit(phrases.say("mute.heading", asset=asset_words(asset, phrases)))),
            Text("\n".join(lines)),
        ),
        (Action(phrases.say("button.unmute"), off), Action(phrases.say("button.alerts"), "/alerts")),
        data={"changed": True, "muted": dict(chat.muted_ms)},
    )


def describe_unmuted(
    chat: Chat, standing: Sequence[Alert], phrases: Phrases, now_ms: int, *, was_muted: bool
) -> Reply:
    """The answer to /mute off, with what stands: it may have been held back meanwhile."""
    rows = tuple(alert_row(alert, phrases, now_ms) for alert in standing[:MOST_ROWS])
    lines = [phrases.say("mute.off_then" if was_muted else "mute.was_not")]
    still = muted_words(chat, phrases, now_ms)
    if still:
        lines.append(phrases.say("wish.muted", muted=still))
    lines.append(phrases.say("alerts.standing" if rows else "ack.none", count=len(standing)))
    return Reply(
        (Heading(fit(phrases.say("mute.off"))), Text("\n".join(lines)), *((Lines(rows),) if rows else ())),
        (Action(phrases.say("button.alerts"), "/alerts"),),
        data={"changed": was_muted, "muted": dict(chat.muted_ms)},
    )


def describe_acknowledged(alert: Alert, phrases: Phrases, now_ms: int, *, is_new: bool) -> Reply:
    """The answer to /ack of a warning that stands."""
    key = "ack.done" if is_new else "ack.already"
    return Reply(
        (
            Heading(fit(phrases.say(key, id=alert.id))),
            Lines((alert_row(alert, phrases, now_ms),)),
            Text(phrases.say("ack.means")),
        ),
        (
            Action(phrases.say("button.mute"), f"/mute 1h {alert.asset}"),
            Action(phrases.say("button.alerts"), "/alerts"),
        ),
        data={"changed": is_new, "id": alert.id, "asset": alert.asset},
    )


def describe_standing(asked: str | None, standing: Sequence[Alert], phrases: Phrases, now_ms: int) -> Reply:
    """The answer to /ack without an id, or with one that stands for nothing: those that stand."""
    lines = [] if asked is None else [phrases.say("ack.no_such", id=asked)]
    lines.append(phrases.say("ack.which" if standing else "ack.none"))
    rows = tuple(alert_row(alert, phrases, now_ms) for alert in standing[:MOST_ROWS])
    return Reply(
        (
            Heading(fit(phrases.say("ack.heading", count=len(standing)))),
            Text("\n".join(lines)),
            *((Lines(rows),) if rows else ()),
        ),
        tuple(Action(f"#{alert.id}", f"/ack #{alert.id}") for alert in standing[:MOST_ROWS]),
        data={"changed": False, "standing": [alert.id for alert in standing]},
    )


def describe_sample_sent(phrases: Phrases, *, is_terminal: bool) -> Reply:
    """The answer to /testalert."""
    if is_terminal:
        return Reply((Text(phrases.say("sample.terminal")),), data={"sent": False})
    return Reply(
        (Heading(fit(phrases.say("sample.heading"))), Text(phrases.say("sample.soon"))),
        (Action(phrases.say("button.alerts"), "/alerts"), Action(phrases.say("button.status"), "/status")),
        data={"sent": True},
    )
