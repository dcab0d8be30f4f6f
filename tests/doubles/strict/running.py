"""The strict platforms as processes: started, asked, read, and gone with whoever started them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

HOME = Path(__file__).parents[3]
START_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One line of a ledger; `name` is the warning's own ("c7f2"), `text` only where texts are kept."""

    at_ms: int
    kind: str
    chat: str
    message: str
    name: str
    is_repeat: bool
    nonce: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Strict:
    """A running platform: its address and its ledger."""

    url: str
    ledger: Path

    async def stats(self) -> dict[str, int]:
        """The counts; afterwards the ledger's file is complete."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/stats") as answer:
            told: dict[str, int] = await answer.json()
            return told

    async def answer(self, status: int) -> None:
        """Let everything be answered with this status from now on, 200 being as it should be."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/status", params={"code": status}),
        ):
            pass

    def arrivals(self) -> Iterator[Arrival]:
        """What the ledger's file tells."""
        if self.ledger.exists():
            for line in self.ledger.read_text().splitlines():
                told: dict[str, Any] = json.loads(line)
                yield Arrival(**told)


@asynccontextmanager
async def strict(
    platform: str,
    ledger: Path,
    *,
    scale: float = 1.0,
    latency_ms: float = 50.0,
    port: int = 0,
    texts: bool = False,
) -> AsyncIterator[Strict]:
    """A platform for the length of the block."""
    words = [
        platform,
        str(ledger),
        "--scale",
        str(scale),
        "--latency-ms",
        str(latency_ms),
        "--port",
        str(port),
    ]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.doubles.strict",
        *words,
        *(["--texts"] if texts else []),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=HOME,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_WITHIN_S):
            url = (await process.stdout.readline()).decode().strip()
        assert url, "the platform's double did not start"
        yield Strict(url, ledger)
    finally:
        process.stdin.close()
        async with asyncio.timeout(START_WITHIN_S):
            await process.wait()
