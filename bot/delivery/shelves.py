"""What delivery reads and writes of the store, and where it counts what it did."""

from dataclasses import dataclass, field

from bot.tally import Tally
from store.bulletins import Bulletins
from store.chats import StoredChats
from store.outbox import Outbox
from store.pace import Pace
from store.plan_news import StoredPlanNews


@dataclass(frozen=True, slots=True)
class Shelves:
    """The rows of one platform, the facts they tell (of the market, of plans), the chats they go to, and how fast they may."""

    outbox: Outbox
    bulletins: Bulletins
    chats: StoredChats
    pace: Pace
    plan_news: StoredPlanNews
    tally: Tally = field(default_factory=Tally)
