"""What was noticed when several venues became one market, in a trader's words, and what of the market was heard."""

from collections.abc import Callable, Iterable, Mapping

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.panel import OPTIONS_MARKETS
from market.findings import Finding, Found
from market.reading import Presence
from market.report import LIVE, iso
from market.rules import Rules
from market.snapshot import Snapshot
from market.venues import funding_spread

MOST_TOLD, MOST_WHY = 3, 12
"""So many troubles /regime tells, and /why."""

TROUBLES = (
    Found.NO_PRICE,
    Found.FROZEN,
    Found.LEFT_OUT,
    Found.NEVER_HEARD,
    Found.UNHEARD,
    Found.SATURATED,
    Found.QUARANTINED,
    Found.OUTLIER,
    Found.IMPLAUSIBLE,
    Found.PRICE_SWITCHED,
    Found.RELAYED,
    Found.FUNDING_SPLICED,
    Found.REDENOMINATED,
)
"""What makes a number smaller, older or another than it looks, the worst first."""

ALSO_WHY = (
    Found.CONFIRMED,
    Found.JOINED,
    Found.CLOCK_AHEAD,
    Found.CLOCK_BEHIND,
    Found.NO_SKEW,
    Found.NO_BOOK,
)
ONLY_STATUS = (Found.CLOCK_JUMPED, Found.OUT_OF_ORDER, Found.TOO_LATE)
SHARES: Mapping[Found, str] = {
    Found.INTEREST_SHARE: "open_interest",
    Found.FUNDING_SHARE: "funding",
    Found.LIQUIDATIONS_SHARE: "liquidations",
}
WITH_WORDS_OF_THEIR_OWN = (Found.FUNDING_DISPERSION, Found.FLOOR, Found.PRICE_VENUE)


