"""Numbers to be copied: in plain digits, as an exchange takes them and commands read them, whatever the reader's style."""

from collections.abc import Mapping

from commands.protocol.amounts import read_number
from commands.protocol.numerals import typed, unmistakable
from commands.protocol.phrases import Phrases
from commands.protocol.reply import Copy
from commands.wording import numbers
from commands.wording.sized import Sized
from commands.wording.sizing_lines import told_budget, told_stance
from commands.wording.sizing_ways import most_usd
from market.levels import Levels
from market.plans import Plan, Rung
from market.plans.standing import Standing

MOST_HEAPS = 2
"""So many of the heaviest prices on each side of the present one."""


def size_copies(sized: Sized, phrases: Phrases) -> tuple[Copy, ...]:
    """Of a checked size: the size that keeps all limits, the forced close at the leverage asked for, and the way out."""
    check, usd = sized.check, _fitting_usd(sized)
    size = () if usd is None else (Copy(_label("size", numbers.money(usd), phrases), plain_money(usd)),)
    liquidation = check.asked.liquidation_price_usd
    return (
        *size,
        *price_copies({"liquidation": liquidation, "exit": told_stance(check).ladder.exit_usd}, phrases),
    )


def plan_copies(plan: Plan, standing: Standing | None, phrases: Phrases) -> tuple[Copy, ...]:
    """Of a plan: its rungs as they are now, and its forced close."""
    rungs = {} if standing is None else {rung.value: standing.rungs_usd[rung] for rung in Rung}
    return price_copies({**rungs, "liquidation": plan.liquidation_usd}, phrases)


def levels_copies(levels: Levels, phrases: Phrases) -> tuple[Copy, ...]:
    """The heaviest prices below and above."""
    sides = {"below": levels.below.heaps, "above": levels.above.heaps}
    return tuple(
        copied
        for name, heaps in sides.items()
        for heap in heaps[:MOST_HEAPS]
        for copied in price_copies({name: heap.price_usd}, phrases)
    )


def price_copies(prices: Mapping[str, float | None], phrases: Phrases) -> tuple[Copy, ...]:
    """Prices in USD by what they are (the phrases' table `copy`); without those that are not known."""
    written = [(name, usd, numbers.english_price(usd)) for name, usd in prices.items() if usd is not None]
    return tuple(
        [
            Copy(_label(name, numbers.marked(shown), phrases), plain)
            for name, usd, shown in written
            if (plain := _plain(usd, shown)) is not None
        ]
    )


def plain_price(usd: float) -> str | None:
    """A price with the digits in which it is shown; None for one too small to be read back."""
    return _plain(usd, numbers.english_price(usd))


def _plain(usd: float, shown: str) -> str | None:
    digits = shown.replace(",", "")
    plain = typed(usd) if read_number(digits) is None else unmistakable(digits)
    return plain if float(plain) > 0.0 else None


def plain_money(usd: float) -> str:
    """An amount of dollars with the digits in which it is shown."""
    shown = numbers.english_money(usd).replace(",", "")
    return typed(round(usd)) if read_number(shown) is None else unmistakable(shown)


def _label(name: str, number: str, phrases: Phrases) -> str:
    return phrases.say(f"copy.{name}", number=number)


def _fitting_usd(sized: Sized) -> float | None:
    """The notional of a new position that keeps every limit that is told: the caps, the checks and what is to be lost.

    None where no new one is to be taken, one is held already, or nothing was said of the equity.
    """
    check = sized.check
    if sized.stated.entry_usd is not None or check.budget.notional_usd is None or check.max_leverage < 1.0:
        return None
    now = check.new_notional_factor
    budget_usd = check.budget.notional_usd if now < 1.0 else told_budget(check)[1]
    usd = now * min(most_usd(check), budget_usd)
    return usd if usd > 0.0 else None
