"""Skew in words: what protection costs, whether fear grows or leaves, the term, and what all of it is read from."""

from collections.abc import Iterator
from functools import partial

from commands.protocol.phrases import Phrases
from commands.protocol.picture import Picture, Rule
from commands.protocol.reply import Action, Block, Heading, Lines, Reply, Text
from commands.wording import numbers, pictures
from commands.wording.columns import fit
from commands.wording.learning import learning_of, learning_words
from commands.wording.market import live_moment, source_notes
from commands.wording.metric import describe_unseen, level_tone, market_moment
from commands.wording.panel import age_of
from commands.wording.paragraphs import paragraph_of
from commands.wording.skew_chain import Listed, chain_numbers, gamma_lines, listed_lines
from market.hourly import Hourly
from market.options import Smile
from market.options.black76 import daily_move
from market.reading import Presence, Reading
from market.report import iso, market_time
from market.rules import Rules, SkewRules
from market.snapshot import Snapshot

NAME = "skew"
POINTS = 100.0
OF_PAST_HOURS = 30 * 24
STEEP = ("kst", "ks")
STANDS = (*STEEP, "ks_call", "skew_dear")
"""What is said of it, the first that holds."""
NUMBERS = (
    "skew_30d_points",
    "skew_7d_points",
    "skew_30d_adjusted_points",
    "butterfly_30d_points",
    "atm_iv_30d",
    "atm_iv_7d",
    "skew_over_atm",
    "term_inversion_points",
    "z",
    "change_24h_points",
    "z_change",
    "peak_7d_points",
    "from_peak_7d",
    "normalising",
)
"""The facts of the reading that go out as they are."""


def describe_skew(
    snapshot: Snapshot,
    listed: Listed | None,
    hours: Hourly | None,
    phrases: Phrases,
    rules: Rules,
    now_ms: int,
) -> Reply:
    """The answer to /skew. The snapshot is one that has been aged to `now_ms`; `listed` None: no fresh chain is kept."""
    reading = snapshot.reading(NAME)
    if reading is None or reading.presence is Presence.ABSENT:
        return describe_unseen(snapshot, NAME, phrases, now_ms)
    at_ms = market_time(snapshot, now_ms)
    blocks: tuple[Block, ...] = (
        Heading(_heading(snapshot, reading, phrases), level_tone(snapshot, NAME)),
        *source_notes(snapshot, phrases, now_ms),
        Text("\n".join(_meaning(snapshot, reading, phrases, at_ms))),
        Lines(_smile(reading, listed, phrases)),
        Text("\n".join(_standing(snapshot, reading, phrases, rules.skew, at_ms))),
        *_picture(snapshot, hours, phrases, rules.skew),
        paragraph_of(
            "\n".join(
                (*listed_lines(listed, phrases), *gamma_lines(listed, phrases), market_moment(snapshot))
            )
        ),
    )
    return Reply(
        blocks,
        _actions(snapshot, phrases),
        data=_plain(snapshot, reading, listed),
        at_ms=live_moment(snapshot),
    )


def _heading(snapshot: Snapshot, reading: Reading, phrases: Phrases) -> str:
    known = {"asset": snapshot.asset, "points": numbers.points(reading.value)}
    return fit(phrases.say("skew.heading", **known, rank=numbers.rank(reading.percentile)))


def _meaning(snapshot: Snapshot, reading: Reading, phrases: Phrases, at_ms: int) -> Iterator[str]:
    """What it stands for, the first that holds; that fear leaves is said beside it: it is priced in, not resolved."""
    if reading.presence is not Presence.SEEN:
        yield phrases.say("skew.stale", age=age_of(reading, at_ms))
        return
    flag, facts = snapshot.regime.flag, reading.facts
    stands = next((name for name in STANDS if flag(name)), _plainly(snapshot, reading))
    yield phrases.say(
        f"skew_stand.{stands}",
        points=numbers.points(reading.value),
        size=numbers.points(None if reading.value is None else abs(reading.value)).lstrip("+"),
        change=numbers.points(facts.get("change_24h_points")),
    )
    if facts.get("normalising"):
        yield phrases.say("skew.normalising", peak=numbers.points(facts.get("peak_7d_points")))
    if flag("kst") and flag("fe"):
        yield phrases.say("skew.unstable")


def _plainly(snapshot: Snapshot, reading: Reading) -> str:
    """Which side costs more where neither is dear; "unsure" where it could be steep and nobody knows yet."""
    if reading.value is None or any(snapshot.regime.flag(name) is None for name in STEEP):
        return "unsure"
    if not round(reading.value, 1):
        return "same"
    return "plain" if reading.value > 0.0 else "less"


def _smile(reading: Reading, listed: Listed | None, phrases: Phrases) -> tuple[str, ...]:
    """The month beside the week: the week's wing and other convention are of the chain, where one is kept."""
    facts = reading.facts
    month, week = (None, None) if listed is None else (listed.surface.month, listed.surface.week)
    adjusted = None if listed is None else listed.surface.week_premium_adjusted
    rows = (
        ("skew", numbers.points(facts.get("skew_30d_points")), numbers.points(facts.get("skew_7d_points"))),
        ("adjusted", numbers.points(facts.get("skew_30d_adjusted_points")), _points(adjusted)),
        ("butterfly", numbers.points(facts.get("butterfly_30d_points")), _butterfly(week)),
        ("atm", _iv(facts.get("atm_iv_30d")), _iv(facts.get("atm_iv_7d"))),
        (
            "put",
            _iv(None if month is None else month.put_25d_iv),
            _iv(None if week is None else week.put_25d_iv),
        ),
        (
            "call",
            _iv(None if month is None else month.call_25d_iv),
            _iv(None if week is None else week.call_25d_iv),
        ),
    )
    head = _row("", phrases.say("skew.month"), phrases.say("skew.week"))
    return (head, *(_row(phrases.word("smile", name), one, other) for name, one, other in rows))


