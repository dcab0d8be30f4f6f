"""/status: where the market comes from, how each venue stands, what is blind, and how far evaluation lags."""

from collections.abc import Mapping
from dataclasses import dataclass

from commands.protocol.command import Command
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.reply import Action, Block, Heading, Lines, Reply, Tone
from commands.protocol.request import Context
from commands.wording import numbers
from commands.wording.absence import NO_SOURCE, past_lines
from commands.wording.ages import age_table, blind_words
from commands.wording.blindness import blind_sentence
from commands.wording.columns import fit
from commands.wording.findings import SHARES
from commands.wording.learning import least_learned
from commands.wording.market import paragraph
from commands.wording.paragraphs import date, paragraph_of
from commands.wording.sources import (
    heard_lines,
    least_heard,
    noticed_lines,
    source_numbers,
    stand_of,
    venue_notes,
    venue_table,
)
from market.observations import DAY_MS, Asset
from market.report import LIVE, iso, market_time
from market.snapshot import Snapshot
from store.services import FeedStatus, PastReport, Post, SourceReport, Spell

LATE_CYCLES = 3
MOST_BLIND, MOST_PASTS, MOST_SPELLS = 8, 6, 2
SHORT_REST_MS = 30_000
WELL = frozenset({"open", "new"})


@dataclass(frozen=True, slots=True)
class Status:
    """Ask how well Seawall sees."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that /status tells of: the evaluation, the venues, the pasts being read, the snapshots and what has none."""

    feed: FeedStatus
    reports: tuple[SourceReport, ...]
    pasts: tuple[PastReport, ...]
    snapshots: tuple[Snapshot, ...]
    unread: tuple[Asset, ...]
    resting: Mapping[str, int]
    spells: tuple[Spell, ...]
    now_ms: int

    @property
    def at_ms(self) -> int:
        """The time from which the venues' ages count: the market's own where it is not the present."""
        last_ms = self.feed.last_evaluation_ms
        return self.now_ms if self.feed.source == LIVE or last_ms is None else last_ms


async def answer(ask: Status, context: Context) -> Reply:
    """The source, what is wrong with it, each venue, the ages of what is read of each asset, and what is missing."""
    phrases, seen = phrases_in(context.language), await _see(context)
    is_well = all(stand_of(report) in WELL for report in seen.reports)
    is_bad = (
        seen.feed.source == NO_SOURCE
        or is_late(seen.feed, seen.now_ms)
        or has_stopped(seen.feed)
        or not is_well
        or bool(seen.resting)
    )
    heading = phrases.say("status.heading", source=phrases.word("feed", seen.feed.source))
    blocks: tuple[Block, ...] = (
        Heading(fit(heading), Tone.CAUTION if is_bad else Tone.PLAIN),
        paragraph_of("\n".join((*_evaluation(seen.feed, phrases, seen.now_ms), *_worst(seen, phrases)))),
        *((Lines(venue_table(seen.reports, phrases, seen.at_ms)),) if seen.reports else ()),
        *((Lines(age_table(seen.snapshots, phrases, seen.now_ms)),) if seen.snapshots else ()),
        *paragraph(_below(seen, phrases)),
    )
    return Reply(blocks, (Action(phrases.say("button.refresh"), "/status"),), data=_plain(seen))


async def _see(context: Context) -> Seen:
    services = context.services
    watched, snapshots = await services.snapshots.watched(), await context.look_at_all()
    read = {snapshot.asset for snapshot in snapshots}
    return Seen(
        feed=await services.feed.status(),
        reports=() if services.sources is None else await services.sources.reports(),
        pasts=() if services.sources is None else await services.sources.pasts(),
        snapshots=snapshots,
        unread=tuple(asset for asset in watched if asset not in read),
        resting={} if services.post is None else await _resting(services.post, context.now_ms),
        spells=() if services.sight is None else await services.sight.spells(),
        now_ms=context.now_ms,
    )


async def _resting(post: Post, now_ms: int) -> Mapping[str, int]:
    """Until when nothing is sent on a platform; a pause of seconds is everyday."""
    resting = await post.resting()
    return {name: until_ms for name, until_ms in resting.items() if until_ms - now_ms > SHORT_REST_MS}


def is_late(feed: FeedStatus, now_ms: int) -> bool:
    """Whether a live market was last evaluated more than three cycles ago."""
    if feed.source != LIVE or feed.last_evaluation_ms is None or feed.cycle_ms is None:
        return False
    return now_ms - feed.last_evaluation_ms > LATE_CYCLES * feed.cycle_ms


def has_stopped(feed: FeedStatus) -> bool:
    """Whether a live market was told to end: no evaluation is due any more."""
    return feed.source == LIVE and feed.cycle_ms is None


