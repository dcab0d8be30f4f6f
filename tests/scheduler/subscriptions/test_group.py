"""What facts come to in one chat: the life of a wave, and every reason to say less."""

from dataclasses import replace

import pytest

from market.alerts import Alert, Edge, Kind, Severity
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from scheduler.subscriptions.group import (
    FALLING_VALID_MS,
    Action,
    Telling,
    Why,
    tell,
)
from scheduler.subscriptions.quiet import is_quiet, quiet_until_ms
from store.chats import Chat, QuietHours
from store.waves import Wave
from tests.store.samples import FIRED

HERE = "telegram:1"
CHAT = Chat(HERE)
NOW_MS = FIRED.at_ms
NIGHT = QuietHours(23 * 60, 7 * 60, "Europe/Berlin")


def warning(
    asset: str = "BTC",
    severity: Severity = Severity.WARNING,
    edge: Edge = Edge.FIRED,
    after_ms: int = 0,
    kind: Kind = Kind.CASCADE,
    name: str = "c7f2",
) -> Alert:
    return replace(
        FIRED,
        asset=asset,
        kind=kind,
        severity=severity,
        edge=edge,
        id=name,
        at_ms=NOW_MS + after_ms,
        opened_ms=NOW_MS,
    )


def told(telling: Telling, message: str = "17") -> Wave:
    """The wave as the deliverer keeps it: with the message it has sent."""
    if telling.action in {Action.SEND, Action.DIGEST} and telling.wave.alerts and telling.wave.opened_ms:
        return replace(telling.wave, message=message)
    return telling.wave


def test_the_life_of_a_wave_is_a_message_its_edits_an_escalation_and_a_digest() -> None:
    first = tell(Wave(HERE), [warning()], CHAT, NOW_MS)
    assert (first.action, first.why, first.is_silent, first.is_late) == (
        Action.SEND,
        Why.NEW_WAVE,
        False,
        False,
    )
    wave = told(first)
    joined = tell(wave, [warning("ETH", after_ms=1)], CHAT, NOW_MS + 1)
    assert (joined.action, joined.why) == (Action.EDIT, Why.CHANGED)
    assert [alert.asset for alert in joined.shown] == ["BTC", "ETH"]
    worse = warning("BTC", Severity.CRITICAL, Edge.ESCALATED, 2)
    escalated = tell(joined.wave, [worse], CHAT, NOW_MS + 2)
    assert (escalated.action, escalated.why) == (Action.SEND, Why.ESCALATED)
    wave = told(escalated, "18")
    half = tell(wave, [warning("ETH", edge=Edge.RESOLVED, after_ms=3)], CHAT, NOW_MS + 3)
    assert half.action is Action.EDIT
    over = tell(half.wave, [warning("BTC", Severity.CRITICAL, Edge.RESOLVED, 4)], CHAT, NOW_MS + 4)
    assert (over.action, over.why) == (Action.DIGEST, Why.OVER)
    assert over.wave.message is None
    assert over.is_silent


def test_a_new_wave_does_not_show_the_one_before() -> None:
    wave = tell(Wave(HERE), [warning("ETH", edge=Edge.RESOLVED)], CHAT, NOW_MS).wave
    again = tell(wave, [warning("BTC", after_ms=HOUR_MS)], CHAT, NOW_MS + HOUR_MS)
    assert [alert.asset for alert in again.shown] == ["BTC"]


def test_a_fact_that_comes_twice_or_late_changes_nothing() -> None:
    wave = told(tell(Wave(HERE), [warning()], CHAT, NOW_MS))
    assert tell(wave, [warning()], CHAT, NOW_MS).why is Why.KNOWN
    worse = told(
        tell(wave, [warning(severity=Severity.CRITICAL, edge=Edge.ESCALATED, after_ms=5)], CHAT, NOW_MS + 5)
    )
    assert tell(worse, [warning(after_ms=3)], CHAT, NOW_MS + 6).why is Why.KNOWN


