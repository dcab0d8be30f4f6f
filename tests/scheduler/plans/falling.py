"""A program that watches plans through a fall, to be killed: `python -m tests.scheduler.plans.falling SOCKET`."""

import asyncio
import sys
from pathlib import Path

from market.snapshot import Snapshot
from store.connection import connected
from tests.market.stated import seen
from tests.scheduler.plans.desk import Desk

LOOKS = 60
PEOPLE = tuple(f"telegram:{number}" for number in range(8))


def fall() -> list[Snapshot]:
    """An hour in which bitcoin loses nine percent, a look a minute."""
    return [seen(100_000.0 - 150.0 * minute, minute) for minute in range(1, LOOKS + 1)]


async def watch(socket: Path) -> None:
    """Take every look from the last one on that the store knows of; says each before it is taken."""
    async with connected(socket) as store:
        desk = Desk(store)
        last_ms = (await desk.people.watched_ms(["BTC"])).get("BTC", 0)
        for number, look in enumerate(fall()):
            if look.at_ms >= last_ms:
                print(number, flush=True)
                await desk.watch.look(look)


if __name__ == "__main__":
    asyncio.run(watch(Path(sys.argv[1])))
