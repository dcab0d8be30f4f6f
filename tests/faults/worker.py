"""A program that addresses and delivers warnings, to be killed: `python -m tests.faults.worker --socket ... --telegram URL`.

SEAWALL_FAULT=K1 to K7 lets it die as by `kill -9` at that point of the way (reliability.md, section 1, crash windows), on
one platform with K5:discord. The hooks are wrappers here; the program that people run has none.
"""

import argparse
import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from discord.http import Route
from pydantic import SecretStr
from telegram import Bot

from bot.alone import Alone
from bot.app import MATCHING, match
from bot.delivery import deliverer as delivering
from bot.delivery.post import PostOffice
from bot.delivery.words import Words
from bot.lines import Lines
from bot.messenger import Manners, Messenger
from bot.platforms.discord.connection import GatewayClient
from bot.platforms.discord.messenger import DiscordMessenger
from bot.platforms.telegram.buttons import Buttons, signing_key
from bot.platforms.telegram.messenger import TelegramMessenger
from bot.platforms.telegram.transport import STAND_IN, AiohttpRequest, PollingRequest
from bot.settings import Settings
from commands.protocol.reply import Reply
from market.alerts import Alert
from scheduler.clock import now_ms
from store import outbox as boxes
from store.bulletins import Bulletins
from store.codec import Kind, read
from store.connection import Connection, StoreUnavailable, check_safe, open_connection
from store.lease import TTL_MS
from store.outbox import Outbox
from store.pace import Rate

ALERTS = Kind("alerts to announce", 1, tuple[Alert, ...])
TELEGRAM_TOKEN = "1234567890:AAH-of-a-test-only-and-of-no-bot-1234"
DISCORD_TOKEN = "a.discord.token"
HURRIED_TTL_MS = 1_000
K5_AFTER_S = 0.3
"""The doubles of this test take the message after half of 400 ms and answer after the other half."""


def die() -> None:
    """As the kernel does it when memory is short: no handler, no finally."""
    os.kill(os.getpid(), signal.SIGKILL)


class Scaled:
    """A messenger on a platform whose limits are `scale` times those of the real one; the window stays as it is."""

    def __init__(self, inner: Messenger, scale: float) -> None:
        self._inner, self._scale = inner, scale
        self.platform = inner.platform
        overall = inner.manners.overall
        self.manners: Manners = replace(inner.manners, overall=_scaled(overall, scale))

    def rates(self, address: str) -> tuple[Rate, ...]:
        return tuple(Rate(rate.per_s * self._scale, rate.burst) for rate in self._inner.rates(address))

    async def send(self, address: str, reply: Reply, *, is_silent: bool, nonce: str) -> str:
        return await self._inner.send(address, reply, is_silent=is_silent, nonce=nonce)

    async def edit(self, address: str, message: str, reply: Reply) -> None:
        await self._inner.edit(address, message, reply)

    async def ask(self) -> None:
        await self._inner.ask()


class Dying(Scaled):
    """Dies before (K4), while (K5) or after (K6) it sends."""

    def __init__(self, inner: Messenger, scale: float, point: str) -> None:
        super().__init__(inner, scale)
        self._point = point

    async def send(self, address: str, reply: Reply, *, is_silent: bool, nonce: str) -> str:
        if self._point == "K4":
            die()
        if self._point == "K5":
            asyncio.get_running_loop().call_later(K5_AFTER_S, die)
        sent = await super().send(address, reply, is_silent=is_silent, nonce=nonce)
        if self._point == "K6":
            die()
        return sent


def _scaled(rate: Rate, scale: float) -> Rate:
    return Rate(rate.per_s * scale, max(rate.burst, rate.burst * scale), int(rate.most_a_second * scale))


def arm(point: str, platform: str) -> None:
    """Hang the other points onto the store's own calls, in this process."""
    if point == "K1":
        _before(Bulletins, "announce")
    if point == "K2":
        _before(Bulletins, "batch")
    if point == "K3":
        _after(Bulletins, "fan_out")
    if point == "K7":
        _after(Outbox, "commit", lambda box: platform in {"", box._platform})


