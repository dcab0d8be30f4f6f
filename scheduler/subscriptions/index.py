"""Who wants to hear of what: found by (asset, kind) and severity, so that a cycle costs what it matches, not who there is."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field

from market.alerts import CLASSES, Alert, Kind
from market.observations import Asset
from store.chats import Chat

EVERY = ""
"""Stands for every watched asset."""

Wanted = tuple[Asset, Kind, int]


@dataclass(slots=True)
class Index:
    """The addresses by what they want to hear, in memory; `put` and `drop` follow the changes of chats."""

    _by_wish: dict[Wanted, list[str]] = field(default_factory=dict)
    _wishes: dict[str, tuple[Wanted, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many chats want to hear anything."""
        return len(self._wishes)

    def put(self, chat: Chat) -> None:
        """Take a chat as it now is in place of what it was."""
        self.drop(chat.address)
        wishes = () if chat.suspended else _wishes(chat)
        if not wishes:
            return
        self._wishes[chat.address] = wishes
        for wish in wishes:
            insort(self._by_wish.setdefault(wish, []), chat.address)

    def fill(self, chats: Iterable[Chat]) -> None:
        """Take many chats at once, those of before being forgotten."""
        self._by_wish.clear()
        self._wishes.clear()
        for chat in chats:
            wishes = () if chat.suspended else _wishes(chat)
            if wishes:
                self._wishes[chat.address] = wishes
                for wish in wishes:
                    self._by_wish.setdefault(wish, []).append(chat.address)
        for addresses in self._by_wish.values():
            addresses.sort()

    def drop(self, address: str) -> None:
        """Forget a chat; one that is not known is as good."""
        for wish in self._wishes.pop(address, ()):
            addresses = self._by_wish[wish]
            del addresses[bisect_left(addresses, address)]
            if not addresses:
                del self._by_wish[wish]

    def match(self, alerts: Iterable[tuple[int, Alert]]) -> dict[str, list[int]]:
        """The numbers of the alerts that each address wants to hear of; nobody else is looked at."""
        found: dict[str, list[int]] = {}
        for number, alert in alerts:
            severity = CLASSES.index(alert.severity)
            for asset in (alert.asset, EVERY):
                for least in range(severity + 1):
                    for address in self._by_wish.get((asset, alert.kind, least), ()):
                        numbers = found.setdefault(address, [])
                        if not numbers or numbers[-1] != number:
                            numbers.append(number)
        return found


def _wishes(chat: Chat) -> tuple[Wanted, ...]:
    """Each asset and kind once, at the lowest severity asked for, but not below the chat's own least."""
    least: dict[tuple[Asset, Kind], int] = {}
    for wish in chat.subscriptions:
        key = (wish.asset if wish.asset is not None else EVERY, wish.kind)
        rank = max(CLASSES.index(wish.least), CLASSES.index(chat.least))
        least[key] = min(rank, least.get(key, rank))
    return tuple((asset, kind, rank) for (asset, kind), rank in least.items())