def test_the_end_of_what_was_never_told_is_not_told() -> None:
    assert tell(Wave(HERE), [warning(edge=Edge.RESOLVED)], CHAT, NOW_MS).why is Why.NEVER_TOLD
    assert tell(Wave(HERE), [warning(edge=Edge.UNKNOWN)], CHAT, NOW_MS).why is Why.NEVER_TOLD


def test_out_of_sight_is_an_edit_and_no_end() -> None:
    wave = told(tell(Wave(HERE), [warning()], CHAT, NOW_MS))
    blind = tell(wave, [warning(edge=Edge.UNKNOWN, after_ms=1)], CHAT, NOW_MS + 1)
    assert (blind.action, blind.wave.message) == (Action.EDIT, "17")


def test_twenty_coins_are_one_message() -> None:
    facts = [warning(f"A{number}") for number in range(20)]
    telling = tell(Wave(HERE), facts, CHAT, NOW_MS)
    assert telling.action is Action.SEND
    assert len(telling.shown) == 20
    more = tell(told(telling), [warning("LATE", Severity.WATCH, after_ms=1)], CHAT, NOW_MS + 1)
    assert (more.action, more.why) == (Action.EDIT, Why.INHIBITED)


def test_a_fall_that_goes_on_after_a_day_is_told_again() -> None:
    wave = told(tell(Wave(HERE), [warning()], CHAT, NOW_MS))
    again = tell(wave, [warning(after_ms=DAY_MS)], CHAT, NOW_MS + DAY_MS)
    assert (again.action, again.why) == (Action.SEND, Why.TOLD_AGAIN)
    heard = tell(wave, [warning(after_ms=DAY_MS)], replace(CHAT, acknowledged=("c7f2",)), NOW_MS + DAY_MS)
    assert (heard.action, heard.why) == (Action.EDIT, Why.ACKNOWLEDGED)


def test_what_was_acknowledged_is_told_when_it_gets_worse() -> None:
    wave = told(tell(Wave(HERE), [warning()], CHAT, NOW_MS))
    worse = warning(severity=Severity.CRITICAL, edge=Edge.ESCALATED, after_ms=1)
    chat = replace(CHAT, acknowledged=("another",))
    assert tell(wave, [worse], chat, NOW_MS + 1).why is Why.ESCALATED


@pytest.mark.parametrize("muted", [{"": NOW_MS + HOUR_MS}, {"BTC": NOW_MS + HOUR_MS}])
def test_a_mute_holds_and_its_end_tells_once_what_still_stands(muted: dict[str, int]) -> None:
    chat = replace(CHAT, muted_ms=muted)
    held = tell(Wave(HERE), [warning()], chat, NOW_MS)
    assert (held.action, held.why, held.until_ms) == (Action.HOLD, Why.MUTED, NOW_MS + HOUR_MS)
    worse = warning(severity=Severity.CRITICAL, edge=Edge.ESCALATED, after_ms=1)
    held = tell(held.wave, [worse], chat, NOW_MS + 1)
    assert held.action is Action.HOLD
    after = tell(held.wave, [], chat, NOW_MS + HOUR_MS)
    assert (after.action, after.why, after.is_late) == (Action.SEND, Why.STILL_STANDS, True)
    assert after.shown == (worse,)
    assert tell(told(after), [], chat, NOW_MS + HOUR_MS + 1).why is Why.KNOWN


def test_what_came_and_went_during_a_mute_is_not_told() -> None:
    chat = replace(CHAT, muted_ms={"": NOW_MS + HOUR_MS})
    held = tell(Wave(HERE), [warning()], chat, NOW_MS)
    held = tell(held.wave, [warning(edge=Edge.RESOLVED, after_ms=1)], chat, NOW_MS + 1)
    assert tell(held.wave, [], chat, NOW_MS + HOUR_MS).why is Why.NEVER_TOLD


