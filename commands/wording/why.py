"""Why a state is said: every condition with its value and what it needs, what would make it worse and what would clear it."""

from collections.abc import Iterator, Mapping
from functools import partial

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Numbers, Reply, Text
from commands.protocol.style import style
from commands.wording import numbers
from commands.wording.aging import Line, aged
from commands.wording.books import book_lines
from commands.wording.columns import COLUMNS, fit, sides
from commands.wording.findings import findings_lines
from commands.wording.learning import ALL, reading_learning
from commands.wording.market import (
    footer,
    held,
    is_lasting,
    live_moment,
    meaning,
    paragraph,
    regime_numbers,
    source_notes,
    stress,
    tone_of,
)
from commands.wording.measures import measure_line
from commands.wording.odds import regime_odds, skill_lines
from commands.wording.panel import age_of, unseen
from commands.wording.paragraphs import evidence_of, paragraph_of
from commands.wording.sequence import early_words, lead_words, out_of_order_words, step_lines
from commands.wording.told_facts import fact_lines, gap_lines
from commands.wording.turns import turns_words
from market.checklist import READ_BY
from market.odds import recorded_odds
from market.once import once
from market.outlook import Turn, better, worse
from market.reading import Condition, Presence, Reading, measure
from market.report import market_time
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import FLAGS, SEVERITY, State

ANSWERS: Mapping[bool | None, tuple[str, str]] = {
    True: ("+", "yes"),
    False: ("-", "no"),
    None: ("?", "unknown"),
}
ALSO_TOLD = ("lb", "rolling_over", "vol_hi")


def describe_why(snapshot: Snapshot, phrases: Phrases, rules: Rules, now_ms: int) -> Reply:
    """The answer to /why. The snapshot is one that has been aged to `now_ms` (market.report.as_of)."""
    at_ms = market_time(snapshot, now_ms)
    blocks: tuple[Block, ...] = (
        _heading(snapshot, phrases),
        *source_notes(snapshot, phrases, now_ms),
        Text("\n".join((*_meaning(snapshot, phrases, at_ms), _protip(snapshot, phrases)))),
        Lines(aged(_conditions(snapshot, phrases, rules), at_ms)),
        Lines(aged(_steps(snapshot, phrases), at_ms)),
        *_turns(snapshot, phrases, rules),
        Text("\n".join((*_unseen(snapshot, phrases, at_ms), stress(snapshot.regime, phrases)))),
        *_below(snapshot, phrases),
    )
    return Reply(
        blocks,
        _actions(snapshot, phrases),
        data=Numbers(partial(_plain, snapshot)),
        at_ms=live_moment(snapshot),
    )


@once()
def _heading(snapshot: Snapshot, phrases: Phrases) -> Heading:
    state = snapshot.regime.state
    said = phrases.say("why.heading", asset=snapshot.asset, state=phrases.word("state", state.value))
    return Heading(fit(said), tone_of(state))


