"""`python -m tests.doubles.strict telegram LEDGER --scale 10 --latency-ms 5`: serves until its stdin ends.

It prints its address. `GET /stats` gives the counts and writes the ledger down; `POST /status?code=502` lets everything
fail from then on, 200 ends that.
"""

import argparse
import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from tests.doubles.strict.discord import StrictDiscord
from tests.doubles.strict.ledger import Ledger
from tests.doubles.strict.telegram import StrictTelegram

FLUSH_EVERY_S = 0.5
PLATFORMS: dict[str, type[StrictTelegram] | type[StrictDiscord]] = {
    "telegram": StrictTelegram,
    "discord": StrictDiscord,
}


async def serve(platform: str, ledger: Ledger, scale: float, latency_s: float, port: int) -> None:
    """Serve until stdin ends, which it does when the parent dies."""
    place = PLATFORMS[platform](ledger, scale, latency_s)

    async def stats(_: web.Request) -> web.Response:
        ledger.flush()
        return web.json_response(ledger.stats())

    async def status(request: web.Request) -> web.Response:
        place.status = int(request.query["code"])
        return web.json_response({})

    app = web.Application(client_max_size=1_000_000)
    place.routes(app)
    app.router.add_get("/stats", stats)
    app.router.add_post("/status", status)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.buffer.read))
    while not ended.done():
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(ended), FLUSH_EVERY_S)
        ledger.flush()
    await runner.cleanup()


def main() -> None:
    """Read the words and serve."""
    parser = argparse.ArgumentParser(prog="tests.doubles.strict")
    parser.add_argument("platform", choices=PLATFORMS)
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--latency-ms", type=float, default=50.0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--texts", action="store_true")
    words = parser.parse_args()
    ledger = Ledger(words.ledger, keeps_texts=words.texts)
    asyncio.run(serve(words.platform, ledger, words.scale, words.latency_ms / 1_000.0, words.port))


if __name__ == "__main__":
    main()
