"""A warning in words: what is already lost, what stands beside it, and never a promise."""

from dataclasses import replace

import pytest

from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Tone
from commands.wording.alert import alert_heading, as_sample, describe_alert
from market.alerts import Alert, AlertMemory, Edge, Kind, Reason, Severity, decide
from market.observations import HOUR_MS, MINUTE_MS
from market.odds import recorded_odds
from market.report import alert_line
from market.rules import AlertRules, Rules
from market.table import State
from tests.commands.markets import NOW_MS, crowding, market, reading
from tests.commands.talking import monospaced, text_of

ENGLISH = phrases_in("en")
RULES = AlertRules()


def fired(shock: float = -2.1, asset: str = "BTC", *raised: str) -> Alert:
    """What the real rules decide on a fall of that many sigmas."""
    price = reading("price", NOW_MS, *raised, shock_24h=shock, r_24h=-0.036)
    snapshot = market(*raised, asset=asset, price=price)
    _, alerts = decide(AlertMemory(), snapshot, Rules(), NOW_MS)
    return next(alert for alert in alerts if alert.kind is Kind.CASCADE)


def said(alert: Alert, source: str = "live") -> str:
    return text_of(describe_alert(alert, ENGLISH, RULES, source))


def test_a_warning_says_what_is_lost_why_it_came_and_what_it_is_not() -> None:
    alert = fired()
    told = said(alert)
    assert told.startswith(f"WARNING #{alert.id} BTC -3.5% in 24 h")
    assert "Price fell faster than its volatility had been pricing." in told
    assert "Already lost: -3.5% since the day before it began." in told
    assert "Price 64,210 · 24 h shock -2.1 s.d." in told
    assert "OI p88 · +2.1% in 24 h" in told
    assert "Clears when the 24 h shock stays above -1 sigma for 2 h." in told
    assert "A warning of tail risk, not of direction: 24 h later price was " in told
    assert "2026-11-22 12:04 UTC · state HEALTHY" in told


def test_what_stands_can_be_muted_and_acknowledged_from_its_message() -> None:
    alert = fired()
    commands = [action.command for action in describe_alert(alert, ENGLISH, RULES).actions]
    assert {"/mute 1h BTC", f"/ack #{alert.id}"} <= set(commands)
    over = replace(alert, edge=Edge.RESOLVED)
    commands = [action.command for action in describe_alert(over, ENGLISH, RULES).actions]
    assert not [line for line in commands if line.startswith(("/mute", "/ack"))]


def test_a_sample_says_first_that_it_is_one_and_cannot_be_acknowledged() -> None:
    reply = as_sample(describe_alert(replace(fired(), id="test"), ENGLISH, RULES), ENGLISH)
    assert text_of(reply).startswith("TEST · WARNING #test BTC")
    assert "TEST: nothing has happened." in text_of(reply).split("\n")[1]
    assert all(len(row) <= 37 for row in monospaced(reply))
    assert not [action for action in reply.actions if action.command.startswith("/ack")]


def test_context_raises_nothing_and_stands_beside_it() -> None:
    alert = fired(-2.1, "BTC", "pd", "down", "oe", "fe", "fn", "material")
    told = said(alert)
    assert alert.severity is Severity.WARNING
    assert "Beside it: falling, leverage elevated, funding not reset; longs pay dear." in told


def test_context_alone_says_that_nothing_has_fallen() -> None:
    _, alerts = decide(AlertMemory(), crowding(), Rules(), NOW_MS)
    watch = next(alert for alert in alerts if alert.kind is Kind.CASCADE)
    told = said(watch)
    assert told.startswith(f"WATCH #{watch.id} BTC")
    assert "Leverage is crowded; price has not broken." in told
    assert "Already lost" not in told


@pytest.mark.parametrize(("shock", "severity"), [(-1.6, "watch"), (-2.1, "warning"), (-2.6, "critical")])
def test_the_odds_are_those_of_real_alerts_of_its_kind_and_severity(shock: float, severity: str) -> None:
    alert = fired(shock)
    row = recorded_odds().row(f"cascade/{severity}/price_shock", "BTC")
    assert row is not None
    told = said(alert)
    assert f"Odds, REAL 2021-25, {row.episodes} such alerts (" in told
    assert "A further fall of 5% within 24 h: after " in told


