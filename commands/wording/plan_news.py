"""What a plan's owner is told: what happened, how it stands at this price, and what could not be watched.

The first plans of a message are told in full, the others in a line each, so that nothing is cut off on any platform.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Note, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.columns import sides
from commands.wording.plans import (
    age_words,
    gap_lines,
    leverage_words,
    liquidation_line,
    now_line,
    plan_heading,
    plan_numbers,
    rung_lines,
    tight_words,
)
from commands.wording.sizing_lines import turned_words
from market.observations import Side
from market.plans import Happened, PlanNews, Standing, loss_usd, standing_of, steps_of
from market.plans.news import CRITICAL, WATCH, urgency_of
from market.plans.standing import CALLED, rest_hours
from market.report import LIVE
from market.rules import Rules

IN_FULL = 2
GRAVEST_FIRST = (
    Happened.LIQUIDATED,
    Happened.NEAR_LIQUIDATION,
    Happened.MAX_LOSS,
    Happened.EXIT,
    Happened.THESIS_PRICE,
    Happened.HEDGE,
    Happened.TRIM,
    Happened.RISK_INVALIDATED,
    Happened.FUNDING_BEYOND,
    Happened.THESIS_TIME,
)
_OUT = frozenset({Happened.MAX_LOSS, Happened.EXIT})
"""Both say to be out: the one that price came to first is told first."""
_LESS_THAN_OUT = frozenset({Happened.TRIM, Happened.HEDGE})
TONES = {CRITICAL: Tone.STRESS, WATCH: Tone.PLAIN}
_RUNGS = {called: rung for rung, called in CALLED.items()}


@dataclass(frozen=True, slots=True)
class NewsMarks:
    """What has to be said of a message beside its facts.

    `is_late`: the news is old by now; `is_old`: too old to act on without a look at what holds now; `is_repeat`: it may
    have arrived before.
    """

    is_late: bool = False
    is_old: bool = False
    is_repeat: bool = False


def describe_news(
    news: Sequence[PlanNews], phrases: Phrases, rules: Rules, now_ms: int, marks: NewsMarks
) -> Reply:
    """The message of at least one plan's news, the gravest first; it is about positions, so it is private."""
    ordered = sorted(news, key=lambda one: (urgency_of(one.happened), _gravity(_gravest(one, rules))))
    first = ordered[0]
    tone = TONES.get(urgency_of(first.happened), Tone.CAUTION)
    blocks: list[Block] = [
        Heading(_heading(first, phrases, rules), tone),
        *_notes(first, marks, phrases, now_ms),
    ]
    for place, one in enumerate(ordered[:IN_FULL]):
        if place > 0:
            blocks.append(Text(_heading(one, phrases, rules)))
        blocks.extend(_story(one, phrases, rules, now_ms))
    if len(ordered) > IN_FULL:
        blocks.append(Lines(tuple(_in_a_line(one, phrases, rules) for one in ordered[IN_FULL:])))
    return Reply(
        tuple(blocks),
        _actions(ordered, phrases, rules),
        private=True,
        data={
            "plans": [
                {**plan_numbers(one.plan), "happened": [str(name) for name in one.happened]}
                for one in ordered
            ]
        },
    )


def _gravest(news: PlanNews, rules: Rules) -> Happened:
    return _gravest_first(news, rules)[0]


def _gravest_first(news: PlanNews, rules: Rules) -> list[Happened]:
    """All that happened, the gravest first; of two that weigh the same the one that price came to first."""
    standing = standing_of(news.plan, news.price_usd, None, rules, news.at_ms)
    places = {step: place for place, (step, _) in enumerate(steps_of(news.plan, standing))}
    return sorted(news.happened, key=lambda one: (_gravity(one), places.get(one, 0)))


def _gravity(happened: Happened) -> int:
    return min(map(GRAVEST_FIRST.index, _OUT)) if happened in _OUT else GRAVEST_FIRST.index(happened)


def _heading(news: PlanNews, phrases: Phrases, rules: Rules) -> str:
    return plan_heading(news.plan, phrases.word("plan_happened", _gravest(news, rules).value), phrases)


