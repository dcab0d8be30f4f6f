"""/size: whether a position fits the present market, which cap binds, and what it survives."""

from dataclasses import dataclass
from typing import Annotated

from commands.desk.absent import absence
from commands.desk.brackets import brackets
from commands.desk.own import as_theirs, as_they_see_it, own, pays_beyond
from commands.desk.refusal import refusal
from commands.desk.under_way import margin_from_here_usd
from commands.desk.wallet import others
from commands.protocol.command import Command
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.position_words import BaseWord, Contract, ContractWord, EntryWord, ModeWord, VenueWord
from commands.protocol.reply import Heading, Reply, Text, Tone
from commands.protocol.request import Context, Misunderstood
from commands.protocol.words import AssetWord, HoldWord, LeverageWord, MoneyWord, PercentWord, SideWord
from commands.wording import numbers
from commands.wording.columns import fit
from commands.wording.copies import plain_price
from commands.wording.market import source_notes
from commands.wording.panel import unseen
from commands.wording.sized import Sized
from commands.wording.sizing import describe_size
from commands.wording.sizing_ways import size_line
from market.adverse import adverse_moves
from market.margin import Impossible, ImpossiblePosition, Tiers
from market.observations import Asset, Side
from market.report import market_time
from market.sizing import MarginMode, Position, check_size, conditions_of
from market.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Size:
    """Ask whether a position fits."""

    leverage: Annotated[LeverageWord, "how many times the margin"]
    asset: Annotated[AssetWord, "the coin to trade"] | None = None
    equity: Annotated[MoneyWord, "the margin behind it, in USDT"] | None = None
    side: Annotated[SideWord, "long or short; long where it is not said"] = Side.LONG
    hold: Annotated[HoldWord, "how long it may be held; 72 h where it is not said"] | None = None
    lose: Annotated[PercentWord, "the most of the equity to lose; 5% where it is not said"] | None = None
    mode: Annotated[ModeWord, "isolated or cross margin"] = MarginMode.ISOLATED
    base: Annotated[BaseWord, "your own base leverage"] | None = None
    entry: Annotated[EntryWord, "the entry price; the present price where it is not said"] | None = None
    venue: (
        Annotated[VenueWord, "whose margin tiers hold; the first that are known where it is not said"] | None
    ) = None
    contract: Annotated[ContractWord, "margined in USDT (linear) or in the coin (inverse)"] = Contract.LINEAR


async def answer(ask: Size, context: Context) -> Reply:
    """The verdict, the chain of caps and the numbers of that position in this market."""
    asset = await context.asset(ask.asset)
    phrases = phrases_in(context.language)
    snapshot = await context.look(asset)
    if snapshot is None:
        return await absence(asset, context)
    stated, tiers = _position(ask, asset), None
    try:
        tiers = await brackets(context, asset, ask.venue, is_inverse=stated.is_inverse)
        sized = await _check(stated, tiers, snapshot, context)
    except ImpossiblePosition as impossible:
        if impossible.why is Impossible.NO_PRICE:
            return _no_price(snapshot, ask, phrases, context.now_ms)
        raise _refusal(impossible, stated, tiers, context.language) from None
    return describe_size(sized, phrases, context.rules, context.now_ms)


async def _check(stated: Position, tiers: Tiers, snapshot: Snapshot, context: Context) -> Sized:
    """The position with the asker's own limits and the rest of their wallet. Raises ImpossiblePosition."""
    market = conditions_of(snapshot, context.rules)
    person, side = await own(context), stated.side
    wallet = await others(context, person, stated, tiers.venue)
    position, seen = as_theirs(stated, person, wallet), as_they_see_it(market, side, person)
    check = check_size(position, seen, tiers, context.rules.sizing)
    hours = await context.hours(stated.asset)
    limit = person.funding_8h
    return Sized(
        check,
        snapshot,
        stated,
        own_funding_8h=limit if pays_beyond(market.funding_8h, side, limit) else None,
        can_keep=context.services.people is not None and bool(context.person),
        others=wallet,
        from_here_usd=margin_from_here_usd(check, context.rules.sizing),
        adverse=None if hours is None else adverse_moves(hours, side, check.trade.hold_hours),
    )


def _position(ask: Size, asset: Asset) -> Position:
    """The position as it was said."""
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


def _refusal(
    impossible: ImpossiblePosition, stated: Position, tiers: Tiers | None, language: str
) -> Misunderstood:
    """The sentence for a position nobody can hold; a wallet that others have used up is none without an equity."""
    refused = refusal(impossible, stated.asset, tiers=tiers, language=language)
    if impossible.why is Impossible.EQUITY_NOT_POSITIVE and stated.mode is MarginMode.CROSS:
        refused.key = "position.wallet_spent"
    return refused


def _no_price(snapshot: Snapshot, ask: Size, phrases: Phrases, now_ms: int) -> Reply:
    """Nothing is sized on a price that cannot be used; a stated entry would do: the line with the last price shows where it stands."""
    asset, at_ms = snapshot.asset, market_time(snapshot, now_ms)
    heading = phrases.say(
        "size.heading",
        asset=asset,
        leverage=numbers.plainly(ask.leverage),
        side=phrases.word("side", ask.side.value),
        verdict=phrases.say("size.no_answer"),
    )
    last_usd = snapshot.fact("price", "price_usd")
    last = None if last_usd is None else plain_price(last_usd)
    example = f"{size_line(_position(ask, asset), ask.leverage)} entry={last or '...'}"
    reason = ", ".join(unseen(snapshot, phrases, at_ms, ("price",))) or phrases.say("presence.absent")
    told = phrases.say("size.no_price", asset=asset, reason=reason, example=example)
    return Reply(
        (Heading(fit(heading), Tone.CAUTION), *source_notes(snapshot, phrases, now_ms), Text(told)),
        private=True,
        data={"asset": asset, "verdict": None, "reason": Impossible.NO_PRICE.value},
    )


COMMAND = Command(
    "size",
    Size,
    answer,
    help="whether a position fits now, which cap binds, and what it survives",
    example="/size BTC 5x 10k",
    order=20,
    private=True,
)
