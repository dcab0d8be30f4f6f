"""The answers to /plan: a plan with its three numbers and its ladder, a list, what was closed, and why nothing is added."""

from collections.abc import Sequence

from commands.protocol.numerals import typed, typed_moment
from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Note, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.columns import first_that_fits, fit, sides
from commands.wording.copies import plan_copies
from commands.wording.market import source_notes
from commands.wording.plan_losses import exit_words, loss_words
from commands.wording.plan_news import sentences
from commands.wording.plans import (
    behind_words,
    cross_lines,
    gap_lines,
    leverage_words,
    liquidation_line,
    plan_heading,
    plan_numbers,
    price_line,
    rung_lines,
    side_words,
    tight_words,
    won_words,
)
from commands.wording.sizing import new_size_words
from market.checklist import Advice
from market.margin import sign_of
from market.observations import Side
from market.plans import (
    MOST_PLANS,
    Happened,
    NoAdd,
    Noise,
    Plan,
    PlanNews,
    Rung,
    Standing,
    noise_of,
)
from market.report import market_time
from market.rules import Rules
from market.sizing import MarginMode, SizeCheck, Verdict, advice_numbers
from market.sizing.wallet import Others
from market.snapshot import Snapshot

MOST_BUTTONS = 8
LEAST_HOURS, LEAST_SHARE = 0.1, 0.01
"""Of a line right at the price, a horizon or a size that is told would be zero."""

_PULL_IN = frozenset({Happened.RISK_INVALIDATED, Happened.FUNDING_BEYOND})
"""What pulls rungs in, and says so itself."""


def describe_kept(
    plan: Plan,
    check: SizeCheck,
    already: PlanNews | None,
    snapshot: Snapshot,
    standing: Standing | None,
    phrases: Phrases,
    rules: Rules,
    now_ms: int,
    *,
    what: str,
    can_tell: bool,
    wallet: Others | None = None,
    is_twin: bool = False,
) -> Reply:
    """The answer to a plan that was made or made larger, said once it is kept for good; `what` became of it.

    `is_twin`: the same was stated a moment ago, and is kept once.
    """
    fits = check.verdict is Verdict.FITS
    is_spent = Happened.MAX_LOSS in plan.watch.told_ms
    is_clear = fits and not is_spent and check.advised.advice is Advice.PROCEED
    first = [
        *((phrases.say("plan.twin_told"),) if is_twin else ()),
        phrases.say("plan.watched_here" if can_tell else "plan.nobody_told"),
    ]
    if not fits:
        known = {"most": numbers.times(check.max_leverage), "leverage": leverage_words(plan)}
        is_never_now = check.verdict is Verdict.NEVER_SURVIVES_10PCT and check.new_notional_factor <= 0.0
        verdict = f"{check.verdict.value}_WAIT" if is_never_now else check.verdict.value
        first.append(phrases.say(f"plan_verdict.{verdict}", **known))
    first.extend(new_size_words(check, phrases))
    first.extend(_wallet_words(wallet, phrases))
    blocks: tuple[Block, ...] = (
        Heading(plan_heading(plan, what, phrases), Tone.GOOD if is_clear else Tone.CAUTION),
        *source_notes(snapshot, phrases, now_ms),
        *((Note("\n".join(sentences(already, phrases, rules)), Tone.CAUTION),) if already else ()),
        Text("\n".join(first)),
        *_body(plan, snapshot, standing, phrases, rules, now_ms, already=already),
    )
    advised = advice_numbers(check.advised)
    data = {"changed": True, "verdict": check.verdict.value, **advised, **plan_numbers(plan, standing)}
    copies = plan_copies(plan, standing, phrases)
    return Reply(blocks, _actions(plan, phrases), private=True, data=data, copies=copies)


def _wallet_words(wallet: Others | None, phrases: Phrases) -> list[str]:
    """Which other plans of a cross wallet were counted, and which could not be."""
    if wallet is None or not (wallet.count or wallet.unknown):
        return []
    told = [phrases.say("plan.wallet", count=wallet.count, amount=numbers.money(wallet.known_usd))]
    if wallet.unknown:
        told.append(phrases.say("plan.wallet_unknown", assets=", ".join(wallet.unknown)))
    return told


def describe_plan(
    plan: Plan,
    snapshot: Snapshot | None,
    standing: Standing | None,
    phrases: Phrases,
    rules: Rules,
    now_ms: int,
    *,
    is_watched: bool,
) -> Reply:
    """The answer to /plan show: a plan as it was made, and how it stands now."""
    what = phrases.say("plan.shown")
    notes = () if snapshot is None else source_notes(snapshot, phrases, now_ms)
    lost = () if is_watched else (Note(phrases.say("plan.unwatched", asset=plan.asset), Tone.STRESS),)
    blocks: tuple[Block, ...] = (
        Heading(plan_heading(plan, what, phrases)),
        *notes,
        *lost,
        *_body(plan, snapshot, standing, phrases, rules, now_ms),
    )
    copies = plan_copies(plan, standing, phrases)
    return Reply(
        blocks, _actions(plan, phrases), private=True, data=plan_numbers(plan, standing), copies=copies
    )