def test_only_a_critical_warning_pierces_quiet_hours_and_only_where_it_may() -> None:
    night_ms = 1_767_661_200_000  # 2026-01-06 02:00 in Berlin
    chat = replace(CHAT, quiet=NIGHT)
    critical = replace(warning(severity=Severity.CRITICAL), at_ms=night_ms)
    held = tell(Wave(HERE), [critical], chat, night_ms)
    assert (held.action, held.why, held.until_ms) == (Action.HOLD, Why.QUIET, night_ms + 5 * HOUR_MS)
    chat = replace(CHAT, quiet=replace(NIGHT, critical_pierces=True))
    assert tell(Wave(HERE), [critical], chat, night_ms).action is Action.SEND
    mild = replace(warning(), at_ms=night_ms)
    assert tell(Wave(HERE), [mild], chat, night_ms).action is Action.HOLD


def test_a_daily_number_of_messages_counts_new_ones_and_no_critical_ones() -> None:
    chat = replace(CHAT, daily_cap=1)
    wave = told(tell(Wave(HERE), [warning()], chat, NOW_MS))
    again = tell(
        wave, [warning(severity=Severity.CRITICAL, edge=Edge.ESCALATED, after_ms=1)], chat, NOW_MS + 1
    )
    assert again.action is Action.SEND
    over = tell(
        told(again), [warning(severity=Severity.CRITICAL, edge=Edge.RESOLVED, after_ms=2)], chat, NOW_MS + 2
    )
    held = tell(over.wave, [warning("ETH", after_ms=MINUTE_MS)], chat, NOW_MS + MINUTE_MS)
    assert (held.action, held.why) == (Action.HOLD, Why.CAPPED)
    assert held.until_ms is not None
    tomorrow = tell(held.wave, [], chat, held.until_ms)
    assert (tomorrow.action, tomorrow.why) == (Action.SEND, Why.STILL_STANDS)


def test_a_silent_watch_makes_no_sound() -> None:
    assert tell(Wave(HERE), [warning(severity=Severity.WATCH)], CHAT, NOW_MS).is_silent


def test_quiet_hours_are_those_of_the_wall_whatever_the_clocks_do() -> None:
    autumn_ms = (
        1_761_436_800_000  # 2025-10-26 00:00 UTC: 02:00 in Berlin, and 02:00 comes again an hour later
    )
    quiet = QuietHours(2 * 60, 3 * 60, "Europe/Berlin")
    assert is_quiet(quiet, autumn_ms)
    assert is_quiet(quiet, autumn_ms + HOUR_MS)
    assert not is_quiet(quiet, autumn_ms + 2 * HOUR_MS)
    assert quiet_until_ms(quiet, autumn_ms) == autumn_ms + 2 * HOUR_MS
    assert not is_quiet(QuietHours(60, 60, "UTC"), autumn_ms)


@pytest.mark.parametrize(
    ("day_ms", "begin", "end", "lasts_h"),
    [
        (1_793_491_200_000, "01:30", "03:00", 2.0),  # 2026-11-01, New York: 01:00 to 02:00 comes twice
        (1_772_928_000_000, "02:30", "06:00", 3.0),  # 2026-03-08, New York: 02:00 to 03:00 never comes
        (1_793_491_200_000, "22:00", "07:00", 10.0),
        (1_772_928_000_000, "22:00", "07:00", 8.0),
    ],
)
def test_quiet_hours_last_as_long_as_the_wall_clock_says_on_the_days_it_changes(
    day_ms: int, begin: str, end: str, lasts_h: float
) -> None:
    minutes = [int(text[:2]) * 60 + int(text[3:]) for text in (begin, end)]
    quiet = QuietHours(minutes[0], minutes[1], "America/New_York")
    since_ms = day_ms - 12 * HOUR_MS  # the evening before, whose night is the one that changes
    quiet_ms = [at for at in range(since_ms, since_ms + 24 * HOUR_MS, MINUTE_MS) if is_quiet(quiet, at)]
    assert len(quiet_ms) * MINUTE_MS == lasts_h * HOUR_MS
    assert is_quiet(quiet, quiet_until_ms(quiet, quiet_ms[0]) - 1)
    assert not is_quiet(quiet, quiet_until_ms(quiet, quiet_ms[0]))
    assert quiet_until_ms(quiet, quiet_ms[-1]) == quiet_ms[-1] + MINUTE_MS


