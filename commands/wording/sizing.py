"""A checked size in words: the verdict, the chain of caps, what happens at that leverage, and what was assumed."""

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.columns import first_that_fits, fit
from commands.wording.learning import learning_lines, learning_numbers
from commands.wording.market import source_notes
from commands.wording.panel import age_of
from market.observations import Side
from market.report import market_time
from market.rules import Rules
from market.sizing import Cap, Link, MarginMode, Reduction, SizeCheck, Stance, Verdict, numbers_of
from market.snapshot import Snapshot
from market.table import SEVERITY, State

_LEFT = 23
"""Columns of a cap's name; its leverage takes the next five."""

_TONES = {Verdict.FITS: Tone.GOOD, Verdict.TOO_MUCH_NOW: Tone.CAUTION}
_FRACTIONS = {0.5: "x1/2", 0.75: "x3/4", 1.0: ""}
_RESTS_ON = ("price", "funding", "volatility")
_LEARNED_BY = ("price", "volatility", "liquidations", "funding", "open_interest", "skew")
"""What a size is cut by, or its checks rest on: how far each has learned is said."""

LEAST_APART = 0.001
"""A stated entry this near to the present price (a fraction of it) is the present price."""


def describe_size(check: SizeCheck, snapshot: Snapshot, phrases: Phrases, rules: Rules, now_ms: int) -> Reply:
    """The answer to /size; everything in it is about one position, so it is private."""
    blocks: tuple[Block, ...] = (
        Heading(size_heading(check, phrases), _TONES.get(check.verdict, Tone.STRESS)),
        *source_notes(snapshot, phrases, now_ms),
        Text("\n".join((verdict_words(check, phrases), *new_size_words(check, phrases)))),
        Lines(tuple(_caps(check, phrases))),
        Lines(tuple(_at(check, phrases))),
        Lines(
            (*_fitting(check, phrases), *_budget(check, phrases), *_rungs(check, snapshot, phrases, rules))
        ),
        Text(
            "\n".join(
                (
                    *_assumptions(check, phrases),
                    *learning_lines(snapshot, phrases, _LEARNED_BY),
                    *_rests_on(check, snapshot, phrases, now_ms),
                )
            )
        ),
    )
    data = {**numbers_of(check), "learning": learning_numbers(snapshot)}
    return Reply(blocks, _actions(check, phrases), private=True, data=data)


def size_heading(check: SizeCheck, phrases: Phrases) -> str:
    """The whole answer in a line: "BTC 5x long · TOO MUCH NOW"."""
    position = check.position
    told = phrases.say(
        "size.heading",
        asset=position.asset,
        leverage=numbers.plainly(position.leverage),
        side=phrases.word("side", position.side.value),
        verdict=phrases.word("verdict", check.verdict.value),
    )
    return fit(told)


def verdict_words(check: SizeCheck, phrases: Phrases) -> str:
    """Why: what fits here, which cap binds, and what the asked size would take."""
    known: dict[str, object] = {
        "most": numbers.times(check.max_leverage),
        "cap": phrases.word("cap", _binding(check)),
        "leverage": numbers.plainly(check.position.leverage),
    }
    match check.verdict:
        case Verdict.NEVER_SURVIVES_10PCT if check.position.leverage <= check.caps[Cap.TEN_PERCENT]:
            return phrases.say("size.never_from_here", **known)
        case Verdict.NEVER_SURVIVES_10PCT:
            return phrases.say("size.never", **known, ten=numbers.times(check.caps[Cap.TEN_PERCENT]))
        case Verdict.WAIT:
            return phrases.say("size.wait", **known, met=check.checklist.met)
        case Verdict.FITS:
            return phrases.say("size.fits", **known)
    if check.max_leverage < 1.0:
        return phrases.say("size.nothing_fits", **known)
    if check.margin_total_usd is None:
        return phrases.say("size.too_much_bare", **known, times=f"{check.margin_total_share:.1f}")
    needed = numbers.money(check.margin_total_usd)
    return phrases.say(
        "size.too_much", **known, needed=needed, equity=numbers.money(check.position.equity_usd)
    )


def new_size_words(check: SizeCheck, phrases: Phrases) -> tuple[str, ...]:
    """How much of a new size may be taken now, where that is not all of it."""
    if check.new_notional_factor >= 1.0:
        return ()
    checklist = check.checklist
    if checklist.met >= 2:
        why = phrases.say("size.why_checks", met=checklist.met)
    elif check.conditions.uncertain:
        why = phrases.say("size.why_uncertain")
    else:
        why = phrases.say("size.why_unknown", unknown=checklist.unknown)
    return (phrases.say("size.half" if check.new_notional_factor > 0.0 else "size.none", why=why),)


