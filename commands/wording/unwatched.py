"""What a subscription rests on and cannot see just now: nothing of it can be told, and that is no calm."""

from collections.abc import Iterable, Iterator, Mapping

from commands.protocol.phrases import Phrases
from commands.wording.ages import missing_inputs
from commands.wording.panel import FIVE, unseen
from market.alerts import Kind
from market.observations import Asset
from market.reading import Presence
from market.report import market_time
from market.snapshot import Snapshot
from store.wishes import Subscription

RESTS_ON: Mapping[Kind, tuple[str, ...]] = {
    Kind.CASCADE: ("price",),
    Kind.REGIME: FIVE,
    Kind.STAGE: FIVE,
    Kind.FUNDING: ("funding",),
    Kind.OPEN_INTEREST: ("open_interest",),
    Kind.LIQUIDATIONS: ("liquidations",),
    Kind.SKEW: ("skew",),
}


def not_seen_of(kind: Kind, snapshot: Snapshot) -> tuple[str, ...]:
    """The inputs of a kind that are not seen now, and could be."""
    missing = missing_inputs(snapshot)
    return tuple(name for name in RESTS_ON[kind] if name in missing)


def not_seen_words(kind: Kind, snapshot: Snapshot, phrases: Phrases, now_ms: int) -> str:
    """The same in words: "price too old (10min)"; nothing where all of it is seen."""
    return ", ".join(unseen(snapshot, phrases, market_time(snapshot, now_ms), not_seen_of(kind, snapshot)))


def is_any_unwatched(wishes: Iterable[Subscription], snapshots: Mapping[Asset, Snapshot]) -> bool:
    """Whether anything that is subscribed to rests on what is not seen now, or was never read."""
    return any(
        (wish.asset is not None and wish.asset not in snapshots)
        or any(not_seen_of(wish.kind, one) for one in _of(wish, snapshots))
        for wish in wishes
    )


def oldest_price_ms(
    wishes: Iterable[Subscription], snapshots: Mapping[Asset, Snapshot], now_ms: int
) -> int | None:
    """How old the oldest price is that these are held against (ms), None where there is none."""
    prices = [(one, one.reading("price")) for wish in wishes for one in _of(wish, snapshots)]
    ages = [
        market_time(one, now_ms) - price.asof_ms
        for one, price in prices
        if price is not None and price.asof_ms is not None and price.presence is not Presence.ABSENT
    ]
    return max(ages, default=None)


def _of(wish: Subscription, snapshots: Mapping[Asset, Snapshot]) -> Iterator[Snapshot]:
    """The markets that a subscription is about, as far as they were read."""
    if wish.asset is None:
        yield from snapshots.values()
    elif wish.asset in snapshots:
        yield snapshots[wish.asset]
