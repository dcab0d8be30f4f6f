"""/skew: what protection costs by both deltas, whether fear grows or leaves, the term, and what it is read from."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from commands.protocol.phrases import phrases_in
from commands.protocol.picture import Picture
from commands.wording.columns import COLUMNS
from commands.wording.skew_chain import listed_of
from market.hourly import Hourly
from market.observations import HOUR_MS, MINUTE_MS
from market.options import Chain, skew_of
from market.options.quotes import LeftOut
from market.reading import Reading
from market.rules import Rules
from tests.commands.chained import chain
from tests.commands.levelled import LAST_CLOSE_MS
from tests.commands.markets import NOW_MS, market, reading
from tests.commands.talking import Talk, monospaced, talk

RULES = Rules()
HOME = Path(__file__).parent.parent.parent
FACTS: Mapping[str, float | None] = {
    "skew_30d_points": 6.1,
    "skew_7d_points": 8.0,
    "skew_30d_adjusted_points": 7.6,
    "butterfly_30d_points": 2.7,
    "atm_iv_30d": 0.60,
    "atm_iv_7d": 0.66,
    "skew_over_atm": 0.10,
    "term_inversion_points": 6.0,
    "z": 0.9,
    "change_24h_points": 0.4,
    "z_change": 0.3,
    "peak_7d_points": 9.0,
    "from_peak_7d": -0.32,
    "normalising": 0.0,
}


def skewed(*flags: str, **facts: float | None) -> Reading:
    return reading("skew", NOW_MS, *flags, **{**FACTS, **facts})


def desk(
    *flags: str, chains: tuple[Chain, ...] = (), dvol: float | None = 0.60, **facts: float | None
) -> Talk:
    volatility = reading("volatility", dvol=dvol, vrp=None if dvol is None else 0.042)
    return talk(market(skew=skewed(*flags, **facts), volatility=volatility), chains=chains or (chain(),))


async def test_the_month_stands_beside_the_week_by_both_deltas() -> None:
    here = desk()
    said = await here("/skew btc")
    assert "BTC · skew +6.1 pts 30d p86" in said
    assert "skew 25 delta         +6.1      +8.0" in said
    assert "at the money         60.0%     66.0%" in said
    assert " premium-adj.         +7.6" in said
    assert "Among 30 days: z +0.9, p86" in said
    assert "Week's peak +9.0, now -32% from it." in said
    assert "Skew over at-the-money: 0.10." in said
    assert "DVOL 60.0%: 3.1% a day." in said
    assert "(VRP, 30 d): +4.2 pts: options are dearer than the moves were." in said
    assert all(len(line) <= COLUMNS for line in monospaced(here.reply))
    assert here.reply.data["term_inversion_points"] == 6.0


@pytest.mark.parametrize(
    ("flags", "facts", "says"),
    [
        (("kst", "ks"), {"change_24h_points": 2.1}, "Steepening: +2.1 pts in a day"),
        (("ks",), {}, "Steep: puts cost 6.1 vol points more"),
        (("ks_call",), {}, "Calls are the dear side"),
        (("skew_dear",), {}, "Dear for this month"),
        ((), {}, "Neither steep nor steepening"),
        ((), {"normalising": 1.0}, "That is panic priced in, not resolved."),
        ((), {"term_inversion_points": -3.0}, "not inverted"),
        ((), {"term_inversion_points": 0.04}, "Week over month at the money +0.0 pts: flat."),
        ((), {"term_inversion_points": 3.0}, "inverted, the near future is feared more"),
        ((), {"term_inversion_points": 5.0}, "inverted, the near future is feared more"),
        ((), {"term_inversion_points": 5.1}, "inverted by much, as in a panic"),
        ((), {"term_inversion_points": None}, "Term: not known"),
    ],
)
async def test_what_it_stands_for_is_said_first(
    flags: tuple[str, ...], facts: dict[str, float | None], says: str
) -> None:
    assert says in await desk(*flags, **facts)("/skew btc")  # type: ignore[arg-type]


async def test_dearer_protection_while_longs_pay_is_unstable() -> None:
    here = talk(market("fe", "fn", skew=skewed("kst")), chains=())
    assert "unstable" in await here("/skew btc")


async def test_what_was_left_out_of_the_chain_is_counted() -> None:
    whole = chain()
    odd = tuple(
        replace(one, bid_price=None) if number % 7 == 3 else one for number, one in enumerate(whole.quotes)
    )
    here = desk(chains=(dataclasses.replace(whole, quotes=odd, stale=(0, 1)),))
    said = await here("/skew btc")
    assert "Left out: " in said
    assert "without bid or ask" in said
    assert "2 stood still" in said
    assert here.reply.data["chain"]["left_out"][LeftOut.NO_BID.value] > 0  # type: ignore[index]


async def test_gamma_is_told_without_a_sign_and_as_a_band_of_low_confidence() -> None:
    here = desk()
    said = await here("/skew btc")
    assert "Gamma within 5%: " in said
    assert "whoever holds it" in said
    assert "Dealers long calls and short puts: " in said
    assert "confidence low, and no part of the state" in said
    told = here.reply.data["chain"]
    assert isinstance(told, Mapping)
    assert told["gamma_dealers_short_all"] == -told["gamma_usd_per_percent"]


def test_gamma_is_no_part_of_any_state() -> None:
    """Two chains whose open interest differs a thousandfold give the state the same observation."""
    many = chain(open_interest_coins=25_000.0)
    few = chain()
    assert skew_of(many.quotes, NOW_MS) == skew_of(few.quotes, NOW_MS)
    one, other = (listed_of(each, NOW_MS, RULES.options) for each in (many, few))
    assert one is not None
    assert other is not None
    assert one.gamma is not None
    assert other.gamma is not None
    assert one.gamma.unsigned_usd == pytest.approx(1_000.0 * other.gamma.unsigned_usd)


def test_nothing_that_judges_reads_gamma() -> None:
    judging = [path for path in (HOME / "market").rglob("*.py") if path.parent.name != "options"]
    assert len(judging) > 50
    assert not [
        path for path in judging if "options.gamma" in path.read_text() or "gamma_near" in path.read_text()
    ]


async def test_the_picture_is_of_the_hours_that_are_kept_with_gaps_where_no_skew_was_known() -> None:
    hours = Hourly()
    for number in range(200):
        known = None if number < 150 else 4.0 + 0.1 * (number - 150)
        close_ms = LAST_CLOSE_MS - (199 - number) * HOUR_MS
        hours.close_hour(close_ms, 64_300.0, 64_100.0, 64_210.0, 214_000.0, skew_points=known)
    here = talk(market(skew=skewed()), hours={"BTC": hours})
    await here("/skew btc")
    (drawn,) = (block for block in here.reply.blocks if isinstance(block, Picture))
    (panel,) = drawn.panels
    assert (panel.unit, [rule.at for rule in panel.rules]) == ("points", [8.0])
    assert panel.series[0].values[149] is None
    assert panel.series[0].values[-1] == pytest.approx(8.9, abs=1e-5)
    assert "150 of 200 not known" in drawn.alt
    bare = talk(market(skew=skewed()))
    await bare("/skew btc")
    assert not any(isinstance(block, Picture) for block in bare.reply.blocks)


async def test_without_a_fresh_chain_the_reading_still_speaks() -> None:
    for chains in ((chain(asset="ETH"),), (chain(age_ms=16 * MINUTE_MS),)):
        here = desk(chains=chains)
        said = await here("/skew btc")
        assert "not kept here now" in said
        assert "skew 25 delta         +6.1      +8.0" in said
        assert here.reply.data["chain"] is None


async def test_a_chain_in_dollars_says_so_and_no_index_is_said() -> None:
    here = desk(chains=(chain(inverse=False),), dvol=None)
    said = await here("/skew btc")
    assert "Margined in USDC" in said
    assert "No volatility index is told for it." in said


async def test_an_asset_without_options_has_no_skew_and_that_is_said() -> None:
    said = await talk(market(lacking=("skew",)))("/skew btc")
    assert "NO SKEW" in said.upper()
    assert "not seen" in said
    then = await talk(market(lacking=("skew",), source="history"))("/skew btc")
    assert "The recorded files do not tell it, so it is not established." in then


@pytest.mark.parametrize(
    ("points", "says"),
    [
        (-1.4, "puts cost 1.4 vol points less than the same rise"),
        (0.02, "puts and calls cost the same"),
        (2.0, "puts cost 2.0 vol points more than the same rise"),
    ],
)
async def test_a_skew_of_either_sign_reads_as_what_it_is(points: float, says: str) -> None:
    one = dataclasses.replace(skewed(), value=points)
    assert says in await talk(market(skew=one))("/skew btc")


async def test_a_skew_that_may_be_steep_unseen_is_not_called_plain() -> None:
    unknown = tuple(
        dataclasses.replace(one, enters=None, stays=None) if one.flag == "kst" else one
        for one in skewed().conditions
    )
    said = await talk(market(skew=dataclasses.replace(skewed(), conditions=unknown)))("/skew btc")
    assert "Whether it is steep or steepening is not known yet." in said


async def test_a_skew_that_is_too_old_says_so() -> None:
    assert "too old to be judged by" in await talk(market(silent=("skew",)), chains=())("/skew btc")


def test_every_reason_for_leaving_a_quote_out_has_words() -> None:
    assert all(phrases_in("en").knows("left_out", why.value) for why in LeftOut)
