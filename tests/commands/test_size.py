"""/size: the verdict before the numbers, the chain of caps, what was assumed, and sentences for what cannot be."""

from dataclasses import replace

import pytest

from commands.protocol.dispatch import outcome
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Tone
from commands.size import _refusal
from market.margin import BUNDLED_ON, Impossible, ImpossiblePosition, tiers_of
from market.observations import MINUTE_MS, SECOND_MS, Side
from market.reading import Presence
from market.sizing import MarginMode, Position, Reduction
from market.snapshot import Snapshot
from tests.commands.markets import NOW_MS, calm, crowding, market, reading, unwinding
from tests.commands.talking import Talk, monospaced, talk


async def test_the_answer_is_laid_out_as_the_example_of_the_design() -> None:
    said = (
        await talk(unwinding(liquidations=reading("liquidations", NOW_MS)))("/size BTC 5x 10k")
    ).splitlines()
    assert said[0] == "BTC 5x long · WAIT"
    crowded = (
        await talk(crowding(volatility=reading("volatility", NOW_MS, "vol_hi")))("/size BTC 5x 10k")
    ).splitlines()
    assert crowded[:33] == [
        "BTC 5x long · TOO MUCH NOW",
        "Up to 1.8x here (the reduced base binds); 5x needs 26,667 USDT margin (you said 10,000).",
        "New size: half (2 of 4 checks).",
        "Now CROWDING for 6 h 20 min. Checks that flash: open interest and funding (2 of 4): REDUCE.",
        "Base (ours)             5.0x",
        " volatility high   x1/2 2.5x",
        " funding high      x3/4 1.8x <- binds",
        "Volatility vs quiet     3.6x",
        "2 sigma, 72 h (12.3%)   7.6x",
        "10% move                9.3x",
        "Venue's tier           80.0x",
        "At 5x (50,000 USDT, isolated):",
        "Liq ~51,600  -19.6%  3.5 s.d. of 72 h",
        "Touched in 72 h: above 0% (a floor)",
        "Worst 72 h of 180 d not known",
        "Survives 10% yes · 2 sigma yes",
        " above 7.6x (76,000 USDT): not both",
        "Funding 72 h  -139.50 (1.4% margin)",
        " at .031%/8h, the 24 h mean",
        "Fees in and out  -50.00 (0.5% margin)",
        "To make it fit:",
        " 1.8x here: 18,000 USDT",
        " 5x: deposit 16,667 USDT more",
        " now half: 9,000 USDT",
        "At 1.8x, which fits:",
        "To lose at most 5% (500 USDT):",
        "half now: 1,967 USDT, out 58,272",
        "Trim 61,241 · hedge 59,757",
        "(rungs pulled in x.75: CROWDING)",
        "No adds while that holds.",
        "Our defaults: base 5x, 5% to lose.",
        "Order-book depth is not seen: left out.",
        "Price 4s · funding 1min · vol 3min",
    ]
    assert crowded[33:] == [f"Binance tiers of {BUNDLED_ON}"]


async def test_what_fits_is_said_to_fit_and_by_which_cap() -> None:
    ask = talk(calm(volatility=reading("volatility", NOW_MS, sigma=0.4)))
    said = await ask("/size btc 5x 10k")
    assert said.startswith("BTC 5x long · FITS\nFits: up to 5.0x here (the base binds).")
    assert ask.reply.private


@pytest.mark.parametrize(
    ("snapshot", "tone"),
    [
        (calm(), Tone.GOOD),
        (market("oe", "off_peak", "fr"), Tone.CAUTION),
        (calm(lacking=("skew", "liquidations")), Tone.CAUTION),
    ],
)
async def test_what_fits_is_green_only_where_nothing_stands_against_it(
    snapshot: Snapshot, tone: Tone
) -> None:
    ask = talk(snapshot)
    await ask("/size BTC 2x 10k")
    assert ask.reply.data["verdict"] == "FITS"
    assert ask.reply.blocks[0].tone is tone  # type: ignore[union-attr]