def describe_list(plans: Sequence[Plan], phrases: Phrases) -> Reply:
    """The answer to /plan list: each plan in two lines, as it was stated."""
    if not plans:
        return Reply((Note(phrases.say("plan.none_yet")),), private=True, data={"plans": []})
    lines = [line for plan in plans for line in _stated_lines(plan, phrases)]
    heading = fit(phrases.say("plan.heading_list", count=len(plans), most=MOST_PLANS))
    return Reply(
        (Heading(heading), Lines(tuple(lines))),
        (
            Action(phrases.say("button.positions"), "/positions"),
            *(
                Action(phrases.say("button.plan", id=plan.id), f"/plan show {plan.id}")
                for plan in plans[:MOST_BUTTONS]
            ),
        ),
        private=True,
        data={"plans": [plan_numbers(plan) for plan in plans]},
    )


def describe_closed(plan: Plan, standing: Standing | None, phrases: Phrases, now_ms: int) -> Reply:
    """The answer to /plan close, said once the plan is gone for good."""
    lines = [phrases.say("plan.closed_told")]
    if standing is not None:
        price, won = numbers.price(standing.price_usd), won_words(standing.profit_usd)
        lines.append(phrases.say("plan.closed_at", price=price, amount=won))
    if plan.watch.funding_paid_usd is not None:
        lines.append(phrases.say("plan.funding_in_all", amount=numbers.money(plan.watch.funding_paid_usd)))
    return Reply(
        (Heading(plan_heading(plan, phrases.say("plan.closed"), phrases)), Text("\n".join(lines))),
        (
            Action(phrases.say("button.positions"), "/positions"),
            Action(phrases.say("button.undo"), plan_line(plan, now_ms)),
        ),
        private=True,
        data={"changed": True, **plan_numbers(plan, standing)},
    )


def describe_no_add(plan: Plan, why: Sequence[NoAdd], phrases: Phrases) -> Reply:
    """The answer to /plan add where the rules forbid it: every reason, and that nothing was changed."""
    told = [phrases.word("no_add", reason.value) for reason in why]
    return Reply(
        (
            Heading(plan_heading(plan, phrases.say("plan.no_add"), phrases), Tone.STRESS),
            Text("\n".join((*told, phrases.say("plan.unchanged")))),
        ),
        (
            Action(phrases.say("button.why"), f"/why {plan.asset}"),
            Action(phrases.say("button.plan", id=plan.id), f"/plan show {plan.id}"),
        ),
        private=True,
        data={"changed": False, "why": [reason.value for reason in why], **plan_numbers(plan)},
    )


def plan_line(plan: Plan, now_ms: int) -> str:
    """The command line that states the same position again; a time of one's own that is over is left out."""
    words = ["/plan", plan.asset, f"{typed(plan.leverage)}x"]
    words += [] if plan.side is Side.LONG else [plan.side.value]  # no more than twelve words are read
    words += [f"equity={typed(plan.margin_usd)}", f"entry={typed(plan.entry_usd)}"]
    words += [
        f"hold={typed(plan.hold_hours)}h",
        f"lose={typed(100.0 * plan.drawdown_usd / plan.margin_usd)}%",
    ]
    if plan.line_usd is not None:
        words.append(f"line={typed(plan.line_usd)}")
    if plan.until_ms is not None and plan.until_ms > now_ms:
        words.append(f"until={typed_moment(plan.until_ms)}")
    if plan.mode is MarginMode.CROSS:
        words.append(plan.mode.value)
    if plan.is_inverse:
        words.append("inverse")
    return " ".join((*words, f"venue={plan.venue.value}"))


def _body(
    plan: Plan,
    snapshot: Snapshot | None,
    standing: Standing | None,
    phrases: Phrases,
    rules: Rules,
    now_ms: int,
    already: PlanNews | None = None,
) -> tuple[Block, ...]:
    """The three numbers, the ladder at the present price, and what else was stated; `already` was said above it."""
    lines = _remarks(plan, snapshot, standing, phrases, now_ms)
    if already is None or not _PULL_IN.intersection(already.happened):
        lines = [*_tight_words(plan, standing, phrases, rules), *lines]
    lines = [*exit_words(plan, standing, rules, phrases), *lines]
    if already is None or Happened.MAX_LOSS not in already.happened:
        lines = [*loss_words(plan, snapshot, standing, phrases, now_ms), *lines]
    return (
        Lines(_three_numbers(plan, standing, phrases)),
        Lines(_ladder(plan, snapshot, standing, phrases, now_ms)),
        Text("\n".join(lines)),
    )


