"""A conversation without a platform: lines in, lines out, through the one door."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.layout import align
from commands.protocol.dispatch import answer
from commands.protocol.picture import Picture
from commands.protocol.reply import (
    Block,
    Evidence,
    Heading,
    Lines,
    Link,
    Mention,
    Moment,
    Note,
    Reply,
    Table,
    Text,
    Told,
)
from commands.protocol.request import TERMINAL, Context, Role
from market.alerts import Alert
from market.hourly import Hourly
from market.margin import Tiers
from market.observations import Asset
from market.options import Chain
from market.snapshot import Snapshot
from store.in_memory import (
    ChainsInMemory,
    ChatsInMemory,
    FeedInMemory,
    HoursInMemory,
    PeopleInMemory,
    PostInMemory,
    SnapshotsInMemory,
    SourcesInMemory,
    TiersInMemory,
    WatchlistInMemory,
)
from store.persons import Person
from store.services import FeedStatus, PastReport, Services, SourceReport
from tests.commands.markets import NOW_MS

WATCHED: tuple[Asset, ...] = ("BTC", "ETH", "SOL", "1000PEPE")


def context(
    *snapshots: Snapshot,
    watched: tuple[Asset, ...] = WATCHED,
    feed: FeedStatus | None = None,
    now_ms: int = NOW_MS,
    reports: Iterable[SourceReport] = (),
    pasts: Iterable[PastReport] = (),
    listed: Iterable[Asset] | None = None,
    role: Role = Role.ANYONE,
    alerts: Iterable[Alert] | None = None,
    platform: str = "telegram",
    chat: str = "4711",
    people: Iterable[Person] | None = (),
    hours: Mapping[Asset, Hourly] | None = None,
    tiers: Iterable[Tiers] | None = None,
    chains: Iterable[Chain] | None = None,
    is_private: bool = True,
    user: str = "4711",
) -> Context:
    """What a platform would hand over, on these snapshots.

    `listed` None stands for a market that cannot be changed, `alerts` None for one that warns nobody, and
    `people`, `hours`, `tiers`, `chains` None for one that keeps none of them.
    """
    source = snapshots[0].source if snapshots else "none"
    status = feed or FeedStatus(source, now_ms if snapshots else None, 60_000, 200)
    kept = SnapshotsInMemory(watched, snapshots)
    watchlist = None if listed is None else WatchlistInMemory(kept, listed)
    chats, post = (None, None) if alerts is None else (ChatsInMemory(), PostInMemory(alerts))
    sources = SourcesInMemory(reports, pasts)
    services = Services(
        kept,
        FeedInMemory(status),
        sources,
        watchlist,
        chats,
        post,
        None if people is None else PeopleInMemory(people),
        None if hours is None else HoursInMemory(hours),
        None if tiers is None else TiersInMemory(tiers),
        chains=None if chains is None else ChainsInMemory(chains),
    )
    return Context(
        services,
        now_ms,
        role=role,
        platform=platform,
        user=user,
        chat=chat,
        is_private=is_private,
        reach=f"{platform}:{user}" if user and platform != TERMINAL else None,
    )


@dataclass(slots=True)
class Talk:
    """Somebody who writes lines: `text` of the last reply, and the reply itself."""

    context: Context
    reply: Reply = field(default_factory=lambda: Reply(()))

    async def __call__(self, line: str) -> str:
        self.reply = await answer(line, self.context)
        return text_of(self.reply)

    def later(self, ms: int) -> "Talk":
        """The same conversation so much later."""
        return Talk(replace(self.context, now_ms=self.context.now_ms + ms))


def talk(*snapshots: Snapshot, **changed: object) -> Talk:
    """A conversation on these snapshots."""
    return Talk(context(*snapshots, **changed))  # type: ignore[arg-type]


def text_of(reply: Reply) -> str:
    """All that a reply says, line by line."""
    return "\n".join(line for block in reply.blocks for line in lines_of(block))


def lines_of(block: Block) -> tuple[str, ...]:
    """The lines of a block."""
    match block:
        case Lines(lines) | Evidence(lines):
            return lines
        case Table():
            return align(block)
        case Told(parts):
            return tuple("".join(map(_as_text, parts)).split("\n"))
        case Text(text) | Heading(text) | Note(text):
            return tuple(text.split("\n"))
        case Picture():
            return ()  # seen, not read: its words are `alt`


def _as_text(part: str | Mention | Moment | Link) -> str:
    match part:
        case Mention(name):
            return name
        case Link(url):
            return url
        case Moment(at_ms, _, words):
            return words or f"<{at_ms}>"
        case str():
            return part


def monospaced(reply: Reply) -> tuple[str, ...]:
    """The lines that must fit on a phone: headings and everything that is laid out."""
    blocks = (block for block in reply.blocks if isinstance(block, Heading | Lines | Table))
    return tuple(line for block in blocks for line in lines_of(block))
