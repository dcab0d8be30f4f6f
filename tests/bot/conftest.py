"""A Telegram of its own for every test that asks for one."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.platforms.telegram.service import Service
from tests.bot.desks import bot_api, desk_on, telegram_serving
from tests.doubles.telegram import BotApi


@pytest_asyncio.fixture
async def api() -> AsyncIterator[BotApi]:
    """A Bot API server that must have had nothing to refuse when the test is over."""
    async with bot_api() as server:
        yield server
    excused = ("not modified", "Conflict")
    assert [refusal for refusal in server.refusals if not any(word in refusal for word in excused)] == []


@pytest_asyncio.fixture
async def service(api: BotApi) -> AsyncIterator[Service]:
    """The Telegram service at that server, on the market of the examples."""
    async with telegram_serving(desk_on(telegram_url=api.url)) as running:
        yield running