def _three_numbers(plan: Plan, standing: Standing | None, phrases: Phrases) -> tuple[str, ...]:
    """The article's three numbers before every trade: the most to lose, the highest leverage, where it is reduced."""
    trim_usd = plan.entry_usd * (1.0 - sign_of(plan.side) * plan.ladder.trim)
    if standing is not None:
        trim_usd = standing.rungs_usd[Rung.TRIM] or trim_usd
    share = numbers.percent(plan.drawdown_usd / plan.margin_usd, signed=False)
    lose = phrases.say("plan.amount", amount=numbers.money(plan.drawdown_usd), share=share)
    return (
        sides(phrases.say("plan.lose"), lose),
        sides(phrases.say("plan.leverage"), numbers.times(plan.max_leverage)),
        sides(phrases.say("plan.reduce"), numbers.price(trim_usd)),
    )


def _ladder(
    plan: Plan, snapshot: Snapshot | None, standing: Standing | None, phrases: Phrases, now_ms: int
) -> tuple[str, ...]:
    if standing is None or snapshot is None:
        told = phrases.say("plan.no_price", asset=plan.asset)
        liquidation = numbers.price(plan.liquidation_usd) if plan.liquidation_usd else None
        end = () if liquidation is None else (phrases.say("plan.liquidation_bare", price=liquidation),)
        return tuple(fit(line) for line in (told, *end))
    return (
        price_line(plan, standing, snapshot, phrases, market_time(snapshot, now_ms)),
        *rung_lines(plan, standing, phrases),
        liquidation_line(plan, standing, standing.sigmas, phrases),
    )


def _remarks(
    plan: Plan, snapshot: Snapshot | None, standing: Standing | None, phrases: Phrases, now_ms: int
) -> list[str]:
    at_ms = now_ms if snapshot is None else market_time(snapshot, now_ms)
    return [
        *_thesis_words(plan, standing, phrases),
        behind_words(plan, phrases),
        *cross_lines(plan, phrases),
        *gap_lines(plan.watch.gaps, at_ms, phrases),
    ]


def _tight_words(plan: Plan, standing: Standing | None, phrases: Phrases, rules: Rules) -> list[str]:
    """That rungs are pulled in and by what; paying too much does not forbid adding, the market does."""
    if standing is None or not standing.is_tight:
        return []
    key = "plan.tight" if Happened.RISK_INVALIDATED in plan.watch.told_ms else "plan.tight_funding"
    return [phrases.say(key, factor=tight_words(rules.sizing.ladder.tightened))]


def _thesis_words(plan: Plan, standing: Standing | None, phrases: Phrases) -> list[str]:
    """The trader's own line and time, and whether the line is noise: nearer than one standard deviation of the horizon."""
    lines = []
    if plan.until_ms is not None:
        lines.append(phrases.say("plan.until", until=numbers.date_and_clock(plan.until_ms)))
    if plan.line_usd is None:
        return lines
    lines.append(phrases.say("plan.line", line=numbers.price(plan.line_usd)))
    noise = None if standing is None else noise_of(plan, standing.price_usd)
    return lines if noise is None else [*lines, *_noise_words(noise, plan, phrases)]


def _noise_words(noise: Noise, plan: Plan, phrases: Phrases) -> list[str]:
    hold = f"{numbers.general(plan.hold_hours)} h"
    told = [phrases.say("plan.noise", sigmas=numbers.decimals(noise.sigmas, 1), hold=hold)]
    hours = numbers.decimals(noise.hours, 0 if noise.hours >= 1.0 else 1)
    if noise.hours >= LEAST_HOURS:
        told.append(phrases.say("plan.noise_hours", hours=hours))
    if noise.wider_line_usd is not None and (noise.smaller_share or 0.0) >= LEAST_SHARE:
        size = numbers.percent(noise.smaller_share, signed=False, digits=0)
        told.append(phrases.say("plan.noise_wider", line=numbers.price(noise.wider_line_usd), size=size))
    return told


def _stated_lines(plan: Plan, phrases: Phrases) -> tuple[str, str]:
    side = side_words(plan, phrases)
    entry, margin = numbers.price(plan.entry_usd), numbers.money(plan.margin_usd)
    own = phrases.say("plan.line_short", line=numbers.price(plan.line_usd)) if plan.line_usd else ""
    return (
        fit(f"{plan.id} {plan.asset} {leverage_words(plan)} {side}"),
        first_that_fits(
            "  " + phrases.say("plan.stated", entry=entry, margin=margin) + own,
            "  " + phrases.say("plan.stated", entry=entry, margin=margin),
        ),
    )


def _actions(plan: Plan, phrases: Phrases) -> tuple[Action, ...]:
    leverage = f"{typed(round(plan.leverage, 1))}x"
    return (
        Action(phrases.say("button.positions"), "/positions"),
        Action(phrases.say("button.size"), f"/size {plan.asset} {leverage} {plan.side.value}"),
        Action(phrases.say("button.closed", id=plan.id), f"/plan close {plan.id}"),
    )
