"""/why, /scan, /check, /status, /start and /help as conversations."""

from dataclasses import replace

import pytest

from market.observations import HOUR_MS, MINUTE_MS
from market.reading import Condition, measure
from store.services import FeedStatus
from tests.commands.markets import NOW_MS, calm, crowding, digesting, market, reading, unwinding
from tests.commands.talking import monospaced, talk

# ---------------------------------------------------------------------------------------------- why


async def test_why_tells_every_condition_met_and_unmet_with_its_gap() -> None:
    said = await talk(crowding())("/why BTC")
    assert said.startswith("BTC · why CROWDING")
    assert " + price weak                  yes 6h" in said
    assert "   24 h shock -0.80 needs below -1.00" in said
    assert "   confirmed lows fall: yes" in said
    assert " - repeated long liquidations      no" in said
    assert "   flagged, 24 h 0 needs at least 3" in said
    assert "   rank, 90 d p88 (line p75)" in said
    assert "   OI 24 h +2.1% needs over +5.0%" in said
    assert "   per 8 h .031% (line .030%)" in said
    assert "   z over 30 d not known" in said
    assert "Pro-tip (falling, leverage elevated, funding not reset): yes." in said


async def test_why_tells_what_would_make_it_worse_and_what_would_clear_it() -> None:
    said = await talk(crowding())("/why BTC")
    assert "To UNWINDING: repeated long liquidations." in said
    assert "Clears to MIXED: funding under .008%/8h." in said
    assert "There is no worse state." in await talk(unwinding())("/why BTC")


async def test_why_says_when_a_flag_stands_by_its_exit_threshold_only() -> None:
    falling = reading("open_interest", NOW_MS, "oc")
    held = measure("oi_change_72h", -0.033, -0.05, "fraction", above=False)
    conditions = tuple(
        Condition("oc", True, True, measures=(held,)) if one.flag == "oc" else one
        for one in falling.conditions
    )
    snapshot = digesting(open_interest=replace(falling, conditions=conditions))
    assert "   OI 72 h -3.3% held (-5.0%)" in await talk(snapshot)("/why BTC")


async def test_why_counts_what_is_not_seen_as_unknown_beside_what_is_said() -> None:
    said = await talk(market("pd", "brk", "down", lacking=("liquidations",)))("/why BTC")
    assert "Not counted: liquidations not seen." in said
    assert "possible UNWINDING" in said
    assert f"{'liquidations':<28} not seen" in said


async def test_why_shows_a_silent_input_with_its_age() -> None:
    assert f"{'funding':<24} too old 1min" in await talk(crowding(silent=("funding",)))("/why BTC")


async def test_the_numbers_behind_why_hold_the_conditions_and_the_ways_out() -> None:
    ask = talk(crowding())
    await ask("/why BTC")
    assert ask.reply.data["better"] == [{"state": "MIXED", "flags": {"fn": False}}]
    assert ask.reply.data["worse"] == [{"state": "UNWINDING", "flags": {"lc": True}}]
    conditions = ask.reply.data["conditions"]
    assert isinstance(conditions, dict)
    assert conditions["ou"] == [
        {"name": "oi_change_24h", "value": 0.021, "needed": 0.05, "unit": "fraction", "met": False}
    ]


# ---------------------------------------------------------------------------------------------- scan


async def test_scan_ranks_by_stress_and_is_headed_by_breadth() -> None:
    ask = talk(crowding(), unwinding(asset="ETH"), calm(asset="1000PEPE"))
    said = (await ask("/scan")).splitlines()
    assert said[0] == "4 watched, by stress"
    assert said[1] == "Off their lows: 0 of 3 (0%)."
    assert said[2] == "Open interest rising on a stable price: 1 of 3 (33%)."
    assert said[3:7] == [
        "asset    state     str   24h age",
        "ETH      UNWINDING 100 -2.1%  4s",
        "BTC      CROWDING   58 -2.1%  4s",
        "1000PEPE HEALTHY     0 -2.1%  4s",
    ]
    assert said[7] == "No data yet: SOL."
    assert "not a probability" in said[8]


async def test_scan_says_how_many_are_off_their_lows_with_open_interest_rising() -> None:
    risen = reading("price", NOW_MS, hours_since_low_72h=24.0)
    ask = talk(crowding(), calm(asset="ETH", price=risen), calm(asset="SOL"), market(lacking=("price",)))
    said = (await ask("/scan")).splitlines()
    assert said[1:4] == [
        "Off their lows: 1 of 2 (50%).",
        "Open interest rising on a stable price: 2 of 2 (100%).",
        "Both, which can be constructive: 1 of 2 (50%).",
    ]
    assert ask.reply.data["breadth"] == {
        "off_lows": 1, "off_lows_of": 2, "constructive": 2, "constructive_of": 2, "both": 1, "both_of": 2,
    }  # fmt: skip


