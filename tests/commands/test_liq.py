"""/liq: forced closing over three horizons, what each means, and how much of it is seen at all."""

from dataclasses import replace

import pytest

from commands.protocol.picture import Picture
from market.across import AtVenue
from market.findings import Finding, Found
from market.observations import Venue
from market.reading import Reading, claim
from market.snapshot import Snapshot
from tests.commands.levelled import desk, opened, talk_at
from tests.commands.markets import NOW_MS, crowding, market, reading
from tests.commands.talking import monospaced, talk

HOUR = {
    "long_usd_5m": 1.2e6,
    "short_usd_5m": 0.0,
    "long_usd_1h": 9.8e6,
    "short_usd_1h": 1.1e6,
    "long_usd_24h": 120e6,
    "short_usd_24h": 14e6,
    "long_bps_5m": 0.8,
    "long_bps_1h": 6.5,
    "long_bps_24h": 80.0,
    "long_bps_of_volume_24h": 60.0,
    "long_share": 0.896,
    "flagged_hours_24": 4.0,
    "flagged_days_7": 1.0,
    "rri": 3.0,
    "ldr": 4.55,
    "branching": 0.42,
    "branching_deviation": 0.09,
    "branching_percentile": 0.88,
    "branching_events": 312.0,
}
HEARD = AtVenue(Venue.BYBIT, long_usd_1h=6e6, short_usd_1h=1e6, heard_minutes=60)
SAMPLED = AtVenue(
    Venue.BINANCE,
    long_usd_1h=3.8e6,
    short_usd_1h=0.1e6,
    heard_minutes=58,
    is_sample=True,
    missing_factor=1.2,
)


def told(**facts: float | None) -> Reading:
    return reading("liquidations", NOW_MS, **{**HOUR, **facts})


def forced(*venues: AtVenue, **facts: float | None) -> Snapshot:
    return replace(crowding(liquidations=told(**facts)), venues=venues)


async def test_whose_volume_the_sums_of_all_venues_are_measured_by_is_named() -> None:
    price = Finding(Found.PRICE_VENUE, NOW_MS, Venue.BINANCE, "candles", None)
    ask = talk(replace(forced(HEARD), findings=(price,)))
    assert "bps vol: of Binance's volume alone, the sums are of all venues." in await ask("/liq btc")
    assert "bps vol: of" not in await talk(forced(HEARD))("/liq btc")


async def test_five_minutes_an_hour_and_a_day_are_told_in_dollars_and_basis_points() -> None:
    ask = talk(forced(HEARD))
    said = (await ask("/liq btc")).splitlines()
    assert said[0] == "BTC · longs forced 0.6 bps/h p54"
    first = said.index("         longs  shorts bps OI bps vol")
    assert said[first + 1 : first + 4] == [
        "5 min    1.20M       0    0.8       ?",
        "1 h      9.80M   1.10M    6.5       ?",
        "24 h      120M   14.0M     80      60",
    ]
    assert all(len(line) <= 37 for line in monospaced(ask.reply))
    assert not ask.reply.private


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"flagged_days_7": 3.0}, "A regime: longs are closed day after day."),
        ({}, "An episode: longs are closed again and again within a day."),
        ({"flagged_hours_24": 1.0}, "Isolated: hours stand out, too few for an episode."),
        (
            {"flagged_hours_24": 0.0, "flagged_days_7": 0.0, "long_percentile_5m": 0.99},
            "Too little of the past was heard to say what stands out.",
        ),
        (
            {"flagged_hours_24": 0.0, "flagged_days_7": 0.0},
            "Too little of the past was heard to say what stands out.",
        ),
    ],
)
async def test_a_five_minute_spike_is_noise_and_repeated_days_are_a_regime(
    facts: dict[str, float | None], words: str
) -> None:
    assert words in await talk(forced(**facts))("/liq BTC")


async def test_quiet_is_said_only_where_no_hour_could_have_stood_out_unseen() -> None:
    calm = told(flagged_hours_24=0.0, flagged_days_7=0.0)
    heard = replace(calm, conditions=(*calm.conditions, claim("flagged", holds=False)))
    said = await talk(market(liquidations=heard))("/liq BTC")
    assert "Quiet: no hour stands out." in said
    assert "Flagged: 0 of 24 hours, 0 of 7 days" in said
    spike = replace(heard, facts={**heard.facts, "long_percentile_5m": 0.99})
    said = await talk(market(liquidations=spike))("/liq BTC")
    assert "Five minutes stand out and no hour does: noise." in said


async def test_hours_that_stand_out_are_isolated_only_where_none_unseen_could_make_an_episode() -> None:
    one = told(flagged_hours_24=1.0, flagged_days_7=0.0)
    others = tuple(each for each in one.conditions if each.flag != "lc")
    unseen = replace(one, conditions=(*others, claim("lc", holds=None)))
    said = await talk(market(liquidations=unseen))("/liq BTC")
    assert "Too little of the past was heard to say what stands out." in said
    assert "Flagged: 1 of 24 hours" in said


async def test_each_venue_is_told_with_how_much_of_its_hour_was_heard() -> None:
    said = (await talk(forced(SAMPLED, HEARD))("/liq BTC")).splitlines()
    first = said.index("              longs    shorts covered")
    assert said[first + 1 : first + 3] == [
        "Binance      >3.80M     >100k     58m",
        "Bybit         6.00M     1.00M     60m",
    ]


