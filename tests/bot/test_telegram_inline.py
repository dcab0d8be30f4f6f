"""Inline mode: what "@seawall_bot ..." offers in any chat, and that it never holds more than the market."""

from dataclasses import replace
from typing import Any

import pytest

from bot.chat_platform import Sentence
from bot.platforms.telegram.inline import PAGE, is_offered, lines_of
from bot.platforms.telegram.service import Service
from commands.protocol import dispatch
from store.connection import StoreUnavailable
from store.in_memory import SnapshotsInMemory
from tests.bot.desks import HeldUp, desk_on, telegram_serving
from tests.commands.markets import crowding
from tests.doubles.telegram import ALICE, BOB, BotApi, Fault

WATCHED = ("BTC", "BNB", "ETH")


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("", ("/regime BTC", "/regime BNB", "/regime ETH")),
        ("btc", ("/regime BTC",)),
        ("b", ("/regime BTC", "/regime BNB")),
        ("  eth  why ", ("/why ETH",)),
        ("/why eth", ("/why ETH",)),
        ("funding", ("/funding BTC", "/funding BNB", "/funding ETH")),
        ("why b", ("/why BTC", "/why BNB")),
        ("bitcoin", ("/regime bitcoin",)),
        ("size btc 5x", ("/regime size btc 5x",)),
        ("mute 30d", ("/regime mute 30d",)),
        ("x " * 200, ("/regime " + " ".join("x" * 128),)),
    ],
)
def test_a_query_asks_lines(query: str, lines: tuple[str, ...]) -> None:
    assert lines_of(query, WATCHED) == lines


def test_only_what_speaks_of_the_market_is_offered() -> None:
    offered = [command for command in dispatch.commands() if is_offered(f"/{command.name} BTC")]
    assert {"regime", "why", "funding", "oi", "liq", "skew", "levels", "check"} <= {
        one.name for one in offered
    }
    assert not [command.name for command in offered if command.private or command.changes or command.needs]
    assert not any(
        map(is_offered, ("/positions", "/plan", "/size BTC 5x", "/alerts", "/settings", "/id", "/status"))
    )


async def test_a_card_says_the_state_first_and_opens_the_bot(api: BotApi, service: Service) -> None:
    answer = await _answer(api, "BTC")
    (card,) = answer.results
    assert card.title.startswith("BTC · CROWDING")
    assert card.description == "Falling, and leverage is not leaving."
    assert (
        "Funding" in card.input_message_content.message_text
        or "Fund" in card.input_message_content.message_text
    )
    assert card.input_message_content.parse_mode == "HTML"
    assert card.input_message_content.link_preview_options.is_disabled
    ((button,),) = card.reply_markup.inline_keyboard
    assert (button.text, button.url) == (
        Sentence.OPEN_HERE.in_words("en"),
        "https://t.me/seawall_bot?start=ask-regime-BTC",
    )
    assert answer.cache_time == 5
    assert answer.is_personal is True
    assert answer.button is None
    assert not answer.next_offset


async def test_nothing_said_offers_what_is_watched_page_by_page(api: BotApi) -> None:
    assets = tuple(f"A{place}" for place in range(PAGE + 3))
    desk = desk_on(telegram_url=api.url)
    kept = SnapshotsInMemory(assets, [crowding(asset=asset) for asset in assets])
    desk = replace(desk, services=replace(desk.services, snapshots=kept))
    async with telegram_serving(desk):
        page = await _answer(api, "")
        assert [card.title.partition(" ")[0] for card in page.results] == list(assets[:PAGE])
        rest = await _answer(api, "", offset=page.next_offset)
        assert [card.title.partition(" ")[0] for card in rest.results] == list(assets[PAGE:])
        assert not rest.next_offset
        beyond = await _answer(api, "", offset="9999")
        assert beyond.results == []
        made_up = await _answer(api, "", offset="-1 or ١")
        assert len(made_up.results) == PAGE


async def test_an_asset_that_is_not_known_is_helped_with(api: BotApi, service: Service) -> None:
    answer = await _answer(api, "BTX")
    told, *meant = answer.results
    assert "BTX" in told.title
    assert [card.title.partition(" ")[0] for card in meant] == ["BTC"] or "BTC" in told.description
    assert answer.cache_time == 0
    assert answer.button.start_parameter == "inline"


