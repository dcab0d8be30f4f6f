"""One simulated market, read through five venues by the code that reads the real ones."""

from collections import Counter

import pytest

from market.observations import (
    HOUR_MS,
    MINUTE_MS,
    Asset,
    Candle,
    Depth,
    DepthBand,
    Funding,
    Liquidation,
    Mark,
    OpenInterest,
    OptionQuote,
    Side,
    Venue,
)
from market.options.smile import skew_of
from scheduler.condense import Condenser
from scheduler.exchange import Instrument, Kind, Report, Told
from scheduler.simulator.market import START_MS
from scheduler.simulator.server import STANDINGS
from scheduler.simulator.server.option_chain import chain
from scheduler.simulator.server.recorded import recorded
from tests.scheduler.simulator.desk import ASSETS, BY_VENUE, desk, listened, sell_off

NOW_MS = START_MS + 30 * HOUR_MS + 20 * MINUTE_MS
VENUES = tuple(BY_VENUE)
TOLD_IN_FULL = (Venue.BYBIT, Venue.DERIBIT)
SAMPLED = (Venue.BINANCE, Venue.OKX)


def of(reports: list[Report], asset: Asset, kind: type, venue: Venue | None = None) -> list:  # type: ignore[type-arg]
    told = [one for one in reports if not (isinstance(one, Told) and one.relayed_by)]
    said = [
        one.said if isinstance(one, Told) else one for one in told if getattr(one, "asset", None) == asset
    ]
    return [one for one in said if isinstance(one, kind) and (venue is None or one.venue is venue)]


async def test_every_venue_lists_the_three_coins_and_nothing_else() -> None:
    async with desk(NOW_MS) as at:
        for venue in VENUES:
            assert set(await at.instruments(venue)) == set(ASSETS), venue


async def test_one_market_read_through_five_venues_gives_the_same_open_interest_and_funding() -> None:
    async with desk(NOW_MS) as at:
        for venue in VENUES:
            known = list((await at.instruments(venue)).values())
            reports = await at.now(venue, known)
            for asset in ASSETS:
                share = STANDINGS[venue].share
                market_coins = at.venues.tape.open_interest(asset, NOW_MS)
                rate_8h = at.venues.tape.rate_8h(asset, NOW_MS)
                opened = of(reports, asset, OpenInterest)[-1]
                assert opened.coins / share == pytest.approx(market_coins, rel=1e-5), (venue, asset)
                predicted = [one.rate_8h for one in of(reports, asset, Funding) if not one.settled]
                assert predicted == [pytest.approx(rate_8h, abs=2e-8)] * len(predicted), (venue, asset)
                assert predicted, (venue, asset)


async def test_prices_differ_by_each_venues_own_offset_and_the_index_by_nothing() -> None:
    async with desk(NOW_MS) as at:
        for venue in VENUES:
            known = list((await at.instruments(venue)).values())
            marks = of(await at.now(venue, known), "BTC", Mark)
            index = at.venues.tape.price("BTC", NOW_MS)
            offset = STANDINGS[venue].price_offset
            assert marks[-1].mark_usd == pytest.approx(index * (1.0 + offset), rel=1e-9)
            if marks[-1].index_usd is not None:
                assert marks[-1].index_usd == pytest.approx(index, rel=1e-9)


async def test_every_cycle_brings_candles_and_both_bands_of_depth_of_each_coin() -> None:
    async with desk(NOW_MS) as at:
        for venue in VENUES:
            known = list((await at.instruments(venue)).values())
            reports = await at.now(venue, known)
            for asset in ASSETS:
                assert of(reports, asset, Candle)[-1].known_at_ms == NOW_MS, (venue, asset)
                assert {one.within for one in of(reports, asset, DepthBand)} == {0.01, 0.02}, (venue, asset)