async def test_a_floor_is_shown_as_at_least_with_what_throttled_feeds_leave_out() -> None:
    said = await talk(forced(SAMPLED, HEARD))("/liq BTC")
    assert "1 h     >9.80M  >1.10M    6.5       ?" in said
    assert (
        "At least 9.80M USD of longs; with what throttled feeds leave out about 10.6M." in said
    )  # 3.8 x 1.2 + 6
    full = await talk(forced(replace(SAMPLED, missing_factor=None), HEARD))("/liq BTC")
    assert "At least 9.80M USD of longs: a feed was too full to tell what it left out." in full
    deaf = await talk(forced(replace(HEARD, heard_minutes=41)))("/liq BTC")
    assert "A floor: not all is published or was heard." in deaf


async def test_a_likely_sum_that_reads_like_the_floor_is_not_told_twice() -> None:
    barely = AtVenue(
        Venue.BINANCE,
        long_usd_1h=115_000.0,
        short_usd_1h=0.0,
        heard_minutes=60,
        is_sample=True,
        missing_factor=1.0001,
    )
    said = await talk(forced(barely))("/liq BTC")
    assert "leave out about" not in said
    assert "A floor: not all is published" in said


async def test_venues_that_tell_all_are_scaled_to_those_that_do_not_and_the_silent_are_named() -> None:
    binance, bybit = replace(SAMPLED, coins=90_000.0), replace(HEARD, coins=60_000.0)
    silent = AtVenue(Venue.HYPERLIQUID, coins=33_800.0)
    said = await talk(forced(binance, bybit, silent))("/liq BTC")
    assert "Not heard, or not published: Hyperliquid." in said
    assert "By open interest, from venues that tell all: about 15.0M." in said  # 6 + 6 x 90 / 60


async def test_saturation_makes_every_sum_a_floor_and_is_named() -> None:
    finding = Finding(Found.SATURATED, NOW_MS, Venue.BINANCE, "liquidations", 58.0)
    said = await talk(replace(forced(HEARD), findings=(finding,)))("/liq BTC")
    assert "Binance told liquidations in 58 of 60 seconds" in said
    assert "24 h     >120M  >14.0M     80      60" in said


async def test_it_is_held_against_the_way_price_went_and_against_spot_volume() -> None:
    said = await talk(forced())("/liq BTC")
    assert "3.0x the usual for the way price went: leverage, not news." in said
    assert "4.5x the usual against spot volume: leverage sells." in said
    low = await talk(forced(rri=1.1, ldr=None))("/liq BTC")
    assert "1.1x the usual for the way price went (high from 2)." in low
    assert "Against spot volume: not known here." in low


async def test_what_the_day_was_is_said_of_what_is_true() -> None:
    said = await talk(forced(leverage_unwind=1.0, down_day_modest_spot=1.0, fading=0.0))("/liq BTC")
    assert "Leverage unwinds, which is no clean reset of value: no dip buying into it." in said
    assert "A down day on modest spot volume" in said
    assert "Fading" not in said


async def test_the_branching_ratio_corroborates_with_its_deviation_and_is_no_probability() -> None:
    said = await talk(forced())("/liq BTC")
    assert (
        "Branching ratio 0.42 (sd 0.09, p88, 312 events): so many more each one sets off. It corroborates and"
        in said
    )
    assert ", no rank yet, 312 events)" in await talk(forced(branching_percentile=None))("/liq BTC")
    without = await talk(forced(branching=None))("/liq BTC")
    assert "It needs 100 events in 6 h" in without


async def test_an_hour_in_which_nothing_was_closed_has_no_share_of_longs() -> None:
    assert "of the last hour's" in await talk(forced(long_share=0.99))("/liq BTC")
    quiet = await talk(forced(long_share=0.5, long_usd_1h=0.0, short_usd_1h=0.0))("/liq BTC")
    assert "of the last hour's" not in quiet


async def test_a_day_that_was_heard_in_part_says_so() -> None:
    assert "Of the last day 11 h were heard." in await talk(forced(covered_hours_24=11.2))("/liq BTC")
    assert "Of the last day" not in await talk(forced(covered_hours_24=23.9))("/liq BTC")


async def test_silence_is_no_calm_and_nothing_read_is_no_number() -> None:
    assert "Liquidations are not heard now: silence is no calm." in await talk(
        market(silent=("liquidations",))
    )("/liq BTC")
    absent = talk(market(lacking=("liquidations",)))
    assert (await absent("/liq BTC")).startswith("BTC · NO liquidations")
    assert absent.reply.data["liquidations"] is None


async def test_the_picture_is_of_hours_and_weeks() -> None:
    ask = talk_at(desk(forced(), hours={"BTC": opened()}))
    await ask("/liq BTC")
    (drawn,) = (block for block in ask.reply.blocks if isinstance(block, Picture))
    assert [panel.unit for panel in drawn.panels] == ["usd", "usd"]
    assert [one.name for one in drawn.panels[0].series] == ["longs", "shorts"]


async def test_the_numbers_behind_it_have_plain_keys() -> None:
    ask = talk(forced(SAMPLED, HEARD))
    await ask("/liq BTC")
    data = ask.reply.data
    windows = data["windows"]
    assert isinstance(windows, dict)
    assert (windows["24h"]["long_usd"], windows["24h"]["long_bps"]) == (120e6, 80.0)
    assert data["is_floor"] is True
    assert data["long_usd_1h_likely"] == pytest.approx(10.56e6)
    assert (data["branching"], data["fading"]) == (0.42, None)
