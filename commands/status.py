"""/status: where the market comes from, how old every reading is, what is blind, and how far evaluation lags."""

from dataclasses import dataclass

from commands.protocol.command import Command
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.reply import Block, Heading, Lines, Reply, Text, Tone
from commands.protocol.request import Context
from commands.wording import numbers
from commands.wording.absence import NO_SOURCE
from commands.wording.columns import fit
from commands.wording.panel import FIVE, unseen
from market.observations import Asset
from market.reading import Presence
from market.report import LIVE, iso, market_time
from market.snapshot import Snapshot
from store.services import FeedStatus

LATE_CYCLES = 3
MOST_BLIND = 8


@dataclass(frozen=True, slots=True)
class Status:
    """Ask how well Seawall sees."""


async def answer(ask: Status, context: Context) -> Reply:
    """The source, the age of every reading of every watched asset, and what cannot be seen."""
    phrases = phrases_in(context.language)
    feed = await context.services.feed.status()
    watched = await context.services.snapshots.watched()
    snapshots = await context.look_at_all()
    unread = [asset for asset in watched if asset not in {snapshot.asset for snapshot in snapshots}]
    source = phrases.word("feed", feed.source)
    blocks: tuple[Block, ...] = (
        Heading(
            fit(phrases.say("status.heading", source=source)),
            Tone.CAUTION if feed.source == NO_SOURCE or is_late(feed, context.now_ms) else Tone.PLAIN,
        ),
        Text("\n".join(_evaluation(feed, phrases, context.now_ms))),
        *((Lines(_table(snapshots, phrases, context.now_ms)),) if snapshots else ()),
        Text("\n".join(_blind(snapshots, unread, phrases, context.now_ms))),
    )
    return Reply(blocks, data=_plain(feed, snapshots, unread, context.now_ms))


def is_late(feed: FeedStatus, now_ms: int) -> bool:
    """Whether a live market was last evaluated more than three cycles ago."""
    if feed.source != LIVE or feed.last_evaluation_ms is None or feed.cycle_ms is None:
        return False
    return now_ms - feed.last_evaluation_ms > LATE_CYCLES * feed.cycle_ms


def _evaluation(feed: FeedStatus, phrases: Phrases, now_ms: int) -> list[str]:
    if feed.source == NO_SOURCE:
        return [phrases.say("status.no_source")]
    if feed.last_evaluation_ms is None:
        return [phrases.say("status.never")]
    at = numbers.date_and_clock(feed.last_evaluation_ms)
    lines = [phrases.say("status.evaluated", at=at)]
    if feed.source == LIVE:
        age = numbers.duration(max(0, now_ms - feed.last_evaluation_ms))
        lines = [phrases.say("status.evaluated_age", at=at, age=age)]
    if feed.cycle_ms is not None:
        cycle = numbers.duration(feed.cycle_ms)
        if feed.lag_ms is not None:
            lines.append(phrases.say("status.lag", lag=f"{feed.lag_ms / 1_000:.1f} s", cycle=cycle))
        if is_late(feed, now_ms):
            lines.append(phrases.say("status.late", cycle=cycle))
    return lines


def _table(snapshots: tuple[Snapshot, ...], phrases: Phrases, now_ms: int) -> tuple[str, ...]:
    """One line an asset with the age of each of the five; a stale one carries a mark, an absent one a dash."""
    head = f"{'':<8}" + "".join(f"{phrases.word('reading', name):>5} " for name in FIVE)
    return (fit(head), *(_row(snapshot, market_time(snapshot, now_ms)) for snapshot in snapshots))


def _row(snapshot: Snapshot, at_ms: int) -> str:
    cells = "".join(f"{_age(snapshot, name, at_ms):>5} " for name in FIVE)
    return fit(f"{snapshot.asset[:7]:<8}{cells}")


def _age(snapshot: Snapshot, name: str, at_ms: int) -> str:
    reading = snapshot.reading(name)
    if reading is None or reading.asof_ms is None or reading.presence is Presence.ABSENT:
        return "-"
    mark = "!" if reading.presence is Presence.STALE else ""
    return mark + numbers.age(at_ms - reading.asof_ms).replace("min", "m")


def _blind(snapshots: tuple[Snapshot, ...], unread: list[Asset], phrases: Phrases, now_ms: int) -> list[str]:
    blind = [
        f"{snapshot.asset} {told}"
        for snapshot in snapshots
        for told in unseen(snapshot, phrases, market_time(snapshot, now_ms))
    ]
    lines = []
    if blind:
        more = [] if len(blind) <= MOST_BLIND else [phrases.say("status.more", count=len(blind) - MOST_BLIND)]
        lines.append(phrases.say("status.blind", unseen=", ".join((*blind[:MOST_BLIND], *more))))
    if unread:
        lines.append(phrases.say("status.no_data", assets=", ".join(unread)))
    return lines or [phrases.say("status.sighted")]


def _plain(
    feed: FeedStatus, snapshots: tuple[Snapshot, ...], unread: list[Asset], now_ms: int
) -> dict[str, object]:
    last = feed.last_evaluation_ms
    return {
        "source": feed.source,
        "last_evaluation": None if last is None else iso(last),
        "cycle_s": None if feed.cycle_ms is None else feed.cycle_ms / 1_000,
        "lag_s": None if feed.lag_ms is None else feed.lag_ms / 1_000,
        "late": is_late(feed, now_ms),
        "no_data": unread,
        "assets": {
            snapshot.asset: {
                reading.name: {
                    "presence": reading.presence.value,
                    "age_s": _age_s(reading.asof_ms, market_time(snapshot, now_ms)),
                    "reason": reading.because.value,
                }
                for reading in snapshot.readings
            }
            for snapshot in snapshots
        },
    }


def _age_s(asof_ms: int | None, at_ms: int) -> float | None:
    return None if asof_ms is None else (at_ms - asof_ms) / 1_000


COMMAND = Command(
    "status",
    Status,
    answer,
    help="each source: when it was last seen, what is blind, how far evaluation lags",
    example="/status",
    order=50,
)