def test_an_asset_that_was_not_evaluated_has_no_odds() -> None:
    assert "Odds: not established for DOGE." in said(fired(asset="DOGE"))


@pytest.mark.parametrize(
    ("edge", "reason", "verdict"),
    [
        (Edge.FALSE_ALARM, Reason.NEVER_FELL_FAR, "FALSE ALARM: low was -3.9%."),
        (Edge.RESOLVED, Reason.SHOCK_CLEARED, "RESOLVED: low was -3.9%."),
    ],
)
def test_the_end_says_how_long_and_how_deep_and_whether_it_was_a_false_alarm(
    edge: Edge, reason: Reason, verdict: str
) -> None:
    over = replace(
        fired(), edge=edge, reason=reason, low_so_far=-0.039, opened_ms=NOW_MS - 9 * HOUR_MS - 20 * MINUTE_MS
    )
    told = said(over)
    assert told.startswith(f"#{over.id} BTC over after 9 h 20 min")
    assert verdict in told
    assert "Odds" not in told


def test_a_warning_without_a_fall_never_had_a_low() -> None:
    over = replace(fired(), edge=Edge.RESOLVED, reason=Reason.CONTEXT_CLEARED, low_so_far=0.0)
    assert "RESOLVED: price never fell below where it began." in said(over)


def test_what_cannot_be_seen_any_more_is_unknown_never_over() -> None:
    blind = replace(fired(), edge=Edge.UNKNOWN, reason=Reason.NO_FRESH_PRICE, lost_so_far=None)
    told = said(blind)
    assert "UNKNOWN" in told.splitlines()[0]
    assert "unknown since, not resolved" in told
    assert "How much is already lost is not known." in told


def test_a_change_of_state_is_told_with_what_it_means() -> None:
    worse = Alert(
        "ab12",
        "BTC",
        Kind.REGIME,
        Severity.WARNING,
        Edge.FIRED,
        Reason.STATE_WORSE,
        NOW_MS,
        NOW_MS,
        State.CAPITULATION,
    )
    told = said(worse)
    assert told.startswith("BTC · CAPITULATION · WARNING")
    assert "not a bottom call" in told


def test_a_simulated_warning_says_so() -> None:
    assert "SIMULATED market. No real prices." in said(fired(), "simulated")
    assert "RECORDED market, 2026-11-22" in said(fired(), "history")


def test_what_was_not_seen_is_named() -> None:
    alert = fired()
    bare = replace(alert, facts={**alert.facts, "oi_percentile": None, "funding_8h": None})
    assert "Not seen: open interest, funding." in said(bare)


def test_the_json_line_has_the_keys_of_the_design() -> None:
    line = alert_line(fired())
    assert {"at", "asset", "kind", "severity", "edge", "reason", "lost_so_far", "id"} <= set(line)
    assert line["at"] == "2026-11-22T12:04:10Z"


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("edge", Edge)
@pytest.mark.parametrize("kind", Kind)
def test_every_alert_can_be_told_and_fits_on_a_phone(kind: Kind, edge: Edge, reason: Reason) -> None:
    for severity in Severity:
        for facts in (
            {},
            {"r_24h": -0.5, "shock_24h": -22.5, "price_usd": 0.0000123, "long_usd_24h": 4.1e11},
        ):
            alert = Alert(
                "c7f2", "1000FLOKI", kind, severity, edge, reason, NOW_MS, 0, State.INSUFFICIENT_DATA, facts=facts,
                context=("protip", "fe", "kst_fe", "lc"),
            )  # fmt: skip
            reply = describe_alert(alert, ENGLISH, RULES)
            assert all(len(line) <= 37 for line in monospaced(reply))
            assert alert_heading(alert, ENGLISH)


def test_tone_follows_severity_until_it_is_over() -> None:
    tones = [
        getattr(describe_alert(alert, ENGLISH, RULES).blocks[0], "tone", None)
        for alert in (fired(-1.6), fired(-2.6))
    ]
    assert tones == [Tone.PLAIN, Tone.STRESS]
