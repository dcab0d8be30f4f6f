"""A plan in words: what it is called, its rungs, how far the forced close is, what it has won, and when it was not watched."""

from collections.abc import Iterable

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.columns import first_of, first_that_fits, fit, sides
from commands.wording.panel import age_of
from market.observations import DAY_MS, SECOND_MS
from market.plans import Gap, Happened, Plan, Rung, Standing, steps_of
from market.reading import Presence
from market.sizing import MarginMode
from market.snapshot import Snapshot


def plan_heading(plan: Plan, what: str, phrases: Phrases) -> str:
    """A plan and what there is to say of it in a line: "BTC 5x long p7f2 · TRIM"; its name gives way to the rest."""
    known = {
        "asset": plan.asset,
        "leverage": leverage_words(plan),
        "side": phrases.word("side", plan.side.value),
        "id": plan.id,
        "what": what,
    }
    return first_that_fits(phrases.say("plan.heading", **known), phrases.say("plan.heading_short", **known))


def leverage_words(plan: Plan) -> str:
    """The leverage at entry as a trader writes it: "5x"; after adds to a tenth, "4.7x"."""
    return numbers.plainly(round(plan.leverage, 1))


def side_words(plan: Plan, phrases: Phrases) -> str:
    """The side, and of a coin-margined position that it is one: "long", "long inverse"."""
    side = phrases.word("side", plan.side.value)
    return f"{side} {phrases.say('plan.inverse')}" if plan.is_inverse else side


def price_line(plan: Plan, standing: Standing, snapshot: Snapshot, phrases: Phrases, at_ms: int) -> str:
    """The present price of a market with its age, or the last one where that is old, and what is won or lost at it."""
    price = snapshot.reading("price")
    age = numbers.UNKNOWN if price is None else age_of(price, at_ms)
    is_old = price is None or price.presence is not Presence.SEEN
    return now_line(plan, standing, age, phrases, is_old=is_old)


def now_line(plan: Plan, standing: Standing, age: str, phrases: Phrases, *, is_old: bool = False) -> str:
    """A price with its age, the present one or (`is_old`) the last, and what is won or lost at it before fees and funding."""
    price = numbers.price(standing.price_usd)
    won = phrases.say("plan.won", amount=won_words(standing.profit_usd))
    return sides(phrases.say("plan.last" if is_old else "plan.now", price=price, age=age), won)


def won_words(profit_usd: float) -> str:
    """What is won or lost, USD, with its sign: "+1,200", "-12.50", "0"."""
    shown = round(profit_usd, 2) + 0.0
    return f"{'+' if shown > 0.0 else ''}{numbers.money(shown)}"


def rung_lines(plan: Plan, standing: Standing, phrases: Phrases) -> tuple[str, ...]:
    """The three rungs and the most to lose as they are now, the nearest first: price, way from now, and which were reached."""
    return tuple(_step_line(plan, standing, *step, phrases) for step in steps_of(plan, standing))


def step_word(step: Happened, phrases: Phrases) -> str:
    """What a rung, or the most to lose, is called in a line."""
    return phrases.word("rung", step.value)


def spent_words(plan: Plan, at_ms: int, phrases: Phrases) -> str:
    """Since when all that it may lose is lost, of a plan whose owner was told so; `at_ms` is now."""
    at = moment_words(plan.watch.told_ms[Happened.MAX_LOSS], at_ms)
    amount = numbers.money(plan.drawdown_usd)
    return phrases.say("positions.spent_at", asset=plan.asset, id=plan.id, amount=amount, at=at)


def _step_line(
    plan: Plan, standing: Standing, step: Happened, price_usd: float | None, phrases: Phrases
) -> str:
    name = f"{step_word(step, phrases):<6}"
    if price_usd is None:
        return fit(f"{name}{phrases.say('plan.no_rung'):>11}")
    away = numbers.percent(price_usd / standing.price_usd - 1.0)
    mark = phrases.say("plan.reached") if step in plan.watch.told_ms else ""
    return fit(f"{name}{numbers.price(price_usd):>11} {away:>7} {mark}")


