"""What an asker sees where the store hangs, Discord's patience ends or the wire breaks (reliability.md 2.D)."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from tests.bot.desks import HeldUp, desk_on
from tests.bot.discord.serving import gateway, keep_addresses, serving
from tests.doubles import discord_rest
from tests.doubles.discord_gateway import Discord

ACKNOWLEDGE_WITHIN_S = 1.0


@pytest.fixture
async def discord(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    keep_addresses(monkeypatch)
    async with gateway() as running:
        yield running


async def test_a_command_is_acknowledged_within_a_second_though_the_store_hangs(
    discord: Discord, tmp_path: Path
) -> None:
    desk = desk_on(discord_url=discord.url, data_dir=tmp_path, held_up="BTC")
    held_up = cast("HeldUp", desk.services.snapshots)
    async with serving(discord, tmp_path, desk):
        began_s = time.monotonic()
        await discord.slash("regime")
        await discord.until(lambda: bool(discord.rest.bodies("POST", "/callback")))
        assert time.monotonic() - began_s < ACKNOWLEDGE_WITHIN_S
        async with asyncio.timeout(5.0):
            await held_up.asked.wait()
        assert discord.rest.bodies("POST", "webhooks/") == []
        held_up.go.set()
        await discord.until(lambda: bool(discord.rest.bodies("POST", "webhooks/")))


@pytest.mark.parametrize("is_taken", [True, False])
async def test_an_acknowledgement_whose_connection_is_reset_is_given_again_and_the_answer_follows(
    is_taken: bool, discord: Discord, tmp_path: Path
) -> None:
    discord.rest.faults.append(discord_rest.reset("/callback", is_carried_out=is_taken))
    async with serving(discord, tmp_path):
        await discord.slash("regime")
        await discord.until(lambda: bool(discord.rest.bodies("POST", "webhooks/")))
        assert discord.rest.statuses("/callback") == [0, 400 if is_taken else 200]


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (404, 10015), (401, 50027)])
async def test_an_answer_whose_place_is_gone_is_a_message_of_its_own(
    status: int, code: int, discord: Discord, tmp_path: Path
) -> None:
    discord.rest.lasting.append(discord_rest.refusal("webhooks/", status, code))
    async with serving(discord, tmp_path):
        await discord.slash("regime")
        await discord.until(lambda: bool(discord.rest.shown("55")))
        assert "BTC" in discord.rest.shown("55")[0]
