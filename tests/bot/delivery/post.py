"""The real way of a warning in one process, step by step and by a clock of the test's own: no waiting, no sleeping."""

from dataclasses import replace

from bot.delivery.errand import Errands, Shelves
from bot.delivery.words import Words
from market.alerts import Alert
from scheduler.subscriptions.address import Addresser
from store.bulletins import Bulletins
from store.chats import StoredChats, Subscription
from store.connection import Connection
from store.outbox import Outbox
from store.pace import Pace
from store.plan_news import StoredPlanNews
from tests.doubles.chats import ChatsInMemory

WORKER = "one"


class Way:
    """Announce, address and run errands on the real store, to a platform in memory."""

    def __init__(self, valkey: Connection, platform: ChatsInMemory) -> None:
        self.valkey, self.platform, self.now_ms = valkey, platform, 0
        self.bulletins = Bulletins(valkey, group_wait_ms=0)
        self.chats = StoredChats(valkey)
        self.box = Outbox(valkey, platform.platform)
        self.errands = self.worker()

    def worker(self, name: str = WORKER) -> Errands:
        """The errands of a new worker."""
        pace = Pace(self.valkey, "bot", self.platform.manners.overall)
        shelves = Shelves(self.box, self.bulletins, self.chats, pace, StoredPlanNews(self.valkey))
        return Errands(shelves, self.platform, Words(), lambda: self.now_ms, name)

    async def subscribe(self, address: str, *wishes: Subscription) -> None:
        """Let a chat want these."""
        await self.chats.change(address, lambda chat: replace(chat, subscriptions=wishes))

    async def announce(self, *alerts: Alert) -> list[bool]:
        """Whether each was new."""
        return [await self.bulletins.announce(alert) for alert in alerts]

    async def address(self) -> None:
        """Give everything that waits its rows."""
        addresser = Addresser(self.bulletins, self.chats)
        await addresser.begin()
        while await self.bulletins.batch() is not None:
            await addresser.address()

    async def deliver(self) -> None:
        """Run what is due, one row after the other."""
        await self.box.open()
        await self.box.wake(self.now_ms)
        while rows := await self.box.claim(WORKER, 1):
            await self.errands.run(rows[0])

    async def valkey_get(self, key: str) -> object:
        """What the store keeps under a key."""
        async with self.valkey.reading() as redis:
            return await redis.get(key)

    async def bring(self, *alerts: Alert) -> None:
        """All of it."""
        await self.announce(*alerts)
        await self.address()
        await self.deliver()