def _notes(first: PlanNews, marks: NewsMarks, phrases: Phrases, now_ms: int) -> list[Note]:
    notes = []
    if first.source != LIVE:
        at = numbers.date_and_clock(first.at_ms)
        notes.append(Note(phrases.say(f"source.{first.source}", at=at), Tone.CAUTION))
    if marks.is_repeat:
        notes.append(Note(phrases.say("wave.repeat"), Tone.PLAIN))
    if marks.is_late or marks.is_old:
        age = numbers.duration(max(0, now_ms - first.at_ms))
        notes.append(Note(phrases.say("plan.old" if marks.is_old else "wave.late", age=age), Tone.CAUTION))
    return notes


def _story(news: PlanNews, phrases: Phrases, rules: Rules, now_ms: int) -> tuple[Block, ...]:
    """What happened in sentences, and the plan at the price at which it did."""
    plan = news.plan
    standing = standing_of(plan, news.price_usd, None, rules, news.at_ms)
    age = age_words(news.price_at_ms, now_ms)
    lines = (
        now_line(plan, standing, age, phrases),
        *rung_lines(plan, standing, phrases),
        liquidation_line(plan, standing, news.sigmas, phrases),
    )
    gaps = gap_lines(news.gaps, now_ms, phrases)
    return (
        Text("\n".join(sentences(news, phrases, rules))),
        Lines(lines),
        *((Text("\n".join(gaps)),) if gaps else ()),
    )


def sentences(news: PlanNews, phrases: Phrases, rules: Rules) -> list[str]:
    """Everything that happened, a sentence each, the gravest first.

    A rung that is reached when no more may be lost says so: what it asks for is less than the plan does.
    """
    standing = standing_of(news.plan, news.price_usd, None, rules, news.at_ms)
    told = [_sentence(one, news, standing, phrases, rules) for one in _gravest_first(news, rules)]
    is_spent = Happened.MAX_LOSS in news.plan.watch.told_ms and Happened.MAX_LOSS not in news.happened
    if is_spent and not _LESS_THAN_OUT.isdisjoint(news.happened):
        told.insert(0, phrases.say("plan.spent_before", amount=numbers.money(news.plan.drawdown_usd)))
    return told


def _sentence(happened: Happened, news: PlanNews, standing: Standing, phrases: Phrases, rules: Rules) -> str:
    plan = news.plan
    rung = _RUNGS.get(happened)
    return phrases.say(
        f"plan_told.{happened.value}",
        price=numbers.price(news.price_usd),
        rung=numbers.price(None if rung is None else standing.rungs_usd[rung]),
        liquidation=numbers.price(plan.liquidation_usd),
        sigmas=numbers.UNKNOWN if news.sigmas is None else numbers.decimals(news.sigmas, 1),
        rest=f"{rest_hours(plan, rules.plans, news.at_ms):.0f} h",
        funding=numbers.rate(None if news.funding_8h is None else abs(news.funding_8h)),
        factor=tight_words(rules.sizing.ladder.tightened),
        state=turned_words(news.turned or news.state.value, phrases),
        line=numbers.price(plan.line_usd),
        loss=numbers.money(round(loss_usd(plan, news.price_usd, rules.sizing.fee_rate))),
        most=numbers.money(plan.drawdown_usd),
        until=numbers.date_and_clock(plan.until_ms or news.at_ms),
    )


def _in_a_line(news: PlanNews, phrases: Phrases, rules: Rules) -> str:
    what = phrases.word("plan_happened", _gravest(news, rules).value)
    return sides(f"{news.plan.asset} {leverage_words(news.plan)} {news.plan.id}", what)


def _actions(ordered: Sequence[PlanNews], phrases: Phrases, rules: Rules) -> tuple[Action, ...]:
    """How all positions stand, and of the plans told in full: show it, say that it is closed, or ask what a hedge costs."""
    plans = [one.plan for one in ordered[:IN_FULL]]
    hedged = [one.plan.asset for one in ordered[:IN_FULL] if _asks_for_a_hedge(one, rules)]
    return (
        Action(phrases.say("button.positions"), "/positions"),
        *(Action(phrases.say("button.plan", id=plan.id), f"/plan show {plan.id}") for plan in plans),
        *(Action(phrases.say("button.closed", id=plan.id), f"/plan close {plan.id}") for plan in plans),
        *(Action(phrases.say("button.hedge"), f"/hedge {asset}") for asset in dict.fromkeys(hedged)),
    )


def _asks_for_a_hedge(news: PlanNews, rules: Rules) -> bool:
    """Whether a long has reached the rung at which it is hedged."""
    return news.plan.side is Side.LONG and _gravest(news, rules) is Happened.HEDGE
