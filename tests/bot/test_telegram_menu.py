"""Telegram's menus: nine commands, those of managers for administrators of groups, in each language, set where they differ."""

import pytest
from telegram import BotCommandScope, BotCommandScopeAllPrivateChats

from bot.platforms.telegram.menu import SCOPES, menu, update_menu
from bot.platforms.telegram.service import Service
from commands.protocol import dispatch
from commands.protocol.phrases import languages, phrases_in
from commands.protocol.request import Role
from tests.bot.desks import desk_on, first, telegram_serving
from tests.doubles.telegram import BotApi, Fault

NINE = ["regime", "size", "check", "scan", "why", "alerts", "positions", "status", "help"]
CODES = ["" if language == "en" else language for language in languages()]
CALLS = 4 * len(CODES)


async def served_once(api: BotApi) -> None:
    """The bot starts, sets what it has to set, and ends."""
    polls = api.polls
    async with telegram_serving(desk_on(telegram_url=api.url)) as service:
        await api.wait_for(lambda: api.polls > polls)
        await service.settled()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: str(scope.type))
async def test_the_menu_lists_nine_commands_and_those_of_managers_for_administrators(
    scope: BotCommandScope, language: str
) -> None:
    names = [entry.command for entry in menu(scope, language)]
    managing = [command.name for command in dispatch.commands() if command.needs is Role.MANAGER]
    if scope.type == BotCommandScope.ALL_CHAT_ADMINISTRATORS:
        assert set(names) == {*NINE, *managing}
        assert {"subscribe", "mute", "ack", "settings"} <= set(names)
    else:
        assert names == NINE


@pytest.mark.parametrize("language", languages())
def test_each_language_has_its_own_words_in_the_menu(language: str) -> None:
    phrases = phrases_in(language)
    told = {entry.command: entry.description for entry in menu(BotCommandScopeAllPrivateChats(), language)}
    for command in dispatch.commands():
        if command.name in told:
            assert told[command.name] == phrases.slash(f"{command.name}.help", command.help)
            assert 1 <= len(told[command.name]) <= 256


@pytest.mark.parametrize("language", languages())
def test_what_the_bot_says_of_itself_fits(language: str) -> None:
    assert len(phrases_in(language).say("platform.about")) <= 512
    assert len(phrases_in(language).say("platform.about_short")) <= 120


async def test_menus_and_descriptions_are_set_for_each_kind_of_chat_and_each_language(api: BotApi) -> None:
    await served_once(api)
    assert set(api.menus) == {(scope.type, code) for scope in SCOPES for code in CODES}
    assert [entry["command"] for entry in api.menus["default", ""]] == NINE
    assert "subscribe" in {entry["command"] for entry in api.menus["all_chat_administrators", ""]}
    assert set(api.descriptions) == set(api.short_descriptions) == set(CODES)
    assert not api.called("setMyName")


async def test_what_is_shown_already_is_not_set_again(api: BotApi) -> None:
    await served_once(api)
    assert len(api.called("setMyCommands")) == CALLS
    api.calls.clear()
    await served_once(api)
    assert len(api.called("getMyCommands")) == CALLS
    assert [name for name, _ in api.calls if name.startswith("setMy")] == []


async def test_only_what_differs_is_set(api: BotApi) -> None:
    await served_once(api)
    api.calls.clear()
    api.menus["all_group_chats", ""] = [{"command": "old", "description": "of an older version"}]
    await served_once(api)
    assert [name for name, _ in api.calls if name.startswith("setMy")] == ["setMyCommands"]
    assert [entry["command"] for entry in api.menus["all_group_chats", ""]] == NINE


async def test_one_menu_that_cannot_be_set_costs_nothing_else(api: BotApi, service: Service) -> None:
    await api.wait_for(lambda: api.polls > 0)
    await service.settled()
    api.menus.clear()
    api.fail("setMyCommands", Fault(500))
    await update_menu(service.bot)
    assert len(api.menus) == CALLS - 1


async def test_a_limit_is_waited_out_so_that_no_menu_stays_as_it_was(api: BotApi) -> None:
    limit = Fault(429, "Too Many Requests: retry after 0", {"retry_after": 0}, times=3)
    api.fail("setMyCommands", limit)
    await served_once(api)
    assert len(api.menus) == CALLS


async def test_a_limit_of_hours_is_not_waited_for(api: BotApi) -> None:
    limit = Fault(429, "Too Many Requests: retry after 40000", {"retry_after": 40_000})
    api.fail("setMyDescription", limit)
    await served_once(api)
    assert len(api.menus) == CALLS


async def test_a_menu_that_never_comes_holds_up_no_answer_and_no_end(api: BotApi) -> None:
    api.fail("getMyCommands", Fault(stall=True, times=CALLS))
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await api.say("/regime")
        assert "CROWDING" in (await first(api)).text
