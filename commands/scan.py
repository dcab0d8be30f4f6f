"""/scan: all watched assets ranked by stress, headed by the breadth of the market."""

from dataclasses import dataclass
from functools import partial

from commands.protocol.command import Command
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.reply import Action, Block, Heading, Numbers, Reply, Table, Text
from commands.protocol.request import Context
from commands.protocol.style import style
from commands.wording import numbers
from commands.wording.absence import past_line
from commands.wording.columns import cut, fit
from commands.wording.learning import learning_numbers, least_learned
from commands.wording.market import source_notes
from commands.wording.panel import change_24h
from market.observations import Asset
from market.once import once
from market.report import Breadth, breadth, market_time, state_line
from market.snapshot import Snapshot
from store.services import PastReport

LEAST_SCORE = -1.0
MOST_PASTS = 5


@dataclass(frozen=True, slots=True)
class Scan:
    """Ask for all watched assets at once."""


async def answer(ask: Scan, context: Context) -> Reply:
    """One line an asset, the most stressed first; those not read yet are named."""
    phrases = phrases_in(context.language)
    watched = await context.services.snapshots.watched()
    snapshots = sorted(await context.look_at_all(), key=_stress, reverse=True)
    unread = [asset for asset in watched if asset not in {snapshot.asset for snapshot in snapshots}]
    wide = breadth(snapshots, context.rules.price)
    blocks: tuple[Block, ...] = (
        Heading(fit(phrases.say("scan.heading", count=len(watched)))),
        *(source_notes(snapshots[0], phrases, context.now_ms) if snapshots else ()),
        Text("\n".join(_breadth(wide, phrases))),
        *((_table(snapshots, phrases, context.now_ms),) if snapshots else ()),
        Text("\n".join(_below(snapshots, unread, await _pasts(unread, context), phrases))),
    )
    actions = [Action(snapshot.asset, f"/regime {snapshot.asset}") for snapshot in snapshots[:3]]
    actions.append(Action(phrases.say("button.refresh"), "/scan"))
    return Reply(blocks, tuple(actions), data=Numbers(partial(_plain, snapshots, unread, wide)))


def _stress(snapshot: Snapshot) -> float:
    return LEAST_SCORE if snapshot.regime.score is None else snapshot.regime.score


def _breadth(wide: Breadth, phrases: Phrases) -> list[str]:
    lines = []
    if wide.off_lows_of:
        lines.append(phrases.say("scan.off_lows", **_counted(wide.off_lows, wide.off_lows_of)))
    if wide.constructive_of:
        known = _counted(wide.constructive, wide.constructive_of)
        lines.append(phrases.say("scan.constructive", **known))
    if wide.both:
        lines.append(phrases.say("scan.both", **_counted(wide.both, wide.both_of)))
    return lines or [phrases.say("scan.breadth_none")]


def _counted(count: int, of: int) -> dict[str, object]:
    return {"count": count, "of": of, "share": numbers.percent(count / of, signed=False, digits=0)}


def _table(snapshots: list[Snapshot], phrases: Phrases, now_ms: int) -> Table:
    """At most 37 columns: 8, 12, 3, 5 and 5 with a blank between them."""
    head = [phrases.say(f"scan_head.{name}") for name in ("asset", "state", "stress", "change")]
    age = phrases.say("scan_head.age")
    lines = tuple([_line(one, phrases, now_ms) for one in snapshots])
    return Table(lines, (*_named(*head), age), "llrrr")


def _line(snapshot: Snapshot, phrases: Phrases, now_ms: int) -> tuple[str, ...]:
    price = snapshot.reading("price")
    age = None if price is None or price.asof_ms is None else market_time(snapshot, now_ms) - price.asof_ms
    return (*_cells(snapshot, phrases), numbers.age(age))


@once(style)
def _cells(snapshot: Snapshot, phrases: Phrases) -> tuple[str, str, str, str]:
    """A line without its age: all that stays as it is while the snapshot does."""
    state, score = snapshot.regime.state.value, snapshot.regime.score
    family = "short_state" if phrases.knows("short_state", state) else "state"
    change = change_24h(snapshot)
    digits = 0 if change is not None and abs(change) >= 0.0995 else 1
    stress = numbers.UNKNOWN if score is None else f"{score:.0f}"
    return _named(snapshot.asset, phrases.word(family, state), stress, numbers.percent(change, digits=digits))


def _named(asset: str, state: str, stress: str, change: str) -> tuple[str, str, str, str]:
    return cut(asset, 8), cut(state, 12), stress, change


async def _pasts(unread: list[Asset], context: Context) -> tuple[PastReport, ...]:
    """How far the pasts of assets without a snapshot have been read; asked for only where there are such assets."""
    sources = context.services.sources
    pasts = await sources.pasts() if unread and sources is not None else ()
    return tuple(past for past in pasts if past.asset in unread and past.share < 1.0)


def _below(
    snapshots: list[Snapshot], unread: list[Asset], pasts: tuple[PastReport, ...], phrases: Phrases
) -> list[str]:
    """What is not in the table, what its rows have yet to learn, and what its columns mean."""
    reading = {past.asset for past in pasts}
    silent = [asset for asset in unread if asset not in reading]
    lines = [past_line(past, phrases) for past in pasts[:MOST_PASTS]]
    if len(pasts) > MOST_PASTS:
        lines.append(phrases.say("status.more", count=len(pasts) - MOST_PASTS) + ".")
    if silent:
        lines.append(phrases.say("scan.unseen", assets=", ".join(silent)))
    if snapshots:
        lines += [*least_learned(snapshots, phrases), phrases.say("scan.legend")]
    return lines


def _plain(snapshots: list[Snapshot], unread: list[Asset], wide: Breadth) -> dict[str, object]:
    return {
        "assets": [
            {**state_line(snapshot), "learning": learning_numbers(snapshot)} for snapshot in snapshots
        ],
        "no_data": unread,
        "breadth": {
            "off_lows": wide.off_lows,
            "off_lows_of": wide.off_lows_of,
            "constructive": wide.constructive,
            "constructive_of": wide.constructive_of,
            "both": wide.both,
            "both_of": wide.both_of,
        },
    }


COMMAND = Command(
    "scan",
    Scan,
    answer,
    help="all watched assets ranked by stress, headed by the market's breadth",
    example="/scan",
    order=35,
)
