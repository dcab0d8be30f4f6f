"""A desk for a platform under test: the real door and the real commands on a small market in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import HttpUrl, SecretStr

from bot.chat_platform import Desk
from bot.platforms.telegram.buttons import SIGN_LETTERS
from bot.platforms.telegram.patience import Pauses
from bot.platforms.telegram.service import Service
from bot.settings import Settings
from market.observations import Asset
from market.snapshot import Snapshot
from store.in_memory import (
    ChatsInMemory,
    FeedInMemory,
    MemosInMemory,
    PeopleInMemory,
    PostInMemory,
    SnapshotsInMemory,
)
from store.services import FeedStatus, Services
from tests import canary
from tests.commands.markets import NOW_MS, crowding
from tests.doubles.telegram import BOB, BotApi, Shown

WATCHED: tuple[Asset, ...] = ("BTC", "ETH", "SOL")
QUICK = Pauses(first_s=0.01, longest_s=0.02)


@dataclass(slots=True)
class HeldUp:
    """Snapshots of which one asset's takes as long as the test wants."""

    kept: SnapshotsInMemory
    asset: Asset
    go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def latest(self, asset: Asset) -> Snapshot | None:
        """The snapshot, after the test lets go of it."""
        if asset == self.asset:
            self.asked.set()
            await self.go.wait()
        return await self.kept.latest(asset)

    async def watched(self) -> tuple[Asset, ...]:
        """The watched assets."""
        return await self.kept.watched()

    async def all(self) -> tuple[Snapshot, ...]:
        """All snapshots."""
        return await self.kept.all()


def desk_on(
    *snapshots: Snapshot,
    telegram_url: str | None = None,
    discord_url: str | None = None,
    held_up: Asset | None = None,
    data_dir: Path = Path("/nowhere"),
    now_ms: int = NOW_MS,
    is_warning: bool = False,
) -> Desk:
    """A desk with canary tokens; without snapshots, BTC is crowded as in the examples of product.md.

    `is_warning`: chats may subscribe.
    """
    kept = SnapshotsInMemory(WATCHED, snapshots or (crowding(),))
    settings = Settings(
        telegram_token=SecretStr(canary.TELEGRAM_TOKEN),
        discord_token=SecretStr(canary.DISCORD_TOKEN),
        telegram_url=None if telegram_url is None else HttpUrl(telegram_url),
        data_dir=data_dir,
        discord_url=None if discord_url is None else HttpUrl(discord_url),
    )
    snapshots_asked = kept if held_up is None else HeldUp(kept, held_up)
    feed = FeedInMemory(FeedStatus("live", now_ms, 60_000, 200))
    services = Services(snapshots_asked, feed, people=PeopleInMemory(), memos=MemosInMemory(lambda: now_ms))
    if is_warning:
        services = replace(services, chats=ChatsInMemory(), post=PostInMemory())
    return Desk(settings, services, lambda: now_ms)


def bot_api(token: str = canary.TELEGRAM_TOKEN) -> BotApi:
    """A Bot API server whose clock is the market's."""
    return BotApi(token, clock=lambda: NOW_MS / 1_000)


@asynccontextmanager
async def telegram_serving(desk: Desk) -> AsyncIterator[Service]:
    """The Telegram service on a desk, running while the block runs."""
    service = Service(desk, QUICK)
    task = asyncio.create_task(service.serve())
    try:
        yield service
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def first(api: BotApi, count: int = 1) -> Shown:
    """The first message shown, or the one that makes it `count`."""
    return (await api.messages(count))[count - 1]


def carried(button: dict[str, Any]) -> str:
    """What a button carries behind its signature: its marks and its line."""
    return str(button["callback_data"])[SIGN_LETTERS:]


async def silence(api: BotApi) -> None:
    """Nothing was answered: what is asked after it is answered first."""
    before = len(api.shown)
    await api.say("/status", chat={"id": 99, "type": "private"}, sender={**BOB, "id": 99})
    await api.messages(before + 1)
    assert [shown.chat_id for shown in api.shown[before:]] == [99]