async def test_the_numbers_behind_it_have_plain_keys() -> None:
    ask = talk(crowding())
    await ask("/size BTC 5x 10k")
    needed = {
        "verdict", "max_leverage", "binding_cap", "caps", "liquidation_price", "liquidation_distance", "sigma_horizon",
        "touch_probability", "survives_10pct", "survives_2sigma", "funding_cost", "margin_total", "margin_to_deposit",
        "risk_budget_notional", "new_notional_factor", "trim", "hedge", "exit", "equity", "notional", "regime",
        "distance_sigma",
    }  # fmt: skip
    assert needed <= set(ask.reply.data)


async def test_the_button_asks_for_the_same_position_at_what_fits() -> None:
    ask = talk(crowding(volatility=reading("volatility", NOW_MS, "vol_hi")))
    await ask("/size BTC 5x short 10k 48h cross")
    first = ask.reply.actions[0]
    assert first.command == "/size BTC 2.5x short equity=10000 hold=48h cross"
    assert "FITS" in await ask(first.command)


async def test_the_button_keeps_every_word_of_the_question() -> None:
    ask = talk(crowding(volatility=reading("volatility", NOW_MS, "vol_hi")))
    await ask("/size BTC 8x 1,000 base=8x lose=2.5% entry=64,200.5")
    first = ask.reply.actions[0]
    assert first.command == "/size BTC 3x long equity=1000 lose=2.5% base=8x entry=64200.5"
    said = await ask(first.command)
    assert said.startswith("BTC 3x long · FITS")
    assert "To lose at most 2.5% (25 USDT):" in said


async def test_the_name_of_every_link_of_the_chain_leaves_room_for_its_factor() -> None:
    phrases = phrases_in("en")
    assert all(len(phrases.word("chain", why.value)) <= 18 for why in Reduction)


async def test_a_position_that_has_lost_already_is_measured_from_the_price_now() -> None:
    ask = talk(calm(volatility=reading("volatility", NOW_MS, sigma=0.4)))
    fresh = await ask("/size BTC 5x 10k")
    assert ask.reply.data["entry"] == 64_210.0
    assert "-19.6%" in fresh
    assert "as you say" not in fresh
    held = await ask("/size BTC 5x 10k entry=73,000")
    # closed at 73,000 x .8036 = 58,664, which is 8.6% below 64,210
    assert "-8.6%" in held
    assert "Survives 10% no" in held
    assert held.splitlines()[:2] == [
        "BTC 5x long · NEVER SURVIVES 10%",
        "A 10% move from the price now closes it. A new position: up to 5.0x here (the base binds).",
    ]
    assert (
        "Entry 73,000 as you say, price now 64,210 (-12.0%): the way to liquidation is counted from now"
        in held
    )
    assert ask.reply.data["touch_probability"] > 0.01  # type: ignore[operator]


async def test_a_position_that_has_gained_keeps_its_own_distance() -> None:
    ask = talk(calm(volatility=reading("volatility", NOW_MS, sigma=0.4)))
    said = await ask("/size BTC 5x 10k entry=50,000")
    assert "-19.6%" in said
    assert "Entry 50,000 as you say, price now 64,210 (+28.4%): all is counted from the entry." in said


@pytest.mark.parametrize("line", ["/size BTC 5x 10k entry=100,000", "/size BTC 5x 10k short entry=40,000"])
async def test_a_position_that_would_be_closed_by_now_is_refused(line: str) -> None:
    ask = talk(calm())
    said = await ask(line)
    assert outcome(ask.reply) == "refused"
    assert "At 64,210 now that position would be closed already: its liquidation price is" in said


async def test_without_equity_amounts_are_per_thousand_of_margin_and_none_is_invented() -> None:
    ask = talk(crowding())
    said = await ask("/size BTC 5x")
    assert "times the margin" in said
    assert "At 5x (isolated), per 1,000 USDT:" in said
    assert "Fees in and out  -5.00 (0.5% margin)" in said  # 5,000 x 2 x .05%
    assert "To lose at most 5% (50 of 1,000):" in said
    assert "No equity stated: first tier assumed" in said
    for name in ("notional", "equity", "margin_total", "margin_to_deposit", "funding_cost", "fees"):
        assert ask.reply.data[name] is None