@pytest.mark.parametrize(
    "query",
    [
        "<b>x</b><script>",
        "</pre><a href='tg://user?id=1'>x</a>",
        "\u202eBTC\u200b\u2066",
        "&lt;&amp;&#0;",
        "a" * 256,
        "BTC " * 64,
        "😀" * 128,
        "`*_[x](y)~|>",
        "/size BTC 5x equity=1000",
        "plan list",
        "\n\n\t",
        "e\u0301" * 100,
        "?",
        "BTC ?",
        "-",
        "%s {0} {asset}",
    ],
)
async def test_a_hostile_query_is_answered_in_time_and_within_the_limits(
    query: str, api: BotApi, service: Service
) -> None:
    answer = await _answer(api, query)
    assert answer.results, "silence helps nobody"
    for card in answer.results:
        assert "equity" not in card.input_message_content.message_text.partition("\n")[2]


async def test_a_reader_is_answered_in_the_language_they_chose(api: BotApi) -> None:
    async with telegram_serving(desk_on(telegram_url=api.url, is_warning=True)):
        await api.say("/settings language=es")
        await api.messages(1)
        (card,) = (await _answer(api, "BTC")).results
        assert card.reply_markup.inline_keyboard[0][0].text == Sentence.OPEN_HERE.in_words("es")
        (card,) = (await _answer(api, "BTC", sender=BOB)).results
        assert card.reply_markup.inline_keyboard[0][0].text == Sentence.OPEN_HERE.in_words("en")
        (card,) = (await _answer(api, "BTC", sender={**BOB, "language_code": "es"})).results
        assert card.reply_markup.inline_keyboard[0][0].text == Sentence.OPEN_HERE.in_words("es")


async def test_asking_inline_does_not_bring_a_chat_back_that_blocked_the_bot(api: BotApi) -> None:
    desk = desk_on(telegram_url=api.url, is_warning=True)
    chats = desk.services.chats
    assert chats is not None
    await chats.change("telegram:11", lambda chat: replace(chat, suspended="blocked", suspended_ms=1))
    async with telegram_serving(desk):
        assert (await _answer(api, "BTC")).results
    chat = await chats.get("telegram:11")
    assert chat is not None
    assert chat.suspended == "blocked"


async def test_a_store_that_is_away_is_said_in_words(api: BotApi) -> None:
    desk = desk_on(telegram_url=api.url, is_warning=True)
    desk = replace(desk, services=replace(desk.services, snapshots=_Away()))
    async with telegram_serving(desk):
        answer = await _answer(api, "BTC")
    (card,) = answer.results
    assert "store" in card.title.lower() or "memory" in card.title.lower()
    assert answer.cache_time == 0


async def test_a_query_whose_time_is_over_costs_nothing(api: BotApi, service: Service) -> None:
    api.fail(
        "answerInlineQuery",
        Fault(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
    )
    await api.ask_inline("BTC")
    await api.wait_for(lambda: bool(api.called("answerInlineQuery")))
    assert (await _answer(api, "ETH")).results


async def test_the_same_is_answered_once_for_all_who_type_it_at_the_same_moment(api: BotApi) -> None:
    desk = desk_on(telegram_url=api.url, is_warning=True, held_up="BTC")
    asked = desk.services.snapshots
    assert isinstance(asked, HeldUp)
    asked.go.set()
    async with telegram_serving(desk):
        (first,) = (await _answer(api, "BTC")).results
        asked.go.clear()
        (second,) = (await _answer(api, "btc", sender=BOB)).results
        assert second == first
        asked.asked.clear()
        in_spanish = await api.ask_inline("BTC", sender={**BOB, "language_code": "es"})
        await asked.asked.wait()
        assert in_spanish not in api.inline_answers, "another language is asked for by itself"
        asked.go.set()


class _Away:
    """Snapshots of a store that does not answer."""

    async def latest(self, asset: str) -> Any:
        """Never there."""
        raise StoreUnavailable("away")

    async def watched(self) -> tuple[str, ...]:
        """Never there."""
        raise StoreUnavailable("away")

    async def all(self) -> tuple[Any, ...]:
        """Never there."""
        raise StoreUnavailable("away")


async def _answer(api: BotApi, query: str, **more: Any) -> Any:
    name = await api.ask_inline(query, **{"sender": ALICE, **more})
    await api.wait_for(lambda: name in api.inline_answers)
    return api.inline_answers[name]