def liquidation_line(plan: Plan, standing: Standing, sigmas: float | None, phrases: Phrases) -> str:
    """Where it is closed by force, how far that is, and in standard deviations of what is left of its horizon."""
    if plan.liquidation_usd is None:
        return fit(phrases.say("plan.no_liquidation"))
    price = numbers.price(plan.liquidation_usd)
    if standing.liquidation_distance is None:
        return fit(phrases.say("plan.closed_by_force", price=price))
    away = numbers.percent(plan.liquidation_usd / standing.price_usd - 1.0)
    told = numbers.UNKNOWN if sigmas is None else numbers.decimals(sigmas, 1)
    known = {"price": price, "distance": away, "sigmas": told, "span": f"{standing.rest_hours:.0f} h"}
    keys = ("plan.liquidation", "plan.liquidation_short", "plan.liquidation_terse")
    return first_of(phrases.say(key, **known) for key in keys)


def gap_lines(gaps: Iterable[Gap], now_ms: int, phrases: Phrases) -> tuple[str, ...]:
    """When a plan could not be watched: "Not watched 02:10 to 02:25 UTC"; with the day where that was another one."""
    return tuple(
        phrases.say(
            "plan.gap", since=moment_words(gap.since_ms, now_ms), until=moment_words(gap.until_ms, now_ms)
        )
        for gap in gaps
    )


def moment_words(at_ms: int, now_ms: int) -> str:
    """A moment in UTC: "02:10", with the day where that is not today: "2026-11-21 02:10"."""
    told = numbers.date_and_clock(at_ms).removesuffix(" UTC")
    return told if at_ms // DAY_MS != now_ms // DAY_MS else told.partition(" ")[2]


def tight_words(factor: float) -> str:
    """By how much rungs are pulled in: ".75"."""
    return numbers.bare(factor)


def behind_words(plan: Plan, phrases: Phrases) -> str:
    """What stands behind it and where: "10,000 USDT isolated, Binance tiers of 2026-09-29"."""
    return phrases.say(
        "plan.behind",
        margin=numbers.money(plan.margin_usd),
        mode=phrases.word("mode", plan.mode.value),
        inverse=f" {phrases.say('plan.inverse')}" if plan.is_inverse else "",
        venue=phrases.word("venue", plan.venue.value),
        published=numbers.day_of(plan.tiers_on),
    )


def cross_lines(plan: Plan, phrases: Phrases) -> tuple[str, ...]:
    """Of a cross position, that the whole wallet stands behind it; nothing of an isolated one."""
    return (phrases.say("plan.cross"),) if plan.mode is MarginMode.CROSS else ()


def plan_numbers(plan: Plan, standing: Standing | None = None) -> dict[str, object]:
    """A plan for `--json`: fractions, USD, null where there is none; times as UTC milliseconds."""
    watch = plan.watch
    known: dict[str, object] = {
        "id": plan.id,
        "asset": plan.asset,
        "side": plan.side.value,
        "mode": plan.mode.value,
        "venue": plan.venue.value,
        "inverse": plan.is_inverse,
        "leverage": plan.leverage,
        "coins": plan.coins,
        "entry": plan.entry_usd,
        "notional": plan.notional_usd,
        "margin": plan.margin_usd,
        "max_drawdown": plan.drawdown_usd,
        "max_leverage": plan.max_leverage,
        "liquidation_price": plan.liquidation_usd,
        "tiers": {"venue": plan.venue.value, "published_on": plan.tiers_on},
        "hold_hours": plan.hold_hours,
        "line": plan.line_usd,
        "until_ms": plan.until_ms,
        "made_ms": plan.made_ms,
        "tightened": watch.tight_since_ms is not None,
        "told_ms": dict(watch.told_ms),
        "funding_paid": watch.funding_paid_usd,
        "gaps": [{"since_ms": gap.since_ms, "until_ms": gap.until_ms} for gap in watch.gaps],
    }
    return known if standing is None else {**known, **_standing_numbers(standing)}


def _standing_numbers(standing: Standing) -> dict[str, object]:
    return {
        "price": standing.price_usd,
        "profit": standing.profit_usd,
        "rung": None if standing.reached is None else standing.reached.value,
        **{rung.value: standing.rungs_usd[rung] for rung in Rung},
        "max_loss_price": standing.max_loss_usd,
        "liquidation_distance": standing.liquidation_distance,
        "distance_sigma": standing.sigmas,
        "rest_hours": standing.rest_hours,
    }


def age_words(at_ms: int, now_ms: int) -> str:
    """How old a price is; a clock that is ahead of it is of now."""
    return numbers.age(max(0, now_ms - at_ms) // SECOND_MS * SECOND_MS)
