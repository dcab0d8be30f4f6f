"""From readings to a regime: hysteresis, blindness, levels, score and confidence."""

from dataclasses import replace

import pytest

from market.reading import Condition, Level, Presence, Reading
from market.regime import judge, score_and_confidence
from market.table import State
from tests.market.readings import HOUR, QUIET, RULES, judged, market, reading, without

CRASH = market(pd=True, brk=True, down=True, flat=False, lc=True, oe=True, fe=True, fn=True, fr=False)
CROWD = market(pd=True, down=True, flat=False, oe=True, fn=True, fr=False)


def test_a_quiet_market_is_healthy() -> None:
    regime = judged(market())
    assert regime.state is State.HEALTHY
    assert (regime.score, regime.confidence) == (0.0, 1.0)
    assert regime.inputs_seen == 5


def test_score_and_confidence_of_the_vector() -> None:
    parts = [
        (0.25, 1.0, Level.STRESS),
        (0.25, 0.75, Level.STRESS),
        (0.20, 1.0, Level.CAUTION),
        (0.20, 1.0, Level.STRESS),
        (0.10, 0.0, None),
    ]
    score, confidence = score_and_confidence(parts)
    assert score == pytest.approx(88.06, abs=0.005)
    assert confidence == pytest.approx(0.8375)


def test_danger_is_said_at_once_on_an_hourly_bar() -> None:
    assert judged(market(), CRASH).state is State.UNWINDING


