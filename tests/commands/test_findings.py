"""What was noticed of the venues, in sentences a trader understands: in /regime the worst, in /why all of it."""

from dataclasses import replace

import pytest

from commands.protocol.phrases import phrases_in
from commands.wording.findings import ALSO_WHY, ONLY_STATUS, TROUBLES, sentence, share_words
from market.across import AtVenue
from market.findings import Finding, Found
from market.observations import MINUTE_MS, Venue
from market.snapshot import Snapshot
from tests.commands.markets import NOW_MS, calm, crowding, market
from tests.commands.talking import monospaced, talk

ENGLISH = phrases_in("en")


def found(
    what: Found, value: float | None = None, venue: Venue | None = None, of: str | None = None
) -> Finding:
    return Finding(what, NOW_MS, venue, of, value)


WHOLE = (
    found(Found.PRICE_VENUE, None, Venue.BINANCE, "candles"),
    found(Found.INTEREST_SHARE, 1.0, None, "open_interest"),
    found(Found.FUNDING_SHARE, 1.0, None, "funding"),
    found(Found.FUNDING_DISPERSION, 0.00002, None, "funding"),
    found(Found.LIQUIDATIONS_SHARE, 0.81, None, "liquidations"),
)
"""What is always noticed of a market that is well."""


def noticed(*findings: Finding, asset: str = "BTC") -> Snapshot:
    """A live market in which this was noticed besides."""
    return replace(crowding(asset=asset), findings=(*WHOLE, *findings))


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (
            found(Found.LEFT_OUT, 0.31, Venue.BYBIT, "open_interest"),
            "Bybit is silent: its 31% of open interest is left out, not counted as closed.",
        ),
        (
            found(Found.FROZEN, -0.0123, Venue.OKX, "mark"),
            "OKX stands still while the others moved -1.2%: left out.",
        ),
        (
            found(Found.SATURATED, 58.0, Venue.BINANCE, "liquidations"),
            "Binance told liquidations in 58 of 60 seconds, all it can: the true sum is larger.",
        ),
        (
            found(Found.UNHEARD, 3.0, Venue.BYBIT, "liquidations"),
            "Liquidations of Bybit not heard for 3 min: the sums are too small.",
        ),
        (
            found(Found.RELAYED, 0.00011, Venue.BINANCE, "funding"),
            "Funding of Binance is as another venue relays it: .011%/8h.",
        ),
        (
            found(Found.PRICE_SWITCHED, None, Venue.OKX, "binance"),
            "Price is that of OKX now; Binance has none that is fresh.",
        ),
        (
            found(Found.QUARANTINED, 1_000.0, Venue.BYBIT, "open_interest"),
            "Bybit: open interest jumped (x1.00k); held back until a second value agrees.",
        ),
        (
            found(Found.QUARANTINED, 1.015, Venue.BYBIT, "funding"),
            "Bybit: funding jumped (1.500%/8h); held back until a second value agrees.",
        ),
        (
            found(Found.OUTLIER, 1.12, Venue.HYPERLIQUID, "mark"),
            "Hyperliquid: its price is +12.0% off the others; not taken.",
        ),
        (
            found(Found.IMPLAUSIBLE, None, Venue.OKX, "candles"),
            "OKX: a value that cannot be true (price bars); not taken.",
        ),
        (found(Found.NO_PRICE), "No venue tells a price that can be used."),
        (
            found(Found.CLOCK_BEHIND, 2.0 * MINUTE_MS, Venue.OKX, "mark"),
            "OKX: its clock is 2 min behind; ages allow for it.",
        ),
    ],
)
async def test_why_tells_what_was_noticed_in_a_sentence(finding: Finding, said: str) -> None:
    assert said in (await talk(noticed(finding))("/why BTC")).splitlines()


@pytest.mark.parametrize("what", [*TROUBLES, *ALSO_WHY, *ONLY_STATUS])
def test_a_sentence_shows_no_name_of_ours(what: Found) -> None:
    said = sentence(found(what, 0.5, Venue.BYBIT, "open_interest"), ENGLISH)
    assert said[0].isupper()
    assert said.endswith(".")
    assert "_" not in said


async def test_how_much_of_the_market_is_heard_is_told_in_both() -> None:
    for line in ("/regime BTC", "/why BTC"):
        said = await talk(noticed())(line)
        assert "Heard: open interest 100%, funding 100%, liquidations 81% of what is open." in said


async def test_why_tells_how_far_the_venues_agree_and_whose_price_it_is() -> None:
    said = await talk(noticed())("/why BTC")
    assert "Venues agree on funding within .002%/8h." in said
    assert "Price: Binance." in said


async def test_venues_that_disagree_are_told_in_both() -> None:
    apart = found(Found.FUNDING_DISPERSION, 0.0003, None, "funding")
    for line in ("/regime BTC", "/why BTC"):
        said = await talk(replace(crowding(), findings=(apart,)))(line)
        assert "Venues disagree on funding: .030%/8h between them." in said
        assert "agree on funding within" not in said


