"""A person's plans: where they are kept, who may see them, and how one is made of a stated position or made larger."""

import math
from dataclasses import dataclass, replace

from commands.desk.brackets import brackets
from commands.desk.own import as_theirs, as_they_see_it, own
from commands.desk.refusal import refusal
from commands.desk.wallet import others
from commands.protocol.request import Context, Misunderstood
from market.margin import ImpossiblePosition
from market.observations import MINUTE_MS, Asset
from market.plans import (
    MOST_PLANS,
    Added,
    Plan,
    PlanNews,
    Standing,
    Thesis,
    add_to,
    fresh_id,
    make_plan,
    news_of,
    standing_of,
    watch,
)
from market.report import market_time
from market.sizing import Position, SizeCheck, check_size, conditions_of
from market.sizing.wallet import Others
from market.snapshot import Snapshot
from store.persons import Person
from store.services import People

TWICE_WITHIN_MS = MINUTE_MS
"""The same position stated again so soon is a button that was pressed twice, not a second position."""
MOVED_MEANWHILE = 0.01
"""As far as a price may have moved between two presses (a fraction), where no entry was said."""
MOST_OFFERED = 8


@dataclass(frozen=True, slots=True)
class Made:
    """A plan that is kept, how it was checked, and what is true of it already (None: nothing is).

    `wallet` is what the other plans of its cross wallet were counted as, None where none was. `is_twin`: it was kept before.
    """

    plan: Plan
    check: SizeCheck
    already: PlanNews | None
    wallet: Others | None = None
    is_twin: bool = False


async def keeper(context: Context) -> People:
    """Where the asker's plans are kept. Raises Misunderstood where nobody's are, or where others read along."""
    people = context.services.people
    if people is None:
        source = (await context.services.feed.status()).source
        raise Misunderstood(f"plan_nowhere.{source}", example="/size BTC 5x 10k")
    if not context.person:
        raise Misunderstood("plan.of_nobody", example="/size BTC 5x 10k")
    if not context.is_private:
        raise Misunderstood("plan.in_private", example="/positions")
    return people


def find(person: Person, plan_id: str | None, doing: str) -> Plan:
    """The plan of that name. Raises Misunderstood with those there are where there is none, or none was said."""
    plan = None if plan_id is None else person.plan(plan_id)
    if plan is not None:
        return plan
    if not person.plans:
        raise Misunderstood("plan.none_yet", example="/plan BTC 5x long 10k")
    lines = tuple(f"/plan {doing} {one.id}" for one in person.plans[:MOST_OFFERED])
    offers, example = ((), f"{lines[0]} 500") if doing == "add" else (lines, lines[0])
    if plan_id is None:
        raise Misunderstood("words.missing", kinds=("plan_id",), offers=offers, example=example)
    raise Misunderstood("plan.no_such", said=plan_id, offers=offers, example=example)


async def keep_plan(
    context: Context, people: People, position: Position, snapshot: Snapshot, thesis: Thesis
) -> Made:
    """Check a position, make a plan of it and keep it for good; what is true of it already is told here and not again.

    Raises ImpossiblePosition where no brackets are known, PlanRefused, Misunderstood.
    """
    now_ms = market_time(snapshot, context.now_ms)
    person = await own(context)
    tiers = await brackets(context, position.asset, position.venue, is_inverse=position.is_inverse)
    wallet = await others(context, person, position, tiers.venue)
    stated = as_theirs(position, person, wallet)
    market = as_they_see_it(conditions_of(snapshot, context.rules), stated.side, person)
    try:
        check = check_size(stated, market, tiers, context.rules.sizing)
    except ImpossiblePosition as impossible:
        raise refusal(
            impossible, stated.asset, "/plan", tiers=tiers, language=context.language
        ) from impossible
    made = make_plan(check, "", now_ms, context.rules.sizing, thesis)
    fresh, already = _looked_at(made, snapshot, context, person, now_ms)
    moved = 0.0 if position.entry_usd is not None else MOVED_MEANWHILE
    kept = await people.change(context.person, lambda before: _with_plan(before, fresh, moved, context))
    plan = _twin(kept, fresh, moved) or fresh
    return Made(plan, check, already, wallet, is_twin=person.plan(plan.id) is not None)


