"""/regime: the state in a line, the readings with their ages, and nothing that was not seen."""

from dataclasses import replace

import pytest

from commands.protocol.reply import Tone
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from market.reading import Because
from market.regime import Regime
from market.snapshot import Snapshot
from market.table import State
from tests.commands.markets import NOW_MS, calm, crowding, daily, digesting, market, reading, unwinding
from tests.commands.talking import monospaced, talk


async def test_the_answer_is_laid_out_as_the_example_of_the_design() -> None:
    said = (await talk(crowding())("/regime BTC")).splitlines()
    assert said[0] == "BTC · CROWDING · for 6 h 20 min"
    assert said[1] == "Falling, and leverage is not leaving."
    assert (
        "Reduce: half of any new size (2 of 4 checks on a long). No adds, rungs are pulled in: CROWDING."
        in said
    )
    assert said[4:10] == [
        "       now              rank      age",
        "Price !64,210  -2.1%d   -          4s",
        "Liq   ·0.6 bps/h        p54        9s",
        "OI   !!214k BTC         p88      2min",
        "Fund !!.031%/8h 34%pa   p94      1min",
        "Skew  !+6.1 pts 30d     p86      6min",
    ]
    assert "Steps seen 2/5: price, funding." in said
    assert "Next: repeated long liquidations." in said
    assert "Eases: funding under .008%/8h." in said
    assert "Stress 58/100 (not a probability)." in said
    assert "Liq is a floor: not all is published." in said
    assert said[-1] == "12:04:10 UTC · 5 of 5 read"


async def test_the_buttons_are_command_lines() -> None:
    ask = talk(crowding())
    await ask("/regime BTC")
    assert [action.command for action in ask.reply.actions] == [
        "/why BTC",
        "/size BTC",
        "/subscribe BTC",
        "/regime BTC",
    ]


async def test_the_numbers_behind_it_are_those_of_the_states_file() -> None:
    ask = talk(crowding())
    await ask("/regime BTC")
    told = ask.reply.data
    assert list(told) == [
        "at", "asset", "state", "possible", "strict_state", "stage", "steps", "protip", "score", "confidence",
        "inputs_seen", "flags", "readings", "sequence", "learning", "findings", "long",
    ]  # fmt: skip
    assert told["long"] == {"advice": "REDUCE", "because": ["flashing", "turned"], "could_be": "REDUCE"}
    assert told["at"] == "2026-11-22T12:04:10Z"
    assert (told["state"], told["stage"], told["protip"]) == ("CROWDING", 2, True)
    readings = told["readings"]
    assert isinstance(readings, dict)
    assert readings["funding"] == {
        "value": 0.00031, "unit": "/8h", "level": 2, "quality": 1.0, "asof": "2026-11-22T12:03:10Z",
        "reason": "measured",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("snapshot", "says"),
    [
        (unwinding(), "longs are closed by force again and again"),
        (market("pd", "down", "oc", "fr"), "Still falling, leverage leaving; not a bottom call."),
        (digesting(), "Digesting is not a bottom; 5% falls still happen."),
        (market("stab", "oc", "fr"), "Not a promise of a rise."),
        (calm(), "No stress in what is seen"),
        (market("lc"), "Against each other: liquidations under stress"),
        (market("stab", "fr", "fd", "oe"), "a squeeze upwards could start"),
        (market(lacking=("price",)), "Missing: price not seen."),
    ],
    ids=lambda given: given.regime.state.value if isinstance(given, Snapshot) else "",
)
async def test_every_state_reads_as_what_it_is(snapshot: Snapshot, says: str) -> None:
    assert says in await talk(snapshot)("/regime BTC")


async def test_a_check_whose_feed_has_fallen_silent_is_counted_as_unknown() -> None:
    said = await talk(crowding(silent=("liquidations", "skew")))("/regime BTC")
    assert "of 4 checks on a long, 2 unknown)." in said


async def test_compressed_open_interest_is_never_called_safe() -> None:
    for snapshot in (digesting(), market("pd", "down", "oc", "fr"), market("stab", "oc", "fr")):
        said = (await talk(snapshot)("/regime BTC")).lower()
        assert not {"unlikely", "safe", "bottom is in"} & set(said.split())


async def test_absence_is_never_read_as_calm() -> None:
    said = await talk(market(lacking=("open_interest", "skew")))("/regime BTC")
    assert "BTC · MIXED" in said
    assert "No stress in price, liquidations and funding; open interest not seen, skew not seen." in said
    assert "Reduce: half of any new size (1 of 4 checks on a long, 2 not seen)." in said
    assert "OI    ?not seen" in said
    assert "3 of 5 read" in said


async def test_an_asset_without_an_options_market_is_read_of_four() -> None:
    assert "4 of 4 read" in await talk(market(asset="SOL", lacking=("skew",)))("/regime sol")


async def test_a_stale_input_shows_its_age_and_no_level() -> None:
    silent = replace(reading("open_interest", NOW_MS, "oe"), asof_ms=NOW_MS - 34 * MINUTE_MS)
    said = await talk(crowding(open_interest=silent, silent=("open_interest",)))("/regime BTC")
    assert "OI    ?214k BTC         old     34min" in said
    assert "4 of 5 read" in said


async def test_a_daily_series_says_so_with_its_age() -> None:
    said = await talk(crowding(open_interest=daily(reading("open_interest", NOW_MS, "oe"), 19 * HOUR_MS)))(
        "/regime"
    )
    assert "OI   !!214k BTC         p88 19h daily" in said


