"""The answer to /backtest: how often a warning would have come, how often it was right, and how much was lost by then."""

from collections.abc import Mapping, Sequence

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Reply, Table, Text, Tone
from commands.wording import numbers
from commands.wording.backtest_picture import backtest_picture
from commands.wording.columns import fit
from commands.wording.market import source_notes
from commands.wording.odds import quoted
from commands.wording.paragraphs import date, evidence_of, paragraph_of
from market.alerts import CLASSES, Kind, Severity
from market.alerts.reach import reaches
from market.backtest_rules import BacktestRules
from market.evaluation.backtest import Backtest, Outcome, outcome_of
from market.evaluation.track_record import Verdict, latest
from market.evaluation_rules import EvidenceRules, LabelRules
from market.hourly import Hourly
from market.observations import DAY_MS, HOUR_MS, Asset
from market.odds import alert_name
from market.report import iso
from market.snapshot import Snapshot
from market.table import State

MOST_SHOWN = 6
MOST_OTHERS = 4
MARKS: Mapping[Severity, str] = {Severity.WATCH: "·", Severity.WARNING: "!", Severity.CRITICAL: "!!"}
_OCCASIONS: Mapping[Kind, Mapping[Severity, str]] = {
    Kind.CASCADE: dict.fromkeys(CLASSES, "price_shock"),
    Kind.REGIME: {Severity.WATCH: State.CROWDING.value, Severity.WARNING: State.UNWINDING.value},
    Kind.FUNDING: {Severity.WATCH: "dear"},
}
"""Of what is counted apart in `market.odds`, the occasion that is quoted for a kind: the usual one."""
_EVIDENCE, _LABEL, _BACKTEST = EvidenceRules(), LabelRules(), BacktestRules()


def describe_backtest(
    record: Backtest, kind: Kind, snapshot: Snapshot, hours: Hourly, phrases: Phrases
) -> Reply:
    """What one kind of warning came to, by severity, with its last cases and what followed such warnings elsewhere."""
    outcomes = tuple(outcome_of(record, kind, least) for least in CLASSES if reaches(kind, least))
    usual = _usual(outcomes)
    blocks: tuple[Block, ...] = (
        Heading(fit(_heading(record, kind, phrases))),
        *source_notes(snapshot, phrases, record.until_ms),
        _table(outcomes, phrases),
        Text(" ".join(_verdict(usual, phrases))),
        *_cases(record, kind, phrases),
        paragraph_of(_scope(record, phrases)),
        *evidence_of((*_evidence(record.asset, kind, usual.least, phrases), phrases.say("backtest.coarse"))),
        *backtest_picture(record, kind, snapshot, hours, phrases),
    )
    return Reply(blocks, _actions(record.asset, kind, usual.least, phrases), data=_plain(record, outcomes))


def describe_kinds(record: Backtest, kinds: Sequence[Kind], snapshot: Snapshot, phrases: Phrases) -> Reply:
    """Every kind in a line, each from the severity that is usually subscribed to."""
    outcomes = [_usual(_of(record, kind)) for kind in kinds]
    head = tuple(phrases.word("backtest_column", name) for name in ("kind", "right", "false", "lost"))
    rows = tuple(
        (
            f"{phrases.word('alert_kind', one.kind.value)} {MARKS[one.least]}",
            _right(one),
            _false(one),
            numbers.percent(one.lost, digits=0),
        )
        for one in outcomes
    )
    blocks: tuple[Block, ...] = (
        Heading(fit(phrases.say("backtest.heading_all", asset=record.asset, days=_days(record)))),
        *source_notes(snapshot, phrases, record.until_ms),
        Table(rows, head, "lrrr"),
        Text(f"{phrases.say('backtest.key')} {_established(record, phrases)}"),
        paragraph_of(_scope(record, phrases)),
        *evidence_of((phrases.say("backtest.coarse"),)),
    )
    asset = record.asset
    actions = [
        Action(phrases.word("alert_kind", kind.value), f"/backtest {asset} {kind.value}") for kind in kinds
    ]
    return Reply(blocks, tuple(actions), data=_plain(record, outcomes))


