"""Which contracts there are: learned, kept when a venue is away, and followed when they change (A9, A10)."""

import pytest

from market.observations import HOUR_MS, Asset, Funding, Venue
from scheduler.exchange import Instrument, Kind, Told
from scheduler.simulator.market import START_MS
from scheduler.simulator.server import Fault, Trouble
from tests.scheduler.collect.room import VENUES, Room, listening, of_kind, room

NOW_MS = START_MS + 30 * HOUR_MS
HOURLY = Trouble(Fault.INTERVAL, hours=1)
FOUR_HOURLY = Trouble(Fault.INTERVAL, hours=4)


def listed(at: Room, venue: Venue) -> set[Asset]:
    return {one.asset for one in at.collector.listings.instruments(venue).values()}


def hours(at: Room, venue: Venue, asset: Asset = "BTC") -> float | None:
    return at.collector.listings.watched(venue, (asset,))[0].funding_interval_hours


async def test_all_venues_are_learned_and_say_who_lists_what() -> None:
    async with room(NOW_MS) as at:
        listings = at.collector.listings
        assert listings.assets() == ()
        assert listings.venues_of("BTC") == ()
        await at.collector.learn()
        assert listings.assets() == ("BTC", "ETH", "SOL")
        assert listings.venues_of("BTC") == VENUES
        symbols = [one.symbol for one in listings.watched(Venue.BYBIT, ("SOL", "NONE", "BTC"))]
        assert symbols == ["SOLUSDT", "BTCUSDT"], "in the order asked for, without those it does not list"


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.GARBLE, Fault.STATUS])
async def test_a_venue_that_cannot_be_asked_keeps_what_was_known(fault: Fault) -> None:
    async with room(NOW_MS) as at:
        await at.collector.learn()
        for venue in VENUES:
            at.venues.faults.set(venue, Trouble(fault))
        await at.collector.learn()
        assert at.collector.listings.assets() == ("BTC", "ETH", "SOL")
        assert at.collector.listings.venues_of("BTC") == VENUES


