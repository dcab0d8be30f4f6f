"""Who asks, where, in which language and with what right; and the ways a request can be refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from market.observations import Asset
from market.reading import Presence
from market.report import as_of
from market.rules import Rules
from market.snapshot import Snapshot
from store.services import PastReport, Services

LONGEST_SAID = 20
LAST_RESORT: Asset = "BTC"


class Role(IntEnum):
    """What a person may do here: read, manage a chat's subscriptions, run the program."""

    ANYONE = 0
    MANAGER = 1
    OPERATOR = 2


@dataclass(frozen=True, slots=True)
class Context:
    """Everything about a request that is not in its words.

    `now_ms` is UTC by the platform's clock; answers on a recorded or simulated market count ages from the market's own
    time instead. `user` and `chat` are the platform's identifiers as text. `is_private`: nobody else reads the answer.
    `default_asset` is what "no asset said" means here; None stands for the first watched one.
    """

    services: Services
    now_ms: int
    rules: Rules = field(default_factory=Rules)
    platform: str = "terminal"
    user: str = ""
    chat: str = ""
    is_private: bool = True
    language: str = "en"
    role: Role = Role.ANYONE
    default_asset: Asset | None = None

    async def asset(self, said: Asset | None) -> Asset:
        """The asset that was said, else this chat's default, else the first watched one."""
        if said is not None:
            return said
        if self.default_asset is not None:
            return self.default_asset
        watched = await self.services.snapshots.watched()
        return watched[0] if watched else LAST_RESORT

    async def look(self, asset: Asset) -> Snapshot | None:
        """What can be said of `asset` now: readings past their time to live are stale. None where nothing was read."""
        snapshot = await self.services.snapshots.latest(asset)
        if snapshot is None or _is_blank(snapshot):
            return None
        return as_of(snapshot, self.now_ms, self.rules.regime)

    async def past(self, asset: Asset) -> PastReport | None:
        """How far the past of `asset` has been read, None where it is not being read, or nothing reads one."""
        sources = self.services.sources
        pasts = () if sources is None else await sources.pasts()
        return next((past for past in pasts if past.asset == asset), None)

    async def look_at_all(self) -> tuple[Snapshot, ...]:
        """The same of every watched asset that has been read."""
        snapshots = await self.services.snapshots.all()
        return tuple(
            as_of(snapshot, self.now_ms, self.rules.regime)
            for snapshot in snapshots
            if not _is_blank(snapshot)
        )


def _is_blank(snapshot: Snapshot) -> bool:
    """Whether nothing was ever read of the asset, as while its past is being read: a reason is said, not five blanks."""
    return all(
        reading.presence is Presence.ABSENT and reading.asof_ms is None for reading in snapshot.readings
    )


class Misunderstood(Exception):
    """The request is wrong: the key of a phrase that says why, what it speaks of, and what would be right.

    `said` is the reader's word, `kinds` what was expected instead (keys of the phrases' table `kind`), `offers` command
    lines that would do, shown as buttons. `example` None stands for the example of the command.
    """

    def __init__(
        self,
        key: str,
        *,
        kinds: Sequence[str] = (),
        offers: Sequence[str] = (),
        example: str | None = None,
        **values: str,
    ) -> None:
        super().__init__(key)
        self.key = key
        self.kinds = tuple(kinds)
        self.offers = tuple(offers)
        self.example = example
        self.values: Mapping[str, str] = values


def said(word: str) -> str:
    """A reader's own word, short and printable, to be quoted back."""
    clean = "".join(letter for letter in word[: LONGEST_SAID + 1] if letter.isprintable())
    return clean if len(word) <= LONGEST_SAID else clean[:LONGEST_SAID] + "..."