async def test_too_little_data_names_what_is_missing_and_gives_no_verdict() -> None:
    ask = talk(market(lacking=("price",), silent=("funding",)))
    said = await ask("/regime BTC")
    assert "BTC · INSUFFICIENT DATA" in said
    assert "Missing: price not seen, funding too old (1min)." in said
    assert "Within your caps" not in said
    assert "Next:" not in said


async def test_an_asset_never_read_is_insufficient_data_with_the_reason() -> None:
    ask = talk()
    said = await ask("/regime BTC")
    assert said.startswith("BTC · INSUFFICIENT DATA")
    assert "The service has not run here" in said
    assert ask.reply.data["state"] == "INSUFFICIENT_DATA"


async def test_low_confidence_is_said_as_partial() -> None:
    snapshot = crowding()
    doubtful = replace(snapshot, regime=replace(snapshot.regime, confidence=0.6))
    assert (await talk(doubtful)("/regime BTC")).startswith("BTC · CROWDING (partial) · 6h\n")


@pytest.mark.parametrize("command", ["/regime", "/why", "/size BTC 5x", "/check", "/scan"])
async def test_a_simulated_market_says_so_on_every_answer(command: str) -> None:
    assert "SIMULATED market. No real prices." in await talk(crowding(source="simulated"))(command)


@pytest.mark.parametrize("command", ["/regime", "/why", "/size BTC 5x", "/check", "/scan"])
async def test_a_recorded_market_says_so_with_its_date(command: str) -> None:
    ask = talk(crowding(source="history"))
    assert "RECORDED market, 2026-11-22 12:04 UTC. Not the present." in await ask(command)
    assert "4s" in await ask.later(900 * DAY_MS)(command)  # ages are counted from the market's own time


@pytest.mark.parametrize("command", ["/regime", "/why", "/size BTC 5x", "/check"])
async def test_a_live_answer_ages_while_nothing_new_is_evaluated(command: str) -> None:
    later = talk(crowding()).later(10 * MINUTE_MS)
    said = await later(command)
    assert "Evaluated 10 min ago: what follows is that old." in said
    assert "10min" in said
    assert "CROWDING" not in said
    if command in {"/regime", "/check"}:
        assert "as last seen" in said  # what had turned is not forgotten for want of sight


async def test_a_price_older_than_its_time_to_live_takes_the_state_with_it() -> None:
    ask = talk(crowding())
    assert "CROWDING" in await ask.later(50 * SECOND_MS)("/regime")
    said = await ask.later(2 * MINUTE_MS)("/regime")
    assert said.startswith("BTC · INSUFFICIENT DATA")
    assert "price too old (2min)" in said


async def test_what_followed_hours_like_this_is_quoted_where_it_was_recorded_often_enough() -> None:
    crowded = await talk(crowding())("/regime BTC")
    assert "Hours like this, REAL 20" in crowded
    assert "a sell-off (7%, 2.5 sigma) began within 24 h after " in crowded
    assert "Hours like this, REAL 20" in await talk(calm())("/regime BTC")
    assert "Odds: not established: " in await talk(unwinding())("/regime BTC")
    pepe = await talk(crowding(asset="1000PEPE"))("/regime 1000PEPE")
    assert "Odds: not established for 1000PEPE." in pepe


async def test_a_state_that_is_held_says_until_when() -> None:
    snapshot = crowding()
    regime: Regime = replace(snapshot.regime, raw=State.MIXED, lower_since_ms=NOW_MS - HOUR_MS)
    said = await talk(replace(snapshot, regime=regime))("/regime")
    assert "Would already be MIXED; held until 13:04:10 UTC." in said


async def test_an_unknown_that_could_make_it_worse_is_said() -> None:
    snapshot = crowding(silent=("liquidations",))
    assert "Could be UNWINDING: an input is unknown." in await talk(snapshot)("/regime")


async def test_a_word_and_a_tone_go_together_never_a_colour_alone() -> None:
    ask = talk(unwinding())
    await ask("/regime")
    heading = ask.reply.blocks[0]
    assert getattr(heading, "tone", None) is Tone.STRESS
    assert "UNWINDING" in getattr(heading, "text", "")


async def test_a_long_name_still_fits_in_one_line() -> None:
    learning = replace(reading("funding", NOW_MS), because=Because.LEARNING, percentile=None)
    ask = talk(unwinding(asset="1000000MOG", funding=learning), watched=("1000000MOG",))
    said = await ask("/regime mog")
    assert said.startswith("1000000MOG · ")
    assert all(len(line) <= 37 for line in monospaced(ask.reply))


async def test_a_state_that_has_just_begun_is_new() -> None:
    assert (await talk(crowding(since_ms=0))("/regime")).startswith("BTC · CROWDING · new\n")


async def test_the_widest_funding_keeps_its_distance_from_its_rank() -> None:
    paid = replace(reading("funding", NOW_MS, "fr", "fd", f24=-0.00035, apr=-0.383), percentile=0.0)
    assert "Fund  !-.035%/8h -38%pa p0" in await talk(market("fr", "fd", funding=paid))("/regime")


async def test_whose_checks_are_counted_is_said_as_a_short_is_told_another_count() -> None:
    here = talk(unwinding())
    assert "Wait, no new risk (4 of 4 checks on a long)." in await here("/regime BTC")
    assert "0 of 4 checks flash against a short." in await here("/check BTC short")
