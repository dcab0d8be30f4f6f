"""A checked size in lines of 37 columns: the caps, what happens at a leverage, what the budget buys, and the rungs."""

from collections.abc import Iterator, Mapping

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.columns import first_of, fit
from market.adverse import Adverse
from market.observations import Side
from market.rules import Rules
from market.sizing import Cap, Conditions, Link, SizeCheck, Stance, turned_by
from market.snapshot import Snapshot
from market.table import State

_LEFT = 23
"""Columns of a cap's name; its leverage takes the next five."""

LEAST_TOLD = 0.01
"""A touch probability up to this says less than what half a year really did (section 8.10)."""

LEAST_WRITTEN = 0.0005
"""A touch probability below this would be written as nothing."""

_STATES = frozenset(state.value for state in State)
_FRACTIONS = {0.5: "x1/2", 0.75: "x3/4", 1.0: ""}


def cap_lines(check: SizeCheck, phrases: Phrases) -> list[str]:
    """The stepwise chain link by link, then the other caps; the one that binds is marked."""
    binds = phrases.say("size.binds")
    lines = []
    for link in check.chain:
        is_binding = check.binding_cap is Cap.STEP and link is check.chain[-1]
        lines.append(_cap_line(_link_label(link, phrases), link.leverage, binds if is_binding else ""))
    for cap, leverage in check.caps.items():
        if cap is not Cap.STEP:
            is_binding = cap is check.binding_cap
            lines.append(_cap_line(_cap_label(cap, check, phrases), leverage, binds if is_binding else ""))
    return lines


def hold_words(check: SizeCheck) -> str:
    """The holding time as a trader writes it: "72 h", "7 d"."""
    hours = check.trade.hold_hours
    if hours > 96 and hours % 24 == 0:
        return f"{numbers.general(hours / 24)} d"
    return f"{numbers.general(hours)} h"


def told_usd(check: SizeCheck, leverage: float) -> float:
    """What a position of this leverage as it is told, in tenths, is worth, USD; per 1,000 USDT of margin where no equity is stated.

    Of what may be taken never more is told than the leverage beside it allows.
    """
    return numbers.down_to_tenths(leverage) * check.trade.margin_usd


def told_budget(check: SizeCheck) -> tuple[str, float]:
    """The leverage by which no more than the budget is lost, in words, and what it is worth as told, USD."""
    told = numbers.down_finely(check.budget.leverage)
    return f"{numbers.general(told)}x", told * check.trade.margin_usd


def thin_book(check: SizeCheck) -> float | None:
    """What rests in the book that it is closed into, over the usual, where that lowers a cap; None where it does not."""
    ratio = check.conditions.against(check.position.side).depth_ratio
    return None if ratio is None or ratio >= 1.0 else min(0.99, max(0.0, ratio))


def survivable(check: SizeCheck) -> float:
    """The highest leverage that outlasts both the 10 % move and two standard deviations."""
    return min(check.caps[Cap.TWO_SIGMA], check.caps[Cap.TEN_PERCENT])


def stance_lines(check: SizeCheck, adverse: Adverse | None, phrases: Phrases) -> list[str]:
    """What happens at the leverage asked for."""
    stance = check.asked
    known = {
        "ten": phrases.say("size.yes" if stance.survives_adverse_move else "size.no"),
        "two": phrases.say("size.yes" if stance.survives_two_sigma else "size.no"),
    }
    hold = hold_words(check)
    return [
        _head(check, stance, phrases),
        _liquidation(check, stance, phrases),
        *_odds(check, stance, adverse, hold, phrases),
        fit(phrases.say("size.survives", **known)),
        _survivable(check, phrases),
        *_funding(check, stance, hold, phrases),
        _fees(check, stance, phrases),
    ]


