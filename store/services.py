"""What the commands may ask of memory: Protocols only, so that a command runs on the store, on history or on the demo alike."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from market.alerts import Alert
from market.hourly import Hourly
from market.margin import Tiers
from market.observations import Asset, Venue
from market.options import Chain
from market.snapshot import Snapshot
from store.hindsight import Backtests, Warned
from store.persons import Person
from store.whom import Held, Subject
from store.wishes import Chat


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """Where the market comes from and how far evaluation has come.

    `source`: "none", "history", "simulated" or "live". `cycle_ms` is the market time between two evaluations,
    `lag_ms` how far the last evaluation ran behind its time.
    """

    source: str
    last_evaluation_ms: int | None = None
    cycle_ms: int | None = None
    lag_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How one venue stands: its questions (REST) and its streams. Times are UTC milliseconds, None where there was none.

    `state` is "open", "troubled", "shut", "banned", "geo_blocked" or "new"; `until_ms` when it may be asked again where it
    is shut. `streams_up` of `streams` are connected, `silent` names channels that have stalled. `why` is the last trouble
    in words, `complaints` are questions without a usable answer, `lists` how many watched assets the venue has.
    """

    venue: Venue
    state: str
    until_ms: int | None
    answered_ms: int | None
    heard_ms: int | None
    streams: int
    streams_up: int
    silent: tuple[str, ...]
    why: str | None
    complaints: tuple[str, ...]
    lists: int


@dataclass(frozen=True, slots=True)
class PastReport:
    """How far an asset's past has been read: a share of 0..1, and which parts of it could not be had, in words."""

    asset: Asset
    share: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A message that could not be delivered: its short name, to which address, and of when the news was (UTC ms).

    `at_ms` is when it was given up, `why` in the words of the platform or of the deliverer.
    """

    name: str
    address: str
    news_ms: int
    at_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of reading the settings again, by the names of variables.

    `taken` hold from now on, `waiting` have another value that a restart takes up. Where there are `problems`, a sentence each,
    everything stayed as it was.
    """

    taken: tuple[str, ...]
    waiting: tuple[str, ...]
    problems: tuple[str, ...] = ()


class Reloads(Protocol):
    """The settings of the service, read again while it runs."""

    async def reload(self) -> Reloaded:
        """Read and validate them as a whole, and take what can be taken, here and in the other processes of this store."""


class Blinded(StrEnum):
    """Why the market was not seen."""

    STOPPED = "stopped"
    STORE = "store"
    EXCHANGES = "exchanges"
    EVALUATION = "evaluation"


@dataclass(frozen=True, slots=True)
class Spell:
    """A time at which nothing was seen of the market, and so nobody warned (UTC ms)."""

    from_ms: int
    until_ms: int
    why: Blinded


class Snapshots(Protocol):
    """The last snapshot of each watched asset."""

    async def latest(self, asset: Asset) -> Snapshot | None:
        """The last snapshot of `asset`, None where there is none."""

    async def watched(self) -> tuple[Asset, ...]:
        """The watched assets, in the operator's order."""

    async def all(self) -> tuple[Snapshot, ...]:
        """The last snapshot of every watched asset that has one."""


class Feed(Protocol):
    """The state of the evaluation itself."""

    async def status(self) -> FeedStatus:
        """Where the market comes from and how fresh the evaluation is."""


class Sources(Protocol):
    """The venues the market is made of."""

    async def reports(self) -> tuple[SourceReport, ...]:
        """How each venue stands, as last told."""

    async def pasts(self) -> tuple[PastReport, ...]:
        """The assets whose past is still being read, or was read with something missing."""


class Spells(Protocol):
    """The times at which the service was blind."""

    async def spells(self) -> tuple[Spell, ...]:
        """The last of them, the newest first."""


class Watchlist(Protocol):
    """Which assets are watched; changes are taken up by the scheduler within a minute."""

    async def listed(self) -> tuple[Asset, ...]:
        """Every asset that a venue lists, watched or not; () before that is known."""

    async def add(self, asset: Asset) -> bool:
        """Watch one more; False where it is watched already. Durable when it returns."""

    async def drop(self, asset: Asset) -> bool:
        """Watch one less; False where it is not watched. Durable when it returns."""


class Chats(Protocol):
    """What each chat wants to hear, by its address."""

    async def get(self, address: str) -> Chat | None:
        """The chat, None where it is not known."""

    async def change(self, address: str, make: Callable[[Chat], Chat]) -> Chat:
        """Keep what `make` makes of the chat (of a new one where it is not known), and give it. Durable when it returns.

        `make` may be called again where somebody else changed the chat meanwhile; what it raises leaves all as it was.
        """

    async def move(self, old: str, new: str) -> bool:
        """Let a chat that got a new address keep all it has; False where it was not known. Repeating it is safe."""

    async def forget(self, address: str) -> bool:
        """Erase the chat; False where it was not known."""

    def all(self) -> AsyncIterator[Chat]:
        """Every chat, in no order; one that comes or goes meanwhile may be missed."""


