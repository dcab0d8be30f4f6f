"""The platform that the watchdog's canary is sent on: messages are taken, and nobody reads them."""

from bot.messenger import Manners
from commands.protocol.reply import Reply
from store.pace import Rate
from store.watchdog import CANARY_PLATFORM

MANNERS = Manners(Rate(10.0, 10.0), in_flight=1, is_idempotent=True, reserve=0.0, idle_s=1.0)


class Nowhere:
    """Implements `bot.messenger.Messenger` for nobody."""

    platform = CANARY_PLATFORM
    manners = MANNERS

    def rates(self, address: str) -> tuple[Rate, ...]:
        """As fast as the whole platform."""
        return ()

    async def send(self, address: str, reply: Reply, *, is_silent: bool, nonce: str) -> str:
        """Take a message that says something; one without a word would be a slip on its way. Raises ValueError for that."""
        if not reply.blocks:
            raise ValueError("a canary without a word")
        return "0"

    async def edit(self, address: str, message: str, reply: Reply) -> None:
        """Take an edit."""

    async def ask(self) -> None:
        """It is always there."""
