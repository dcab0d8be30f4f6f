"""The bot's menu and what it says of itself in Telegram, for each kind of chat and each language, set where they differ.

Whom a menu is shown to is no right: what somebody may do is asked of Telegram when they do it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError

from bot.platforms.telegram.transport import Flooded
from commands.protocol import dispatch
from commands.protocol.phrases import ORIGINAL, languages, phrases_in
from commands.protocol.request import Role

MOST_COMMANDS = 100
LONGEST_DESCRIPTION = 256
LONGEST_ABOUT = 512
LONGEST_SHORT_ABOUT = 120
"""Telegram's limits (Bot API: setMyCommands, BotCommand, setMyDescription, setMyShortDescription)."""

MOST_TRIES, LONGEST_PAUSE_S = 4, 600.0
"""Against a limit: a menu of an older version stands for as long as nobody sets it anew."""

MOST_AT_ONCE = 4
"""Nobody waits for a menu: more connections are not worth their opening."""

SCOPES: tuple[BotCommandScope, ...] = (
    BotCommandScopeDefault(),
    BotCommandScopeAllPrivateChats(),
    BotCommandScopeAllGroupChats(),
    BotCommandScopeAllChatAdministrators(),
)

IN_GROUPS = frozenset({BotCommandScope.ALL_GROUP_CHATS, BotCommandScope.ALL_CHAT_ADMINISTRATORS})

log = structlog.stdlib.get_logger(__name__)


def menu(scope: BotCommandScope, language: str = ORIGINAL, *, hides: bool = False) -> tuple[BotCommand, ...]:
    """The commands to show in chats of a kind, in their order; administrators of groups see those of managers as well.

    `hides`: the server lets nobody else in a group see a command that holds a position, chosen from the menu.
    """
    is_managing = scope.type == BotCommandScope.ALL_CHAT_ADMINISTRATORS
    phrases = phrases_in(language)
    shown = [
        BotCommand(
            command.name,
            phrases.slash(f"{command.name}.help", command.help)[:LONGEST_DESCRIPTION],
            api_kwargs={"is_ephemeral": True}
            if hides and command.private and scope.type in IN_GROUPS
            else None,
        )
        for command in dispatch.commands()
        if command.in_menu or (is_managing and command.needs is Role.MANAGER)
    ]
    return tuple(shown[:MOST_COMMANDS])


async def update_menu(bot: Bot, *, hides: bool = False) -> None:
    """Set the menus and descriptions that differ from what Telegram shows; a failure is logged and costs nothing but them."""
    asked = [
        *(partial(_menu, bot, scope, language, hides=hides) for scope in SCOPES for language in languages()),
        *(partial(_about, bot, language) for language in languages()),
        *(partial(_short_about, bot, language) for language in languages()),
    ]
    turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def in_turn(one: Callable[[], Awaitable[bool]]) -> bool:
        async with turns:
            return await one()

    done = await asyncio.gather(*map(in_turn, asked))
    if any(done):
        log.info("what Telegram shows of the bot was set", changed=sum(done))


async def _menu(bot: Bot, scope: BotCommandScope, language: str, *, hides: bool) -> bool:
    wanted, code = menu(scope, language, hides=hides), _code(language)

    async def is_shown() -> bool:
        shown = await bot.get_my_commands(scope=scope, language_code=code)
        return [one.to_dict() for one in shown] == [one.to_dict() for one in wanted]

    return await _set("menu", is_shown, lambda: bot.set_my_commands(wanted, scope=scope, language_code=code))


async def _about(bot: Bot, language: str) -> bool:
    wanted, code = phrases_in(language).say("platform.about")[:LONGEST_ABOUT], _code(language)

    async def is_shown() -> bool:
        return (await bot.get_my_description(language_code=code)).description == wanted

    return await _set("description", is_shown, lambda: bot.set_my_description(wanted, language_code=code))


async def _short_about(bot: Bot, language: str) -> bool:
    wanted, code = phrases_in(language).say("platform.about_short")[:LONGEST_SHORT_ABOUT], _code(language)

    async def is_shown() -> bool:
        return (await bot.get_my_short_description(language_code=code)).short_description == wanted

    return await _set(
        "short description", is_shown, lambda: bot.set_my_short_description(wanted, language_code=code)
    )


async def _set(
    what: str, is_shown: Callable[[], Awaitable[bool]], change: Callable[[], Awaitable[bool]]
) -> bool:
    """Whether something had to be set, and was; a limit is waited out, since the next start may be far away."""
    failed = ""
    for _ in range(MOST_TRIES):
        try:
            return not await is_shown() and await change()
        except TelegramError as error:
            failed = type(error).__name__
            if not isinstance(error, Flooded) or error.wait_s > LONGEST_PAUSE_S:
                break
            await asyncio.sleep(error.wait_s)
    log.warning("what Telegram shows of the bot was not set", what=what, error=failed)
    return False


def _code(language: str) -> str | None:
    """The language as Telegram's methods name it; the original is for everybody whose language has no menu of its own."""
    return None if language == ORIGINAL else language
