"""The four checks before a trade in words, with the readings they rest on."""

from functools import partial

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Numbers, Reply, Text, Tone
from commands.protocol.style import style
from commands.wording.advising import turned_against, unseen_names
from commands.wording.check_lines import check_lines, plain_checks
from commands.wording.columns import fit
from commands.wording.learning import learning_lines, learning_numbers
from commands.wording.market import footer, live_moment, paragraph, source_notes
from commands.wording.panel import readings_lines
from market.checklist import Advice, Checklist
from market.once import once
from market.report import iso, market_time
from market.rules import Rules
from market.sizing import Advised, Ground, advice_numbers
from market.snapshot import Snapshot

_TONES = {Advice.PROCEED: Tone.GOOD, Advice.WAIT: Tone.STRESS}
_RESTS_ON = ("price", "open_interest", "funding", "liquidations", "skew")


def describe_check(
    snapshot: Snapshot, advised: Advised, phrases: Phrases, rules: Rules, now_ms: int
) -> Reply:
    """The answer to /check. The snapshot is one that has been aged to `now_ms` (market.report.as_of)."""
    at_ms = market_time(snapshot, now_ms)
    heading, *judged = _judged(snapshot, advised, phrases, rules)
    blocks: tuple[Block, ...] = (
        heading,
        *source_notes(snapshot, phrases, now_ms),
        *judged,
        Lines(readings_lines(snapshot, _RESTS_ON, phrases, at_ms)),
        *_below(snapshot, phrases),
    )
    data, told_ms = Numbers(partial(_plain, snapshot, advised, rules)), live_moment(snapshot)
    return Reply(blocks, _actions(snapshot, advised, phrases), data=data, at_ms=told_ms)


@once(style)
def _judged(snapshot: Snapshot, advised: Advised, phrases: Phrases, rules: Rules) -> tuple[Block, ...]:
    """The advice, what it is of, and the checks: none of it ages."""
    side = phrases.word("side", advised.side.value)
    advice = phrases.word("check_advice", advised.advice.value)
    told = phrases.say("check.heading", asset=snapshot.asset, side=side, advice=advice)
    return (
        Heading(fit(told), _TONES.get(advised.advice, Tone.CAUTION)),
        Text(
            "\n".join((*_count(advised, side, phrases), *_beyond_the_count(snapshot, advised, side, phrases)))
        ),
        Lines(check_lines(snapshot, advised.checklist, phrases, rules)),
    )


@once(style)
def _below(snapshot: Snapshot, phrases: Phrases) -> tuple[Block, ...]:
    return (*paragraph(learning_lines(snapshot, phrases, _RESTS_ON)), footer(snapshot, phrases))


def _count(advised: Advised, side: str, phrases: Phrases) -> list[str]:
    checklist = advised.checklist
    lines = [phrases.say("check.count", met=checklist.met, side=side), phrases.say("check.rule")]
    if Ground.UNSEEN in advised.grounds:
        lines.append(_hidden(checklist, phrases))
    if advised.could_be is not advised.advice:
        could_be = phrases.word("check_advice", advised.could_be.value)
        lines.append(phrases.say("check.could_be", unknown=checklist.unknown, could_be=could_be))
    if checklist.absent and not (Ground.UNSEEN in advised.grounds and checklist.unseen):
        inputs = ", ".join(phrases.word("input", name) for name in checklist.absent)
        lines.append(phrases.say("check.absent", inputs=inputs))
    return lines


def _hidden(checklist: Checklist, phrases: Phrases) -> str:
    """That too many checks cannot be seen, or are unknown, for more than half of a new size; the unseen ones by name."""
    known = {
        "unseen": checklist.unseen,
        "unknown": checklist.unknown,
        "names": unseen_names(checklist, phrases),
    }
    if not checklist.unseen:
        return phrases.say("check.unknown_reduces", **known)
    return phrases.say("check.hidden_reduces" if checklist.unknown else "check.unseen_reduces", **known)


def _beyond_the_count(snapshot: Snapshot, advised: Advised, side: str, phrases: Phrases) -> list[str]:
    """What stands against new risk whatever the count says: the market has turned, or too little agrees or is seen."""
    lines = []
    if advised.has_turned:
        turned = turned_against(snapshot, advised, phrases)
        lines.append(phrases.say("check.invalidated", side=side, state=turned))
    if Ground.UNCERTAIN in advised.grounds:
        lines.append(phrases.say("check.uncertain"))
    return lines


@once()
def _actions(snapshot: Snapshot, advised: Advised, phrases: Phrases) -> tuple[Action, ...]:
    asset, side = snapshot.asset, advised.side.value
    return (
        Action(phrases.say("button.why"), f"/why {asset}"),
        Action(phrases.say("button.size"), f"/size {asset} {side}"),
        Action(phrases.say("button.refresh"), f"/check {asset} {side}"),
    )


def _plain(snapshot: Snapshot, advised: Advised, rules: Rules) -> dict[str, object]:
    checklist = advised.checklist
    return {
        "at": iso(snapshot.at_ms),
        "asset": snapshot.asset,
        "side": checklist.side.value,
        **advice_numbers(advised),
        "met": checklist.met,
        "unknown": checklist.unknown,
        "unseen": checklist.unseen,
        "checks": {check.question.value: check.known for check in checklist.checks},
        "details": plain_checks(snapshot, checklist, rules),
        "absent": list(checklist.absent),
        "state": snapshot.regime.state.value,
        "learning": learning_numbers(snapshot),
    }
