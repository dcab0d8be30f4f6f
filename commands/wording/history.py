"""The answer to /history: past warnings, what price did after each, and how often a sell-off followed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Note, Reply, Text, Tone
from commands.wording import numbers
from commands.wording.backtest import verdict_word
from commands.wording.columns import fit, sides
from commands.wording.history_picture import history_picture
from commands.wording.market import source_notes
from market.alerts import Alert, Kind, Severity
from market.evaluation.backtest import Backtest, Outcome, firing_of
from market.evaluation.track_record import Unseen, Verdict, bars_of, moved_since, record_of, verdict_of
from market.evaluation.wilson import wilson
from market.evaluation_rules import EvidenceRules
from market.hourly import Hourly
from market.observations import DAY_MS, Asset
from market.report import iso
from market.snapshot import Snapshot

A_PAGE = 6
AHEAD_HOURS = (1, 4, 24)
WIDE = 0.0995
"""From so large a move on its decimals are left out, so that three of them stand in a line."""
_EVIDENCE = EvidenceRules()


@dataclass(frozen=True, slots=True)
class Past:
    """What was told of one asset, newest first, with its kept hours and the look back at them."""

    told: tuple[Alert, ...]
    hours: Hourly | None
    record: Backtest | None


def describe_history(
    told: Sequence[Alert],
    pasts: Mapping[Asset, Past],
    asset: Asset | None,
    kinds: Sequence[Kind],
    snapshot: Snapshot | None,
    page: int,
    phrases: Phrases,
) -> Reply:
    """One page of what was warned of, of one asset or of all, of some kinds or (none named) of all; and the record of the loud."""
    shown = told[(page - 1) * A_PAGE : page * A_PAGE]
    outcomes = _outcomes(pasts)
    blocks: list[Block] = [
        Heading(fit(_heading(told, asset, kinds, phrases))),
        *(() if snapshot is None else source_notes(snapshot, phrases, snapshot.at_ms)),
        Text(_record(outcomes, phrases)),
    ]
    if shown:
        blocks += [
            Text(phrases.say("history.key")),
            Lines(tuple(line for alert in shown for line in _rows(alert, pasts[alert.asset], phrases))),
            *_why_right(shown, pasts, phrases),
            Text(phrases.say("history.as_told")),
        ]
    elif told:
        blocks.append(Text(phrases.say("history.no_page", page=page, pages=_pages(told))))
    else:
        blocks.append(Text(phrases.say("history.none")))
    if len(told) > A_PAGE:
        blocks.append(Text(phrases.say("history.page", page=page, pages=_pages(told))))
    if asset is not None and snapshot is not None:
        blocks += history_picture(snapshot, pasts[asset].hours, phrases)
    data = {
        "asset": asset,
        "kinds": [kind.value for kind in kinds],
        "page": page,
        "pages": _pages(told),
        "warnings": [_plain(alert, pasts[alert.asset]) for alert in shown],
        "record": _plain_record(outcomes),
    }
    return Reply(tuple(blocks), _actions(told, asset, kinds, page, phrases), data=data)


def describe_no_history(phrases: Phrases) -> Reply:
    """The answer where nothing of what was warned of is kept."""
    return Reply((Note(phrases.say("history.nobody"), Tone.CAUTION),), data={"warnings": []})


def _why_right(shown: Sequence[Alert], pasts: Mapping[Asset, Past], phrases: Phrases) -> list[Block]:
    """That a warning may be right whose wave was told to be a false alarm: a wave can end before the day after it does."""
    is_any_right = any(_verdict(alert, pasts[alert.asset]) is Verdict.RIGHT for alert in shown)
    return [Text(phrases.say("history.right_later"))] if is_any_right else []


def _heading(told: Sequence[Alert], asset: Asset | None, kinds: Sequence[Kind], phrases: Phrases) -> str:
    name = phrases.say("wish.all") if asset is None else asset
    words = [phrases.word("alert_kind", kind.value) for kind in kinds[:1]]
    return phrases.say("history.heading", asset=" ".join((name, *words)), count=len(told))


def _pages(told: Sequence[Alert]) -> int:
    return max(1, -(-len(told) // A_PAGE))


def _rows(alert: Alert, past: Past, phrases: Phrases) -> tuple[str, str]:
    """A warning in two lines: what and when, then what price did and whether a sell-off began."""
    what = "" if alert.kind is Kind.CASCADE else f" {phrases.word('alert_kind', alert.kind.value)}"
    severity = phrases.word("severity", alert.severity.value)
    first = sides(f"{alert.asset}{what} {severity}", numbers.day_and_minute(alert.at_ms))
    moves = " ".join(_move(alert, past, hours, phrases) for hours in AHEAD_HOURS)
    return first, fit(f" {moves} {verdict_word(_verdict(alert, past), phrases)}")


def _move(alert: Alert, past: Past, hours: int, phrases: Phrases) -> str:
    moved = _moved(alert, past, hours)
    if isinstance(moved, Unseen):
        return f"{hours}h {phrases.word('history_unseen', moved.value)}"
    return f"{hours}h {numbers.percent(moved, digits=0 if abs(moved) >= WIDE else 1)}"


def _moved(alert: Alert, past: Past, hours: int) -> float | Unseen:
    return moved_since(past.hours, alert.at_ms, alert.facts.get("price_usd"), hours)


def _verdict(alert: Alert, past: Past) -> Verdict:
    if past.hours is None:
        return Verdict.UNKNOWN
    return verdict_of(firing_of(alert, bars_of(alert.asset, past.hours), None), past.record)


def _outcomes(pasts: Mapping[Asset, Past]) -> tuple[Outcome, ...]:
    """What the loud cascades of each asset came to, where its hours tell."""
    return tuple(
        record_of(past.told, past.hours, past.record, Kind.CASCADE, Severity.WARNING)
        for past in pasts.values()
        if past.hours is not None and past.record is not None
    )


def _record(outcomes: Sequence[Outcome], phrases: Phrases) -> str:
    """The bot's own record: how many of its loud cascade warnings a sell-off followed, and how sure that is."""
    right, counted = _counts(outcomes)
    if not counted:
        return phrases.say("history.no_record")
    low, high = _right_between(outcomes)
    said = phrases.say(
        "history.record",
        right=right,
        count=counted,
        low=int(low * 100.0),
        high=min(100, int(high * 100.0) + 1),
    )
    days = _event_days(outcomes)
    if days < _EVIDENCE.least_event_days:
        said += " " + phrases.say("backtest.not_established", days=days, needed=_EVIDENCE.least_event_days)
    return said