async def test_three_checks_say_wait_and_what_holds_if_it_is_held() -> None:
    said = await talk(unwinding())("/size BTC 5x 10k")
    assert "4 of 4 checks flash: no new position now. If you hold it, this is how it stands" in said
    assert "New size: none (4 of 4 checks)." in said
    assert "(rungs pulled in x.75: UNWINDING)" in said


async def test_what_holding_costs_is_the_dearer_of_now_and_of_the_day_and_says_which() -> None:
    def at(mean: float | None, now: float | None) -> Talk:
        rates = reading("funding", NOW_MS, f24=mean, rate_8h=now)
        return talk(calm(funding=rates, volatility=reading("volatility", NOW_MS, sigma=0.4)))

    # 2 x 10,000 x .027% x 9
    short = await at(0.0001, -0.00027)("/size BTC 2x short 10k")
    assert "Funding 72 h  -48.60 (0.5% margin)\n at -.027%/8h, the rate now\n" in short
    long = await at(0.0001, -0.00027)("/size BTC 2x 10k")
    assert "Funding 72 h  -18.00 (0.2% margin)\n at .010%/8h, the 24 h mean\n" in long
    assert "Funding 72 h  nothing to pay" in await at(-0.0001, -0.00027)("/size BTC 2x 10k")
    assert " at .020%/8h, the rate now" in await at(None, 0.0002)("/size BTC 2x 10k")
    old = replace(
        reading("funding", NOW_MS, f24=0.0001, rate_8h=0.0008), presence=Presence.STALE, quality=0.3
    )
    assert " at .080%/8h, last seen" in await talk(calm(funding=old))("/size BTC 2x 10k")
    assert " at .020%/8h, the 24 h mean" in await at(0.0002, None)("/size BTC 2x 10k")
    assert "Funding 72 h  not known" in await at(None, None)("/size BTC 2x 10k")


@pytest.mark.parametrize("sigma", [0.3, 0.4, 0.55, 0.7, 0.9])
async def test_the_chance_of_liquidation_is_told_as_a_floor_and_never_as_a_promise(sigma: float) -> None:
    ask = talk(calm(volatility=reading("volatility", NOW_MS, sigma=sigma)))
    said = await ask("/size BTC 5x 10k")
    touched = next(line for line in said.splitlines() if line.startswith("Touched in"))
    assert "under" not in touched
    assert "<" not in touched
    assert "at least" in touched or "a floor" in touched
    chance = ask.reply.data["touch_probability"]
    assert ("at least" in touched) is (chance >= 0.0005)  # type: ignore[operator]


async def test_ten_times_fails_the_ten_percent_test() -> None:
    said = await talk(calm())("/size BTC 10x 10k")
    assert said.startswith(
        "BTC 10x long · NEVER SURVIVES 10%\nA 10% move against it closes it: at most 9.5x survives one."
    )


async def test_size_answers_wherever_price_and_volatility_are_there() -> None:
    said = await talk(market(lacking=("liquidations", "open_interest", "funding", "skew")))(
        "/size BTC 5x 10k"
    )
    assert "Liq ~" in said
    assert "Liquidations are not seen: not counted." in said
    assert "Funding is not seen: not counted." in said
    assert "Funding 72 h  not known" in said


async def test_an_unknown_volatility_is_said_with_what_stands_in_for_it() -> None:
    said = await talk(calm(lacking=("volatility",)))("/size BTC 5x 10k")
    assert "Volatility not known: 1.5 times the quiet one is used." in said
    assert "vol not seen" in said