async def test_the_book_of_each_venue_is_its_share_of_what_rests_in_the_market_or_a_floor_that_says_so() -> (
    None
):
    async with desk(NOW_MS) as at:
        for venue in VENUES:
            known = list((await at.instruments(venue)).values())
            reports = await at.now(venue, known)
            for asset in ASSETS:
                tape, share = at.venues.tape, STANDINGS[venue].share
                (band,) = [one for one in of(reports, asset, DepthBand) if one.within == 0.01]
                price = tape.price(asset, NOW_MS)
                for sign, usd in ((-1, band.bid_usd), (1, band.ask_usd)):
                    rests_usd = tape.resting_coins(asset, NOW_MS, sign) * price * share
                    if band.reaches:
                        # Hyperliquid's levels are up to a sixth of a percent apart: six of them in the band
                        coarse = 0.17 if venue is Venue.HYPERLIQUID else 0.08
                        assert usd == pytest.approx(rests_usd, rel=coarse), "in whole levels"
                    else:
                        assert venue is Venue.HYPERLIQUID, "twenty levels, in steps of a third of a percent"
                        assert usd < rests_usd


def test_the_past_holds_each_venues_share_of_the_books_so_that_the_present_is_compared_with_it() -> None:
    at_ms, asset, said = next(recorded(sell_off()))
    (depth,) = [one for one in said if isinstance(one, Depth)]
    assert [one.venue for one in depth.books] == list(STANDINGS)
    assert sum(one.bid_usd for one in depth.books) == pytest.approx(depth.bid_usd)
    condenser = Condenser(asset)
    condenser.take([Told(asset, depth)], at_ms)
    assert depth in condenser.step(at_ms)[0]


async def test_a_cold_start_reads_the_same_past_at_every_venue() -> None:
    since_ms = START_MS - 10 * 24 * HOUR_MS
    highs: dict[Venue, float] = {}
    async with desk(NOW_MS) as at:
        for venue in VENUES:
            instrument = (await at.instruments(venue))["BTC"]
            asks = BY_VENUE[venue].history_asks(instrument, since_ms, NOW_MS)
            reports = [report for ask in asks for report in await at.get(ask, [instrument])]
            hours = [one for one in of(reports, "BTC", Candle) if one.step_ms == HOUR_MS]
            assert len(hours) == (NOW_MS - since_ms) // HOUR_MS, venue
            assert all(one.settled for one in of(reports, "BTC", Funding)), venue
            highs[venue] = max(one.high_usd for one in hours) / (1.0 + STANDINGS[venue].price_offset)
    assert max(highs.values()) == pytest.approx(min(highs.values()), rel=1e-9)


async def test_a_settlement_is_the_same_rate_for_eight_hours_at_every_venue() -> None:
    paid_ms = START_MS + 24 * HOUR_MS
    async with desk(paid_ms + 5 * MINUTE_MS) as at:
        for venue in VENUES:
            known = list((await at.instruments(venue)).values())
            settled = [one for one in of(await at.now(venue, known), "BTC", Funding, venue) if one.settled]
            last = max(settled, key=lambda one: one.known_at_ms)
            assert last.known_at_ms == paid_ms, venue
            assert last.rate_8h == pytest.approx(at.venues.tape.rate_8h("BTC", paid_ms), abs=2e-8), venue


async def heard_of(venue: Venue, begin_ms: int, end_ms: int) -> tuple[list[Report], list[Instrument]]:
    async with desk(begin_ms) as at:
        known = list((await at.instruments(venue)).values())
        return await listened(at, BY_VENUE[venue], known, end_ms), known


@pytest.mark.parametrize("venue", TOLD_IN_FULL)
async def test_liquidations_that_are_told_in_full_add_up_to_the_venues_share_of_the_market(
    venue: Venue,
) -> None:
    begin_ms, end_ms = START_MS + 24 * HOUR_MS, START_MS + 36 * HOUR_MS
    heard, _ = await heard_of(venue, begin_ms, end_ms)
    async with desk(begin_ms) as at:
        for asset in ASSETS:
            spans = list(at.venues.tape.spans(asset, begin_ms, end_ms))
            for side, market_coins in (
                (Side.LONG, sum(span.long_coins for span in spans)),
                (Side.SHORT, sum(span.short_coins for span in spans)),
            ):
                coins = sum(one.coins for one in of(heard, asset, Liquidation) if one.side is side)
                share = STANDINGS[venue].share
                assert coins == pytest.approx(market_coins * share, rel=1e-4, abs=0.03), (asset, side)


