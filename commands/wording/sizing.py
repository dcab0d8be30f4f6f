"""A checked size in words: the verdict, the market it stands in, the chain of caps, what would make it fit, and the rest."""

from dataclasses import dataclass

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.columns import first_that_fits, fit
from commands.wording.learning import learning_lines, learning_numbers
from commands.wording.market import listed, source_notes
from commands.wording.sizing_lines import (
    budget_lines,
    cap_lines,
    invalidated_because,
    notional_usd,
    rung_lines,
    stance_lines,
    survivable,
)
from commands.wording.sizing_notes import (
    age_words,
    assumption_words,
    beyond_own_words,
    limit_words,
    wallet_words,
)
from market.adverse import Adverse
from market.observations import MINUTE_MS
from market.report import market_time
from market.rules import Rules
from market.sizing import Cap, MarginMode, Position, Reduction, SizeCheck, Verdict, numbers_of
from market.sizing.wallet import Others
from market.snapshot import Snapshot

_TONES = {Verdict.FITS: Tone.GOOD, Verdict.TOO_MUCH_NOW: Tone.CAUTION}
_LEARNED_BY = ("price", "volatility", "liquidations", "funding", "open_interest", "skew")
"""What a size is cut by, or its checks rest on: how far each has learned is said."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A checked position, the market it was checked in, and what is told beside it.

    `stated` is the position as the asker said it, so without their own kept limits, which `check.position` has. `turned`: the market itself has
    turned against this side. `own_funding_8h` is their own limit on funding where this side pays beyond it, else None. `can_keep`: limits of
    one's own can be set here. `others` None: no wallet is shared; `adverse` None: no hours of the asset are kept.
    """

    check: SizeCheck
    snapshot: Snapshot
    stated: Position
    turned: bool = False
    own_funding_8h: float | None = None
    can_keep: bool = False
    others: Others | None = None
    adverse: Adverse | None = None


def describe_size(sized: Sized, phrases: Phrases, rules: Rules, now_ms: int) -> Reply:
    """The answer to /size; everything in it is about one position, so it is private."""
    check, snapshot = sized.check, sized.snapshot
    because = _because(sized, phrases)
    first = (verdict_words(check, phrases), *new_size_words(check, phrases))
    blocks: tuple[Block, ...] = (
        Heading(size_heading(check, phrases), _TONES.get(check.verdict, Tone.STRESS)),
        *source_notes(snapshot, phrases, now_ms),
        Text("\n".join((*first, market_words(check, snapshot, phrases, now_ms)))),
        Lines(tuple(cap_lines(check, phrases))),
        Lines(tuple(stance_lines(check, sized.adverse, phrases))),
        Lines(
            (
                *fitting_lines(check, phrases),
                *budget_lines(check, phrases),
                *rung_lines(check, because, phrases, rules),
            )
        ),
        Text("\n".join(_notes(sized, phrases, rules, now_ms))),
    )
    data = {**numbers_of(check), **_more_numbers(sized), "learning": learning_numbers(snapshot)}
    return Reply(blocks, _actions(sized, phrases), private=True, data=data)


def size_heading(check: SizeCheck, phrases: Phrases) -> str:
    """The whole answer in a line: "BTC 5x long · TOO MUCH NOW"."""
    position = check.position
    verdict = check.verdict.value
    told = (
        phrases.say(
            "size.heading",
            asset=position.asset,
            leverage=numbers.plainly(position.leverage),
            side=phrases.word("side", position.side.value),
            verdict=word,
        )
        for word in (phrases.word("verdict", verdict), phrases.word("verdict_short", verdict))
    )
    return first_that_fits(*told)


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


def market_words(check: SizeCheck, snapshot: Snapshot, phrases: Phrases, now_ms: int) -> str:
    """The state of this moment and the checks that flash against this side."""
    since_ms = max(0, market_time(snapshot, now_ms) - snapshot.regime.since_ms)
    state = phrases.word("state", check.state.value)
    if since_ms >= MINUTE_MS:
        state = phrases.say("size.state_for", state=state, time=numbers.duration(since_ms))
    checklist = check.checklist
    flashing = [phrases.word("input", one.question.value) for one in checklist.checks if one.met]
    known: dict[str, object] = {
        "state": state,
        "met": checklist.met,
        "advice": phrases.word("check_advice", checklist.advice.value),
    }
    if not flashing:
        return phrases.say("size.market_clear", **known)
    return phrases.say("size.market", **known, flashing=listed(flashing, phrases))


def fitting_lines(check: SizeCheck, phrases: Phrases) -> list[str]:
    """What would make it fit: the leverage on this margin, the margin for this size, or waiting; and whose rungs follow."""
    ways = [fit(way) for way in _ways(check, phrases)]
    lines = [phrases.say("size.to_fit"), *ways] if ways else []
    if check.fitting is not None:
        lines.append(fit(phrases.say("size.at_fitting", leverage=numbers.times(check.max_leverage))))
    return lines


def _ways(check: SizeCheck, phrases: Phrases) -> list[str]:
    ways = []
    if check.fitting is not None and check.max_leverage >= 1.0:
        ways.append(_way("size.way_size", notional_usd(check, check.max_leverage), check, phrases))
    if check.fitting is not None:
        ways.append(_way_margin(check, phrases))
    if 0.0 < check.new_notional_factor < 1.0:
        most = min(check.max_leverage, check.position.leverage)
        usd = check.new_notional_factor * notional_usd(check, most)
        ways.append(_way("size.way_half", usd, check, phrases))
    if check.verdict is Verdict.WAIT or check.new_notional_factor <= 0.0:
        ways.append(phrases.say("size.way_wait", met=check.checklist.met))
    return ways


