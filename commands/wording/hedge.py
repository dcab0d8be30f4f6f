"""A hedge in words: which way the rule takes and why, what each costs and leaves open, and why none can be told."""

from collections.abc import Iterator

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Note, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.columns import first_that_fits, fit
from commands.wording.hedge_lines import after_lines, halving_lines, in_coins, put_lines, spread_lines
from commands.wording.hedge_numbers import hedge_numbers
from commands.wording.hedge_picture import hedge_picture
from commands.wording.market import live_moment, source_notes
from commands.wording.panel import told_age, unseen
from commands.wording.sizing_lines import funding_rate_line
from commands.wording.unhedged import Unhedged, unhedged_lines
from market.hedge import Because, Choice, Hedge, HedgeRefused, Leg, NoHedge
from market.hedge_rules import HedgeRules
from market.observations import Side
from market.report import HISTORY, market_time
from market.rules import Rules
from market.sizing import conditions_of
from market.snapshot import Snapshot

NOT_NEEDED = "not_needed"
NO_CHAIN_THEN = "no_chain_recorded"
A_DAY = 1.0


def describe_hedge(
    hedge: Hedge, stands: Unhedged | None, snapshot: Snapshot, phrases: Phrases, rules: Rules, now_ms: int
) -> Reply:
    """The answer to /hedge. `stands` is how the asker's own plans do without (None: no plans, or more is to be hedged)."""
    verdict = NOT_NEEDED if stands is not None and stands.is_enough else hedge.choice.value
    own = () if stands is None else unhedged_lines(stands, phrases)
    rate_line = funding_rate_line(conditions_of(snapshot, rules), Side.LONG, phrases)
    blocks: tuple[Block, ...] = (
        Heading(_heading(hedge, verdict, phrases), Tone.GOOD if verdict == NOT_NEEDED else Tone.PLAIN),
        *source_notes(snapshot, phrases, now_ms),
        Text("\n".join((*own, *_because(hedge, phrases, rules.hedge)))),
        Lines((_when(hedge, phrases), *put_lines(hedge, phrases))),
        Lines(spread_lines(hedge, phrases)),
        Lines(halving_lines(hedge, rate_line, phrases)),
        Lines(after_lines(hedge, phrases)),
        *_margin(hedge, phrases),
        Text("\n".join((*_open(hedge, phrases), *_rests_on(hedge, snapshot, phrases, now_ms)))),
        hedge_picture(hedge, snapshot, phrases),
    )
    return Reply(
        blocks,
        _actions(hedge, phrases),
        private=True,
        data=hedge_numbers(hedge, verdict, stands),
        at_ms=live_moment(snapshot),
    )


def describe_no_hedge(
    refused: HedgeRefused, snapshot: Snapshot, notional_usd: float | None, phrases: Phrases, now_ms: int
) -> Reply:
    """That no hedge can be told, and why: no price is made up for what nobody quotes.

    `notional_usd` None: it was not said, and without a price nobody knows what a plan is worth.
    """
    asset, at_ms = snapshot.asset, market_time(snapshot, now_ms)
    known = {
        "asset": asset,
        "missing": ", ".join(unseen(snapshot, phrases, at_ms, ("price",))) or phrases.say("presence.absent"),
        "age": numbers.age(round(refused.numbers.get("age_ms", 0.0))),
        "puts": f"{refused.numbers.get('puts', 0.0):.0f}",
        "step": f"{numbers.general(refused.numbers.get('step_coins', 0.0))} {asset}",
        "step_usd": numbers.money(refused.numbers.get("step_usd")),
    }
    return Reply(
        (
            Heading(fit(phrases.say(_heading_none(refused.why), asset=asset)), Tone.CAUTION),
            *source_notes(snapshot, phrases, now_ms),
            Text(phrases.say(f"no_hedge.{_refusal(refused, snapshot)}", **known)),
        ),
        (
            Action(phrases.say("button.size"), f"/size {asset} 5x 10k"),
            Action(phrases.say("button.regime"), f"/regime {asset}"),
        ),
        private=True,
        data={
            "asset": asset,
            "verdict": None,
            "reason": refused.why.value,
            "notional": notional_usd,
            **({} if refused.why is NoHedge.NO_PRICE else refused.numbers),
        },
    )


