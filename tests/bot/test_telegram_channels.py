"""Telegram channels: the channel asks, its managers press, and its readers are led into their private chats."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.chat_platform import Desk, Sentence
from bot.platforms.telegram.links import private_link
from tests.bot.desks import desk_on, first, silence, telegram_serving
from tests.doubles.telegram import ALICE, BOB, BOT, CHANNEL, BotApi, Fault, Shown

pytestmark = pytest.mark.usefixtures("serving")


@pytest.fixture
def desk(api: BotApi) -> Desk:
    return desk_on(telegram_url=api.url, is_warning=True)


@pytest_asyncio.fixture
async def serving(desk: Desk) -> AsyncIterator[None]:
    async with telegram_serving(desk):
        yield


@pytest_asyncio.fixture
async def card(api: BotApi, serving: None) -> Shown:
    """What a channel asked for itself."""
    await api.post("/regime BTC")
    return await first(api)


async def opened(api: BotApi, count: int = 1) -> str | None:
    """The address that a press opened, the last of so many."""
    await api.wait_for(lambda: len(api.called("answerCallbackQuery")) >= count)
    url: str | None = api.called("answerCallbackQuery")[count - 1].get("url")
    return url


@pytest.mark.parametrize(
    ("label", "line"), [("Why", "/why BTC"), ("Size", "/size BTC"), ("Warn me", "/subscribe BTC")]
)
async def test_a_reader_is_answered_in_private_and_posts_nothing(
    label: str, line: str, card: Shown, api: BotApi, desk: Desk
) -> None:
    await api.press(card, label, chat=CHANNEL, sender=BOB)
    assert await opened(api) == private_link(BOT["username"], line)
    await silence(api)
    assert desk.services.chats is not None
    assert await desk.services.chats.get(f"telegram:{CHANNEL['id']}") is None


async def test_a_manager_asks_for_all(card: Shown, api: BotApi) -> None:
    api.managers.add((CHANNEL["id"], ALICE["id"]))
    await api.press(card, "Why", chat=CHANNEL, sender=ALICE)
    why = await first(api, 2)
    assert (why.chat_id, why.text.startswith("BTC · why")) == (CHANNEL["id"], True)
    await api.press(card, "Size", chat=CHANNEL, sender=ALICE)
    assert "start=" in (await opened(api, 2) or "")
    await silence(api)


async def test_a_reader_renews_what_stands_there(card: Shown, api: BotApi) -> None:
    await api.press(card, "Refresh", chat=CHANNEL, sender=BOB)
    assert await opened(api) is None
    await silence(api)


async def test_where_the_link_is_refused_the_little_window_says_it(card: Shown, api: BotApi) -> None:
    api.fail("answerCallbackQuery", Fault(400, "Bad Request: URL_INVALID"))
    await api.press(card, "Why", chat=CHANNEL, sender=BOB)
    assert await opened(api, 2) is None
    assert api.called("answerCallbackQuery")[1]["text"] == Sentence.PRIVATE_HERE.in_words("en")


async def test_news_of_the_bot_are_not_asked_of_it(api: BotApi) -> None:
    await api.post("@seawall_bot joins us today, say hello")
    await silence(api)
    await api.post("@seawall_bot regime btc")
    assert "CROWDING" in (await first(api, 2)).text
