"""What a plan says of its first number: where the most to lose is lost, and that the way to the exit loses more."""

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.plans import spent_words, step_word
from market.plans import Happened, Plan, Rung, Standing, lost_share, rung_usd, steps_of
from market.report import market_time
from market.rules import Rules
from market.snapshot import Snapshot


def loss_words(
    plan: Plan, snapshot: Snapshot | None, standing: Standing | None, phrases: Phrases, now_ms: int
) -> list[str]:
    """That the most to lose is lost, or before which rung it will be: by the plan's first number it is out there."""
    if Happened.MAX_LOSS in plan.watch.told_ms:
        return [spent_words(plan, now_ms if snapshot is None else market_time(snapshot, now_ms), phrases)]
    steps = () if standing is None else steps_of(plan, standing)
    names = [step for step, usd in steps if usd is not None]
    after = names[names.index(Happened.MAX_LOSS) + 1 :] if Happened.MAX_LOSS in names else []
    if standing is None or not after:
        return []
    known = {
        "share": numbers.percent(plan.drawdown_usd / plan.margin_usd, signed=False),
        "amount": numbers.money(plan.drawdown_usd),
        "price": numbers.price(standing.max_loss_usd),
        "rung": step_word(after[0], phrases),
    }
    return [phrases.say("plan.loss_first", **known)]


def exit_words(plan: Plan, standing: Standing | None, rules: Rules, phrases: Phrases) -> list[str]:
    """That the way to the exit loses more than is to be lost, fees in and out with it, and the size with which it does not.

    That size is of the exit before it is pulled in, and never more than fitted: see `market.sizing.check.Budget`.
    """
    exit_usd = None if standing is None else standing.rungs_usd[Rung.EXIT]
    if exit_usd is None:
        return []
    fees = 2.0 * rules.sizing.fee_rate
    loss_usd = plan.notional_usd * (lost_share(plan, exit_usd) + fees)
    if loss_usd <= plan.drawdown_usd:
        return []
    untightened_usd = rung_usd(plan, Rung.EXIT, rules, tight=False) or exit_usd
    size_usd = plan.drawdown_usd / (lost_share(plan, untightened_usd) + fees)
    most_usd = numbers.down_to_tenths(plan.max_leverage) * plan.margin_usd
    known = {
        "exit": numbers.price(exit_usd),
        "loss": numbers.money(round(loss_usd)),
        "drawdown": numbers.money(plan.drawdown_usd),
        "size": numbers.money(round(min(size_usd, most_usd))),
    }
    return [phrases.say("plan.exit_loses", **known)]
