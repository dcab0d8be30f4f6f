"""Open interest in words: where the leverage stands, whether it grows in coins, and what price did to its dollars."""

from collections.abc import Iterator
from functools import partial

from commands.protocol.phrases import Phrases
from commands.protocol.picture import Picture
from commands.protocol.reply import Action, Block, Heading, Lines, Reply, Text
from commands.wording import numbers, pictures
from commands.wording.aging import aged
from commands.wording.columns import first_that_fits, fit
from commands.wording.findings import troubles_of
from commands.wording.market import live_moment, paragraph, source_notes
from commands.wording.metric import (
    as_claim,
    describe_unseen,
    known_line,
    level_tone,
    market_moment,
    signed_short,
)
from commands.wording.panel import age_of
from commands.wording.paragraphs import paragraph_of
from commands.wording.venue_rows import interest_rows, venues_numbers
from market.formulas.open_interest import quadrant_of
from market.hourly import Hourly
from market.observations import Side
from market.reading import Presence, Reading
from market.report import iso, market_time
from market.rules import OpenInterestRules, Rules
from market.sizing import advise
from market.snapshot import Snapshot

NAME = "open_interest"
SPANS = ("1h", "24h", "72h")
MOVING = ("oc", "ou", "oe")
OF_PAST_HOURS = 30 * 24
STANDS = ("flushed", "rolling_over", *MOVING)
"""What is said of it, the first that holds."""
PLAIN = (
    "coins",
    "usd",
    "z_24h",
    "from_peak_7d",
    "turnover_days",
    "turnover_percentile",
    "digest_falling",
    "digest_rising",
    "digest_falling_hours",
    "digest_rising_hours",
    "spot_usd_24h",
    "spot_relative",
)


def describe_oi(
    snapshot: Snapshot, hours: Hourly | None, phrases: Phrases, rules: Rules, now_ms: int
) -> Reply:
    """The answer to /oi. The snapshot is one that has been aged to `now_ms` (market.report.as_of)."""
    reading = snapshot.reading(NAME)
    if reading is None or reading.presence is Presence.ABSENT:
        return describe_unseen(snapshot, NAME, phrases, now_ms)
    at_ms = market_time(snapshot, now_ms)
    blocks: tuple[Block, ...] = (
        Heading(_heading(snapshot, reading, phrases), level_tone(snapshot, NAME)),
        *source_notes(snapshot, phrases, now_ms),
        Text("\n".join(_meaning(snapshot, reading, phrases, rules))),
        Lines(tuple(_growth(snapshot, phrases))),
        *_by_venue(snapshot, phrases, at_ms),
        Text("\n".join(_behaviour(snapshot, reading, phrases, rules.open_interest))),
        *paragraph(troubles_of(snapshot, NAME, phrases)),
        *_picture(snapshot, hours, phrases),
        paragraph_of(
            "\n".join((known_line(snapshot, NAME, phrases, age_of(reading, at_ms)), market_moment(snapshot)))
        ),
    )
    data = _plain(snapshot, reading)
    return Reply(blocks, _actions(snapshot, phrases), data=data, at_ms=live_moment(snapshot))


def _heading(snapshot: Snapshot, reading: Reading, phrases: Phrases) -> str:
    known = {
        "asset": snapshot.asset,
        "coins": numbers.short(reading.value),
        "usd": numbers.short(reading.facts.get("usd")),
        "rank": numbers.rank(reading.percentile),
    }
    return first_that_fits(*(phrases.say(key, **known) for key in ("oi.heading", "oi.heading_short")))


def _meaning(snapshot: Snapshot, reading: Reading, phrases: Phrases, rules: Rules) -> Iterator[str]:
    """What stands: the level alone is no verdict, what price does beside it is."""
    if reading.presence is not Presence.SEEN:
        yield phrases.say("oi.stale")
        return
    holds = {name: snapshot.regime.flag(name) for name in STANDS}
    holds["flushed"] = bool(reading.facts.get("flushed"))
    otherwise = "unsure" if any(holds[name] is None for name in MOVING) else "neither"
    stands = next((name for name in STANDS if holds[name]), otherwise)
    yield phrases.say(f"oi_stand.{stands}", **_lines_of(rules.open_interest))
    if snapshot.regime.flag("ou") and snapshot.regime.flag("nc"):
        turned = advise(snapshot, Side.LONG, rules).has_turned
        yield phrases.say("oi.unconfirmed_turned" if turned else "oi.unconfirmed")
    elif snapshot.regime.flag("ou") and snapshot.regime.flag("nc") is False:
        yield phrases.say("oi.confirmed")
    if snapshot.regime.protip:
        yield phrases.say("regime.protip")


def _lines_of(rules: OpenInterestRules) -> dict[str, str]:
    return {
        "elevated": f"p{rules.elevated_percentile * 100:.0f}",
        "rising": numbers.percent(rules.rising_24h),
        "compressing": numbers.percent(abs(rules.compressing_72h), signed=False),
        "rolling": numbers.percent(abs(rules.rolling_from_peak), signed=False),
        "flushed": numbers.percent(abs(rules.flushed_from_peak), signed=False),
    }


def _growth(snapshot: Snapshot, phrases: Phrases) -> Iterator[str]:
    """Growth in coins beside that in dollars, and the dollars split: what was added or closed, and what price did."""
    yield _row("", *(phrases.word("oi_head", name) for name in ("coins", "usd", "added", "price")))
    for span in SPANS:
        fact = {name: snapshot.fact(NAME, f"{name}_{span}") for name in ("change", "usd_change")}
        yield _row(
            phrases.word("span", span),
            numbers.percent(fact["change"]),
            numbers.percent(fact["usd_change"]),
            signed_short(snapshot.fact(NAME, f"positioning_usd_{span}")),
            signed_short(snapshot.fact(NAME, f"revaluation_usd_{span}")),
        )


