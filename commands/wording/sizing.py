"""A checked size in words: the verdict, the market it stands in, the chain of caps, what would make it fit, and the rest."""

from functools import partial

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Block, Heading, Lines, Numbers, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.advising import hidden_words
from commands.wording.columns import first_of
from commands.wording.copies import size_copies
from commands.wording.learning import learning_lines
from commands.wording.market import listed, live_moment, paragraph, source_notes
from commands.wording.paragraphs import evidence_of
from commands.wording.sized import Sized, numbers_of_size
from commands.wording.sizing_lines import (
    budget_lines,
    cap_lines,
    invalidated_because,
    rung_lines,
    stance_lines,
    thin_book,
)
from commands.wording.sizing_notes import (
    age_words,
    assumption_words,
    beyond_own_words,
    limit_words,
    wallet_words,
)
from commands.wording.sizing_ways import fitting_lines, size_actions
from market.checklist import Advice, Checklist
from market.observations import MINUTE_MS
from market.once import once
from market.report import market_time
from market.rules import Rules
from market.sizing import Cap, Ground, Reduction, SizeCheck, Verdict
from market.snapshot import Snapshot
from market.table import State

_LEARNED_BY = ("price", "volatility", "liquidations", "funding", "open_interest", "skew")
"""What a size is cut by, or its checks rest on: how far each has learned is said."""


def describe_size(sized: Sized, phrases: Phrases, rules: Rules, now_ms: int) -> Reply:
    """The answer to /size; everything in it is about one position, so it is private."""
    check, snapshot = sized.check, sized.snapshot
    because = _because(sized, phrases)
    first = (verdict_words(check, phrases), *new_size_words(check, phrases))
    blocks: tuple[Block, ...] = (
        Heading(size_heading(check, phrases), _tone(check)),
        *source_notes(snapshot, phrases, now_ms),
        Text("\n".join((*first, market_words(check, snapshot, phrases, now_ms)))),
        Lines(tuple(cap_lines(check, phrases))),
        Lines(tuple(stance_lines(check, sized.adverse, phrases))),
        Lines(
            (
                *fitting_lines(sized, phrases),
                *budget_lines(check, phrases),
                *rung_lines(check, because, phrases, rules),
            )
        ),
        *paragraph(_notes(sized, phrases)),
        *evidence_of(_rests_on(sized, phrases, rules)),
        Text("\n".join(age_words(check, snapshot, phrases, now_ms))),
    )
    return Reply(
        blocks,
        size_actions(sized, phrases),
        private=True,
        data=Numbers(partial(numbers_of_size, sized)),
        at_ms=live_moment(snapshot),
        copies=size_copies(sized, phrases),
    )


def size_heading(check: SizeCheck, phrases: Phrases) -> str:
    """The whole answer in a line: "BTC 5x long · TOO MUCH NOW"."""
    position, verdict = check.position, check.verdict
    known = {
        "asset": position.asset,
        "leverage": numbers.plainly(position.leverage),
        "side": phrases.word("side", position.side),
    }
    words = (phrases.word("verdict", verdict), phrases.word("verdict_short", verdict))
    return first_of(phrases.say("size.heading", **known, verdict=word) for word in words)


def _tone(check: SizeCheck) -> Tone:
    """Good only where nothing stands against taking it."""
    if check.verdict is Verdict.FITS:
        return Tone.GOOD if check.advised.advice is Advice.PROCEED else Tone.CAUTION
    return Tone.CAUTION if check.verdict is Verdict.TOO_MUCH_NOW else Tone.STRESS


def verdict_words(check: SizeCheck, phrases: Phrases) -> str:
    """Why: what fits here, which cap binds, and what the asked size would take."""
    known: dict[str, object] = {
        "most": numbers.times(check.max_leverage),
        "cap": phrases.word("cap", _binding(check)),
        "leverage": numbers.plainly(check.position.leverage),
    }
    # what is not to be opened now is told as what would fit once that is over
    waits = check.new_notional_factor <= 0.0
    match check.verdict:
        case Verdict.NEVER_SURVIVES_10PCT if check.position.leverage <= check.caps[Cap.TEN_PERCENT]:
            return phrases.say("size.never_from_here_wait" if waits else "size.never_from_here", **known)
        case Verdict.NEVER_SURVIVES_10PCT:
            key = "size.never_wait" if waits else "size.never"
            return phrases.say(key, **known, ten=numbers.times(check.caps[Cap.TEN_PERCENT]))
        case Verdict.WAIT:
            return phrases.say("size.wait", **known, met=check.checklist.met)
        case Verdict.FITS:
            return phrases.say("size.fits", **known)
    if check.max_leverage < 1.0:
        return phrases.say("size.nothing_fits", **known)
    if check.margin_total_share is None:
        return phrases.say("size.too_much_ever", **known)
    if check.margin_total_usd is None:
        return phrases.say(
            "size.too_much_bare", **known, times=numbers.enough_times(check.margin_total_share)
        )
    needed = numbers.enough(check.margin_total_usd)
    return phrases.say(
        "size.too_much", **known, needed=needed, equity=numbers.money(check.position.equity_usd)
    )