async def keep_larger(
    context: Context, people: People, plan_id: str, added: Added, snapshot: Snapshot
) -> Made:
    """Add to a plan and keep it for good. Raises as `keep_plan` does, and AddRefused."""
    now_ms = market_time(snapshot, context.now_ms)
    person = await own(context)
    before = find(person, plan_id, "add")
    tiers = await brackets(context, before.asset, before.venue)
    rest = replace(person, plans=tuple(plan for plan in person.plans if plan.id != plan_id))
    wallet = await others(context, rest, position_of(before), tiers.venue)
    theirs = as_theirs(position_of(before), rest, wallet)
    base = added.base_leverage or theirs.base_leverage
    added = replace(added, base_leverage=base, others_usd=theirs.others_usd)
    try:
        larger, check = add_to(before, added, snapshot, tiers, context.rules)
    except ImpossiblePosition as impossible:
        raise refusal(
            impossible, before.asset, "/plan", tiers=tiers, language=context.language
        ) from impossible
    after, already = _looked_at(larger, snapshot, context, person, now_ms)
    await people.change(context.person, lambda kept: _in_place(kept, before, after))
    return Made(after, check, already, wallet)


async def drop_plan(context: Context, people: People, plan_id: str | None) -> Plan:
    """Keep a plan no more, for good; the plan as it was. Raises Misunderstood where there is none of that name."""
    plan = find(await own(context), plan_id, "close")

    def without(person: Person) -> Person:
        return replace(person, plans=tuple(one for one in person.plans if one.id != plan.id))

    await people.change(context.person, without)
    return plan


def position_of(plan: Plan) -> Position:
    """The position that a plan stands for."""
    return Position(
        asset=plan.asset,
        side=plan.side,
        leverage=max(1.0, plan.leverage),
        equity_usd=plan.margin_usd,
        hold_hours=plan.hold_hours,
        entry_usd=plan.entry_usd,
        mode=plan.mode,
        is_inverse=plan.is_inverse,
        venue=plan.venue,
        is_kept=True,
    )


async def standing_now(context: Context, plan: Plan) -> tuple[Snapshot | None, Standing | None]:
    """The market of a plan as it is now, and where the plan stands in it; None where no price can be used."""
    snapshot = await context.look(plan.asset)
    if snapshot is None:
        return None, None
    market = conditions_of(snapshot, context.rules)
    if market.price_usd is None:
        return snapshot, None
    now_ms = market_time(snapshot, context.now_ms)
    return snapshot, standing_of(plan, market.price_usd, market.sigma, context.rules, now_ms)


async def is_watched(context: Context, asset: Asset) -> bool:
    """Whether an asset is looked at; plans in one that is not wait until it is again."""
    return asset in await context.services.snapshots.watched()


def _looked_at(
    plan: Plan, snapshot: Snapshot, context: Context, person: Person, now_ms: int
) -> tuple[Plan, PlanNews | None]:
    """The plan after a first look: what holds already is shown in the answer, not told a minute later."""
    after, happened = watch(plan, snapshot, context.rules, now_ms, now_ms, person.funding_8h)
    return after, news_of(plan, after, happened, snapshot, context.rules) if happened else None


def _with_plan(person: Person, plan: Plan, moved: float, context: Context) -> Person:
    """The person with one more plan, unless it is there already. Raises Misunderstood where there are too many."""
    if _twin(person, plan, moved) is not None:
        return replace(person, reach=context.reach or person.reach, spoken=context.language)
    if len(person.plans) >= MOST_PLANS:
        raise Misunderstood("plan.too_many", most=str(MOST_PLANS), example="/plan list")
    named = replace(plan, id=fresh_id([one.id for one in person.plans], plan.made_ms))
    return replace(
        person,
        reach=context.reach or person.reach,
        spoken=context.language,
        plans=(*person.plans, named),
        made_ms=person.made_ms or context.now_ms,
    )


def _twin(person: Person, plan: Plan, moved: float) -> Plan | None:
    """The same position stated within the last minute, entered no farther away than `moved` (a fraction)."""
    return next((one for one in person.plans if _is_same(one, plan, moved)), None)


def _is_same(one: Plan, plan: Plan, moved: float) -> bool:
    return (
        _stated(one) == _stated(plan)
        and abs(one.made_ms - plan.made_ms) <= TWICE_WITHIN_MS
        and abs((one.until_ms or 0) - (plan.until_ms or 0)) <= TWICE_WITHIN_MS
        and math.isclose(one.entry_usd, plan.entry_usd, rel_tol=max(moved, 1e-9))
    )


def _stated(plan: Plan) -> tuple[object, ...]:
    return (
        plan.asset,
        plan.side,
        plan.mode,
        plan.venue,
        plan.is_inverse,
        round(plan.margin_usd, 2),
        round(plan.leverage, 6),
        plan.hold_hours,
        plan.line_usd,
        round(plan.drawdown_usd, 2),
    )


def _in_place(person: Person, before: Plan, after: Plan) -> Person:
    """The person with a plan made larger. Raises Misunderstood where it was changed or closed meanwhile."""
    if person.plan(before.id) != before:
        raise Misunderstood("plan.changed", example="/plan list")
    return replace(person, plans=tuple(after if one.id == after.id else one for one in person.plans))
