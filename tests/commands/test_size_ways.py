"""/size and what follows of it: the market of this moment, what would make it fit, a plan of it, and that any line is answered."""

import re
from dataclasses import replace
from random import Random

import pytest

from commands.protocol.dispatch import outcome
from commands.wording.numbers import enough
from store.persons import Person
from tests.commands.markets import NOW_MS, calm, crowding, market, reading, unwinding
from tests.commands.talking import monospaced, talk
from tests.commands.test_size_rests_on import BYBIT, HYPERLIQUID, ME, OKX, PLAN, falls_of


async def test_the_state_and_the_checks_of_this_moment_stand_in_the_answer() -> None:
    ask = talk(crowding())
    said = await ask("/size BTC 2x 10k")
    assert (
        "Now CROWDING for 6 h 20 min. Checks that flash: open interest and funding (2 of 4): REDUCE." in said
    )
    assert ask.reply.data["checks"] == {
        "open_interest": True,
        "funding": True,
        "liquidations": False,
        "skew": False,
    }
    assert "Now HEALTHY for 6 h 20 min. No check flashes: PROCEED WITHIN CAPS." in await talk(calm())(
        "/size BTC 2x"
    )


async def test_what_fits_is_told_how_much_of_a_new_one_may_be_taken() -> None:
    ask = talk(crowding())
    said = await ask("/size BTC 2x 10k")
    assert said.startswith("BTC 2x long · FITS")
    assert "Of a new position:\n now half: 10,000 USDT" in said
    assert "To make it fit" not in said


async def test_what_would_make_it_fit_is_leverage_or_margin() -> None:
    ask = talk(calm(volatility=reading("volatility", NOW_MS, sigma=0.4)))
    said = await ask("/size BTC 8x 10k")
    assert "To make it fit:\n 5.0x here: 50,000 USDT\n 8x: deposit 6,000 USDT more" in said
    assert ask.reply.data["margin_to_deposit"] == pytest.approx(6_000.0)
    assert ask.reply.actions[0].command == "/size BTC 5x long equity=10000"
    assert "To make it fit" not in await ask("/size BTC 5x 10k")


async def test_where_no_margin_is_enough_none_is_asked_for() -> None:
    ask = talk(market(volatility=reading("volatility", NOW_MS, sigma=2.1)))
    said = await ask("/size BTC 5x 10k inverse hold=30d")
    assert " 5x: no margin is enough" in said
    assert "deposit" not in said
    assert ask.reply.data["margin_to_deposit"] is None


async def test_half_of_what_a_venue_allows_is_all_that_fits_in_the_first_week() -> None:
    young = market(
        price=reading("price", NOW_MS, r_7d=None), volatility=reading("volatility", NOW_MS, rv_7d=None)
    )
    said = await talk(young, tiers=(OKX,))("/size BTC 6x 10m okx")
    assert "no margin makes this size fit." in said


@pytest.mark.parametrize(
    "line", ["6x 777usdt", "9x 10,001", "20x 3m", "7x 1,234.56 short", "12x 25k inverse", "8x 9k okx"]
)
async def test_what_is_said_to_make_it_fit_does(line: str) -> None:
    ask = talk(market(volatility=reading("volatility", NOW_MS, sigma=0.35)), tiers=(OKX,))
    said = await ask(f"/size BTC {line}")
    assert "FITS" not in said
    more = re.search(r"deposit ([0-9,.]+) USDT more", said)
    assert more
    equity = float(ask.reply.data["equity"]) + float(more[1].replace(",", ""))  # type: ignore[arg-type]
    leverage = float(ask.reply.data["notional"]) / equity  # type: ignore[arg-type]
    less = ask.reply.actions[0].command
    rest = " ".join(line.split()[2:])
    await ask(f"/size BTC leverage={leverage:.8f} equity={equity:.2f} {rest}")
    assert ask.reply.data["verdict"] == "FITS"
    await ask(less)
    assert ask.reply.data["verdict"] == "FITS"


@pytest.mark.parametrize("words", ["long entry=73,000", "short entry=56,000", "long inverse entry=73,000"])
async def test_what_has_lost_already_is_told_the_margin_that_outlasts_another_tenth(words: str) -> None:
    ask = talk(calm(volatility=reading("volatility", NOW_MS, sigma=0.4)))
    said = await ask(f"/size BTC 5x 10k {words}")
    assert not ask.reply.data["survives_10pct"]
    more = ask.reply.data["margin_from_here"]
    assert isinstance(more, float)
    assert f"To make it fit:\n 5x: deposit {enough(more)} USDT more" in said
    # 50,000 dollars on so much more margin: closed beyond a tenth from 64,210, and not by much more than funding is
    leverage = 50_000.0 / (10_000.0 + more)
    await ask(f"/size BTC leverage={leverage:.8f} equity={10_000.0 + more:.8f} {words}")
    assert ask.reply.data["survives_10pct"]
    assert ask.reply.data["liquidation_distance"] == pytest.approx(0.10, abs=0.001)


