"""A5 to A8 through collector and engine: what is wrong, late or told twice changes nothing; what was good last ages."""

import pytest

from market.findings import Found
from market.observations import MINUTE_MS, Venue
from market.reading import Presence
from market.snapshot import Snapshot
from scheduler.simulator.server import Fault, Trouble
from tests.scheduler.faults.stage import FALLING_MS, Stage, stage
from tests.scheduler.faults.variants import seldom

ALL = (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.DERIBIT, Venue.HYPERLIQUID)
ONE_SIDED = 0.02
"""Prices, open interest and funding of the market these tests are about move less than this in ten minutes."""


def of(snapshot: Snapshot, name: str) -> float:
    reading = snapshot.reading(name)
    assert reading is not None
    assert reading.value is not None
    return reading.value


def asof_ms(snapshot: Snapshot, name: str) -> int:
    reading = snapshot.reading(name)
    assert reading is not None
    assert reading.asof_ms is not None
    return reading.asof_ms


def truth(at: Stage, name: str) -> float:
    tape = at.venues.tape
    return tape.price("BTC", at.now_ms) if name == "price" else tape.open_interest("BTC", at.now_ms)


@pytest.mark.parametrize(
    "name",
    [
        "truncated",
        seldom("price_null"),
        seldom("price_empty"),
        "price_nan",
        seldom("interest_null"),
        "interest_empty",
    ],
)
async def test_a5_what_cannot_be_read_is_rejected_and_counted_and_the_last_good_is_kept_and_ages(
    name: str,
) -> None:
    async with stage() as at:
        good = at.latest()
        kind = "open_interest" if name.startswith("interest") else "price"
        at.trouble(ALL, name)
        await at.passes(600, leap_s=5)
        for venue in (Venue.BINANCE, Venue.OKX, Venue.BYBIT):
            report = at.report(venue)
            # an empty text is how Bybit says that there is none: nothing to complain of, the value ages all the same
            assert report.complaints or report.silent or name == "interest_empty", venue
        now = at.latest()
        assert of(now, kind) == pytest.approx(of(good, kind), rel=ONE_SIDED)
        assert at.now_ms - asof_ms(now, kind) >= 9 * MINUTE_MS
        at.well()
        await at.passes(600, leap_s=5)
        assert at.now_ms - asof_ms(at.latest(), kind) <= 6 * MINUTE_MS
        assert not any(at.report(venue).complaints for venue in ALL)


@pytest.mark.parametrize(
    ("name", "venue"),
    [
        ("price_infinite", Venue.BINANCE),
        ("price_zero", Venue.OKX),
        ("price_x1000", Venue.BINANCE),
        seldom("price_negative", Venue.BINANCE),
        seldom("price_infinite", Venue.OKX),
        seldom("price_zero", Venue.BINANCE),
        seldom("price_negative", Venue.OKX),
        seldom("price_x1000", Venue.OKX),
    ],
)
async def test_a6_an_impossible_price_of_one_venue_is_never_the_markets(name: str, venue: Venue) -> None:
    async with stage() as at:
        at.trouble(venue, name)
        await at.passes(900, leap_s=5)
        for snapshot in at.looks["BTC"]:
            assert of(snapshot, "price") == pytest.approx(
                at.venues.tape.price("BTC", snapshot.at_ms), rel=ONE_SIDED
            )
        assert not at.alerts
        assert (
            at.report(venue).complaints
            or at.noticed(Found.OUTLIER, venue)
            or at.noticed(Found.IMPLAUSIBLE, venue)
        )


@pytest.mark.parametrize("name", [seldom("interest_nan"), "interest_negative", "interest_x1000"])
async def test_a6_an_impossible_open_interest_of_one_venue_is_never_the_markets(name: str) -> None:
    async with stage() as at:
        before = of(at.latest(), "open_interest")
        at.trouble(Venue.BINANCE, name)
        await at.passes(900, leap_s=5)
        for snapshot in at.looks["BTC"]:
            assert of(snapshot, "open_interest") == pytest.approx(before, rel=ONE_SIDED)
        assert not at.alerts


@pytest.mark.parametrize("name", ["funding_nan", seldom("funding_empty"), "funding_x1000"])
async def test_a6_an_impossible_rate_of_one_venue_is_never_the_markets(name: str) -> None:
    async with stage() as at:
        before = of(at.latest(), "funding")
        at.trouble(Venue.OKX, name)
        await at.passes(900, leap_s=5)
        for snapshot in at.looks["BTC"]:
            assert of(snapshot, "funding") == pytest.approx(before, abs=3e-5)
        assert not at.alerts


async def test_a6_one_outlier_by_itself_neither_moves_nor_fires_anything() -> None:
    """All venues at once tell a price of a thousandth for one poll: too far from their own last to be believed."""
    async with stage() as at:
        at.trouble(ALL, Trouble(Fault.VALUES, factor=0.001))
        await at.passes(5)
        at.well()
        await at.passes(900, leap_s=5)
        assert not at.alerts
        assert of(at.latest(), "price") == pytest.approx(truth(at, "price"), rel=ONE_SIDED)


