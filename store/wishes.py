"""What a chat wants to hear and when it is not to be disturbed: values only, for whoever changes, matches or delivers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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


MOST_CHANGES = 20
"""So many changes of a chat are remembered, the newest."""
LEFT = "the server removed the bot"
"""Why the chats of a server are passed over whose administrators have removed the bot."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who changed what of a chat, and when (UTC ms).

    `by` is a person, "discord:456"; empty where a group or channel itself spoke. `did` is a word of `changes_of`, `what`
    says of what, in the words of commands.
    """

    at_ms: int
    by: str
    did: str
    what: str


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat or topic, by its address ("telegram:-100123:7", "discord:987").

    `muted_ms` says until when (UTC ms) an asset is muted, "" standing for all. `daily_cap` limits new messages a local
    day, `least` is the lowest severity of all its subscriptions, `suspended` why it cannot be reached (None: it can),
    `acknowledged` are ids of warnings that are not to be repeated. `suspended_ms` is since when it is suspended (0: not
    known), `server` the server it belongs to ("" where it has none, or nobody said), `changes` the newest changes, oldest
    first. `ping_role` is the role of its server that a wave mentions, once, from severity `ping_least` up; with
    `thread_a_wave` what follows a wave's first message goes into a thread below it. `public`: everybody sees answers on the
    state of the market. `spoken` is the language of whoever is alone here with the bot, in which warnings come where none was
    chosen ("" where nobody is, or nobody said).
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
    suspended_ms: int = 0
    server: str = ""
    ping_role: str | None = None
    ping_least: Severity = Severity.CRITICAL
    thread_a_wave: bool = False
    public: bool = False
    changes: tuple[Change, ...] = ()
    spoken: str = ""

    @property
    def written_in(self) -> str:
        """The language of what is sent here, "" where none was chosen and none is known."""
        return self.language or self.spoken


def platform_of(address: str) -> str:
    """The platform of an address: "telegram" of "telegram:-100123:7"."""
    return address.partition(":")[0]


def suspend(chat: Chat, why: str, now_ms: int) -> Chat:
    """The chat as one that nothing is sent to; since when stays as it was where it was one already."""
    since_ms = now_ms if chat.suspended is None else chat.suspended_ms or now_ms
    return replace(chat, suspended=why, suspended_ms=since_ms)


def revive(chat: Chat) -> Chat:
    """The chat as one that is sent warnings again."""
    return replace(chat, suspended=None, suspended_ms=0)


def joined(chat: Chat, there: Chat | None, address: str) -> Chat:
    """The chat at its new address; where that one was known already, it also keeps its own subscriptions."""
    known = there.subscriptions if there is not None else ()
    return replace(chat, address=address, subscriptions=tuple(dict.fromkeys((*chat.subscriptions, *known))))


def wants(chat: Chat, alert: Alert) -> bool:
    """Whether a chat, as it is now, wants to hear of an alert."""
    rank = CLASSES.index(alert.severity)
    return any(
        wish.kind is alert.kind
        and wish.asset in {None, alert.asset}
        and rank >= max(CLASSES.index(wish.least), CLASSES.index(chat.least))
        for wish in chat.subscriptions
    )
