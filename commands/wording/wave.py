"""One message a wave and chat: a single warning as it is, several as a table under one heading, and what is left at the end."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Note, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.alert import as_sample, describe_alert
from commands.wording.columns import COLUMNS, fit, sides
from market.alerts import CLASSES, Alert, Edge, Kind, Severity
from market.observations import DAY_MS
from market.report import LIVE, alert_line
from market.rules import AlertRules

MOST_LINES = 20
MOST_NAMES = 3
STANDING = frozenset({Edge.FIRED, Edge.ESCALATED})
TONES = {Severity.WATCH: Tone.PLAIN, Severity.WARNING: Tone.CAUTION, Severity.CRITICAL: Tone.STRESS}


@dataclass(frozen=True, slots=True)
class Marks:
    """What has to be said of a message beside its facts.

    `is_late`: the news is old by now; `is_held`: the chat was muted or quiet meanwhile; `is_repeat`: it may have arrived
    before; `is_over`: nothing of the wave stands any more; `is_sample`: somebody asked to see one.
    """

    is_late: bool = False
    is_held: bool = False
    is_repeat: bool = False
    is_over: bool = False
    is_sample: bool = False


def describe_wave(
    alerts: Sequence[Alert],
    phrases: Phrases,
    rules: AlertRules,
    now_ms: int,
    marks: Marks,
    source: str = LIVE,
    past: Sequence[Alert] = (),
) -> Reply:
    """The message of a wave, of at least one alert; the most severe stands first and gives the heading.

    Of what is `past` it is said that and when it happened, not that it stands.
    """
    if not alerts:
        return _describe_past(past, phrases, marks)
    reply = _describe_present(alerts, phrases, rules, now_ms, marks, source)
    if not past:
        return reply
    blocks = (*reply.blocks, Text(phrases.say("wave.past_beside")), _past_lines(past, phrases))
    return Reply(blocks, reply.actions, data={"alerts": [alert_line(alert) for alert in (*alerts, *past)]})


def _describe_past(past: Sequence[Alert], phrases: Phrases, marks: Marks) -> Reply:
    """What was missed, all of it too old to act on."""
    blocks: tuple[Block, ...] = (
        Heading(fit(phrases.say("wave.past", assets=_assets(past))), Tone.PLAIN),
        *((Note(phrases.say("wave.repeat"), Tone.PLAIN),) if marks.is_repeat else ()),
        _past_lines(past, phrases),
        Text(phrases.say("wave.past_note")),
    )
    actions = (Action(phrases.say("button.scan"), "/scan"),)
    return Reply(blocks, actions, data={"past": [alert_line(alert) for alert in past]})


def _past_lines(past: Sequence[Alert], phrases: Phrases) -> Lines:
    rows = [
        sides(
            f"{alert.asset} #{alert.id} {phrases.word('severity', alert.severity.value)}",
            numbers.hour_and_minute(alert.at_ms),
        )
        for alert in past[:MOST_LINES]
    ]
    more = len(past) - MOST_LINES
    return Lines((*rows, *((fit(phrases.say("wave.more", count=more)),) if more > 0 else ())))


def _describe_present(
    alerts: Sequence[Alert], phrases: Phrases, rules: AlertRules, now_ms: int, marks: Marks, source: str
) -> Reply:
    notes = tuple(_notes(alerts, marks, phrases, now_ms))
    if len(alerts) == 1:
        reply = describe_alert(alerts[0], phrases, rules, source)
        if marks.is_sample:
            reply = as_sample(reply, phrases)
        first, *others = reply.blocks
        return Reply((first, *notes, *others), reply.actions, data=reply.data)
    lead = alerts[0]
    lines = [alert_row(alert, phrases, now_ms) for alert in alerts[:MOST_LINES]]
    more = len(alerts) - MOST_LINES
    told = describe_alert(lead, phrases, rules, source)
    story = tuple(block for block in told.blocks[1:] if not isinstance(block, Lines))
    blocks: tuple[Block, ...] = (
        _heading(alerts, marks, phrases),
        *notes,
        Lines(tuple(lines)),
        *((Text(phrases.say("wave.more", count=more)),) if more > 0 else ()),
        *(() if marks.is_over else (Text(phrases.say("wave.lead", asset=lead.asset)), *story)),
        *((Text(phrases.word("alert_reason", lead.reason.value)),) if marks.is_over else ()),
    )
    actions = (Action(phrases.say("button.scan"), "/scan"), *told.actions)
    return Reply(blocks, actions, data={"alerts": [alert_line(alert) for alert in alerts]})


def _heading(alerts: Sequence[Alert], marks: Marks, phrases: Phrases) -> Heading:
    if marks.is_over:
        time = numbers.duration(
            max(alert.at_ms for alert in alerts) - min(alert.opened_ms for alert in alerts)
        )
        return Heading(fit(phrases.say("wave.over", time=time, assets=_assets(alerts))), Tone.PLAIN)
    standing = [alert for alert in alerts if alert.edge in STANDING] or list(alerts)
    severity = max((alert.severity for alert in standing), key=CLASSES.index)
    said = phrases.say(
        "wave.heading",
        severity=phrases.word("severity", severity.value),
        assets=_assets(standing),
    )
    return Heading(fit(said), TONES[severity])


def _assets(alerts: Sequence[Alert]) -> str:
    """The first few assets by name, and how many more."""
    names = list(dict.fromkeys(alert.asset for alert in alerts))
    more = f" +{len(names) - MOST_NAMES}" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def alert_row(alert: Alert, phrases: Phrases, now_ms: int) -> str:
    """One warning in 37 columns: what, how loud or how it ended, and what was lost when it was told, with that time (UTC)."""
    if alert.kind is Kind.CASCADE:
        lost = alert.low_so_far if alert.edge not in STANDING else alert.lost_so_far
        right = numbers.percent(lost)
    else:
        right = phrases.word("alert_kind", alert.kind.value)
    word = phrases.word("severity", alert.severity.value)
    if alert.edge is Edge.UNKNOWN:
        word = phrases.say("wave.unknown")
    elif alert.edge not in STANDING:
        word = phrases.word("edge", alert.edge.value)
    left = f"{alert.asset} #{alert.id} {word}"
    if abs(now_ms - alert.at_ms) >= DAY_MS:
        return sides(left, f"{numbers.day_and_minute(alert.at_ms)} {right}")
    told = f"{numbers.hour_and_minute(alert.at_ms)} {right}"
    return sides(left, told if len(left) + len(told) < COLUMNS else told.replace(" UTC", ""))


def _notes(alerts: Sequence[Alert], marks: Marks, phrases: Phrases, now_ms: int) -> list[Note]:
    notes = []
    if marks.is_repeat:
        notes.append(Note(phrases.say("wave.repeat"), Tone.PLAIN))
    age = numbers.duration(max(0, now_ms - max(alert.at_ms for alert in alerts)))
    if marks.is_held:
        notes.append(Note(phrases.say("wave.held", age=age), Tone.CAUTION))
    elif marks.is_late:
        notes.append(Note(phrases.say("wave.late", age=age), Tone.CAUTION))
    return notes
