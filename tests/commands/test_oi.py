"""/oi: where the leverage stands, whether it grows in coins, and what price did to its dollars."""

from dataclasses import replace

import pytest

from commands.protocol.picture import Picture
from market.findings import Finding, Found
from market.formulas.open_interest import QUADRANTS, Quadrant
from market.observations import HOUR_MS, Venue
from market.reading import Reading
from market.snapshot import Snapshot
from market.table import State
from tests.commands.levelled import desk, opened, talk_at
from tests.commands.markets import NOW_MS, crowding, daily, market, reading
from tests.commands.talking import monospaced, talk
from tests.commands.test_funding import at_venues

UNWINDING, NEUTRAL = (float(QUADRANTS.index(one)) for one in (Quadrant.UNWINDING, Quadrant.NEUTRAL))
GROWTH = {
    "usd": 13.74e9,
    "change_1h": -0.004,
    "change_24h": -0.02,
    "change_72h": 0.03,
    "usd_change_1h": -0.01,
    "usd_change_24h": -0.118,
    "positioning_usd_24h": -0.2e9,
    "revaluation_usd_24h": -0.98e9,
    "quadrant_1h": NEUTRAL,
    "quadrant_24h": UNWINDING,
    "from_peak_7d": -0.058,
    "turnover_days": 0.52,
    "turnover_percentile": 0.61,
    "digesting": 1.0,
    "digest_falling": -0.004333,
    "digest_rising": 0.000133,
    "digest_falling_hours": 14.0,
    "digest_rising_hours": 15.0,
}


def grown(**facts: float | None) -> Reading:
    return reading("open_interest", NOW_MS, "oe", **{**GROWTH, **facts})


def crowded(**facts: float | None) -> Snapshot:
    return at_venues(crowding(open_interest=grown(**facts)))


async def test_growth_in_coins_stands_beside_dollars_split_into_what_was_added_and_what_price_did() -> None:
    ask = talk(crowded())
    said = (await ask("/oi btc")).splitlines()
    assert said[0] == "BTC · OI 214k = 13.7B USD p88"
    first = said.index("        coins     USD   added   price")
    assert said[first + 1 : first + 4] == [
        "1 h     -0.4%   -1.0%       ?       ?",
        "24 h    -2.0%  -11.8%   -200M   -980M",
        "72 h    +3.0%       ?       ?       ?",
    ]
    assert all(len(line) <= 37 for line in monospaced(ask.reply))
    assert not ask.reply.private


async def test_it_stands_at_the_venues_the_largest_first() -> None:
    said = (await talk(crowded())("/oi BTC")).splitlines()
    first = said.index("             coins  OI USD share  age")
    assert said[first + 1] == "Binance      90.0k   5.78B   45%   1m"
    assert [line.split()[0] for line in said[first + 1 : first + 4]] == ["Binance", "Bybit", "Hyperliq"]


async def test_the_stories_of_an_hour_and_a_day_and_the_digest_test_are_told() -> None:
    said = await talk(crowded())("/oi BTC")
    assert "1 h: no move beyond the usual.\n24 h: price down, OI down: unwinding." in said
    falls = "OI falls when price falls and holds when it rises: -0.43% an hour when price fell"
    assert f"{falls}, +0.01% when it rose (72 h)." in said
    assert "-5.8% from its peak of 7 days.\nIt is 0.5 days of volume (p61)." in said
    assert "OI does not fall with price and then hold: " in await talk(crowded(digesting=0.0))("/oi BTC")


async def test_what_is_not_done_unwinding_is_not_said_to_be_digesting_as_well() -> None:
    said = await talk(crowded(digesting=1.0))("/oi BTC")
    assert "not done unwinding" in said
    assert "igesting" not in said


async def test_too_few_hours_that_moved_are_no_answer_to_the_digest_test() -> None:
    said = await talk(crowded(digesting=None, digest_falling_hours=8.0))("/oi BTC")
    assert (
        "Whether OI falls with price and then holds is not known: 8 hours fell and 15 rose, 12 of each are needed."
        in said
    )


@pytest.mark.parametrize(
    ("flags", "facts", "words"),
    [
        (("oe",), {}, "Elevated (p75 of its past"),
        (("oc",), {}, "Compressing: down 5.0% or more in 72 h. Leverage leaves; further falls still happen."),
        (("oc",), {"flushed": 1.0}, "Flushed: 15.0% or more off the peak of 7 days."),
        (("ou",), {}, "Rising fast: +5.0% or more in 24 h"),
        ((), {}, "Neither elevated nor moving fast."),
    ],
)
async def test_what_stands_is_said_first(
    flags: tuple[str, ...], facts: dict[str, float | None], words: str
) -> None:
    told = reading("open_interest", NOW_MS, *flags, **facts)
    assert words in await talk(market(*flags, open_interest=told))("/oi BTC")


