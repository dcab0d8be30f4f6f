"""Whom something is kept of: a person, chats, or both; and what of it there is. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from store.wishes import Chat, platform_of

UNNAMED = "forgotten"
"""Stands for the name of somebody who was forgotten, where what they did is somebody else's to know."""

BY_THEM = "changed-elsewhere"
"""The name in `Held.parts` under which stands what a person changed of chats that are not theirs."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person by name ("telegram:456", "" for nobody) and chats by address, each with all its topics."""

    person: str = ""
    addresses: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of it, once."""
        return tuple(dict.fromkeys(name for name in (self.person, *self.addresses) if name))

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platforms it is on."""
        return tuple(dict.fromkeys(map(platform_of, self.names)))

    def is_at(self, address: str) -> bool:
        """Whether an address is one of its chats or a topic in one."""
        return any(address == one or address.startswith(f"{one}:") for one in self.addresses)


@dataclass(frozen=True, slots=True)
class Held:
    """What is kept of a subject: by the name of its kind in the registry, one plain value (JSON) for each time it is kept."""

    subject: Subject
    parts: Mapping[str, tuple[object, ...]]


def without(chat: Chat, person: str) -> Chat:
    """The chat with a person's name taken from who changed what; that somebody did stays."""
    changes = tuple(replace(change, by=UNNAMED) if change.by == person else change for change in chat.changes)
    return replace(chat, changes=changes)
