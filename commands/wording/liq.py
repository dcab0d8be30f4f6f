"""Liquidations in words: how much was closed by force over which horizon, against what, and how much of it is seen at all."""

from collections.abc import Iterator
from functools import partial

from commands.protocol.phrases import Phrases
from commands.protocol.picture import Ink, Mark, Picture
from commands.protocol.reply import Action, Block, Heading, Lines, Reply, Text
from commands.wording import numbers, pictures
from commands.wording.columns import first_that_fits, fit
from commands.wording.findings import troubles_of
from commands.wording.market import live_moment, paragraph, source_notes
from commands.wording.metric import as_claim, describe_unseen, known_line, level_tone, market_moment
from commands.wording.panel import age_of
from commands.wording.paragraphs import paragraph_of
from commands.wording.venue_rows import forced_rows, venues_numbers
from market.findings import Found
from market.hourly import Hourly
from market.reading import Presence, Reading
from market.report import iso, market_time
from market.rules import LiquidationRules, Rules
from market.snapshot import Snapshot
from market.venues import Forced, forced_across

NAME = "liquidations"
SPANS = ("5m", "1h", "24h")
DAY_HOURS = 24
FLOORS = (Found.FLOOR, Found.SATURATED, Found.UNHEARD)
"""Findings that make a sum a floor: it is shown as "at least"."""
CLAIMS = ("leverage_unwind", "down_day_modest_spot", "fading")
PLAIN = (
    "long_share",
    "flagged_hours_24",
    "flagged_days_7",
    "covered_hours_24",
    "printing_buckets_12",
    "rri",
    "ldr",
    "branching",
    "branching_deviation",
    "branching_percentile",
    "branching_events",
)


def describe_liq(
    snapshot: Snapshot, hours: Hourly | None, phrases: Phrases, rules: Rules, now_ms: int
) -> Reply:
    """The answer to /liq. The snapshot is one that has been aged to `now_ms` (market.report.as_of)."""
    reading = snapshot.reading(NAME)
    if reading is None or reading.presence is Presence.ABSENT:
        return describe_unseen(snapshot, NAME, phrases, now_ms)
    at_ms = market_time(snapshot, now_ms)
    across = forced_across(snapshot.venues)
    blocks: tuple[Block, ...] = (
        Heading(_heading(snapshot, reading, phrases), level_tone(snapshot, NAME)),
        *source_notes(snapshot, phrases, now_ms),
        Text("\n".join(_meaning(snapshot, reading, phrases, rules.liquidations))),
        Lines(tuple(_windows(reading, phrases, is_floor=is_floor(snapshot, across)))),
        Text("\n".join(_measures(reading, phrases, rules.liquidations))),
        *_by_venue(snapshot, across, phrases),
        *paragraph(troubles_of(snapshot, NAME, phrases)),
        *_picture(snapshot, hours, phrases),
        paragraph_of(
            "\n".join((known_line(snapshot, NAME, phrases, age_of(reading, at_ms)), market_moment(snapshot)))
        ),
    )
    data = _plain(snapshot, reading, across)
    return Reply(blocks, _actions(snapshot, phrases), data=data, at_ms=live_moment(snapshot))


def horizon(snapshot: Snapshot, reading: Reading, rules: LiquidationRules) -> str:
    """How far it reaches in time: "regime", "episode", "isolated", "noise" of five minutes, "quiet", or "unknown".

    Quiet and noise are said only where no hour could have stood out unseen, isolated where none unseen would make an
    episode.
    """
    facts = reading.facts
    days, hours = facts.get("flagged_days_7") or 0.0, facts.get("flagged_hours_24") or 0.0
    rank = facts.get("long_percentile_5m")
    if days >= rules.cluster_days:
        return "regime"
    if hours >= rules.cluster_hours:
        return "episode"
    if hours or days:
        return "unknown" if snapshot.regime.flag("lc") is None else "isolated"
    if snapshot.regime.flag("flagged") is not False:
        return "unknown"
    return "noise" if rank is not None and rank >= rules.flagged_percentile else "quiet"


def is_floor(snapshot: Snapshot, across: Forced | None) -> bool:
    """Whether more was closed than is told: feeds that sample or were not heard, and a day that was not heard whole."""
    noticed = any(one.found in FLOORS for one in snapshot.findings)
    return noticed or (across is not None and across.is_floor)


def _heading(snapshot: Snapshot, reading: Reading, phrases: Phrases) -> str:
    known = {
        "asset": snapshot.asset,
        "bps": numbers.bps(reading.value),
        "rank": numbers.rank(reading.percentile),
    }
    return first_that_fits(*(phrases.say(key, **known) for key in ("liq.heading", "liq.heading_short")))


