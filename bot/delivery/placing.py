"""Where a message goes: into its chat, over the one that is there, or below the wave's first message in a thread of its own.

A thread is asked for by the chat; where it cannot be had, or is gone, the message goes into the chat itself.
"""

import structlog

from bot.delivery.decision import Decided
from bot.messenger import InServers, Messenger, Undelivered, Wrong
from commands.protocol.reply import Heading, Reply
from store.pace import Pace

log = structlog.stdlib.get_logger(__name__)


class Placing:
    """Puts decided messages in their place. A row has taken one turn; what needs more requests takes more."""

    def __init__(self, messenger: Messenger, pace: Pace) -> None:
        self._messenger, self._pace = messenger, pace

    async def put(self, decided: Decided, reply: Reply, nonce: str) -> bytes | None:
        """Send or edit, and give the wave with where it now stands. Raises Undelivered."""
        if decided.edited is not None:
            await self._messenger.edit(decided.address, decided.edited, reply)
            return decided.kept(decided.edited)
        if decided.head is not None and isinstance(self._messenger, InServers):
            thread = await self._put_below(self._messenger, decided, decided.head, reply, nonce)
            if thread is not None:
                return decided.kept_below(thread)
        return decided.kept(await self._send(decided.address, decided, reply, nonce))

    async def _put_below(
        self, messenger: InServers, decided: Decided, head: str, reply: Reply, nonce: str
    ) -> str | None:
        """Let the wave's first message say what holds now, and tell it in the thread below; None where there can be none.

        What is done twice after a crash is done once: an edit and a thread are the same again, a message has its nonce.
        Raises Undelivered.
        """
        try:
            await self._messenger.edit(decided.address, head, reply)
            thread = decided.thread
            if thread is None:
                await self._take_turn(decided.address)
                thread = await messenger.open_thread(decided.address, head, _name_of(reply))
            await self._take_turn(decided.address)
            await self._send(thread, decided, reply, nonce)
        except Undelivered as failure:
            if failure.wrong not in {Wrong.MESSAGE, Wrong.CHAT}:
                raise
            log.info("a wave goes on without its thread", why=failure.why)
            return None
        return thread

    async def _send(self, address: str, decided: Decided, reply: Reply, nonce: str) -> str:
        if decided.ping is not None and isinstance(self._messenger, InServers):
            return await self._messenger.send_calling(address, reply, decided.ping, nonce=nonce)
        return await self._messenger.send(address, reply, is_silent=decided.is_silent, nonce=nonce)

    async def _take_turn(self, address: str) -> None:
        await self._pace.reply_turn(address, self._messenger.rates(address))


def _name_of(reply: Reply) -> str:
    """What a thread is called: the line that says the whole message."""
    return next((block.text for block in reply.blocks if isinstance(block, Heading)), "-")
