"""What is said when nothing has been read of an asset: INSUFFICIENT DATA with the reason, never a guess."""

from collections.abc import Iterable, Sequence

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Heading, Reply, Text, Tone
from commands.wording.columns import fit
from market.observations import Asset
from market.table import State
from store.services import FeedStatus, PastReport

NO_SOURCE = "none"
MOST_MISSING = 3


def describe_absence(asset: Asset, feed: FeedStatus, past: PastReport | None, phrases: Phrases) -> Reply:
    """The answer about an asset without a snapshot: its past is being read, or nothing is known of it yet."""
    is_reading = past is not None and past.share < 1.0
    reason = phrases.say("data.none_reason", asset=asset)
    if past is not None and _has_failed(past):
        reason = _unread((past,), phrases)
    elif past is not None and is_reading:
        reason = f"{past_line(past, phrases)}\n{phrases.say('data.soon')}"
    elif feed.source == NO_SOURCE:
        reason = f"{reason}\n{phrases.say('data.none_source')}"
    again = (Action(phrases.say("button.refresh"), f"/regime {asset}"),) if is_reading else ()
    return Reply(
        (Heading(fit(phrases.say("data.none", asset=asset)), Tone.CAUTION), Text(reason)),
        (*again, Action(phrases.say("button.status"), "/status")),
        data={
            "asset": asset,
            "state": State.INSUFFICIENT_DATA.value,
            "reason": reason,
            "past": None if past is None else {"share": past.share, "missing": list(past.missing)},
        },
    )


def past_line(past: PastReport, phrases: Phrases) -> str:
    """How far one past has been read: "SOL: reading its past, 34%."."""
    share = f"{min(99, int(past.share * 100.0))}%"
    return phrases.say("data.past", asset=past.asset, share=share)


def past_lines(pasts: Iterable[PastReport], phrases: Phrases) -> tuple[str, ...]:
    """The pasts still being read, and what was not to be had of those that are read."""
    told = tuple(pasts)
    failed: dict[tuple[str, ...], list[PastReport]] = {}
    for past in told:
        if _has_failed(past):
            failed.setdefault(past.missing, []).append(past)
    reading = [past_line(past, phrases) for past in told if past.share < 1.0 and not _has_failed(past)]
    lacking = [_lacking(past, phrases) for past in told if past.missing and not _has_failed(past)]
    return (*(_unread(alike, phrases) for alike in failed.values()), *reading, *lacking)


def _has_failed(past: PastReport) -> bool:
    """Whether reading it was tried, and nothing came of it."""
    return past.share <= 0.0 and bool(past.missing)


def _unread(alike: Sequence[PastReport], phrases: Phrases) -> str:
    """Pasts of which nothing could be read for the same reason, as one line."""
    more = f" {phrases.say('status.more', count=len(alike) - 1)}" if len(alike) > 1 else ""
    assets = alike[0].asset + more
    return phrases.say("data.unread", assets=assets, parts=_parts(alike[0], phrases))


def _lacking(past: PastReport, phrases: Phrases) -> str:
    return phrases.say("data.lacking", asset=past.asset, parts=_parts(past, phrases))


def _parts(past: PastReport, phrases: Phrases) -> str:
    parts = list(past.missing[:MOST_MISSING])
    if len(past.missing) > MOST_MISSING:
        parts.append(phrases.say("status.more", count=len(past.missing) - MOST_MISSING))
    return "; ".join(parts)
