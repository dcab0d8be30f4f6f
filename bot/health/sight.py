"""Whether the market is seen: evaluated lately, and not blind in every asset. When it was not, from when to when and why."""

import logging
from collections import Counter

from scheduler.clock import now_ms
from store.connection import Connection, StoreUnavailable
from store.health import LIVE, MISSED_CYCLES, is_evaluated, sees
from store.sight import Blinded, Sight, Spell
from store.snapshots import StoredFeed, StoredSnapshots

CYCLE_MS = 60_000
"""How long a cycle is where the feed does not say it."""

_log = logging.getLogger(__name__)


class Looker:
    """Keeps until when the market was seen, and each time at which it was not. Of all processes the leader's looks.

    `began_ms` is when this one began to look: what was not seen before that, nobody looked at.
    """

    def __init__(self, connection: Connection, began_ms: int) -> None:
        self._connection, self._began_ms = connection, began_ms
        self._sight, self._feed = Sight(connection), StoredFeed(connection)
        self._snapshots = StoredSnapshots(connection)
        self._why: Counter[Blinded] = Counter()

    async def look(self) -> Spell | None:
        """Look once; gives the time of blindness that has just ended. A store that is away is one of its causes."""
        try:
            why = await self._why_blind()
            if why is not None:
                self._why[why] += 1
                return None
            return await self._seen()
        except StoreUnavailable:
            self._why[Blinded.STORE] += 1
            return None

    async def _why_blind(self) -> Blinded | None:
        """Why nothing is seen now; None where something is."""
        if not (await is_evaluated(self._connection, now_ms())).ok:
            return Blinded.EVALUATION
        if not sees(await self._snapshots.all()):
            return Blinded.EXCHANGES
        return None

    async def _seen(self) -> Spell | None:
        """Keep that the market is seen; where it was not for three cycles, that as well."""
        status, at_ms = await self._feed.status(), now_ms()
        if status.source != LIVE or status.last_evaluation_ms is None:
            return None
        before_ms = await self._sight.seen_ms()
        gap_ms, cycle_ms = at_ms - before_ms, status.cycle_ms or CYCLE_MS
        is_spell = bool(before_ms) and gap_ms > MISSED_CYCLES * cycle_ms
        spell = Spell(before_ms, at_ms, self._cause(before_ms, at_ms)) if is_spell else None
        await self._sight.keep_seen(status.last_evaluation_ms, spell)
        self._why.clear()
        if spell is not None:
            _log.warning("blind for %.0f min: %s", gap_ms / CYCLE_MS, spell.why)
        return spell

    def _cause(self, from_ms: int, until_ms: int) -> Blinded:
        """What it was for most of the time: before this process looked, nobody did."""
        if self._began_ms - from_ms > (until_ms - from_ms) / 2 or not self._why:
            return Blinded.STOPPED
        return self._why.most_common(1)[0][0]
