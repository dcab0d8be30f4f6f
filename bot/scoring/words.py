"""A score in words that fit a phone, and as JSON. Shares are never rounded up, intervals never narrowed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import ceil, floor, isfinite, isnan
from textwrap import wrap

from bot.answers import time_text
from bot.scoring.scored import Scored
from market.evaluation.bootstrap import Interval
from market.evaluation.scorecard import Beside, Card, Unscored

NARROWEST, WIDEST = 37, 100
NAMES = {
    "random": "chance",
    "shock_24h": "price 24 h",
    "drawdown_7d": "drawdown",
    "funding": "funding",
    "funding_rank": "fund. rank",
    "oi_rank": "OI rank",
    "liquidations_rank": "liq. rank",
    "skew_z": "skew z",
    "volatility": "volatility",
}
UNSCORED = {
    Unscored.NO_FILE: "of assets without a file ({strangers})",
    Unscored.OUTSIDE: "outside the files",
    Unscored.WARM_UP: "in the first {days} days of a file",
    Unscored.UNKNOWN: "whose day ahead is not known",
}
NAMED_STRANGERS = 5
LEGEND = (
    "A kind counts the beginnings of its warnings, a severity each time one came to it. right: a sell-off began {least} min to {longest} h later; {fall:.0%} alone: the same without the sigma leg, which makes "
    "wild markets look safe. found: sell-offs that a right alert came before, with the "
    "interval if each stood by itself (Wilson). lead: quartiles. lost then: what the 24 h before the alert had cost. "
    "hours: within a day after an alert. in one: sent during a sell-off, neither right nor false. [ ]: {level:.0%} of {draws:,} "
    "draws of days. At the same budget: right ones of as many alerts made of one signal (again while it stands), and how "
    "many points these are above it; its threshold is chosen on the same hours, which flatters it."
)


def in_words(scored: Scored, columns: int) -> str:
    """The whole score as lines of at most so many columns (37 to 100)."""
    width = max(NARROWEST, min(WIDEST, columns))
    lines = [line for text in _head(scored) for line in wrap(text, width)]
    for (kind, severity), cards in scored.cards.items():
        lines += ["", *wrap(f"{kind} {severity}".strip().upper(), width)]
        for card, flat in zip(cards, scored.flat[kind, severity], strict=True):
            lines += _card(card, flat, scored)
    if scored.cards:
        by = scored.markets.by
        evidence, matching = by.evidence, by.matching
        legend = LEGEND.format(
            least=matching.least_lead_minutes,
            fall=by.label.fall,
            longest=matching.longest_lead_hours,
            level=evidence.level,
            draws=evidence.repetitions,
        )
        lines += ["", *wrap(legend, width)]
    return "\n".join(lines) + "\n"


def _head(scored: Scored) -> Iterator[str]:
    """What was scored, and what was not."""
    markets = scored.markets
    for one in markets.each:
        last = one.bars.close_ms(len(one.bars) - 1)
        yield f"{one.bars.asset}: {time_text(one.bars.first_close_ms)} to {time_text(last)}, {len(one.events)} sell-offs"
    label = markets.by.label
    yield (
        f"{markets.months:.1f} symbol-months; a sell-off is {label.fall:.0%} and {label.sigmas:g} sigma down within "
        f"{label.within_hours} h. They began on {markets.event_days} days."
    )
    if not markets.is_enough:
        yield f"NOT ESTABLISHED: {_too_few(scored)}."
    yield f"{scored.lines:,} alerts, {scored.news:,} of them news of one that stood."
    strangers = ", ".join(scored.strangers[:NAMED_STRANGERS])
    if len(scored.strangers) > NAMED_STRANGERS:
        strangers += ", ..."
    days = markets.by.score.warm_up_hours // 24
    left_out = [
        f"{count:,} {UNSCORED[why].format(strangers=strangers, days=days)}"
        for why, count in sorted(scored.unscored.items())
    ]
    if left_out:
        yield f"Not scored: {'; '.join(left_out)}."
    if not scored.cards:
        yield "No alert is scored."


def _too_few(scored: Scored) -> str:
    least = scored.markets.by.evidence.least_event_days
    return f"{scored.markets.event_days} days with a sell-off, {least} are needed"


def _card(card: Card, flat: Card, scored: Scored) -> list[str]:
    lines = [
        f"{card.refractory_hours} h apart: {card.counted} alerts, {_down(card.a_month, 2)} a month",
        *_row("right", _share(card.precision), f"{card.right} of {card.counted}"),
        *_row(
            f"{scored.markets.by.label.fall:.0%} alone",
            _share(flat.precision),
            f"{flat.right} of {flat.counted}",
        ),
        *_row("found", _share(card.recall), f"{card.warned} of {card.events}"),
    ]
    low, high = card.recall_wilson
    lines += _row("", f"{_low(low)}-{_high(high)} if by itself", "")
    if card.lead_hours is not None:
        first, median, third = (_down(one, 0) for one in card.lead_hours)
        lines += _row("lead", f"{median} h ({first} to {third})", "")
    if card.lost is not None:
        first, median, third = (f"{100 * one:.1f}" for one in card.lost)
        lines += _row("lost then", f"{median}% ({first} to {third})", "")
    false = card.false_a_month
    if isfinite(false.value):
        lines += _row(
            "false", f"{_up(false.value, 2)} a month", f"[{_down(false.low, 2)}-{_up(false.high, 2)}]"
        )
    lines += _row("hours", f"{_up(100 * card.alert_hours, 1)}%", "")
    lines += _row("in one", f"{card.inside}", "")
    if card.beside:
        lines += ["at the same budget", *(line for one in card.beside for line in _beside(one, scored))]
        lines += [line for line in _verdict(card, scored) for line in wrap(line, NARROWEST)]
    return lines


def _row(name: str, value: str, more: str) -> list[str]:
    """One figure; what does not fit beside it stands below."""
    line = f"{name:<11}{value:<12} {more}".rstrip()
    return [line] if len(line) <= NARROWEST else [f"{name:<11}{value}", f"{'':<11}{more}"]


def _beside(one: Beside, scored: Scored) -> list[str]:
    name = NAMES.get(one.name, one.name)
    if isnan(one.precision.value):
        is_enough = one.known >= scored.markets.by.score.least_known
        few = f"known {_down(100 * one.known, 0)}% of hours" if one.known else "not in the files"
        return _row(name, "none that counts" if is_enough else few, "")
    points = f"{int(100 * one.above.value):+d}" if isfinite(one.above.value) else "-"
    if scored.markets.is_enough and isfinite(one.above.low):
        points += f" [{floor(100 * one.above.low):+d},{ceil(100 * one.above.high):+d}]"
    return _row(name, _share(one.precision), points)


def _verdict(card: Card, scored: Scored) -> Iterator[str]:
    """What may be said of these alerts beside chance and beside price alone."""
    if not scored.markets.is_enough:
        yield "Not established: too few days."
        return
    found = {one.name: one.above for one in card.beside}
    for name, words in (("random", "chance"), ("shock_24h", "price alone")):
        above = found.get(name)
        if above is None or not isfinite(above.low):
            continue
        if not above.excludes(0.0):
            yield f"No better and no worse than {words}, as far as this shows."
        else:
            yield f"{'Better' if above.low > 0 else 'Worse'} than {words}."


def _share(interval: Interval) -> str:
    """A share in percent with its interval."""
    if isnan(interval.value):
        return "-"
    percent = 100 * interval.value
    said = f"{_down(percent, 1 if percent < 10 else 0)}%"
    return f"{said} [{_low(interval.low)}-{_high(interval.high)}]" if isfinite(interval.low) else said


def _low(share: float) -> str:
    return _down(100 * share, 0)


def _high(share: float) -> str:
    return _up(100 * share, 0)


def _down(value: float, digits: int) -> str:
    """A number with so many digits, the rest cut off; what a float is short of is not."""
    return f"{floor(round(value * 10**digits, 6)) / 10**digits:.{digits}f}" if isfinite(value) else "-"


def _up(value: float, digits: int) -> str:
    return f"{ceil(round(value * 10**digits, 6)) / 10**digits:.{digits}f}" if isfinite(value) else "-"


def as_json(scored: Scored) -> str:
    """Everything that was worked out as one JSON object; null is unknown."""
    markets = scored.markets
    said = {
        "markets": [
            {
                "asset": one.bars.asset,
                "from": time_text(one.bars.first_close_ms),
                "to": time_text(one.bars.close_ms(len(one.bars) - 1)),
                "sell_offs": [time_text(event.onset_ms) for event in one.events],
            }
            for one in markets.each
        ],
        "symbol_months": markets.months,
        "event_days": markets.event_days,
        "established": markets.is_enough,
        "lines": scored.lines,
        "news": scored.news,
        "not_scored": {why.value: scored.unscored.get(why, 0) for why in Unscored},
        "strangers": list(scored.strangers),
        "scores": [
            {
                "kind": kind,
                "severity": severity or None,
                **_plain(asdict(card)),
                "counted": card.counted,
                "without_sigma_leg": _plain(asdict(flat)),
            }
            for (kind, severity), cards in scored.cards.items()
            for card, flat in zip(cards, scored.flat[kind, severity], strict=True)
        ],
    }
    return json.dumps(said, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: object) -> dict[str, object]:
    """The same with null for what is not known."""
    found = _known(value)
    return found if isinstance(found, dict) else {}


def _known(value: object) -> object:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {name: _known(one) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_known(one) for one in value]
    return value
