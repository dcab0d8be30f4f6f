"""The targets by name, each made where it is fuzzed."""

import asyncio

from tests.fuzz.harness import Report, drive
from tests.fuzz.lines import Lines

NAMES = ("lines",)


async def fuzz(name: str, seed: int, inputs: int) -> Report:
    """Fuzz one target. Raises KeyError for a name that is none."""
    return await drive({"lines": Lines}[name](), seed, inputs)


def run_alone(name: str, seed: int, inputs: int) -> Report:
    """Fuzz one target in a process that does nothing else."""
    return asyncio.run(fuzz(name, seed, inputs))
