"""The targets by name, each made where it is fuzzed."""

import asyncio
from collections.abc import Callable, Mapping

from tests.fuzz.discord import DiscordEvents
from tests.fuzz.harness import Report, Target, drive
from tests.fuzz.kept import Kept
from tests.fuzz.lines import Lines
from tests.fuzz.payloads import Payloads
from tests.fuzz.telegram import TelegramUpdates

TARGETS: Mapping[str, Callable[[], Target]] = {
    "lines": Lines,
    "payloads": Payloads,
    "telegram": TelegramUpdates,
    "discord": DiscordEvents,
    "kept": Kept,
}
NAMES = tuple(TARGETS)
SHARES: Mapping[str, float] = {"telegram": 0.3, "discord": 0.7, "kept": 0.25}
"""Updates of chats are those of both platforms together; what was kept comes besides."""


async def fuzz(name: str, seed: int, inputs: int) -> Report:
    """Fuzz one target. Raises KeyError for a name that is none."""
    return await drive(TARGETS[name](), seed, inputs)


def run_alone(name: str, seed: int, inputs: int) -> Report:
    """Fuzz one target in a process that does nothing else."""
    return asyncio.run(fuzz(name, seed, inputs))


def share_of(name: str, inputs: int) -> int:
    """How many inputs a target is given where lines, payloads and updates are each to be so many."""
    return round(inputs * SHARES.get(name, 1.0))
