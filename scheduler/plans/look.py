"""One look at all plans of an asset: what `market.plans.watch` says of each is kept, and told to its owner, in one write.

When the plans of an asset were last watched is kept after all of its owners: an end in between lets the next look begin
where this one did, and whoever was told already is not told again, as that is kept with them.
"""

import logging
from dataclasses import dataclass, replace

from market.plans import PlanNews, Sight, news_of, see, watch_seen
from market.rules import Rules
from market.snapshot import Snapshot
from scheduler.plans.wallets import Known, Wallets
from store.connection import Connection
from store.people import Kept, StoredPeople
from store.persons import Person
from store.plan_news import StoredPlanNews

AT_ONCE = 200
MOST_TRIES = 20

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Look:
    """A snapshot, what was seen in it, when plans of its asset were last watched before (UTC ms), and what else is known."""

    snapshot: Snapshot
    sight: Sight
    since_ms: int
    known: Known


class PlanWatch:
    """Watches the plans of whatever asset is looked at. A dropped asset is not looked at, so its plans wait."""

    def __init__(self, connection: Connection, rules: Rules) -> None:
        self._people, self._news = StoredPeople(connection), StoredPlanNews(connection)
        self._wallets = Wallets(connection, rules)
        self._rules = rules

    async def look(self, snapshot: Snapshot) -> int:
        """Look at every plan in the snapshot's asset; how many news there were. Raises StoreUnavailable; safe to repeat.

        A snapshot without a fresh price, or older than the last one that was looked at, is as if it had not been there.
        """
        names, watched_ms = await self._people.holders(snapshot.asset)
        since_ms = watched_ms or 0
        if not names or since_ms > snapshot.at_ms:
            return 0
        sight, told = see(snapshot, self._rules), 0
        if sight is None:
            return 0
        look = _Look(snapshot, sight, since_ms, self._wallets.begin(snapshot.asset, snapshot.at_ms, sight))
        for first in range(0, len(names), AT_ONCE):
            for kept in await self._people.kept_all(names[first : first + AT_ONCE]):
                told += await self._mind(kept, look)
        await self._people.watched(snapshot.asset, snapshot.at_ms)
        return told

    async def _mind(self, kept: Kept, look: _Look) -> int:
        """One owner's plans; where a command changed them meanwhile, once more with what it made of them."""
        for _ in range(MOST_TRIES):
            settled = await self._wallets.settle(kept.person, look.known)
            after, news = self._seen(settled, look)
            if after == kept.person:
                return 0
            if await self._keep(kept, after, news):
                return len(news)
            kept = await self._people.kept(kept.person.name)
        _log.warning(
            "somebody's plans of %s are changed without a pause; the next look is theirs", look.snapshot.asset
        )
        return 0

    async def _keep(self, kept: Kept, after: Person, news: tuple[PlanNews, ...]) -> bool:
        """Keep it, with the row that tells of it where there is news and somewhere to send it."""
        if news and after.reach is not None:
            return await self._news.tell(kept, after, news)
        return await self._people.keep(kept, after)

    def _seen(self, person: Person, look: _Look) -> tuple[Person, tuple[PlanNews, ...]]:
        """The person after a look at the plans in this asset, and the news of those to which something happened."""
        plans, news = [], []
        for plan in person.plans:
            after = plan
            if plan.asset == look.snapshot.asset:
                after, happened = watch_seen(
                    plan, look.sight, self._rules, look.since_ms, look.snapshot.at_ms, person.funding_8h
                )
                if happened:
                    news.append(news_of(plan, after, happened, look.snapshot, self._rules))
            plans.append(after)
        return replace(person, plans=tuple(plans)), tuple(news)
