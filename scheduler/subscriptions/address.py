"""From warnings that were announced to a row for each chat that wants to hear of them; resumable at any point.

Rows are added chunk by chunk in the order of addresses, and how far it came is kept with them: after a crash the chats
that have their row are passed over. The text is not written here: it is made when a row is delivered.
"""

from collections.abc import Sequence
from itertools import islice

from market.alerts import Alert, Edge, Kind, Severity
from market.observations import HOUR_MS, MINUTE_MS
from scheduler.subscriptions.index import Index
from store.bulletins import Batch, Bulletins
from store.chats import StoredChats
from store.outbox import Row, packed

CHUNK = 500
FALLING_VALID_MS = 30 * MINUTE_MS
"""A cascade is over or another one after half an hour (reliability.md, section 1, catch-up)."""
VALID_MS = 6 * HOUR_MS
PRIORITY = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.WATCH: 2}


class Addresser:
    """Gives every batch its rows. `begin` it once, then call `address` again and again."""

    def __init__(self, bulletins: Bulletins, chats: StoredChats) -> None:
        self._bulletins, self._chats = bulletins, chats
        self._index = Index()
        self._cursor = "0-0"

    async def begin(self) -> None:
        """Read all chats. Raises StoreUnavailable and codec.Unreadable."""
        self._cursor = await self._chats.newest_change()
        self._index.fill([chat async for chat in self._chats.all()])

    async def follow(self) -> None:
        """Take over what has changed of the chats since the last look. Raises StoreUnavailable and codec.Unreadable."""
        changed = await self._chats.changes(self._cursor)
        if changed is None:
            await self.begin()
            return
        cursor, addresses = changed
        known = await self._chats.get_all(list(addresses)) if addresses else {}
        for address in addresses:
            if address in known:
                self._index.put(known[address])
            else:
                self._index.drop(address)
        self._cursor = cursor

    async def address(self) -> int:
        """Give the batch that is due its rows; how many were added now.

        Raises StoreUnavailable and NotOurs; called again it goes on where it came to.
        """
        batch = await self._bulletins.batch()
        if batch is None:
            return 0
        await self.follow()
        rows = self._rows(batch)
        added, cursor = 0, batch.cursor
        left = iter(row for row in rows if row.address > batch.cursor)
        while chunk := tuple(islice(left, CHUNK)):
            at = Batch(batch.id, batch.alerts, cursor)
            cursor = chunk[-1].address
            added += len(chunk) * await self._bulletins.fan_out(at, [packed(row) for row in chunk], cursor)
        await self._bulletins.done(batch)
        return added

    def _rows(self, batch: Batch) -> list[Row]:
        """A row a chat, in the order of addresses."""
        found = self._index.match(batch.alerts.items())
        return [
            row_of(batch.id, address, numbers, [batch.alerts[number] for number in numbers])
            for address, numbers in sorted(found.items())
        ]


def row_of(batch: str, address: str, numbers: Sequence[int], alerts: Sequence[Alert]) -> Row:
    """The row of one chat: as urgent as its most severe alert, and news for as long as its longest."""
    return Row(
        key=f"{batch}:{address}",
        address=address,
        batch=batch,
        facts=tuple(numbers),
        priority=min(PRIORITY[alert.severity] for alert in alerts),
        at_ms=min(alert.at_ms for alert in alerts),
        not_after_ms=max(alert.at_ms + _valid_ms(alert) for alert in alerts),
    )


def _valid_ms(alert: Alert) -> int:
    is_falling = alert.kind is Kind.CASCADE and alert.edge in {Edge.FIRED, Edge.ESCALATED}
    return FALLING_VALID_MS if is_falling else VALID_MS
