"""Which conditions that an alert or a context stands on have skill, which have none, and which the history cannot tell."""

from collections.abc import Mapping

from evaluation.study import Chapter, Study, Written
from evaluation.tables import number, table, with_interval
from evaluation.verdicts import (
    Claim,
    Compared,
    Court,
    Skill,
    at_least,
    at_most,
    both,
    column,
    either,
    equal,
    plain,
)
from market.table import CODED, State

PROTIP = both(column("flag.pd"), column("flag.oe"), column("flag.fn"))
DEAR_AND_STEEPENING = both(column("flag.fe"), column("flag.kst"))


def _in(*states: State) -> Claim:
    return equal("regime.state", *(float(CODED.index(state)) for state in states))


def conditions(study: Study) -> Mapping[str, tuple[str, Claim]]:
    """Every condition by its name in the facts: what it is in words, and the claim."""
    rules = study.rules.alerts
    flags = {
        "pd": "price weak",
        "brk": "fast break",
        "stab": "stabilised",
        "nc": "price fails to confirm",
        "lc": "long-liquidation cluster",
        "lb": "liquidation burst",
        "oe": "open interest elevated",
        "ou": "open interest rising fast",
        "oc": "open interest compressing",
        "fe": "funding elevated",
        "fn": "funding not reset",
        "fr": "funding reset",
        "fd": "funding deeply negative",
        "ks": "skew steep",
        "kst": "skew steepening",
        "rolling_over": "open interest rolling over",
        "vol_hi": "volatility high",
    }
    shocks = {
        "shock_watch": rules.watch_shock,
        "shock_warning": rules.warning_shock,
        "shock_critical": rules.critical_shock,
    }
    flag = column
    return {
        **{
            name: (f"24 h shock at or below {limit:g}", at_most("price.shock_24h", limit))
            for name, limit in shocks.items()
        },
        **{name: (word, flag(f"flag.{name}")) for name, word in flags.items()},
        "protip": ("falling, open interest elevated, funding not reset", PROTIP),
        "kst_fe": ("funding elevated and skew steepening", DEAR_AND_STEEPENING),
        "funding": (
            "the funding alert: elevated or deeply negative",
            either(flag("flag.fe"), flag("flag.fd")),
        ),
        "oi": (
            "the open interest alert: elevated and not confirmed, or rising fast",
            either(both(flag("flag.oe"), flag("flag.nc")), flag("flag.ou")),
        ),
        "liquidations": (
            "the liquidations alert: cluster or burst",
            either(flag("flag.lc"), flag("flag.lb")),
        ),
        "skew": ("the skew alert: steep or steepening", either(flag("flag.ks"), flag("flag.kst"))),
        **{
            f"stage_{step}": (f"step {step} of the sequence or more", at_least("regime.stage", step))
            for step in (2, 3, 4)
        },
        **{
            f"state_{state.value}": (f"the state {state.value}", _in(state))
            for state in CODED
            if state is not State.INSUFFICIENT_DATA
        },
        "unwinding_lb": ("the state UNWINDING with a burst", both(_in(State.UNWINDING), flag("flag.lb"))),
    }


CONTEXTS = (
    "protip",
    "fe",
    "kst_fe",
    "lc",
    "lb",
    "oe",
    "fn",
    "ou",
    "oc",
    "fd",
    "brk",
    "vol_hi",
    "state_CROWDING",
)
"""What is looked at beside a shock; the first four are what an alert names as its context."""


def write(study: Study) -> Written:
    """A verdict on each condition as a trigger, and on what stands beside a shock as context."""
    court, least = Court(study), study.evidence.least_event_days
    known = conditions(study)
    episode = float(study.matching.episode_hours)
    alerts = {name: (court.alerts(claim), court.alerts(claim, episode)) for name, (_, claim) in known.items()}
    rules = study.rules.alerts
    classes = (rules.watch_shock, rules.warning_shock, rules.critical_shock)
    beside = {name: court.context(known[name][1], classes) for name in CONTEXTS}
    study.note("conditions as triggers", 2 * len(alerts))
    study.note("conditions as context", len(beside))
    text = HEAD.format(least=least, alerts=len(alerts), chance=round(0.05 * len(alerts)))
    rows = [
        [
            name,
            known[name][0],
            *_row(found),
            number(by_episode.difference.value, 3),
            found.verdict(least).value,
        ]
        for name, (found, by_episode) in alerts.items()
    ]
    text += table(TRIGGER_HEAD, rows) + BESIDE
    text += table(
        CONTEXT_HEAD, [[name, *_row(found), found.verdict(least).value] for name, found in beside.items()]
    )
    facts = {
        "skill": {name: _facts(found, least) for name, (found, _) in alerts.items()},
        "by_episode": {name: _facts(found, least) for name, (_, found) in alerts.items()},
        "context": {name: _facts(found, least) for name, found in beside.items()},
    }
    return Written(text, facts)


HEAD = """Alerts made of the rising edges of a condition (6 h refractory), against random alerts as often in the same assets and in the
hours in which the condition could be seen. **Skill**: the paired difference of the precisions lies above 0 with its whole interval.
**None**: tested, and it does not. **Not established**: fewer than {least} days on which a sell-off began while it could be seen, or fewer
than {least} on which it spoke. {alerts} conditions are tried at 90 %: about {chance} of them would pass by chance if none had skill.
Skill is not use: what beats the price shock by itself is another chapter's claim.

"""
BESIDE = """
**As context beside a shock**: the share of hours in a 24 h shock of watch or deeper that were followed within 24 h by the onset of a
sell-off or a further fall of 5 %, with the condition and without it, compared within the same asset and class of shock.

"""
TRIGGER_HEAD = (
    "condition",
    "what it is",
    "precision",
    "random",
    "difference",
    "alerts",
    "event-days",
    "difference, 24 h refractory",
    "verdict",
)
CONTEXT_HEAD = ("context", "with it", "without", "difference", "hours", "event-days", "verdict")


def _row(found: Compared) -> list[str]:
    return [
        with_interval(found.share),
        number(found.other.value, 3),
        with_interval(found.difference),
        str(found.cases),
        str(found.event_days),
    ]


def _facts(found: Compared, least: int) -> dict[str, object]:
    """What the words and the tests read; what cannot be told is null."""
    return {
        "verdict": found.verdict(least).value,
        "precision": plain(found.share.value),
        "random": plain(found.other.value),
        "low": plain(found.difference.low),
        "high": plain(found.difference.high),
        "alerts": found.cases,
        "alert_days": found.case_days,
        "event_days": found.event_days,
        "why": why(found, least),
    }


def why(found: Compared, least: int) -> str:
    """The reason of a verdict in a few words."""
    if found.event_days == 0 and found.cases == 0:
        return "never seen in these years"
    if found.event_days < least:
        return f"seen before {found.event_days} days with a sell-off, {least} are needed"
    if found.case_days < least:
        return f"it spoke on {found.case_days} days, {least} are needed"
    if found.verdict(least) is Skill.SKILL:
        return "better than chance with its whole interval"
    return "not better than chance with its whole interval"


CHAPTER = Chapter(40, "skill", "Which conditions have skill", write)