def budget_lines(check: SizeCheck, phrases: Phrases) -> list[str]:
    """The size by which no more than the budget is lost at the exit, as much of it as may be taken now; the exit alone where none."""
    budget, now = check.budget, check.new_notional_factor
    if now <= 0.0:
        return [fit(phrases.say("size.budget_none", exit=numbers.price(check.asked.ladder.exit_usd)))]
    key = "size.lose" if check.trade.equity_stated else "size.lose_per"
    lost = {
        "share": numbers.share(budget.share),
        "loss": numbers.money(budget.share * check.trade.margin_usd),
    }
    leverage, size_usd = told_budget(check)
    sized = {"leverage": leverage, "exit": numbers.price(budget.exit_usd)}
    head = first_of(phrases.say(one, **lost) for one in (key, "size.lose_bare"))
    if now >= 1.0:
        return [head, first_of(_written("size.budget", size_usd, sized, phrases, bare="size.budget_bare"))]
    half_usd = now * budget.leverage * check.trade.margin_usd
    half = {"leverage": numbers.times(now * budget.leverage), "exit": sized["exit"]}
    return [
        head,
        first_of(_written("size.budget_half", half_usd, half, phrases, bare="size.budget_half_bare")),
    ]


def told_stance(check: SizeCheck) -> Stance:
    """The position whose rungs are told: what fits, or where nothing new is to be opened what was asked for, as it may be held."""
    return check.asked if check.fitting is None or check.new_notional_factor <= 0.0 else check.fitting


def rung_lines(check: SizeCheck, because: str, phrases: Phrases, rules: Rules) -> list[str]:
    """Where to trim and to hedge, and why the rungs are pulled in where they are; the way out stands with the budget."""
    ladder = told_stance(check).ladder
    trim, hedge = numbers.price(ladder.trim_usd), numbers.price(ladder.hedge_usd)
    lines = [fit(phrases.say("size.rungs", trim=trim, hedge=hedge))]
    if check.tightened:
        factor = numbers.bare(rules.sizing.ladder.tightened)
        lines.append(fit(phrases.say("size.tightened", factor=factor, because=because)))
    return lines


def invalidated_because(check: SizeCheck, snapshot: Snapshot, phrases: Phrases) -> str:
    """What of the market has turned against this side: the state, or the one claim that did it."""
    return turned_words(turned_by(snapshot, check.position.side), phrases)


def turned_words(turned: str, phrases: Phrases) -> str:
    """The same in words, as `market.sizing.turned_by` gives it."""
    return phrases.word("state" if turned in _STATES else "invalidated", turned)


def _cap_line(label: str, leverage: float, binds: str) -> str:
    return fit(f"{label:<{_LEFT}.{_LEFT}}{numbers.times(leverage):>5}{binds}")


def _link_label(link: Link, phrases: Phrases) -> str:
    factor = _FRACTIONS.get(link.factor)
    if factor is None:
        factor = f"x{numbers.general(link.factor)}"
    room = _LEFT - 4
    return f"{phrases.word('chain', link.why):<{room}.{room}}{factor}"


def _cap_label(cap: Cap, check: SizeCheck, phrases: Phrases) -> str:
    if cap is Cap.FALL and check.conditions.fall_3d is not None:
        return phrases.say("size.fall", move=numbers.percent(-check.conditions.fall_3d))
    if cap is Cap.CONTINUOUS and (book := thin_book(check)) is not None:
        return phrases.say("size.continuous_and_book", book=numbers.percent(book, signed=False, digits=0))
    if cap is not Cap.TWO_SIGMA:
        return phrases.word("cap_label", cap)
    move = numbers.percent(2.0 * check.trade.sigma_horizon, signed=False)
    return phrases.say("size.two_sigma", hold=hold_words(check), move=move)


def _head(check: SizeCheck, stance: Stance, phrases: Phrases) -> str:
    known = {
        "leverage": numbers.plainly(stance.leverage),
        "mode": phrases.word("mode", check.position.mode),
    }
    if stance.notional_usd is None:
        keys = ("size.at_per", "size.at_per_short", "size.at_bare")
        return first_of(phrases.say(key, **known) for key in keys)
    return first_of(_written("size.at", stance.notional_usd, known, phrases, bare="size.at_bare"))


def _written(key: str, usd: float, known: Mapping[str, str], phrases: Phrases, *, bare: str) -> Iterator[str]:
    """A phrase with an amount in full, then in few digits and no larger, then one without it."""
    for write in (numbers.money, numbers.short_down):
        yield phrases.say(key, notional=write(usd), **known)
    yield phrases.say(bare, **known)


