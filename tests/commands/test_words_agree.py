"""What an answer says beside what it shows: a held claim is said to be held, a size is what its leverage allows."""

import re
from dataclasses import replace
from math import log

import pytest

from commands.protocol.phrases import phrases_in
from commands.protocol.style import written_in
from commands.wording.numbers import down_finely, short_down
from commands.wording.venue_rows import rate_rows
from market.across import AtVenue
from market.flags import FlagMemory
from market.observations import HOUR_MS, Venue
from market.reading import Because, Condition, Reading, measure
from market.rules import Rules
from market.sizing import Assumption
from market.snapshot import Snapshot
from tests.commands.levelled import depth
from tests.commands.markets import NOW_MS, calm, crowding, market, reading, unwinding
from tests.commands.talking import monospaced, talk

WEAK_HELD = Condition(
    "pd",
    enters=False,
    stays=False,
    exit_after_ms=6 * HOUR_MS,
    measures=(
        measure("shock_24h", 1.17, -1.0, "sigma", above=False),
        measure("r_7d", -0.064, 0.0, "fraction", above=False),
    ),
)


def turned_up(snapshot: Snapshot, not_met_ms: int = 2 * HOUR_MS, *, is_broken: bool = False) -> Snapshot:
    """The market while the weakness of its price is held, and met by no number any more."""
    price = snapshot.readings[0]
    held = tuple(WEAK_HELD if one.flag == "pd" else one for one in price.conditions)
    price = replace(price, conditions=held, facts={**price.facts, "r_24h": log(1.027)})
    flags = dict(snapshot.regime.flags)
    flags["pd"] = FlagMemory(True, NOW_MS - 34 * HOUR_MS, NOW_MS - not_met_ms, NOW_MS)
    flags["brk"] = FlagMemory(is_broken, NOW_MS - HOUR_MS)
    return replace(
        snapshot,
        readings=(price, *snapshot.readings[1:]),
        regime=replace(snapshot.regime, flags=flags),
    )


def capitulating() -> Snapshot:
    return market("pd", "down", "oc", "fr")


async def test_a_weakness_that_is_held_is_not_said_to_be_a_fall_of_now() -> None:
    now = talk(capitulating())
    assert "Still falling, leverage leaving; not a bottom call." in await now("/regime")
    assert "Price weak is held" not in await now("/why")
    here = talk(turned_up(capitulating()))
    for line in ("/regime", "/why"):
        said = await here(line)
        assert "It fell, and leverage is leaving; not a bottom call." in said
        assert "Price weak is held: not met for 2 h, let go after 6 h of that." in said
        assert "till falling" not in said
    assert "Falling, and" in await talk(unwinding())("/regime")
    said = await talk(turned_up(unwinding()))("/regime")
    assert "It fell, and longs were closed by force again and again." in said
    assert "It fell, and leverage is not leaving." in await talk(turned_up(crowding()))("/regime")


async def test_a_held_condition_says_since_when_it_is_not_met_and_asks_for_nothing() -> None:
    rows = (await talk(turned_up(capitulating()))("/why")).splitlines()
    place = rows.index(" + price weak                 yes 34h")
    assert rows[place + 1 : place + 4] == [
        "   not met for 2h, held 6h",
        "   24 h shock 1.17 held (-1.00)",
        "   7 d -6.2% (line 0.0%)",
    ]
    assert "   24 h shock 1.17 held (-1.00)" in await talk(turned_up(capitulating()))("/check")


async def test_a_fast_break_is_weakness_of_its_own() -> None:
    said = await talk(turned_up(unwinding(), is_broken=True))("/regime")
    assert "Falling, and longs are closed by force again and again." in said
    assert "is held" not in said


async def test_a_crowded_market_without_a_weak_price_never_fell() -> None:
    said = await talk(market("oe", "fe", "fn", "material"))("/regime")
    assert "Leverage is crowded" in said
    assert "It fell" not in said


@pytest.mark.parametrize(
    ("low", "said"),
    [
        (64_000.0, "   close 64,210 needs below 63,936"),
        (65_000.0, "   close 64,210 (line 64,935)"),
        (None, "   close not known"),
    ],
)
async def test_a_fast_break_that_is_none_says_which_low_it_would_have_to_break(
    low: float | None, said: str
) -> None:
    price = reading("price", last_low_usd=low)
    rows = (await talk(market("pd", price=price))("/why")).splitlines()
    assert rows[rows.index(" - fast break                      no") + 1] == said
    assert not any("close " in row for row in (await talk(unwinding())("/why")).splitlines())


def learning(bps: float | None) -> Reading:
    first = reading("liquidations", long_bps_1h=bps)
    unknown = tuple(
        Condition(one.flag, None, None) if one.flag in {"lb", "lc"} else one for one in first.conditions
    )
    return replace(first, because=Because.LEARNING, conditions=unknown)


@pytest.mark.parametrize(
    ("bps", "link", "told"),
    [
        (9.0, " liquidations high x1/2", Assumption.LIQUIDATIONS_LEARNING),
        (0.2, None, Assumption.LIQUIDATIONS_LEARNING),
        (None, " liqs not known    x1/2", Assumption.LIQUIDATIONS_LEARNING_HIGH),
    ],
)
async def test_liquidations_without_a_rank_are_said_to_be_counted_as_they_are(
    bps: float | None, link: str | None, told: Assumption
) -> None:
    said = await talk(market(liquidations=learning(bps)))("/size BTC 5x 10k")
    assert phrases_in("en").word("assumption", told) in said
    assert "not counted" not in said.partition("Liquidations")[2].partition("\n")[0]
    assert "Liquidations are too old" not in said
    rows = said.splitlines()
    assert link is None or any(row.startswith(link) for row in rows)
    assert any("liq" in row and "x1/2" in row for row in rows) is (link is not None)