async def test_without_a_usable_price_nothing_is_sized_unless_an_entry_is_stated() -> None:
    ask = talk(market(lacking=("price",)))
    said = await ask("/size BTC 5x 10k")
    assert said.startswith("BTC 5x long · NO ANSWER")
    assert "price not seen" in said
    assert said.endswith("You can state one: /size BTC 5x long equity=10000 entry=...")
    assert ask.reply.data["verdict"] is None
    assert "Liq ~" in await ask("/size BTC 5x 10k entry=64,200")


async def test_a_price_three_times_too_old_is_no_price() -> None:
    ask = talk(crowding())
    assert "Price 1min" in await ask.later(90 * SECOND_MS)("/size BTC 5x 10k")
    late = ask.later(5 * MINUTE_MS)
    said = await late("/size BTC 5x 10k lose=2%")
    assert "NO ANSWER" in said
    line = said.partition("You can state one: ")[2]
    assert line == "/size BTC 5x long equity=10000 lose=2% entry=64210"
    assert "Liq ~" in await late(line)


async def test_cross_margin_is_told_what_stands_behind_it() -> None:
    assert "Keep spare collateral elsewhere." in await talk(calm())("/size BTC 3x 10k cross")


async def test_a_base_and_a_budget_of_ones_own_are_used() -> None:
    said = await talk(calm())("/size BTC 8x 10k base=8x lose=2%")
    assert "Base (yours)            8.0x" in said
    assert "To lose at most 2% (200 USDT):" in said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/size BTC 160x 10k", "160x is more than the venue allows: 80x at most on that margin"),
        ("/size BTC 150x 10m", "is more than the venue allows"),
        ("/size BTC 5x 900b", "is more than the venue lets anybody hold"),
    ],
)
async def test_what_the_venue_forbids_is_refused_with_its_tiers(line: str, says: str) -> None:
    ask = talk(calm())
    said = await ask(line)
    assert says in said
    assert BUNDLED_ON in said
    assert outcome(ask.reply) == "refused"


@pytest.mark.parametrize("why", Impossible)
def test_every_impossible_position_has_its_sentence_and_an_example(why: Impossible) -> None:
    stated = Position("BTC", Side.LONG, 5.0, mode=MarginMode.ISOLATED)
    numbers = {"leverage": 160.0, "highest": 150.0, "notional_usd": 1e12, "largest_usd": 1e9}
    refused = _refusal(ImpossiblePosition(why, **numbers), stated, tiers_of("BTC"), "en")
    assert refused.key == f"impossible.{why.value}"
    assert refused.example == "/size BTC 5x 10k"
    assert refused.values["published"] == BUNDLED_ON


async def test_an_asset_without_brackets_is_not_given_a_guessed_liquidation_price() -> None:
    ask = talk(crowding(asset="NOWHERE"), watched=("NOWHERE",))
    said = await ask("/size nowhere 5x 10k")
    assert "No margin tiers are known for NOWHERE" in said
    assert "Liq ~" not in said


@pytest.mark.parametrize("equity", ["", " 0.02usdt", " 10k", " 123,456.78", " 40m"])
@pytest.mark.parametrize("words", ["2x", "1x short", "9.4x 30d", "5x 1h cross", "5x lose=100%", "20x"])
async def test_every_line_fits_on_a_phone(words: str, equity: str) -> None:
    cheap = reading("price", NOW_MS, price_usd=0.0000123456)
    for snapshot in (
        unwinding(),
        calm(),
        replace(market(price=cheap), asset="1000PEPE"),
        market(lacking=("volatility",)),
    ):
        ask = talk(snapshot)
        await ask(f"/size {snapshot.asset} {words}{equity}")
        assert [line for line in monospaced(ask.reply) if len(line) > 37 or "…" in line] == []


async def test_a_fall_of_three_days_is_a_cap_of_a_long_and_is_named() -> None:
    fallen = market(price=reading("price", NOW_MS, drawdown_3d=-0.10))
    said = await talk(fallen)("/size BTC 5x 10k")
    assert "Fall in 3 d (-10.0%)    2.5x" in said
    assert "Fall in 3 d" not in await talk(fallen)("/size BTC 5x short 10k")
