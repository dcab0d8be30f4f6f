"""/status of a live market: each venue, the worst first, what is heard of the market, and the pasts being read."""

from dataclasses import replace

import pytest

from commands.protocol.reply import Heading, Tone
from market.findings import Finding, Found
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Venue
from market.snapshot import Snapshot
from store.services import FeedStatus, PastReport, SourceReport
from tests.commands.markets import NOW_MS, calm, crowding, market
from tests.commands.talking import Talk, monospaced, talk


def venue(name: Venue, **changed: object) -> SourceReport:
    """A venue that is well: answered 12 s ago, heard 2 s ago, three streams of three."""
    well = SourceReport(
        venue=name,
        state="open",
        until_ms=None,
        answered_ms=NOW_MS - 12 * SECOND_MS,
        heard_ms=NOW_MS - 2 * SECOND_MS,
        streams=3,
        streams_up=3,
        silent=(),
        why=None,
        complaints=(),
        lists=12,
    )
    return replace(well, **changed)  # type: ignore[arg-type]


WELL = tuple(map(venue, (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.DERIBIT, Venue.HYPERLIQUID)))


def heard(snapshot: Snapshot, interest: float, liquidations: float) -> Snapshot:
    shares = (
        Finding(Found.INTEREST_SHARE, NOW_MS, None, "open_interest", interest),
        Finding(Found.LIQUIDATIONS_SHARE, NOW_MS, None, "liquidations", liquidations),
    )
    return replace(snapshot, findings=shares)


def status(*reports: SourceReport, **changed: object) -> Talk:
    known = {"watched": ("BTC", "ETH"), "reports": reports or WELL, **changed}
    return talk(heard(calm(), 1.0, 0.8), heard(calm(asset="ETH"), 1.0, 0.75), **known)


async def test_a_market_that_is_well_is_told_in_few_lines() -> None:
    ask = status()
    assert (await ask("/status")).splitlines() == [
        "Source: live",
        "Last evaluation 2026-11-22 12:04 UTC, 0 s ago",
        "Lag 0.2 s, a cycle is 1 min",
        "Nothing is blind.",
        "venue                asked heard   up",
        "Binance     ok         12s    2s  3/3",
        "Bybit       ok         12s    2s  3/3",
        "Deribit     ok         12s    2s  3/3",
        "Hyperliquid ok         12s    2s  3/3",
        "OKX         ok         12s    2s  3/3",
        "        Price   Liq    OI  Fund  Skew",
        "2 fine     4s    9s    2m    1m    6m",
        "Heard: open interest 100%, liquidations 75% (ETH) of what is open.",
    ]
    assert isinstance(ask.reply.blocks[0], Heading)
    assert ask.reply.blocks[0].tone is Tone.PLAIN


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (
            venue(Venue.OKX, state="geo_blocked", until_ms=NOW_MS + 2 * HOUR_MS, streams_up=0),
            "OKX does not serve this country: not asked until 14:04 UTC.",
        ),
        (
            venue(Venue.OKX, state="banned", until_ms=NOW_MS + 3 * DAY_MS),
            "OKX has banned this address: not asked until 2026-11-25 12:04 UTC.",
        ),
        (
            venue(Venue.OKX, state="shut", until_ms=NOW_MS + MINUTE_MS, why="five failures in a row."),
            "OKX is left alone until 12:05 UTC: five failures in a row.",
        ),
        (venue(Venue.OKX, state="shut"), "OKX is left alone for now: no reason was given."),
        (
            venue(Venue.OKX, state="troubled", why="no answer in 10 s"),
            "OKX is in trouble: no answer in 10 s.",
        ),
        (
            venue(Venue.OKX, silent=("mark BTC", "mark ETH")),
            "OKX is silent on mark BTC, mark ETH.",
        ),
        (
            venue(Venue.OKX, silent=tuple(f"mark A{number}" for number in range(40))),
            "OKX is silent on mark A0, mark A1, mark A2, mark A3, and 36 more.",
        ),
        (venue(Venue.OKX, streams_up=1), "OKX: 2 of 3 streams down."),
        (
            venue(Venue.OKX, complaints=("tiers: a field is missing", "b", "c")),
            "No usable answer of OKX: tiers: a field is missing; b; and 1 more.",
        ),
    ],
)
async def test_what_is_wrong_with_a_venue_is_said_with_when_it_is_asked_again(
    report: SourceReport, said: str
) -> None:
    lines = (await status(WELL[0], report)("/status")).splitlines()
    assert said in lines
    assert lines.index(said) < next(number for number, line in enumerate(lines) if line.startswith("venue"))
    assert "Nothing is blind." not in lines