def _counts(outcomes: Sequence[Outcome]) -> tuple[int, int]:
    return sum(one.right for one in outcomes), sum(one.counted for one in outcomes)


def _right_between(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """The interval of the share that was right; warnings of one day, of whatever assets, tell no more than one does."""
    right, counted = _counts(outcomes)
    days = len({at_ms // DAY_MS for one in outcomes for at_ms in one.matched.kept_ms})
    return wilson(right * days / counted, days) if counted else wilson(0, 0)


def _event_days(outcomes: Sequence[Outcome]) -> int:
    """On how many days a sell-off began, of whatever asset: those of one day are one crash."""
    return len({onset_ms // DAY_MS for one in outcomes for onset_ms in one.matched.onsets_ms})


def _actions(
    told: Sequence[Alert], asset: Asset | None, kinds: Sequence[Kind], page: int, phrases: Phrases
) -> tuple[Action, ...]:
    bare = "/history" if asset is None else f"/history {asset}"
    line = f"{bare} {','.join(kinds)}" if kinds else bare
    cascades = Action(phrases.word("alert_kind", Kind.CASCADE.value), f"{bare} {Kind.CASCADE.value}")
    older = [Action(phrases.say("button.older"), f"{line} page={page + 1}")] if page < _pages(told) else []
    newer = [Action(phrases.say("button.newer"), f"{line} page={page - 1}")] if page > 1 else []
    if asset is not None:
        others = [Action(phrases.say("button.backtest"), f"/backtest {asset}")]
    else:
        names = list(dict.fromkeys(alert.asset for alert in told))[:4]
        others = [Action(name, f"/history {name}") for name in names]
    narrower = () if kinds or not told else (cascades,)
    return (*older, *newer, *narrower, *others, Action(phrases.say("button.alerts"), "/alerts"))


def _plain(alert: Alert, past: Past) -> dict[str, object]:
    moved = {hours: _moved(alert, past, hours) for hours in AHEAD_HOURS}
    return {
        "at": iso(alert.at_ms),
        "asset": alert.asset,
        "kind": alert.kind.value,
        "severity": alert.severity.value,
        "edge": alert.edge.value,
        "id": alert.id,
        "state": alert.state.value,
        **{f"after_{hours}h": None if isinstance(one, Unseen) else one for hours, one in moved.items()},
        "why_unknown": {f"{hours}h": one.value for hours, one in moved.items() if isinstance(one, Unseen)},
        "sell_off": _verdict(alert, past).value,
    }


def _plain_record(outcomes: Sequence[Outcome]) -> dict[str, object]:
    right, counted = _counts(outcomes)
    low, high = _right_between(outcomes)
    days = _event_days(outcomes)
    return {
        "right": right,
        "counted": counted,
        "low": low,
        "high": high,
        "event_days": days,
        "established": days >= _EVIDENCE.least_event_days,
    }
