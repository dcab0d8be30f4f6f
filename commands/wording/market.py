"""The regime in words: what phase it is, for how long, what says so, what would change it, and what it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from commands.protocol.phrases import Phrases
from commands.protocol.picture import Picture
from commands.protocol.reply import Action, Block, Heading, Lines, Note, Numbers, Reply, Text, Told, Tone
from commands.protocol.style import style
from commands.wording import numbers
from commands.wording.advising import count_words, turned_against
from commands.wording.columns import first_of
from commands.wording.findings import findings_numbers, floor, troubles
from commands.wording.learning import learning_lines, learning_numbers
from commands.wording.odds import regime_odds
from commands.wording.panel import FIVE, OPTIONS_MARKETS, panel, unseen
from commands.wording.paragraphs import evidence_of, paragraph_of, second
from commands.wording.sequence import early_words, out_of_order_words, sequence_numbers
from commands.wording.turns import turns_words
from market.checklist import Advice
from market.observations import MINUTE_MS
from market.odds import recorded_odds
from market.once import once
from market.outlook import better, worse
from market.reading import Condition, Level, Presence
from market.regime import Regime
from market.report import LIVE, market_time, state_line
from market.rules import Rules
from market.sizing import Advised, advice_numbers
from market.snapshot import Snapshot
from market.table import SEVERITY, State

LATE_MS = 3 * MINUTE_MS

_TONES: Mapping[State, Tone] = {
    State.HEALTHY: Tone.GOOD,
    State.STABILISING: Tone.GOOD,
    State.CROWDING: Tone.CAUTION,
    State.SQUEEZE_RISK: Tone.CAUTION,
    State.CAPITULATION: Tone.STRESS,
    State.UNWINDING: Tone.STRESS,
    State.INSUFFICIENT_DATA: Tone.CAUTION,
}


def describe_regime(
    snapshot: Snapshot,
    advised: Advised,
    phrases: Phrases,
    rules: Rules,
    now_ms: int,
    pictures: tuple[Picture, ...] = (),
) -> Reply:
    """The answer to /regime. The snapshot is one that has been aged to `now_ms` (market.report.as_of)."""
    at_ms = market_time(snapshot, now_ms)
    advice = _advice(snapshot, advised, phrases)
    blocks: tuple[Block, ...] = (
        Heading(regime_heading(snapshot, phrases, rules, at_ms), tone_of(snapshot.regime.state)),
        *source_notes(snapshot, phrases, now_ms),
        Text("\n".join((*meaning(snapshot, phrases, at_ms), advice))),
        Lines(panel(snapshot, phrases, at_ms)),
        *_below(snapshot, phrases, rules),
        *pictures,
    )
    return Reply(
        blocks,
        _actions(snapshot, phrases),
        data=Numbers(partial(_plain, snapshot, advised)),
        at_ms=live_moment(snapshot),
    )


@once(style)
def _below(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[Block, ...]:
    """What stands below the panel: none of it ages."""
    return (
        *paragraph(troubles(snapshot, phrases, rules)),
        paragraph_of("\n".join(_outlook(snapshot, phrases, rules))),
        *evidence_of(_rests_on(snapshot, phrases)),
        footer(snapshot, phrases),
    )


def _rests_on(snapshot: Snapshot, phrases: Phrases) -> tuple[str, ...]:
    """What the ranks are over, how often such hours were followed by a fall, and what the liquidations leave out."""
    return (
        *learning_lines(snapshot, phrases),
        *regime_odds(snapshot.asset, snapshot.regime, phrases, recorded_odds()),
        *floor(snapshot, phrases),
    )


def live_moment(snapshot: Snapshot) -> int | None:
    """When the market was as told (UTC ms); None where it is simulated or recorded: its moments are not the present's."""
    return snapshot.at_ms if snapshot.source == LIVE else None


def regime_numbers(snapshot: Snapshot) -> dict[str, object]:
    """The line of the states file, with what is still learned and what was noticed of the venues."""
    return {
        **state_line(snapshot),
        "sequence": sequence_numbers(snapshot.regime),
        "learning": learning_numbers(snapshot),
        "findings": findings_numbers(snapshot),
    }


def _plain(snapshot: Snapshot, advised: Advised) -> dict[str, object]:
    """The same, and what is advised of a long."""
    return {**regime_numbers(snapshot), "long": advice_numbers(advised)}


def paragraph(lines: Sequence[str]) -> tuple[Text | Told, ...]:
    """Lines as one block, with the moments marked in them; none where there are none."""
    return (paragraph_of("\n".join(lines)),) if lines else ()


@once(style)
def _advice(snapshot: Snapshot, advised: Advised, phrases: Phrases) -> str:
    """What is advised of a long, with how many checks flash; that the market has turned against longs is always said."""
    known = {"count": count_words(advised.checklist, phrases)}
    if advised.has_turned:
        known["turned"] = turned_against(snapshot, advised, phrases)
    if advised.advice is Advice.REDUCE and snapshot.regime.state is State.INSUFFICIENT_DATA:
        told = phrases.say("advice.NO_STATE", **known)
    else:
        told = phrases.say(f"advice.{advised.advice.value}", **known)
    if advised.has_turned and advised.advice is not Advice.NO_ADDS:
        return f"{told} {phrases.say('advice.turned', **known)}"
    return told