@once(style)
def _turns(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[Block, ...]:
    """What the steps came to, what was noticed of the venues, and what would change the state."""
    turns = (*outlook(snapshot, phrases, rules), *held(snapshot.regime, phrases, rules))
    return (
        *paragraph(_sequence(snapshot, phrases)),
        *paragraph(findings_lines(snapshot, phrases, rules)),
        paragraph_of("\n".join(turns)),
    )


@once(style)
def _below(snapshot: Snapshot, phrases: Phrases) -> tuple[Block, ...]:
    return (*evidence_of(_rests_on(snapshot, phrases)), footer(snapshot, phrases))


@once(style)
def _steps(snapshot: Snapshot, phrases: Phrases) -> tuple[Line, ...]:
    return step_lines(snapshot.regime, phrases)


def _rests_on(snapshot: Snapshot, phrases: Phrases) -> tuple[str, ...]:
    """The strict state, what followed hours like this, and which conditions history gives no weight."""
    table = recorded_odds()
    followed = regime_odds(snapshot.asset, snapshot.regime, phrases, table)
    return (*_strict(snapshot, phrases), *followed, *skill_lines((*FLAGS, *ALSO_TOLD), phrases, table))


def _sequence(snapshot: Snapshot, phrases: Phrases) -> tuple[str, ...]:
    """What the times of the steps say: what came out of order, and whether price and funding warned ahead."""
    regime, told = snapshot.regime, out_of_order_words(snapshot.regime, phrases)
    placed = (phrases.say("regime.out_of_order", steps=told),) if told else ()
    return (*placed, *early_words(regime, phrases), *lead_words(regime, phrases))


def outlook(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    """What would make the state worse, and what would clear it, as the decision table has it."""
    if snapshot.regime.state is State.INSUFFICIENT_DATA:
        return ()
    none_worse = phrases.say("why.worst" if snapshot.regime.held is State.UNWINDING else "why.no_more")
    none_better = phrases.say("why.no_less" if SEVERITY.get(snapshot.regime.held) else "why.best")
    return (
        *(_ways("why.more", worse(snapshot), phrases, rules) or (none_worse,)),
        *(_ways("why.less", better(snapshot), phrases, rules) or (none_better,)),
    )


@once(style)
def _conditions(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[Line, ...]:
    """The flags reading by reading; those that need two inputs stand last."""
    return tuple(_condition_lines(snapshot, phrases, rules))


def _condition_lines(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> Iterator[Line]:
    told: set[str] = set()
    below = _lines_below(snapshot, phrases, rules)
    for name in ALL:
        reading = snapshot.reading(name)
        yield _reading_head(name, reading, phrases)
        if reading is None or reading.presence is Presence.ABSENT:
            told.update(flag for flag, owner in READ_BY.items() if owner == name)
            continue
        yield from below[name]
        for condition in reading.conditions:
            if condition.flag in (*FLAGS, *ALSO_TOLD):
                told.add(condition.flag)
                yield _flag_line(snapshot, condition.flag, phrases)
                yield from below[condition.flag]
    left = [flag for flag in (*FLAGS, *ALSO_TOLD) if flag not in told]
    if left:
        yield phrases.say("why.together")
        for flag in left:
            yield _flag_line(snapshot, flag, phrases)


def _lines_below(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> Mapping[str, tuple[Line, ...]]:
    """What stands below the head of a reading, and below a flag."""
    lines: dict[str, tuple[Line, ...]] = {}
    for reading in snapshot.readings:
        lines[reading.name] = tuple(_facts(snapshot, reading, phrases))
        for condition in reading.conditions:
            if condition.flag in (*FLAGS, *ALSO_TOLD):
                lines[condition.flag] = tuple(_measures(snapshot, reading, condition, phrases))
    lines["brk"] = (*lines.get("brk", ()), *_low_to_break(snapshot, phrases, rules))
    return lines


def _low_to_break(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[Line, ...]:
    """The low that a shock has to go through to be a fast break, with the price beside it; nothing where it is one already."""
    price = snapshot.reading("price")
    if price is None or price.presence is Presence.ABSENT or snapshot.regime.flag("brk"):
        return ()
    low_usd = price.facts.get("last_low_usd")
    if low_usd is None or price.value is None:
        return (measure_line(measure("last_low_usd", None, 0.0, "USD"), phrases),)
    needed_usd = low_usd * (1.0 - rules.price.pivot_margin)
    return (measure_line(measure("last_low_usd", price.value, needed_usd, "USD", above=False), phrases),)


def _facts(snapshot: Snapshot, reading: Reading, phrases: Phrases) -> Iterator[Line]:
    learned = reading_learning(reading, phrases)
    if learned is not None:
        yield fit(f"   {learned}")
    yield from fact_lines(reading, phrases)
    if reading.name == "volatility":
        yield from gap_lines(snapshot, phrases)
    if reading.name == "depth":
        yield from book_lines(reading, phrases)


def _reading_head(name: str, reading: Reading | None, phrases: Phrases) -> Line:
    presence = Presence.ABSENT if reading is None else reading.presence
    label = phrases.word("input", name)
    if reading is None or presence is Presence.ABSENT:
        return sides(label, phrases.say("presence.absent"))
    said = "" if presence is Presence.SEEN else f"{phrases.word('presence', presence.value)} "
    return partial(_aged_head, label, said, reading)


def _aged_head(label: str, said: str, reading: Reading, at_ms: int) -> str:
    return sides(label, said + age_of(reading, at_ms))


def _measures(snapshot: Snapshot, reading: Reading, condition: Condition, phrases: Phrases) -> Iterator[Line]:
    is_met = any(one.met for one in condition.measures)
    is_held = snapshot.regime.flag(condition.flag) is True and not is_met
    lasting = is_lasting(snapshot, condition)
    if lasting is not None:
        yield partial(_held_for, lasting, condition, phrases)
    for one in condition.measures:
        is_so_far = reading.learning is not None
        yield measure_line(one, phrases, is_held=is_held or lasting is not None, is_learning=is_so_far)


def _held_for(since_ms: int, condition: Condition, phrases: Phrases, at_ms: int) -> str:
    """That a flag is not met any more, since when, and how long it is held: "   not met for 40min, held 6 h"."""
    known = {"time": numbers.age(max(0, at_ms - since_ms)), "hold": numbers.age(condition.exit_after_ms)}
    return fit("   " + phrases.say("why.lasting", **known))


def _flag_line(snapshot: Snapshot, flag: str, phrases: Phrases) -> Line:
    memory = snapshot.regime.flags.get(flag)
    value = None if memory is None else memory.value
    mark, answer = ANSWERS[value]
    said, name = phrases.word("answer", answer), f" {mark} {phrases.word('flag', flag)}"
    return (
        partial(_raised, name, said, memory.since_ms) if value and memory is not None else sides(name, said)
    )


def _raised(name: str, said: str, since_ms: int, at_ms: int) -> str:
    since = numbers.age(at_ms - since_ms)
    whole = f"{said} {since}"
    return sides(name, whole if len(name) + len(whole) < COLUMNS else since)  # the mark says yes as well


def _meaning(snapshot: Snapshot, phrases: Phrases, at_ms: int) -> tuple[str, ...]:
    """What the state means; the pro-tip has its own line here, met or not."""
    protip = phrases.say("regime.protip")
    return tuple([line for line in meaning(snapshot, phrases, at_ms) if line != protip])


def _protip(snapshot: Snapshot, phrases: Phrases) -> str:
    _, answer = ANSWERS[snapshot.regime.protip]
    return phrases.say("why.protip", answer=phrases.word("answer", answer))


def _strict(snapshot: Snapshot, phrases: Phrases) -> tuple[str, ...]:
    """The three-valued state, where something absent makes it differ from what is said or leaves others possible."""
    regime = snapshot.regime
    strict = phrases.word("state", regime.strict.value)
    if regime.possible:
        states = ", ".join(phrases.word("state", state.value) for state in regime.possible)
        return (phrases.say("why.strict_possible", state=strict, states=states),)
    return () if regime.strict is regime.raw else (phrases.say("why.strict", state=strict),)


def _unseen(snapshot: Snapshot, phrases: Phrases, at_ms: int) -> tuple[str, ...]:
    missing = unseen(snapshot, phrases, at_ms)
    return (phrases.say("why.unseen", unseen=", ".join(missing)),) if missing else ()


def _ways(key: str, turns: tuple[Turn, ...], phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    """One line a state that can be reached."""
    states = dict.fromkeys(turn.state for turn in turns)
    return tuple(
        phrases.say(
            key,
            state=phrases.word("state", state.value),
            turns=turns_words((turn for turn in turns if turn.state is state), phrases, rules),
        )
        for state in states
    )


@once()
def _actions(snapshot: Snapshot, phrases: Phrases) -> tuple[Action, ...]:
    asset = snapshot.asset
    return (
        Action(phrases.say("button.regime"), f"/regime {asset}"),
        Action(phrases.say("button.check"), f"/check {asset}"),
        Action(phrases.say("button.size"), f"/size {asset}"),
        Action(phrases.say("button.refresh"), f"/why {asset}"),
    )


def _plain(snapshot: Snapshot) -> dict[str, object]:
    conditions = {
        condition.flag: [
            {"name": one.name, "value": one.value, "needed": one.needed, "unit": one.unit, "met": one.met}
            for one in condition.measures
        ]
        for reading in snapshot.readings
        for condition in reading.conditions
    }
    return {
        **regime_numbers(snapshot),
        "conditions": conditions,
        "worse": [_plain_turn(turn) for turn in worse(snapshot)],
        "better": [_plain_turn(turn) for turn in better(snapshot)],
    }


def _plain_turn(turn: Turn) -> dict[str, object]:
    return {"state": turn.state.value, "flags": dict(turn.flags)}
