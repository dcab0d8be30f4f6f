"""/plan: a position stated by hand with its three numbers and its ladder; kept, watched, made larger, closed."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.desk.own import own
from commands.desk.plans import drop_plan, find, is_watched, keep_larger, keep_plan, keeper, standing_now
from commands.desk.refusal import refusal
from commands.protocol.command import Command
from commands.protocol.numerals import typed
from commands.protocol.phrases import phrases_in
from commands.protocol.plan_words import Doing, DoingWord, LineWord, PlanIdWord, Until, UntilWord
from commands.protocol.position_words import BaseWord, Contract, ContractWord, EntryWord, ModeWord, VenueWord
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood
from commands.protocol.words import AssetWord, HoldWord, LeverageWord, MoneyWord, PercentWord, SideWord
from commands.wording import numbers
from commands.wording.planning import (
    describe_closed,
    describe_kept,
    describe_list,
    describe_no_add,
    describe_plan,
)
from market.margin import ImpossiblePosition
from market.observations import Asset, Side
from market.plans import Added, AddRefused, NoPlan, PlanRefused, Thesis
from market.report import market_time
from market.sizing import MarginMode, Position, conditions_of
from market.sizing.slip import refuse_slip
from market.snapshot import Snapshot
from store.services import People

FIELDS = {NoPlan.NO_EQUITY: "equity", NoPlan.TIME_OVER: "until"}
"""What has to be said differently where a plan is refused; of all else it is the line."""


@dataclass(frozen=True, slots=True)
class PlanAsked:
    """State a position, or ask for one that was stated."""

    doing: Annotated[DoingWord, "what to do with plans that are there"] | None = None
    id: Annotated[PlanIdWord, "which plan"] | None = None
    asset: Annotated[AssetWord, "the coin"] | None = None
    leverage: Annotated[LeverageWord, "how many times the margin"] | None = None
    side: Annotated[SideWord, "long or short; long where it is not said"] = Side.LONG
    equity: Annotated[MoneyWord, "the margin behind it, in USDT; of add: the margin added"] | None = None
    entry: Annotated[EntryWord, "the entry price; the present price where it is not said"] | None = None
    line: Annotated[LineWord, "the price at which you were wrong"] | None = None
    until: Annotated[UntilWord, "the time by which it has to have come, UTC"] | None = None
    hold: Annotated[HoldWord, "how long it may be held; 72 h where it is not said"] | None = None
    lose: Annotated[PercentWord, "the most of the equity to lose; 5% where it is not said"] | None = None
    base: Annotated[BaseWord, "your own base leverage"] | None = None
    mode: Annotated[ModeWord, "isolated or cross margin"] = MarginMode.ISOLATED
    venue: Annotated[VenueWord, "whose margin tiers hold"] | None = None
    contract: Annotated[ContractWord, "margined in USDT (linear) or in the coin (inverse)"] = Contract.LINEAR


async def answer(ask: PlanAsked, context: Context) -> Reply:
    """The plan as it is kept; what was asked for is said to be done only once it is so for good."""
    people = await keeper(context)
    match ask.doing:
        case Doing.LIST:
            return describe_list((await own(context)).plans, phrases_in(context.language))
        case Doing.SHOW:
            return await _show(ask.id, context)
        case Doing.CLOSE:
            return await _close(ask.id, context, people)
        case Doing.ADD:
            return await _add(ask, context, people)
    return await (_show(ask.id, context) if ask.id is not None else _make(ask, context, people))


async def _make(ask: PlanAsked, context: Context, people: People) -> Reply:
    asset, phrases = await context.asset(ask.asset), phrases_in(context.language)
    snapshot = await context.look(asset)
    if snapshot is None:
        return await absence(asset, context)
    position = _position(ask, asset)
    _refuse_far_line(ask.line, snapshot, context)
    thesis = Thesis(ask.line, _until_ms(ask.until, market_time(snapshot, context.now_ms)))
    try:
        made = await keep_plan(context, people, position, snapshot, thesis)
    except ImpossiblePosition as impossible:
        raise refusal(impossible, asset, "/plan") from None
    except PlanRefused as refused:
        raise _refused(refused) from None
    _, standing = await standing_now(context, made.plan)
    what = phrases.say("plan.twin" if made.is_twin else "plan.kept")
    return describe_kept(
        made.plan,
        made.check,
        made.already,
        snapshot,
        standing,
        phrases,
        context.rules,
        context.now_ms,
        what=what,
        can_tell=context.reach is not None,
        wallet=made.wallet,
        is_twin=made.is_twin,
    )


def _refuse_far_line(line_usd: float | None, snapshot: Snapshot, context: Context) -> None:
    """Raise Misunderstood of a line that would never warn as its mark was mistyped; the one that may be meant is offered."""
    if line_usd is None:
        return
    try:
        refuse_slip(line_usd, conditions_of(snapshot, context.rules).price_usd, context.rules.sizing)
    except ImpossiblePosition as slip:
        meant_usd = slip.numbers.get("meant_price")
        raise Misunderstood(
            "plan_refused.line_far",
            field="line",
            line_usd=numbers.price(line_usd),
            price_usd=numbers.price(slip.numbers["now_price"]),
            farthest=numbers.general(slip.numbers["farthest"]),
            near=() if meant_usd is None else (typed(meant_usd),),
        ) from None


def _position(ask: PlanAsked, asset: Asset) -> Position:
    """The position as it was said. Raises Misunderstood where its leverage or its margin was not."""
    if ask.leverage is None:
        raise Misunderstood("words.missing", kinds=("leverage",), field="leverage")
    if ask.equity is None:
        raise Misunderstood("plan_refused.no_equity", field="equity")
    return Position(
        asset=asset,
        side=ask.side,
        leverage=ask.leverage,
        equity_usd=ask.equity,
        hold_hours=ask.hold,
        entry_usd=ask.entry,
        mode=ask.mode,
        base_leverage=ask.base,
        drawdown_budget=ask.lose,
        is_inverse=ask.contract is Contract.INVERSE,
        venue=ask.venue,
    )


def _until_ms(until: Until | None, now_ms: int) -> int | None:
    return None if until is None else until.moment_ms(now_ms)


def _refused(refused: PlanRefused) -> Misunderstood:
    field = FIELDS.get(refused.why, "line")
    return Misunderstood(f"plan_refused.{refused.why.value}", field=field, **_in_words(refused))


def _not_added(refused: PlanRefused, plan_id: str) -> Misunderstood:
    """Nothing that was said with the add would change it: the line is the plan's."""
    is_beyond = refused.why is NoPlan.LINE_BEYOND_LIQUIDATION
    key = "added_beyond_line" if is_beyond else refused.why.value
    return Misunderstood(f"plan_refused.{key}", example=f"/plan show {plan_id}", **_in_words(refused))