async def test_rising_fast_is_held_against_the_price() -> None:
    rising = reading("open_interest", NOW_MS, "ou")
    assert "Price confirms it, so far." in await talk(
        market("ou", open_interest=rising, price=reading("price", NOW_MS, r_24h=0.03))
    )("/oi BTC")
    falling = market("ou", "pd", "down", open_interest=rising, price=reading("price", NOW_MS, "pd", "down"))
    assert "Price does not confirm it: no adds" in await talk(falling)("/oi BTC")


async def test_adds_are_forbidden_only_where_every_answer_forbids_them() -> None:
    squeeze = market(
        "stab", "fr", "fd", "ou", "nc", "down", open_interest=reading("open_interest", NOW_MS, "ou")
    )
    assert squeeze.regime.state is State.SQUEEZE_RISK  # against shorts
    ask = talk(squeeze)
    assert "Price does not confirm it: tighten limits." in await ask("/oi BTC")
    assert "no adds" not in await ask("/check BTC long")


async def test_who_is_left_out_is_named_and_other_troubles_are_not() -> None:
    findings = (
        Finding(Found.LEFT_OUT, NOW_MS, Venue.OKX, "open_interest", 0.14),
        Finding(Found.RELAYED, NOW_MS, Venue.BYBIT, "funding", 0.0001),
        Finding(Found.INTEREST_SHARE, NOW_MS, None, "open_interest", 0.86),
    )
    said = await talk(replace(crowded(), findings=findings))("/oi BTC")
    assert "OKX is silent: its 14% of open interest is left out, not counted as closed." in said
    assert "Heard: open interest 86% of what is open." in said
    assert "Bybit is" not in said
    assert "relays" not in said
    absent = (Finding(Found.NEVER_HEARD, NOW_MS, Venue.DERIBIT),)
    said = await talk(replace(crowded(), findings=absent))("/oi BTC")
    assert "Deribit has not answered yet: what is open there is in none of these numbers." in said


async def test_what_is_not_known_is_said_so_and_nothing_is_guessed() -> None:
    bare = await talk(crowding())("/oi BTC")
    assert "1 h         ?       ?       ?       ?" in bare
    assert "24 h: not known." in bare
    assert "peak of 7 days" not in bare
    assert "What each venue says by itself is not kept here." in bare
    absent = talk(market(lacking=("open_interest",)))
    assert (await absent("/oi BTC")).startswith("BTC · NO open interest")
    assert absent.reply.data["open_interest"] is None
    old = await talk(market(silent=("open_interest",)))("/oi BTC")
    assert "Open interest is too old to be judged by." in old


async def test_hours_nobody_counted_are_no_count_of_hours() -> None:
    nothing = dict.fromkeys(("digesting", "digest_falling_hours", "digest_rising_hours"))
    said = await talk(crowded(**nothing))("/oi btc")
    assert (
        "Whether OI falls with price and then holds is not known: 12 hours that fell and as many that rose are needed."
        in said
    )


async def test_a_series_of_one_value_a_day_says_so() -> None:
    said = await talk(market(open_interest=daily(grown(), 13 * HOUR_MS)))("/oi btc")
    assert "A value a day, 13h old." in said


async def test_what_could_be_elevated_unseen_is_no_all_clear() -> None:
    calm_one = replace(grown(), conditions=tuple(replace(one, enters=None) for one in grown().conditions))
    said = await talk(market(open_interest=calm_one))("/oi btc")
    assert "Whether it is elevated or moves fast is not known yet: that is no all-clear." in said


async def test_the_picture_is_of_coins_and_price() -> None:
    ask = talk_at(desk(crowded(), hours={"BTC": opened()}))
    await ask("/oi BTC")
    (drawn,) = (block for block in ask.reply.blocks if isinstance(block, Picture))
    assert [panel.unit for panel in drawn.panels] == ["coins", "usd"]
    assert drawn.panels[0].says == "214k"


async def test_the_numbers_behind_it_have_plain_keys() -> None:
    ask = talk(crowded())
    await ask("/oi BTC")
    data = ask.reply.data
    change = data["change"]
    assert isinstance(change, dict)
    assert change["24h"] == {
        "coins": -0.02,
        "usd": -0.118,
        "positioning_usd": -0.2e9,
        "revaluation_usd": -0.98e9,
    }
    assert data["quadrant"] == {"1h": "neutral", "24h": "unwinding"}
    assert (data["digesting"], data["flushed"]) == (True, None)