async def test_scan_of_nothing_says_so() -> None:
    said = await talk()("/scan")
    assert said.startswith("4 watched, by stress")
    assert "not a probability" not in said
    assert "No data yet: BTC, ETH, SOL, 1000PEPE." in said
    assert "Breadth: not seen." in said


async def test_scan_puts_an_asset_without_a_score_last_and_names_it_so() -> None:
    said = (await talk(market(lacking=("price",)), calm(asset="ETH"))("/scan")).splitlines()
    assert next(line for line in said if line.startswith("BTC")).split()[1:3] == ["NO", "DATA"]


# ---------------------------------------------------------------------------------------------- check


async def test_check_counts_what_flashes_against_a_long() -> None:
    said = await talk(crowding())("/check BTC")
    assert said.startswith("BTC long · REDUCE")
    assert "2 of 4 checks flash against a long." in said
    assert "Crowding: OI up, price not        YES" in said
    assert "Longs pay to stay                 YES" in said
    assert "Puts dear or dearer                no" in said
    assert "The market has turned against a long (CROWDING): no adds, rungs are pulled in." in said


async def test_check_of_a_short_is_mirrored() -> None:
    said = await talk(market("fr", "fd", "oe", "up", "lc_short"))("/check btc short")
    assert said.startswith("BTC short · WAIT")
    assert "Shorts wiped repeatedly           YES" in said


async def test_check_says_what_an_unknown_could_make_of_it() -> None:
    said = await talk(crowding(silent=("liquidations",)))("/check")
    assert "Longs wiped repeatedly              ?" in said
    assert "1 unknown: could be WAIT." in said


async def test_check_names_what_was_counted_as_not_flashing_for_want_of_it() -> None:
    said = await talk(crowding(lacking=("skew",)))("/check")
    assert "Counted as not flashing because not seen: skew." in said
    assert "Puts dear or dearer          not seen" in said


async def test_an_unknown_that_could_change_nothing_is_not_said_to_change_something() -> None:
    said = await talk(calm(silent=("skew",)))("/check")
    assert "Puts dear or dearer                 ?" in said
    assert "could be" not in said


# ---------------------------------------------------------------------------------------------- status


async def test_status_shows_the_age_of_every_reading_and_what_is_blind() -> None:
    old = replace(reading("funding", NOW_MS), asof_ms=NOW_MS - 34 * MINUTE_MS)
    said = await talk(crowding(lacking=("skew",), funding=old, silent=("funding",)))("/status")
    assert "Source: live" in said
    assert "Last evaluation 2026-11-22 12:04 UTC, 0 s ago" in said
    assert "Lag 0.2 s, a cycle is 1 min" in said
    assert "BTC        4s    9s    2m  !34m     -" in said
    assert "Blind: BTC funding too old (34min), BTC skew not seen." in said
    assert "No data yet: ETH, SOL, 1000PEPE." in said


async def test_status_of_a_market_that_has_stopped_says_that_it_is_not_the_present() -> None:
    feed = FeedStatus("live", NOW_MS - HOUR_MS, 60_000, 0)
    said = await talk(crowding(), feed=feed)("/status")
    assert "Older than three cycles of 1 min: what is shown is not the present." in said


async def test_status_without_a_source_says_how_to_get_one() -> None:
    assert "Live: seawall run. Recorded: seawall run --history FILE" in await talk()("/status")


@pytest.mark.parametrize(("source", "told"), [("simulated", "SIMULATED"), ("history", "recorded history")])
async def test_status_names_its_source(source: str, told: str) -> None:
    assert f"Source: {told}" in await talk(crowding(source=source))("/status")


async def test_status_sees_when_nothing_is_blind() -> None:
    assert "Nothing is blind." in await talk(crowding(), watched=("BTC",))("/status")


# ---------------------------------------------------------------------------------------------- start, help


async def test_start_says_once_that_it_is_information_and_offers_three_things() -> None:
    ask = talk(crowding())
    said = await ask("/start")
    assert said.count("Information, not advice.") == 1
    assert [action.command for action in ask.reply.actions] == ["/regime BTC", "/size BTC 5x", "/why BTC"]


async def test_help_lists_every_command_and_explains_one() -> None:
    ask = talk()
    said = await ask("/help")
    assert all(f"/{name}" in said for name in ("start", "regime", "size", "check", "scan", "why", "status"))
    one = await ask("/help size")
    assert "leverage: how many times the margin. Such as 5x" in one
    assert "Example: /size BTC 5x 10k" in one
    assert await ask("/help /size") == one


@pytest.mark.parametrize("command", ["/why", "/scan", "/check", "/status", "/start", "/help", "/help size"])
async def test_everything_laid_out_fits_on_a_phone(command: str) -> None:
    ask = talk(
        unwinding(), crowding(asset="1000PEPE", silent=("funding",)), market(asset="ETH", lacking=("price",))
    )
    await ask(command)
    assert [line for line in monospaced(ask.reply) if len(line) > 37] == []