def _meaning(
    snapshot: Snapshot, reading: Reading, phrases: Phrases, rules: LiquidationRules
) -> Iterator[str]:
    """What the horizon means, then what the day was beside its price, its spot volume and its own week."""
    if reading.presence is not Presence.SEEN:
        yield phrases.say("liq.stale")
        return
    yield phrases.say(f"liq_horizon.{horizon(snapshot, reading, rules)}")
    yield phrases.say(
        "liq.flagged",
        hours=_count(reading.facts.get("flagged_hours_24")),
        days=_count(reading.facts.get("flagged_days_7")),
        rank=f"{rules.flagged_percentile * 100:.0f}",
        bps=numbers.general(rules.flagged_bps),
    )
    heard = reading.facts.get("covered_hours_24")
    if heard is not None and round(heard) < DAY_HOURS:
        yield phrases.say("liq.heard", hours=numbers.decimals(heard, 0 if heard >= 1.0 else 1))
    if snapshot.regime.flag("lb"):
        yield phrases.say("liq.burst")
    for claim in CLAIMS:
        if reading.facts.get(claim):
            yield phrases.say(f"liq_claim.{claim}")


def _windows(reading: Reading, phrases: Phrases, *, is_floor: bool) -> Iterator[str]:
    """Five minutes, an hour and a day: US dollars a side, and longs in bps of open interest and of volume."""
    yield _row("", *(phrases.word("liq_head", name) for name in ("longs", "shorts", "of_oi", "of_volume")))
    for span in SPANS:
        longs, shorts, of_oi, of_volume = (
            reading.facts.get(f"{name}_{span}")
            for name in ("long_usd", "short_usd", "long_bps", "long_bps_of_volume")
        )
        yield _row(
            phrases.word("span", span),
            _at_least(longs, is_floor=is_floor),
            _at_least(shorts, is_floor=is_floor),
            numbers.bps(of_oi),
            numbers.bps(of_volume),
        )


def _at_least(usd: float | None, *, is_floor: bool) -> str:
    return f">{numbers.short(usd)}" if is_floor and usd else numbers.short(usd)


def _row(span: str, longs: str, shorts: str, of_oi: str, of_volume: str) -> str:
    return fit(f"{span:<6}{longs:>8}{shorts:>8}{of_oi:>7}{of_volume:>8}")


def _measures(reading: Reading, phrases: Phrases, rules: LiquidationRules) -> Iterator[str]:
    """Its side, its share of the way price went and of spot volume, and what one of them brings about."""
    facts = reading.facts
    share, sums = facts.get("long_share"), [facts.get(f"{side}_usd_1h") for side in ("long", "short")]
    if share is not None and any(sums):  # half of nothing is no news
        yield phrases.say("liq.share", share=numbers.percent(share, signed=False, digits=0))
    held, known = _held_against(facts.get("rri"), rules.range_relative)
    yield phrases.say(f"liq_rri.{held}", **known)
    held, known = _held_against(facts.get("ldr"), rules.leverage_to_spot)
    yield phrases.say(f"liq_ldr.{held}", **known)
    ratio = facts.get("branching")
    if ratio is None:
        yield phrases.say("liq.branching_unknown", least=rules.branching_least_events)
    else:
        yield phrases.say(
            "liq.branching",
            ratio=numbers.decimals(ratio, 2),
            deviation=numbers.decimals(facts.get("branching_deviation") or 0.0, 2),
            rank=_ranked(facts.get("branching_percentile"), phrases),
            events=_count(facts.get("branching_events")),
        )


def _ranked(percentile: float | None, phrases: Phrases) -> str:
    return phrases.say("metric.unranked") if percentile is None else numbers.rank(percentile)


def _held_against(value: float | None, line: float) -> tuple[str, dict[str, str]]:
    """Whether a multiple of the usual is high, and both of them written out."""
    if value is None:
        return "unknown", {}
    return "high" if value >= line else "low", {
        "value": numbers.decimals(value, 1),
        "line": numbers.general(line),
    }


def _by_venue(snapshot: Snapshot, across: Forced | None, phrases: Phrases) -> Iterator[Block]:
    """Each venue's hour, how much of it was heard, and what throttled feeds probably leave out of it."""
    rows = forced_rows(snapshot.venues, phrases)
    if not rows or across is None:
        yield Text(phrases.say("venues.none"))
        return
    yield Lines(rows)
    said = (*_silent(snapshot, phrases), *_missing(across, phrases), *_volume_of(snapshot, phrases))
    yield from paragraph(said)