def regime_heading(snapshot: Snapshot, phrases: Phrases, rules: Rules, at_ms: int) -> str:
    """The state in one line: "BTC · CROWDING · for 6 h 20 min", shorter where that is too long for a phone."""
    return first_of(_headings(snapshot, phrases, rules, max(0, at_ms - snapshot.regime.since_ms)))


def _headings(snapshot: Snapshot, phrases: Phrases, rules: Rules, since_ms: int) -> Iterator[str]:
    known: dict[str, object] = {
        "asset": snapshot.asset,
        "state": phrases.word("state", snapshot.regime.state.value),
        "partial": phrases.say("regime.partial") if is_partial(snapshot.regime, rules) else "",
    }
    if since_ms < MINUTE_MS:
        yield phrases.say("regime.heading_new", **known)
    else:
        yield phrases.say("regime.heading", **known, time=numbers.duration(since_ms))
        yield phrases.say("regime.heading_short", **known, time=numbers.age(since_ms))
    yield phrases.say("regime.heading_bare", **known)


def is_partial(regime: Regime, rules: Rules) -> bool:
    """Whether the state is said with the reserve that too little of what exists is fresh (confidence .5 to .75)."""
    return regime.state is not State.INSUFFICIENT_DATA and regime.confidence < rules.regime.partial_confidence


def tone_of(state: State) -> Tone:
    """How a state is meant to somebody who is long."""
    return _TONES.get(state, Tone.PLAIN)


def source_notes(snapshot: Snapshot, phrases: Phrases, now_ms: int) -> tuple[Note, ...]:
    """That the market is simulated, recorded, or evaluated too long ago; nothing for a live one."""
    if snapshot.source != LIVE:
        return _not_live(snapshot, phrases)
    late_ms = now_ms - snapshot.at_ms
    if late_ms <= LATE_MS:
        return ()
    return (Note(phrases.say("source.live_late", age=numbers.duration(late_ms)), Tone.STRESS),)


@once(style)
def _not_live(snapshot: Snapshot, phrases: Phrases) -> tuple[Note, ...]:
    told = phrases.say(f"source.{snapshot.source}", at=numbers.date_and_clock(snapshot.at_ms))
    return (Note(told, Tone.CAUTION),)


def meaning(snapshot: Snapshot, phrases: Phrases, at_ms: int) -> tuple[str, ...]:
    """What the state means here: the sentence of the state, and what makes this one particular."""
    regime = snapshot.regime
    if regime.state is State.INSUFFICIENT_DATA:
        missing = ", ".join(unseen(snapshot, phrases, at_ms))
        return phrases.word("meaning", regime.state.value), phrases.say("regime.missing", unseen=missing)
    if regime.state is State.MIXED:
        return _mixed(snapshot, phrases, at_ms)
    told = [phrases.word(_family(snapshot, phrases), regime.state.value)]
    told += [phrases.say("regime.protip")] if regime.protip else []
    if weak := _weak_no_more(snapshot):
        since_ms, hold_ms = weak
        known = {"time": numbers.duration(max(0, at_ms - since_ms)), "hold": numbers.duration(hold_ms)}
        told.append(phrases.say("regime.weak_held", **known))
    return tuple(told)


def _family(snapshot: Snapshot, phrases: Phrases) -> str:
    """In which words a state is said: falling, fallen and not falling now, or neither."""
    regime, state = snapshot.regime, snapshot.regime.state.value
    says_both = phrases.knows("falling", state)
    is_down = regime.flag("downtrend") is True and says_both
    is_over = _weak_no_more(snapshot) is not None or (regime.flag("pd") is False and not says_both)
    if is_over and not is_down and phrases.knows("fallen", state):
        return "fallen"
    return "falling" if says_both and (is_down or regime.flag("pd") is True) else "meaning"


def _weak_no_more(snapshot: Snapshot) -> tuple[int, int] | None:
    """Since when the weakness of price is held though it is not met any more, and how long it is; None where it is met."""
    price = snapshot.reading("price")
    for condition in () if price is None else price.conditions:
        if condition.flag == "pd" and (since_ms := is_lasting(snapshot, condition)) is not None:
            return since_ms, condition.exit_after_ms
    return None


def is_lasting(snapshot: Snapshot, condition: Condition) -> int | None:
    """Since when a flag stands for its time alone: it is not met any more, and is dropped when that has lasted; else None."""
    if condition.flag == "pd" and snapshot.regime.flag("brk"):
        return None  # a fast break is weakness by itself
    memory = snapshot.regime.flags.get(condition.flag)
    if memory is None or memory.value is not True or condition.stays is not False:
        return None
    return memory.turning_since_ms