def _before(owner: type, name: str) -> None:
    setattr(owner, name, lambda *_, **__: die())


def _after(owner: type, name: str, where: Callable[[Any], bool] = lambda _: True) -> None:
    real: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def dying(self: Any, *given: Any, **named: Any) -> Any:
        done = await real(self, *given, **named)
        if where(self):
            die()
        return done

    setattr(owner, name, dying)


async def telegram_at(url: str, stack: AsyncExitStack) -> Messenger:
    """A bot of the real library on this platform."""
    token = SecretStr(TELEGRAM_TOKEN)
    bot = Bot(
        STAND_IN,
        base_url=f"{url}/bot",
        request=AiohttpRequest(token),
        get_updates_request=PollingRequest(token),
    )
    await stack.enter_async_context(bot)
    return TelegramMessenger(bot, Buttons(signing_key(token), Lines(None)))


async def discord_at(url: str, stack: AsyncExitStack) -> Messenger:
    """The program's own client on this platform, without a gateway."""
    Route.BASE = f"{url}/api/v10"
    client = GatewayClient(Settings(data_dir=Path("/nowhere")))
    await client.login(DISCORD_TOKEN)
    stack.push_async_callback(client.close)
    return DiscordMessenger(client)


async def announce(connection: Connection, file: Path) -> None:
    """Play the engine: announce what it decides, again and again until it was taken."""
    for alert in read(ALERTS, file.read_bytes()):
        while True:
            try:
                await Bulletins(connection).announce(alert)
                break
            except StoreUnavailable:
                await asyncio.sleep(0.1)


async def work(words: argparse.Namespace, stack: AsyncExitStack) -> None:
    """Address and deliver until cancelled."""
    point, _, platform = os.environ.get("SEAWALL_FAULT", "").partition(":")
    arm(point, platform)
    connection = open_connection(words.store or words.socket)
    stack.push_async_callback(connection.close)
    while not await _answers(connection):
        await asyncio.sleep(0.05)
    await check_safe(connection)
    office = PostOffice(connection, Words(), now_ms)
    alone = Alone(connection, ttl_ms=HURRIED_TTL_MS if words.hurry else TTL_MS)
    tasks: list[Coroutine[Any, Any, None]] = [alone.do_fenced(MATCHING, match)]
    if words.alerts is not None:
        await announce(connection, words.alerts)
    for url, at in ((words.telegram, telegram_at), (words.discord, discord_at)):
        if url is not None:
            messenger = await at(url, stack)
            dies = point if platform in {"", messenger.platform} else ""
            tasks.append(office.deliver(Dying(messenger, words.scale, dies)))
    print("ready", flush=True)
    async with asyncio.TaskGroup() as together:
        for task in tasks:
            together.create_task(task)


async def _answers(connection: Connection) -> bool:
    try:
        async with connection.reading() as redis:
            await redis.ping()
    except StoreUnavailable:
        return False
    return True


async def run(words: argparse.Namespace) -> None:
    """Work until SIGTERM, then end in order."""
    async with AsyncExitStack() as stack:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with suppress(asyncio.CancelledError):
            await work(words, stack)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the words and work."""
    parser = argparse.ArgumentParser(prog="tests.faults.worker")
    parser.add_argument("--socket", type=Path)
    parser.add_argument("--store", help="the address of a server in place of a socket")
    parser.add_argument("--telegram")
    parser.add_argument("--discord")
    parser.add_argument("--alerts", type=Path, help="what the engine decides, to be announced first")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--hurry", action="store_true", help="inherit after half a second, not after fifteen")
    words = parser.parse_args(arguments)
    if words.hurry:
        boxes.ABANDONED_MS, delivering.KEEP_EVERY_S = 500, 0.1
    asyncio.run(run(words))


if __name__ == "__main__":
    main()
