"""The news of plans on their way to their owner: a person's new version and the row that tells of it are one write.

The row is like any other of the outbox, but its batch begins with "plan:" and its facts are `PlanNews`. Its batch is made
of the version it replaces, so that what is decided twice is still told once.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from market.observations import HOUR_MS, MINUTE_MS
from market.plans.news import WATCH, PlanNews, urgency_of
from store import keys
from store.codec import Kind, decode, encode
from store.connection import Connection
from store.outbox import Row, packed
from store.people import PERSON, Kept
from store.persons import Person

PLAN_NEWS = Kind("news of a plan", 1, PlanNews)

FACTS_KEPT_S = 8 * 86_400
LOUD_VALID_MS = 30 * MINUTE_MS
VALID_MS = 6 * HOUR_MS

_BATCH = "plan:"

_TELL = """
if tonumber(redis.call('HGET', KEYS[1], 'version') or '0') ~= tonumber(ARGV[1]) then return -1 end
redis.call('HSET', KEYS[1], 'version', ARGV[1] + 1, 'person', ARGV[2])
for place = 5, #ARGV do redis.call('HSET', KEYS[2], place - 5, ARGV[place]) end
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('XADD', KEYS[3], '*', 'row', ARGV[3])
return 1
"""
"""KEYS: person, facts, stream. ARGV: version, person, row, how long facts are kept (s), then one PlanNews each."""


def is_plan(batch: str) -> bool:
    """Whether a row of this batch tells of plans: its facts are then `PlanNews`, and no chat subscribed to it."""
    return batch.startswith(_BATCH)


class StoredPlanNews:
    """Writes and reads the news of plans. Every method raises StoreUnavailable; repeating a call is safe."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def tell(self, before: Kept, after: Person, news: Sequence[PlanNews]) -> bool:
        """Keep a person whose plans have not changed their assets, and the row that tells them: both or neither.

        False where somebody else changed the person meanwhile (also: where this very write was done before). ValueError
        where nobody can be told.
        """
        if after.reach is None or not news:
            raise ValueError("news need somebody to be told, and something to tell")
        stream, row = packed(row_of(before, after.reach, news))
        places = [keys.person(after.name), keys.facts(_batch(before)), stream]
        values: list[str | bytes | int] = [before.version, encode(PERSON, after), row, FACTS_KEPT_S]
        values += [encode(PLAN_NEWS, one) for one in news]
        async with self._connection.writing() as redis:
            return int(await redis.register_script(_TELL)(places, values)) > 0

    async def news(self, batch: str) -> Mapping[int, PlanNews]:
        """The news of a batch by their number, for the delivery of its row; none once they are older than eight days."""
        async with self._connection.reading() as redis:
            stored: Any = await redis.hgetall(keys.facts(batch))
        found = ((int(number), decode(PLAN_NEWS, blob)) for number, blob in stored.items())
        return {number: one for number, one in sorted(found, key=lambda pair: pair[0]) if one is not None}


def row_of(before: Kept, reach: str, news: Sequence[PlanNews]) -> Row:
    """The row that tells a person of all news of one look."""
    urgency = min(urgency_of(one.happened) for one in news)
    at_ms = min(one.at_ms for one in news)
    return Row(
        key=_batch(before),
        address=reach,
        batch=_batch(before),
        facts=tuple(range(len(news))),
        priority=urgency,
        at_ms=at_ms,
        not_after_ms=at_ms + (VALID_MS if urgency == WATCH else LOUD_VALID_MS),
        language=before.person.spoken,
    )


def _batch(before: Kept) -> str:
    """A name of one change of one person that does not show whose it is: names of rows may be logged."""
    told = f"{before.person.name}:{before.person.made_ms}:{before.version}"
    return _BATCH + hashlib.sha256(told.encode()).hexdigest()[:24]
