"""The venues in words: how each stands, the worst first, what of the market is heard, and what was noticed of it."""

from collections.abc import Iterable, Mapping

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.columns import fit
from commands.wording.findings import ALSO_WHY, ONLY_STATUS, SHARES, TROUBLES, sentence, share_words, value_of
from commands.wording.panel import OPTIONS_MARKETS
from commands.wording.paragraphs import date, minute
from market.findings import Finding, Found
from market.observations import DAY_MS, Asset
from market.report import iso
from market.snapshot import Snapshot
from store.services import SourceReport

OPEN = "open"
NOT_SERVED = ("banned", "geo_blocked")
"""With such a venue nothing else is worth saying."""

WORST_FIRST = ("shut", "banned", "geo_blocked", "troubled", "silent", "new", OPEN)
MOST_SILENT, MOST_COMPLAINTS, MOST_NOTICED = 4, 2, 6
LONGEST_WHY = 90


def venue_table(reports: Iterable[SourceReport], phrases: Phrases, at_ms: int) -> tuple[str, ...]:
    """One line a venue: how it stands, how old its last answer and its last word are, and its streams that are up."""
    head = [phrases.say(f"source_head.{name}") for name in ("venue", "asked", "heard", "streams")]
    rows = (_venue_row(report, phrases, at_ms) for report in worst_first(reports))
    return (_row(head[0], "", *head[1:]), *rows)


def venue_notes(reports: Iterable[SourceReport], phrases: Phrases, at_ms: int) -> tuple[str, ...]:
    """What is wrong with each venue in a sentence, and when (marked for `paragraph_of`) it is asked again."""
    return tuple(note for report in worst_first(reports) for note in _notes(report, phrases, at_ms))


def worst_first(reports: Iterable[SourceReport]) -> tuple[SourceReport, ...]:
    """The venues, those that can be heard least of first."""
    return tuple(
        sorted(reports, key=lambda report: (WORST_FIRST.index(stand_of(report)), report.venue.value))
    )


def stand_of(report: SourceReport) -> str:
    """How a venue stands: what is said of its questions, or "silent" where they are answered and a stream is not."""
    if report.state not in WORST_FIRST:
        return "troubled"
    is_mute = bool(report.silent) or report.streams_up < report.streams
    return "silent" if report.state == OPEN and is_mute else report.state


def heard_lines(snapshots: Iterable[Snapshot], phrases: Phrases) -> tuple[str, ...]:
    """How much of what is open the numbers are of: of each kind the least of all assets, and whose that is."""
    least = least_heard(snapshots)
    told = []
    for found, (share, asset, count) in least.items():
        known = {"input": phrases.word("input", SHARES[found]), "share": share_words(share)}
        key = "findings.share" if share >= 1.0 or count == 1 else "findings.share_of"
        told.append(phrases.say(key, **known, asset=asset))
    return (phrases.say("findings.heard", shares=", ".join(told)),) if told else ()


def least_heard(snapshots: Iterable[Snapshot]) -> Mapping[Found, tuple[float, Asset, int]]:
    """Of each kind the least share heard, whose it is, and of how many assets."""
    looked = tuple(snapshots)
    least = {}
    for found in SHARES:
        shares = [(share, one.asset) for one in looked if (share := value_of(one, found)) is not None]
        if shares:
            least[found] = (*min(shares), len(shares))
    return least


def noticed_lines(snapshots: Iterable[Snapshot], phrases: Phrases) -> tuple[str, ...]:
    """All that was noticed, the worst first; of equal things of several assets the largest, and of how many it is."""
    told: dict[tuple[Found, str, str], list[tuple[float, Asset, Finding]]] = {}
    for snapshot in snapshots:
        for one in snapshot.findings:
            if one.found in _ORDER and not _is_usual(one, snapshot.asset):
                key = (one.found, one.venue or "", one.of or "")
                told.setdefault(key, []).append((abs(one.value or 0.0), snapshot.asset, one))
    ordered = sorted(told.items(), key=lambda each: (_ORDER.index(each[0][0]), -len(each[1])))
    lines = [_noticed(found, phrases) for _, found in ordered]
    if len(lines) > MOST_NOTICED:
        lines[MOST_NOTICED:] = [phrases.say("status.more_noticed", count=len(lines) - MOST_NOTICED)]
    return tuple(lines)


