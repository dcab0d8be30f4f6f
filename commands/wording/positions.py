"""The answer to /positions: each stated position at its present price, how far it is from being closed, and its next rung."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Note, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.columns import first_that_fits, fit, sides
from commands.wording.market import source_notes
from commands.wording.panel import unseen
from commands.wording.plans import (
    gap_lines,
    leverage_words,
    liquidation_line,
    moment_words,
    plan_numbers,
    price_line,
    side_words,
    spent_words,
    step_word,
    tight_words,
    won_words,
)
from market.observations import Asset
from market.plans import Happened, Plan, Rung, Standing, is_spent, steps_of
from market.plans.standing import CALLED
from market.report import market_time
from market.rules import Rules
from market.snapshot import Snapshot

MOST_BUTTONS = 8


@dataclass(frozen=True, slots=True)
class Held:
    """A plan with the market it stands in: `standing` None where no price can be used, `snapshot` where nothing was read."""

    plan: Plan
    snapshot: Snapshot | None
    standing: Standing | None


def describe_positions(
    held: Sequence[Held], unwatched: Sequence[Asset], phrases: Phrases, rules: Rules, now_ms: int
) -> Reply:
    """The answer to /positions. `unwatched` are the assets of plans that are not looked at any more."""
    if not held:
        example = (Action(phrases.say("button.size"), "/size"),)
        return Reply((Note(phrases.say("positions.none")),), example, private=True, data={"positions": []})
    blocks: tuple[Block, ...] = (
        Heading(fit(phrases.say("positions.heading", count=len(held))), _tone(held)),
        *_sources(held, phrases, now_ms),
        *(Note(_not_watched(asset, held, phrases), Tone.STRESS) for asset in unwatched),
        *(Lines(_position_lines(one, phrases, rules, now_ms)) for one in held),
        Text("\n".join(_remarks(held, phrases, rules, now_ms))),
    )
    known = [one.standing.profit_usd for one in held if one.standing is not None]
    data = {
        "positions": [plan_numbers(one.plan, one.standing) for one in held],
        "profit": sum(known) if len(known) == len(held) else None,
        "unwatched": list(unwatched),
    }
    return Reply(blocks, _actions(held, phrases), private=True, data=data)


def _tone(held: Sequence[Held]) -> Tone:
    told = {name for one in held for name in one.plan.watch.told_ms}
    if told & {Happened.LIQUIDATED, Happened.NEAR_LIQUIDATION, Happened.MAX_LOSS, Happened.EXIT}:
        return Tone.STRESS
    return Tone.CAUTION if told else Tone.PLAIN


def _sources(held: Sequence[Held], phrases: Phrases, now_ms: int) -> tuple[Note, ...]:
    """That a market is simulated, recorded or evaluated too long ago, each said once."""
    notes = [note for one in held if one.snapshot for note in source_notes(one.snapshot, phrases, now_ms)]
    return tuple(dict.fromkeys(notes))


def _not_watched(asset: Asset, held: Sequence[Held], phrases: Phrases) -> str:
    ids = ", ".join(one.plan.id for one in held if one.plan.asset == asset)
    return phrases.say("positions.unwatched", asset=asset, ids=ids)


def _position_lines(held: Held, phrases: Phrases, rules: Rules, now_ms: int) -> tuple[str, ...]:
    plan, standing = held.plan, held.standing
    head = _head(plan, standing, phrases)
    funding = _funding(plan, phrases, rules)
    if standing is None or held.snapshot is None:
        reason = _why_no_price(held, phrases, now_ms)
        liquidation = phrases.say("plan.liquidation_bare", price=numbers.price(plan.liquidation_usd))
        return head, fit(phrases.say("positions.no_price", reason=reason)), fit(liquidation), funding
    return (
        head,
        price_line(plan, standing, held.snapshot, phrases, market_time(held.snapshot, now_ms)),
        _next_rung(plan, standing, phrases),
        liquidation_line(plan, standing, standing.sigmas, phrases),
        funding,
    )


def _head(plan: Plan, standing: Standing | None, phrases: Phrases) -> str:
    """Its name, and that no more may be lost, or the last rung that was reached: "BTC 5x long p7f2      Trim reached"."""
    side = side_words(plan, phrases)
    name = f"{plan.asset} {leverage_words(plan)} {side} {plan.id}"
    told = plan.watch.told_ms
    if Happened.LIQUIDATED in told:
        return sides(name, phrases.say("positions.over"))
    if is_spent(plan, standing):
        return sides(name, phrases.say("positions.spent"))
    reached = [rung for rung in Rung if CALLED[rung] in told]
    if not reached:
        return fit(name)
    return sides(name, phrases.say("positions.reached", rung=phrases.word("rung", reached[-1].value)))


def _next_rung(plan: Plan, standing: Standing, phrases: Phrases) -> str:
    """The next rung, or the price of the most to lose where that is nearer; once that is lost, no rung is next but to be out."""
    if is_spent(plan, standing) and not plan.is_closed_by_force:
        return fit(phrases.say("positions.out"))
    if Happened.EXIT in plan.watch.told_ms:
        return fit(phrases.say("positions.all_reached"))
    steps = ((step, usd) for step, usd in steps_of(plan, standing) if step not in plan.watch.told_ms)
    step, price_usd = next(((step, usd) for step, usd in steps if usd is not None), (None, None))
    if step is None or price_usd is None:
        return fit(phrases.say("positions.all_reached"))
    known = {
        "rung": step_word(step, phrases),
        "price": numbers.price(price_usd),
        "away": numbers.percent(price_usd / standing.price_usd - 1.0),
    }
    return first_that_fits(
        phrases.say("positions.next", **known), phrases.say("positions.next_short", **known)
    )


def _funding(plan: Plan, phrases: Phrases, rules: Rules) -> str:
    """What was paid in funding, an estimate, and whether the rungs are pulled in."""
    paid = plan.watch.funding_paid_usd
    factor = tight_words(rules.sizing.ladder.tightened)
    tight = phrases.say("positions.tight", factor=factor) if plan.watch.tight_since_ms is not None else ""
    if paid is None:
        return sides(phrases.say("positions.funding_unknown"), tight)
    key = "positions.funding_got" if paid < 0.0 else "positions.funding"
    return sides(phrases.say(key, amount=numbers.money(round(abs(paid), 2))), tight)


def _why_no_price(held: Held, phrases: Phrases, now_ms: int) -> str:
    if held.snapshot is None:
        return phrases.say("presence.absent")
    told = unseen(held.snapshot, phrases, market_time(held.snapshot, now_ms), ("price",))
    return ", ".join(told) or phrases.say("presence.absent")


def _remarks(held: Sequence[Held], phrases: Phrases, rules: Rules, now_ms: int) -> list[str]:
    """Since when rungs are pulled in, what is over by the owner's own numbers, when it was not watched, and all won or lost."""
    lines = []
    for one in held:
        known = {"asset": one.plan.asset, "id": one.plan.id}
        at_ms = now_ms if one.snapshot is None else market_time(one.snapshot, now_ms)
        since_ms = one.plan.watch.tight_since_ms
        if since_ms is not None:
            factor, since = tight_words(rules.sizing.ladder.tightened), moment_words(since_ms, at_ms)
            lines.append(phrases.say("positions.tight_since", factor=factor, since=since, **known))
        if Happened.MAX_LOSS in one.plan.watch.told_ms:
            lines.append(spent_words(one.plan, at_ms, phrases))
        lines.extend(_thesis_over(one.plan, at_ms, phrases))
        gaps = gap_lines(one.plan.watch.gaps, at_ms, phrases)
        lines.extend(phrases.say("positions.gap", gap=gap, **known) for gap in gaps)
    profits = [one.standing.profit_usd for one in held if one.standing is not None]
    if not profits:
        return lines or [phrases.say("plan.none_priced")]
    amount = won_words(sum(profits))
    if len(profits) == len(held):
        return [*lines, phrases.say("positions.profit", amount=amount)]
    told = phrases.say("positions.profit_part", known=len(profits), count=len(held), amount=amount)
    return [*lines, told]


def _thesis_over(plan: Plan, at_ms: int, phrases: Phrases) -> list[str]:
    """When the owner's own line was crossed and when their own time was over, as far as they were."""
    told = ((Happened.THESIS_PRICE, "positions.line_crossed"), (Happened.THESIS_TIME, "positions.time_over"))
    known = {"asset": plan.asset, "id": plan.id, "line": numbers.price(plan.line_usd)}
    return [
        phrases.say(key, at=moment_words(plan.watch.told_ms[happened], at_ms), **known)
        for happened, key in told
        if happened in plan.watch.told_ms
    ]


def _actions(held: Sequence[Held], phrases: Phrases) -> tuple[Action, ...]:
    plans = [one.plan for one in held[:MOST_BUTTONS]]
    return (
        Action(phrases.say("button.refresh"), "/positions"),
        *(Action(phrases.say("button.plan", id=plan.id), f"/plan show {plan.id}") for plan in plans),
    )