def _evaluation(feed: FeedStatus, phrases: Phrases, now_ms: int) -> list[str]:
    if feed.source == NO_SOURCE:
        return [phrases.say("status.no_source")]
    if feed.last_evaluation_ms is None:
        return [phrases.say("status.never")]
    at = (
        date(feed.last_evaluation_ms)
        if feed.source == LIVE
        else numbers.date_and_clock(feed.last_evaluation_ms)
    )
    lines = [phrases.say("status.evaluated", at=at)]
    if feed.source == LIVE:
        age = numbers.duration(max(0, now_ms - feed.last_evaluation_ms))
        lines = [phrases.say("status.evaluated_age", at=at, age=age)]
    if has_stopped(feed):
        lines.insert(0, phrases.say("status.stopped"))
    if feed.cycle_ms is not None:
        cycle = numbers.duration(feed.cycle_ms)
        if feed.lag_ms is not None:
            lines.append(
                phrases.say("status.lag", lag=f"{numbers.decimals(feed.lag_ms / 1_000, 1)} s", cycle=cycle)
            )
        if is_late(feed, now_ms):
            lines.insert(0, phrases.say("status.late", cycle=cycle))
    return lines


def _worst(seen: Seen, phrases: Phrases) -> list[str]:
    """What is wrong: what cannot be told, then the venues, which are the cause of what is blind."""
    lines = [
        phrases.say("status.resting", platform=name.capitalize(), until=date(until_ms))
        for name, until_ms in sorted(seen.resting.items())
    ]
    lines += [blind_sentence(spell, phrases) for spell in _lately(seen)]
    lines += venue_notes(seen.reports, phrases, seen.at_ms)
    blind = blind_words(seen.snapshots, phrases, seen.now_ms)
    if blind:
        more = [] if len(blind) <= MOST_BLIND else [phrases.say("status.more", count=len(blind) - MOST_BLIND)]
        lines.append(phrases.say("status.blind", unseen=", ".join((*blind[:MOST_BLIND], *more))))
    reading = {past.asset for past in seen.pasts if past.share < 1.0}
    silent = [asset for asset in seen.unread if asset not in reading]
    if silent:
        lines.append(phrases.say("status.no_data", assets=", ".join(silent)))
    return lines or ([phrases.say("status.sighted")] if seen.snapshots and not seen.unread else [])


def _lately(seen: Seen) -> tuple[Spell, ...]:
    """When it was blind in the last day, the newest times."""
    return tuple(spell for spell in seen.spells if seen.now_ms - spell.until_ms < DAY_MS)[:MOST_SPELLS]


def _below(seen: Seen, phrases: Phrases) -> list[str]:
    """What is heard, what was noticed, which pasts are being read, and what is still learned."""
    pasts = past_lines(seen.pasts, phrases)
    more = len(pasts) - MOST_PASTS
    return [
        *heard_lines(seen.snapshots, phrases),
        *noticed_lines(seen.snapshots, phrases),
        *pasts[:MOST_PASTS],
        *([phrases.say("status.more_pasts", count=more)] if more > 0 else []),
        *least_learned(seen.snapshots, phrases),
    ]


def _plain(seen: Seen) -> dict[str, object]:
    feed, last = seen.feed, seen.feed.last_evaluation_ms
    return {
        "source": feed.source,
        "last_evaluation": None if last is None else iso(last),
        "cycle_s": None if feed.cycle_ms is None else feed.cycle_ms / 1_000,
        "lag_s": None if feed.lag_ms is None else feed.lag_ms / 1_000,
        "late": is_late(feed, seen.now_ms),
        "no_data": list(seen.unread),
        "resting": {name: iso(until_ms) for name, until_ms in seen.resting.items()},
        "blind": [
            {"from": iso(spell.from_ms), "until": iso(spell.until_ms), "why": spell.why.value}
            for spell in _lately(seen)
        ],
        "sources": [source_numbers(report) for report in seen.reports],
        "pasts": {past.asset: {"share": past.share, "missing": list(past.missing)} for past in seen.pasts},
        "heard": {
            SHARES[found]: {"share": share, "asset": asset}
            for found, (share, asset, _) in least_heard(seen.snapshots).items()
        },
        "assets": {snapshot.asset: _plain_ages(snapshot, seen.now_ms) for snapshot in seen.snapshots},
    }


def _plain_ages(snapshot: Snapshot, now_ms: int) -> dict[str, object]:
    at_ms = market_time(snapshot, now_ms)
    return {
        reading.name: {
            "presence": reading.presence.value,
            "age_s": None if reading.asof_ms is None else (at_ms - reading.asof_ms) / 1_000,
            "reason": reading.because.value,
        }
        for reading in snapshot.readings
    }


COMMAND = Command(
    "status",
    Status,
    answer,
    help="each source: when it was last seen, what is blind, how far evaluation lags",
    example="/status",
    order=50,
)
