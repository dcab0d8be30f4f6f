"""A program that uses the private Valkey, run by tests as a process of its own.

`program.py FOLDER` joins the persistent server of FOLDER, `program.py` starts an ephemeral one. It prints the socket,
the server's process id and the milliseconds until the server answered, and stays until its standard input ends.
"""

import asyncio
import signal
import sys
import time
from pathlib import Path

from store.server import ephemeral_valkey, private_valkey
from store.server.wire import say


async def process_id(socket: Path) -> int:
    """The process id of the server on `socket`, by its own word."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(b"INFO server\r\n")
    await writer.drain()
    while not (line := await reader.readline()).startswith(b"process_id:"):
        assert line, "the server closed before it said its process id"
    writer.close()
    return int(line.split(b":")[1])


async def main(arguments: list[str]) -> None:
    begun = time.monotonic()
    async with private_valkey(Path(arguments[0])) if arguments else ephemeral_valkey() as socket:
        took_ms = (time.monotonic() - begun) * 1000
        assert await say(socket, "PING") == b"+PONG\r\n"
        print(socket, await process_id(socket), f"{took_ms:.0f}", flush=True)
        await asyncio.to_thread(sys.stdin.buffer.read)


if __name__ == "__main__":
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background job inherits that it is ignored
    asyncio.run(main(sys.argv[1:]))
