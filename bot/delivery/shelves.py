"""What delivery reads and writes of the store, and where it counts what it did."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.tally import Tally
from store.bulletins import Bulletins
from store.chats import StoredChats
from store.outbox import Outbox
from store.pace import Pace
from store.plan_news import StoredPlanNews
from store.wishes import Chat

MayHear = Callable[[str, Chat | None], bool]
"""Whether an address, and the chat that is known of it, may be told anything at all."""


def everybody(_address: str, _chat: Chat | None) -> bool:
    """Where no list says otherwise."""
    return True


@dataclass(frozen=True, slots=True)
class Shelves:
    """The rows of one platform, the facts they tell (of the market, of plans), the chats they go to, and how fast they may."""

    outbox: Outbox
    bulletins: Bulletins
    chats: StoredChats
    pace: Pace
    plan_news: StoredPlanNews
    tally: Tally = field(default_factory=Tally)
    may_hear: MayHear = everybody
