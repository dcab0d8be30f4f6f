"""The targets by name, each made where it is fuzzed."""

import asyncio
from collections.abc import Callable, Mapping

from tests.fuzz.discord import DiscordEvents
from tests.fuzz.harness import Report, Target, drive
from tests.fuzz.lines import Lines
from tests.fuzz.payloads import Payloads
from tests.fuzz.telegram import TelegramUpdates

TARGETS: Mapping[str, Callable[[], Target]] = {
    "lines": Lines,
    "payloads": Payloads,
    "telegram": TelegramUpdates,
    "discord": DiscordEvents,
}
NAMES = tuple(TARGETS)


async def fuzz(name: str, seed: int, inputs: int) -> Report:
    """Fuzz one target. Raises KeyError for a name that is none."""
    return await drive(TARGETS[name](), seed, inputs)


def run_alone(name: str, seed: int, inputs: int) -> Report:
    """Fuzz one target in a process that does nothing else."""
    return asyncio.run(fuzz(name, seed, inputs))
