"""What followed in recorded history, in words: counted, with its interval, beside any hour, and nothing promised."""

from dataclasses import replace

from commands.protocol.phrases import phrases_in
from commands.protocol.style import written_in
from commands.wording.odds import alert_odds, quoted, regime_odds, row_lines, skill_lines, tail_risk
from commands.wording.why import ALSO_TOLD
from market.alerts import Alert, Edge, Kind, Reason, Severity
from market.odds import Odds, Share, Table, recorded_odds
from market.table import FLAGS, State
from tests.commands.markets import calm, crowding
from tests.commands.talking import talk

ENGLISH, SPANISH = phrases_in("en"), phrases_in("es")
SELL_OFF = Share(120, 90, 0.1639, 0.1121, 0.2239, 0.0411, differs=True, is_established=True)
FURTHER = Share(160, 99, 0.3, 0.24, 0.36, 0.29, differs=False, is_established=True)
WARNING = Odds(
    "cascade/warning/price_shock", "BTC", ("BTC",), 2021, 2025, 160, 40, SELL_OFF, FURTHER, (0.0024, -0.004, 0.009)
)  # fmt: skip
SEVERAL = replace(WARNING, asset="", assets=("BTC", "ETH"), episodes=300)
HOURS = replace(WARNING, name="hours/HEALTHY", begun=None, episodes=30)
FEW = replace(
    WARNING,
    name="liquidations/watch",
    episodes=9,
    first_year=2024,
    last_year=2024,
    sell_off=Share(9, 7, 0.1, 0.0, 0.4, 0.04),
    further_fall=Share(9, 7, 0.3, 0.1, 0.6, 0.29),
)
LATE = replace(
    WARNING, name="cascade/critical/price_shock", begun=127, sell_off=Share(27, 19, 0.5, 0.3, 0.7, 0.04)
)
TABLE = Table(
    0.07, 2.5, 0.05, 20, 2021, 2025, ("BTC", "ETH", "SOL"), (WARNING, SEVERAL, HOURS, FEW, LATE),
    {"pd": "skill", "fe": "none", "oe": "none", "lc": "not established"},
)  # fmt: skip
ALERT = Alert(
    "ab12", "BTC", Kind.CASCADE, Severity.WARNING, Edge.FIRED, Reason.PRICE_SHOCK, 0, 0, State.CROWDING
)


def test_an_alert_says_how_often_one_followed_of_how_many_and_when_beside_any_hour() -> None:
    assert alert_odds(ALERT, ENGLISH, TABLE) == (
        (
            "Odds, REAL 2021-25, 160 such alerts (BTC): a sell-off (7%, 2.5 sigma) began within 24 h after 16.3% [11.2-22.4]; "
            "after any hour 4.2%. In 40 one had begun already; they are not counted."
        ),
        "A further fall of 5% within 24 h: after 30.0% [24.0-36.0]; after any hour 29.0%, no difference shown.",
    )


def test_every_rounding_goes_against_the_count() -> None:
    first, _ = alert_odds(ALERT, ENGLISH, TABLE)
    assert "16.3%" in first  # of 16.39
    assert "4.2%" in first  # of 4.11


def test_an_asset_without_a_row_of_its_own_is_told_what_several_came_to() -> None:
    first, _ = alert_odds(replace(ALERT, asset="ETH"), ENGLISH, TABLE)
    assert "300 such alerts (BTC, ETH)" in first


def test_what_was_not_recorded_or_came_too_seldom_is_not_established() -> None:
    assert row_lines("liquidations/watch", "DOGE", ENGLISH, TABLE) == ("Odds: not established for DOGE.",)
    assert row_lines("liquidations/watch", "BTC", ENGLISH, TABLE) == (
        "Odds: not established: 9 in 2024, worth 7 days of the 20 needed.",
    )
    assert row_lines("skew/watch", "BTC", ENGLISH, TABLE) == (
        "Odds: not established for BTC: too seldom, or never, in 2021-25.",
    )


def test_an_alert_that_mostly_comes_with_a_sell_off_tells_its_further_falls_where_those_alone_are_established() -> (
    None
):
    first, further = alert_odds(replace(ALERT, severity=Severity.CRITICAL), ENGLISH, TABLE)
    assert first == (
        "Odds, REAL 2021-25, 160 such alerts (BTC): in 127 a sell-off had begun already; how often one began after the others is "
        "not established (19 days of the 20 needed)."
    )
    assert further.startswith(
        "A further fall of 5% within 24 h: after 30.0% [24.0-36.0]; after any hour 29.0%"
    )


def test_the_shipped_table_is_what_is_quoted() -> None:
    assert quoted("hours/MIXED", "BTC", ENGLISH) == row_lines("hours/MIXED", "BTC", ENGLISH, recorded_odds())


def test_hours_in_a_state_are_told_by_spells() -> None:
    first, _ = regime_odds("BTC", calm().regime, ENGLISH, TABLE)
    assert first.startswith("Hours like this, REAL 2021-25, 30 spells (BTC): a sell-off")
    assert "already" not in first


def test_without_a_state_and_after_the_end_nothing_is_quoted() -> None:
    blind = replace(calm().regime, state=State.INSUFFICIENT_DATA)
    assert regime_odds("BTC", blind, ENGLISH, TABLE) == ()
    assert alert_odds(replace(ALERT, edge=Edge.RESOLVED), ENGLISH, TABLE) == ()


def test_a_fall_warned_of_is_a_risk_and_no_direction() -> None:
    assert tail_risk(ALERT, ENGLISH, TABLE) == (
        "A warning of tail risk, not of direction: 24 h later price was +0.2% on average [-0.4%, +0.9%]."
    )
    assert (
        tail_risk(replace(ALERT, asset="DOGE"), ENGLISH, TABLE) == "A warning of tail risk, not of direction."
    )


def test_conditions_without_skill_and_untried_ones_are_said_to_stay_readings() -> None:
    assert skill_lines(("pd", "fe", "oe", "lc", "ks"), ENGLISH, TABLE) == (
        "Showed no skill as warnings in 2021-25, so they stay readings: funding elevated, OI elevated.",
        "Skill not established, so they stay readings: repeated long liquidations, skew steep.",
    )
    assert skill_lines(("pd",), ENGLISH, TABLE) == ()


async def test_why_names_them_below_what_followed() -> None:
    said = await talk(crowding())("/why BTC")
    assert all(line in said for line in skill_lines((*FLAGS, *ALSO_TOLD), ENGLISH, recorded_odds()))
    assert "so they stay readings: " in said


def test_another_language_writes_its_own_marks() -> None:
    with written_in(SPANISH.style):
        first, _ = alert_odds(ALERT, SPANISH, TABLE)
    assert "desplome (7%, 2,5 sigma) tras el 16,3% [11,2-22,4]; tras cualquier hora, 4,2%." in first


def test_no_line_speaks_of_what_will_be() -> None:
    words = " ".join((*alert_odds(ALERT, ENGLISH, TABLE), tail_risk(ALERT, ENGLISH, TABLE)))
    assert not {"will", "predicts", "forecast", "probability"} & set(words.split())