@pytest.mark.parametrize("entry", ["55,000", "54,500"])
async def test_where_a_cap_binds_too_the_margin_told_still_outlasts_another_tenth(entry: str) -> None:
    ask = talk(calm())  # volatility allows less than 5x here
    said = await ask(f"/size BTC 5x 10k short entry={entry}")
    assert ask.reply.data["max_leverage"] < 5.0  # type: ignore[operator]
    told = re.search(r"To make it fit:\n 5x: deposit ([\d,]+) USDT more", said)
    assert told is not None
    equity = 10_000.0 + float(told[1].replace(",", ""))
    await ask(f"/size BTC leverage={50_000.0 / equity:.8f} equity={equity:.2f} short entry={entry}")
    assert ask.reply.data["verdict"] == "FITS"


@pytest.mark.parametrize("line", ["/size BTC 7x 10k", "/size BTC 50x 10k"])
async def test_what_does_not_fit_is_never_told_to_proceed(line: str) -> None:
    said = await talk(calm())(line)
    assert "No check flashes." in said
    assert "PROCEED" not in said


@pytest.mark.parametrize("line", ["/size BTC 5x 10k", "/size BTC 25x 10k", "/size BTC 5x"])
async def test_while_the_checks_say_wait_no_way_to_open_anything_is_offered(line: str) -> None:
    ask = talk(unwinding())
    said = await ask(line)
    for offer in (
        "deposit",
        "the margin\n",
        "here:",
        "which fits",
        "up to",
        "To make it fit",
        "To lose at most",
    ):
        assert offer not in said
    assert "fewer than 3" in said
    assert "Of a new position:\n wait: under 3 checks (now 4)\n then at most 1.8x\nIf you hold it at" in said
    assert [action.command for action in ask.reply.actions] == ["/why BTC", "/check BTC long"]
    assert not [copy for copy in ask.reply.copies if copy.label.startswith("Size")]


async def test_rungs_are_told_of_what_may_be_held_while_nothing_new_is_to_be_opened() -> None:
    ask = talk(unwinding())
    said = await ask("/size BTC 25x 10k")
    assert ask.reply.data["exit"] > ask.reply.data["liquidation_price"]  # type: ignore[operator]
    assert f"If you hold it at 25x:\nOut {ask.reply.data['exit']:,.0f}" in said


async def test_margin_for_what_is_held_is_told_while_the_checks_say_wait() -> None:
    ask = talk(unwinding())
    assert "To make it fit:\n 5x: deposit 16,667 USDT more" in await ask("/size BTC 5x 10k entry=66,000")
    assert "/size" not in " ".join(action.command for action in ask.reply.actions)


async def test_where_half_may_be_taken_the_size_by_risk_is_half_and_said_to_be() -> None:
    ask = talk(crowding())
    said = await ask("/size BTC 5x 10k")
    whole = ask.reply.data["risk_budget_notional"]
    assert ask.reply.data["new_notional_factor"] == 0.5
    assert f"To lose at most 5% (500 USDT):\nhalf now: {whole / 2:,.0f} USDT, out" in said  # type: ignore[operator]
    size = next(copy.text for copy in ask.reply.copies if copy.label.startswith("Size"))
    assert float(size) == pytest.approx(whole / 2, abs=1.0)  # type: ignore[operator]


async def test_how_to_move_the_limits_is_told_only_where_the_position_fits() -> None:
    for snapshot, line in ((calm(), "5x"), (crowding(), "5x"), (unwinding(), "5x"), (calm(), "25x")):
        said = await talk(snapshot)(f"/size BTC {line} 10k")
        assert "Our defaults: base 5x, 5% to lose.\n" in said
        assert "Your own" not in said
    said = await talk(calm())("/size BTC 3x 10k")
    assert "Our defaults: base 5x, 5% to lose. Your own: /settings base 3x drawdown 3%." in said


async def test_a_missing_leverage_is_asked_for_with_none_that_fails_the_ten_percent_test() -> None:
    ask = talk(calm(), calm(asset="ETH"))
    for asset in ("BTC", "ETH"):
        await ask(f"/size {asset}")
        offers = [action.command for action in ask.reply.actions]
        assert offers == [f"/size {asset} {leverage}x" for leverage in (1, 2, 3, 5)]
        for offer in offers:
            await ask(offer)
            assert ask.reply.data["survives_10pct"]


async def test_waiting_is_said_and_all_numbers_come_all_the_same() -> None:
    ask = talk(unwinding())
    said = await ask("/size BTC 1x 10k")
    assert said.startswith("BTC 1x long · WAIT")
    assert " wait: under 3 checks (now 4)" in said
    for line in ("At 1x (10,000 USDT, isolated):", "Survives 10% yes", "Funding 72 h", "Trim "):
        assert line in said
    assert ask.reply.data["trim"] is not None


