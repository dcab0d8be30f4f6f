"""The door's keeper before Discord: commands, buttons, menus, pages and what is offered while one types."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat_platform import Desk
from bot.platforms.discord.service import Client
from commands.protocol.limits import Gate
from tests.bot.desks import desk_on
from tests.bot.discord.reading import labels, told
from tests.bot.discord.rooms import alice, channel, env, simcord_bot

__all__ = ["alice", "channel", "env", "simcord_bot"]

TOO_OFTEN = "You ask faster than I answer one person."


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_on(data_dir=tmp_path, is_warning=True)


async def guarded(env: Any, desk: Desk, **chosen: object) -> None:
    """From now on the bot stands behind a keeper, with these settings."""
    settings = desk.settings.model_copy(update=chosen)
    await env.restart_bot(Client(replace(desk, settings=settings, gate=Gate())))


def answers(env: Any) -> list[str]:
    """The answers to interactions that were given, by kind of request."""
    return [one.path for one in env.http_requests if one.path.endswith("/callback")]


async def test_who_asks_too_often_is_told_once_and_then_left_unanswered(
    env: Any, desk: Desk, alice: Any, channel: Any
) -> None:
    await guarded(env, desk, limit_person=2)
    for _ in range(2):
        assert "BTC" in told((await alice.slash(channel, "regime")).response)
    refused = await alice.slash(channel, "regime")
    assert refused.ephemeral
    assert TOO_OFTEN in refused.response.content
    before = len(answers(env))
    assert not (await alice.slash(channel, "regime")).acknowledged
    assert len(answers(env)) == before


async def test_buttons_count_as_commands_do(env: Any, desk: Desk, alice: Any, channel: Any) -> None:
    await guarded(env, desk, limit_person=2)
    shown = await alice.slash(channel, "regime")
    label = labels(shown.response)[0]
    await alice.click(shown.response, label=label)
    refused = await alice.click(shown.response, label=label)
    assert TOO_OFTEN in refused.response.content


async def test_a_letter_costs_a_tenth_and_says_nothing(
    env: Any, desk: Desk, alice: Any, channel: Any
) -> None:
    await guarded(env, desk, limit_person=1)
    offered = [bool(await alice.autocomplete(channel, "regime", "asset", "B")) for _ in range(12)]
    assert offered == [True] * 10 + [False] * 2
    assert TOO_OFTEN in (await alice.slash(channel, "regime")).response.content, "no letter was told so"


async def test_a_server_that_is_let_in_lets_in_all_its_members(
    env: Any, desk: Desk, alice: Any, channel: Any
) -> None:
    await guarded(env, desk, allowed=(f"discord:{env.guild.id}",))
    assert "BTC" in told((await alice.slash(channel, "regime")).response)
    await guarded(env, desk, allowed=("discord:1",))
    refused = await alice.slash(channel, "regime")
    assert f"add discord:{alice.id} (that is you) to SEAWALL_ALLOWED" in refused.response.content