async def test_the_worst_venue_stands_first() -> None:
    ask = status(
        venue(Venue.BINANCE),
        venue(Venue.BYBIT, silent=("mark BTC",)),
        venue(Venue.DERIBIT, state="new", answered_ms=None, heard_ms=None, streams=0, streams_up=0),
        venue(Venue.HYPERLIQUID, state="troubled"),
        venue(Venue.OKX, state="geo_blocked", answered_ms=None, streams_up=0),
    )
    rows = [
        line
        for line in (await ask("/status")).splitlines()
        if line[:3] in {"OKX", "Hyp", "Byb", "Der", "Bin"}
    ]
    table = [row for row in rows if len(row) == 37]
    assert table == [
        "OKX         blocked      -    2s  0/3",
        "Hyperliquid troubled   12s    2s  3/3",
        "Bybit       silent     12s    2s  3/3",
        "Deribit     new          -     -    -",
        "Binance     ok         12s    2s  3/3",
    ]
    assert getattr(ask.reply.blocks[0], "tone", None) is Tone.CAUTION


async def test_a_venue_that_serves_nobody_here_is_not_said_to_be_silent_as_well() -> None:
    blocked = venue(Venue.OKX, state="geo_blocked", streams_up=0, silent=("mark BTC",), complaints=("x",))
    said = await status(blocked)("/status")
    assert "streams down" not in said
    assert "silent on" not in said


async def test_a_reason_from_elsewhere_is_one_short_printable_line() -> None:
    rude = venue(Venue.OKX, state="troubled", why="a\u202e\nb\x00 " + "c" * 500)
    said = await status(rude)("/status")
    assert "\u202e" not in said
    assert "\x00" not in said
    line = next(line for line in said.splitlines() if line.startswith("OKX is in trouble"))
    assert line.startswith("OKX is in trouble: a b c")
    assert len(line) < 130


async def test_a_state_nobody_has_heard_of_is_trouble_not_health() -> None:
    said = await status(venue(Venue.OKX, state="melted"))("/status")
    assert "OKX         troubled" in said


async def test_pasts_being_read_and_what_was_not_to_be_had_are_told() -> None:
    pasts = (PastReport("ETH", 0.347), PastReport("SOL", 1.0, ("a", "b", "c", "d")))
    said = await status(pasts=pasts, watched=("BTC", "ETH", "SOL"))("/status")
    assert "ETH: reading its past, 34%." in said
    assert "Past of SOL incomplete: a; b; c; and 1 more." in said
    assert "No data yet: SOL." in said


async def test_pasts_of_which_nothing_could_be_read_are_one_line_with_the_reason() -> None:
    pasts = tuple(PastReport(asset, 0.0, ("no venue answers",)) for asset in ("BTC", "ETH", "SOL"))
    said = await status(pasts=pasts, watched=("BTC", "ETH", "SOL"))("/status")
    assert "BTC and 2 more: nothing could be read yet: no venue answers. Tried again every 20 s." in said
    assert "reading its past" not in said


async def test_many_pasts_are_counted() -> None:
    pasts = tuple(PastReport(f"A{number}", 0.5) for number in range(10))
    assert "And 4 more pasts." in await status(pasts=pasts)("/status")


async def test_an_asset_whose_past_is_being_read_says_so_wherever_it_is_asked_about() -> None:
    ask = status(watched=("BTC", "SOL"), pasts=(PastReport("SOL", 0.999),))
    for line in ("/regime sol", "/why sol", "/size sol 5x", "/check sol"):
        said = await ask(line)
        assert said.startswith("SOL · INSUFFICIENT DATA\nSOL: reading its past, 99%.")
        assert ask.reply.data["past"] == {"share": 0.999, "missing": []}
    assert [action.command for action in ask.reply.actions] == ["/regime SOL", "/status"]
    assert "SOL: reading its past, 99%." in await ask("/scan")
    assert "No data yet" not in await ask("/scan")


BLANK = ("price", "liquidations", "open_interest", "funding", "skew", "volatility")


async def test_a_look_that_saw_nothing_is_told_by_its_reason_and_not_as_five_blanks() -> None:
    blank = market(asset="SOL", lacking=BLANK)
    ask = talk(calm(), blank, watched=("BTC", "SOL"), pasts=(PastReport("SOL", 0.34),))
    for line in ("/regime sol", "/why sol", "/size sol 5x", "/check sol"):
        assert (await ask(line)).startswith("SOL · INSUFFICIENT DATA\nSOL: reading its past, 34%.")
    assert "SOL: reading its past, 34%." in await ask("/scan")
    said = await ask("/status")
    assert "SOL: reading its past, 34%." in said
    assert "Blind" not in said
    assert "Nothing is blind." not in said


async def test_what_was_seen_once_and_is_gone_is_no_blank() -> None:
    blank = market(asset="SOL", lacking=BLANK)
    gone = tuple(replace(one, asof_ms=NOW_MS - 9 * DAY_MS) for one in blank.readings)
    ask = talk(replace(blank, readings=gone), watched=("SOL",))
    assert "Missing: price not seen" in await ask("/regime sol")