def numbers(snapshot: Snapshot) -> dict[str, float]:
    """The facts there are; what is not known is no number."""
    facts = {
        "price": ("price_usd", "r_24h"),
        "open_interest": ("coins", "change_24h"),
        "funding": ("f24", "rate_8h"),
        "liquidations": ("long_usd_24h", "short_usd_24h"),
    }
    wanted = [(name, fact) for name, facts_of in facts.items() for fact in facts_of]
    known = {f"{name}.{fact}": snapshot.fact(name, fact) for name, fact in wanted}
    return {name: number for name, number in known.items() if number is not None}


@pytest.mark.parametrize("name", ["duplicated", pytest.param("out_of_order", marks=pytest.mark.slow)])
async def test_a7_what_is_told_twice_or_in_another_order_changes_no_number(name: str) -> None:
    """In an hour of forced selling, of all venues at once: every number is the one of an undisturbed hour."""
    seen = []
    for trouble in (None, name):
        async with stage(FALLING_MS) as at:
            if trouble is not None:
                at.trouble(ALL, trouble)
            await at.passes(900)
            seen.append([(one.at_ms, one.regime.state, numbers(one)) for one in at.looks["BTC"]])
    undisturbed, disturbed = seen
    assert undisturbed[-1][2].keys() >= {"liquidations.long_usd_24h", "price.r_24h"}
    for (at_ms, state, numbers_then), (at_ms_now, state_now, numbers_now) in zip(
        undisturbed, disturbed, strict=True
    ):
        assert (at_ms, state) == (at_ms_now, state_now)
        assert numbers_now == pytest.approx(numbers_then, rel=1e-3)


async def test_a7_rows_of_an_hour_ago_move_nothing_and_are_named() -> None:
    async with stage(FALLING_MS) as at:
        liquidations = []
        at.trouble(Venue.BINANCE, "replayed")
        await at.passes(900)
        liquidations.append(at.latest().fact("liquidations", "long_usd_24h"))
        assert at.noticed(Found.OUT_OF_ORDER, Venue.BINANCE)
        assert of(at.latest(), "price") == pytest.approx(truth(at, "price"), rel=0.01)
        at.well()
    async with stage(FALLING_MS) as at:
        await at.passes(900)
        liquidations.append(at.latest().fact("liquidations", "long_usd_24h"))
    # nothing is counted again that was counted an hour ago; what Binance has to tell of now is missing
    told_again, undisturbed = liquidations
    assert told_again is not None
    assert undisturbed is not None
    assert told_again <= undisturbed


@pytest.mark.parametrize("name", ["clock_ahead", "clock_behind"])
async def test_a8_a_venue_whose_clock_is_an_hour_off_is_named_and_nothing_is_fresh_by_its_stamps(
    name: str,
) -> None:
    async with stage() as at:
        at.trouble(Venue.BINANCE, name)
        await at.passes(600, leap_s=5)
        wrong = Found.CLOCK_AHEAD if name == "clock_ahead" else Found.CLOCK_BEHIND
        assert at.noticed(wrong, Venue.BINANCE)
        for snapshot in at.looks["BTC"]:
            assert all((one.asof_ms or 0) <= snapshot.at_ms for one in snapshot.readings)
        assert of(at.latest(), "price") == pytest.approx(truth(at, "price"), rel=ONE_SIDED)
        assert all(one.presence is Presence.SEEN for one in at.latest().readings)


async def test_a8_where_all_clocks_are_ahead_no_price_and_no_calm_is_fresh_and_both_age() -> None:
    """Hyperliquid puts no time on its open interest and its rates: those are as old as their receipt."""
    async with stage() as at:
        before_ms = at.now_ms
        at.trouble(ALL, "clock_ahead")
        await at.passes(3600, leap_s=5)
        for name in ("price", "liquidations"):
            assert asof_ms(at.latest(), name) <= before_ms + 5 * MINUTE_MS, name
        price = at.latest().reading("price")
        assert price is not None
        assert price.presence is not Presence.SEEN


@pytest.mark.slow
async def test_a8_clocks_that_jump_during_the_run_are_followed() -> None:
    async with stage() as at:
        for seconds in (3600.0, -3600.0, 0.0):
            at.trouble(Venue.OKX, Trouble(Fault.CLOCK, seconds=seconds))
            await at.passes(900, leap_s=5)
        at.well()
        await at.passes(600, leap_s=5)
        assert all(one.presence is Presence.SEEN for one in at.latest().readings)
        assert of(at.latest(), "price") == pytest.approx(truth(at, "price"), rel=ONE_SIDED)
        assert (
            not at.noticed(Found.LEFT_OUT) or at.noticed(Found.LEFT_OUT)[-1].at_ms < at.now_ms - 5 * MINUTE_MS
        )
