"""/levels: fuel below and above the price with what it is held against, said to be a model, and what is not known."""

from commands.protocol.dispatch import outcome
from commands.protocol.phrases import phrases_in
from commands.wording.columns import COLUMNS
from commands.wording.levels import trigger_line
from market.cascade import Trigger
from market.levels import NoMap
from market.observations import HOUR_MS, Side
from tests.commands.levelled import LAST_CLOSE_MS, MILLION, depth, desk, opened, priced, talk_at
from tests.commands.markets import market
from tests.commands.talking import monospaced

MAP = {"BTC": opened()}


async def test_the_answer_is_laid_out_for_a_phone_and_says_that_it_is_a_model() -> None:
    ask = talk_at(desk(priced("BTC", 64_210.0, depth()), hours=MAP))
    said = (await ask("/levels btc")).splitlines()
    assert said[:14] == [
        "BTC · fuel around 64,210",
        "A model, uncalibrated: who is levered how much cannot be seen, so it is assumed. No forecast.",
        "A fall closes longs (USD):",
        "   to      fuel     of OI   of book",
        "  -2%     30.0M      0.2%      x0.6",
        "  -5%     90.0M      0.7%      x1.8",
        " -10%      150M      1.1%      x3.0",
        "most near 63,242: 20.0M",
        "most near 61,306: 40.0M",
        "most near 58,079: 60.0M",
        "Feeds itself, by what the book holds:",
        "x1   -7.7% turns into -10.7%",
        "x.3  -1.5% turns into -7.5%",
        "x.1  -0.5% runs past -30%",
    ]
    assert all(len(line) <= 37 for line in monospaced(ask.reply))
    assert not ask.reply.private


async def test_the_way_up_is_told_as_well() -> None:
    said = await talk_at(desk(priced("BTC", 64_210.0, depth()), hours=MAP))("/levels BTC")
    above = said.split("A rise closes shorts (USD):\n")[1].splitlines()
    assert above[1] == "  +2%     30.0M      0.2%      x0.8"
    assert above[4] == "most near 65,168: 20.0M"
    assert all("-" not in line.split("%")[0] for line in above[1:4])


async def test_what_it_rests_on_is_said_with_its_age_and_gaps() -> None:
    said = await talk_at(desk(priced("BTC", 64_210.0, depth(whole=0.0)), hours=MAP))("/levels BTC")
    assert "Book within 1%: bids 50.0M, asks 40.0M USD, a floor (2min)." in said
    assert "of 7 days to 2026-11-22 12:00 UTC; 0 hours of them unknown." in said
    # 90M of 27,481M a day at 3 %: .03 x sqrt(.00327); and at once into 50M a percent
    assert "To 5%: 0.2% slow, 1.8% at once" in said


async def test_without_a_book_fuel_is_still_shown() -> None:
    ask = talk_at(desk(priced(), hours=MAP))
    said = await ask("/levels BTC")
    assert "  -5%     90.0M      0.7%         ?" in said
    assert "The book is not seen: no trigger, and fuel is not held against it." in said
    assert "Feeds itself" not in said
    below = ask.reply.data["below"]
    assert isinstance(below, dict)
    assert below["triggers"] == []
    assert below["depth_usd"] is None


async def test_the_numbers_behind_it_have_plain_keys() -> None:
    ask = talk_at(desk(priced("BTC", 64_210.0, depth()), hours=MAP))
    await ask("/levels BTC")
    data = ask.reply.data
    assert data["model"] == "uncalibrated"
    assert data["as_of"] == "2026-11-22T12:00:00Z"
    below = data["below"]
    assert isinstance(below, dict)
    assert [round(one["usd"] / MILLION) for one in below["fuel"]] == [30, 90, 150]
    assert [one["depth_left"] for one in below["triggers"]] == [1.0, 0.3, 0.1]


async def test_where_no_hours_are_kept_no_map_is_drawn() -> None:
    for here in (desk(priced()), desk(priced(), hours={})):
        ask = talk_at(here)
        said = await ask("/levels BTC")
        assert said.startswith("BTC · NO LEVELS\nNo closed hours of BTC are kept here yet")
        assert ask.reply.data["reason"] == "no_hours"
        assert outcome(ask.reply) == "answered"


async def test_where_nothing_opened_nothing_waits() -> None:
    quiet = {"BTC": opened(opened_usd=0.0)}
    said = await talk_at(desk(priced("BTC", 64_210.0, depth()), hours=quiet))("/levels BTC")
    assert said.count("none within 15%") == 2
    assert "x1   dies out\nx.3  dies out\nx.1  dies out" in said
    unsold = await talk_at(desk(market(), hours=quiet))("/levels BTC")
    assert "at once" not in unsold


async def test_too_few_hours_are_no_map() -> None:
    young = opened(hours=30)
    assert young.last_close_ms == LAST_CLOSE_MS
    said = await talk_at(desk(priced(), hours={"BTC": young}))("/levels BTC")
    assert "30 of 168 hours of open interest are known of one source: too few for a map." in said


async def test_an_old_price_is_no_place_to_measure_from() -> None:
    here = desk(priced(), hours=MAP)
    said = await talk_at(here).later(HOUR_MS)("/levels BTC")
    assert "The price of BTC cannot be used" in said
    assert "Missing: price too old" in said
    absent = await talk_at(desk(market(lacking=("price",)), hours=MAP))("/levels BTC")
    assert "Missing: price not seen" in absent


async def test_an_asset_nobody_has_read_is_said_to_be_unread() -> None:
    assert "INSUFFICIENT DATA" in await talk_at(desk(hours=MAP))("/levels BTC")


def test_every_reason_for_no_map_has_its_words() -> None:
    assert all(phrases_in("en").knows("no_levels", why.value) for why in NoMap)


def test_a_move_too_small_to_be_written_is_any_move() -> None:
    english = phrases_in("en")
    near = Trigger(initial_drop=0.0002, drop_before=0.0002, drop_after=0.288)
    assert trigger_line(0.3, near, Side.LONG, english) == "x.3  any move turns into -28.8%"
    far = Trigger(initial_drop=0.0002, drop_before=0.0002, drop_after=0.9)
    assert trigger_line(0.1, far, Side.SHORT, english) == "x.1  any move runs past +30%"
    assert len(trigger_line(0.1, near, Side.LONG, phrases_in("es"))) <= COLUMNS


async def test_what_slow_and_at_once_mean_is_said() -> None:
    said = await talk_at(desk(priced("BTC", 64_210.0, depth()), hours=MAP))("/levels BTC")
    assert "Slow, at once: how far closing all of that would move the price" in said
    assert "Slow, at once" not in await talk_at(desk(market(), hours=MAP))("/levels BTC")
