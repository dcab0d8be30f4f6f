"""/funding: each venue's own rate, what they are together, and never without the open interest and spot volume behind it."""

from dataclasses import replace

import pytest

from commands.protocol.picture import Picture
from market.across import AtVenue
from market.findings import Finding, Found
from market.observations import HOUR_MS, MINUTE_MS, Venue
from market.snapshot import Snapshot
from tests.commands.levelled import desk, opened, talk_at
from tests.commands.markets import NOW_MS, calm, crowding, market, reading
from tests.commands.talking import monospaced, talk

NEXT_MS = NOW_MS + 3 * HOUR_MS
VENUES = (
    AtVenue(
        Venue.BINANCE,
        coins=90_000.0,
        coins_at_ms=NOW_MS - MINUTE_MS,
        rate=0.0003,
        is_predicted=True,
        settled_rate=0.00028,
        interval_hours=8.0,
        next_at_ms=NEXT_MS,
        rate_at_ms=NOW_MS - MINUTE_MS,
        cap=0.003,
        mark_usd=64_216.0,
        index_usd=64_200.0,
        mark_at_ms=NOW_MS - 4_000,
    ),
    AtVenue(
        Venue.BYBIT,
        coins=60_000.0,
        rate=0.00008,
        is_predicted=True,
        interval_hours=4.0,
        next_at_ms=NOW_MS + 42 * MINUTE_MS,
        rate_at_ms=NOW_MS,
        mark_usd=64_210.0,
    ),
    AtVenue(Venue.HYPERLIQUID, coins=50_000.0, rate=0.0000125, interval_hours=1.0, rate_at_ms=NOW_MS),
    AtVenue(
        Venue.DERIBIT, rate=0.0009, is_predicted=True, interval_hours=8.0, rate_at_ms=NOW_MS - 34 * MINUTE_MS
    ),
)


def at_venues(snapshot: Snapshot, *venues: AtVenue) -> Snapshot:
    return replace(snapshot, venues=venues or VENUES)


def spot(ratio: float | None, **raised: object) -> Snapshot:
    """The crowded market with so much spot volume against its usual."""
    return at_venues(
        crowding(open_interest=reading("open_interest", NOW_MS, "oe", spot_relative=ratio), **raised)
    )


async def test_every_venue_is_told_for_its_own_interval_per_eight_hours_and_per_year() -> None:
    ask = talk(at_venues(crowding()))
    said = (await ask("/funding btc")).splitlines()
    assert said[0] == "BTC · funding .031%/8h 34%pa p94"
    first = said.index("                own     /8h    pa  in")
    assert said[first + 1 : first + 5] == [
        "Binance    .030%/8h   .030%   33%  3h",
        "Bybit      .008%/4h   .016%   18% 42m",
        "Hyperliq  .0013%/1h   .010%   11%paid",
        "Deribit    .090%/8h   .090%   99% old",
    ]
    assert all(len(line) <= 37 for line in monospaced(ask.reply))
    assert not ask.reply.private


async def test_the_mean_weighs_fresh_rates_by_open_interest_and_says_how_far_venues_lie_apart() -> None:
    said = await talk(at_venues(crowding()))("/funding BTC")
    # (90 x .030 + 60 x .016 + 50 x .010) / 200
    assert "Now .021%/8h by open interest (3 venues)." in said
    assert "Venues lie .020%/8h apart: Binance highest, Hyperliquid lowest." in said
    assert "Mean of 24 h .031%/8h, p94.\nRead 1min ago." in said
    alike = replace(VENUES[1], rate=0.00015, interval_hours=4.0)
    assert "Venues agree." in await talk(at_venues(crowding(), VENUES[0], alike))("/funding BTC")


async def test_the_premium_stands_beside_the_leverage_of_each_venue() -> None:
    said = (await talk(at_venues(crowding()))("/funding BTC")).splitlines()
    assert "Binance    +0.025%   5.78B   45%   4s" in said
    assert "Bybit            ?   3.85B   30%    -" in said
    assert "Mark over index +0.025%." in said


