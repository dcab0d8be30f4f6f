"""The stage of the journeys: a market in a real Valkey, the Telegram service and the post office as `bot.app` joins them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from pydantic import HttpUrl, SecretStr

from bot.chat_platform import Desk
from bot.delivery.post import PostOffice
from bot.delivery.words import Words
from bot.live import services_on
from bot.platforms.telegram.service import Service
from bot.settings import Settings
from market.alerts import Alert, Edge, Kind, Severity
from market.observations import Asset
from store.bulletins import Bulletins
from store.chats import StoredChats
from store.connection import Connection
from store.snapshots import StoredSnapshots
from store.wishes import Chat, Subscription
from tests import canary
from tests.bot.desks import telegram_serving
from tests.commands.markets import NOW_MS, crowding, unwinding
from tests.doubles.telegram import BotApi, Shown
from tests.doubles.waiting import until
from tests.store.samples import FIRED

WATCHED = ("BTC", "ETH", "SOL")
FALLING = replace(FIRED, severity=Severity.CRITICAL, at_ms=NOW_MS, opened_ms=NOW_MS)
"""A cascade of BTC, now."""
CASCADES = (Subscription(None, Kind.CASCADE),)
EXCUSED = ("not modified", "Conflict")
"""What a server may refuse without anything being wrong."""


@dataclass(slots=True)
class Stage:
    """A bot that can be started as often as wanted, on a store that stays."""

    valkey: Connection
    api: BotApi
    now_ms: int = NOW_MS

    @asynccontextmanager
    async def bot(self, **settings: Any) -> AsyncIterator[Service]:
        """The service and its post office, until the block ends."""
        office = PostOffice(self.valkey, Words(), lambda: self.now_ms)
        desk = Desk(
            settings_for(self.api, **settings),
            services_on(self.valkey, is_live=True),
            lambda: self.now_ms,
            deliver=office.deliver,
            reply_turn=office.reply_turn,
        )
        addressing = asyncio.create_task(office.address())
        try:
            async with telegram_serving(desk) as service:
                yield service
                await service.settled()
        finally:
            addressing.cancel()
            await asyncio.gather(addressing, return_exceptions=True)

    async def next(self, count: int = 1) -> Shown:
        """The message that is shown next, or the one `count` from now."""
        wanted = len(self.api.shown) + count
        return (await self.api.messages(wanted))[wanted - 1]

    async def ask(self, text: str, **more: Any) -> Shown:
        """What a line is answered with: the next message."""
        before = len(self.api.shown)
        await self.api.say(text, **more)
        return (await self.api.messages(before + 1))[before]

    async def pressed(self, shown: Shown, label: str, **more: Any) -> Shown:
        """What a press is answered with: the next message."""
        before = len(self.api.shown)
        await self.api.press(shown, label, **more)
        return (await self.api.messages(before + 1))[before]

    async def replied(self, shown: Shown, text: str, **more: Any) -> Shown:
        """What a reply to a message of the bot is answered with: the next message."""
        before = len(self.api.shown)
        await self.api.reply(shown, text, **more)
        return (await self.api.messages(before + 1))[before]

    async def told(self, shown: Shown, label: str, **more: Any) -> str:
        """What a press is told in the little window over its button."""
        before = len(self.api.answered)
        await self.api.press(shown, label, **more)
        await self.api.wait_for(lambda: len(self.api.answered) > before)
        return str(self.api.called("answerCallbackQuery")[before].get("text", ""))

    async def pass_time(self, claim: Callable[[], bool]) -> None:
        """Let the bot's own time pass, a hundred times as fast, until it is so."""

        def is_so() -> bool:
            self.now_ms += 1_000
            return claim()

        await until(is_so)

    def sent_to(self, chat_id: int) -> list[str]:
        """The texts of all tries to send something new into a chat, those that were refused as well."""
        tries = self.api.called("sendMessage")
        return [call["text"] for call in tries if call["chat_id"] == str(chat_id)]

    async def subscribe(self, addresses: Iterable[str]) -> None:
        """Let these chats want every cascade, as if they had asked for it long ago."""
        for address in addresses:
            await StoredChats(self.valkey).change(address, lambda chat: replace(chat, subscriptions=CASCADES))

    async def quiet(self) -> None:
        """Nothing that happened so far is answered: what is asked after it is answered next."""
        before = len(self.api.shown)
        stranger = {"id": 99, "is_bot": False, "first_name": "Zoe", "language_code": "en"}
        await self.api.say("/status", chat={"id": 99, "type": "private"}, sender=stranger)
        await self.api.messages(before + 1)
        assert [shown.chat_id for shown in self.api.shown[before:]] == [99]

    async def announce(self, alert: Alert = FALLING) -> None:
        """Let the market announce something."""
        await Bulletins(self.valkey).announce(alert)

    async def warn(self, alert: Alert = FALLING) -> Shown:
        """The warning that comes next."""
        before = len(self.api.shown)
        await self.announce(alert)
        return (await self.api.messages(before + 1))[before]

    async def chat(self, address: str) -> Chat | None:
        """What is kept of a chat."""
        return await StoredChats(self.valkey).get(address)


@asynccontextmanager
async def staged(valkey: Connection) -> AsyncIterator[Stage]:
    """A market of three, one of them falling; nothing the bot sends may be refused but what is excused."""
    snapshots = StoredSnapshots(valkey)
    await snapshots.watch(WATCHED)
    for snapshot in (crowding(), unwinding(asset="ETH"), crowding(asset="SOL")):
        await snapshots.save(snapshot)
    async with BotApi(canary.TELEGRAM_TOKEN, clock=lambda: NOW_MS / 1_000) as api:
        stage = Stage(valkey, api)
        yield stage
    assert not any(canary.leaks(shown.raw) for shown in api.shown)


def refusals(api: BotApi, *also: str) -> Sequence[str]:
    """What the server had to refuse, without what is excused."""
    return [one for one in api.refusals if not any(word in one for word in (*EXCUSED, *also))]


def another(asset: Asset) -> Alert:
    """The same of another asset."""
    return replace(FALLING, asset=asset, id=f"c7{len(asset)}{asset[0].lower()}")


def over(alert: Alert = FALLING) -> Alert:
    """The end of a wave."""
    return replace(alert, edge=Edge.RESOLVED, at_ms=alert.at_ms + 1)


def settings_for(api: BotApi, **more: Any) -> Settings:
    """The settings of a bot at that server."""
    return Settings(telegram_token=SecretStr(canary.TELEGRAM_TOKEN), telegram_url=HttpUrl(api.url), **more)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