async def test_a_book_that_lowers_a_cap_is_named_in_it() -> None:
    book = depth()
    thin = replace(book, facts={**book.facts, "bid_ratio": 0.62, "ask_ratio": 1.4})
    snapshot = calm(volatility=reading("volatility", NOW_MS, sigma=0.6))
    here = talk(replace(snapshot, readings=(*snapshot.readings, thin)))
    said = await here("/size BTC 5x 10k")
    assert "Volatility, book 62%    3.2x <- binds" in said.splitlines()
    assert "Up to 3.2x here (volatility and a thin book binds)" in said
    assert "Volatility vs quiet     4.1x" in (await here("/size BTC 5x short 10k"))
    spanish = talk(replace(snapshot, readings=(*snapshot.readings, thin)))
    spanish.context = replace(spanish.context, language="es")
    assert "Volatilidad, libro 62%  3,2x" in await spanish("/size BTC 5x 10k")
    assert all(len(row) <= 37 for row in monospaced(spanish.reply))


@pytest.mark.parametrize("equity", ["10k", "3333", "777777", "12345678"])
@pytest.mark.parametrize("snapshot", [calm(), crowding()])
async def test_no_size_is_larger_than_the_leverage_beside_it_allows(snapshot: Snapshot, equity: str) -> None:
    here = talk(snapshot)
    said = await here(f"/size BTC 5x {equity}")
    margin = here.reply.data["equity"]
    assert isinstance(margin, float)
    pairs = [
        *re.findall(r"([\d.]+)x here: ([\d,.]+[kMB]?) USDT", said),
        *re.findall(r"above ([\d.]+)x \(([\d,.]+[kMB]?) USDT", said),
        *[(leverage, usd) for usd, leverage in re.findall(r"size ([\d,.]+[kMB]?) USDT \(([\d.]+)x\)", said)],
    ]
    assert len(pairs) == (3 if here.reply.data["new_notional_factor"] == 1.0 else 2)
    for leverage, usd in pairs:
        exact = float(leverage) * margin
        told = float(usd.rstrip("kMB").replace(",", "")) * {"k": 1e3, "M": 1e6, "B": 1e9}.get(usd[-1], 1.0)
        assert exact * 0.99 <= told <= exact + 0.5
    half = re.search(r"now half: ([\d,]+) USDT\n", said)
    most = re.search(r"([\d.]+)x here", said)
    if half and most:
        assert float(half[1].replace(",", "")) <= 0.5 * float(most[1]) * margin + 0.5
    copy = float(here.reply.copies[0].text)
    assert here.reply.copies[0].label.startswith("Size")
    assert copy <= float(most[1] if most else 5.0) * margin + 0.5


@pytest.mark.parametrize(
    ("leverage", "told"), [(3.6765, 3.67), (0.6338, 0.63), (0.0912, 0.091), (0.012345, 0.012), (0.0, 0.0)]
)
def test_a_leverage_is_rounded_down_to_what_counts(leverage: float, told: float) -> None:
    assert down_finely(leverage) == pytest.approx(told)


def test_few_digits_are_never_more_than_the_amount() -> None:
    assert [short_down(usd) for usd in (126_900.0, 1_279_999.0, 0.0, 126_000.0)] == [
        "126k",
        "1.27M",
        "0",
        "126k",
    ]


@pytest.mark.parametrize(("language", "said"), [("en", "s.d. of 72 h"), ("es", "d.e. de 72 h")])
async def test_deviations_say_of_how_long(language: str, said: str) -> None:
    here = talk(calm())
    here.context = replace(here.context, language=language)
    assert said in await here("/size BTC 5x 10k")
    week = await here("/size BTC 5x 10k hold=168h")
    assert "of 7 d" in week or "de 7 d" in week
    assert all(len(row) <= 37 for row in monospaced(here.reply))


def at(venue: Venue, rate: float, hours: float) -> AtVenue:
    return AtVenue(
        venue=venue,
        rate=rate,
        interval_hours=hours,
        is_predicted=True,
        rate_at_ms=NOW_MS,
        next_at_ms=NOW_MS + 3 * HOUR_MS,
    )


@pytest.mark.parametrize("rate", [-0.000031, -0.00031, 0.0000125, 0.0001, -0.0125, 0.03])
@pytest.mark.parametrize("hours", [1.0, 4.0, 8.0])
def test_a_rate_in_spanish_keeps_its_zero_and_a_blank_before_it(rate: float, hours: float) -> None:
    phrases = phrases_in("es")
    with written_in(phrases.style):
        rows = rate_rows(
            [at(venue, rate, hours) for venue in (Venue.BINANCE, Venue.HYPERLIQUID)],
            phrases,
            Rules().freshness,
        )
        told = [row if isinstance(row, str) else row(NOW_MS) for row in rows[1:]]
    for row in told:
        assert len(row) <= 37
        _, own, per_8h, per_year, _ = row.split()
        assert re.fullmatch(r"-?\d+,\d+%/\dh", own)
        assert re.fullmatch(r"-?\d+,\d+%", per_8h)
        assert per_year.endswith("%")


async def test_a_rate_in_the_panel_keeps_apart_from_its_rank_in_spanish() -> None:
    funding = reading("funding", f24=-0.00036, apr=-0.394)
    here = talk(market(funding=funding))
    here.context = replace(here.context, language="es")
    row = next(row for row in (await here("/regime")).splitlines() if row.startswith("Fund"))
    assert "-0,036%/8h -39%pa p94" in row
    assert len(row) <= 37