def _row(name: str, month: str, week: str) -> str:
    return fit(f"{name:<17}{month:>9}{week:>10}")


def _points(smile: Smile | None) -> str:
    return numbers.points(None if smile is None else POINTS * smile.skew_25d)


def _butterfly(smile: Smile | None) -> str:
    return numbers.points(None if smile is None else POINTS * smile.butterfly_25d)


def _iv(fraction: float | None) -> str:
    return numbers.percent(fraction, signed=False)


def _standing(
    snapshot: Snapshot, reading: Reading, phrases: Phrases, rules: SkewRules, at_ms: int
) -> Iterator[str]:
    """Where it stands among its past, whether it grows, the term, and what options ask above what moves."""
    facts, known = reading.facts, learning_of(snapshot, NAME)
    yield phrases.say(
        "skew.score",
        z=_score(facts.get("z")),
        rank=phrases.say("metric.unranked")
        if reading.percentile is None
        else numbers.rank(reading.percentile),
        learned="" if known is None else f", {learning_words(known, phrases)}",
        age=age_of(reading, at_ms),
    )
    change, of_change = facts.get("change_24h_points"), facts.get("z_change")
    yield phrases.say("skew.change", change=numbers.points(change), z=_score(of_change))
    left, over = facts.get("from_peak_7d"), facts.get("skew_over_atm")
    if left is not None:
        peak = numbers.points(facts.get("peak_7d_points"))
        yield phrases.say("skew.peak", peak=peak, left=numbers.percent(left, digits=0))
    yield phrases.say("skew.over_atm", share=numbers.UNKNOWN if over is None else numbers.decimals(over, 2))
    yield _term(facts.get("term_inversion_points"), phrases, rules)
    yield from _index(snapshot, phrases)


def _score(z: float | None) -> str:
    return numbers.UNKNOWN if z is None else numbers.points(z)


def _term(points: float | None, phrases: Phrases, rules: SkewRules) -> str:
    if points is None:
        return phrases.say("skew.term_unknown")
    stands = "calm" if points <= 0.0 else "inverted" if points <= rules.inverted_points else "stress"
    if not round(points, 1):  # it would be written as +0.0
        stands = "flat"
    return phrases.say(f"skew_term.{stands}", points=numbers.points(points))


def _index(snapshot: Snapshot, phrases: Phrases) -> Iterator[str]:
    dvol, premium = snapshot.fact("volatility", "dvol"), snapshot.fact("volatility", "vrp")
    if dvol is None:
        yield phrases.say("skew.no_index")
        return
    day = numbers.percent(daily_move(dvol), signed=False)
    yield phrases.say("skew.index", dvol=_iv(dvol), day=day)
    if premium is not None:
        key = "skew.premium" if premium >= 0.0 else "skew.premium_negative"
        yield phrases.say(key, points=numbers.points(POINTS * premium))


def _picture(
    snapshot: Snapshot, hours: Hourly | None, phrases: Phrases, rules: SkewRules
) -> tuple[Picture, ...]:
    if hours is None or not len(hours):
        return ()
    made = partial(_drawn, snapshot, hours, phrases, rules)
    return (pictures.once(NAME, snapshot, hours, phrases, made, rules),)


def _drawn(snapshot: Snapshot, hours: Hourly, phrases: Phrases, rules: SkewRules) -> Picture:
    title = fit(phrases.say("skew.picture", asset=snapshot.asset))
    name = phrases.say("skew.picture_skew")
    line = (Rule(rules.steep_points, phrases.say("skew.line_steep")),)
    skew = pictures.series(name, hours.skew_points, last=OF_PAST_HOURS)
    panels = (pictures.hours_panel(name, "points", hours, (skew,), line),)
    return pictures.picture(NAME, title, snapshot, hours, panels, phrases)


def _actions(snapshot: Snapshot, phrases: Phrases) -> tuple[Action, ...]:
    asset = snapshot.asset
    return (
        Action(phrases.say("button.regime"), f"/regime {asset}"),
        Action(phrases.say("button.hedge"), f"/hedge {asset}"),
        Action(phrases.say("button.refresh"), f"/skew {asset}"),
    )


def _plain(snapshot: Snapshot, reading: Reading, listed: Listed | None) -> dict[str, object]:
    """The numbers behind it for JSON: vol points and fractions, null where one is unknown."""
    return {
        "asset": snapshot.asset,
        "at": iso(snapshot.at_ms),
        "source": snapshot.source,
        "percentile": reading.percentile,
        "quality": reading.quality,
        "asof": None if reading.asof_ms is None else iso(reading.asof_ms),
        **{name: reading.facts.get(name) for name in NUMBERS},
        "dvol": snapshot.fact("volatility", "dvol"),
        "vrp": snapshot.fact("volatility", "vrp"),
        "flags": {name: snapshot.regime.flag(name) for name in ("ks", "kst", "ks_call", "skew_dear")},
        "chain": chain_numbers(listed),
    }
