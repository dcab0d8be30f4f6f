"""A9 to A11 through collector and engine: contracts that go, come or change are named, and are no move of the market."""

import logging

import pytest

from market.findings import Found
from market.observations import Venue
from market.reading import Presence
from market.table import State
from scheduler.simulator.server import Fault, Of, Trouble
from tests.scheduler.faults.stage import stage
from tests.scheduler.faults.test_a5_to_a8_values import ALL, of
from tests.scheduler.faults.variants import seldom

RATE_NEAR = 2e-5
"""Funding of eight hours drifts by less in twenty minutes."""


def delisted(asset: str) -> Trouble:
    return Trouble(Fault.DELIST, asset=asset)


def lines(caplog: pytest.LogCaptureFixture, word: str) -> list[str]:
    return [one.getMessage() for one in caplog.records if word in one.getMessage()]


async def test_a9_a_contract_that_one_venue_delists_is_told_once_and_the_asset_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with stage(assets=("BTC", "SOL")) as at:
        before = of(at.latest("SOL"), "open_interest")
        with caplog.at_level(logging.INFO):
            at.trouble(Venue.OKX, delisted("SOL"))
            await at.passes(300, leap_s=5)
            await at.collector.learn()
            await at.passes(900, leap_s=5)
            await at.collector.learn()
        assert lines(caplog, "lists SOL no more") == ["okx lists SOL no more"]
        assert Venue.OKX not in at.collector.listings.venues_of("SOL")
        assert at.report(Venue.OKX).lists == 1
        assert at.report(Venue.OKX).complaints == ()
        sol = at.latest("SOL")
        assert all(reading.presence is Presence.SEEN for reading in sol.readings if reading.name != "skew")
        assert of(sol, "open_interest") == pytest.approx(before, rel=0.02)
        assert not at.alerts
        assert all(one.presence is Presence.SEEN for one in at.latest("BTC").readings)


async def test_a9_an_asset_that_nobody_lists_any_more_comes_to_say_that_it_is_not_seen() -> None:
    async with stage(assets=("BTC", "SOL")) as at:
        at.trouble(ALL, delisted("SOL"))
        await at.collector.learn()
        await at.passes(1800, leap_s=5)
        assert at.collector.listings.venues_of("SOL") == ()
        assert at.collector.listings.assets() == ("BTC",)
        assert at.latest("SOL").regime.state is State.INSUFFICIENT_DATA
        assert not [alert for alert in at.alerts if alert.edge.value in {"resolved", "false_alarm"}]
        assert at.latest("BTC").regime.state is not State.INSUFFICIENT_DATA


@pytest.mark.slow
async def test_a9_a_contract_that_comes_back_is_heard_again() -> None:
    async with stage(assets=("BTC", "SOL")) as at:
        at.trouble(Venue.BYBIT, delisted("SOL"))
        await at.collector.learn()
        await at.passes(1200, leap_s=5)
        at.well()
        await at.collector.learn()
        await at.passes(300, leap_s=5)
        assert Venue.BYBIT in at.collector.listings.venues_of("SOL")
        assert at.noticed(Found.JOINED, Venue.BYBIT)
        assert not at.alerts
        assert not at.report(Venue.BYBIT).silent


@pytest.mark.parametrize("venue", [Venue.BINANCE, seldom(Venue.BYBIT), seldom(Venue.OKX)])
async def test_a10_a_venue_that_pays_every_eight_then_four_then_one_hours_leaves_the_rate_as_it_is(
    venue: Venue, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage() as at:
        before = at.latest().fact("funding", "rate_8h")
        assert before is not None
        with caplog.at_level(logging.WARNING):
            for hours in (4, 1):
                at.trouble(venue, Trouble(Fault.INTERVAL, hours=hours))
                await at.collector.learn()
                await at.passes(600, leap_s=5)
                now, told = at.latest().fact("funding", "rate_8h"), at.venues.tape.rate_8h("BTC", at.now_ms)
                assert now is not None
                # a shorter interval is nearer to its end: what is predicted weighs more, and no rate is doubled or halved
                assert min(before, told) - RATE_NEAR <= now <= max(before, told) + RATE_NEAR, hours
                predicted = at.collector.condenser("BTC").state.venues[venue].rates.predicted
                assert predicted is not None
                assert predicted.interval_hours == hours
                assert predicted.rate_8h == pytest.approx(told, abs=RATE_NEAR)
                (listed,) = at.collector.listings.watched(venue, ("BTC",))
                assert listed.funding_interval_hours in {None, float(hours)}
        assert not at.alerts


@pytest.mark.parametrize("factor", [1000.0, 0.001, seldom(100.0)])
async def test_a11_a_contract_of_another_size_is_a_redenomination_and_no_change_of_open_interest(
    factor: float,
) -> None:
    async with stage() as at:
        before = of(at.latest(), "open_interest")
        redenominated = Trouble(Fault.VALUES, of=Of.OPEN_INTEREST, factor=factor)
        at.trouble(Venue.BINANCE, redenominated)
        await at.passes(900, leap_s=5)
        assert at.noticed(Found.REDENOMINATED, Venue.BINANCE)
        for snapshot in at.looks["BTC"]:
            assert of(snapshot, "open_interest") == pytest.approx(before, rel=0.02)
        assert not at.alerts
