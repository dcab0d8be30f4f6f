"""What is said of a kind of key: how it looks, what it holds, whose it is, how long it is kept, and whether a backup takes it.

A slot of a pattern such as `<asset>` stands for letters without a colon, those of `LONG_SLOTS` for anything.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

ADDRESS, NAME, CHAT = "<address>", "<name>", "<chat>"
"""A chat or topic ("telegram:-100123:7"), a person ("telegram:456"), a chat's number at the platform its pattern is of."""
LONG_SLOTS = frozenset({ADDRESS, NAME, "<batch>", "<rest>"})

_SLOT = re.compile(r"<[a-z]+>")


class Whose(StrEnum):
    """Whom a key is about."""

    PERSON = "person"
    CHAT = "chat"
    MARKET = "market"
    SERVICE = "service"


class Backup(StrEnum):
    """Whether a backup takes a key: what cannot be had again always, what can only be had again in part on wish."""

    ALWAYS = "always"
    ON_WISH = "on wish"
    NEVER = "never"


class Naming(StrEnum):
    """Where a key holds the number of a person or chat: in its name, in its value, in both, or nowhere."""

    KEY = "key"
    VALUE = "value"
    BOTH = "both"
    NOWHERE = "nowhere"


@dataclass(frozen=True)
class Entry:
    """One kind of key. `type` is the server's word for its value, `holds` says what it holds, for developers.

    `kept_s` is the longest time to live (None: it has none), `until` what ends it, or what bounds it. `told` is under which
    word people are told of it (the phrases' tables `privacy_kept` and `privacy_until`), "" where it is nobody's.
    """

    name: str
    pattern: str
    type: str
    holds: str
    whose: Whose
    until: str
    kept_s: int | None = None
    backup: Backup = Backup.NEVER
    names: Naming = Naming.NOWHERE
    told: str = ""

    def slots(self, key: str) -> dict[str, str] | None:
        """What stands in the slots of a key of this kind, by the slot; None for a key of another kind."""
        found = self._form.fullmatch(key)
        return None if found is None else dict(zip(self._slots, found.groups(), strict=True))

    @property
    def is_of_people(self) -> bool:
        """Whether it tells of a person or a chat, or names one."""
        return self.whose in {Whose.PERSON, Whose.CHAT} or self.names is not Naming.NOWHERE

    @property
    def plain(self) -> str:
        """The letters of the pattern that every key of this kind has."""
        return _SLOT.sub("", self.pattern)

    @property
    def glob(self) -> str:
        """What SCAN takes to find keys of this kind; it may find keys of other kinds as well."""
        return _SLOT.sub("*", self.pattern)

    @cached_property
    def _slots(self) -> tuple[str, ...]:
        return tuple(_SLOT.findall(self.pattern))

    @cached_property
    def _form(self) -> re.Pattern[str]:
        parts = _SLOT.split(self.pattern)
        slots = [r"(.+)" if slot in LONG_SLOTS else r"([^:]+)" for slot in self._slots]
        return re.compile(
            "".join(f"{re.escape(part)}{slot}" for part, slot in zip(parts, [*slots, ""], strict=True)),
            re.DOTALL,
        )
