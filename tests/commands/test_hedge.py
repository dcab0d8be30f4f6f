"""/hedge: what protecting a long costs, which way the rule takes and why, and what is refused; answered to one person alone."""

import asyncio
import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.hedge import read_days
from commands.protocol.dispatch import outcome
from commands.protocol.phrases import phrases_in
from commands.protocol.picture import Picture
from commands.protocol.request import Misunderstood
from commands.protocol.words import Lexicon
from commands.wording.columns import COLUMNS
from market.hedge import Because, NoHedge
from market.margin import bundled_tiers
from market.observations import MINUTE_MS, Side, Venue
from market.options import Chain
from market.plans import Ladder, Plan
from market.reading import Reading
from market.sizing import MarginMode
from store.persons import Person
from tests.commands.chained import PRICE, chain
from tests.commands.markets import NOW_MS, crowding, market, reading
from tests.commands.talking import Talk, monospaced, talk, text_of
from tests.commands.test_fuzz import PIECES

LEXICON = Lexicon()


def skewed(**facts: float | None) -> Reading:
    return reading("skew", NOW_MS, **{"z": 0.4, "skew_over_atm": 0.10, **facts})


def desk(
    *chains: Chain,
    people: tuple[Person, ...] = (),
    f24: float = 0.0005,
    rate_8h: float | None = None,
    **facts: float | None,
) -> Talk:
    """A conversation where longs pay so much that halving is not the cheaper way; the rate now is the day's where none is said."""
    funding = reading("funding", f24=f24, rate_8h=f24 if rate_8h is None else rate_8h)
    here = market(skew=skewed(**facts), funding=funding)
    return talk(here, chains=chains or (chain(),), people=people, tiers=bundled_tiers().values())


def data(said: Talk) -> dict[str, object]:
    return dict(said.reply.data)


def plan(coins: float = 0.1, margin: float = 6_000.0, drawdown: float = 900.0, **changed: object) -> Plan:
    plain = Plan(
        id="p7f2", asset="BTC", side=Side.LONG, mode=MarginMode.ISOLATED, venue=Venue.BINANCE, is_inverse=False, coins=coins,
        entry_usd=PRICE, margin_usd=margin, made_ms=1, hold_hours=72.0, sigma=0.6, liquidation_usd=4_000.0,
        maintenance_rate=0.005, tiers_on="2026-09-29", drawdown_usd=drawdown, max_leverage=5.0, ladder=Ladder(0.03, 0.05, 0.07),
    )  # fmt: skip
    return dataclasses.replace(plain, **changed)  # type: ignore[arg-type]


def owner(*plans: Plan) -> Person:
    return Person("telegram:4711", plans=plans)


# ------------------------------------------------------------------------------------------------ the answer


async def test_the_answer_names_strikes_costs_break_evens_and_what_stays_open() -> None:
    here = desk()
    said = await here("/hedge btc 64,210 30d")
    assert here.reply.private
    assert outcome(here.reply) == "answered"
    assert "BTC hedge of 64.2k USD · PUT" in said
    assert "Expires 2026-12-25: 33 d (asked 30)" in said
    assert "Put 59,000 (-8.1%)" in said
    assert "Spread 59,000 / 51,000 (-20.6%)" in said
    assert "Left open: the first 8.1%, down to 59,000." in said
    assert "Of the spread: all below 51,000 as well." in said
    assert "Also listed: 2026-12-05, 2027-01-22." in said
    assert "Contracts come in steps of 0.1 BTC: 1 BTC of 1 BTC are covered." in said
    assert "Open there, BTC: 25.0 at 59,000, 25.0 at 51,000." in said
    assert "it tells no sizes with them" in said
    assert all(len(line) <= COLUMNS for line in monospaced(here.reply))


async def test_the_numbers_behind_it_add_up() -> None:
    here = desk()
    await here("/hedge btc 64,210 30d")
    told = data(here)
    put, spread = told["put"], told["spread"]
    assert isinstance(put, dict)
    assert isinstance(spread, dict)
    assert put["break_even"] == pytest.approx(59_000.0 - put["cost_usd"])
    assert put["cost_coins"] == pytest.approx(put["ask"] + 0.0003)
    assert spread["cost_coins"] == pytest.approx(
        put["cost_coins"] - spread["bid"] + min(0.0003, 0.125 * spread["bid"])
    )
    assert spread["max_profit_usd"] == pytest.approx(8_000.0 - spread["cost_usd"])
    assert (told["verdict"], told["rule"], told["because"]) == ("PUT", "PUT", ["cheap"])
    assert (told["margin"], told["step_coins"], told["covered_coins"]) == ("coin", 0.1, 1.0)


