"""A warning in words: what happened, how much is already lost, what stands beside it, what would clear it, and the odds."""

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, Block, Heading, Lines, Note, Reply, Text, Told, Tone
from commands.wording import numbers
from commands.wording.columns import first_that_fits, fit
from commands.wording.odds import alert_odds, tail_risk
from commands.wording.paragraphs import age, evidence_of, paragraph_of
from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.observations import HOUR_MS
from market.odds import recorded_odds
from market.report import LIVE, alert_line
from market.rules import AlertRules
from market.table import SEVERITY, State

LEAST_FALL = -0.0005
"""A smaller fall is written as 0.0%."""

_TONES = {Severity.WATCH: Tone.PLAIN, Severity.WARNING: Tone.CAUTION, Severity.CRITICAL: Tone.STRESS}


def describe_alert(alert: Alert, phrases: Phrases, rules: AlertRules, source: str = LIVE) -> Reply:
    """An alert as a message; `source` "simulated" and "history" are said on it. `data` is its JSON line."""
    blocks: tuple[Block, ...] = (
        Heading(alert_heading(alert, phrases), _tone(alert)),
        *_source(alert, phrases, source),
        Text("\n".join(_story(alert, phrases))),
        *_evidence(alert, phrases),
        *_prospects(alert, phrases, rules),
        *evidence_of(_how_often(alert, phrases)),
        _footer(alert, phrases),
    )
    return Reply(blocks, _actions(alert, phrases), data=alert_line(alert))


def as_sample(reply: Reply, phrases: Phrases) -> Reply:
    """The message of an alert as one that was asked for to see it arrive: TEST stands on top of it."""
    first, *others = reply.blocks
    said = first.text if isinstance(first, Heading) else ""
    heading = Heading(fit(phrases.say("alert.sample_heading", heading=said)))
    actions = tuple(action for action in reply.actions if not action.command.startswith("/ack"))
    return Reply(
        (heading, Note(phrases.say("alert.sample"), Tone.CAUTION), *others), actions, data=reply.data
    )


def alert_heading(alert: Alert, phrases: Phrases) -> str:
    """The whole message in a line of at most 37 columns."""
    asset, severity = alert.asset, phrases.word("severity", alert.severity.value)
    if alert.kind is Kind.REGIME:
        state = phrases.word("state", alert.state.value)
        told = phrases.say("alert.regime", asset=asset, state=state, severity=severity)
        blind = phrases.say("alert.regime_blind", asset=asset)
        return fit(blind if alert.edge is Edge.UNKNOWN else told)
    if alert.edge is Edge.UNKNOWN:
        return fit(phrases.say("alert.blind", id=alert.id, asset=asset))
    if _is_over(alert):
        time = numbers.duration(alert.at_ms - alert.opened_ms)
        return fit(phrases.say("alert.over", id=alert.id, asset=asset, time=time))
    if alert.kind is not Kind.CASCADE:
        kind = phrases.word("alert_kind", alert.kind.value)
        return fit(phrases.say("alert.condition", severity=severity, asset=asset, kind=kind, id=alert.id))
    change = _change_24h(alert)
    told_change = numbers.percent(change)
    return first_that_fits(
        phrases.say(
            "alert.heading",
            severity=severity,
            id=alert.id,
            asset=asset,
            change=phrases.say("alert.change", change=told_change) if change is not None else "",
        ).rstrip(),
        phrases.say("alert.heading_bare", severity=severity, id=alert.id, asset=asset),
    )


def _tone(alert: Alert) -> Tone:
    if alert.edge is Edge.UNKNOWN:
        return Tone.CAUTION
    return Tone.PLAIN if _is_over(alert) else _TONES[alert.severity]


def _is_over(alert: Alert) -> bool:
    return alert.edge in (Edge.RESOLVED, Edge.FALSE_ALARM)


def _change_24h(alert: Alert) -> float | None:
    log_return = alert.facts.get("r_24h")
    return None if log_return is None else numbers.from_log(log_return)


def _source(alert: Alert, phrases: Phrases, source: str) -> tuple[Note, ...]:
    if source == LIVE:
        return ()
    at = numbers.date_and_clock(alert.at_ms)
    return (Note(phrases.say(f"source.{source}", at=at), Tone.CAUTION),)


def _story(alert: Alert, phrases: Phrases) -> list[str]:
    """Why it is sent, and what is already lost or was lost at the worst."""
    lines = [phrases.word("alert_reason", alert.reason.value)]
    if alert.kind is Kind.REGIME:
        lines.append(phrases.word("meaning", alert.state.value))
        return [*lines, *_context(alert, phrases)]
    if alert.kind is not Kind.CASCADE:
        return [*lines, *([] if _is_over(alert) else _context(alert, phrases))]
    if alert.edge in (Edge.RESOLVED, Edge.FALSE_ALARM):
        return [_verdict(alert, phrases), *lines]
    if alert.lost_so_far is None:
        lines.append(phrases.say("alert.lost_none"))
    elif alert.reason is not Reason.CONTEXT_ALONE:
        lines.append(phrases.say("alert.lost", lost=numbers.percent(alert.lost_so_far)))
    return [*lines, *_context(alert, phrases)]


