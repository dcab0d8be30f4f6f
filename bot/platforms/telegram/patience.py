"""How a failing server is waited for: longer each time, and said once when it begins and once when it is over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from telegram.error import BadRequest, Conflict, TelegramError

from bot.platforms.telegram.transport import Flooded

POLLED_TWICE = "a second instance polls with this bot's token: stop one of the two"
WEBHOOK_IS_SET = (
    "a webhook is set for this bot's token, so that it cannot be polled: stop the instance that uses it"
)

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pauses:
    """The waits after failed calls, in seconds: the first one, doubled each time up to the longest."""

    first_s: float = 1.0
    longest_s: float = 30.0


class Patience:
    """Waits between tries. Beside another poller of the same bot each wait is the longest, so that one of them wins."""

    __slots__ = ("_failing", "_next_s", "_own_up", "_pauses")

    def __init__(self, pauses: Pauses, own_up: Callable[[str], Awaitable[None]] | None = None) -> None:
        """`own_up` is told in words of what only an operator can mend, each time it goes on."""
        self._pauses, self._own_up = pauses, own_up
        self._next_s = pauses.first_s
        self._failing: type[TelegramError] | None = None

    async def wait(self, error: TelegramError) -> None:
        """Wait after a failed call."""
        self._say(error)
        pause_s = self._next_s
        if isinstance(error, Conflict):
            pause_s = self._pauses.longest_s
            if self._own_up is not None:
                await self._own_up(_in_words(error))
        elif isinstance(error, Flooded):
            pause_s = max(pause_s, error.wait_s)
        self._next_s = min(2 * self._next_s, self._pauses.longest_s)
        await asyncio.sleep(pause_s)

    async def stand_by(self) -> None:
        """Wait for as long as ever, where nothing failed."""
        await asyncio.sleep(self._pauses.longest_s)

    def rest(self) -> None:
        """A call succeeded: the next failure is a first one again."""
        if self._failing is not None:
            log.info("Telegram answers again")
        self._failing = None
        self._next_s = self._pauses.first_s

    def _say(self, error: TelegramError) -> None:
        if self._failing is type(error):
            return
        self._failing = type(error)
        if isinstance(error, Conflict):
            log.error(_in_words(error))
        elif isinstance(error, BadRequest):
            log.error("Telegram refuses what it is asked; trying again", why=error.message[:200])
        else:
            log.warning("Telegram does not answer; trying again", error=type(error).__name__)


def _in_words(error: Conflict) -> str:
    return WEBHOOK_IS_SET if "webhook" in error.message.lower() else POLLED_TWICE