async def test_the_premium_says_more_than_a_rate_only_where_that_is_what_the_dead_band_prints() -> None:
    printed = replace(VENUES[0], rate=0.0001)
    said = await talk(at_venues(crowding(), printed))("/funding BTC")
    assert "Mark over index +0.025%. Anything from -0.04% to +0.06% prints .010%/8h: there the premium says more than the rate." in said  # fmt: skip
    paid = await talk(at_venues(crowding(), VENUES[0]))("/funding BTC")
    assert "Mark over index +0.025%.\n" in paid


async def test_a_settlement_within_two_hours_keeps_its_column() -> None:
    soon = replace(VENUES[0], rate=-0.00044, next_at_ms=NOW_MS + 104 * MINUTE_MS)
    said = (await talk(at_venues(crowding(), soon))("/funding BTC")).splitlines()
    assert "Binance   -.044%/8h  -.044%  -48%  2h" in said


async def test_a_rate_that_has_turned_is_told_before_the_mean_of_the_day_has() -> None:
    turned = replace(VENUES[0], rate=-0.0004)
    said = await talk(at_venues(crowding(), turned))("/funding BTC")
    assert "Now -.040%/8h: shorts pay. The mean of 24 h, by which it is judged, lags." in said
    assert "lags" not in await talk(at_venues(crowding()))("/funding BTC")


async def test_spot_volume_of_a_silent_source_is_no_demand() -> None:
    old = at_venues(crowding(silent=("open_interest",)))
    assert "Spot volume is not known here" in await talk(old)("/funding BTC")


async def test_a_low_rate_of_one_settlement_is_not_said_to_lie_between() -> None:
    low = reading("funding", NOW_MS, f24=0.000034, apr=0.037)
    said = await talk(market(funding=low))("/funding BTC")
    assert "At or under .005%/8h, but not for two settlements yet: no reset so far." in said
    assert "Neither reset" in await talk(market(funding=reading("funding", f24=0.00006)))("/funding BTC")


async def test_what_is_not_known_of_a_rate_is_no_all_clear() -> None:
    unknown = reading("funding", NOW_MS, f24=0.00004, apr=0.044)
    conditions = tuple(replace(one, enters=None, stays=None) for one in unknown.conditions)
    said = await talk(market(funding=replace(unknown, conditions=conditions)))("/funding BTC")
    assert "Whether it is elevated or has reset is not known yet: that is no all-clear." in said


async def test_a_rate_at_its_cap_is_said_to_be_censored() -> None:
    capped = replace(VENUES[0], rate=0.003)
    said = await talk(at_venues(crowding(), capped))("/funding BTC")
    assert "At its cap, so censored, the true rate lies beyond: Binance." in said


async def test_low_funding_on_huge_open_interest_is_said_to_be_fragile() -> None:
    quiet = reading("funding", NOW_MS, "fr", f24=0.00004, apr=0.044)
    large = reading("open_interest", NOW_MS, "oe", spot_relative=0.9)
    snapshot = market("fr", "oe", funding=quiet, open_interest=large)
    said = await talk(at_venues(snapshot))("/funding BTC")
    assert "Open interest p88, elevated: low funding can still be fragile." in said
    assert "Spot volume 0.9x its usual." in said


async def test_high_funding_on_spot_demand_is_told_from_leverage_alone() -> None:
    steady = market(
        "oe", "fe", "fn", "material", open_interest=reading("open_interest", NOW_MS, "oe", spot_relative=1.8)
    )
    strong = await talk(at_venues(steady))("/funding BTC")
    assert "Spot volume 1.8x its usual: high funding can rise on spot demand." in strong
    falling = await talk(spot(1.8))("/funding BTC")
    assert "Spot volume 1.8x its usual, while price is weak: spot sells as well" in falling
    assert "spot demand." not in falling
    modest = await talk(spot(1.1))("/funding BTC")
    assert "Spot volume 1.1x its usual: no spot demand behind the high rate." in modest
    assert "Open interest p88, elevated: leverage is large, and pays to stay." in modest


