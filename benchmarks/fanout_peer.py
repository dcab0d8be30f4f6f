"""The same broadcast by python-telegram-bot with its own rate limiter, as its documentation shows it; its figures as JSON.

`python -m benchmarks.fanout_peer URL CHATS`. The limiter's library is taken from .venv-peers where it is not installed.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / ".venv-peers" / "lib" / "python3.11" / "site-packages"))

from telegram.error import TelegramError
from telegram.ext import AIORateLimiter, ApplicationBuilder, ExtBot

from scheduler.clock import monotonic_s

ASKER = 5
ASK_EVERY_S = 2.0
MOST_RETRIES = 5
"""Its default is none, which loses messages (performance.md, section 4)."""
TOKEN = "1234567890:AAH-of-a-test-only-and-of-no-bot-1234"  # noqa: S105, of no bot


async def ask(bot: ExtBot[int], waits_s: list[float]) -> None:
    """One reply, and how long it took."""
    began_s = monotonic_s()
    with suppress(TelegramError):
        await bot.send_message(ASKER, "the answer to a command")
        waits_s.append(monotonic_s() - began_s)


async def broadcast(url: str, chats: int) -> dict[str, float | list[float]]:
    """Everybody is told at once, as with asyncio.gather, while somebody asks every two seconds."""
    limiter = AIORateLimiter(max_retries=MOST_RETRIES)
    bot = ApplicationBuilder().token(TOKEN).base_url(f"{url}/bot").rate_limiter(limiter).build().bot
    waits_s: list[float] = []
    asking: list[asyncio.Task[None]] = []
    async with bot:
        began_s, used_s = monotonic_s(), time.process_time()
        telling = asyncio.gather(
            *(bot.send_message(10_000 + number, "#c7f2 a warning") for number in range(chats)),
            return_exceptions=True,
        )
        while not telling.done():
            asking.append(asyncio.create_task(ask(bot, waits_s)))
            await asyncio.wait([telling], timeout=ASK_EVERY_S)
        outcome = await telling
        took_s = monotonic_s() - began_s
        await asyncio.gather(*asking)
    lost = sum(isinstance(one, BaseException) for one in outcome)
    return {"took_s": took_s, "lost": lost, "cpu_s": time.process_time() - used_s, "waits_s": waits_s}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(broadcast(sys.argv[1], int(sys.argv[2])))))
