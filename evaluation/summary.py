"""What the document says first: for who asks what a warning is worth, out of the figures of the chapters below."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from evaluation.tables import number, share, table

ALERTS = ("cascade watch", "cascade warning", "cascade critical", "regime, all", "stage, all", "funding, all")
MISSED = "shock <= -1"
CAP = "fall, half at 10%"
CHOSEN, AVERAGED = "all attempts", "all but together"

Facts = Mapping[str, Any]
"""Figures of one chapter as it keeps them."""


def in_short(facts: Mapping[str, object]) -> str:
    """The first section; what a chapter did not come to, or that was not written, is left out."""
    said = {name: cast("Facts", one) for name, one in facts.items()}
    lines = [
        *_told(said.get("rules_scored", {}).get("alerts", {})),
        *_missed(said.get("before", {}).get("conditions", {})),
        *_baselines(said.get("baselines", {}).get("signals", {})),
        *_scores(said.get("research_context", {})),
        *_sizing(said.get("sizing", {}), said.get("leverage", {}).get("as_it_is", {})),
    ]
    return "\n".join(("## In short", "", *lines)) + "\n" if lines else ""


def _told(alerts: Facts) -> list[str]:
    """What the alerts came to as they were told, in the order of their loudness."""
    known = [name for name in ALERTS if name in alerts]
    if not known:
        return []
    head = ("warning", "right", "by chance", "found", "hours before", "lost by then", "false a month")
    rows = [(name.removesuffix(", all"), *_row(alerts[name])) for name in known]
    assets = ", ".join(alerts[known[0]]["assets"])
    return [
        f"The warnings as they were told on {assets}. Right: a sell-off began within 24 h. By chance: the same of as many",
        "random alerts. Found: of all sell-offs. False: a month and asset.",
        "",
        table(head, rows),
        "A warning counts a risk: most were not followed by a sell-off, and a part was lost by then. What followed each kind, asset by",
        'asset, with a further fall of 5% beside it, is in "What followed": alerts, `/regime`, `/why` and `/backtest` quote it.',
        "",
    ]


def _row(alert: Facts) -> tuple[str, ...]:
    return (
        _interval(alert["precision"], share),
        share(alert["random"]),
        share(alert["recall"][0], 0),
        number(alert["lead_hours"], 0),
        share(alert["lost"]),
        number(alert["false_a_month"]),
    )


def _missed(conditions: Mapping[str, Facts]) -> list[str]:
    if MISSED not in conditions:
        return []
    unseen = share(1.0 - conditions[MISSED]["all"]["onsets"], 0)
    return [
        f"- **Not seen coming**: {unseen} of the sell-offs begin after a day without even a one-sigma fall."
    ]


def _baselines(signals: Mapping[str, Facts]) -> list[str]:
    others = [name for name in signals if name != "shock_24h"]
    if not others:
        return []
    better = [name for name in others if (signals[name]["beyond_shock"][1] or 0.0) > 0.0]
    said = f"of {len(others)} other signals **{', '.join(better) or 'none'}**."
    return [f"- **Better than the fall of price itself** at the same number of alerts: {said}"]


def _scores(research: Facts) -> list[str]:
    attempts = research.get("attempts", {})
    if not {CHOSEN, AVERAGED} <= set(attempts):
        return []
    chosen = [attempts[CHOSEN][name] for name in ("minus", "minus_low", "minus_high")]
    mean = [attempts[AVERAGED][name] for name in ("mean_minus", "mean_minus_low", "mean_minus_high")]
    shock = number(research["shock"], 3)
    return [
        f"- **A score above it** ({research['variants']} variants): average precision {shock} of the bare fall. What the past chooses",
        f"  adds {_interval(chosen, _thousandths)}, the mean of the variants {_interval(mean, _thousandths)}: severity stays with the fall.",
    ]


def _sizing(sizing: Facts, caps: Mapping[str, Sequence[float]]) -> list[str]:
    if "ratio_to_equal" not in sizing:
        return []
    before, after = share(sizing["closed_5x"][0]), share(sizing["closed_sized"][0], 2)
    cap = (
        f" The cap for a fall of three days alone: {_interval(caps[CAP], number)}, chosen after many looks; few sell-offs carry it."
        if CAP in caps
        else ""
    )
    return [
        f"- **`/size`**: of 5x longs held 72 h {before} are closed by force, with it {after}. That is {_interval(sizing['ratio_to_equal'], number)}",
        f"  of what a constant leverage of the same mean comes to (below 1 is better).{cap}",
    ]


def _interval(interval: Sequence[float], words: Callable[[float], str]) -> str:
    value, low, high = (words(one) for one in interval)
    return f"{value} [{low}, {high}]"


def _thousandths(value: float) -> str:
    return number(value, 3)
