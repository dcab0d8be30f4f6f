"""The pages of what is read and what is warned of, made from the code that does it; tests hold the pages to it.

python -m commands.wording.market_manual signals > docs/signals.md
python -m commands.wording.market_manual alerts > docs/alerts.md
"""

import inspect
import re
import sys
from dataclasses import fields
from types import ModuleType

from commands.protocol.phrases import Phrases, phrases_in
from commands.wording.turns import turn_words
from market import alert_rules, hedge_rules, option_rules, plan_rules, rules, sizing_rules
from market.alert_rules import STAGE_WARNED
from market.alerts import Edge, Kind, Reason, Severity
from market.rules import Rules
from market.signals import signals
from market.table import State

WORDS = ("pd", "brk", "stab", "nc", "lc", "oe", "ou", "oc", "fe", "fn", "fr", "fd", "ks", "kst")
"""Flags that have a sentence for when they rise and fall, in the order of the readings."""
MADE = "This page is made from the code (`.venv/bin/python -m commands.wording.market_manual {page} > docs/{page}.md`); a test holds it to it."

SIGNALS = """# What is read, and how it is judged
{made}

Readings are judged together and never alone. One that is missing or too old is unknown: it is named, it votes for nothing, and too
many of them make INSUFFICIENT DATA. The last column is the share of the stress score; a score is no probability.

| reading | what it is | unit | share |
|---|---|---|---|
{readings}

## Flags
A flag has one line at which it rises and another at which it falls, so that it does not flicker; most have to hold for a while.
`/why` shows each with its values and what is missing.

| flag | rises with | falls with |
|---|---|---|
{flags}

## States
Two warning signs mean reduce, three mean wait. A worse state is named once two of three looks agree, a milder one only after
{milder} hours (out of UNWINDING {unwinding}).

| state | what it means |
|---|---|
{states}

## Every threshold
They stand in `market/*rules.py` and nowhere else; the words beside each are the sentence of the article or of the design that it
stands for. They are priors, which recorded history may move.
{thresholds}"""

ALERTS = """# What is warned of
{made}

`/subscribe ASSET [kind] [severity]` chooses; without a kind it is the cascade alone. One message lives for as long as a wave does and is
edited; a new one comes with a higher severity and with its end. `/ack`, `/mute`, quiet hours and a daily cap are in
[commands.md](commands.md).

| kind | is warned of | may be as loud as |
|---|---|---|
{kinds}

## How loud
| severity | what it is |
|---|---|
{severities}

## What happens to a warning
| edge | what it says |
|---|---|
{edges}

## Why one is sent, or not
Every warning says its reason, and `/why` repeats it.

| reason | in words |
|---|---|
{reasons}
"""

KINDS = {
    Kind.CASCADE: (
        (
            "an edge of the 24 h price shock (watch {watch:g}, warning {warning:g}, critical {critical:g} sigmas); "
            "the pro-tip (falling, open interest elevated, funding not reset) alone opens a watch; UNWINDING with a burst of forced closing is critical"
        ),
        Severity.CRITICAL,
    ),
    Kind.REGIME: ("a change of state, and of too little to name one", Severity.WATCH),
    Kind.STAGE: ("{stage} steps of the sequence or more", Severity.WATCH),
    Kind.FUNDING: ("funding elevated or deeply negative for ten minutes", Severity.WATCH),
    Kind.OPEN_INTEREST: (
        "open interest elevated while price fails to confirm, or rising fast, for ten minutes",
        Severity.WATCH,
    ),
    Kind.LIQUIDATIONS: (
        "longs closed by force again and again, or in a burst, two looks long",
        Severity.WATCH,
    ),
    Kind.SKEW: ("protection that is dear, or gets dearer fast, for ten minutes", Severity.WATCH),
}
LOUD = {
    Severity.WATCH: "silent; often comes to nothing",
    Severity.WARNING: "with a sound",
    Severity.CRITICAL: "with a sound, first of all that waits, and through quiet hours where the chat chose so",
}
EDGES = {
    Edge.FIRED: "it begins",
    Edge.ESCALATED: "it is louder than before",
    Edge.RESOLVED: "it is over, on fresh data; never because data went missing",
    Edge.FALSE_ALARM: "it is over, and the fall that would have counted never came",
    Edge.UNKNOWN: "it cannot be seen any more: unknown since, not resolved",
}


