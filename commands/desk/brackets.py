"""The margin brackets a position is checked with: as its venue tells them, else as they are bundled, with their date."""

from commands.protocol.phrases import phrases_in
from commands.protocol.position_words import TRADED_AT
from commands.protocol.request import Context, Misunderstood
from market.margin import Tiers, bundled_tiers, tiers_of
from market.observations import Asset, Venue

WITHOUT_INVERSE = frozenset({Venue.HYPERLIQUID})
"""The venues that have no contracts margined in the coin."""


async def brackets(context: Context, asset: Asset, venue: Venue | None, *, is_inverse: bool = False) -> Tiers:
    """The brackets of an asset at a venue, or at the first that has any where none is said.

    Raises ImpossiblePosition(NO_TIERS) where nobody's are known, and Misunderstood, naming the venues whose are, where this
    venue's are not: a liquidation price is never made of another venue's.
    """
    if is_inverse and venue in WITHOUT_INVERSE:
        told = phrases_in(context.language).word("venue", venue.value)
        raise Misunderstood("position.no_inverse_there", venue=told)
    found = await known_brackets(context, asset, venue)
    if found is not None:
        return found
    others = () if venue is None else await venues_with(context, asset)
    if venue is None or not others:
        return tiers_of(asset)
    phrases = phrases_in(context.language)
    names = ", ".join(phrases.word("venue", other.value) for other in others)
    told = phrases.word("venue", venue.value)
    raise Misunderstood("position.no_tiers_there", asset=asset, venue=told, others=names)


async def known_brackets(context: Context, asset: Asset, venue: Venue | None) -> Tiers | None:
    """The same, None where they are not known."""
    tiers = context.services.tiers
    found = None if tiers is None else await tiers.of(asset, venue)
    if found is None and venue in {None, Venue.BINANCE}:
        return bundled_tiers().get(asset)
    return found


async def venues_with(context: Context, asset: Asset) -> tuple[Venue, ...]:
    """The venues whose brackets of an asset are known, in the order in which one is taken."""
    return tuple([venue for venue in TRADED_AT if await known_brackets(context, asset, venue) is not None])