def test_a_zone_that_is_known_no_more_goes_by_utc_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    gone = QuietHours(60, 120, "Mars/Olympus")
    for _ in range(3):
        assert is_quiet(gone, 90 * MINUTE_MS)
        assert not is_quiet(gone, 30 * MINUTE_MS)
    assert caplog.text.count("Mars/Olympus") == 1


def test_what_was_missed_is_told_as_past_in_one_silent_message_and_its_end_is_an_edit_of_that() -> None:
    late_ms = NOW_MS + FALLING_VALID_MS + 1
    missed = tell(Wave(HERE), [warning(), warning("ETH")], CHAT, late_ms)
    assert (missed.action, missed.why, missed.is_silent) == (Action.SEND, Why.EXPIRED, True)
    assert missed.past == {"cascade:BTC", "cascade:ETH"}
    wave = told(missed)
    worse = warning(severity=Severity.CRITICAL, edge=Edge.ESCALATED, after_ms=1)
    more = tell(wave, [worse], CHAT, late_ms + 1)
    assert (more.action, more.why, more.shown[0]) == (Action.EDIT, Why.EXPIRED, worse)
    over = [warning(edge=Edge.RESOLVED, after_ms=2), warning("ETH", edge=Edge.RESOLVED, after_ms=2)]
    half = tell(more.wave, over[:1], CHAT, late_ms + 2)
    assert (half.action, half.why, half.past) == (Action.EDIT, Why.EXPIRED, frozenset({"cascade:ETH"}))
    end = tell(half.wave, over[1:], CHAT, late_ms + 3)
    assert (end.action, end.why, end.wave.message) == (Action.EDIT, Why.OVER, None)


def test_beside_what_was_missed_a_fresh_warning_is_a_loud_message_of_its_own() -> None:
    late_ms = NOW_MS + FALLING_VALID_MS + 1
    wave = told(tell(Wave(HERE), [warning()], CHAT, late_ms))
    fresh = warning("ETH", after_ms=FALLING_VALID_MS)
    loud = tell(wave, [fresh], CHAT, late_ms + 1)
    assert (loud.action, loud.why, loud.is_silent, loud.shown) == (
        Action.SEND,
        Why.NEW_WAVE,
        False,
        (fresh,),
    )
    both = tell(Wave(HERE), [warning(severity=Severity.CRITICAL), fresh], CHAT, late_ms)
    assert (both.why, both.past, both.is_silent) == (Why.NEW_WAVE, frozenset({"cascade:BTC"}), False)
    assert both.wave.loudness == 3
    assert [alert.asset for alert in both.shown] == ["ETH", "BTC"]


def test_what_was_missed_of_a_standing_wave_is_no_end_of_it() -> None:
    wave = told(tell(Wave(HERE), [warning()], CHAT, NOW_MS))
    late_ms = NOW_MS + 2 * FALLING_VALID_MS
    joined = tell(wave, [warning("ETH", after_ms=1)], CHAT, late_ms)
    assert (joined.action, joined.past) == (Action.EDIT, frozenset({"cascade:ETH"}))
    over = tell(joined.wave, [warning(edge=Edge.RESOLVED, after_ms=2)], CHAT, late_ms)
    assert (over.action, over.why, over.wave.past) == (Action.DIGEST, Why.OVER, ())


def test_what_stood_through_a_long_mute_is_not_past() -> None:
    chat = replace(CHAT, muted_ms={"": NOW_MS + 2 * HOUR_MS})
    held = tell(Wave(HERE), [warning()], chat, NOW_MS)
    after = tell(held.wave, [], chat, NOW_MS + 2 * HOUR_MS)
    assert (after.why, after.past) == (Why.STILL_STANDS, frozenset())