@pytest.mark.parametrize("venue", SAMPLED)
async def test_liquidations_that_are_a_sample_are_the_largest_of_each_second_and_symbol(venue: Venue) -> None:
    begin_ms, end_ms = START_MS + 24 * HOUR_MS, START_MS + 36 * HOUR_MS
    heard, _ = await heard_of(venue, begin_ms, end_ms)
    async with desk(begin_ms) as at:
        for asset in ASSETS:
            told = of(heard, asset, Liquidation)
            every = at.venues.markets[venue].forced(asset, begin_ms, end_ms)
            seconds = Counter(one.known_at_ms // 1000 for one in told)
            assert set(seconds) == {order.at_ms // 1000 for order in every}
            assert set(seconds.values()) == {1}
            for one in told:
                largest = max(
                    order.coins for order in every if order.at_ms // 1000 == one.known_at_ms // 1000
                )
                assert one.coins == pytest.approx(largest, rel=1e-6)
            assert sum(one.coins for one in told) < sum(order.coins for order in every)


@pytest.mark.parametrize("venue", VENUES)
async def test_every_channel_that_must_speak_does(venue: Venue) -> None:
    heard, known = await heard_of(venue, NOW_MS, NOW_MS + 2_000)
    for contract in known:
        marks = of(heard, contract.asset, Mark)
        assert {one.known_at_ms for one in marks} >= {NOW_MS} or len(marks) >= 2
        expected = {
            Kind.OPEN_INTEREST: OpenInterest,
            Kind.FUNDING: Funding,
        }
        for channel in BY_VENUE[venue].streams(known)[0].channels:
            if channel.symbol == contract.symbol and channel.kind in expected:
                assert of(heard, contract.asset, expected[channel.kind])


async def test_the_option_chain_of_deribit_gives_back_the_skew_it_was_made_of() -> None:
    async with desk(NOW_MS) as at:
        known = list((await at.instruments(Venue.DERIBIT)).values())
        quotes = of(await at.now(Venue.DERIBIT, known), "BTC", OptionQuote)
        skew = skew_of(quotes, NOW_MS)
        assert skew is not None
        assert skew.skew_25d_30d == pytest.approx(at.venues.tape.skew("BTC", NOW_MS)[0], abs=0.01)
        assert skew.atm_iv_30d == pytest.approx(at.venues.tape.implied("BTC", NOW_MS), abs=0.01)


async def test_listed_strikes_stay_while_the_price_moves_and_quotes_lie_on_ticks() -> None:
    async with desk(NOW_MS) as at:
        known = list((await at.instruments(Venue.DERIBIT)).values())
        quotes = of(await at.now(Venue.DERIBIT, known), "BTC", OptionQuote)
        later = chain(at.venues.markets[Venue.DERIBIT], "BTC", NOW_MS + HOUR_MS)
        before = {(one.strike_usd, one.is_call, one.expires_at_ms) for one in quotes}
        assert quotes[0].forward_usd != at.venues.markets[Venue.DERIBIT].index("BTC", NOW_MS + HOUR_MS)
        strikes = {strike for strike, _, _ in before}
        assert sum(float(one.name.split("-")[2]) in strikes for one in later) > 0.9 * len(quotes)
        for one in quotes:
            tick = 0.0001 if (one.ask_price or 1.0) < 0.005 else 0.0005
            assert one.ask_price == pytest.approx(round((one.ask_price or 0.0) / tick) * tick)
            assert one.bid_price is None or one.bid_price < (one.ask_price or 0.0)
        assert any(one.bid_price is None for one in quotes)


@pytest.mark.parametrize("venue", [Venue.OKX, Venue.DERIBIT])
async def test_a_gap_filled_by_asking_holds_the_liquidations_that_listening_would_have_heard(
    venue: Venue,
) -> None:
    begin_ms, end_ms = START_MS + 24 * HOUR_MS, START_MS + 36 * HOUR_MS
    async with desk(end_ms) as at:
        instrument = (await at.instruments(venue))["BTC"]
        asks = BY_VENUE[venue].history_asks(instrument, begin_ms, end_ms)
        reports = [report for ask in asks for report in await at.get(ask, [instrument])]
        market = at.venues.markets[venue]
        due = market.forced if venue in TOLD_IN_FULL else market.sampled
        coins = sum(order.coins for order in due("BTC", begin_ms - 1, end_ms))
        told = of(reports, "BTC", Liquidation)
        assert sum(one.coins for one in told) == pytest.approx(coins, rel=1e-4)
