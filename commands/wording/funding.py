"""Funding in words: who pays to stay in at each venue, what that is together, and never without the leverage behind it."""

from collections.abc import Iterator
from functools import partial

from commands.protocol.phrases import Phrases
from commands.protocol.picture import Picture, Rule
from commands.protocol.reply import Action, Block, Heading, Lines, Numbers, Reply, Text
from commands.protocol.style import style
from commands.wording import numbers, pictures
from commands.wording.aging import Line, aged
from commands.wording.columns import first_that_fits, fit
from commands.wording.findings import troubles_of
from commands.wording.market import live_moment, paragraph, source_notes
from commands.wording.metric import describe_unseen, known_line, level_tone, market_moment
from commands.wording.panel import age_of
from commands.wording.paragraphs import paragraph_of
from commands.wording.venue_rows import premium_rows, rate_rows, venues_numbers
from market.formulas.funding import DEAD_BAND, INTEREST_8H
from market.hourly import Hourly
from market.once import once
from market.reading import Presence, Reading
from market.report import iso, market_time
from market.rules import FundingRules, Rules
from market.snapshot import Snapshot
from market.venues import LEAST_TO_DIFFER, Rates, rates_across

NAME = "funding"
OF_PAST_HOURS = 30 * 24
AGREE_8H = 0.000_000_5
"""What is written as .000 % is no difference."""
STANDS = ("fd", "fe", "fr", "fn")
"""What is said of the rate, the first that holds."""


def describe_funding(
    snapshot: Snapshot, hours: Hourly | None, phrases: Phrases, rules: Rules, now_ms: int
) -> Reply:
    """The answer to /funding. The snapshot is one that has been aged to `now_ms` (market.report.as_of)."""
    reading = snapshot.reading(NAME)
    if reading is None or reading.presence is Presence.ABSENT:
        return describe_unseen(snapshot, NAME, phrases, now_ms)
    at_ms = market_time(snapshot, now_ms)
    across = rates_across(snapshot.venues, at_ms, rules.freshness)
    blocks: tuple[Block, ...] = (
        _heading(snapshot, phrases),
        *source_notes(snapshot, phrases, now_ms),
        Text("\n".join((*_meaning(snapshot, phrases, rules), *_turned(snapshot, across, phrases)))),
        *_tables(snapshot, phrases, rules, at_ms),
        Text("\n".join(_together(snapshot, reading, across, phrases, at_ms))),
        *_troubles(snapshot, phrases),
        *_picture(snapshot, hours, phrases, rules.funding),
        _leverage(snapshot, phrases, rules),
    )
    return Reply(
        blocks,
        _actions(snapshot, phrases),
        data=Numbers(partial(_plain, snapshot, reading, across)),
        at_ms=live_moment(snapshot),
    )