def describe_no_backtest(
    kind: Kind, snapshot: Snapshot, hours: Hourly, phrases: Phrases, now_ms: int, *, is_made: bool
) -> Reply:
    """The answer where there is none: too few hours are kept, it is still to be made, or nobody makes any."""
    asset, days, heading = snapshot.asset, (len(hours) - 1) * HOUR_MS // DAY_MS, "backtest.none"
    if not is_made:
        why = phrases.say("backtest.nobody")
    elif days <= _BACKTEST.least_learning_days:
        why = phrases.say("backtest.too_short", days=max(0, days), needed=_BACKTEST.least_learning_days)
    else:
        heading, why = "backtest.making", phrases.say("backtest.soon", asset=asset, days=days)
    return Reply(
        (
            Heading(fit(phrases.say(heading, asset=asset)), Tone.CAUTION),
            *source_notes(snapshot, phrases, now_ms),
            Text(why),
            *evidence_of(_evidence(asset, kind, Severity.WATCH, phrases)),
        ),
        (
            Action(phrases.say("button.refresh"), f"/backtest {asset} {kind.value}"),
            Action(phrases.say("button.regime"), f"/regime {asset}"),
        ),
        data={"asset": asset, "kind": kind.value, "backtest": None, "reason": why},
    )


def right_between(outcome: Outcome) -> str:
    """The interval of the share that was right: "5%-70%", widened to whole per cents."""
    low, high = outcome.right_between
    return f"{int(low * 100.0)}-{min(100, int(high * 100.0) + 1)}%"


def _of(record: Backtest, kind: Kind) -> tuple[Outcome, ...]:
    return tuple(outcome_of(record, kind, least) for least in CLASSES if reaches(kind, least))


def _usual(outcomes: Sequence[Outcome]) -> Outcome:
    """That of warnings and louder, which /subscribe takes; of a kind that is never so loud its loudest."""
    return next((one for one in outcomes if one.least is Severity.WARNING), outcomes[-1])


def _days(record: Backtest) -> int:
    return (record.until_ms - record.scored_ms) // DAY_MS


def _heading(record: Backtest, kind: Kind, phrases: Phrases) -> str:
    word = phrases.word("alert_kind", kind.value)
    return phrases.say("backtest.heading", asset=record.asset, kind=word, days=_days(record))


def _table(outcomes: Sequence[Outcome], phrases: Phrases) -> Table:
    head = tuple(
        phrases.word("backtest_column", name) for name in ("least", "right", "false", "lost", "lead")
    )
    rows = tuple(
        (
            phrases.word("severity", one.least.value),
            _right(one),
            _false(one),
            numbers.percent(one.lost),
            _lead(one),
        )
        for one in outcomes
    )
    return Table(rows, head, "lrrrr")


def _right(outcome: Outcome) -> str:
    return f"{outcome.right}/{outcome.counted}" if outcome.counted else "-"


def _false(outcome: Outcome) -> str:
    """False alarms a month."""
    false = outcome.matched.false_a_month()
    return numbers.UNKNOWN if false is None else numbers.decimals(false, 1)


def _lead(outcome: Outcome) -> str:
    hours = outcome.matched.lead_hours
    return "-" if hours is None else f"{hours[1]:.0f}h"


def _verdict(outcome: Outcome, phrases: Phrases) -> list[str]:
    """What the table means, the counts first and then how sure they are."""
    severity = phrases.word("severity", outcome.least.value)
    onsets = len(outcome.matched.onsets_ms)
    said = [phrases.say("backtest.key")]
    if outcome.counted:
        said.append(
            phrases.say(
                "backtest.right",
                severity=severity,
                right=outcome.right,
                count=outcome.counted,
                between=right_between(outcome),
            )
        )
        if outcome.unjudged:
            said.append(phrases.say("backtest.unjudged", count=outcome.unjudged))
    elif outcome.uncounted:
        said.append(phrases.say("backtest.none_counts", severity=severity, count=outcome.uncounted))
    else:
        said.append(phrases.say("backtest.never", severity=severity))
    if onsets:
        warned = len(outcome.matched.warned_ms)
        said.append(phrases.say("backtest.warned", warned=warned, count=onsets))
    else:
        said.append(phrases.say("backtest.no_sell_off"))
    if not outcome.is_established:
        said.append(_few(outcome.event_days, phrases))
    return said