@once(style)
def footer(snapshot: Snapshot, phrases: Phrases) -> Text | Told:
    """When this was evaluated, and on how much: "12:04:10 UTC · 5 of 5 read"."""
    regime = snapshot.regime
    at = second(snapshot.at_ms) if snapshot.source == LIVE else numbers.date_and_clock(snapshot.at_ms)
    known = inputs_there_are(snapshot)
    return paragraph_of(phrases.say("regime.read", at=at, seen=regime.inputs_seen, known=known))


def inputs_there_are(snapshot: Snapshot) -> int:
    """Five, or four for an asset whose options nobody trades (7a.2); what is merely not fed still counts."""
    skew = snapshot.reading("skew")
    has_skew = skew is not None and skew.presence is not Presence.ABSENT
    return len(FIVE) if has_skew or snapshot.asset in OPTIONS_MARKETS else len(FIVE) - 1


def listed(names: Sequence[str], phrases: Phrases) -> str:
    """Names in a row: "price, liquidations and funding"."""
    return phrases.say("words.and").join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def steps_words(names: tuple[str, ...], phrases: Phrases) -> str:
    """The names of some steps of the sequence."""
    return ", ".join(phrases.word("step", name) for name in names)


def _mixed(snapshot: Snapshot, phrases: Phrases, at_ms: int) -> tuple[str, ...]:
    """The rows against each other; or, where no row shows stress, that nothing was seen and what was not looked at."""
    levels = snapshot.regime.levels
    stressed = [phrases.word("input", name) for name in FIVE if (levels.get(name) or Level.CALM) > Level.CALM]
    calm = [phrases.word("input", name) for name in FIVE if levels.get(name) is Level.CALM]
    missing = unseen(snapshot, phrases, at_ms)
    lines = [phrases.word("meaning", State.MIXED.value)]
    if stressed and calm:
        lines.append(
            phrases.say("regime.conflict", stressed=listed(stressed, phrases), calm=listed(calm, phrases))
        )
    elif calm and missing:
        lines = [phrases.say("regime.nothing_seen", calm=listed(calm, phrases), unseen=", ".join(missing))]
    if snapshot.regime.flag("fd") and snapshot.regime.flag("stab") is not True:
        lines.append(phrases.say("regime.shorts"))
    return tuple(lines)


def _outlook(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    regime = snapshot.regime
    lines = [_steps(regime, phrases)]
    if regime.out_of_order:
        lines.append(phrases.say("regime.out_of_order", steps=out_of_order_words(regime, phrases)))
    lines += early_words(regime, phrases)
    further, eases = worse(snapshot), better(snapshot)
    if further and regime.state is not State.INSUFFICIENT_DATA:
        lines.append(phrases.say("regime.next", turns=turns_words(further, phrases, rules)))
    if eases and regime.state is not State.INSUFFICIENT_DATA:
        lines.append(phrases.say("regime.eases", turns=turns_words(eases, phrases, rules)))
    lines.extend(held(regime, phrases, rules))
    severer = [state for state in regime.possible if SEVERITY[state] > SEVERITY.get(regime.state, 0)]
    if severer:
        states = ", ".join(phrases.word("state", state.value) for state in severer)
        lines.append(phrases.say("regime.possible", states=states))
    lines.append(stress(regime, phrases))
    return tuple(lines)


def held(regime: Regime, phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    """That the table already says something milder, and until when, marked for `paragraph_of`, the present state is held."""
    if regime.lower_since_ms is None or regime.raw is regime.held or regime.state is State.INSUFFICIENT_DATA:
        return ()
    if SEVERITY.get(regime.raw, 0) >= SEVERITY.get(regime.held, 0):
        return ()
    unwinding = regime.held is State.UNWINDING
    dwell = rules.regime.deescalate_unwinding_after_ms if unwinding else rules.regime.deescalate_after_ms
    until = second(regime.lower_since_ms + dwell)
    return (phrases.say("regime.held", raw=phrases.word("state", regime.raw.value), at=until),)


def stress(regime: Regime, phrases: Phrases) -> str:
    """The score, said for what it is; where too little is seen to name a state, what is left of it is no calm."""
    if regime.score is None or regime.state is State.INSUFFICIENT_DATA:
        return phrases.say("regime.stress_none")
    return phrases.say("regime.stress", score=f"{regime.score:.0f}")


def _steps(regime: Regime, phrases: Phrases) -> str:
    if not regime.steps:
        return phrases.say("regime.steps_none")
    return phrases.say("regime.steps", stage=regime.stage, steps=steps_words(regime.steps, phrases))


@once()
def _actions(snapshot: Snapshot, phrases: Phrases) -> tuple[Action, ...]:
    asset = snapshot.asset
    return (
        Action(phrases.say("button.why"), f"/why {asset}"),
        Action(phrases.say("button.size"), f"/size {asset}"),
        *((Action(phrases.say("button.warn_me"), f"/subscribe {asset}"),) if snapshot.source == LIVE else ()),
        Action(phrases.say("button.refresh"), f"/regime {asset}"),
    )