def _volume_of(snapshot: Snapshot, phrases: Phrases) -> Iterator[str]:
    """Whose volume the sums of all venues are measured by: as a share of all volume they would be less."""
    for one in snapshot.findings:
        if one.found is Found.PRICE_VENUE and one.venue:
            yield phrases.say("liq.volume_of", venue=phrases.word("venue", one.venue.value))


def _silent(snapshot: Snapshot, phrases: Phrases) -> Iterator[str]:
    """The venues that have leverage, and of whose liquidations nothing is heard."""
    silent = [one.venue for one in snapshot.venues if one.coins and one.long_usd_1h is None]
    if silent:
        names = ", ".join(phrases.word("venue", venue.value) for venue in silent)
        yield phrases.say("liq.silent", venues=names)


def _missing(across: Forced, phrases: Phrases) -> Iterator[str]:
    """That the sums are floors, and two guesses at what they are floors of."""
    if not across.is_floor:
        return
    told = {"usd": numbers.short(across.long_usd)}
    if across.long_usd_likely is None:
        yield phrases.say("liq.at_least", **told)
    elif (likely := numbers.short(across.long_usd_likely)) != told["usd"]:
        yield phrases.say("liq.likely", **told, likely=likely)
    else:
        yield phrases.say("liq.floor")
    if across.long_usd_scaled is not None and across.long_usd_scaled > across.long_usd:
        yield phrases.say("liq.scaled", usd=numbers.short(across.long_usd_scaled))


def _picture(snapshot: Snapshot, hours: Hourly | None, phrases: Phrases) -> tuple[Picture, ...]:
    if hours is None or not len(hours):
        return ()
    made = partial(_drawn, snapshot, hours, phrases)
    return (pictures.once("liq", snapshot, hours, phrases, made),)


def _drawn(snapshot: Snapshot, hours: Hourly, phrases: Phrases) -> Picture:
    week, weeks = phrases.say("liq.picture_hours"), phrases.say("liq.picture_weeks")
    longs, shorts = phrases.word("liq_head", "longs"), phrases.word("liq_head", "shorts")
    panels = (
        pictures.hours_panel(
            week,
            "usd",
            hours,
            (
                pictures.series(longs, hours.long_liquidated_usd, Mark.BARS, Ink.STRESS),
                pictures.series(shorts, hours.short_liquidated_usd, Mark.BARS, Ink.SECOND),
            ),
            height=2.0,
        ),
        pictures.weekly_panel(weeks, longs, hours, hours.long_liquidated_usd),
    )
    title = fit(phrases.say("liq.picture", asset=snapshot.asset))
    return pictures.picture("liq", title, snapshot, hours, panels, phrases)


def _count(value: float | None) -> str:
    return numbers.UNKNOWN if value is None else f"{value:.0f}"


def _actions(snapshot: Snapshot, phrases: Phrases) -> tuple[Action, ...]:
    asset = snapshot.asset
    return (
        Action(phrases.say("button.regime"), f"/regime {asset}"),
        Action(phrases.say("button.oi"), f"/oi {asset}"),
        Action(phrases.say("button.levels"), f"/levels {asset}"),
        Action(phrases.say("button.refresh"), f"/liq {asset}"),
    )


def _plain(snapshot: Snapshot, reading: Reading, across: Forced | None) -> dict[str, object]:
    """The numbers behind it for JSON: US dollars, basis points, shares, null where one is unknown."""
    facts = reading.facts
    windows = {
        span: {
            f"{side}_{name}": facts.get(f"{side}_{name}_{span}")
            for side in ("long", "short")
            for name in ("usd", "bps", "bps_of_volume")
        }
        for span in SPANS
    }
    return {
        "asset": snapshot.asset,
        "at": iso(snapshot.at_ms),
        "source": snapshot.source,
        "long_bps_1h": reading.value,
        "percentile": reading.percentile,
        "quality": reading.quality,
        "asof": None if reading.asof_ms is None else iso(reading.asof_ms),
        "windows": windows,
        "is_floor": is_floor(snapshot, across),
        "long_usd_1h_likely": None if across is None else across.long_usd_likely,
        "long_usd_1h_scaled": None if across is None else across.long_usd_scaled,
        **{name: facts.get(name) for name in PLAIN},
        **{name: as_claim(facts.get(name)) for name in CLAIMS},
        "flags": {name: snapshot.regime.flag(name) for name in ("lc", "lb", "lc_short", "lb_short")},
        "venues": venues_numbers(snapshot.venues),
    }
