"""What a Telegram command costs from the decoded update to the reply handed to the transport, how many go out, and in bad times.

`python -m benchmarks.commands [--broadcast 10000]`: first every answer must be the desk's (exit 1 if not). Then the time of
single asks, everything in a real Valkey, in turn with the library alone sending a fixed text of the same length through the
same stand-in for a transport; messages a second at 64 at once by our transport and by the library's own, to one server in a
process of its own; and replies while Valkey hangs (SIGSTOP) and while a warning goes to 10,000 chats. A target that is missed
is printed as such.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from pydantic import HttpUrl, SecretStr
from telegram import Bot, Update
from telegram.ext import Application, ApplicationBuilder, ContextTypes, TypeHandler
from telegram.request import BaseRequest, HTTPXRequest

from benchmarks.answering import ALICE, Side, Wire, message
from benchmarks.discord import tail
from benchmarks.fanout import say
from benchmarks.size import cached
from bot.chat_platform import Asker, Desk
from bot.collection import settle
from bot.delivery.post import PostOffice
from bot.delivery.words import Words
from bot.layout import TELEGRAM_HTML, lay_out
from bot.live import services_on
from bot.messenger import Messenger
from bot.pictures.drawn import drawing
from bot.platforms.telegram.messenger import TelegramMessenger
from bot.platforms.telegram.service import Service, buttons_on
from bot.platforms.telegram.transport import STAND_IN, AiohttpRequest
from bot.settings import Settings
from commands.protocol.limits import Gate
from market.alerts import Edge, Severity
from scheduler.clock import now_ms
from store.connection import Connection, connected
from store.health import LIVE
from store.hours import StoredHours
from store.pace import Pace, Rate
from store.server import private_valkey
from store.snapshots import StoredFeed, StoredSnapshots
from tests.doubles.strict.running import strict
from tests.doubles.waiting import until
from tests.faults.soak import alert
from tests.faults.stage import Stage, staged

TOKEN = "7700000001:of-a-benchmark-only-and-of-no-bot"  # noqa: S105, of no bot
LINES = ("/regime BTC", "/why BTC", "/size BTC 5x 10k", "/check BTC", "/funding BTC", "/scan", "/alerts")
ASKS, WARM, ROUNDS = 300, 50, 5
P50_MS, P99_MS = 0.7, 2.0
AT_ONCE, MESSAGES, TURNS, LEAST_TIMES = 64, 3_000, 3, 4.0
HANG_S, HANG_ASKS_A_S, P95_MS = 20.0, 10.0, 300.0
BROADCAST = 10_000
ENDLESS = Rate(1e6, 1e6)
UNLIMITED: Any = {"limit_person": 1_000_000, "limit_chat": 1_000_000, "limit_all": 1_000_000}
"""The door's keeper stands there as it does in the service, and lets all of this one person's questions in."""


@asynccontextmanager
async def desk_at(folder: Path) -> AsyncIterator[tuple[Desk, Connection]]:
    """A desk whose assets, hours and brackets are in a Valkey of its own; and the connection."""
    context = cached(seeds=(1,)).context
    held = context.services
    async with private_valkey(folder) as socket, connected(socket) as connection, connection.remembering():
        snapshots, hours = StoredSnapshots(connection), StoredHours(connection, LIVE)
        assets = await held.snapshots.watched()
        await snapshots.watch(assets)
        await snapshots.save_all(await held.snapshots.all())
        await StoredFeed(connection).save(await held.feed.status())
        for asset in assets:
            kept = None if held.hours is None else await held.hours.of(asset)
            if kept is not None:
                await hours.save(asset, kept)
        services = services_on(connection, is_live=True)
        turn = partial(_at_once, Pace(connection, "telegram", ENDLESS))
        settings = Settings(telegram_token=SecretStr(TOKEN), data_dir=folder, **UNLIMITED)
        await until(lambda: connection.memory.is_told)
        async with drawing(folder / "fonts", services.pictures) as drawn:
            yield (
                Desk(
                    settings,
                    services,
                    lambda: context.now_ms,
                    reply_turn=turn,
                    draw=drawn.png,
                    gate=Gate(services.limits),
                ),
                connection,
            )


async def _at_once(pace: Pace, _: Messenger, address: str) -> None:
    """The turn of a reply by the production's question to the store, of a bot that nothing limits: its cost is asked for."""
    await pace.reply_turn(address, (ENDLESS,))


