"""A server with a channel and who is in it, as simcord plays them: fixtures for whoever imports them; `desk` may be one's own."""

from pathlib import Path
from typing import Any

import discord
import pytest

from bot.chat_platform import Desk
from bot.platforms.discord.service import Client
from tests.bot.desks import desk_on

MANAGES = discord.Permissions(manage_guild=True)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_on(data_dir=tmp_path)


@pytest.fixture
def simcord_bot(desk: Desk) -> Client:
    return Client(desk)


@pytest.fixture
def env(simcord_env: Any) -> Any:
    """A Discord that the bot has just come to."""
    return simcord_env


@pytest.fixture
def channel(env: Any) -> Any:
    return env.create_guild().create_text_channel("desk")


@pytest.fixture
def alice(env: Any, channel: Any) -> Any:
    return env.guild.add_member(env.create_user("alice"))


@pytest.fixture
def heads(env: Any, channel: Any) -> Any:
    """The role of those who manage the server."""
    return env.guild.create_role("desk head", permissions=MANAGES)


@pytest.fixture
def manager(env: Any, heads: Any) -> Any:
    return env.guild.add_member(env.create_user("mallory"), roles=(heads,))