def _heading_none(why: NoHedge) -> str:
    """What is missing: that there are no prices to hedge at is no verdict against a hedge."""
    if why is NoHedge.NO_PRICE:
        return "hedge.heading_no_price"
    return "hedge.heading_too_small" if why is NoHedge.TOO_SMALL else "hedge.heading_none"


def _refusal(refused: HedgeRefused, snapshot: Snapshot) -> str:
    is_recorded = refused.why is NoHedge.NO_CHAIN and snapshot.source == HISTORY
    return NO_CHAIN_THEN if is_recorded else refused.why.value


def _heading(hedge: Hedge, verdict: str, phrases: Phrases) -> str:
    asset, usd = hedge.asked.asset, numbers.short(hedge.asked.notional_usd)
    told = phrases.word("hedge_verdict", verdict)
    said = (
        phrases.say(key, asset=asset, usd=usd, verdict=told)
        for key in ("hedge.heading", "hedge.heading_short")
    )
    return first_that_fits(*said)


def _because(hedge: Hedge, phrases: Phrases, rules: HedgeRules) -> Iterator[str]:
    """What of the rule decided, in its order, and what of it could not be asked."""
    asked, halving = hedge.asked, hedge.halving
    known = {
        "z": numbers.UNKNOWN if asked.z is None else numbers.decimals(asked.z, 1, signed=True),
        "over": numbers.UNKNOWN if asked.skew_over_atm is None else numbers.decimals(asked.skew_over_atm, 2),
        "line_z": numbers.general(rules.dear_z),
        "line_over": numbers.general(rules.dear_over_atm),
        "cost": numbers.percent(hedge.chosen.cost_share, signed=False, digits=2),
        "times": numbers.general(rules.too_dear),
        "funding": numbers.percent(_share(hedge, halving.funding_usd), signed=False, digits=2),
        "fees": numbers.percent(_share(hedge, halving.fees_usd), signed=False, digits=2),
    }
    for because in hedge.because:
        yield phrases.say(f"hedge_because.{_known_as(because, hedge)}", **known)
    if hedge.choice is not Choice.REDUCE and Because.NO_FUNDING not in hedge.because:
        yield phrases.say("hedge.worth_it", **known)


def _known_as(because: Because, hedge: Hedge) -> str:
    """The phrase of a reason: of skew that is not dear as far as is known, what is not known of it is said."""
    is_half_known = because in {Because.CHEAP, Because.UNRANKED} and hedge.asked.skew_over_atm is None
    return f"{because.value}_by_half" if is_half_known else because.value


def _share(hedge: Hedge, usd: float | None) -> float | None:
    return None if usd is None else usd / hedge.asked.notional_usd


def _when(hedge: Hedge, phrases: Phrases) -> str:
    """The expiry that is taken, and how far off what was asked for it lies."""
    known = {
        "day": day(hedge.expiry.at_ms),
        "days": f"{hedge.days_left:.0f}",
        "asked": numbers.general(hedge.asked.days),
    }
    return first_that_fits(*(phrases.say(key, **known) for key in ("hedge.when", "hedge.when_short")))


def day(at_ms: int) -> str:
    """The day of an expiry, UTC: "2026-12-25"."""
    return numbers.date_and_clock(at_ms).partition(" ")[0]


def _margin(hedge: Hedge, phrases: Phrases) -> tuple[Note, ...]:
    return () if hedge.is_inverse else (Note(phrases.say("hedge.in_dollars"), Tone.CAUTION),)


