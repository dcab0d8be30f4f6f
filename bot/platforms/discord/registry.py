"""The slash commands Discord shows: handed over when they changed, and only then (it allows 200 new ones a day)."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.platforms.discord.translation import prints_of_translations

Tree = app_commands.CommandTree[Any]
log = structlog.stdlib.get_logger(__name__)


async def sync_if_changed(tree: Tree, memory: Path) -> bool:
    """Hand the commands over if their print differs from the one in the file `memory`; whether that was done.

    A failure is logged: the commands Discord already has go on working.
    """
    present = fingerprint(tree)
    if await asyncio.to_thread(_read, memory) == present:
        return False
    try:
        await tree.sync()
    except (discord.DiscordException, OSError) as error:
        log.warning("Discord did not take the slash commands", error=type(error).__name__)
        return False
    await asyncio.to_thread(_write, memory, present)
    return True


def fingerprint(tree: Tree) -> str:
    """A short text that is the same as long as the application, its commands and their words in all languages are."""
    commands = [command.to_dict(tree) for command in tree.get_commands()]
    shown = [tree.client.application_id, commands, prints_of_translations()]
    told = json.dumps(shown, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def _read(memory: Path) -> str:
    try:
        return memory.read_text()
    except OSError:
        return ""


def _write(memory: Path, present: str) -> None:
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(present)
    except OSError as error:
        log.warning(
            "what Discord shows is not remembered; it is told again at the next start", error=error.strerror
        )
