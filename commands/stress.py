"""/stress: the asker's plans, or a stated position, after a fall or a rise, and in the cascade model."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

from commands.desk.absent import absence
from commands.desk.brackets import brackets, known_brackets
from commands.desk.own import own
from commands.desk.refusal import refusal
from commands.protocol.amounts import read_number
from commands.protocol.command import Command
from commands.protocol.numerals import typed
from commands.protocol.phrases import phrases_in
from commands.protocol.position_words import Contract, ContractWord, EntryWord, ModeWord, VenueWord, never
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, said
from commands.protocol.words import (
    AssetWord,
    LeverageWord,
    Lexicon,
    MoneyWord,
    SideWord,
    Word,
)
from commands.wording.stress import Stressed, describe_stress
from market.levels import Fuel, NoMap, depth_against, fuel_of
from market.margin import Impossible, ImpossiblePosition, Tiers
from market.observations import Asset, Side
from market.sizing import MarginMode, Position, SizeCheck, check_size, conditions_of
from market.snapshot import Snapshot
from market.stress import FALLS, RISES, Fallen, Held, Market, Scenario, Stress, cascade_of, held_of, stress
from store.persons import Person

SMALLEST_MOVE, LARGEST_FALL, LARGEST_RISE = 0.001, 0.90, 2.00
LEAST_BETA, MOST_BETA = 0.1, 5.0
MOST_MODELLED = 2
"""So many assets are put through the cascade model, those of the largest positions."""


def read_move(word: str, lexicon: Lexicon) -> float | None:
    """A move of the market as a signed fraction: "-10%" and "10%" a fall, "+10%" a rise."""
    return read_move_named(word, lexicon) if word.endswith("%") else None


def read_move_named(word: str, lexicon: Lexicon) -> float | None:
    """The same, where the sign of percent may be left out."""
    number = word.removesuffix("%")
    size = read_number(number[1:] if number[:1] in {"+", "-"} else number)
    if size is None:
        return None
    largest = LARGEST_RISE if number.startswith("+") else LARGEST_FALL
    if not SMALLEST_MOVE <= size / 100.0 <= largest:
        raise Misunderstood("words.move_range", said=said(word))
    return (size if number.startswith("+") else -size) / 100.0


def read_beta(word: str, lexicon: Lexicon) -> float | None:
    """How far other assets move for each percent of this one: .1 to 5."""
    beta = read_number(word.lower().removesuffix("x"))
    if beta is not None and not LEAST_BETA <= beta <= MOST_BETA:
        raise Misunderstood("words.beta_range", said=said(word))
    return beta


MOVE = Word("move", 20, "-10%", read_move, read_move_named)
BETA = Word("beta", 92, "beta=1.5", never, read_beta)


@dataclass(frozen=True, slots=True)
class StressAsk:
    """Ask what a move does to the plans that are kept, or to a stated position."""

    move: Annotated[float, MOVE, "the move, beside -5%, -10% and -20%; +10% is a rise"] | None = None
    asset: Annotated[AssetWord, "the coin of a stated position, or whose plans alone"] | None = None
    leverage: Annotated[LeverageWord, "of a stated position; your plans where it is not said"] | None = None
    equity: Annotated[MoneyWord, "the margin behind it, in USDT"] | None = None
    side: Annotated[SideWord, "long or short; long where it is not said"] = Side.LONG
    mode: Annotated[ModeWord, "isolated or cross margin"] = MarginMode.ISOLATED
    entry: Annotated[EntryWord, "the entry price; the present price where it is not said"] | None = None
    venue: Annotated[VenueWord, "whose margin tiers hold"] | None = None
    contract: Annotated[ContractWord, "margined in USDT (linear) or in the coin (inverse)"] = Contract.LINEAR
    beta: Annotated[float, BETA, "how far the other coins move for each percent; 1 where not said"] | None = (
        None
    )


async def answer(ask: StressAsk, context: Context) -> Reply:
    """What is left after each move, who is closed by force and in which order; private, as it holds positions."""
    person, anchor = await own(context), await context.asset(ask.asset)
    check: SizeCheck | None = None
    if ask.leverage is None:
        held = await _planned(ask, person, context)
    elif await context.look(anchor) is None:
        return replace(await absence(anchor, context), private=True)
    else:
        check = await _checked(ask, ask.leverage, anchor, context)
        held = [_stated(check, context.now_ms), *await _beside(check, person, context)]
    snapshots = {asset: await context.look(asset) for asset in {one.asset: None for one in held}}
    seen = {asset: snapshot for asset, snapshot in snapshots.items() if snapshot is not None}
    market = _market(ask, anchor, seen, context)
    found = stress(held, market, _moves(ask, held))
    fallen, unmodelled = await _cascades(found, held, market, seen, context)
    told = Stressed(
        found, market, tuple(held), seen, fallen, unmodelled, anchor, check, ask.beta, _again(ask)
    )
    return describe_stress(told, phrases_in(context.language), context.now_ms)


async def _planned(ask: StressAsk, person: Person, context: Context) -> list[Held]:
    """The plans that are kept, of one asset where one is said. Raises Misunderstood where there are none."""
    if ask.equity is not None or ask.entry is not None:
        raise Misunderstood(
            "words.missing", kinds=("leverage",), field="leverage", example="/stress BTC 5x 10k"
        )
    plans = [plan for plan in person.plans if ask.asset in {None, plan.asset} and not plan.is_closed_by_force]
    if not plans:
        key = "stress.nothing" if ask.asset is None else "stress.nothing_in"
        asset = ask.asset or "BTC"
        raise Misunderstood(key, asset=asset, field="leverage", example=f"/stress {asset} 5x 10k")
    return [held_of(plan, await known_brackets(context, plan.asset, plan.venue)) for plan in plans]


async def _checked(ask: StressAsk, leverage: float, asset: Asset, context: Context) -> SizeCheck:
    """The stated position as /size takes it. Raises Misunderstood where nobody can hold it or no price is known."""
    snapshot = await context.look(asset)
    position = Position(
        asset=asset,
        side=ask.side,
        leverage=leverage,
        equity_usd=ask.equity,
        entry_usd=ask.entry,
        mode=ask.mode,
        is_inverse=ask.contract is Contract.INVERSE,
        venue=ask.venue,
    )
    tiers: Tiers | None = None
    try:
        conditions = None if snapshot is None else conditions_of(snapshot, context.rules)
        if conditions is None or conditions.price_usd is None:
            raise ImpossiblePosition(Impossible.NO_PRICE)
        tiers = await brackets(context, asset, ask.venue, is_inverse=position.is_inverse)
        return check_size(position, conditions, tiers, context.rules.sizing)
    except ImpossiblePosition as impossible:
        raise refusal(impossible, asset, "/stress", tiers=tiers, language=context.language) from None


def _stated(check: SizeCheck, now_ms: int) -> Held:
    trade, asked = check.trade, check.asked
    return Held(
        id="",
        asset=trade.asset,
        side=trade.side,
        mode=check.position.mode,
        venue=check.tiers.venue,
        is_inverse=check.position.is_inverse,
        coins=trade.leverage * trade.margin_usd / trade.entry_usd,
        entry_usd=trade.entry_usd,
        margin_usd=trade.margin_usd,
        liquidation_usd=asked.liquidation_price_usd,
        maintenance_rate=asked.maintenance_rate,
        tiers=check.tiers,
        since_ms=now_ms,
    )


async def _beside(check: SizeCheck, person: Person, context: Context) -> list[Held]:
    """The plans that share the wallet of a stated cross position; none where no wallet is stated."""
    if check.position.mode is MarginMode.ISOLATED or check.position.equity_usd is None:
        return []
    stated = _stated(check, context.now_ms)
    plans = [
        held_of(plan, await known_brackets(context, plan.asset, plan.venue))
        for plan in person.plans
        if not plan.is_closed_by_force
    ]
    return [
        one
        for one in plans
        if not one.stands_alone and (one.venue, one.settled_in) == (stated.venue, stated.settled_in)
    ]


def _market(ask: StressAsk, anchor: Asset, seen: dict[Asset, Snapshot], context: Context) -> Market:
    prices = {asset: conditions_of(snapshot, context.rules).price_usd for asset, snapshot in seen.items()}
    betas = {asset: ask.beta for asset in seen if ask.beta is not None and asset != anchor}
    known = {asset: price for asset, price in prices.items() if price is not None and price > 0.0}
    return Market(known, betas, context.rules.sizing.fee_rate)


def _moves(ask: StressAsk, held: Iterable[Held]) -> list[float]:
    """The falls, the rises too where something is short, and what was asked."""
    moves = [*FALLS, *(RISES if any(one.side is Side.SHORT for one in held) else ())]
    return moves if ask.move is None else [*moves, ask.move]


def _again(ask: StressAsk) -> str:
    """The line that asks the same of the plans."""
    words = ["/stress"]
    if ask.asset is not None:
        words.append(ask.asset)
    if ask.move is not None:
        words.append(f"{'+' if ask.move > 0.0 else ''}{typed(100.0 * ask.move)}%")
    if ask.beta is not None:
        words.append(f"beta={typed(ask.beta)}")
    return " ".join(words)


async def _cascades(
    found: Stress, held: list[Held], market: Market, seen: dict[Asset, Snapshot], context: Context
) -> tuple[tuple[Fallen, ...], dict[Asset, str]]:
    """The cascade model for the largest positions' assets, and why there is none for some (a phrase of `no_model`)."""
    worth: dict[Asset, float] = {}
    for one in held:
        if one.asset in market.prices_usd:
            worth[one.asset] = worth.get(one.asset, 0.0) + one.notional_usd(market.prices_usd[one.asset])
    fallen: list[Fallen] = []
    without: dict[Asset, str] = {}
    for asset in sorted(worth, key=worth.__getitem__, reverse=True)[:MOST_MODELLED]:
        hours = await context.hours(asset)
        fuel = fuel_of(hours, market.prices_usd[asset])
        if isinstance(fuel, NoMap):
            without[asset] = fuel.value
        elif depth_against(seen[asset], Side.LONG) is None:
            without[asset] = "no_book"
        else:
            fallen += _both_ways(asset, fuel, found, market, seen[asset])
    return tuple(fallen), without


def _both_ways(asset: Asset, fuel: Fuel, found: Stress, market: Market, snapshot: Snapshot) -> list[Fallen]:
    """The falls through the longs that are levered, the rises through the shorts; a way nobody asked for is left out."""
    ways: tuple[tuple[Side, tuple[Scenario, ...]], ...] = (
        (Side.LONG, found.falls),
        (Side.SHORT, found.rises),
    )
    fallen = []
    for side, scenarios in ways:
        depth_usd, beta = depth_against(snapshot, side), market.beta(asset)
        firsts = [abs(scenario.move) * beta for scenario in scenarios]
        closings = found.closed_by_fall if side is Side.LONG else found.closed_by_rise
        if firsts and depth_usd is not None:
            fallen.append(cascade_of(asset, side, fuel.of(side), depth_usd, firsts, closings, beta))
    return fallen


COMMAND = Command(
    "stress",
    StressAsk,
    answer,
    help="your plans, or a stated position, after -5, -10 and -20 %: what is left, who is closed first",
    example="/stress BTC 5x 10k",
    order=38,
    private=True,
    in_menu=False,
)
