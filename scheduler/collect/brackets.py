"""Asking a venue for maintenance brackets: one question at a time, read in US dollars where the venue counts contracts."""

import logging
from collections.abc import Mapping

from market.margin import Tiers
from market.observations import Asset
from scheduler.clock import Clock
from scheduler.exchange import Asked, Exchange, Instrument, Instruments
from scheduler.fetch import Fetcher, SourceFailed

_log = logging.getLogger(__name__)


async def ask_brackets(
    exchange: Exchange,
    contract: Instrument,
    listed: Instruments,
    price_usd: float,
    fetcher: Fetcher,
    clock: Clock,
) -> Mapping[Asset, Tiers]:
    """What the venue answers when asked for the brackets of a contract: of that asset, or of all that it lists.

    `price_usd` is the asset's price now. {} where the venue tells no brackets or gives no usable answer. Raises nothing
    but cancellation.
    """
    told: dict[Asset, Tiers] = {}
    for ask in exchange.tiers((contract,)) if exchange.tiers is not None else ():
        try:
            told |= await fetcher.get(ask, Asked(clock.now_ms(), listed, price_usd=price_usd))
        except SourceFailed:  # the fetcher has told of it, and the venue's status says so
            continue
        except Exception:  # noqa: BLE001  a slip of ours in one reader must not stop the others
            _log.exception("a slip of ours in reading the brackets of %s", exchange.venue)
    return told