async def test_the_picture_shows_every_way_over_the_price_and_says_so_in_words() -> None:
    here = desk()
    await here("/hedge btc 64,210 30d")
    (picture,) = (block for block in here.reply.blocks if isinstance(block, Picture))
    (panel,) = picture.panels
    assert [one.name for one in panel.series] == ["alone", "put", "spread", "half"]
    assert all(len(one.values) == 51 for one in panel.series)
    assert panel.first_x == pytest.approx(0.6 * PRICE)
    assert panel.first_x + 50 * panel.step_x == pytest.approx(1.1 * PRICE)
    uprights = [rule.at for rule in panel.rules if rule.is_upright]
    assert uprights == [PRICE, 59_000.0, 51_000.0]
    worst = panel.series[0].values[0]
    assert worst == pytest.approx(-0.4 * 64_210.0)
    assert "USD, from 38,526 to 70,631: alone -25,684 to 6,421, at worst -25,684; put -" in picture.alt
    assert "last" not in picture.alt
    await here("/hedge btc 64,210 30d")
    (again,) = (block for block in here.reply.blocks if isinstance(block, Picture))
    assert again.key == picture.key


@pytest.mark.parametrize(
    ("facts", "rule", "says"),
    [
        ({"z": 1.2}, "SPREAD", "Skew is dear for this month (z +1.2, from 1)"),
        ({"skew_over_atm": 0.14}, "SPREAD", "Skew is 0.14 of at-the-money (from 0.12)"),
        ({"z": None}, "PUT", "is not known; it is 0.10 of at-the-money"),
        ({"f24": 0.00005}, "REDUCE", "more than 1.5x funding (0.50%) and the fees of halving (0.05%)"),
    ],
)
async def test_the_rule_that_chose_is_told(facts: dict[str, float], rule: str, says: str) -> None:
    here = desk(**facts)  # type: ignore[arg-type]
    said = await here("/hedge btc 64,210 30d")
    assert says in said
    assert data(here)["rule"] == rule


async def test_options_in_dollars_are_said_to_be_another_market() -> None:
    here = desk(chain(inverse=False, asset="BTC"))
    said = await here("/hedge btc 64,210")
    assert "Margined in USDC" in said
    assert "The least amount that is traded in BTC options is not known here" in said
    assert " USDC a coin" in said
    assert data(here)["margin"] == "USDC"


async def test_without_a_lower_put_only_the_spread_is_missing() -> None:
    whole = chain(days=(33.0,))
    only = [one for one in whole.quotes if one.is_call or one.strike_usd == 59_000.0]
    here = desk(dataclasses.replace(whole, quotes=tuple(only)), z=2.0)
    said = await here("/hedge btc 64,210")
    assert "Spread: no lower put has a bid" in said
    assert any(line.startswith(" -20%") and line.split()[3] == "-" for line in said.splitlines())
    assert data(here)["spread"] is None
    assert data(here)["because"] == ["dear_by_z", "no_spread"]
    assert "No other expiry can be traded." in said


# ------------------------------------------------------------------------------------------------ one's own plans


async def test_no_hedge_is_needed_where_the_plan_stands_without_one() -> None:
    here = desk(people=(owner(plan()),))
    said = await here("/hedge btc")
    assert "NOT NEEDED" in said
    assert "survive 10% yes" in said
    assert "So no hedge is needed" in said
    assert data(here)["verdict"] == "NOT_NEEDED"
    assert data(here)["rule"] == "PUT"
    assert data(here)["notional"] == pytest.approx(6_421.0)


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (plan(liquidation_usd=60_000.0), "survive 10% no"),
        (plan(drawdown=100.0), "risk within budget no"),
    ],
)
async def test_a_plan_that_does_not_stand_is_hedged_and_it_is_said_why(held: Plan, says: str) -> None:
    here = desk(people=(owner(held),))
    assert says in await here("/hedge btc")
    assert data(here)["verdict"] == "PUT"