def signals_page() -> str:
    """docs/signals.md as Markdown."""
    phrases, standard = phrases_in("en"), Rules()
    return SIGNALS.format(
        made=MADE.format(page="signals"),
        readings="\n".join(
            f"| {phrases.say(f'input.{signal.name}')} | {_first_line(sys.modules[signal.read.__module__])} | "
            f"{getattr(sys.modules[signal.read.__module__], 'UNIT', '')} | {signal.weight:.0%} |"
            for signal in signals()
        ),
        flags="\n".join(_flag(name, phrases, standard) for name in WORDS),
        states="\n".join(
            f"| {phrases.say(f'state.{state.name}')} | {phrases.say(f'meaning.{state.name}')} |"
            for state in State
        ),
        milder=standard.regime.deescalate_after_ms // 3_600_000,
        unwinding=standard.regime.deescalate_unwinding_after_ms // 3_600_000,
        thresholds="".join(
            map(_thresholds, (rules, alert_rules, sizing_rules, plan_rules, option_rules, hedge_rules))
        ),
    )


def alerts_page() -> str:
    """docs/alerts.md as Markdown."""
    phrases, shocks = phrases_in("en"), Rules().alerts
    values = {
        "watch": shocks.watch_shock,
        "warning": shocks.warning_shock,
        "critical": shocks.critical_shock,
        "stage": STAGE_WARNED,
    }
    return ALERTS.format(
        made=MADE.format(page="alerts"),
        kinds="\n".join(
            f"| {phrases.say(f'alert_kind.{kind}')} (`{kind}`) | {KINDS[kind][0].format(**values)} | {KINDS[kind][1]} |"
            for kind in Kind
        ),
        severities="\n".join(f"| {phrases.say(f'severity.{one}')} | {LOUD[one]} |" for one in Severity),
        edges="\n".join(f"| {edge} | {EDGES[edge]} |" for edge in Edge),
        reasons="\n".join(f"| `{one}` | {phrases.say(f'alert_reason.{one}')} |" for one in Reason),
    )


def _flag(name: str, phrases: Phrases, standard: Rules) -> str:
    ways = [turn_words(name, on=on, phrases=phrases, rules=standard) for on in (True, False)]
    return f"| {phrases.say(f'flag.{name}')} (`{name}`) | {ways[0]} | {ways[1]} |"


def _first_line(module: ModuleType) -> str:
    said = (module.__doc__ or "").strip().splitlines()[0]
    return re.sub(r"^[^:]*: ", "", said).rstrip(".")


def _thresholds(module: ModuleType) -> str:
    """The tables of one module of rules: a class a table, a field a line, with the comment that stands above it."""
    found = [
        one
        for _, one in inspect.getmembers(module, inspect.isclass)
        if one.__module__ == module.__name__ and one.__name__.endswith("Rules") and one is not Rules
    ]
    return "".join(map(_table, sorted(found, key=lambda one: inspect.getsourcelines(one)[1])))


def _table(rule: type) -> str:
    source, standard = inspect.getsource(rule), rule()
    rows = []
    for one in fields(rule):
        above = re.search(rf"((?:^    #.*\n)*)^    {one.name}:", source, re.MULTILINE)
        said = " ".join(line.strip(" #") for line in (above[1] if above else "").splitlines())
        rows.append(f"| `{one.name}` | {_value(getattr(standard, one.name))} | {said.replace('|', '/')} |")
    title = re.sub(r"(?<!^)(?=[A-Z])", " ", rule.__name__.removesuffix("Rules")).lower()
    what = (rule.__doc__ or "").splitlines()[0]
    return (
        f"\n### {title.capitalize()}\n{what}\n\n| threshold | value | what it stands for |\n|---|---|---|\n"
        + "\n".join(rows)
        + "\n"
    )


def _value(value: object) -> str:
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(_value, value)))
    if isinstance(value, tuple | list):
        return ", ".join(map(_value, value))
    return (
        f"{value:g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
    )


def main() -> None:
    """Print the page that is named."""
    sys.stdout.write({"signals": signals_page, "alerts": alerts_page}[sys.argv[1]]())


if __name__ == "__main__":
    main()