@asynccontextmanager
async def ours_on(desk: Desk) -> AsyncIterator[Side]:
    """The production's service, its transport put aside."""
    service, wire = Service(desk), Wire()
    bot: Any = service.bot
    bot._request = (wire, wire)  # noqa: SLF001, there is no other way to another transport
    await service.start()
    await service.settled()
    yield Side("Seawall", service.application.process_update, service.bot, wire)
    await service.stop()


@asynccontextmanager
async def floor_on(texts: dict[str, str]) -> AsyncIterator[Side]:
    """The library alone: one handler that answers every line with a fixed text."""

    async def answer(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        if update.message is not None:
            await update.message.reply_text(texts[update.message.text or ""])

    wire = Wire()
    built: Application[Any, Any, Any, Any, Any, Any]
    built = ApplicationBuilder().token(STAND_IN).request(wire).get_updates_request(wire).updater(None).build()
    built.add_handler(TypeHandler(Update, answer))
    await built.initialize()
    yield Side("library", built.process_update, built.bot, wire)
    await built.shutdown()


async def is_the_desks(side: Side, desk: Desk, line: str) -> bool:
    """Whether what was handed over begins as the desk's own answer does."""
    asker = Asker("telegram", "11", "11", is_private=True, reach="telegram:11")
    reply = await desk.ask(line, asker)
    first = lay_out(reply, TELEGRAM_HTML)[0].partition("\n")[0]
    await side.ask(line, desk.now_ms())
    return first in side.wire.said


async def latency(folder: Path) -> int:
    """Check, then both sides in turn; the best of some rounds is judged, for other work on the machine only adds."""
    texts: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        desk, _ = await stack.enter_async_context(desk_at(folder))
        ours = await stack.enter_async_context(ours_on(desk))
        floor = await stack.enter_async_context(floor_on(texts))
        wrong = [line for line in LINES if not await is_the_desks(ours, desk, line)]
        say(f"correctness: {len(LINES) - len(wrong)} of {len(LINES)} answers are the desk's")
        if wrong:
            say(f"  wrong: {', '.join(wrong)}")
            return 1
        times_ms: dict[str, list[float]] = {}
        for line in LINES:
            await ours.ask(line, desk.now_ms())
            texts[line] = "x" * min(4_000, len(ours.wire.said))
            times_ms[line] = await line_over(line, ours, floor, desk.now_ms())
    judge_all(times_ms)
    return 0


def judge_all(times_ms: dict[str, list[float]]) -> None:
    """The answers of all lines alike, and those that alone are slower than the whole is to be."""
    p50, p99 = tail([took for line in LINES for took in times_ms[line]])
    judge(p50 <= P50_MS, f"p50 of all answers, each line as often, at most {P50_MS:g} ms ({p50:.3f} ms)")
    judge(p99 <= P99_MS, f"p99 of all answers at most {P99_MS:g} ms ({p99:.3f} ms)")
    alone = {line: tail(took) for line, took in times_ms.items()}
    above = [f"{line} {found[0]:.3f} ms" for line, found in alone.items() if found[0] > P50_MS]
    judge(
        not above, f"p50 of each line by itself at most {P50_MS:g} ms ({', '.join(above) or 'all of them'})"
    )
    worst = max(found[1] for found in alone.values())
    judge(worst <= P99_MS, f"p99 of each line by itself at most {P99_MS:g} ms (worst {worst:.3f} ms)")


async def line_over(line: str, ours: Side, floor: Side, at_ms: int) -> list[float]:
    """How long answers to a line took in the best of the rounds, ms on the wall."""
    best: tuple[list[float], tuple[float, float], float] | None = None
    for _ in range(ROUNDS):
        for place in range(WARM + ASKS):
            if place == WARM:
                settle()
                for side in (ours, floor):
                    side.times_ms.clear()
                    side.cpu_ms.clear()
            await ours.ask(line, at_ms)
            await floor.ask(line, at_ms)
        found = list(ours.times_ms), tail(floor.times_ms), tail(ours.cpu_ms)[0]
        if best is None or tail(found[0])[1] < tail(best[0])[1]:
            best = found
    assert best is not None  # noqa: S101, there are rounds
    took_ms, (low50, low99), cpu = best
    p50, p99 = tail(took_ms)
    say(
        f"{line:<17} p50 {p50:.3f} p99 {p99:.3f} ms   the library with a fixed text p50 {low50:.3f} p99 {low99:.3f} ms   "
        f"x{p50 / low50:.2f}   of CPU p50 {cpu:.3f} ms"
    )
    return took_ms


async def throughput(folder: Path) -> None:
    """Messages a second at 64 at once, by our transport and by the library's own, rounds interleaved."""
    async with strict("telegram", folder / "ledger", scale=1e6, latency_ms=0.0) as place:
        rates: dict[str, list[float]] = {"ours": [], "library": []}
        for _ in range(TURNS):
            rates["ours"].append(await _rate(place.url, AiohttpRequest(SecretStr(TOKEN)), STAND_IN))
            rates["library"].append(
                await _rate(place.url, HTTPXRequest(connection_pool_size=256, pool_timeout=30.0), TOKEN)
            )
    mine, theirs = median(rates["ours"]), median(rates["library"])
    say(
        f"at {AT_ONCE} at once: {mine:,.0f} messages a second by our transport, {theirs:,.0f} by the library's own"
    )
    judge(
        mine >= LEAST_TIMES * theirs,
        f"at least {LEAST_TIMES:g} times the library's default (x{mine / theirs:.2f})",
    )


async def _rate(url: str, request: BaseRequest, token: str) -> float:
    bot = Bot(token, base_url=f"{url}/bot", request=request)
    left = iter(range(MESSAGES))

    async def send() -> None:
        for number in left:
            await bot.send_message(1_000 + number, "BTC · CROWDING " * 20, parse_mode="HTML")

    async with bot:
        await asyncio.gather(*(bot.get_me() for _ in range(AT_ONCE)))
        began_s = perf_counter()
        await asyncio.gather(*(send() for _ in range(AT_ONCE)))
        return MESSAGES / (perf_counter() - began_s)


async def hanging(folder: Path) -> None:
    """Replies while Valkey says nothing, ten asks a second for twenty seconds, none waiting for another."""
    async with AsyncExitStack() as stack:
        desk, connection = await stack.enter_async_context(desk_at(folder))
        ours = await stack.enter_async_context(ours_on(desk))
        async with connection.reading() as redis:
            server = int((await redis.info("server"))["process_id"])
        await ours.ask(LINES[0], desk.now_ms())
        os.kill(server, signal.SIGSTOP)
        try:
            waits_ms, said = await _at_a_pace(ours, desk.now_ms())
        finally:
            os.kill(server, signal.SIGCONT)
    p95 = sorted(waits_ms)[int(0.95 * len(waits_ms))]
    say(
        f"while Valkey hangs: {len(waits_ms)} replies ({len(said)} different, such as {min(said, key=len)[:60]!r}), "
        f"p50 {median(waits_ms):.0f}, p95 {p95:.0f}, most {max(waits_ms):.0f} ms"
    )
    judge(p95 <= P95_MS, f"p95 within {P95_MS:.0f} ms while Valkey hangs")


async def _at_a_pace(side: Side, at_ms: int) -> tuple[list[float], set[str]]:
    waits_ms: list[float] = []
    said: set[str] = set()

    async def one(number: int) -> None:
        told = {
            "update_id": 500_000 + number,
            "message": message(number, LINES[number % len(LINES)], at_ms=at_ms, sender=ALICE),
        }
        update = Update.de_json(told, side.bot)
        began_s = perf_counter()
        await side.take(update)
        waits_ms.append(1e3 * (perf_counter() - began_s))
        said.add(side.wire.said)

    asks = []
    for number in range(int(HANG_S * HANG_ASKS_A_S)):
        asks.append(asyncio.create_task(one(number)))
        await asyncio.sleep(1.0 / HANG_ASKS_A_S)
    await asyncio.gather(*asks)
    return waits_ms, said


async def broadcasting(folder: Path, chats: int) -> int:
    """Whole answers by real HTTP while a warning goes to so many chats at the platform's own speed."""
    async with staged(folder) as stage, AsyncExitStack() as stack:
        await stage.subscribe([f"telegram:{10_000 + number}" for number in range(chats)])
        waits_s, received = await _meanwhile(stage, stack, folder, chats)
    p95 = 1e3 * sorted(waits_s)[int(0.95 * len(waits_s))]
    say(
        f"while a warning goes to {chats:,} chats ({received:,} received): {len(waits_s)} answers by HTTP, "
        f"p50 {1e3 * median(waits_s):.0f}, p95 {p95:.0f}, most {1e3 * max(waits_s):.0f} ms (the server takes 50 ms itself)"
    )
    judge(p95 <= P95_MS, f"p95 within {P95_MS:.0f} ms during a broadcast to {chats:,} chats")
    return 0 if received == chats else 1


async def _meanwhile(
    stage: Stage, stack: AsyncExitStack, folder: Path, chats: int
) -> tuple[list[float], int]:
    office = PostOffice(stage.connection, Words(), now_ms)
    context = cached(seeds=(1,)).context
    snapshots = StoredSnapshots(stage.connection)
    await snapshots.watch(await context.services.snapshots.watched())
    await snapshots.save_all(await context.services.snapshots.all())
    await StoredFeed(stage.connection).save(await context.services.feed.status())
    settings = Settings(
        telegram_token=SecretStr(TOKEN),
        telegram_url=HttpUrl(stage.telegram.url),
        data_dir=folder,
        **UNLIMITED,
    )
    services = services_on(stage.connection, is_live=True)
    desk = Desk(
        settings,
        services,
        lambda: context.now_ms,
        reply_turn=office.reply_turn,
        gate=Gate(services.limits),
    )
    service = Service(desk)
    await service.start()
    stack.push_async_callback(service.stop)
    tasks = [
        asyncio.create_task(office.address()),
        asyncio.create_task(office.deliver(TelegramMessenger(service.bot, buttons_on(desk)))),
    ]
    await asyncio.sleep(3.0)
    await stage.announce(alert("c7f2", "BTC", Severity.CRITICAL, Edge.FIRED))
    ending = asyncio.create_task(stage.until_delivered(120.0 + chats / 25.0))
    waits_s: list[float] = []
    number = 0
    while not ending.done():
        number += 1
        told = message(number, LINES[number % len(LINES)], at_ms=context.now_ms, sender=ALICE)
        update = Update.de_json({"update_id": number, "message": told}, service.bot)
        began_s = perf_counter()
        await service.application.process_update(update)
        waits_s.append(perf_counter() - began_s)
        await asyncio.sleep(1.5)  # a chat may be written to once a second
    await ending
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return waits_s, len({one.chat for one in await stage.arrivals() if one.name == "c7f2"})


def judge(holds: bool, what: str) -> None:
    """One line of the verdict."""
    say(f"{'holds' if holds else 'MISSED'}: {what}")


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="benchmarks.commands")
    parser.add_argument("--broadcast", type=int, default=BROADCAST, help="chats of the warning; 0: none")
    parser.add_argument("--only", choices=("latency", "throughput", "hanging", "broadcast"), default=None)
    words = parser.parse_args()
    code = 0
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / name for name in "abcd"]
        for place in places:
            place.mkdir()
        if words.only in {None, "latency"}:
            code |= asyncio.run(latency(places[0]))
        if words.only in {None, "throughput"}:
            asyncio.run(throughput(places[1]))
        if words.only in {None, "hanging"}:
            asyncio.run(hanging(places[2]))
        if words.broadcast and words.only in {None, "broadcast"}:
            code |= asyncio.run(broadcasting(places[3], words.broadcast))
    return code


if __name__ == "__main__":
    sys.exit(main())