async def test_a_longer_time_is_a_wider_two_sigma() -> None:
    here = desk(people=(owner(plan(liquidation_usd=55_500.0)),))
    await here("/hedge btc")
    assert data(here)["verdict"] == "NOT_NEEDED"
    said = await here("/hedge btc 6,421 30d")
    assert data(here)["verdict"] == "PUT"
    assert "in 30 d) no" in said


async def test_a_plan_says_nothing_of_more_than_it_holds_and_a_short_one_nothing_at_all() -> None:
    here = desk(people=(owner(plan()),))
    await here("/hedge btc 64,210")
    assert data(here)["unhedged"] is None
    short = desk(people=(owner(plan(side=Side.SHORT, liquidation_usd=90_000.0)),))
    await short("/hedge btc 6,421")
    assert data(short)["unhedged"] is None


async def test_a_cross_plan_whose_brackets_are_not_known_is_not_said_to_stand() -> None:
    crossed = plan(mode=MarginMode.CROSS, maintenance_rate=None, venue=Venue.DERIBIT)
    here = desk(people=(owner(crossed),))
    said = await here("/hedge btc")
    assert "survive 10% unknown" in said or "survive 10% ?" in said
    assert data(here)["verdict"] != "NOT_NEEDED"


# ------------------------------------------------------------------------------------------------ refused


@pytest.mark.parametrize(
    ("chains", "line", "why", "says"),
    [
        ((), "/hedge btc 10k", NoHedge.NO_CHAIN, "No option chain of BTC is kept here"),
        ((chain(age_ms=16 * MINUTE_MS),), "/hedge btc 10k", NoHedge.STALE, "is 16min old"),
        ((chain(bid_price=None),), "/hedge btc 10k", NoHedge.NO_BIDS, "none with a bid"),
        ((chain(days=(1.0,)),), "/hedge btc 10k", NoHedge.NO_PUTS, "more than two days left"),
        ((chain(),), "/hedge btc 3k", NoHedge.TOO_SMALL, "0.1 BTC (6,421 USD)"),
    ],
)
async def test_what_nobody_quotes_is_refused_with_its_reason(
    chains: tuple[Chain, ...], line: str, why: NoHedge, says: str
) -> None:
    here = talk(crowding(), chains=chains)
    said = await here(line)
    assert says in said
    small = why is NoHedge.TOO_SMALL
    assert said.startswith("BTC · TOO SMALL TO HEDGE" if small else "BTC · NO OPTION PRICES")
    assert data(here)["reason"] == why.value
    assert data(here)["verdict"] is None
    assert here.reply.private


async def test_a_recorded_market_keeps_no_chain() -> None:
    here = talk(crowding(source="history"))
    assert "what a hedge of BTC cost then is not established" in await here("/hedge btc 10k")


async def test_more_time_or_size_than_there_is_is_said() -> None:
    said = await desk()("/hedge btc 10m 400d")
    assert "Nothing longer can be traded: of 400 days 61 are covered." in said
    assert "expect no such size at these quotes" in said
    small = await desk()("/hedge btc 64,210 30d")
    assert "Nothing longer" not in small
    assert "no such size" not in small


async def test_scripts_are_told_all_of_it_beside_one_coin() -> None:
    here = desk()
    await here("/hedge btc 64,210 30d")
    put, covered = data(here)["put"], data(here)["covered_coins"]
    assert put["total_cost_usd"] == pytest.approx(put["cost_usd"] * covered)  # type: ignore[index]
    assert f"{put['total_cost_usd'] / 1e3:.2f}k USD = " in text_of(here.reply)  # type: ignore[index]


async def test_where_longs_are_paid_halving_saves_no_funding() -> None:
    said = await desk(f24=-0.0002, rate_8h=-0.0001)("/hedge btc 64,210 30d")
    assert " longs pay no funding\n at -.010%/8h, the rate now" in said


async def test_holding_is_counted_at_the_dearer_of_the_day_and_now_and_it_is_said_which() -> None:
    turned = desk(f24=-0.0002, rate_8h=0.0004)
    said = await turned("/hedge btc 64,210 30d")
    assert " at .040%/8h, the rate now" in said
    assert "no funding" not in said
    halving = data(turned)["halving"]
    assert isinstance(halving, dict)
    assert halving["funding_8h"] == 0.0004
    eased = await desk(f24=0.0005, rate_8h=0.0001)("/hedge btc 64,210 30d")
    assert " at .050%/8h, the 24 h mean" in eased