def test_on_a_minute_bar_danger_needs_two_of_three_looks() -> None:
    def minute(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        return tuple(
            replace(one, facts={"step_ms": 60_000.0}) if one.name == "price" else one for one in readings
        )

    calm, crowd = minute(market()), minute(CROWD)
    assert judged(calm, calm, crowd, every_ms=60_000).state is State.HEALTHY
    assert judged(calm, crowd, calm, crowd, every_ms=60_000).state is State.CROWDING
    assert judged(calm, crowd, crowd, every_ms=60_000).state is State.CROWDING


def test_on_a_minute_bar_a_burst_in_a_fast_break_needs_one_look() -> None:
    crash = market(pd=True, brk=True, down=True, flat=False, lc=True, lb=True)
    crash = tuple(replace(one, facts={"step_ms": 60_000.0}) if one.name == "price" else one for one in crash)
    assert judged(market(), crash, every_ms=60_000).state is State.UNWINDING


def test_a_better_state_must_hold_two_hours_and_unwinding_four() -> None:
    assert judged(CROWD, market(), market()).state is State.CROWDING
    assert judged(CROWD, market(), market(), market()).state is State.HEALTHY
    assert judged(CRASH, *[market()] * 4).state is State.UNWINDING
    assert judged(CRASH, *[market()] * 5).state is State.HEALTHY


def test_missing_data_never_lowers_a_state() -> None:
    blind = without(market(), "liquidations", Presence.STALE)
    blind = tuple(
        one if one.name != "price" else reading("price", pd=True, brk=True, down=True) for one in blind
    )
    regime = judged(CRASH, *[blind] * 30)
    assert regime.state is State.UNWINDING
    assert State.UNWINDING in regime.possible


def test_no_price_is_insufficient_data_and_the_state_is_held() -> None:
    lost = without(CROWD, "price", Presence.STALE)
    regime = judged(CROWD, lost)
    assert (regime.state, regime.held) == (State.INSUFFICIENT_DATA, State.CROWDING)
    assert regime.insufficient_because == "price"
    assert judged(CROWD, lost, CROWD).state is State.CROWDING


def test_fewer_than_two_inputs_are_insufficient() -> None:
    readings = market()
    for name in ("liquidations", "open_interest", "funding", "skew"):
        readings = without(readings, name, Presence.ABSENT)
    regime = judged(readings)
    assert regime.state is State.INSUFFICIENT_DATA
    assert regime.insufficient_because == "inputs"


def test_absent_inputs_alone_do_not_make_confidence_insufficient() -> None:
    readings = market()
    for name in ("liquidations", "open_interest", "skew"):
        readings = without(readings, name, Presence.ABSENT)
    regime = judged(readings)
    assert regime.state is State.MIXED
    assert regime.confidence == 1.0
    assert (regime.inputs_seen, regime.inputs_known) == (2, 2)


def test_stale_feeds_that_take_the_confidence_are_insufficient() -> None:
    readings = market()
    for name in ("liquidations", "open_interest", "skew"):
        readings = without(readings, name, Presence.STALE)
    regime = judged(readings)
    assert regime.state is State.INSUFFICIENT_DATA
    assert regime.insufficient_because == "confidence"


@pytest.mark.parametrize("name", ["open_interest", "funding"])
@pytest.mark.parametrize("presence", [Presence.ABSENT, Presence.STALE])
def test_absence_is_never_read_as_calm(name: str, presence: Presence) -> None:
    assert judged(without(market(), name, presence)).state is State.MIXED


def test_an_absent_input_counts_as_not_seen_and_strictly_as_unknown() -> None:
    readings = without(market(), "skew", Presence.ABSENT)
    regime = judged(readings)
    assert regime.state is State.HEALTHY
    assert regime.strict is State.MIXED
    assert regime.flag("ks") is None


def test_crowding_is_said_though_liquidations_are_absent_and_unwinding_stays_possible() -> None:
    regime = judged(without(CROWD, "liquidations", Presence.ABSENT))
    assert regime.state is State.CROWDING
    assert regime.possible == (State.UNWINDING,)
    assert regime.protip is True


def test_a_break_is_weakness_and_not_stability() -> None:
    regime = judged(market(brk=True, stab=True))
    assert regime.flag("pd") is True
    assert regime.flag("stab") is False
    assert regime.flag("nc") is True


def test_a_flat_price_fails_to_confirm_while_longs_pay() -> None:
    assert judged(market(flat=True, material=True)).flag("nc") is True
    assert judged(market(flat=True, material=False)).flag("nc") is False
    assert judged(market(flat=False, up=True, material=True)).flag("nc") is False


def test_open_interest_that_rises_again_has_ceased_to_compress() -> None:
    regime = judged(market(ou=True, oc=True))
    assert (regime.flag("ou"), regime.flag("oc")) == (True, False)


def _waiting(flag: str, value: bool, enter_ms: int, exit_ms: int) -> tuple[Reading, ...]:
    condition = Condition(flag, value, value, enter_after_ms=enter_ms, exit_after_ms=exit_ms)
    return tuple(
        replace(one, conditions=(*[kept for kept in one.conditions if kept.flag != flag], condition))
        if flag in QUIET[one.name]
        else one
        for one in market()
    )


def test_funding_is_reset_only_after_sixteen_hours() -> None:
    reset = _waiting("fr", value=True, enter_ms=16 * HOUR, exit_ms=0)
    assert judged(*[reset] * 16).flag("fr") is False
    assert judged(*[reset] * 17).flag("fr") is True


def test_weakness_ends_six_hours_after_its_last_sign() -> None:
    weak = _waiting("pd", value=True, enter_ms=0, exit_ms=6 * HOUR)
    over = _waiting("pd", value=False, enter_ms=0, exit_ms=6 * HOUR)
    assert judged(weak, *[over] * 6).flag("pd") is True
    assert judged(weak, *[over] * 7).flag("pd") is False


def test_hours_are_market_time_and_not_bars() -> None:
    weak = _waiting("pd", value=True, enter_ms=0, exit_ms=6 * HOUR)
    over = _waiting("pd", value=False, enter_ms=0, exit_ms=6 * HOUR)
    regime = judge(weak, None, RULES, HOUR)
    regime = judge(over, regime, RULES, 2 * HOUR)
    assert judge(over, regime, RULES, 8 * HOUR).flag("pd") is False


@pytest.mark.parametrize(
    ("flags", "name", "level"),
    [
        ({}, "price", Level.CALM),
        ({"pd": True}, "price", Level.CAUTION),
        ({"brk": True}, "price", Level.STRESS),
        ({"flagged": True}, "liquidations", Level.CAUTION),
        ({"lb": True}, "liquidations", Level.STRESS),
        ({"lc": True}, "liquidations", Level.STRESS),
        ({"oe": True}, "open_interest", Level.CAUTION),
        ({"oe": True, "pd": True}, "open_interest", Level.STRESS),
        ({"ou": True, "down": True}, "open_interest", Level.STRESS),
        ({"ou": True}, "open_interest", Level.CALM),
        ({"material": True}, "funding", Level.CAUTION),
        ({"fe": True}, "funding", Level.STRESS),
        ({"skew_dear": True}, "skew", Level.CAUTION),
        ({"kst": True}, "skew", Level.STRESS),
        ({"oe": None}, "open_interest", None),
    ],
)
def test_levels_of_the_table(flags: dict[str, bool | None], name: str, level: Level | None) -> None:
    assert judged(market(**flags)).levels[name] is level


def test_funding_paid_through_sixteen_hours_of_weakness_is_stress() -> None:
    paying = market(pd=True, fn=True, fr=False)
    assert judged(*[paying] * 16).levels["funding"] is Level.CALM
    assert judged(*[paying] * 17).levels["funding"] is Level.STRESS


def test_a_blind_hour_drops_no_flag_before_its_time() -> None:
    weak = _waiting("pd", value=True, enter_ms=0, exit_ms=6 * HOUR)
    over = _waiting("pd", value=False, enter_ms=0, exit_ms=6 * HOUR)
    blind = without(weak, "price", Presence.STALE)
    assert judged(weak, blind).flag("pd") is None
    assert judged(weak, blind, over).flag("pd") is True
    assert judged(weak, blind, *[over] * 7).flag("pd") is False


def test_a_blind_hour_keeps_the_band_between_entry_and_exit() -> None:
    def elevated(*, enters: bool) -> tuple[Reading, ...]:
        kept = tuple(one for one in reading("open_interest").conditions if one.flag != "oe")
        band = replace(reading("open_interest"), conditions=(*kept, Condition("oe", enters, stays=True)))
        return tuple(band if one.name == "open_interest" else one for one in market())

    blind = without(market(), "open_interest", Presence.STALE)
    assert judged(elevated(enters=True), blind, elevated(enters=False)).flag("oe") is True
    assert judged(elevated(enters=False), blind, elevated(enters=False)).flag("oe") is False


def test_a_blind_hour_does_not_hasten_the_way_down_from_mixed() -> None:
    mixed = market(ks=True)
    blind = without(mixed, "price", Presence.STALE)
    assert judged(mixed).held is State.MIXED
    assert judged(mixed, blind, market()).state is State.MIXED
    assert judged(mixed, blind, market(), market(), market()).state is State.HEALTHY
    assert judged(blind, market()).state is State.HEALTHY


def test_one_calm_look_does_not_undo_the_hours_before_it() -> None:
    cleaning = market(pd=True, down=True, flat=False, oc=True, fr=True)
    assert judged(CRASH, *[cleaning] * 4, market()).state is State.CAPITULATION
    assert judged(CRASH, *[cleaning] * 4, *[market()] * 4).state is State.HEALTHY
