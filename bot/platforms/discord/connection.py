"""The connection to Discord: signing in, as many shards as the gateway asks for, and what ends it for good."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import shard as sharding
from discord.http import HTTPClient, Route
from discord.webhook.async_ import async_context
from yarl import URL

from bot.chat_platform import PlatformAway, PlatformStopped
from bot.platforms.discord.breaker import Breaker
from bot.platforms.discord.connection_pace import ConnectionPace
from bot.platforms.discord.connection_socket import GatewaySocket
from bot.platforms.discord.retry import be_patient
from bot.platforms.discord.retry_answers import PatientAnswers
from bot.platforms.discord.soundness import sifted
from bot.settings import Settings
from scheduler.clock import Clock

LOGIN_S = 60.0
LONGEST_LIMIT_S = 30.0
"""A longer wait for a channel's limit is told to who asks, and not slept through."""
NO_TOKEN = "Discord needs SEAWALL_DISCORD_TOKEN."  # noqa: S105, a sentence
INTERACTION = "INTERACTION_CREATE"
REFUSED = (
    "Discord refuses the bot token: copy a new one from the developer portal and set SEAWALL_DISCORD_TOKEN."
)
FINAL = {
    4004: REFUSED,
    4012: "Discord no longer speaks this version of its gateway: update Seawall.",
    4013: "Discord does not know what this Seawall asks to be told: update Seawall.",
    4014: "Discord does not allow this bot what it asks to be told: look at its intents in the developer portal.",
}
"""Close codes after which no retry helps (developer documentation, Gateway Close Event Codes)."""


class GatewayClient(discord.AutoShardedClient):
    """The library's client with our patience: no message content, no mentions, nothing kept of messages."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        intents = discord.Intents.none()
        intents.guilds = True
        clock = clock or Clock()
        self.pace = ConnectionPace(clock)
        self.breaker = Breaker(clock.monotonic_s)
        self._gateway = URL(settings.discord_gateway_url) if settings.discord_gateway_url else None
        self._told_gateway: URL | None = None
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            shard_count=1,  # until the gateway says how many
            http_trace=self.breaker.listening(),
            max_ratelimit_timeout=LONGEST_LIMIT_S,
        )
        be_patient(self.http, self.breaker, clock)
        parsers = self._connection.parsers
        parsers[INTERACTION] = sifted(parsers[INTERACTION])

    def gateway_for(self, resuming: URL | None) -> URL | None:
        """Where a shard connects: where the operator says, else where its session is, else where Discord says."""
        return self._gateway or resuming or self._told_gateway

    async def launch_shards(self) -> None:
        """Begin the number of shards that Discord recommends. Raises discord.GatewayNotFound."""
        self.shard_count, told, starts = await self.http.get_bot_gateway()
        self._told_gateway = URL(told)
        self.pace.limit(dict[str, Any](starts))
        await self.pace.until_starts(self.shard_count)
        # the library names the class of its connections in one place, and takes no other
        sharding.DiscordWebSocket = GatewaySocket  # type: ignore[misc]
        await super().launch_shards()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for the turn of a shard; the library would wait five seconds whatever went before."""
        await self.pace.before_identify(shard_id or 0)

    async def on_shard_connect(self, shard_id: int) -> None:
        """A session has begun."""
        self.pace.proven(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """A session goes on."""
        self.pace.proven(shard_id)


@asynccontextmanager
async def signed_in(client: GatewayClient, settings: Settings) -> AsyncIterator[None]:
    """Signed in for the length of the block, in which it may connect. Raises PlatformStopped where no retry would help."""
    if settings.discord_token is None:
        raise PlatformStopped(NO_TOKEN)
    _point_at(settings)
    async_context.set(PatientAnswers())  # type: ignore[no-untyped-call]
    async with client:
        try:
            async with asyncio.timeout(LOGIN_S):
                await client.login(settings.discord_token.get_secret_value())
            yield
        except discord.LoginFailure:
            raise PlatformStopped(REFUSED) from None
        except discord.PrivilegedIntentsRequired:
            raise PlatformStopped(FINAL[4014]) from None
        except discord.ConnectionClosed as closed:
            if closed.code in FINAL:
                raise PlatformStopped(FINAL[closed.code]) from None
            raise


async def check(settings: Settings) -> str:
    """The bot's name, as Discord tells it for the token. Raises PlatformStopped (refused) and PlatformAway."""
    if settings.discord_token is None:
        raise PlatformStopped(NO_TOKEN)
    _point_at(settings)
    asking = HTTPClient(asyncio.get_running_loop())
    try:
        return str((await asking.static_login(settings.discord_token.get_secret_value()))["username"])
    except discord.LoginFailure:
        raise PlatformStopped(REFUSED) from None
    except Exception as error:  # noqa: BLE001, whatever its library of HTTP raises: it did not answer as it should
        raise PlatformAway(f"Discord does not answer as it should ({type(error).__name__})") from None
    finally:
        await asking.close()


def _point_at(settings: Settings) -> None:
    if settings.discord_url is not None:
        Route.BASE = str(settings.discord_url).rstrip("/")
