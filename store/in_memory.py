"""The same services without a server, for answers from a history file and for tests of commands."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping

from market.alerts import Alert
from market.hourly import Hourly
from market.margin import Tiers
from market.observations import Asset, Venue
from market.options import Chain
from market.snapshot import Snapshot
from store.persons import Person
from store.services import FeedStatus, GivenUp, PastReport, SourceReport
from store.tiers import IN_TURN, bundled_at
from store.wishes import Chat, joined


class SnapshotsInMemory:
    """Implements `store.services.Snapshots` in this process; `watched` are the assets in the operator's order."""

    def __init__(self, watched: Iterable[Asset] = (), snapshots: Iterable[Snapshot] = ()) -> None:
        self._watched = tuple(dict.fromkeys(watched))
        self._latest = {snapshot.asset: snapshot for snapshot in snapshots}

    async def latest(self, asset: Asset) -> Snapshot | None:
        """The last snapshot of `asset`, None where there is none."""
        return self._latest.get(asset)

    async def watched(self) -> tuple[Asset, ...]:
        """The watched assets, in the operator's order."""
        return self._watched

    async def all(self) -> tuple[Snapshot, ...]:
        """The last snapshot of every watched asset that has one, in the operator's order."""
        return tuple(self._latest[asset] for asset in self._watched if asset in self._latest)

    async def save(self, snapshot: Snapshot) -> None:
        """Keep one snapshot as the last of its asset."""
        self._latest[snapshot.asset] = snapshot

    async def save_all(self, snapshots: Iterable[Snapshot]) -> None:
        """Keep the snapshots of one cycle."""
        self._latest.update({snapshot.asset: snapshot for snapshot in snapshots})

    async def watch(self, assets: Iterable[Asset]) -> None:
        """Set the watched assets, in the operator's order; the snapshots of those no longer watched go."""
        self._watched = tuple(dict.fromkeys(assets))
        self._latest = {asset: self._latest[asset] for asset in self._watched if asset in self._latest}


class FeedInMemory:
    """Implements `store.services.Feed` in this process."""

    def __init__(self, status: FeedStatus | None = None) -> None:
        self._status = status or FeedStatus("none")

    async def status(self) -> FeedStatus:
        """Where the market comes from and how fresh the evaluation is."""
        return self._status

    async def save(self, status: FeedStatus) -> None:
        """Keep the status."""
        self._status = status


class SourcesInMemory:
    """Implements `store.services.Sources` in this process."""

    def __init__(self, reports: Iterable[SourceReport] = (), pasts: Iterable[PastReport] = ()) -> None:
        self._reports = tuple(reports)
        self._pasts = {past.asset: past for past in pasts}

    async def reports(self) -> tuple[SourceReport, ...]:
        """How each venue stands, as last told."""
        return self._reports

    async def pasts(self) -> tuple[PastReport, ...]:
        """The assets whose past is still being read, or was read with something missing; by name."""
        return tuple(self._pasts[asset] for asset in sorted(self._pasts))

    async def save_reports(self, reports: Iterable[SourceReport]) -> None:
        """Keep how the venues stand."""
        self._reports = tuple(reports)

    async def save_past(self, past: PastReport) -> None:
        """Keep how far a past has been read; one that was read with nothing missing is no news any more."""
        self._pasts[past.asset] = past
        if past.share >= 1.0 and not past.missing:
            await self.forget_past(past.asset)

    async def forget_past(self, asset: Asset) -> None:
        """Drop what was told of an asset's past."""
        self._pasts.pop(asset, None)


class WatchlistInMemory:
    """Implements `store.services.Watchlist` in this process; the watched assets are those of `snapshots`."""

    def __init__(self, snapshots: SnapshotsInMemory, listed: Iterable[Asset] = ()) -> None:
        self._snapshots = snapshots
        self._listed = tuple(listed)

    async def listed(self) -> tuple[Asset, ...]:
        """Every asset that a venue lists, watched or not; () before that is known."""
        return self._listed

    async def save_listed(self, assets: Iterable[Asset]) -> None:
        """Keep what the venues list."""
        self._listed = tuple(assets)

    async def add(self, asset: Asset) -> bool:
        """Watch one more; False where it is watched already."""
        watched = await self._snapshots.watched()
        await self._snapshots.watch((*watched, asset))
        return asset not in watched

    async def drop(self, asset: Asset) -> bool:
        """Watch one less; False where it is not watched."""
        watched = await self._snapshots.watched()
        await self._snapshots.watch(other for other in watched if other != asset)
        return asset in watched


class ChatsInMemory:
    """Implements `store.services.Chats` in this process."""

    def __init__(self, chats: Iterable[Chat] = ()) -> None:
        self._chats = {chat.address: chat for chat in chats}

    async def get(self, address: str) -> Chat | None:
        """The chat, None where it is not known."""
        return self._chats.get(address)

    async def change(self, address: str, make: Callable[[Chat], Chat]) -> Chat:
        """Keep what `make` makes of the chat (of a new one where it is not known), and give it."""
        chat = self._chats[address] = make(self._chats.get(address, Chat(address)))
        return chat

    async def move(self, old: str, new: str) -> bool:
        """Let a chat that got a new address keep all it has; False where it was not known."""
        chat, there = self._chats.pop(old, None), self._chats.get(new)
        if chat is not None:
            self._chats[new] = joined(chat, there, new)
        return chat is not None

    async def forget(self, address: str) -> bool:
        """Erase the chat; False where it was not known."""
        return self._chats.pop(address, None) is not None

    async def all(self) -> AsyncIterator[Chat]:
        """Every chat, in no order."""
        for chat in tuple(self._chats.values()):
            yield chat


