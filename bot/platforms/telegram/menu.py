"""The bot's menu in Telegram: the commands it shows beside the line where people type, set when they changed."""

import structlog
from telegram import Bot, BotCommand
from telegram.error import TelegramError

from commands.protocol import dispatch

MOST_COMMANDS = 100
LONGEST_DESCRIPTION = 256
"""Telegram's limits (Bot API, setMyCommands and BotCommand)."""

log = structlog.stdlib.get_logger(__name__)


def menu() -> tuple[BotCommand, ...]:
    """The commands to show, in their order."""
    shown = [command for command in dispatch.commands() if command.in_menu][:MOST_COMMANDS]
    return tuple(BotCommand(command.name, command.help[:LONGEST_DESCRIPTION]) for command in shown)


async def update_menu(bot: Bot) -> None:
    """Set the menu where Telegram shows another one; a failure is logged and costs nothing but the menu."""
    wanted = menu()
    try:
        if await bot.get_my_commands() != wanted:
            await bot.set_my_commands(wanted)
    except TelegramError as error:
        log.warning("the menu was not set", error=type(error).__name__)