def _binding(check: SizeCheck) -> str:
    if check.binding_cap is not Cap.STEP:
        return check.binding_cap.value
    if len(check.chain) > 1:
        return "step_reduced"
    return "step_yours" if check.chain[0].why is Reduction.BASE_YOURS else "step"


def _caps(check: SizeCheck, phrases: Phrases) -> list[str]:
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


def _cap_line(label: str, leverage: float, binds: str) -> str:
    return fit(f"{label[:_LEFT]:<{_LEFT}}{numbers.times(leverage):>5}{binds}")


def _link_label(link: Link, phrases: Phrases) -> str:
    factor = _FRACTIONS.get(link.factor, f"x{link.factor:g}")
    room = _LEFT - 4
    return f"{phrases.word('chain', link.why.value)[:room]:<{room}}{factor}"


def _cap_label(cap: Cap, check: SizeCheck, phrases: Phrases) -> str:
    if cap is not Cap.TWO_SIGMA:
        return phrases.word("cap_label", cap.value)
    move = numbers.percent(2.0 * check.trade.sigma_horizon, signed=False)
    return phrases.say("size.two_sigma", hold=hold_words(check), move=move)


def hold_words(check: SizeCheck) -> str:
    """The holding time as a trader writes it: "72 h", "7 d"."""
    hours = check.trade.hold_hours
    return f"{hours / 24:g} d" if hours > 96 and hours % 24 == 0 else f"{hours:g} h"


def _at(check: SizeCheck, phrases: Phrases) -> list[str]:
    """What happens at the leverage asked for."""
    stance = check.asked
    lines = [_at_head(check, stance, phrases), *_liquidation(check, stance, phrases)]
    known = {
        "ten": phrases.say("size.yes" if stance.survives_adverse_move else "size.no"),
        "two": phrases.say("size.yes" if stance.survives_two_sigma else "size.no"),
    }
    lines.append(fit(phrases.say("size.survives", **known)))
    lines.append(_funding(check, stance, phrases))
    return lines


def _at_head(check: SizeCheck, stance: Stance, phrases: Phrases) -> str:
    mode = phrases.word("mode", check.position.mode.value)
    leverage = numbers.plainly(stance.leverage)
    bare = phrases.say("size.at_bare", leverage=leverage, mode=mode)
    if stance.notional_usd is None:
        return fit(bare)
    told = [
        phrases.say("size.at", leverage=leverage, notional=notional, mode=mode)
        for notional in (numbers.money(stance.notional_usd), numbers.short(stance.notional_usd))
    ]
    return first_that_fits(*told, bare)


def _liquidation(check: SizeCheck, stance: Stance, phrases: Phrases) -> list[str]:
    price, measured_from = stance.liquidation_price_usd, check.trade.measured_from_usd
    if price is None or stance.distance_sigma is None:
        return [fit(phrases.say("size.no_liquidation"))]
    known = {
        "price": numbers.price(price),
        "distance": numbers.percent(price / measured_from - 1.0),
        "sigmas": f"{stance.distance_sigma:.1f}",
    }
    told = first_that_fits(
        phrases.say("size.liquidation", **known),
        phrases.say("size.liquidation_short", **known),
    )
    touched = numbers.chance(stance.touch_probability)
    return [told, fit(phrases.say("size.touched", hold=hold_words(check), probability=touched))]


def _funding(check: SizeCheck, stance: Stance, phrases: Phrases) -> str:
    hold, share = hold_words(check), stance.funding_of_margin
    if share is None:
        return fit(phrases.say("size.funding_none", hold=hold))
    if share == 0.0:
        return fit(phrases.say("size.funding_free", hold=hold))
    told = numbers.percent(share, signed=False)
    bare = phrases.say("size.funding_bare", hold=hold, share=told)
    if stance.funding_cost_usd is None:
        return fit(bare)
    cost = f"-{stance.funding_cost_usd:,.2f}"
    return first_that_fits(phrases.say("size.funding", hold=hold, cost=cost, share=told), bare)


def _fitting(check: SizeCheck, phrases: Phrases) -> list[str]:
    """That the lines below are about the leverage that fits, where another was asked for."""
    if check.fitting is None:
        return []
    return [fit(phrases.say("size.at_fitting", leverage=numbers.times(check.max_leverage)))]


def _budget(check: SizeCheck, phrases: Phrases) -> list[str]:
    budget = check.budget
    share, leverage = numbers.percent(budget.share, signed=False), f"{budget.leverage:.1f}x"
    if budget.share * 100 == round(budget.share * 100):
        share = f"{budget.share * 100:.0f}%"
    exit_at = numbers.price(budget.exit_usd)
    bare = [
        phrases.say("size.lose_bare", share=share),
        phrases.say("size.budget_bare", leverage=leverage, exit=exit_at),
    ]
    if budget.notional_usd is None:
        return [fit(line) for line in bare]
    return [
        first_that_fits(phrases.say("size.lose", share=share, loss=numbers.money(budget.loss_usd)), bare[0]),
        first_that_fits(
            phrases.say(
                "size.budget", notional=numbers.money(budget.notional_usd), leverage=leverage, exit=exit_at
            ),
            phrases.say(
                "size.budget", notional=numbers.short(budget.notional_usd), leverage=leverage, exit=exit_at
            ),
            bare[1],
        ),
    ]