class PeopleInMemory:
    """Implements `store.services.People` in this process."""

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self._people = {person.name: person for person in people}

    async def get(self, name: str) -> Person | None:
        """The person, None where nothing is kept of them."""
        return self._people.get(name)

    async def change(self, name: str, make: Callable[[Person], Person]) -> Person:
        """Keep what `make` makes of the person (of a new one where none is known), and give it."""
        person = self._people[name] = make(self._people.get(name, Person(name)))
        return person

    async def forget(self, name: str) -> bool:
        """Erase all that is kept of a person; False where nothing was."""
        return self._people.pop(name, None) is not None


class ChainsInMemory:
    """Implements `store.services.Chains` in this process."""

    def __init__(self, chains: Iterable[Chain] = ()) -> None:
        self._chains = {chain.asset: chain for chain in chains}

    async def of(self, asset: Asset) -> Chain | None:
        """The newest chain of `asset`, None where none is kept."""
        return self._chains.get(asset)


class PostInMemory:
    """Implements `store.services.Post` in this process; `samples` are those that were sent, by address."""

    def __init__(
        self,
        alerts: Iterable[Alert] = (),
        given_up: Iterable[GivenUp] = (),
        resting: Mapping[str, int] | None = None,
    ) -> None:
        self._resting = dict(resting or {})
        self._alerts = sorted(alerts, key=lambda alert: alert.at_ms, reverse=True)
        self._given_up = sorted(given_up, key=lambda one: one.at_ms, reverse=True)
        self.samples: dict[str, Alert] = {}

    async def recent(self, count: int) -> tuple[Alert, ...]:
        """The last `count` alerts, newest first."""
        return tuple(self._alerts[: max(0, count)])

    async def hurry(self, address: str) -> int:
        """Nothing is ever held back here."""
        return 0

    async def test(self, address: str, alert: Alert) -> bool:
        """Keep a sample; False where this one is kept already."""
        is_new = self.samples.get(address) != alert
        self.samples[address] = alert
        return is_new

    async def resting(self) -> Mapping[str, int]:
        """Until when nothing is sent, by platform."""
        return dict(self._resting)

    async def given_up(self) -> tuple[GivenUp, ...]:
        """What could not be delivered, newest first."""
        return tuple(self._given_up)

    async def requeue(self, names: Collection[str] | None = None) -> int:
        """Take those of these names (None: all) off the list."""
        left = [one for one in self._given_up if names is not None and one.name not in names]
        back, self._given_up = len(self._given_up) - len(left), left
        return back


class HoursInMemory:
    """Implements `store.services.Hours` in this process."""

    def __init__(self, hours: Mapping[Asset, Hourly]) -> None:
        self._hours = hours

    async def of(self, asset: Asset) -> Hourly | None:
        """The hours of `asset`, None where none are kept or none has closed."""
        return self._hours.get(asset) or None


class WarnedInMemory:
    """Implements `store.hindsight.Warned` in this process."""

    def __init__(self, alerts: Iterable[Alert] = ()) -> None:
        self._told = tuple(sorted(alerts, key=lambda alert: alert.at_ms, reverse=True))

    async def told(self) -> tuple[Alert, ...]:
        """What is given, newest first."""
        return self._told


class TiersInMemory:
    """Implements `store.services.MarginTiers` in this process: what is given, beside what is bundled."""

    def __init__(self, told: Iterable[Tiers] = ()) -> None:
        self._told = {(tiers.asset, tiers.venue): tiers for tiers in told}

    async def of(self, asset: Asset, venue: Venue | None = None) -> Tiers | None:
        """The brackets of an asset at a venue, None where they are not known; without one, of the first that has any."""
        found = (
            self._told.get((asset, one)) or bundled_at(asset, one)
            for one in (IN_TURN if venue is None else (venue,))
        )
        return next((tiers for tiers in found if tiers is not None), None)


class MemosInMemory:
    """Implements `store.services.Memos` in this process; `now_ms` gives the present in UTC milliseconds."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._kept: dict[str, tuple[str, int]] = {}

    async def keep(self, name: str, text: str, lasts_s: int) -> None:
        """Keep a text for so many seconds, in place of what was kept under its name."""
        self._kept[name] = (text, self._now_ms() + lasts_s * 1_000)

    async def claim(self, name: str, text: str, lasts_s: int) -> str | None:
        """Keep a text for so many seconds where none is kept, and give None; else the text that is kept and stays."""
        kept = await self.read(name)
        if kept is None:
            await self.keep(name, text, lasts_s)
        return kept

    async def read(self, name: str) -> str | None:
        """The text, None where none is kept or its time is over."""
        text, until_ms = self._kept.get(name, ("", 0))
        return text if self._now_ms() < until_ms else None
