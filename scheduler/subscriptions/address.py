"""From warnings that were announced to a row for each chat that wants to hear of them; resumable at any point.

Rows are added chunk by chunk in the order of addresses, and how far it came is kept with them: after a crash the chats
that have their row are passed over. The text is not written here: it is made when a row is delivered.
"""

from collections.abc import Sequence
from itertools import islice

from market.alerts import Alert, Severity
from scheduler.subscriptions.group import valid_ms
from scheduler.subscriptions.index import Index
from store.bulletins import CANARY_ASSET, Batch, Bulletins
from store.chats import StoredChats
from store.outbox import Row, packed
from store.watchdog import CANARY_ADDRESS

CHUNK = 500
PRIORITY = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.WATCH: 2}


class Addresser:
    """Gives every batch its rows: call `address` again and again. All chats are read when first needed, or by `begin`."""

    def __init__(self, bulletins: Bulletins, chats: StoredChats) -> None:
        self._bulletins, self._chats = bulletins, chats
        self._index = Index()
        self._cursor = "0-0"
        self.has_begun = False

    async def begin(self) -> None:
        """Read all chats. Raises StoreUnavailable and codec.Unreadable."""
        self._cursor = await self._chats.newest_change()
        self._index.fill([chat async for chat in self._chats.all()])
        self.has_begun = True

    async def follow(self) -> None:
        """Take over what has changed of the chats since the last look. Raises StoreUnavailable and codec.Unreadable."""
        if not self.has_begun:
            await self.begin()
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
        found = self._index.match(
            (n, alert) for n, alert in batch.alerts.items() if alert.asset != CANARY_ASSET
        )
        canaries = [n for n, alert in batch.alerts.items() if alert.asset == CANARY_ASSET]
        if canaries:
            found[CANARY_ADDRESS] = canaries
        added, cursor = 0, batch.cursor
        left = iter(address for address in sorted(found) if address > batch.cursor)
        while chunk := tuple(islice(left, CHUNK)):
            at = Batch(batch.id, batch.alerts, cursor)
            rows = [packed(_row(batch, address, found[address])) for address in chunk]
            cursor = chunk[-1]
            known = ["" if address == CANARY_ADDRESS else address for address in chunk]
            added += len(chunk) * await self._bulletins.fan_out(at, rows, cursor, known)
        await self._bulletins.done(Batch(batch.id, batch.alerts, cursor))
        return added


def _row(batch: Batch, address: str, numbers: Sequence[int]) -> Row:
    return row_of(batch.id, address, numbers, [batch.alerts[number] for number in numbers])


def row_of(batch: str, address: str, numbers: Sequence[int], alerts: Sequence[Alert]) -> Row:
    """The row of one chat: as urgent as its most severe alert, and news for as long as its longest."""
    return Row(
        key=f"{batch}:{address}",
        address=address,
        batch=batch,
        facts=tuple(numbers),
        priority=min(PRIORITY[alert.severity] for alert in alerts),
        at_ms=min(alert.at_ms for alert in alerts),
        not_after_ms=max(alert.at_ms + valid_ms(alert) for alert in alerts),
    )
