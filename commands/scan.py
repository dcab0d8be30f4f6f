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
from market.once import once, once_of_all
from market.report import Breadth, breadth, market_time, state_line
from market.rules import PriceRules
from market.snapshot import Snapshot
from market.table import State
from store.services import PastReport

LEAST_SCORE = -1.0
MOST_PASTS = 5
MOST_ACTIONS = 3


@dataclass(frozen=True, slots=True)
class Scan:
    """Ask for all watched assets at once."""


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A market, the most stressed first, and what is told of it in a language while no snapshot of it changes.

    `rows` are the lines of the table without their ages, each with its snapshot and when its price was read.
    """

    snapshots: tuple[Snapshot, ...]
    assets: frozenset[Asset]
    wide: Breadth
    breadth: Text
    rows: tuple[tuple[tuple[str, ...], Snapshot, int | None], ...]
    learned: tuple[str, ...]
    actions: tuple[Action, ...]


async def answer(ask: Scan, context: Context) -> Reply:
    """One line an asset, the most stressed first; those not read yet are named."""
    phrases = phrases_in(context.language)
    watched = await context.services.snapshots.watched()
    market = _ranked(await context.look_at_all(), phrases, context.rules.price)
    unread = [asset for asset in watched if asset not in market.assets]
    blocks: tuple[Block, ...] = (
        Heading(fit(phrases.say("scan.heading", count=len(watched)))),
        *(source_notes(market.snapshots[0], phrases, context.now_ms) if market.snapshots else ()),
        market.breadth,
        *((_table(market, phrases, context.now_ms),) if market.snapshots else ()),
        Text("\n".join((*_below(unread, await _pasts(unread, context), phrases), *market.learned))),
    )
    return Reply(blocks, market.actions, data=Numbers(partial(_plain, market, unread)))


@once_of_all(style)
def _ranked(snapshots: tuple[Snapshot, ...], phrases: Phrases, rules: PriceRules) -> _Ranked:
    ranked = tuple(sorted(snapshots, key=_stress, reverse=True))
    wide = breadth(ranked, rules)
    return _Ranked(
        ranked,
        frozenset(snapshot.asset for snapshot in ranked),
        wide,
        Text("\n".join(_breadth(wide, phrases))),
        tuple((_cells(snapshot, phrases), snapshot, _read_ms(snapshot)) for snapshot in ranked),
        (*least_learned(ranked, phrases), phrases.say("scan.legend")) if ranked else (),
        (
            *(Action(snapshot.asset, f"/regime {snapshot.asset}") for snapshot in ranked[:MOST_ACTIONS]),
            Action(phrases.say("button.refresh"), "/scan"),
        ),
    )


def _stress(snapshot: Snapshot) -> float:
    return LEAST_SCORE if snapshot.regime.score is None else snapshot.regime.score


def _read_ms(snapshot: Snapshot) -> int | None:
    price = snapshot.reading("price")
    return None if price is None else price.asof_ms


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


def _table(market: _Ranked, phrases: Phrases, now_ms: int) -> Table:
    """At most 37 columns: 8, 12, 3, 5 and 5 with a blank between them."""
    head = [phrases.say(f"scan_head.{name}") for name in ("asset", "state", "stress", "change")]
    lines = [
        (*cells, numbers.age(None if read_ms is None else market_time(snapshot, now_ms) - read_ms))
        for cells, snapshot, read_ms in market.rows
    ]
    return Table(tuple(lines), (*_named(*head), phrases.say("scan_head.age")), "llrrr")


@once(style)
def _cells(snapshot: Snapshot, phrases: Phrases) -> tuple[str, str, str, str]:
    """A line without its age: all that stays as it is while the snapshot does."""
    state, score = snapshot.regime.state.value, snapshot.regime.score
    family = "short_state" if phrases.knows("short_state", state) else "state"
    change = change_24h(snapshot)
    digits = 0 if change is not None and abs(change) >= 0.0995 else 1
    is_scored = score is not None and snapshot.regime.state is not State.INSUFFICIENT_DATA
    stress = f"{score:.0f}" if is_scored else numbers.UNKNOWN
    return _named(snapshot.asset, phrases.word(family, state), stress, numbers.percent(change, digits=digits))


def _named(asset: str, state: str, stress: str, change: str) -> tuple[str, str, str, str]:
    return cut(asset, 8), cut(state, 12), stress, change


async def _pasts(unread: list[Asset], context: Context) -> tuple[PastReport, ...]:
    """How far the pasts of assets without a snapshot have been read; asked for only where there are such assets."""
    sources = context.services.sources
    pasts = await sources.pasts() if unread and sources is not None else ()
    return tuple(past for past in pasts if past.asset in unread and past.share < 1.0)


def _below(unread: list[Asset], pasts: tuple[PastReport, ...], phrases: Phrases) -> list[str]:
    """What is not in the table."""
    reading = {past.asset for past in pasts}
    silent = [asset for asset in unread if asset not in reading]
    lines = [past_line(past, phrases) for past in pasts[:MOST_PASTS]]
    if len(pasts) > MOST_PASTS:
        lines.append(phrases.say("status.more", count=len(pasts) - MOST_PASTS) + ".")
    if silent:
        lines.append(phrases.say("scan.unseen", assets=", ".join(silent)))
    return lines


def _plain(market: _Ranked, unread: list[Asset]) -> dict[str, object]:
    wide = market.wide
    return {
        "assets": [
            {**state_line(snapshot), "learning": learning_numbers(snapshot)} for snapshot in market.snapshots
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
