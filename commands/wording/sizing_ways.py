"""What would make a position fit, in lines; and the buttons that ask for it again, or make a plan of it."""

from commands.protocol.numerals import typed
from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action
from commands.wording import numbers
from commands.wording.columns import first_of, fit
from commands.wording.sized import Sized
from commands.wording.sizing_lines import told_usd
from market.sizing import MarginMode, Position, SizeCheck, Verdict


def fitting_lines(sized: Sized, phrases: Phrases) -> list[str]:
    """What would make it fit: the leverage on this margin, the margin for this size, or waiting; and whose rungs follow.

    Where nothing new is to be opened, what would fit is told as of later, and the rungs are those of the position asked for.
    """
    check = sized.check
    ways = [fit(way) for way in _ways(sized, phrases)]
    is_new = check.verdict is Verdict.FITS or not _may_be_added_to(sized)
    lines = [fit(phrases.say("size.fits_and_new" if is_new else "size.to_fit")), *ways] if ways else []
    if check.new_notional_factor <= 0.0:
        lines.append(fit(phrases.say("size.if_held", leverage=numbers.plainly(check.position.leverage))))
    elif check.fitting is not None:
        lines.append(fit(phrases.say("size.at_fitting", leverage=numbers.times(check.max_leverage))))
    return lines


def _may_be_added_to(sized: Sized) -> bool:
    """Whether more margin is told: a way into a new position, and out of trouble for one that is held."""
    return sized.stated.entry_usd is not None or sized.check.new_notional_factor > 0.0


def _may_open(check: SizeCheck) -> bool:
    """Whether a position that fits may be opened now: nothing that opens one is offered where the checks say wait."""
    return check.fitting is not None and check.max_leverage >= 1.0 and check.new_notional_factor > 0.0


def _ways(sized: Sized, phrases: Phrases) -> list[str]:
    check, ways, from_here_usd = sized.check, [], sized.from_here_usd
    if _may_open(check) and from_here_usd is None:
        ways.append(_way("size.way_size", told_usd(check, check.max_leverage), check, phrases))
    if (check.fitting is not None or from_here_usd is not None) and _may_be_added_to(sized):
        ways.append(_way_margin(from_here_usd or 0.0, check, phrases))
    if 0.0 < check.new_notional_factor < 1.0:
        usd = check.new_notional_factor * most_usd(check)
        ways.append(_way("size.way_half", usd, check, phrases))
    if check.verdict is Verdict.WAIT or check.new_notional_factor <= 0.0:
        ways.append(phrases.say("size.way_wait", met=check.checklist.met))
        if check.max_leverage >= 1.0:
            ways.append(phrases.say("size.way_later", leverage=numbers.times(check.max_leverage)))
    return ways


def most_usd(check: SizeCheck) -> float:
    """What is asked for, or as much of it as fits at the leverage told, USD."""
    return min(told_usd(check, check.max_leverage), check.position.leverage * check.trade.margin_usd)


def _way(key: str, usd: float, check: SizeCheck, phrases: Phrases) -> str:
    leverage = numbers.times(check.max_leverage)
    per = phrases.say("size.per") if not check.trade.equity_stated else ""
    return first_of(
        phrases.say(key, leverage=leverage, notional=write(usd), per=per)
        for write in (numbers.money, numbers.short_down)
    )


def _way_margin(least_usd: float, check: SizeCheck, phrases: Phrases) -> str:
    """The margin to add to what is there, at least so much; a multiple of it where none was stated."""
    leverage = numbers.plainly(check.position.leverage)
    if check.margin_total_share is None:
        return phrases.say("size.way_no_margin", leverage=leverage)
    more_usd = max(least_usd, check.margin_total_share * check.trade.margin_usd - check.trade.margin_usd)
    if not check.trade.equity_stated:
        times = numbers.enough_times(1.0 + more_usd / check.trade.margin_usd)
        return phrases.say("size.way_times", leverage=leverage, times=times)
    return phrases.say("size.way_deposit", leverage=leverage, deposit=numbers.enough(more_usd))


def size_actions(sized: Sized, phrases: Phrases) -> tuple[Action, ...]:
    """The buttons: the same at what fits, a plan of it, and what it rests on."""
    check = sized.check
    asset = check.position.asset
    actions = []
    if _may_open(check):
        again = size_line(sized.stated, numbers.down_to_tenths(check.max_leverage))
        fitting = numbers.times(check.max_leverage)
        actions.append(Action(phrases.say("size.fit_button", leverage=fitting), again))
    planned = _planned(sized)
    if planned is not None:
        actions.append(Action(phrases.say("button.plan_it"), plan_line(sized.stated, planned)))
    return (
        *actions,
        Action(phrases.say("button.why"), f"/why {asset}"),
        Action(phrases.say("button.check"), f"/check {asset} {check.position.side.value}"),
    )


def _planned(sized: Sized) -> float | None:
    """The leverage a plan is offered at: that of a position that is held, else what fits; None where nothing is to be planned."""
    check = sized.check
    if not sized.can_keep or not check.trade.equity_stated:
        return None
    asked = check.position.leverage
    if sized.stated.entry_usd is not None:
        return asked
    if check.new_notional_factor <= 0.0 or check.max_leverage < 1.0:
        return None
    return asked if check.fitting is None else numbers.down_to_tenths(check.max_leverage)


def size_line(stated: Position, leverage: float) -> str:
    """The command line that asks for the same position at another leverage; all that was stated is stated again."""
    return " ".join(("/size", *_words(stated, leverage)))


def plan_line(stated: Position, leverage: float) -> str:
    """The command line that makes a plan of the same position at a leverage."""
    return " ".join(("/plan", *_words(stated, leverage)))


def _words(stated: Position, leverage: float) -> list[str]:
    """What was stated, as it would be typed."""
    words = [stated.asset, f"{typed(leverage)}x", stated.side.value]
    if stated.equity_usd is not None:
        words.append(f"equity={typed(round(stated.equity_usd, 2))}")
    if stated.hold_hours is not None:
        words.append(f"hold={typed(stated.hold_hours)}h")
    if stated.drawdown_budget is not None:
        words.append(f"lose={typed(100.0 * stated.drawdown_budget)}%")
    if stated.mode is MarginMode.CROSS:
        words.append(stated.mode.value)
    if stated.base_leverage is not None:
        words.append(f"base={typed(stated.base_leverage)}x")
    if stated.entry_usd is not None:
        words.append(f"entry={typed(stated.entry_usd)}")
    if stated.venue is not None:
        words.append(stated.venue.value)
    if stated.is_inverse:
        words.append("inverse")
    return words