class Post(Protocol):
    """What is warned of, and the way a warning takes."""

    async def recent(self, count: int) -> tuple[Alert, ...]:
        """The last `count` alerts, newest first."""

    async def hurry(self, address: str) -> int:
        """Look again now at what was held back from a chat; how many messages that is."""

    async def test(self, address: str, alert: Alert) -> bool:
        """Send a sample the way of a real warning; False where this one is on its way already."""

    async def resting(self) -> Mapping[str, int]:
        """Until when (UTC ms) nothing is sent on a platform, because it refused too much; platforms that rested are named too."""

    async def given_up(self) -> tuple[GivenUp, ...]:
        """The messages that could not be delivered, newest first; at most a thousand are kept."""

    async def requeue(self, names: Collection[str] | None = None) -> int:
        """Try those of these names (None: all) once more; how many there were. Durable when it returns."""


class People(Protocol):
    """What is kept of each person: own limits and plans, by name."""

    async def get(self, name: str) -> Person | None:
        """The person, None where nothing is kept of them."""

    async def change(self, name: str, make: Callable[[Person], Person]) -> Person:
        """Keep what `make` makes of the person (of a new one where none is known), and give it. Durable when it returns.

        `make` may be called again where somebody else changed the person meanwhile; what it raises leaves all as it was.
        """


class Hours(Protocol):
    """The closed hours of each watched asset, as far back as they are kept."""

    async def of(self, asset: Asset) -> Hourly | None:
        """The hours of `asset`, None where none are kept."""


class MarginTiers(Protocol):
    """The brackets of each venue: as it tells them, or bundled with their date where it does not."""

    async def of(self, asset: Asset, venue: Venue | None = None) -> Tiers | None:
        """The brackets of an asset at a venue, None where they are not known.

        Without a venue those of the first that has any: Binance (bundled), Bybit, OKX, Hyperliquid.
        """


class Memos(Protocol):
    """Short texts, each kept under a name for a time."""

    async def keep(self, name: str, text: str, lasts_s: int) -> None:
        """Keep a text for so many seconds, in place of what was kept under its name."""

    async def claim(self, name: str, text: str, lasts_s: int) -> str | None:
        """Keep a text for so many seconds where none is kept, and give None; else the text that is kept and stays.

        Of several that claim a name at once, exactly one is given None.
        """

    async def read(self, name: str) -> str | None:
        """The text, None where none is kept or its time is over."""


class Chains(Protocol):
    """The newest option chain of each watched asset that has an options market."""

    async def of(self, asset: Asset) -> Chain | None:
        """The newest chain of `asset`, None where none is kept."""


class Pictures(Protocol):
    """Pictures as PNG, each kept under its key for a time."""

    async def keep(self, key: str, png: bytes, lasts_s: int) -> None:
        """Keep a picture for so many seconds, in place of what was kept under its key."""

    async def read(self, key: str) -> bytes | None:
        """The picture, None where none is kept or its time is over."""


class Bucket(NamedTuple):
    """So many a minute of something with a name; a whole minute's worth may be used at once."""

    name: str
    a_minute: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What buckets said: seconds to wait (0: granted), the bucket that is short, and what is left of each."""

    wait_s: float
    short: Bucket | None
    left: tuple[float, ...]


class Limits(Protocol):
    """How often may be asked, and how many chats somebody may have warned, counted for all processes of one store."""

    async def take(self, buckets: Sequence[Bucket], cost: float) -> Taken:
        """Take `cost` of every bucket, or of none of them where one is short."""

    async def tell(self, costs: Mapping[Bucket, float]) -> Taken:
        """Say what was granted already: the buckets are the emptier for it, down to a minute's worth below nought."""

    async def may_warn(self, person: str, address: str, most: int) -> bool:
        """Whether a person may have one more chat warned, which is then one of theirs; True for one that is already."""

    async def warned(self, person: str) -> tuple[str, ...]:
        """The chats that a person had warned."""

    async def leave(self, person: str, addresses: Sequence[str]) -> None:
        """Chats are none of a person's any more, such as one that hears of nothing now."""


class Privacy(Protocol):
    """What is kept of a person or a chat, told to them and erased for good."""

    async def near(self, subject: Subject) -> Held:
        """What is kept under a subject's own names: most of it, and found at once."""

    async def held(self, subject: Subject) -> Held:
        """Everything that is kept of a subject; all of the store is looked through for it."""

    async def forget(self, subject: Subject, now_ms: int) -> bool:
        """Erase all of it; False where that goes on for a while. Durable when it returns: it is taken up after a crash."""


@dataclass(frozen=True, slots=True)
class Services:
    """All that a command may reach; a recorded market has no sources, no watchlist to change, and nobody to warn."""

    snapshots: Snapshots
    feed: Feed
    sources: Sources | None = None
    watchlist: Watchlist | None = None
    chats: Chats | None = None
    post: Post | None = None
    people: People | None = None
    hours: Hours | None = None
    tiers: MarginTiers | None = None
    memos: Memos | None = None
    pictures: Pictures | None = None
    chains: Chains | None = None
    sight: Spells | None = None
    limits: Limits | None = None
    reloads: Reloads | None = None
    privacy: Privacy | None = None
    backtests: Backtests | None = None
    warned: Warned | None = None
