"""/check with its values: what each check looks at, how far it is from flashing, and what is not known, for both sides."""

from dataclasses import replace

import pytest

from commands.wording.columns import sides
from market.observations import HOUR_MS
from market.table import State
from tests.commands.markets import NOW_MS, calm, crowding, digesting, market, reading, unwinding
from tests.commands.talking import monospaced, talk


async def test_every_check_shows_its_claims_and_their_numbers_beside_what_they_need() -> None:
    said = (await talk(crowding())("/check BTC long")).splitlines()
    begin = said.index(sides("Crowding: OI up, price not", "YES"))
    assert said[begin : begin + 15] == [
        sides("Crowding: OI up, price not", "YES"),
        sides(" - OI rising fast", "no"),
        "   OI 24 h +2.1% needs over +5.0%",
        sides(" + price fails to confirm", "yes"),
        "   price 24 h -2.1% (line -0.6%)",  # a quarter of a day's 2.5%
        sides(" + OI elevated", "yes"),
        "   rank, 90 d p88 (line p75)",
        sides(" + price weak", "yes"),
        "   24 h shock -0.80 needs below -1.00",
        "   confirmed lows fall: yes",
        sides("Longs pay to stay", "YES"),
        sides(" + funding elevated", "yes"),
        "   per 8 h .031% (line .030%)",
        sides(" + longs pay materially", "yes"),
        "   per 8 h .031% (line .015%)",
    ]


async def test_a_short_is_checked_against_the_mirrored_lines() -> None:
    paid = reading("funding", NOW_MS, "fr", f24=-0.00016)
    calls = reading("skew", NOW_MS, "ks_call", skew_30d_points=-8.4, z=-1.1)
    liquidated = reading("liquidations", NOW_MS, short_bps_1h=3.2)
    rising = reading("price", NOW_MS, "up", r_24h=0.03)
    ask = talk(market("up", funding=paid, skew=calls, liquidations=liquidated, price=rising))
    said = await ask("/check BTC short")
    assert "2 of 4 checks flash against a short." in said
    for line in (
        sides(" + price rising", "yes"),
        "   price 24 h +3.0% (line +0.6%)",
        sides(" - funding deeply negative", "no"),
        sides(" + shorts pay materially", "yes"),
        "   per 8 h -.016% (line -.015%)",
        "   last hour 3.2 needs over 5.0",
        "   25d, 30 d -8.4 (line -8.0)",
        "   z over 30 d -1.1 needs below -1.5",
    ):
        assert line in said.splitlines()


async def test_what_is_not_seen_has_no_claims_and_counts_as_not_flashing() -> None:
    ask = talk(crowding(lacking=("skew", "open_interest")))
    said = await ask("/check")
    assert sides("Puts dear or dearer", "not seen") in said
    assert "skew steep" not in said
    assert "OI elevated" not in said
    assert sides(" + price weak", "yes") in said  # the other half of that check is seen
    details = {one["check"]: one for one in ask.reply.data["details"]}  # type: ignore[attr-defined]
    assert details["skew"] == {"check": "skew", "met": None, "absent": ["skew"], "claims": []}
    assert details["open_interest"]["absent"] == ["open_interest"]


async def test_two_unknown_checks_leave_half_a_size_at_best() -> None:
    said = await talk(calm(silent=("skew", "liquidations")))("/check")
    assert said.startswith("BTC long · REDUCE")
    assert "2 are unknown, so half size at best." in said
    assert sides(" ? liquidation burst", "unknown") in said


async def test_two_checks_that_cannot_be_seen_leave_half_a_size_at_best_and_are_named() -> None:
    ask = talk(calm(lacking=("skew", "liquidations")))
    said = await ask("/check")
    assert said.startswith("BTC long · REDUCE")
    assert "2 of 4 checks cannot be seen here (liquidations, skew): at best half of a new size." in said
    assert "Counted as not flashing" not in said
    told = ask.reply.data
    assert (told["advice"], told["because"], told["unseen"], told["unknown"]) == ("REDUCE", ["unseen"], 2, 0)


async def test_an_unseen_and_an_unknown_check_are_told_apart_and_count_together() -> None:
    said = await talk(calm(lacking=("skew",), silent=("liquidations",)))("/check")
    assert said.startswith("BTC long · REDUCE")
    assert "Of 4 checks 1 cannot be seen here (skew), 1 unknown: at best half of a new size." in said


async def test_an_asset_without_options_may_proceed_with_one_check_unseen() -> None:
    ask = talk(calm(asset="SOL", lacking=("skew",)))
    assert (await ask("/check SOL")).startswith("SOL long · PROCEED WITHIN CAPS")
    assert ask.reply.data["checks"]["skew"] is None  # type: ignore[index]


async def test_one_unknown_check_does_not() -> None:
    said = await talk(calm(silent=("skew",)))("/check")
    assert said.startswith("BTC long · PROCEED WITHIN CAPS")
    assert "at best" not in said


async def test_signs_against_each_other_halve_a_new_size_whatever_the_count() -> None:
    mixed = market("lc")
    assert mixed.regime.state is State.MIXED
    said = await talk(mixed)("/check")
    assert said.startswith("BTC long · REDUCE")
    assert "Too little agrees or is seen to trust a count: half of any new size." in said
    assert "Too little agrees" not in await talk(calm())("/check")


async def test_a_squeeze_at_hand_forbids_adding_to_a_short_and_not_to_a_long() -> None:
    squeeze = market("stab", "fr", "fd", "oe")
    assert squeeze.regime.state is State.SQUEEZE_RISK
    ask = talk(squeeze)
    assert "The market has turned against a short (SQUEEZE RISK): no adds" in await ask("/check BTC short")
    assert "no adds" not in await ask("/check BTC long")


async def test_the_numbers_behind_it_are_those_of_the_lines() -> None:
    ask = talk(crowding())
    await ask("/check")
    details = {one["check"]: one for one in ask.reply.data["details"]}  # type: ignore[attr-defined]
    assert list(details) == ["open_interest", "funding", "liquidations", "skew"]
    funding = {one["name"]: one for one in details["funding"]["claims"]}
    assert funding["paying_long"]["measures"] == [
        {"name": "f24", "value": 0.00031, "needed": 0.00015, "unit": "/8h", "met": True}
    ]
    assert {name: one["met"] for name, one in details.items()} == ask.reply.data["checks"]


@pytest.mark.parametrize("side", ["long", "short"])
async def test_every_line_fits_on_a_phone_and_has_its_words(side: str) -> None:
    later = replace(unwinding(), at_ms=NOW_MS - HOUR_MS)
    missing = (("price", "skew"), ("liquidations", "funding"), ("open_interest",))
    every = [
        calm(),
        crowding(),
        digesting(),
        unwinding(),
        later,
        market(),
        *(market(lacking=some) for some in missing),
    ]
    every += [crowding(silent=some) for some in missing]
    for snapshot in every:
        ask = talk(snapshot)
        said = await ask(f"/check BTC {side}")
        assert [line for line in monospaced(ask.reply) if len(line) > 37 or "…" in line] == []
        assert not any(
            name in said for name in ("ks call", "lb short", "lc short", "paying long", "paying short")
        )
