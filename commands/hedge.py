"""/hedge: what it costs to protect a long by listed puts, beside simply halving it, and which of them the rule takes."""

from dataclasses import dataclass, replace
from typing import Annotated

from commands.desk.absent import absence
from commands.desk.own import own
from commands.desk.unhedged import unhedged
from commands.protocol.command import Command
from commands.protocol.numerals import typed
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, said
from commands.protocol.words import AssetWord, Lexicon, MoneyWord, SideWord, Word
from commands.wording import numbers
from commands.wording.hedge import describe_hedge, describe_no_hedge
from commands.wording.unhedged import Unhedged
from market.hedge import Asked, HedgeRefused, NoHedge, hedge_of
from market.observations import Asset, Side
from market.reading import Presence
from market.report import market_time
from market.rules import Rules
from market.sizing import conditions_of
from market.snapshot import Snapshot

DAY_HOURS, WEEK_DAYS, LEAST_DAYS = 24.0, 7.0, 1.0
LONGEST_DAYS = Rules().hedge.longest_days


def read_days(word: str, lexicon: Lexicon) -> float | None:
    """A time ("30d", "2w", "72h") in days; a bare whole number of at most three digits stands for days."""
    lower = word.lower()
    unit = lower.lstrip("0123456789")
    digits = lower[: len(lower) - len(unit)]
    per_unit = {"d": 1.0, "day": 1.0, "days": 1.0, "w": WEEK_DAYS, "h": 1.0 / DAY_HOURS, "": 1.0}.get(unit)
    if per_unit is None or not 0 < len(digits) <= (4 if unit else 3) or not digits.isascii():
        return None
    days = int(digits) * per_unit
    if not LEAST_DAYS <= days <= LONGEST_DAYS:
        raise Misunderstood("words.days_range", said=said(word))
    return days


DAYS = Word("days", 45, "30d", read_days, read_days)


@dataclass(frozen=True, slots=True)
class HedgeAsk:
    """Ask what a hedge costs."""

    asset: Annotated[AssetWord, "the coin that is held"] | None = None
    notional: (
        Annotated[MoneyWord, "what the long is worth, in USDT; your plans where it is not said"] | None
    ) = None
    days: Annotated[float, DAYS, "how long it is to be covered; 30 days where it is not said"] | None = None
    side: Annotated[SideWord, "long; a short is not hedged here"] = Side.LONG


async def answer(ask: HedgeAsk, context: Context) -> Reply:
    """Put, put spread and halving, with what each costs and leaves open; private, as it holds a position."""
    asset, phrases = await context.asset(ask.asset), phrases_in(context.language)
    if ask.side is Side.SHORT:
        raise Misunderstood("hedge.short", example=f"/hedge {asset} 50k")
    snapshot = await context.look(asset)
    if snapshot is None:
        return replace(await absence(asset, context), private=True)
    conditions = conditions_of(snapshot, context.rules)
    now_ms = context.now_ms
    if conditions.price_usd is None:
        no_price = HedgeRefused(NoHedge.NO_PRICE)
        return describe_no_hedge(no_price, snapshot, ask.notional, phrases, now_ms)
    hours = None if ask.days is None else ask.days * DAY_HOURS
    without = await unhedged(context, await own(context), asset, conditions.sigma, hours)
    notional_usd = _notional(ask, asset, without)
    try:
        days = context.rules.hedge.days if ask.days is None else ask.days
        price_usd, funding_8h = conditions.price_usd, conditions.dearer_funding_8h(Side.LONG)
        asked = Asked(asset, notional_usd, days, price_usd, funding_8h, *_skew(snapshot))
        chains = context.services.chains
        chain = None if chains is None else await chains.of(asset)
        if chain is None:
            raise HedgeRefused(NoHedge.NO_CHAIN)
        hedge = hedge_of(asked, chain, market_time(snapshot, now_ms), context.rules)
    except HedgeRefused as refused:
        return describe_no_hedge(refused, snapshot, notional_usd, phrases, now_ms)
    stands = without if without is not None and notional_usd <= without.notional_usd else None
    return describe_hedge(hedge, stands, snapshot, phrases, context.rules, now_ms)


def _notional(ask: HedgeAsk, asset: Asset, without: Unhedged | None) -> float:
    """What was said, else what the asker's own plans are worth. Raises Misunderstood where neither is there."""
    if ask.notional is not None:
        return ask.notional
    if without is None and ask.days is not None:
        days, example = numbers.general(ask.days), f"/hedge {asset} 50k {typed(ask.days)}d"
        raise Misunderstood("hedge.no_amount", field="notional", example=example, days=days)
    if without is None:
        raise Misunderstood(
            "words.missing", kinds=("money",), field="notional", example=f"/hedge {asset} 50k 30d"
        )
    return without.notional_usd


def _skew(snapshot: Snapshot) -> tuple[float | None, float | None]:
    """The skew's score and its share of at-the-money, None where it is not seen now."""
    reading = snapshot.reading("skew")
    if reading is None or reading.presence is not Presence.SEEN:
        return None, None
    return reading.facts.get("z"), reading.facts.get("skew_over_atm")


COMMAND = Command(
    "hedge",
    HedgeAsk,
    answer,
    help="what protecting a long costs: put, put spread, or halving it, and which the rule takes",
    example="/hedge BTC 50k 30d",
    order=39,
    private=True,
    in_menu=False,
)