async def test_the_size_that_survives_both_moves_is_told() -> None:
    ask = talk(calm())
    said = await ask("/size BTC 3x 10k")
    most = min(ask.reply.data["caps"][cap] for cap in ("two_sigma", "ten_percent"))  # type: ignore[index]
    assert ask.reply.data["survivable_notional"] == pytest.approx(10_000.0 * most)
    assert " above 7.8x (78,000 USDT): not both" in said
    assert "up to 7.8x" not in said


async def test_a_size_can_be_planned_at_what_fits_with_every_word_a_plan_knows() -> None:
    ask = talk(crowding(), tiers=(BYBIT,))
    await ask("/size BTC 5x short 10k 48h cross bybit lose=3% base=4x")
    planned = next(action.command for action in ask.reply.actions if action.label == "Plan it")
    assert planned.startswith("/plan BTC ")
    assert planned.endswith("x short equity=10000 hold=48h lose=3% cross base=4x bybit")
    said = await ask(planned)
    assert outcome(ask.reply) == "answered", said


@pytest.mark.parametrize(("line", "people"), [("/size BTC 5x", ()), ("/size BTC 5x 10k", None)])
async def test_without_an_equity_or_a_place_to_keep_it_nothing_can_be_planned(
    line: str, people: tuple[Person, ...] | None
) -> None:
    ask = talk(crowding(), people=people)
    await ask(line)
    assert "Plan it" not in [action.label for action in ask.reply.actions]


async def test_while_the_checks_say_wait_only_what_is_held_already_can_be_planned() -> None:
    ask = talk(unwinding())
    await ask("/size BTC 2x 10k")
    assert "Plan it" not in [action.label for action in ask.reply.actions]
    await ask("/size BTC 2x 10k entry=65,000")
    held = next(action.command for action in ask.reply.actions if action.label == "Plan it")
    assert held == "/plan BTC 2x long equity=10000 entry=65000"


@pytest.mark.parametrize(
    "words", ["2x cross", "10x short inverse", "1.5x 30d bybit lose=12.5%", "9.25x 13h base=123.25x"]
)
@pytest.mark.parametrize("equity", ["", " 12,345", " 9m"])
async def test_every_line_fits_on_a_phone(words: str, equity: str) -> None:
    plans = tuple(replace(PLAN, id=f"p{number}") for number in range(3))
    for snapshot in (unwinding(), calm(), market(lacking=("funding", "skew"))):
        for worst in (0.01, 0.99):
            ask = talk(
                snapshot,
                calm(asset="ETH"),
                hours=falls_of(worst),
                tiers=(BYBIT,),
                people=(Person(ME, plans=plans),),
            )
            await ask(f"/size BTC {words}{equity}")
            assert [line for line in monospaced(ask.reply) if len(line) > 37 or "…" in line] == []


WORDS = (
    "BTC", "ETH", "5x", "1x", "12.5x", "100x", "short", "long", "10k", "0.02usdt", "equity=60m", "hold=1h", "30d", "3%", "lose=100%",
    "cross", "isolated", "base=2x", "base=200x", "entry=1", "entry=66,000", "entry=64,000", "entry=9b", "bybit", "okx", "hl",
    "venue=binance", "inverse", "linear", "coin-m", "venue=", "contract=perp", "venue bybit", "entry=-1", "mode=cross",
)  # fmt: skip


async def test_any_line_is_answered_or_refused_with_an_example_that_works() -> None:
    dice = Random(5)
    people = (Person(ME, base_leverage=8.0, drawdown_budget=0.02, funding_8h=0.0001, plans=(PLAN,)),)
    asks = [
        talk(snapshot, calm(asset="ETH"), people=people, hours=falls_of(0.2), tiers=(BYBIT, OKX, HYPERLIQUID))
        for snapshot in (
            calm(),
            unwinding(),
            crowding(silent=("funding",)),
            market(lacking=("volatility", "skew")),
        )
    ]
    answered = 0
    for _ in range(400):
        ask = dice.choice(asks)
        line = " ".join(("/size", *(dice.choice(WORDS) for _ in range(dice.randrange(1, 9)))))
        await ask(line)
        assert outcome(ask.reply) in {"answered", "refused"}, line
        assert [row for row in monospaced(ask.reply) if len(row) > 37] == [], line
        if outcome(ask.reply) == "refused":
            await ask(ask.reply.data["error"]["example"])  # type: ignore[index]
        assert outcome(ask.reply) == "answered", line
        answered += ask.reply.private
    assert answered == 400


@pytest.mark.parametrize("kept", [(), (Person(ME, base_leverage=8.0),)])
async def test_in_a_group_a_size_is_for_its_asker_alone(kept: tuple[Person, ...]) -> None:
    ask = talk(calm(), people=kept, is_private=False, chat="-100")
    for line in ("/size BTC 5x 10k", "/size BTC 500x 10k", "/size BTC 5x 10k okx"):
        await ask(line)
        assert ask.reply.private
