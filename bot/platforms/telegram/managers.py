"""Who manages a Telegram chat: its owner and administrators, asked of Telegram and known for at most a minute."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import structlog
from telegram import Bot, ChatMember
from telegram.error import TelegramError

from commands.protocol.request import AskRole, Role

KNOWN_FOR_S = 60.0
FRESH_S = 2.0
"""So old is "now": a command asks when it is read and again when it writes."""
MOST_KNOWN = 10_000
MANAGING = frozenset({ChatMember.OWNER, ChatMember.ADMINISTRATOR})

log = structlog.stdlib.get_logger(__name__)


class Managers:
    """What people may do in the chats of one bot; `clock` gives seconds that only go forward."""

    __slots__ = ("_bot", "_clock", "_known")

    def __init__(self, bot: Bot, clock: Callable[[], float] | None = None) -> None:
        self._bot = bot
        self._clock = clock or asyncio.get_running_loop().time
        self._known: OrderedDict[tuple[int, int], tuple[float, Role]] = OrderedDict()

    def asking(self, chat_id: int, user_id: int) -> AskRole:
        """Something that finds out what one person may do in one chat."""
        return partial(self.role, chat_id, user_id)

    async def role(self, chat_id: int, user_id: int, anew: bool) -> Role | None:
        """What somebody may do in a chat, as known for a minute or (`anew`) as it is now; None where Telegram does not tell."""
        at_s, known = self._known.get((chat_id, user_id), (0.0, None))
        if known is not None and self._clock() - at_s <= (FRESH_S if anew else KNOWN_FOR_S):
            return known
        try:
            member = await self._bot.get_chat_member(chat_id, user_id)
        except TelegramError as error:
            log.warning("who manages a chat is not told", error=type(error).__name__)
            self._known.pop((chat_id, user_id), None)
            return None
        return self._keep((chat_id, user_id), Role.MANAGER if member.status in MANAGING else Role.ANYONE)

    def _keep(self, who: tuple[int, int], role: Role) -> Role:
        self._known[who] = (self._clock(), role)
        self._known.move_to_end(who)
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return role