def _way(key: str, usd: float, check: SizeCheck, phrases: Phrases) -> str:
    leverage = numbers.times(check.max_leverage)
    per = phrases.say("size.per") if not check.trade.equity_stated else ""
    return first_that_fits(
        *(
            phrases.say(key, leverage=leverage, notional=one, per=per)
            for one in (numbers.money(usd), numbers.short(usd))
        )
    )


def _way_margin(check: SizeCheck, phrases: Phrases) -> str:
    leverage = numbers.plainly(check.position.leverage)
    if check.margin_to_deposit_usd is None:
        times = f"{check.margin_total_share:.1f}"
        return phrases.say("size.way_times", leverage=leverage, times=times)
    deposit = check.margin_to_deposit_usd
    return first_that_fits(
        *(
            phrases.say("size.way_deposit", leverage=leverage, deposit=one)
            for one in (numbers.money(deposit), numbers.short(deposit))
        )
    )


def _because(sized: Sized, phrases: Phrases) -> str:
    """Why the rungs are pulled in, if they are."""
    if not sized.turned:
        return phrases.word("invalidated", "own_funding")
    return invalidated_because(sized.check, sized.snapshot, phrases)


def _notes(sized: Sized, phrases: Phrases, rules: Rules, now_ms: int) -> list[str]:
    check = sized.check
    return [
        *((phrases.say("size.no_adds"),) if sized.turned else ()),
        *beyond_own_words(check, sized.own_funding_8h, phrases),
        *limit_words(check, rules, phrases, can_keep=sized.can_keep),
        *assumption_words(check, phrases),
        *wallet_words(sized.stated, sized.others, phrases),
        *learning_lines(sized.snapshot, phrases, _LEARNED_BY),
        *age_words(check, sized.snapshot, phrases, now_ms),
    ]


def _binding(check: SizeCheck) -> str:
    if check.binding_cap is not Cap.STEP:
        return check.binding_cap.value
    if len(check.chain) > 1:
        return "step_reduced"
    return "step_yours" if check.chain[0].why is Reduction.BASE_YOURS else "step"


def _more_numbers(sized: Sized) -> dict[str, object]:
    """What `--json` has besides the numbers of the check itself."""
    check = sized.check
    fees = 2.0 * check.trade.fee_rate
    notional = check.asked.notional_usd
    return {
        "fees": None if notional is None else fees * notional,
        "fees_of_margin": fees * check.position.leverage,
        "checks": {one.question.value: one.met for one in check.checklist.checks},
        "contract": "inverse" if check.position.is_inverse else "linear",
        "own_funding_8h": sized.own_funding_8h,
        "survivable_leverage": (survives := survivable(check)),
        "survivable_notional": survives * check.trade.margin_usd if check.trade.equity_stated else None,
        "adverse": None if sized.adverse is None else _plain_adverse(sized.adverse),
        "others": None if sized.others is None else _plain_others(sized.others),
    }


def _plain_adverse(adverse: Adverse) -> dict[str, object]:
    return {
        "horizon_hours": adverse.horizon_hours,
        "days": adverse.days,
        "worst": adverse.worst,
        "quantile_975": adverse.quantile,
    }


def _plain_others(others: Others) -> dict[str, object]:
    return {
        "count": others.count,
        "maintenance": others.maintenance_usd,
        "unrealised": others.unrealised_usd,
        "unknown": list(others.unknown),
    }


def _actions(sized: Sized, phrases: Phrases) -> tuple[Action, ...]:
    check = sized.check
    asset = check.position.asset
    also = (
        Action(phrases.say("button.why"), f"/why {asset}"),
        Action(phrases.say("button.check"), f"/check {asset} {check.position.side.value}"),
    )
    if check.fitting is None or check.max_leverage < 1.0:
        return also
    fitting = numbers.times(check.max_leverage)
    return (Action(phrases.say("size.fit_button", leverage=fitting), size_line(sized.stated, fitting)), *also)


def size_line(stated: Position, leverage: str) -> str:
    """The command line that asks for the same position at another leverage; all that was stated is stated again."""
    words = ["/size", stated.asset, leverage, stated.side.value]
    if stated.equity_usd is not None:
        words.append(f"equity={stated.equity_usd:.2f}".rstrip("0").rstrip("."))
    if stated.hold_hours is not None:
        words.append(f"hold={stated.hold_hours:g}h")
    if stated.drawdown_budget is not None:
        words.append(f"lose={_typed(100.0 * stated.drawdown_budget)}%")
    if stated.mode is MarginMode.CROSS:
        words.append(stated.mode.value)
    if stated.base_leverage is not None:
        words.append(f"base={_typed(stated.base_leverage)}x")
    if stated.entry_usd is not None:
        words.append(f"entry={_typed(stated.entry_usd)}")
    if stated.venue is not None:
        words.append(stated.venue.value)
    if stated.is_inverse:
        words.append("inverse")
    return " ".join(words)


def _typed(value: float) -> str:
    """A number as a reader would have typed it: plain digits, at most eight decimals."""
    return f"{value:.8f}".rstrip("0").rstrip(".")
