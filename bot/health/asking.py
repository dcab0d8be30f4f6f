"""`seawall healthcheck`: a process that tells how it is is asked over HTTP and believed, else the store is asked.

It is run twice a minute, also on a small machine: nothing is loaded for it that it has no need of.
"""

import http.client
import json
import time
from pathlib import Path
from typing import Any

from bot.settings import Settings
from store.connection import open_connection
from store.health import Health, is_healthy
from store.server import running_socket

WITHIN_S = 6.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104, what is listened at is asked from here
LARGEST_BYTES = 100_000


def ask_process(listen: str) -> Health:
    """What the process that tells its health at this address says of itself; one that says nothing is not well."""
    host, _, port = listen.rpartition(":")
    place = EVERYWHERE.get(host.strip("[]"), host.strip("[]"))
    asking = http.client.HTTPConnection(place, int(port), timeout=WITHIN_S)
    try:
        asking.request("GET", "/readyz")
        answer = asking.getresponse()
        told = json.loads(answer.read(LARGEST_BYTES))
        return Health(ok=bool(told["ready"]), reason=_in_words(told))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        return Health(ok=False, reason=f"Nothing tells its health at {listen} ({type(error).__name__}).")
    finally:
        asking.close()


async def ask_store(settings: Settings) -> Health:
    """Whether the store answers and the last evaluation is younger than three cycles, without starting anything."""
    if settings.redis_url is not None:
        address: str | Path | None = settings.redis_url.get_secret_value()
    else:
        address = running_socket(settings.data_dir)
    if address is None:
        return Health(ok=False, reason="The service does not run: no store was started on its data folder.")
    try:
        connection = open_connection(address)
    except ValueError as wrong:
        return Health(ok=False, reason=str(wrong))
    try:
        return await is_healthy(connection, round(time.time() * 1_000))
    finally:
        await connection.close()


def _in_words(told: dict[str, Any]) -> str:
    """The reasons, else that all is well with the parts that run; then what should be looked at."""
    parts = ", ".join(f"{name} {standing.replace('_', ' ')}" for name, standing in told["parts"].items())
    lines = [_sentence(reason) for reason in told["reasons"]] or [f"Ready: {parts}."]
    return "\n".join([*lines, *(_sentence(concern) for concern in told["concerns"])])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
