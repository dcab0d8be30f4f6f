"""Fuel around the price in words: how much, where, against what, and from which move it would feed itself."""

from collections.abc import Sequence

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Heading, Lines, Note, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.columns import fit
from commands.wording.copies import levels_copies
from commands.wording.market import live_moment, source_notes
from commands.wording.panel import age_of, told_age, unseen
from market.cascade import Trigger
from market.evidence_rules import LEAST_HOURS
from market.levels import FuelWithin, Heap, Levels, NoMap, SideLevels
from market.observations import Side
from market.report import iso, market_time
from market.snapshot import Snapshot

MODEL_REACHES = 0.3
"""A move beyond this is not told: no book is uniform so far."""

LEAST_TOLD = 0.0005
"""A move below this would be written as none."""


def describe_levels(levels: Levels, snapshot: Snapshot, phrases: Phrases, now_ms: int) -> Reply:
    """The answer to /levels: below, above, and what the model rests on."""
    told = phrases.say("levels.heading", asset=levels.asset, price=numbers.price(levels.price_usd))
    sides = (levels.below, levels.above)
    return Reply(
        (
            Heading(fit(told)),
            *source_notes(snapshot, phrases, now_ms),
            Note(phrases.say("levels.model"), Tone.CAUTION),
            *(Lines(_side(side, phrases)) for side in sides),
            Text("\n".join(_notes(levels, snapshot, phrases, now_ms))),
        ),
        _actions(levels.asset, phrases),
        data=_plain(levels),
        at_ms=live_moment(snapshot),
        copies=levels_copies(levels, phrases),
    )


def describe_no_levels(
    snapshot: Snapshot, why: NoMap, known_hours: int, phrases: Phrases, now_ms: int
) -> Reply:
    """That there is no map, and why: nothing is drawn of too little."""
    asset = snapshot.asset
    reason = phrases.say(f"no_levels.{why.value}", asset=asset, known=known_hours, needed=LEAST_HOURS)
    missing = unseen(snapshot, phrases, market_time(snapshot, now_ms), ("price", "open_interest"))
    more = [phrases.say("regime.missing", unseen=", ".join(missing))] if missing else []
    return Reply(
        (
            Heading(fit(phrases.say("levels.none", asset=asset)), Tone.CAUTION),
            *source_notes(snapshot, phrases, now_ms),
            Text("\n".join((reason, *more))),
        ),
        (
            Action(phrases.say("button.regime"), f"/regime {asset}"),
            Action(phrases.say("button.status"), "/status"),
        ),
        data={"asset": asset, "levels": None, "reason": why.value, "hours_known": known_hours},
    )


def trigger_line(left: float, trigger: Trigger | None, side: Side, phrases: Phrases) -> str:
    """From which move with so much of the book left: "x.3  -2.1% turns into -4.0%"."""
    book = left_words(left)
    if trigger is None:
        return fit(phrases.say("levels.no_trigger", book=book))
    is_told = trigger.initial_drop >= LEAST_TOLD
    first = _away(trigger.initial_drop, side)
    if trigger.drop_after > MODEL_REACHES:
        key = "levels.trigger_far" if is_told else "levels.trigger_any_far"
        return fit(phrases.say(key, book=book, first=first, reach=_reach(side)))
    key = "levels.trigger" if is_told else "levels.trigger_any"
    return fit(phrases.say(key, book=book, first=first, last=_away(trigger.drop_after, side)))


def left_words(left: float) -> str:
    """How much of the book is left: "x1", "x.3"."""
    return f"x{numbers.bare(left)}"


def _reach(side: Side) -> str:
    return numbers.percent(-MODEL_REACHES if side is Side.LONG else MODEL_REACHES, digits=0)


def _away(move: float, side: Side) -> str:
    return numbers.percent(-move if side is Side.LONG else move)


def _side(side: SideLevels, phrases: Phrases) -> tuple[str, ...]:
    head = phrases.say("levels.below" if side.side is Side.LONG else "levels.above")
    lines = [fit(head), _columns(phrases), *(_within(one, side.side) for one in side.within)]
    lines += _heaps(side.heaps, phrases)
    if side.triggers:
        lines.append(fit(phrases.say("levels.triggers")))
        lines += [trigger_line(one.depth_left, one.trigger, side.side, phrases) for one in side.triggers]
    lines += _selling(side, phrases)
    return tuple(lines)


def _columns(phrases: Phrases) -> str:
    names = [phrases.word("levels_head", name) for name in ("to", "fuel", "interest", "book")]
    return _row(*names)