def _noticed(found: list[tuple[float, Asset, Finding]], phrases: Phrases) -> str:
    _, asset, finding = max(found, key=lambda one: one[0])
    others = f" {phrases.say('status.more', count=len(found) - 1)}" if len(found) > 1 else ""
    return f"{asset}{others}: {sentence(finding, phrases)}"


def source_numbers(report: SourceReport) -> Mapping[str, object]:
    """The numbers of a venue, for JSON."""
    return {
        "venue": report.venue.value,
        "state": report.state,
        "until": None if report.until_ms is None else iso(report.until_ms),
        "answered": None if report.answered_ms is None else iso(report.answered_ms),
        "heard": None if report.heard_ms is None else iso(report.heard_ms),
        "streams": report.streams,
        "streams_up": report.streams_up,
        "silent": list(report.silent),
        "why": report.why,
        "complaints": list(report.complaints),
        "lists": report.lists,
    }


_ORDER = (*TROUBLES, *ALSO_WHY, *ONLY_STATUS)


def _venue_row(report: SourceReport, phrases: Phrases, at_ms: int) -> str:
    return _row(
        phrases.word("venue", report.venue.value),
        phrases.word("stand", stand_of(report)),
        _age(report.answered_ms, at_ms),
        _age(report.heard_ms, at_ms),
        f"{report.streams_up}/{report.streams}" if report.streams else "-",
    )


def _row(venue: str, stand: str, asked: str, heard: str, streams: str) -> str:
    return fit(f"{venue[:11]:<11} {stand[:8]:<8}{asked:>6}{heard:>6}{streams:>5}")


def _age(known_ms: int | None, at_ms: int) -> str:
    return numbers.age(None if known_ms is None else at_ms - known_ms).replace("min", "m")


def _notes(report: SourceReport, phrases: Phrases, at_ms: int) -> list[str]:
    venue, why = phrases.word("venue", report.venue.value), _short(report.why)
    notes = []
    if phrases.knows("trouble", report.state):
        known = {"venue": venue, "why": why or phrases.say("trouble.unsaid")}
        notes.append(phrases.say(f"trouble.{report.state}", **known, until=_until(report, phrases, at_ms)))
    if report.state in NOT_SERVED:
        return notes
    if report.silent:
        channels = list(report.silent[:MOST_SILENT])
        if len(report.silent) > MOST_SILENT:
            channels.append(phrases.say("status.more", count=len(report.silent) - MOST_SILENT))
        notes.append(phrases.say("trouble.channels", venue=venue, channels=", ".join(channels)))
    elif report.streams_up < report.streams:
        down = report.streams - report.streams_up
        notes.append(phrases.say("trouble.streams", venue=venue, down=down, streams=report.streams))
    if report.complaints:
        parts = [_short(complaint) for complaint in report.complaints[:MOST_COMPLAINTS]]
        if len(report.complaints) > MOST_COMPLAINTS:
            parts.append(phrases.say("status.more", count=len(report.complaints) - MOST_COMPLAINTS))
        notes.append(phrases.say("trouble.complaints", venue=venue, complaints="; ".join(parts)))
    return notes


def _until(report: SourceReport, phrases: Phrases, at_ms: int) -> str:
    if report.until_ms is None:
        return phrases.say("trouble.later")
    is_far = report.until_ms - at_ms >= DAY_MS
    at = date(report.until_ms) if is_far else minute(report.until_ms)
    return phrases.say("trouble.until", at=at)


def _short(text: str | None) -> str:
    """A reason that came from elsewhere, on one line, printable and short, without the stop that ends our sentence."""
    clean = " ".join("".join(sign if sign.isprintable() else " " for sign in text or "").split())
    return (clean if len(clean) <= LONGEST_WHY else clean[:LONGEST_WHY] + "…").rstrip(".")


def _is_usual(finding: Finding, asset: Asset) -> bool:
    """No options market of its own: then there is no skew, and nothing is wrong."""
    return finding.found is Found.NO_SKEW and asset not in OPTIONS_MARKETS
