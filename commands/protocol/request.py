"""Who asks, where, in which language and with what right; and the ways a request can be refused."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from market.hourly import Hourly
from market.observations import Asset
from market.once import once_of_all
from market.reading import Presence
from market.report import all_as_of, as_of
from market.rules import Rules
from market.snapshot import Snapshot
from store.services import PastReport, Services

LONGEST_SAID = 20
LAST_RESORT: Asset = "BTC"
TERMINAL = "terminal"
HERE = "here"
"""The chat of a platform that has only one."""


class Role(IntEnum):
    """What a person may do here: read, manage a chat's subscriptions, run the program."""

    ANYONE = 0
    MANAGER = 1
    OWNER = 2


AskRole = Callable[[bool], Awaitable[Role | None]]
"""Asks the platform what somebody may do in a chat: True asks now, False takes what was known a minute ago. None: unknown."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything about a request that is not in its words.

    `now_ms` is UTC by the platform's clock; answers on a recorded or simulated market count ages from the market's own
    time instead. `user` and `chat` are the platform's identifiers as text, `chat` with the topic behind a colon where it
    has topics. `is_private`: nobody else reads the answer. `role` is what the asker may do for certain, `ask_role` finds out
    where that takes a question. `default_asset` is what "no asset said" means here; None stands for the first watched one.
    `reach` is the address at which the asker is told in private, such as of a plan; None where they cannot be. `server` is
    the server whose member this chat and the bot are, "" where there is none: it has roles to mention. `invite` is the link
    by which the bot is taken into another one, "" where there is none. `language_said`: the language was said with the
    question itself, and holds over the one its chat has chosen.
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
    ask_role: AskRole | None = None
    default_asset: Asset | None = None
    reach: str | None = None
    server: str = ""
    invite: str = ""
    language_said: bool = False

    @property
    def person(self) -> str:
        """Whose positions and limits these are, "telegram:123"; empty where a group or channel itself speaks."""
        return f"{self.platform}:{self.user or HERE}" if self.user or self.is_terminal else ""

    @property
    def address(self) -> str:
        """Where warnings for this chat go: "platform:chat" or "platform:chat:topic"."""
        return f"{self.platform}:{self.chat or HERE}"

    @property
    def is_terminal(self) -> bool:
        """Whether this is a terminal: it is answered, and nothing is ever sent to it."""
        return self.platform == TERMINAL

    async def may(self, needed: Role, *, anew: bool = False) -> bool:
        """Whether the asker has a role here; `anew`: now, whatever was known a minute ago.

        Raises Misunderstood where the platform does not tell.
        """
        if self.role >= needed or self.ask_role is None or needed is Role.OWNER:
            return self.role >= needed
        found = await self.ask_role(anew)
        if found is None:
            raise Misunderstood("door.role_unknown", example="/help")
        return found >= needed

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

    async def hours(self, asset: Asset) -> Hourly | None:
        """The closed hours of `asset`, None where none are kept."""
        kept = self.services.hours
        return None if kept is None else await kept.of(asset)

    async def past(self, asset: Asset) -> PastReport | None:
        """How far the past of `asset` has been read, None where it is not being read, or nothing reads one."""
        sources = self.services.sources
        pasts = () if sources is None else await sources.pasts()
        return next((past for past in pasts if past.asset == asset), None)

    async def look_at_all(self) -> tuple[Snapshot, ...]:
        """The same of every watched asset that has been read."""
        snapshots = await self.services.snapshots.all()
        return all_as_of(_read(snapshots), self.now_ms, self.rules.regime)


@once_of_all()
def _read(snapshots: tuple[Snapshot, ...]) -> tuple[Snapshot, ...]:
    return tuple([snapshot for snapshot in snapshots if not _is_blank(snapshot)])


def _is_blank(snapshot: Snapshot) -> bool:
    """Whether nothing was ever read of the asset, as while its past is being read: a reason is said, not five blanks."""
    return all(
        reading.presence is Presence.ABSENT and reading.asof_ms is None for reading in snapshot.readings
    )


class Misunderstood(Exception):
    """The request is wrong: the key of a phrase that says why, what it speaks of, and what would be right.

    `said` is the reader's word, a tuple among `values` several that may have been meant, `kinds` what was expected instead (keys of the phrases' table `kind`), `offers` command
    lines that would do, shown as buttons, named by `labels` (none: by the last word of each). `example` None stands for the example of the command. `field` names the field
    of the request that is to be said, or said differently: it is asked for, with what else was said kept.
    """

    def __init__(
        self,
        key: str,
        *,
        kinds: Sequence[str] = (),
        offers: Sequence[str] = (),
        labels: Sequence[str] = (),
        example: str | None = None,
        field: str | None = None,
        **values: str | tuple[str, ...],
    ) -> None:
        super().__init__(key)
        self.key = key
        self.kinds = tuple(kinds)
        self.offers = tuple(offers)
        self.labels = tuple(labels)
        self.example = example
        self.field = field
        self.values: Mapping[str, str | tuple[str, ...]] = values


def said(word: str) -> str:
    """A reader's own word, short and printable, to be quoted back."""
    clean = "".join(letter for letter in word[: LONGEST_SAID + 1] if letter.isprintable())
    return clean if len(word) <= LONGEST_SAID else clean[:LONGEST_SAID] + "..."