async def test_what_funding_says_of_the_venues_is_what_regime_and_why_say() -> None:
    """All say .010 % now; what they paid before, which the day's mean blends in, differed by .030 %."""
    now = [
        AtVenue(venue, 1.0, rate=0.0001, is_predicted=True, interval_hours=8.0, rate_at_ms=NOW_MS)
        for venue in (Venue.BINANCE, Venue.OKX)
    ]
    blended = found(Found.FUNDING_DISPERSION, 0.0003, None, "funding")
    snapshot = replace(crowding(), findings=(blended,), venues=tuple(now))
    assert "Venues agree." in await talk(snapshot)("/funding BTC")
    assert "Venues agree on funding." in await talk(snapshot)("/why BTC")
    for line in ("/regime BTC", "/why BTC"):
        assert "disagree" not in await talk(snapshot)(line)


async def test_liquidations_that_nobody_is_heard_to_tell_are_said_to_be_of_before() -> None:
    """The past that was read ends at this moment, and no minute was listened to yet."""
    before = replace(crowding(), findings=(found(Found.LIQUIDATIONS_SHARE, 0.0, None, "liquidations"),))
    for line in ("/regime BTC", "/liq BTC", "/why BTC"):
        said = await talk(before)(line)
        assert "liquidations 0% of what is open." in said
        assert "No venue's liquidations are heard just now: Liq is of what was told before." in said
        assert "heard just now" not in await talk(noticed())(line)


async def test_the_venues_that_sample_are_named_in_the_floor() -> None:
    floors = [found(Found.FLOOR, 3.0, venue, "liquidations") for venue in (Venue.BINANCE, Venue.OKX)]
    assert "Liq is a floor: Binance, OKX tell at most one a second." in await talk(noticed(*floors))(
        "/regime"
    )
    for line in ("/regime", "/why"):
        assert "Liq is a floor: not all is published." in await talk(noticed())(line)
    assert "floor" not in await talk(replace(noticed(), source="history"))("/why")
    unheard = replace(market(lacking=("liquidations",)), findings=WHOLE)
    assert "floor" not in await talk(unheard)("/why")


async def test_regime_tells_the_three_worst_and_how_many_more() -> None:
    said = await talk(
        noticed(
            found(Found.RELAYED, 0.0001, Venue.BINANCE, "funding"),
            found(Found.SATURATED, 60.0, Venue.BINANCE, "liquidations"),
            found(Found.QUARANTINED, 9.0, Venue.OKX, "open_interest"),
            found(Found.LEFT_OUT, 0.2, Venue.BYBIT, "open_interest"),
            found(Found.FROZEN, 0.01, Venue.DERIBIT, "mark"),
        )
    )("/regime BTC")
    lines = said.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("Deribit stands still"))
    assert lines[first + 1].startswith("Bybit is silent")
    assert lines[first + 2].startswith("Binance told liquidations in 60")
    assert lines[first + 3] == "And 2 more: /why BTC."


async def test_an_asset_without_an_options_market_misses_no_skew() -> None:
    missing = found(Found.NO_SKEW, None, None, "options")
    assert "No skew" in await talk(noticed(missing))("/why BTC")
    assert "No skew" not in await talk(noticed(missing, asset="SOL"))("/why SOL")


async def test_a_recorded_market_has_nothing_to_say_of_venues() -> None:
    said = await talk(calm(source="history"))("/why BTC")
    assert "Heard" not in said
    assert "Venues" not in said


async def test_the_numbers_behind_it_are_there_for_scripts() -> None:
    ask = talk(noticed(found(Found.LEFT_OUT, 0.31, Venue.BYBIT, "open_interest")))
    await ask("/regime BTC")
    findings = ask.reply.data["findings"]
    assert isinstance(findings, list)
    assert findings[-1] == {
        "found": "left_out", "venue": "bybit", "of": "open_interest", "value": 0.31, "at": "2026-11-22T12:04:10Z",
    }  # fmt: skip


@pytest.mark.parametrize(("share", "words"), [(1.0, "100%"), (0.999, "99%"), (0.615, "62%"), (0.0, "0%")])
def test_a_share_that_lacks_anything_is_never_all(share: float, words: str) -> None:
    assert share_words(share) == words


async def test_however_much_is_noticed_the_answer_stays_short_and_fits() -> None:
    everything = [
        found(what, 1.5, venue, of)
        for what in Found
        for venue in (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.HYPERLIQUID, Venue.DERIBIT)
        for of in ("candles", "open_interest", "funding")
    ]
    ask = talk(*(noticed(*everything, asset=asset) for asset in ("BTC", "ETH", "SOL")))
    for line in ("/regime BTC", "/why BTC", "/status"):
        assert len(await ask(line)) < 4_000
        assert all(len(row) <= 37 for row in monospaced(ask.reply))