def _verdict(alert: Alert, phrases: Phrases) -> str:
    """How it ended and the worst of it; a warning without a fall never had a low."""
    verdict, low = phrases.word("edge", alert.edge.value), alert.low_so_far
    if low is not None and low > LEAST_FALL:
        return phrases.say("alert.verdict_no_low", verdict=verdict)
    return phrases.say("alert.verdict", verdict=verdict, low=numbers.percent(low))


def _context(alert: Alert, phrases: Phrases) -> list[str]:
    """What stands beside the trigger."""
    named = "; ".join(phrases.word("alert_context", name) for name in alert.context)
    return [phrases.say("alert.beside", context=named)] if named else []


def _evidence(alert: Alert, phrases: Phrases) -> tuple[Lines, ...]:
    facts = alert.facts
    shock, change = facts.get("shock_24h"), facts.get("oi_change_24h")
    told = {
        "price": facts.get("price_usd"),
        "open_interest": facts.get("oi_percentile"),
        "funding": facts.get("funding_8h"),
        "liquidations": facts.get("long_usd_24h"),
        "skew": facts.get("skew_points"),
    }
    lines = {
        "price": phrases.say(
            "alert.price",
            price=numbers.price(told["price"]),
            sigmas=numbers.UNKNOWN
            if shock is None
            else phrases.say("alert.sigmas", sigmas=numbers.decimals(shock, 1, signed=True)),
        ),
        "open_interest": phrases.say(
            "alert.open_interest", rank=numbers.rank(told["open_interest"]), change=numbers.percent(change)
        ),
        "funding": phrases.say("alert.funding", rate=numbers.rate(told["funding"])),
        "liquidations": phrases.say("alert.liquidations", usd=f"${numbers.short(told['liquidations'])}"),
        "skew": phrases.say("alert.skew", points=numbers.points(told["skew"])),
    }
    seen = tuple(fit(line) for name, line in lines.items() if told[name] is not None)
    return (Lines(seen),) if seen else ()


def _prospects(alert: Alert, phrases: Phrases, rules: AlertRules) -> tuple[Text, ...]:
    lines = _prospect(alert, phrases, rules)
    return (Text("\n".join(lines)),) if lines else ()


def _prospect(alert: Alert, phrases: Phrases, rules: AlertRules) -> list[str]:
    """What was not seen, and while it stands what clears it."""
    names = {"open_interest": "oi_percentile", "funding": "funding_8h", "liquidations": "long_usd_24h"}
    unseen = [phrases.word("input", name) for name, fact in names.items() if alert.facts.get(fact) is None]
    lines = [phrases.say("alert.unseen", inputs=", ".join(unseen))] if unseen else []
    if not _stands(alert) or alert.reason is Reason.CONTEXT_ALONE:
        return lines
    hours = numbers.general(rules.clear_after_ms / HOUR_MS)
    clears = phrases.say("alert.clears", sigmas=numbers.general(rules.rearm_shock), hours=hours)
    return [*lines, clears]


def _stands(alert: Alert) -> bool:
    return alert.kind is Kind.CASCADE and not _is_over(alert) and alert.edge is not Edge.UNKNOWN


def _how_often(alert: Alert, phrases: Phrases) -> list[str]:
    """What followed such alerts in recorded history, and what a warning of a fall is not."""
    tail = [tail_risk(alert, phrases, recorded_odds())] if _stands(alert) else []
    return [*alert_odds(alert, phrases, recorded_odds()), *tail]


def _footer(alert: Alert, phrases: Phrases) -> Text | Told:
    """When it was and the state then; where the reader's clock or the age can be shown, that moment is."""
    state = phrases.word("state", alert.state.value)
    return paragraph_of(phrases.say("alert.at", at=age(alert.at_ms), state=state))


def _actions(alert: Alert, phrases: Phrases) -> tuple[Action, ...]:
    asset = alert.asset
    labels = {"button.why": f"/why {asset}", "button.size": f"/size {asset}"}
    if SEVERITY.get(alert.state, 0) < SEVERITY[State.CROWDING]:
        labels["button.regime"] = f"/regime {asset}"
    if not _is_over(alert):
        labels |= {"button.mute": f"/mute 1h {asset}", "button.ack": f"/ack #{alert.id}"}
    return tuple(Action(phrases.say(label, id=alert.id), line) for label, line in labels.items())