def new_size_words(check: SizeCheck, phrases: Phrases) -> tuple[str, ...]:
    """How much of a new size may be taken now, where that is not all of it."""
    if check.new_notional_factor >= 1.0:
        return ()
    checklist, grounds = check.checklist, check.advised.grounds
    if Ground.FLASHING in grounds:
        why = phrases.say("size.why_checks", met=checklist.met)
    elif Ground.UNSEEN in grounds:
        why = phrases.say("size.why_hidden", hidden=hidden_words(checklist, phrases))
    else:
        is_blind = check.state is State.INSUFFICIENT_DATA
        why = phrases.say("size.why_blind" if is_blind else "size.why_uncertain")
    return (phrases.say("size.half" if check.new_notional_factor > 0.0 else "size.none", why=why),)


def market_words(check: SizeCheck, snapshot: Snapshot, phrases: Phrases, now_ms: int) -> str:
    """The state of this moment and the checks that flash against this side."""
    since_ms = max(0, market_time(snapshot, now_ms) - snapshot.regime.since_ms)
    state = phrases.word("state", check.state)
    if since_ms >= MINUTE_MS:
        state = phrases.say("size.state_for", state=state, time=numbers.duration(since_ms))
    checklist = check.checklist
    flashing, hidden = _flashing(snapshot, checklist, phrases)
    known: dict[str, object] = {
        "state": state,
        "met": checklist.met,
        "advice": phrases.word("check_advice", check.advised.advice),
        "hidden": hidden,
    }
    is_beside_the_verdict = check.advised.advice is Advice.PROCEED and check.verdict is not Verdict.FITS
    if not flashing:
        return phrases.say("size.market_bare" if is_beside_the_verdict else "size.market_clear", **known)
    key = "size.market_flashing" if is_beside_the_verdict else "size.market"
    return phrases.say(key, **known, flashing=flashing)


@once()
def _flashing(snapshot: Snapshot, checklist: Checklist, phrases: Phrases) -> tuple[str, str]:
    """The checks that flash, "" where none does, and how many are no sign of calm as it follows behind them."""
    flashing = [phrases.word("input", one.question) for one in checklist.checks if one.met]
    hidden = hidden_words(checklist, phrases)
    if not flashing:
        return "", f" ({hidden})" if hidden else ""
    return listed(flashing, phrases), f", {hidden}" if hidden else ""


def _because(sized: Sized, phrases: Phrases) -> str:
    """Why the rungs are pulled in, if they are."""
    if not sized.check.advised.has_turned:
        return phrases.word("invalidated", "own_funding")
    return invalidated_because(sized.check, sized.snapshot, phrases)


def _notes(sized: Sized, phrases: Phrases) -> list[str]:
    """What has to be seen before the position is opened."""
    check = sized.check
    return [
        *((phrases.say("size.no_adds"),) if check.advised.has_turned else ()),
        *beyond_own_words(check, sized.own_funding_8h, phrases),
        *wallet_words(sized.stated, sized.others, phrases),
    ]


def _rests_on(sized: Sized, phrases: Phrases, rules: Rules) -> list[str]:
    """Whose limits hold, what was assumed for want of a number, and what has still to be learned."""
    return [
        *limit_words(sized.check, rules, phrases, can_keep=sized.can_keep),
        *assumption_words(sized.check, phrases),
        *learning_lines(sized.snapshot, phrases, _LEARNED_BY),
    ]


def _binding(check: SizeCheck) -> str:
    if check.binding_cap is Cap.CONTINUOUS and thin_book(check) is not None:
        return "continuous_and_book"
    if check.binding_cap is not Cap.STEP:
        return check.binding_cap
    if len(check.chain) > 1:
        return "step_reduced"
    return "step_yours" if check.chain[0].why is Reduction.BASE_YOURS else "step"
