"""The answer about an asset of which nothing has been read: how far its past has come, and where the market comes from."""

from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context
from commands.wording.absence import describe_absence
from market.observations import Asset


async def absence(asset: Asset, context: Context) -> Reply:
    """What is said where there is no snapshot of `asset`. Raises StoreUnavailable."""
    feed, past = await context.services.feed.status(), await context.past(asset)
    return describe_absence(asset, feed, past, phrases_in(context.language))