def _liquidation(check: SizeCheck, stance: Stance, phrases: Phrases) -> str:
    price, measured_from = stance.liquidation_price_usd, check.trade.measured_from_usd
    if price is None or stance.distance_sigma is None:
        return fit(phrases.say("size.no_liquidation"))
    known = {
        "price": numbers.price(price),
        "distance": numbers.percent(price / measured_from - 1.0),
        "sigmas": numbers.decimals(stance.distance_sigma, 1),
        "span": hold_words(check),
    }
    keys = ("size.liquidation", "size.liquidation_short", "size.liquidation_bare")
    return first_of(phrases.say(key, **known) for key in keys)


def _odds(
    check: SizeCheck, stance: Stance, adverse: Adverse | None, hold: str, phrases: Phrases
) -> list[str]:
    """How likely liquidation is touched, above 1 %; beside it, or instead of it, what half a year really did (8.10)."""
    lines = []
    touched = stance.touch_probability
    unknown = adverse is None or adverse.worst is None or adverse.quantile is None
    if touched is not None and (unknown or touched > LEAST_TOLD):
        lines.append(fit(_touched(touched, hold, phrases)))
    if adverse is None or adverse.worst is None or adverse.quantile is None:
        if adverse is None:
            return [*lines, fit(phrases.say("size.worst_none", hold=hold))]
        return [*lines, fit(phrases.say("size.worst_few", hold=hold, days=f"{adverse.days:.0f}"))]
    sign = -1.0 if check.position.side is Side.LONG else 1.0
    worst, quantile = (numbers.percent(sign * one) for one in (adverse.worst, adverse.quantile))
    closes = stance.liquidation_distance is not None and adverse.worst >= stance.liquidation_distance
    key = "size.worst_closes" if closes else "size.worst"
    lines.append(fit(phrases.say(key, hold=hold, worst=worst)))
    lines.append(fit(phrases.say("size.one_in_40", quantile=quantile)))
    return lines


def _touched(probability: float, hold: str, phrases: Phrases) -> str:
    """The model's probability as the floor that it is: markets move further than its bell curve does."""
    if probability < LEAST_WRITTEN:
        return phrases.say("size.touched_little", hold=hold)
    return phrases.say("size.touched", hold=hold, probability=numbers.chance(probability))


def _survivable(check: SizeCheck, phrases: Phrases) -> str:
    """The limit beyond which one of the two moves is not survived."""
    most = survivable(check)
    known = {"leverage": numbers.times(most)}
    if not check.trade.equity_stated:
        return fit(phrases.say("size.survivable_bare", **known))
    usd = told_usd(check, most)
    return first_of(_written("size.survivable", usd, known, phrases, bare="size.survivable_bare"))


def _funding(check: SizeCheck, stance: Stance, hold: str, phrases: Phrases) -> list[str]:
    """What the holding time costs, and by which rate: the dearer of the day's mean and the latest (decision 0045)."""
    share, market = stance.funding_of_margin, check.conditions
    if share is None:
        return [fit(phrases.say("size.funding_none", hold=hold))]
    if share == 0.0:
        return [fit(phrases.say("size.funding_free", hold=hold))]
    known = {"hold": hold, **_cost(check, share)}
    return [
        first_of(phrases.say(key, **known) for key in ("size.funding", "size.funding_bare")),
        funding_rate_line(market, check.position.side, phrases),
    ]


def funding_rate_line(market: Conditions, side: Side, phrases: Phrases) -> str:
    """By which rate holding this side is counted: " at .031%/8h, the rate now"."""
    rate = market.dearer_funding_8h(side)
    latest = "size.funding_last" if "funding" in market.stale else "size.funding_now"
    by = latest if rate == market.funding_now_8h else "size.funding_mean"
    return fit(phrases.say(by, rate=numbers.rate(rate)))


def _fees(check: SizeCheck, stance: Stance, phrases: Phrases) -> str:
    """A taker's fee on the way in and on the way out."""
    known = _cost(check, 2.0 * check.trade.fee_rate * stance.leverage)
    return first_of(phrases.say(key, **known) for key in ("size.fees", "size.fees_short", "size.fees_bare"))


def _cost(check: SizeCheck, share: float) -> dict[str, str]:
    """What is paid, and what share of the margin that is."""
    return {
        "cost": numbers.marked(f"-{share * check.trade.margin_usd:,.2f}"),
        "share": numbers.percent(share, signed=False),
    }