async def test_a_past_that_was_read_is_no_reason_for_an_absence() -> None:
    ask = status(watched=("BTC", "SOL"), pasts=(PastReport("SOL", 1.0, ("x",)),))
    assert "Nothing has been read for SOL yet." in await ask("/regime sol")


async def test_only_assets_that_lack_something_have_a_row_of_their_own() -> None:
    lacking = [market(asset=f"A{number}", silent=("funding",)) for number in range(12)]
    said = await talk(
        calm(), calm(asset="ETH"), *lacking, watched=("BTC", "ETH", *(one.asset for one in lacking))
    )("/status")
    lines = said.splitlines()
    assert sum(line.startswith("A") and "!1m" in line for line in lines) == 8
    assert "and 4 more lacking something" in lines
    assert "2 fine     4s    9s    2m    1m    6m" in lines
    assert "and 4 more." in next(line for line in lines if line.startswith("Blind: "))


async def test_an_asset_without_an_options_market_is_not_blind_for_want_of_skew() -> None:
    said = await talk(market(asset="SOL", lacking=("skew",)), watched=("SOL",))("/status")
    assert "Nothing is blind." in said
    assert "SOL        4s    9s    2m    1m     -" in said


async def test_what_was_noticed_of_many_assets_is_one_line_of_the_worst() -> None:
    def left(asset: str, share: float) -> Snapshot:
        finding = Finding(Found.LEFT_OUT, NOW_MS, Venue.BYBIT, "open_interest", share)
        return replace(calm(asset=asset), findings=(finding,))

    said = await talk(left("BTC", 0.2), left("ETH", 0.4), watched=("BTC", "ETH"))("/status")
    assert "ETH and 1 more: Bybit is silent: its 40% of open interest" in said
    assert said.count("Bybit is silent") == 1


async def test_what_only_the_operator_needs_stands_here() -> None:
    late = Finding(Found.TOO_LATE, NOW_MS, Venue.OKX, "liquidations", 12.0)
    ask = talk(replace(calm(), findings=(late,)), watched=("BTC",))
    assert "BTC: OKX: liquidations of 12.0 coins came after their minute was told." in await ask("/status")
    assert "came after" not in await ask("/why BTC")


async def test_a_late_evaluation_is_the_first_thing_said() -> None:
    feed = FeedStatus("live", NOW_MS - HOUR_MS, 60_000, 0)
    assert (await status(feed=feed)("/status")).splitlines()[1].startswith("Older than three cycles")


async def test_a_service_that_was_told_to_stop_says_so_above_its_last_evaluation() -> None:
    said = (await status(feed=FeedStatus("live", NOW_MS, None, None))("/status")).splitlines()
    assert said[1] == "The service has stopped: what is shown is not the present."
    assert said[2].startswith("Last evaluation ")


async def test_ages_of_a_simulated_market_are_of_its_own_time() -> None:
    feed = FeedStatus("simulated", NOW_MS, 60_000, 0)
    ask = talk(calm(source="simulated"), watched=("BTC",), reports=WELL, feed=feed).later(900 * DAY_MS)
    assert "Binance     ok         12s    2s  3/3" in await ask("/status")


async def test_the_numbers_behind_it_are_there_for_scripts() -> None:
    ask = status(venue(Venue.OKX, state="shut", until_ms=NOW_MS), pasts=(PastReport("SOL", 0.5),))
    await ask("/status")
    data = ask.reply.data
    assert data["sources"] == [
        {
            "venue": "okx", "state": "shut", "until": "2026-11-22T12:04:10Z", "answered": "2026-11-22T12:03:58Z",
            "heard": "2026-11-22T12:04:08Z", "streams": 3, "streams_up": 3, "silent": [], "why": None,
            "complaints": [], "lists": 12,
        }
    ]  # fmt: skip
    assert data["pasts"] == {"SOL": {"share": 0.5, "missing": []}}
    assert data["heard"] == {
        "open_interest": {"share": 1.0, "asset": "BTC"},
        "liquidations": {"share": 0.75, "asset": "ETH"},
    }


async def test_everything_laid_out_fits_on_a_phone_however_bad_it_is() -> None:
    bad = tuple(
        venue(
            name, state=state, silent=("a" * 80,) * 50, complaints=("b" * 900,) * 9, why="c" * 900, streams=1_000, streams_up=999
        )
        for name, state in zip(
            (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.DERIBIT, Venue.HYPERLIQUID),
            ("shut", "banned", "geo_blocked", "troubled", "open"),
            strict=True,
        )
    )  # fmt: skip
    ask = talk(crowding(asset="1000000MOG", silent=("funding",)), watched=("1000000MOG",), reports=bad)
    said = await ask("/status")
    assert all(len(row) <= 37 for row in monospaced(ask.reply))
    assert len(said) < 4_000
