"""/healthz, /readyz and /metrics over HTTP, from a thread with a loop of its own.

So a process whose loop stands still says so, instead of saying nothing. It is apart from the server of Telegram's webhook: that
one is shown to the internet, this one is not.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web

from bot.health.answers import alive_in_json, is_ready, ready_in_json, stuck_in_json
from bot.health.vitals import Process, Vitals, is_alive
from bot.running import Refusal

LOOK_WITHIN_S = 2.5
STARTS_WITHIN_S = 5.0
ENDS_WITHIN_S = 2.0
KEPT_ALIVE_S = 15.0
LARGEST_BODY_BYTES = 1_024
NO_STORE = {"Cache-Control": "no-store"}


class HealthServer:
    """Answers at one address about one process. It is opened on the loop that is looked after."""

    def __init__(self, listen: str, process: Process) -> None:
        host, _, port = listen.rpartition(":")
        self._host, self._port, self._listen = host.strip("[]"), int(port), listen
        self._process = process
        self._main = asyncio.get_running_loop()
        self._own: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._is_up = threading.Event()
        self._why: str | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve for the length of the block. Raises Refusal where the address cannot be had."""
        thread = threading.Thread(target=self._run, name="health", daemon=True)
        thread.start()
        await asyncio.to_thread(self._is_up.wait, STARTS_WITHIN_S)
        if self._why is not None:
            raise Refusal(
                f"Health cannot be told at {self._listen} ({self._why}): set SEAWALL_HEALTH_LISTEN to another one."
            )
        try:
            yield
        finally:
            if self._own is not None and self._over is not None:
                self._own.call_soon_threadsafe(self._over.set)
            await asyncio.to_thread(thread.join, ENDS_WITHIN_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self._why = error.strerror or type(error).__name__
        finally:
            self._is_up.set()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=LARGEST_BODY_BYTES)
        for path, answer in (
            ("/healthz", self._alive),
            ("/readyz", self._ready),
            ("/metrics", self._metrics),
        ):
            app.router.add_get(path, answer)
        app.on_response_prepare.append(_without_version)
        runner = web.AppRunner(
            app, access_log=None, handle_signals=False, keepalive_timeout=KEPT_ALIVE_S, shutdown_timeout=0.5
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
            self._own, self._over = asyncio.get_running_loop(), asyncio.Event()
            self._is_up.set()
            await self._over.wait()
        finally:
            await runner.cleanup()

    async def _look(self) -> Vitals | None:
        """What the loop that is looked after sees; None where it does not come to that in time."""
        coming = asyncio.run_coroutine_threadsafe(self._process.look(self._main.time()), self._main)
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                return await asyncio.wrap_future(coming)
        except TimeoutError:
            coming.cancel()
            return None

    async def _alive(self, _: web.Request) -> web.Response:
        alive = is_alive(self._process.loop, self._process.parts)
        return _json(alive_in_json(alive, self._process.parts.all()), is_well=alive.ok)

    async def _ready(self, _: web.Request) -> web.Response:
        vitals = await self._look()
        alive = is_alive(self._process.loop, self._process.parts)
        if vitals is None:
            return _json(stuck_in_json(alive, self._process.parts.all(), LOOK_WITHIN_S), is_well=False)
        return _json(ready_in_json(vitals, alive), is_well=is_ready(vitals, alive))

    async def _metrics(self, request: web.Request) -> web.Response:
        vitals = await self._look()
        if vitals is None:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=NO_STORE)
        from bot.health.exposition import expose  # noqa: PLC0415, few are ever asked, and it brings a library

        text, kind = expose(vitals, request.headers.get("Accept", ""))
        return web.Response(body=text, headers={"Content-Type": kind, **NO_STORE})


def _json(content: Mapping[str, object], *, is_well: bool) -> web.Response:
    status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
    body = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return web.Response(text=body, status=status, content_type="application/json", headers=NO_STORE)


async def _without_version(_request: web.Request, response: web.StreamResponse) -> None:
    """Nobody need know what serves this."""
    response.headers["Server"] = "seawall"