def _in_words(refused: PlanRefused) -> dict[str, str]:
    return {name: numbers.price(value) for name, value in refused.numbers.items()}


async def _show(plan_id: str | None, context: Context) -> Reply:
    plan = find(await own(context), plan_id, "show")
    snapshot, standing = await standing_now(context, plan)
    phrases, watched = phrases_in(context.language), await is_watched(context, plan.asset)
    return describe_plan(plan, snapshot, standing, phrases, context.rules, context.now_ms, is_watched=watched)


async def _close(plan_id: str | None, context: Context, people: People) -> Reply:
    plan = await drop_plan(context, people, plan_id)
    _, standing = await standing_now(context, plan)
    return describe_closed(plan, standing, phrases_in(context.language), context.now_ms)


async def _add(ask: PlanAsked, context: Context, people: People) -> Reply:
    plan, phrases = find(await own(context), ask.id, "add"), phrases_in(context.language)
    if ask.equity is None:
        raise Misunderstood("words.missing", kinds=("money",), example=f"/plan add {plan.id} 500")
    snapshot: Snapshot | None = await context.look(plan.asset)
    if snapshot is None:
        return await absence(plan.asset, context)
    try:
        made = await keep_larger(
            context, people, plan.id, Added(ask.equity, ask.entry, ask.base, ask.lose), snapshot
        )
    except AddRefused as refused:
        return describe_no_add(plan, refused.why, phrases)
    except ImpossiblePosition as impossible:
        raise refusal(impossible, plan.asset, "/plan") from None
    except PlanRefused as refused:
        raise _not_added(refused, plan.id) from None
    _, standing = await standing_now(context, made.plan)
    return describe_kept(
        made.plan,
        made.check,
        made.already,
        snapshot,
        standing,
        phrases,
        context.rules,
        context.now_ms,
        what=phrases.say("plan.added"),
        can_tell=context.reach is not None,
        wallet=made.wallet,
    )


COMMAND = Command(
    "plan",
    PlanAsked,
    answer,
    help="state a position: its three numbers and its ladder, kept and watched",
    example="/plan BTC 5x long 10k",
    order=22,
    private=True,
    in_menu=False,
    changes=True,
    form=("asset", "leverage", "side", "equity", "line"),
    form_skips=("line",),
)
