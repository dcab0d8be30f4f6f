"""The library's websocket, with what it leaves out: heartbeats without an answer, sessions that cannot be resumed, and pauses.

The library ends a connection on which nothing at all arrives; one that brings events and answers no heartbeat it keeps
(developer documentation, Gateway: such a connection is to be ended and resumed).
"""

import asyncio
from typing import Any, Self, cast

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket, KeepAliveHandler, ReconnectWebSocket
from yarl import URL

from bot.platforms.discord.connection_pace import ConnectionPace

ANSWER_WITHIN_S = 14.0
"""With Discord's 41 s between heartbeats a dead connection is left within 56 s, before the library's own 60 s and 30 s."""
SECOND_LOOK = 1 / 14
RESUMABLE = 4000
CONNECT_TRIES = 3

log = structlog.stdlib.get_logger(__name__)


class GatewaySocket(DiscordWebSocket):
    """One connection of one shard. The client has a `pace` and says by `gateway_for` where it connects."""

    _closing: asyncio.Task[None] | None = None

    @classmethod
    async def from_client(
        cls,
        client: discord.Client,
        *,
        initial: bool = False,
        gateway: URL | None = None,
        shard_id: int | None = None,
        session: str | None = None,
        sequence: int | None = None,
        resume: bool = False,
        **more: Any,
    ) -> Self:
        """A connection that has sent its RESUME or IDENTIFY. Raises OSError and the library's own."""
        pace: ConnectionPace = cast("Any", client).pace
        shard, may_resume = shard_id or 0, resume and session is not None and pace.may_resume(shard_id or 0)
        if not may_resume:
            await pace.until_starts()
        for place in range(CONNECT_TRIES):
            await pace.before_connect(shard)
            try:
                return await super().from_client(
                    client,
                    initial=initial,
                    gateway=cast("Any", client).gateway_for(gateway if may_resume else None),
                    shard_id=shard_id,
                    session=session if may_resume else None,
                    sequence=sequence if may_resume else None,
                    resume=may_resume,
                    **more,
                )
            except ReconnectWebSocket as ended:
                if resume:
                    raise
                # the library takes this one for its own mistake where a session begins
                raise ConnectionResetError("ended before it began") from ended
            except (OSError, aiohttp.ClientError):
                if not may_resume or place == CONNECT_TRIES - 1:
                    raise
        raise ConnectionResetError("no connection")

    async def resume(self) -> None:
        """Send RESUME, and remember that it was sent."""
        cast("Any", self._connection._get_client()).pace.resuming(self.shard_id or 0)  # noqa: SLF001
        await super().resume()

    async def send_heartbeat(self, data: Any) -> None:
        """Send a heartbeat; without an answer in time the connection is ended, and then resumed."""
        beating = self._keep_alive
        heard_s = None if beating is None else beating._last_ack  # noqa: SLF001, nothing else tells of answers
        await super().send_heartbeat(data)
        if beating is not None and heard_s is not None:
            within_s = min(ANSWER_WITHIN_S, beating.interval or ANSWER_WITHIN_S)
            self.loop.call_later(within_s, self._look, beating, heard_s, within_s * SECOND_LOOK)

    def _look(self, beating: KeepAliveHandler, heard_s: float, again_s: float) -> None:
        """Whether the heartbeat was answered; a loop that was held up reads first what has arrived meanwhile."""
        if beating is not self._keep_alive or beating._last_ack != heard_s:  # noqa: SLF001
            return
        if again_s > 0.0:
            self.loop.call_later(again_s, self._look, beating, heard_s, 0.0)
            return
        log.warning("Discord answers no heartbeat; connecting again", shard=self.shard_id)
        self._closing = self.loop.create_task(self.close(RESUMABLE))