async def test_a_part_of_an_answer_changes_only_what_it_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(NOW_MS) as at:
        at.venues.faults.set(Venue.BINANCE, FOUR_HOURLY)
        await at.collector.learn()
        assert hours(at, Venue.BINANCE) == 4.0
        speech = at.venues._speeches[Venue.BINANCE]
        answers = speech.answer

        def answer(path: str, *rest: object) -> object:
            return {"no": "list"} if path == "/fapi/v1/fundingInfo" else answers(path, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(speech, "answer", answer)
        await at.collector.learn()
        assert hours(at, Venue.BINANCE) == 4.0, "exchangeInfo came, the intervals did not: they stay"
        (kept,) = at.collector.listings.watched(Venue.BINANCE, ("BTC",))
        assert (kept.highest_funding, kept.lowest_funding) == (0.0015, -0.0015), "half of .3 % for four hours"
        assert listed(at, Venue.BINANCE) == {"BTC", "ETH", "SOL"}


async def test_a_venue_that_tells_a_part_is_asked_again_after_five_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with room(NOW_MS) as at:
        speech = at.venues._speeches[Venue.BINANCE]
        answers, broken = speech.answer, True

        def answer(path: str, *rest: object) -> object:
            if broken and path == "/fapi/v1/fundingInfo":
                return {"no": "list"}
            return answers(path, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(speech, "answer", answer)
        await at.begin("BTC")
        assert hours(at, Venue.BINANCE) is None
        broken = False
        asked = await at.poll()
        assert not of_kind(asked, Kind.INSTRUMENTS)
        await at.time.advance(300)
        asked = await at.poll()
        assert {ask.venue for ask in of_kind(asked, Kind.INSTRUMENTS)} == {Venue.BINANCE}
        assert hours(at, Venue.BINANCE) == 8.0
        assert not of_kind(await at.poll(), Kind.INSTRUMENTS)


async def test_a_contract_that_is_delisted_is_asked_for_and_listened_to_no_more_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC", "SOL")
        async with listening(at):
            await at.minutes(2, "SOL")
            at.venues.faults.set(Venue.OKX, Trouble(Fault.DELIST, asset="SOL"))
            await at.collector.learn()
            assert "okx lists SOL no more" in caplog.text
            assert caplog.text.count("no more") == 1
            assert Venue.OKX not in at.collector.listings.venues_of("SOL")
            assert Venue.OKX not in at.collector.condenser("SOL").venues
            await at.pass_s(5)
            asked = await at.poll()
            assert {ask.symbol for ask in asked if ask.venue is Venue.OKX} == {None, "BTC-USDT-SWAP"}
            assert at.venues.open_lines == len(VENUES)
            lists = {one.venue: one.lists for one in at.collector.reports()}
            assert lists == {venue: 2 - (venue is Venue.OKX) for venue in VENUES}
            assert not any(one.silent for one in at.collector.reports()), "nobody waits for what is gone"


async def test_an_asset_that_all_venues_delist_is_listened_to_nowhere_and_asked_of_nobody() -> None:
    async with room(NOW_MS) as at:
        await at.begin("SOL")
        async with listening(at):
            await at.pass_s(5)
            for venue in VENUES:
                at.venues.faults.set(venue, Trouble(Fault.DELIST, asset="SOL"))
            await at.collector.learn()
            await at.pass_s(5)
            assert at.venues.open_lines == 0
            assert await at.poll() == []
            assert at.collector.listings.assets() == ("BTC", "ETH")


async def test_a_contract_that_is_listed_again_is_followed_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with room(NOW_MS) as at:
        at.venues.faults.set(Venue.BYBIT, Trouble(Fault.DELIST, asset="SOL"))
        await at.begin("SOL")
        async with listening(at):
            await at.pass_s(5)
            at.venues.faults.clear(Venue.BYBIT)
            await at.collector.learn()
            assert "bybit lists SOL as SOLUSDT" in caplog.text
            await at.pass_s(5)
            assert at.venues.open_lines == len(VENUES)
        assert at.collector.condenser("SOL").venues == VENUES


async def test_the_first_that_is_learned_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with room(NOW_MS) as at:
        at.collector.begin("BTC")
        await at.collector.learn()
        assert "lists BTC" not in caplog.text
        assert at.collector.condenser("BTC").venues == VENUES


async def test_what_changes_about_an_asset_nobody_watches_is_no_news(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        at.venues.faults.set(Venue.OKX, Trouble(Fault.DELIST, asset="SOL"))
        await at.collector.learn()
        assert "SOL" not in caplog.text


@pytest.mark.parametrize(("trouble", "interval"), [(FOUR_HOURLY, 4.0), (HOURLY, 1.0)])
async def test_a_changed_funding_interval_is_read_by_polls_and_streams_and_the_log_says_so(
    trouble: Trouble, interval: float, caplog: pytest.LogCaptureFixture
) -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        async with listening(at):
            await at.pass_s(3)
            await at.poll()
            memory = at.collector.condenser("BTC").state.venues
            before = memory[Venue.BINANCE].rates.predicted
            assert before is not None
            assert before.interval_hours == 8.0
            lines = at.venues.open_lines
            for venue in (Venue.BINANCE, Venue.BYBIT):
                at.venues.faults.set(venue, trouble)
            await at.collector.learn()
            assert f"binance has changed BTC: funding_interval_hours 8.0 -> {interval}" in caplog.text
            await at.pass_s(3)
            await at.poll()
            for venue in (Venue.BINANCE, Venue.BYBIT):
                now = memory[venue].rates.predicted
                assert now is not None
                assert now.interval_hours == interval, venue
                rate_8h = at.venues.tape.rate_8h("BTC", at.time.now_ms())
                assert now.rate_8h == pytest.approx(rate_8h, abs=2e-7), "the rate of eight hours is the same"
            assert at.venues.open_lines == lines, "no stream was disturbed"


async def test_readers_see_what_is_learned_while_they_read() -> None:
    async with room(NOW_MS) as at:
        view = at.collector.listings.instruments(Venue.OKX)
        assert not view
        await at.collector.learn()
        one = view["BTC-USDT-SWAP"]
        assert isinstance(one, Instrument)
        with pytest.raises(TypeError):
            view["BTC-USDT-SWAP"] = one  # type: ignore[index]


async def test_reports_of_assets_nobody_watches_reach_nobody() -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        said = Told("ETH", Funding(Venue.OKX, NOW_MS, 0.0001, 8.0, settled=False))
        at.collector._inbox.take((said,), NOW_MS)
        assert not at.collector.condenser("BTC").state.venues


async def test_another_tick_size_is_taken_over_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        speech = at.venues._speeches[Venue.BYBIT]
        contract = speech._contract  # type: ignore[attr-defined]

        def finer(*what: str) -> dict[str, object]:
            return {**contract(*what), "priceFilter": {"tickSize": "0.01"}}

        monkeypatch.setattr(speech, "_contract", finer)
        await at.collector.learn()
        assert "bybit has changed BTC: tick_usd 0.1 -> 0.01" in caplog.text
        assert at.collector.listings.watched(Venue.BYBIT, ("BTC",))[0].tick_usd == 0.01


async def test_a_list_without_any_contract_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async with room(NOW_MS) as at:
        await at.begin("BTC")
        answer = {
            "retCode": 0,
            "time": NOW_MS,
            "result": {"category": "linear", "list": [], "nextPageCursor": ""},
        }
        monkeypatch.setattr(at.venues._speeches[Venue.BYBIT], "answer", lambda *_: answer)
        await at.collector.learn()
        assert listed(at, Venue.BYBIT) == {"BTC", "ETH", "SOL"}
