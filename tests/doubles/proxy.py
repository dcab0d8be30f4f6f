"""A wire that breaks on order: TCP on loopback in front of a server's socket, losing answers or everything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

CHUNK_BYTES = 65_536


@dataclass(slots=True)
class Proxy:
    """`lose_answers` lets that many answers of the server vanish with their connection; `mute` holds all back.

    `spare_answers` are let through first. Each answer takes `answers_after_s` longer.
    """

    socket: Path
    lose_answers: int = 0
    spare_answers: int = 0
    mute: bool = False
    answers_after_s: float = 0.0
    port: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"redis://127.0.0.1:{self.port}"

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until either side ends."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        server_reader, server_writer = await asyncio.open_unix_connection(self.socket)
        there = asyncio.create_task(self._commands(reader, server_writer))
        try:
            await self._answers(server_reader, writer)
        except ConnectionError:
            pass
        finally:
            there.cancel()
            writer.close()
            server_writer.close()
            self.tasks.discard(task)

    async def _commands(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            server.write(chunk)
            await server.drain()
        server.close()

    async def _answers(self, server: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await server.read(CHUNK_BYTES):
            if self.lose_answers and not self.spare_answers:
                self.lose_answers -= 1
                return
            self.spare_answers = max(0, self.spare_answers - 1)
            if self.answers_after_s:
                await asyncio.sleep(self.answers_after_s)
            if not self.mute:
                writer.write(chunk)
                await writer.drain()


@asynccontextmanager
async def proxied(socket: Path) -> AsyncIterator[Proxy]:
    """A proxy in front of `socket` for the length of the block."""
    proxy = Proxy(socket)
    server = await asyncio.start_server(proxy.carry, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in tuple(proxy.tasks):
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)
        await server.wait_closed()
