"""The four checks before a trade in words, with the readings they rest on."""

from functools import partial

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Numbers, Reply, Text, Tone
from commands.protocol.style import style
from commands.wording.check_lines import check_lines, plain_checks
from commands.wording.columns import fit
from commands.wording.learning import learning_lines, learning_numbers
from commands.wording.market import footer, live_moment, paragraph, source_notes
from commands.wording.panel import readings_lines
from market.checklist import Advice, Checklist
from market.observations import Side
from market.once import once
from market.report import iso, market_time
from market.rules import Rules
from market.sizing import conditions_of
from market.snapshot import Snapshot
from market.table import SEVERITY, State

_TONES = {Advice.PROCEED: Tone.GOOD, Advice.REDUCE: Tone.CAUTION, Advice.WAIT: Tone.STRESS}
LEAST_TO_REDUCE = 2
_RESTS_ON = ("price", "open_interest", "funding", "liquidations", "skew")


def describe_check(
    snapshot: Snapshot, checklist: Checklist, phrases: Phrases, rules: Rules, now_ms: int
) -> Reply:
    """The answer to /check. The snapshot is one that has been aged to `now_ms` (market.report.as_of)."""
    at_ms = market_time(snapshot, now_ms)
    heading, *judged = _judged(snapshot, checklist, phrases, rules)
    blocks: tuple[Block, ...] = (
        heading,
        *source_notes(snapshot, phrases, now_ms),
        *judged,
        Lines(readings_lines(snapshot, _RESTS_ON, phrases, at_ms)),
        *_below(snapshot, phrases),
    )
    data, told_ms = Numbers(partial(_plain, snapshot, checklist, rules)), live_moment(snapshot)
    return Reply(blocks, _actions(snapshot, checklist, phrases), data=data, at_ms=told_ms)


@once(style)
def _judged(snapshot: Snapshot, checklist: Checklist, phrases: Phrases, rules: Rules) -> tuple[Block, ...]:
    """The advice, what it is of, and the checks: none of it ages."""
    side = phrases.word("side", checklist.side.value)
    turned = _turned(snapshot, checklist, phrases)
    no_adds = turned and checklist.advice is Advice.PROCEED
    advice = phrases.word("check_advice", "NO_ADDS" if no_adds else checklist.advice.value)
    told = phrases.say("check.heading", asset=snapshot.asset, side=side, advice=advice)
    return (
        Heading(fit(told), Tone.CAUTION if no_adds else _TONES[checklist.advice]),
        Text("\n".join((*_count(checklist, side, phrases), *turned, *_uncertain(snapshot, phrases, rules)))),
        Lines(check_lines(snapshot, checklist, phrases, rules)),
    )


@once(style)
def _below(snapshot: Snapshot, phrases: Phrases) -> tuple[Block, ...]:
    return (*paragraph(learning_lines(snapshot, phrases, _RESTS_ON)), footer(snapshot, phrases))


def _count(checklist: Checklist, side: str, phrases: Phrases) -> list[str]:
    lines = [phrases.say("check.count", met=checklist.met, side=side), phrases.say("check.rule")]
    if checklist.advice is Advice.REDUCE and checklist.met < LEAST_TO_REDUCE:
        lines.append(phrases.say("check.unknown_reduces", unknown=checklist.unknown))
    if checklist.could_be is not checklist.advice:
        could_be = phrases.word("check_advice", checklist.could_be.value)
        lines.append(phrases.say("check.could_be", unknown=checklist.unknown, could_be=could_be))
    if checklist.absent:
        inputs = ", ".join(phrases.word("input", name) for name in checklist.absent)
        lines.append(phrases.say("check.absent", inputs=inputs))
    return lines


def _turned(snapshot: Snapshot, checklist: Checklist, phrases: Phrases) -> list[str]:
    """That the state forbids adding to this side, whatever the count says: a squeeze stands against shorts."""
    state = snapshot.regime.state
    if checklist.side is Side.SHORT:
        has_turned = state is State.SQUEEZE_RISK
    else:
        has_turned = SEVERITY.get(state, 0) >= SEVERITY[State.CROWDING]
    return [phrases.say("check.invalidated", state=phrases.word("state", state.value))] if has_turned else []


def _uncertain(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> list[str]:
    """That signs against each other, or too few of them, halve a new size by themselves."""
    return [phrases.say("check.uncertain")] if conditions_of(snapshot, rules).uncertain else []


@once()
def _actions(snapshot: Snapshot, checklist: Checklist, phrases: Phrases) -> tuple[Action, ...]:
    asset, side = snapshot.asset, checklist.side.value
    return (
        Action(phrases.say("button.why"), f"/why {asset}"),
        Action(phrases.say("button.size"), f"/size {asset} {side}"),
        Action(phrases.say("button.refresh"), f"/check {asset} {side}"),
    )


def _plain(snapshot: Snapshot, checklist: Checklist, rules: Rules) -> dict[str, object]:
    return {
        "at": iso(snapshot.at_ms),
        "asset": snapshot.asset,
        "side": checklist.side.value,
        "advice": checklist.advice.value,
        "could_be": checklist.could_be.value,
        "met": checklist.met,
        "unknown": checklist.unknown,
        "checks": {check.question.value: check.met for check in checklist.checks},
        "details": plain_checks(snapshot, checklist, rules),
        "absent": list(checklist.absent),
        "state": snapshot.regime.state.value,
        "learning": learning_numbers(snapshot),
    }