@once(style)
def _leverage(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> Block:
    return paragraph_of("\n".join((*leverage_lines(snapshot, phrases, rules), market_moment(snapshot))))


@once(style)
def _troubles(snapshot: Snapshot, phrases: Phrases) -> tuple[Block, ...]:
    return paragraph(troubles_of(snapshot, NAME, phrases))


def leverage_lines(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> Iterator[str]:
    """The open interest and the spot volume behind a rate: what makes a low one fragile, and a high one sound."""
    is_high = _is_material(snapshot, rules.funding)
    interest, ratio = snapshot.reading("open_interest"), spot_relative(snapshot)
    if interest is None or interest.presence is not Presence.SEEN:
        yield phrases.say("funding.interest_unseen")
    else:
        is_large = snapshot.regime.flag("oe")
        key = "unknown" if is_large is None else "small" if not is_large else "high" if is_high else "low"
        yield phrases.say(f"funding_interest.{key}", rank=_ranked(interest.percentile, phrases))
    if ratio is None:
        yield phrases.say("funding.spot_unseen")
    else:
        is_strong = ratio > rules.liquidations.modest_spot_ratio
        key = ("strong" if is_strong else "modest") + ("_high" if is_high else "")
        if is_strong and is_high and (is_weak := snapshot.regime.flag("pd")) is not False:
            key = "strong_falling" if is_weak else "strong"
        yield phrases.say(f"funding_spot.{key}", ratio=numbers.decimals(ratio, 1))


def spot_relative(snapshot: Snapshot) -> float | None:
    """The day's spot volume over its 30-day median, None where it is not known, or too old to be said."""
    reading = snapshot.reading("open_interest")
    if reading is None or reading.presence is not Presence.SEEN:
        return None
    return snapshot.fact("open_interest", "spot_relative")


@once(style)
def _heading(snapshot: Snapshot, phrases: Phrases) -> Heading:
    reading = snapshot.reading(NAME)
    known = {
        "asset": snapshot.asset,
        "rate": numbers.rate(None if reading is None else reading.value),
        "apr": numbers.per_year(snapshot.fact(NAME, "apr")),
        "rank": numbers.rank(None if reading is None else reading.percentile),
    }
    said = (phrases.say(key, **known) for key in ("funding.heading", "funding.heading_short"))
    return Heading(first_that_fits(*said), level_tone(snapshot, NAME))


@once(style)
def _meaning(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    return tuple(_stands(snapshot, phrases, rules))


def _stands(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> Iterator[str]:
    reading, flag = snapshot.reading(NAME), snapshot.regime.flag
    if reading is None or reading.presence is not Presence.SEEN:
        yield phrases.say("funding.stale")
        return
    otherwise = "unsure" if any(flag(name) is None for name in STANDS) else "between"
    rate = snapshot.fact(NAME, "f24")
    if otherwise == "between" and rate is not None and rate <= rules.funding.reset:
        otherwise = "soon"
    stands = next((name for name in STANDS if flag(name)), otherwise)
    yield phrases.say(f"funding_stand.{stands}", **_lines_of(rules.funding))
    if stands == "fd":
        is_ready = flag("stab") and (flag("oe") or flag("ou"))
        yield phrases.say("funding.squeeze" if is_ready else "funding.no_squeeze")
    if snapshot.fact(NAME, "flipped"):
        yield phrases.say("funding.flipped", count=rules.funding.flipped_settlements)
    if flag("pd") and flag("material"):
        yield phrases.say("funding.paying_while_falling")


def _turned(snapshot: Snapshot, across: Rates | None, phrases: Phrases) -> Iterator[str]:
    """That the other side pays now, where the mean of the day, which is what is judged, lags behind."""
    reading = snapshot.reading(NAME)
    if across is None or reading is None or reading.value is None or reading.presence is not Presence.SEEN:
        return
    if across.mean_8h * reading.value < 0.0:
        key = "funding.turned_short" if across.mean_8h < 0.0 else "funding.turned_long"
        yield phrases.say(key, rate=numbers.rate(across.mean_8h))


def _lines_of(rules: FundingRules) -> dict[str, str]:
    return {
        "elevated": numbers.rate(rules.elevated),
        "reset": numbers.rate(rules.reset),
        "not_reset": numbers.rate(rules.not_reset),
        "negative": numbers.rate(rules.deeply_negative),
    }


def _tables(snapshot: Snapshot, phrases: Phrases, rules: Rules, at_ms: int) -> list[Block]:
    if not snapshot.venues:
        return [Text(phrases.say("venues.none"))]
    return [Lines(aged(rows, at_ms)) for rows in _rows(snapshot, phrases, rules)]


@once(style)
def _rows(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[tuple[Line, ...], ...]:
    rates = rate_rows(snapshot.venues, phrases, rules.freshness)
    premiums = premium_rows(snapshot.venues, snapshot.fact("price", "price_usd"), phrases)
    return tuple(rows for rows in (rates, premiums) if rows)


def _together(
    snapshot: Snapshot, reading: Reading, across: Rates | None, phrases: Phrases, at_ms: int
) -> Iterator[str]:
    """The means over the venues, how far they lie apart, and where the day's mean stands among its past."""
    if across is not None:
        yield phrases.say("funding.mean", rate=numbers.rate(across.mean_8h), count=across.counted)
        if across.counted >= LEAST_TO_DIFFER:
            yield _apart(across, phrases)
        if across.capped:
            names = ", ".join(phrases.word("venue", venue.value) for venue in across.capped)
            yield phrases.say("funding.capped", venues=names)
        yield from _premium(across, phrases)
    yield _day(snapshot, phrases)
    yield known_line(snapshot, NAME, phrases, age_of(reading, at_ms))


@once(style)
def _day(snapshot: Snapshot, phrases: Phrases) -> str:
    reading = snapshot.reading(NAME)
    rank = _ranked(_percentile(snapshot, NAME), phrases)
    return phrases.say(
        "funding.day", rate=numbers.rate(None if reading is None else reading.value), rank=rank
    )


def _apart(across: Rates, phrases: Phrases) -> str:
    """How far the venues lie apart, and which lie where; that they agree where nobody would see a difference."""
    if across.dispersion_8h < AGREE_8H:
        return phrases.say("funding.agree")
    return phrases.say(
        "funding.apart",
        spread=numbers.rate(across.dispersion_8h),
        highest=phrases.word("venue", across.highest.value),
        lowest=phrases.word("venue", across.lowest.value),
    )


def _premium(across: Rates, phrases: Phrases) -> Iterator[str]:
    """The premium, and, where the rate is what the dead band prints, that it says more than that rate."""
    if across.premium is None:
        return
    low, high = DEAD_BAND
    prints = numbers.rate(across.mean_8h) == numbers.rate(INTEREST_8H)
    is_dead = prints and low <= across.premium <= high
    key = "funding.premium_dead" if is_dead else "funding.premium"
    yield phrases.say(
        key,
        premium=numbers.percent(across.premium, digits=3),
        low=numbers.percent(low, digits=2),
        high=numbers.percent(high, digits=2),
        rate=numbers.rate(INTEREST_8H),
    )


def _picture(
    snapshot: Snapshot, hours: Hourly | None, phrases: Phrases, rules: FundingRules
) -> tuple[Picture, ...]:
    if hours is None or not len(hours):
        return ()
    made = partial(_drawn, snapshot, hours, phrases, rules)
    return (pictures.once(NAME, snapshot, hours, phrases, made, rules),)


def _drawn(snapshot: Snapshot, hours: Hourly, phrases: Phrases, rules: FundingRules) -> Picture:
    title = fit(phrases.say("funding.picture", asset=snapshot.asset))
    rate = phrases.say("funding.picture_rate")
    coins = phrases.say("metric.picture_coins")
    lines = (
        Rule(rules.elevated, phrases.say("funding.line_high")),
        Rule(rules.reset, phrases.say("funding.line_reset")),
    )
    panels = (
        pictures.hours_panel(
            rate,
            "percent",
            hours,
            (pictures.series(rate, hours.funding_8h, last=OF_PAST_HOURS),),
            lines,
            2.0,
        ),
        pictures.hours_panel(
            coins,
            "coins",
            hours,
            (pictures.series(coins, hours.interest_of_one_source(), last=OF_PAST_HOURS),),
        ),
    )
    return pictures.picture(NAME, title, snapshot, hours, panels, phrases)


def _is_material(snapshot: Snapshot, rules: FundingRules) -> bool:
    rate = snapshot.fact(NAME, "f24")
    return rate is not None and rate >= rules.material


def _ranked(percentile: float | None, phrases: Phrases) -> str:
    return phrases.say("metric.unranked") if percentile is None else numbers.rank(percentile)


@once()
def _actions(snapshot: Snapshot, phrases: Phrases) -> tuple[Action, ...]:
    asset = snapshot.asset
    return (
        Action(phrases.say("button.regime"), f"/regime {asset}"),
        Action(phrases.say("button.oi"), f"/oi {asset}"),
        Action(phrases.say("button.liq"), f"/liq {asset}"),
        Action(phrases.say("button.refresh"), f"/funding {asset}"),
    )


def _plain(snapshot: Snapshot, reading: Reading, across: Rates | None) -> dict[str, object]:
    """The numbers behind it for JSON: fractions per eight hours and a year, null where one is unknown."""
    return {
        "asset": snapshot.asset,
        "at": iso(snapshot.at_ms),
        "source": snapshot.source,
        "f24": reading.value,
        "apr": reading.facts.get("apr"),
        "rate_8h": reading.facts.get("rate_8h"),
        "percentile": reading.percentile,
        "quality": reading.quality,
        "asof": None if reading.asof_ms is None else iso(reading.asof_ms),
        "flipped": reading.facts.get("flipped"),
        "mean_8h": None if across is None else across.mean_8h,
        "dispersion_8h": reading.facts.get("dispersion") if across is None else across.dispersion_8h,
        "premium": None if across is None else across.premium,
        "at_cap": [] if across is None else [venue.value for venue in across.capped],
        "flags": {name: snapshot.regime.flag(name) for name in ("fe", "fn", "fr", "fd", "material")},
        "open_interest_percentile": _percentile(snapshot, "open_interest"),
        "open_interest_elevated": snapshot.regime.flag("oe"),
        "spot_volume_relative": spot_relative(snapshot),
        "venues": venues_numbers(snapshot.venues),
    }


def _percentile(snapshot: Snapshot, name: str) -> float | None:
    reading = snapshot.reading(name)
    return None if reading is None else reading.percentile
