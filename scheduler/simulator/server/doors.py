"""The port of one venue: open, or shut so that nobody listens there."""

import asyncio
from typing import Any

LOOPBACK = "127.0.0.1"


class Door:
    """A listening port on loopback that can be shut and opened again, the same one each time."""

    def __init__(self, serve: Any) -> None:
        """`serve` makes a protocol for each connection, as aiohttp's server does."""
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self.port = 0

    async def open(self) -> None:
        """Listen, on a free port at first. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._serve, LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def open_again(self) -> None:
        """Listen on the same port as before, in a moment."""
        self._opening = asyncio.get_running_loop().create_task(self.open())

    def shut(self) -> None:
        """Listen no more; connections that are open stay so."""
        if self._opening is not None:
            self._opening.cancel()
        if self._server is not None:
            self._server.close()