def _established(record: Backtest, phrases: Phrases) -> str:
    days = record.event_days
    return "" if days >= _EVIDENCE.least_event_days else _few(days, phrases)


def _few(days: int, phrases: Phrases) -> str:
    return phrases.say("backtest.not_established", days=days, needed=_EVIDENCE.least_event_days)


def _cases(record: Backtest, kind: Kind, phrases: Phrases) -> tuple[Block, ...]:
    """The last episodes: when, how loud at first, what was lost by then, how far it fell within a day, and the verdict."""
    cases = latest(record, kind, MOST_SHOWN)
    if not cases:
        return ()
    head = ("", "", *(phrases.word("backtest_column", name) for name in ("lost", "then")), "")
    rows = tuple(
        (
            numbers.day_and_minute(one.at_ms),
            MARKS[one.severity],
            numbers.percent(one.lost),
            "-" if one.lowest_24h is None else numbers.percent(one.lowest_24h),
            verdict_word(verdict, phrases),
        )
        for one, verdict in cases
    )
    return (Table(rows, head, "llrrl"),)


def verdict_word(verdict: Verdict, phrases: Phrases) -> str:
    """What became of a warning in at most seven columns."""
    return phrases.word("turned_out", verdict.value)


def _scope(record: Backtest, phrases: Phrases) -> str:
    """What was played, from when to when, and what of it is not known."""
    said = [phrases.say("backtest.scope", begin=date(record.scored_ms), end=date(record.until_ms))]
    if record.unknown_hours:
        said.append(phrases.say("backtest.gaps", count=record.unknown_hours))
    return " ".join(said)


def _evidence(asset: Asset, kind: Kind, least: Severity, phrases: Phrases) -> tuple[str, ...]:
    """What followed such warnings in recorded history, beside which these few months are little."""
    occasion = _OCCASIONS.get(kind, {}).get(least, "")
    lines = quoted(alert_name(kind, least, occasion), asset, phrases)
    severity = phrases.word("severity", least.value)
    said = phrases.say("backtest.recorded", severity=severity)
    return (f"{said} {lines[0]}", *lines[1:])


def _actions(asset: Asset, kind: Kind, least: Severity, phrases: Phrases) -> tuple[Action, ...]:
    others = [one for one in Kind if one is not kind]
    return (
        Action(phrases.say("button.warn_me"), f"/subscribe {asset} {kind.value} {least.value}"),
        Action(phrases.say("button.history"), f"/history {asset}"),
        *(
            Action(phrases.word("alert_kind", one.value), f"/backtest {asset} {one.value}")
            for one in others[:MOST_OTHERS]
        ),
        Action(phrases.say("button.all"), f"/backtest {asset} every"),
    )


def _plain(record: Backtest, outcomes: Sequence[Outcome]) -> dict[str, object]:
    return {
        "asset": record.asset,
        "scored_from": iso(record.scored_ms),
        "until": iso(record.until_ms),
        "days": _days(record),
        "unknown_hours": record.unknown_hours,
        "sell_offs": [iso(onset_ms) for onset_ms in record.onsets_ms],
        "event_days": record.event_days,
        "label": {"fall": _LABEL.fall, "sigmas": _LABEL.sigmas, "within_hours": _LABEL.within_hours},
        "outcomes": [plain_outcome(one) for one in outcomes],
    }


def plain_outcome(one: Outcome) -> dict[str, object]:
    """One line of the table for `--json`; shares and falls as fractions, None where there was nothing to count."""
    low, high = one.right_between
    return {
        "kind": one.kind.value,
        "severity": one.least.value,
        "right": one.right,
        "false": len(one.matched.false_ms),
        "inside": len(one.matched.inside_ms),
        "unjudged": one.unjudged,
        "precision": one.matched.precision,
        "precision_low": low,
        "precision_high": high,
        "recall": one.matched.recall,
        "sell_offs_warned": len(one.matched.warned_ms),
        "false_a_month": one.matched.false_a_month(),
        "lead_hours": None if one.matched.lead_hours is None else one.matched.lead_hours[1],
        "lost": one.lost,
        "lowest_24h": one.lowest,
        "established": one.is_established,
    }