def troubles(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    """For /regime: what stands between these numbers and the market, the worst first, at most three and how many more."""
    told = [*_sentences(snapshot, TROUBLES, phrases), *_disagreement(snapshot, phrases, rules)]
    more = len(told) - MOST_TOLD
    lines = told[:MOST_TOLD]
    if more > 0:
        lines.append(phrases.say("findings.more", count=more, asset=snapshot.asset))
    return (*lines, *coverage(snapshot, phrases))


def troubles_of(snapshot: Snapshot, of: str, phrases: Phrases) -> tuple[str, ...]:
    """For the answer about one metric: what stands between it and the market, and how much of it was heard."""
    told = [
        sentence(one, phrases)
        for found in TROUBLES
        for one in snapshot.findings
        if one.found is found and one.of in (of, "mark", None)
    ]
    more = len(told) - MOST_TOLD
    if more > 0:
        told = [*told[:MOST_TOLD], phrases.say("findings.more", count=more, asset=snapshot.asset)]
    found = next((found for found, name in SHARES.items() if name == of), None)
    share = None if found is None else value_of(snapshot, found)
    if share is None:
        return tuple(told)
    heard = phrases.say("findings.share", input=phrases.word("input", of), share=share_words(share))
    unheard = _unheard_now(snapshot, phrases) if found is Found.LIQUIDATIONS_SHARE else ()
    return (*told, phrases.say("findings.heard", shares=heard), *unheard)


def findings_lines(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    """For /why: all of it, then how far the venues agree, what was heard, what is a floor, and whose price it is."""
    return (
        *_sentences(snapshot, (*TROUBLES, *ALSO_WHY), phrases)[:MOST_WHY],
        *(_disagreement(snapshot, phrases, rules) or _agreement(snapshot, phrases, rules)),
        *coverage(snapshot, phrases),
        *floor(snapshot, phrases),
        *_price_venue(snapshot, phrases),
    )


def coverage(snapshot: Snapshot, phrases: Phrases) -> tuple[str, ...]:
    """How much of all open interest the numbers are of: "Heard: open interest 92%, funding 100%, liquidations 61%."."""
    shares = {found: value_of(snapshot, found) for found in SHARES}
    told = [
        phrases.say("findings.share", input=phrases.word("input", SHARES[found]), share=share_words(share))
        for found, share in shares.items()
        if share is not None
    ]
    absent = any(one.found is Found.NEVER_HEARD for one in snapshot.findings)
    key = "findings.heard_elsewhere" if absent else "findings.heard"
    said = (phrases.say(key, shares=", ".join(told)),) if told else ()
    return (*said, *_unheard_now(snapshot, phrases))


def _unheard_now(snapshot: Snapshot, phrases: Phrases) -> tuple[str, ...]:
    """Whose the liquidations are where nothing of them is heard: of the past that was read, before the first minute."""
    reading = snapshot.reading("liquidations")
    is_told = reading is not None and reading.presence is Presence.SEEN
    is_unheard = value_of(snapshot, Found.LIQUIDATIONS_SHARE) == 0.0
    return (phrases.say("findings.unheard_now"),) if is_told and is_unheard else ()


def floor(snapshot: Snapshot, phrases: Phrases) -> tuple[str, ...]:
    """That liquidations are a floor: of the venues that sampled this minute, else of the one that always does."""
    reading = snapshot.reading("liquidations")
    if snapshot.source != LIVE or reading is None or reading.presence is not Presence.SEEN:
        return ()
    venues = [
        phrases.word("venue", one.venue.value)
        for one in snapshot.findings
        if one.found is Found.FLOOR and one.venue is not None
    ]
    return (
        phrases.say("findings.floor", venues=", ".join(venues)) if venues else phrases.say("regime.floor"),
    )


def sentence(finding: Finding, phrases: Phrases) -> str:
    """One finding in one sentence."""
    write = _VALUES.get(finding.found)
    return phrases.say(
        f"found.{finding.found.value}",
        venue="" if finding.venue is None else phrases.word("venue", finding.venue.value),
        of=_of(finding, phrases),
        value=write(finding) if write is not None and finding.value is not None else numbers.UNKNOWN,
    )


def _of(finding: Finding, phrases: Phrases) -> str:
    """What kind of report it is about; of a switched price it is the venue before."""
    if finding.found is Found.PRICE_SWITCHED:
        return phrases.word("venue", finding.of or "")
    return phrases.word("of", finding.of or "")


def share_words(share: float) -> str:
    """A share that lacks anything is never "100%"."""
    return f"{100 if share >= 1.0 else min(99, round(share * 100.0))}%"


def value_of(snapshot: Snapshot, found: Found) -> float | None:
    """The number of a finding that there is at most one of, None where it was not made."""
    return next((one.value for one in snapshot.findings if one.found is found), None)


def findings_numbers(snapshot: Snapshot) -> list[Mapping[str, object]]:
    """The numbers behind it, for JSON."""
    return [
        {
            "found": one.found.value,
            "venue": None if one.venue is None else one.venue.value,
            "of": one.of,
            "value": one.value,
            "at": iso(one.at_ms),
        }
        for one in snapshot.findings
    ]


def _sentences(snapshot: Snapshot, kinds: Iterable[Found], phrases: Phrases) -> list[str]:
    return [
        sentence(one, phrases)
        for found in kinds
        for one in snapshot.findings
        if one.found is found and not (found is Found.NO_SKEW and snapshot.asset not in OPTIONS_MARKETS)
    ]


def _disagreement(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    """Venues further apart than what is "not reset" lies above nothing: one may say reset while another does not."""
    spread = _spread(snapshot, rules)
    if spread is None or spread < rules.funding.not_reset:
        return ()
    return (phrases.say("findings.disagree", spread=numbers.rate(spread)),)


def _agreement(snapshot: Snapshot, phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    spread = _spread(snapshot, rules)
    if spread is None:
        return ()
    told = numbers.rate(spread)
    is_all = told == numbers.rate(0.0)
    return (phrases.say("findings.agree_all") if is_all else phrases.say("findings.agree", spread=told),)


def _spread(snapshot: Snapshot, rules: Rules) -> float | None:
    return funding_spread(snapshot.venues, snapshot.findings, snapshot.at_ms, rules.freshness)


def _price_venue(snapshot: Snapshot, phrases: Phrases) -> tuple[str, ...]:
    found = next((one for one in snapshot.findings if one.found is Found.PRICE_VENUE and one.venue), None)
    if found is None or found.venue is None:
        return ()
    return (phrases.say("findings.price_venue", venue=phrases.word("venue", found.venue.value)),)


def _share(finding: Finding) -> str:
    return share_words(finding.value or 0.0)


def _rate(finding: Finding) -> str:
    return numbers.rate(finding.value)


def _coins(finding: Finding) -> str:
    return numbers.short(finding.value)


def _count(finding: Finding) -> str:
    return f"{finding.value or 0.0:.0f}"


def _percent(finding: Finding) -> str:
    return numbers.percent(finding.value)


def _off(finding: Finding) -> str:
    return numbers.percent((finding.value or 1.0) - 1.0)


def _jump(finding: Finding) -> str:
    """A jump as a factor; that of a rate, which may pass through zero, as its change (see scheduler/condense/funding)."""
    value = finding.value or 0.0
    return numbers.rate(value - 1.0) if finding.of == "funding" else f"x{numbers.short(value)}"


def _time(finding: Finding) -> str:
    return numbers.duration(round(abs(finding.value or 0.0)))


_VALUES: Mapping[Found, Callable[[Finding], str]] = {
    Found.OUTLIER: _off,
    Found.QUARANTINED: _jump,
    Found.CONFIRMED: _jump,
    Found.REDENOMINATED: _jump,
    Found.OUT_OF_ORDER: _time,
    Found.CLOCK_AHEAD: _time,
    Found.CLOCK_BEHIND: _time,
    Found.CLOCK_JUMPED: _time,
    Found.FROZEN: _percent,
    Found.LEFT_OUT: _share,
    Found.JOINED: _coins,
    Found.FUNDING_SPLICED: _rate,
    Found.RELAYED: _rate,
    Found.SATURATED: _count,
    Found.UNHEARD: _count,
    Found.TOO_LATE: _coins,
    Found.NO_BOOK: _share,
}
