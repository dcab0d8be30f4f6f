"""How far each reading has learned, in every answer where that decides; and nothing of it once all is learned."""

from dataclasses import replace

import pytest

from commands.protocol.phrases import phrases_in
from commands.wording.learning import learning_words
from market.reading import Because, Condition, Learning, Reading, learning, measure
from market.snapshot import Snapshot
from tests.commands.markets import NOW_MS, crowding, market, reading
from tests.commands.talking import monospaced, talk

DAY_TWO = Learning(1.9, 7.0, 30.0)
THIRTY_OF_NINETY = Learning(30.0, 7.0, 90.0)
ENGLISH = phrases_in("en")


def unranked(name: str, learned: Learning, *raised: str) -> Reading:
    """A reading whose rank is still to come."""
    return replace(
        reading(name, NOW_MS, *raised), percentile=None, because=Because.LEARNING, learning=learned
    )


def young(**changed: Reading) -> Snapshot:
    """A market on its second day: liquidations begin, open interest and funding have thirty days of ninety."""
    learned = {
        "liquidations": unranked("liquidations", DAY_TWO),
        "open_interest": replace(reading("open_interest", NOW_MS, "oe"), learning=THIRTY_OF_NINETY),
        "funding": replace(reading("funding", NOW_MS, "fe", "fn", "material"), learning=THIRTY_OF_NINETY),
        "volatility": replace(reading("volatility"), learning=Learning(30.0, 7.0, 365.0)),
    }
    return crowding(**{**learned, **changed})


@pytest.mark.parametrize(
    ("learned", "words"),
    [
        (Learning(0.0, 7.0, 30.0), "day 1 of 7"),
        (Learning(0.9, 7.0, 30.0), "day 1 of 7"),
        (Learning(1.9, 7.0, 30.0), "day 2 of 7"),
        (Learning(2.0, 7.0, 30.0), "day 2 of 7"),
        (Learning(6.9, 7.0, 30.0), "day 7 of 7"),
        (Learning(7.0, 7.0, 30.0), "rank over 7 of 30 days"),
        (Learning(29.96, 7.0, 90.0), "rank over 30 of 90 days"),
        (Learning(88.9, 7.0, 90.0), "rank over 89 of 90 days"),
        (Learning(2.0, 10.0, 90.0), "day 2 of 10"),
    ],
)
def test_days_are_counted_as_people_count_them(learned: Learning, words: str) -> None:
    assert learning_words(learned, ENGLISH) == words


async def test_regime_says_how_far_each_of_the_five_has_learned() -> None:
    said = await talk(young())("/regime BTC")
    assert "\nliquidations: day 2 of 7.\nopen interest, funding: rank over 30 of 90 days.\n" in said
    assert "volatility" not in said


async def test_two_readings_without_a_rank_have_a_line_each() -> None:
    said = await talk(young(skew=unranked("skew", DAY_TWO)))("/regime BTC")
    assert "liquidations: day 2 of 7.\nskew: day 2 of 7.\n" in said


async def test_why_says_it_under_the_name_of_each_reading_and_calls_no_rank_older_than_it_is() -> None:
    said = (await talk(young())("/why BTC")).splitlines()
    at = next(number for number, line in enumerate(said) if line.startswith("liquidations"))
    assert said[at + 1] == "   day 2 of 7"
    at = next(number for number, line in enumerate(said) if line.startswith("open interest"))
    assert said[at + 1] == "   rank over 30 of 90 days"
    assert "   rank so far p88 (line p75)" in said
    assert "   rank, 90 d p88 (line p75)" in (await talk(crowding())("/why BTC")).splitlines()


async def test_a_measure_that_is_no_rank_over_a_time_keeps_its_name() -> None:
    one = young().reading("open_interest")
    assert one is not None
    turning = Condition("oe", True, True, measures=(measure("turnover_percentile", 0.9, 0.85, "rank"),))
    said = await talk(young(open_interest=replace(one, conditions=(turning,))))("/why BTC")
    assert "   against volume p90 (line p85)" in said


async def test_size_says_it_of_what_cuts_the_size_and_volatility_is_ranked_over_a_year() -> None:
    said = await talk(young())("/size BTC 5x 10k")
    assert "Liquidations have no rank yet: counted by the level of the last hour." in said
    assert "liquidations: day 2 of 7." in said
    assert "volatility: rank over 30 of 365 days." in said
    assert "funding, open interest: rank over 30 of 90 days." in said


async def test_check_says_it_of_what_its_four_questions_rest_on() -> None:
    said = await talk(young())("/check BTC")
    assert "liquidations: day 2 of 7.\nopen interest, funding: rank over 30 of 90 days." in said


async def test_scan_and_status_say_the_least_of_all_assets_once() -> None:
    older = young(liquidations=unranked("liquidations", Learning(4.5, 7.0, 30.0)))
    ask = talk(young(), replace(older, asset="ETH"), market(asset="SOL"))
    for line in ("/scan", "/status"):
        said = await ask(line)
        assert "liquidations: day 2 of 7 (the least of 2)." in said
        assert "open interest, funding: rank over 30 of 90 days (the least of 2)." in said


async def test_one_asset_that_learns_is_named() -> None:
    assert "liquidations: day 2 of 7 (BTC)." in await talk(young(), market(asset="ETH"))("/scan")


@pytest.mark.parametrize("line", ["/regime", "/why", "/size BTC 5x", "/check", "/scan", "/status"])
async def test_nothing_is_said_once_all_is_learned(line: str) -> None:
    said = await talk(crowding())(line)
    assert "rank over" not in said
    assert "day 1 of" not in said


async def test_what_is_not_seen_learns_nothing() -> None:
    said = await talk(market(lacking=("liquidations",)))("/regime")
    assert "liquidations: " not in said


async def test_a_price_has_no_rank_to_speak_of_but_its_first_week_is_said() -> None:
    new = replace(reading("price", NOW_MS, "pd", "down"), learning=learning(60, 168, 720))
    assert "price: day 3 of 7." in await talk(crowding(price=new))("/regime")
    month = replace(new, learning=learning(400, 168, 720))
    assert "price: " not in await talk(crowding(price=month))("/regime")


@pytest.mark.parametrize("line", ["/regime", "/why", "/size BTC 5x", "/check"])
async def test_the_numbers_behind_it_are_there_for_scripts(line: str) -> None:
    ask = talk(young())
    await ask(line)
    told = ask.reply.data["learning"]
    assert isinstance(told, dict)
    assert told["liquidations"] == {"have_days": 1.9, "needed_days": 7.0, "full_days": 30.0}
    assert set(told) == {"liquidations", "open_interest", "funding", "volatility"}


async def test_scan_has_the_numbers_of_each_asset() -> None:
    ask = talk(young())
    await ask("/scan")
    assets = ask.reply.data["assets"]
    assert isinstance(assets, list)
    assert assets[0]["learning"]["open_interest"]["full_days"] == 90.0


@pytest.mark.parametrize("line", ["/regime", "/why", "/size BTC 5x", "/check", "/scan", "/status"])
async def test_everything_laid_out_fits_on_a_phone(line: str) -> None:
    ask = talk(young(), young(skew=unranked("skew", DAY_TWO)))
    await ask(line)
    assert all(len(row) <= 37 for row in monospaced(ask.reply))
