"""What a chat wants to hear and when it is not to be disturbed: values only, for whoever changes, matches or delivers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from market.alerts import CLASSES, Alert, Kind, Severity
from market.observations import Asset


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a chat wants to hear: warnings of a kind, of one asset or (None) of every watched one, from `least` up."""

    asset: Asset | None
    kind: Kind
    least: Severity = Severity.WATCH


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When a chat is not to be disturbed: minutes of the local day of an IANA zone, over midnight where end <= begin."""

    begin_minute: int
    end_minute: int
    zone: str
    critical_pierces: bool = False


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat or topic, by its address ("telegram:-100123:7", "discord:987").

    `muted_ms` says until when (UTC ms) an asset is muted, "" standing for all. `daily_cap` limits new messages a local
    day, `least` is the lowest severity of all its subscriptions, `suspended` why it cannot be reached (None: it can),
    `acknowledged` are ids of warnings that are not to be repeated.
    """

    address: str
    subscriptions: tuple[Subscription, ...] = ()
    quiet: QuietHours | None = None
    muted_ms: Mapping[str, int] = field(default_factory=dict)
    daily_cap: int | None = None
    least: Severity = Severity.WATCH
    language: str | None = None
    zone: str = "UTC"
    default_asset: Asset | None = None
    suspended: str | None = None
    acknowledged: tuple[str, ...] = ()
    made_ms: int = 0


def wants(chat: Chat, alert: Alert) -> bool:
    """Whether a chat, as it is now, wants to hear of an alert."""
    rank = CLASSES.index(alert.severity)
    return any(
        wish.kind is alert.kind
        and wish.asset in {None, alert.asset}
        and rank >= max(CLASSES.index(wish.least), CLASSES.index(chat.least))
        for wish in chat.subscriptions
    )