@pytest.mark.parametrize(
    "snapshot",
    [calm(), crowding(), market("fd", "fr"), market(silent=("funding",)), market(lacking=("open_interest",))],
)
async def test_no_answer_ends_without_the_open_interest_and_spot_volume_behind_it(snapshot: Snapshot) -> None:
    said = (await talk(snapshot)("/funding BTC")).splitlines()[-3:]
    assert said[0].startswith("Open interest ")
    assert said[1].startswith("Spot volume ")
    assert said[2].endswith("UTC")


async def test_a_deeply_negative_rate_is_a_squeeze_only_with_open_interest_and_price() -> None:
    deep = reading("funding", NOW_MS, "fd", "fr", f24=-0.0003, apr=-0.33, flipped=1.0)
    alone = await talk(market("fd", "fr", funding=deep))("/funding BTC")
    assert "Deeply negative" in alone
    assert "A squeeze needs open interest elevated or rising" in alone
    assert "Flipped: the last 2 settlements were paid by shorts." in alone
    both = await talk(market("fd", "fr", "oe", "stab", funding=deep))("/funding BTC")
    assert "Open interest and price stand for a squeeze." in both


async def test_longs_that_pay_while_price_weakens_are_named() -> None:
    assert "Longs still pay while price weakens." in await talk(crowding())("/funding BTC")


async def test_a_recorded_market_has_a_mean_and_no_venues() -> None:
    said = await talk(crowding(source="history"))("/funding BTC")
    assert "What each venue says by itself is not kept here." in said
    assert "RECORDED market" in said
    assert said.splitlines()[-1] == "2026-11-22 12:04 UTC"


async def test_where_funding_is_not_read_no_number_is_told() -> None:
    ask = talk(market(lacking=("funding",)))
    said = await ask("/funding BTC")
    assert said.startswith("BTC · NO funding\nNothing is said of BTC: funding not seen.")
    assert ask.reply.data["funding"] is None
    assert "INSUFFICIENT DATA" in await talk()("/funding BTC")


async def test_what_stands_between_it_and_the_market_is_said_of_funding_alone() -> None:
    findings = (
        Finding(Found.RELAYED, NOW_MS, Venue.BYBIT, "funding", 0.0001),
        Finding(Found.UNHEARD, NOW_MS, Venue.OKX, "liquidations", 3.0),
        Finding(Found.FUNDING_SHARE, NOW_MS, None, "funding", 0.8),
    )
    said = await talk(replace(crowding(), findings=findings))("/funding BTC")
    assert "Funding of Bybit is as another venue relays it: .010%/8h." in said
    assert "Heard: funding 80% of what is open." in said
    assert "OKX" not in said


async def test_the_picture_is_of_the_hours_that_are_kept_and_says_what_it_shows() -> None:
    ask = talk_at(desk(at_venues(crowding()), hours={"BTC": opened()}))
    await ask("/funding BTC")
    (drawn,) = (block for block in ask.reply.blocks if isinstance(block, Picture))
    assert drawn.title == "BTC · funding, 30 days"
    assert [panel.unit for panel in drawn.panels] == ["percent", "coins"]
    assert [rule.at for rule in drawn.panels[0].rules] == [0.0003, 0.00005]
    assert "Funding per 8 h" in drawn.alt
    bare = talk(crowding())
    await bare("/funding BTC")
    assert not any(isinstance(block, Picture) for block in bare.reply.blocks)


async def test_the_numbers_behind_it_have_plain_keys() -> None:
    ask = talk(at_venues(crowding()))
    await ask("/funding BTC")
    data = ask.reply.data
    assert data["f24"] == 0.00031
    assert data["mean_8h"] == pytest.approx(0.0002080)
    assert data["dispersion_8h"] == pytest.approx(0.0002)
    assert data["flags"] == {"fe": True, "fn": True, "fr": False, "fd": False, "material": True}
    venues = data["venues"]
    assert isinstance(venues, list)
    assert venues[1]["rate_8h"] == pytest.approx(0.00016)
    assert (venues[0]["at_cap"], venues[1]["at_cap"]) == (False, None)
    assert venues[0]["next_settlement"] == "2026-11-22T15:04:10Z"