def _within(one: FuelWithin, side: Side) -> str:
    return _row(
        numbers.percent(-one.move if side is Side.LONG else one.move, digits=0),
        numbers.short(one.fuel_usd),
        numbers.percent(one.of_interest, signed=False),
        numbers.UNKNOWN if one.of_book is None else f"x{_ratio(one.of_book)}",
    )


def _row(move: str, fuel: str, interest: str, book: str) -> str:
    return fit(f"{move:>5}{fuel:>10}{interest:>10}{book:>10}")


def _ratio(value: float) -> str:
    return numbers.short(value) if value >= 10.0 else numbers.decimals(value, 1)


def _heaps(heaps: Sequence[Heap], phrases: Phrases) -> list[str]:
    """The heaviest prices, a line each."""
    if not heaps:
        return [fit(phrases.say("levels.no_heaps"))]
    return [
        fit(
            phrases.say("levels.heap", price=numbers.price(heap.price_usd), fuel=numbers.short(heap.fuel_usd))
        )
        for heap in heaps
    ]


def _selling(side: SideLevels, phrases: Phrases) -> list[str]:
    """What the fuel would move the price by: over hours, and at once."""
    selling = side.selling
    if selling.over_hours is None and selling.at_once is None:
        return []
    known = {
        "move": numbers.percent(selling.move, signed=False, digits=0),
        "slow": numbers.percent(selling.over_hours, signed=False),
        "fast": numbers.UNKNOWN
        if selling.at_once is None
        else numbers.percent(selling.at_once, signed=False),
    }
    return [fit(phrases.say("levels.selling", **known))]


def _notes(levels: Levels, snapshot: Snapshot, phrases: Phrases, now_ms: int) -> list[str]:
    """What the numbers are against, how old each is, and what is assumed."""
    fuel = levels.fuel
    at_ms = market_time(snapshot, now_ms)
    as_of = phrases.say(
        "levels.as_of",
        at=numbers.date_and_clock(fuel.as_of_ms),
        days=f"{fuel.hours / 24:.0f}",
        unknown=fuel.hours - fuel.hours_known,
    )
    price = phrases.say("levels.price", age=told_age(snapshot, "price", phrases, at_ms))
    told = any(_selling(side, phrases) for side in (levels.below, levels.above))
    speeds = [phrases.say("levels.speeds")] if told else []
    return [price, *speeds, _depth(levels, snapshot, phrases, at_ms), as_of, phrases.say("levels.assumed")]


def _depth(levels: Levels, snapshot: Snapshot, phrases: Phrases, at_ms: int) -> str:
    reading = snapshot.reading("depth")
    if levels.below.depth_usd is None and levels.above.depth_usd is None:
        return phrases.say("levels.no_depth")
    return phrases.say(
        "levels.depth",
        bids=numbers.short(levels.below.depth_usd),
        asks=numbers.short(levels.above.depth_usd),
        age=numbers.UNKNOWN if reading is None else age_of(reading, at_ms),
        floor=phrases.say("levels.floor") if levels.depth_is_floor else "",
    )


def _actions(asset: str, phrases: Phrases) -> tuple[Action, ...]:
    return (
        Action(phrases.say("button.regime"), f"/regime {asset}"),
        Action(phrases.say("button.stress"), "/stress"),
        Action(phrases.say("button.refresh"), f"/levels {asset}"),
    )


def _plain(levels: Levels) -> dict[str, object]:
    """The numbers behind it for JSON: USD and fractions, null where one is unknown."""
    return {
        "asset": levels.asset,
        "price": levels.price_usd,
        "open_interest_usd": levels.interest_usd,
        "depth_is_floor": levels.depth_is_floor,
        "hours": levels.fuel.hours,
        "hours_known": levels.fuel.hours_known,
        "as_of": iso(levels.fuel.as_of_ms),
        "model": "uncalibrated",
        "below": _plain_side(levels.below),
        "above": _plain_side(levels.above),
    }


def _plain_side(side: SideLevels) -> dict[str, object]:
    return {
        "depth_usd": side.depth_usd,
        "fuel": [
            {"move": one.move, "usd": one.fuel_usd, "of_interest": one.of_interest, "of_book": one.of_book}
            for one in side.within
        ],
        "heaps": [{"price": one.price_usd, "move": one.move, "usd": one.fuel_usd} for one in side.heaps],
        "triggers": [
            {
                "depth_left": one.depth_left,
                "first_move": None if one.trigger is None else one.trigger.initial_drop,
                "final_move": None if one.trigger is None else one.trigger.drop_after,
            }
            for one in side.triggers
        ],
        "over_hours": side.selling.over_hours,
        "at_once": side.selling.at_once,
    }
