"""Warnings into Telegram by a process that does not listen: any number of them share the limits that the store counts."""

import asyncio

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.chat_platform import Desk, PlatformStopped
from bot.messenger import delivering
from bot.platforms.telegram.messenger import TelegramMessenger
from bot.platforms.telegram.patience import Patience, Pauses
from bot.platforms.telegram.service import REFUSED, buttons_on, sending_bot


async def run(desk: Desk) -> None:
    """Send until cancelled. Raises PlatformStopped where the token is refused."""
    bot = sending_bot(desk.settings)
    try:
        await _sign_in(bot, Patience(Pauses()))
        async with delivering(desk.deliver, TelegramMessenger(bot, buttons_on(desk))):
            await asyncio.Event().wait()
    finally:
        await bot.shutdown()


async def _sign_in(bot: Bot, patience: Patience) -> None:
    while True:
        try:
            await bot.initialize()
        except InvalidToken:
            raise PlatformStopped(REFUSED) from None
        except TelegramError as error:
            await patience.wait(error)
        else:
            patience.rest()
            return