def _rungs(check: SizeCheck, snapshot: Snapshot, phrases: Phrases, rules: Rules) -> list[str]:
    ladder = (check.fitting or check.asked).ladder
    trim, hedge = numbers.price(ladder.trim_usd), numbers.price(ladder.hedge_usd)
    lines = [fit(phrases.say("size.rungs", trim=trim, hedge=hedge))]
    if check.tightened:
        factor = f"{rules.sizing.ladder.tightened:g}".lstrip("0")
        because = _invalidated_because(check, snapshot, phrases)
        lines.append(fit(phrases.say("size.tightened", factor=factor, because=because)))
        lines.append(fit(phrases.say("size.no_adds")))
    return lines


def _invalidated_because(check: SizeCheck, snapshot: Snapshot, phrases: Phrases) -> str:
    """What has turned against this side: the state, or the one claim that did it."""
    held, regime = snapshot.regime.held, snapshot.regime
    if check.position.side is Side.SHORT:
        if held is State.SQUEEZE_RISK:
            return phrases.word("state", held.value)
        return phrases.word("invalidated", "lc_short" if regime.flag("lc_short") else "other")
    if SEVERITY.get(held, 0) >= SEVERITY[State.CROWDING]:
        return phrases.word("state", held.value)
    return phrases.word("invalidated", "protip" if regime.protip else "rolling_over")


def _assumptions(check: SizeCheck, phrases: Phrases) -> list[str]:
    said = [phrases.word("assumption", one.value) for one in check.assumptions]
    if check.position.mode is MarginMode.CROSS:
        said.append(phrases.say("size.cross"))
    return [*_stated_entry(check, phrases), *said]


def _stated_entry(check: SizeCheck, phrases: Phrases) -> list[str]:
    """What is counted from a stated entry and what from the present price, where the two are apart."""
    entry, now = check.position.entry_usd, check.trade.price_usd
    if entry is None or now is None or abs(now / entry - 1.0) < LEAST_APART:
        return []
    key = "size.entry" if check.trade.measured_from_usd == entry else "size.entry_under_way"
    away = numbers.percent(now / entry - 1.0)
    return [phrases.say(key, entry=numbers.price(entry), now=numbers.price(now), away=away)]


def _rests_on(check: SizeCheck, snapshot: Snapshot, phrases: Phrases, now_ms: int) -> list[str]:
    """The ages of what the answer rests on, and the date of the venue's tiers."""
    at_ms = market_time(snapshot, now_ms)
    ages = {}
    for name in _RESTS_ON:
        reading = snapshot.reading(name)
        has_none = reading is None or reading.asof_ms is None
        ages[name] = phrases.say("presence.absent") if has_none or reading is None else age_of(reading, at_ms)
    venue = phrases.word("venue", check.tiers.venue.value)
    return [
        phrases.say("size.ages", **ages),
        phrases.say("size.tiers", venue=venue, published=check.tiers.published_on),
    ]


def _actions(check: SizeCheck, phrases: Phrases) -> tuple[Action, ...]:
    asset = check.position.asset
    also = (
        Action(phrases.say("button.why"), f"/why {asset}"),
        Action(phrases.say("button.check"), f"/check {asset} {check.position.side.value}"),
    )
    if check.fitting is None or check.max_leverage < 1.0:
        return also
    fitting = numbers.times(check.max_leverage)
    return (Action(phrases.say("size.fit_button", leverage=fitting), size_line(check, fitting)), *also)


def size_line(check: SizeCheck, leverage: str) -> str:
    """The command line that asks for the same position at another leverage; all that was stated is stated again."""
    position = check.position
    words = ["/size", position.asset, leverage, position.side.value]
    if position.equity_usd is not None:
        words.append(f"equity={position.equity_usd:.2f}".rstrip("0").rstrip("."))
    if position.hold_hours is not None:
        words.append(f"hold={position.hold_hours:g}h")
    if position.drawdown_budget is not None:
        words.append(f"lose={_typed(100.0 * position.drawdown_budget)}%")
    if position.mode is MarginMode.CROSS:
        words.append(position.mode.value)
    if position.base_leverage is not None:
        words.append(f"base={_typed(position.base_leverage)}x")
    if position.entry_usd is not None:
        words.append(f"entry={_typed(position.entry_usd)}")
    return " ".join(words)


def _typed(value: float) -> str:
    """A number as a reader would have typed it: plain digits, at most eight decimals."""
    return f"{value:.8f}".rstrip("0").rstrip(".")