async def test_skew_of_which_half_is_not_known_is_not_called_cheap_in_all() -> None:
    half = await desk(skew_over_atm=None)("/hedge btc 64,210 30d")
    assert (
        "Skew is not dear for this month (z +0.4); how it stands to at-the-money is not known: a put." in half
    )
    unseen = market(lacking=("skew",), funding=reading("funding", f24=0.0005))
    said = await talk(unseen, chains=(chain(),))("/hedge btc 64,210 30d")
    assert "Whether skew is dear is not known: a put, which pays all the way down." in said


async def test_where_funding_is_not_known_no_rate_is_told() -> None:
    unseen = market(skew=skewed(), lacking=("funding",))
    said = await talk(unseen, chains=(chain(),))("/hedge btc 64,210 30d")
    assert " funding of the whole ? USD\n fall" in said.replace("  ", "")


async def test_without_a_price_nothing_is_hedged() -> None:
    here = talk(market(lacking=("price",)), chains=(chain(),))
    assert "Nothing is hedged at a price that is not known" in await here("/hedge btc 10k")


async def test_a_short_a_missing_amount_and_a_time_beyond_all_listings_are_asked_for_again() -> None:
    here = desk()
    assert "Only a long is hedged here" in await here("/hedge btc 10k short")
    assert "amount" in await here("/hedge btc")
    only_time = await here("/hedge btc 100")
    assert "Only a time is read (100 d). The amount is missing" in only_time
    assert only_time.endswith("Example: /hedge BTC 50k 100d")
    assert '"30d" is no amount.' in await here("/hedge notional=30d")
    assert '"5x" is no amount' in await here("/hedge btc 5x")
    assert "The least that is traded is 0.1 BTC" in await here("/hedge btc 1.5 30d")
    assert "1 to 540 days" in await here("/hedge btc 10k 900d")


async def test_an_asset_that_was_never_looked_at_has_no_hedge_but_a_reason() -> None:
    here = desk()
    await here("/hedge eth 10k")
    assert here.reply.private


@settings(max_examples=150, deadline=None)
@given(words=st.lists(st.sampled_from(PIECES), max_size=7), amount=st.floats(1.0, 1e12))
def test_whatever_is_said_is_answered_in_lines_that_fit(words: list[str], amount: float) -> None:
    here = desk()
    for line in (
        " ".join(("/hedge", *words)),
        f"/hedge btc notional={amount:.2f}",
        f"/hedge {amount:.0f}usdt 7d",
    ):
        asyncio.run(here(line))
        assert here.reply.private or outcome(here.reply) != "answered"
        assert all(len(one) <= COLUMNS for one in monospaced(here.reply)), line


async def test_large_and_small_amounts_are_written_out() -> None:
    here = desk()
    said = await here("/hedge btc 1b")
    assert "15,573.9 BTC of" not in said
    assert " 15,573.9 BTC: " in said
    assert "e+" not in said


@pytest.mark.parametrize(
    ("word", "days"), [("30d", 30.0), ("2w", 14.0), ("72h", 3.0), ("14", 14.0), ("7days", 7.0), ("1000", None), ("d", None), ("5x", None), ("1.5d", None), ("-3d", None), ("٣d", None)]
)  # fmt: skip
def test_days_are_read_as_they_are_written(word: str, days: float | None) -> None:
    assert read_days(word, LEXICON) == days


@pytest.mark.parametrize("word", ["0d", "541d", "12h", "9999d", "999"])
def test_days_that_cannot_be_are_refused(word: str) -> None:
    with pytest.raises(Misunderstood):
        read_days(word, LEXICON)


def test_everything_that_can_be_said_of_a_hedge_has_words() -> None:
    english = phrases_in("en")
    assert all(english.knows("hedge_because", one.value) for one in Because)
    assert all(english.knows("no_hedge", one.value) for one in NoHedge)
    assert all(english.knows("hedge_verdict", one) for one in ("put", "spread", "reduce", "not_needed"))