def _row(span: str, coins: str, usd: str, added: str, price: str) -> str:
    return fit(f"{span:<5}{coins:>8}{usd:>8}{added:>8}{price:>8}")


def _by_venue(snapshot: Snapshot, phrases: Phrases, at_ms: int) -> tuple[Block, ...]:
    rows = interest_rows(snapshot.venues, snapshot.fact("price", "price_usd"), phrases)
    return (Lines(aged(rows, at_ms)),) if rows else (Text(phrases.say("venues.none")),)


def _behaviour(
    snapshot: Snapshot, reading: Reading, phrases: Phrases, rules: OpenInterestRules
) -> Iterator[str]:
    """The stories of an hour and a day, whether leverage is worked off, how far off the peak, how many days of volume."""
    for span in ("1h", "24h"):
        quadrant = quadrant_of(reading.facts.get(f"quadrant_{span}"))
        story = phrases.say("oi.no_story") if quadrant is None else phrases.word("quadrant", quadrant.value)
        yield phrases.say("oi.story", span=phrases.word("span", span), story=story)
    yield _digestion(reading, phrases, rules)
    off, days = reading.facts.get("from_peak_7d"), reading.facts.get("turnover_days")
    if off is not None:
        yield phrases.say("oi.peak", off=numbers.percent(off))
    if days is not None:
        rank = numbers.rank(reading.facts.get("turnover_percentile"))
        yield phrases.say("oi.turnover", days=numbers.decimals(days, 1), rank=rank)


def _digestion(reading: Reading, phrases: Phrases, rules: OpenInterestRules) -> str:
    """Whether open interest declines on down moves and stabilises on up moves, or that too few hours moved to tell."""
    facts = reading.facts
    is_digesting = facts.get("digesting")
    fell, rose = facts.get("digest_falling_hours"), facts.get("digest_rising_hours")
    if fell is None or rose is None:
        return phrases.say("oi.digest_unseen", needed=rules.digest_least_hours)
    if is_digesting is None:
        return phrases.say(
            "oi.digest_unknown", fell=f"{fell:.0f}", rose=f"{rose:.0f}", needed=rules.digest_least_hours
        )
    return phrases.say(
        "oi.digesting" if is_digesting else "oi.not_digesting",
        fell=numbers.percent(facts.get("digest_falling"), digits=2),
        rose=numbers.percent(facts.get("digest_rising"), digits=2),
        hours=rules.digest_hours,
    )


def _picture(snapshot: Snapshot, hours: Hourly | None, phrases: Phrases) -> tuple[Picture, ...]:
    if hours is None or not len(hours):
        return ()
    made = partial(_drawn, snapshot, hours, phrases)
    return (pictures.once("oi", snapshot, hours, phrases, made),)


def _drawn(snapshot: Snapshot, hours: Hourly, phrases: Phrases) -> Picture:
    coins, price = phrases.say("metric.picture_coins"), phrases.say("metric.picture_price")
    panels = (
        pictures.hours_panel(
            coins,
            "coins",
            hours,
            (pictures.series(coins, hours.interest_of_one_source(), last=OF_PAST_HOURS),),
            height=2.0,
        ),
        pictures.hours_panel(
            price, "usd", hours, (pictures.series(price, hours.close_usd, last=OF_PAST_HOURS),)
        ),
    )
    title = fit(phrases.say("oi.picture", asset=snapshot.asset))
    return pictures.picture("oi", title, snapshot, hours, panels, phrases)


def _actions(snapshot: Snapshot, phrases: Phrases) -> tuple[Action, ...]:
    asset = snapshot.asset
    return (
        Action(phrases.say("button.regime"), f"/regime {asset}"),
        Action(phrases.say("button.funding"), f"/funding {asset}"),
        Action(phrases.say("button.liq"), f"/liq {asset}"),
        Action(phrases.say("button.refresh"), f"/oi {asset}"),
    )


def _plain(snapshot: Snapshot, reading: Reading) -> dict[str, object]:
    """The numbers behind it for JSON: coins, US dollars, fractions, null where one is unknown."""
    facts = reading.facts
    spans = {
        span: {
            "coins": facts.get(f"change_{span}"),
            "usd": facts.get(f"usd_change_{span}"),
            "positioning_usd": facts.get(f"positioning_usd_{span}"),
            "revaluation_usd": facts.get(f"revaluation_usd_{span}"),
        }
        for span in SPANS
    }
    quadrants = {span: quadrant_of(facts.get(f"quadrant_{span}")) for span in ("1h", "24h")}
    return {
        "asset": snapshot.asset,
        "at": iso(snapshot.at_ms),
        "source": snapshot.source,
        "percentile": reading.percentile,
        "quality": reading.quality,
        "asof": None if reading.asof_ms is None else iso(reading.asof_ms),
        "change": spans,
        "quadrant": {span: None if one is None else one.value for span, one in quadrants.items()},
        "digesting": as_claim(facts.get("digesting")),
        "flushed": as_claim(facts.get("flushed")),
        **{name: facts.get(name) for name in PLAIN},
        "flags": {name: snapshot.regime.flag(name) for name in ("oe", "ou", "oc", "rolling_over")},
        "venues": venues_numbers(snapshot.venues),
    }