def _open(hedge: Hedge, phrases: Phrases) -> Iterator[str]:
    """What stays uncovered: above the strike, below the short strike, and what contracts do not reach."""
    price_usd, strike_usd = hedge.asked.price_usd, hedge.put.bought.strike_usd
    first = numbers.percent(1.0 - strike_usd / price_usd, signed=False)
    yield phrases.say("hedge.open_above", first=first, strike=numbers.price(strike_usd))
    lower_usd = None if hedge.spread is None else hedge.spread.covered_to_usd
    if lower_usd is not None:
        yield phrases.say("hedge.open_below", strike=numbers.price(lower_usd))
    yield from _steps(hedge, phrases)
    if hedge.expiry.after_ms is None and hedge.days_left + A_DAY <= hedge.asked.days:
        yield phrases.say(
            "hedge.too_short", days=f"{hedge.days_left:.0f}", asked=numbers.general(hedge.asked.days)
        )
    held = [leg.quote.open_interest_coins for leg in _legs(hedge)]
    if any(coins is not None and coins < hedge.covered_coins for coins in held):
        yield phrases.say("hedge.thin")


def _steps(hedge: Hedge, phrases: Phrases) -> Iterator[str]:
    asset, step = hedge.asked.asset, hedge.step_coins
    if step is None:
        yield phrases.say("hedge.no_step", asset=asset)
        return
    rest = hedge.coins - hedge.covered_coins
    key = "hedge.step_under" if rest >= 0.0 else "hedge.step_over"
    covered, position = (in_coins(coins, hedge) for coins in (hedge.covered_coins, hedge.coins))
    yield phrases.say(key, covered=covered, position=position, step=in_coins(step, hedge))


def _rests_on(hedge: Hedge, snapshot: Snapshot, phrases: Phrases, now_ms: int) -> Iterator[str]:
    """The neighbouring expiries, whose quotes these are and how old, and that no sizes are told with them."""
    neighbours = [at_ms for at_ms in (hedge.expiry.before_ms, hedge.expiry.after_ms) if at_ms is not None]
    if neighbours:
        yield phrases.say("hedge.neighbours", days=", ".join(day(at_ms) for at_ms in neighbours))
    else:
        yield phrases.say("hedge.no_neighbours")
    yield _held(hedge, phrases)
    at_ms = market_time(snapshot, now_ms)
    age = numbers.age(at_ms - hedge.as_of_ms)
    names = ("price", "funding", "skew")
    yield phrases.say("hedge.ages", **{name: told_age(snapshot, name, phrases, at_ms) for name in names})
    yield phrases.say("hedge.rests_on", venue=phrases.word("venue", hedge.venue.value), age=age)
    yield phrases.say("hedge.at_expiry")


def _held(hedge: Hedge, phrases: Phrases) -> str:
    """How much is open in the strikes: no size at the quote, but whether anybody is there."""
    told = [
        phrases.say(
            "hedge.held_at",
            coins=numbers.short(leg.quote.open_interest_coins),
            strike=numbers.price(leg.strike_usd),
        )
        for leg in _legs(hedge)
    ]
    return phrases.say("hedge.held", asset=hedge.asked.asset, at=", ".join(told))


def _legs(hedge: Hedge) -> tuple[Leg, ...]:
    """The put that is bought, and the lower one that a spread sells."""
    sold = None if hedge.spread is None else hedge.spread.sold
    return (hedge.put.bought,) if sold is None else (hedge.put.bought, sold)


def _actions(hedge: Hedge, phrases: Phrases) -> tuple[Action, ...]:
    asset, notional = hedge.asked.asset, f"{hedge.asked.notional_usd:.0f}usdt"
    return (
        Action(phrases.say("button.skew"), f"/skew {asset}"),
        Action(phrases.say("button.stress"), "/stress"),
        Action(phrases.say("button.refresh"), f"/hedge {asset} {notional} {hedge.asked.days:.0f}d"),
    )
