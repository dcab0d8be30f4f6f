"""The sentence for a position nobody can hold or check, with a line that would do."""

from math import isclose

from commands.protocol.numerals import typed
from commands.protocol.phrases import phrases_in
from commands.protocol.request import Misunderstood
from commands.wording import numbers
from market.margin import BUNDLED_ON, Impossible, ImpossiblePosition, Tiers
from market.observations import Asset, Venue


def refusal(
    impossible: ImpossiblePosition,
    asset: Asset,
    command: str = "/size",
    *,
    tiers: Tiers | None = None,
    language: str = "en",
) -> Misunderstood:
    """What a command that was told such a position raises; its example is one that can be held.

    `tiers` are the brackets it was checked with, None where none were found or those that are bundled.
    """
    words = {name: _in_words(name, value) for name, value in impossible.numbers.items() if name != "asset"}
    highest = impossible.numbers.get("highest")
    leverage = "5x" if highest is None or highest >= 5.0 else numbers.times(highest)
    venue = Venue.BINANCE if tiers is None else tiers.venue
    refused = Misunderstood(
        f"impossible.{impossible.why.value}",
        example=f"{command} {asset} {leverage} 10k",
        asset=asset,
        published=numbers.day_of(BUNDLED_ON if tiers is None else tiers.published_on),
        venue=phrases_in(language).word("venue", venue.value),
        **words,
    )
    return _asked_again(refused, impossible) if impossible.why is Impossible.ENTRY_FAR else refused


def _asked_again(refused: Misunderstood, slip: ImpossiblePosition) -> Misunderstood:
    """The entry is asked for once more, with the one of the same digits that lies beside the price as a button."""
    meant = slip.numbers.get("meant_price")
    # a price that a line has too few decimals for would be another one
    is_offered = meant is not None and isclose(float(typed(meant)), meant, rel_tol=1e-9)
    refused.field = "entry"
    refused.values = {**refused.values, "near": (typed(meant),) if is_offered and meant is not None else ()}
    return refused


def _in_words(name: str, value: float) -> str:
    """A number that shows why, as its name says it is meant: an amount, a price, a count, or a plain one."""
    if name == "farthest":
        return numbers.general(value)
    if name.endswith("_usd"):
        return numbers.money(value)
    return numbers.price(value) if name.endswith("_price") else numbers.plainly(value)
