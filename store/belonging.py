"""Whether something in the store is of somebody: a key by what stands in its slots, a row by where it goes."""

import re

from store.codec import Unreadable, read
from store.kept import ADDRESS, CHAT, NAME, Entry
from store.outbox import DEAD, ROW
from store.whom import Subject

OF_SAMPLES = "test:"


def core_of(name: str) -> str:
    """What of a name stands in every key of its own: the platform's number, without topics."""
    return name.split(":")[1].removeprefix("@")


def literal(text: str) -> str:
    """A pattern of the server that means this text alone."""
    return re.sub(r"([*?\[\]\\^])", r"\\\1", text)


def is_named_for(entry: Entry, key: str, subject: Subject) -> bool:
    """Whether a key is named for the subject, by what stands in its slots."""
    slots = entry.slots(key) or {}
    if ADDRESS in slots:
        return subject.is_at(slots[ADDRESS])
    if NAME in slots:
        return slots[NAME] in subject.names
    if CHAT in slots:
        platform = "telegram" if "telegram" in entry.pattern else "discord"
        return f"{platform}:{slots[CHAT]}" in subject.addresses
    batch = slots.get("<batch>", "")
    return batch.startswith(OF_SAMPLES) and subject.is_at(batch.split(":", 2)[-1])


def is_key_to(field: bytes, subject: Subject) -> bool:
    """Whether the key of a row ("batch:address") ends with one of the addresses."""
    said = field.decode("utf-8", "replace")
    return any(said.endswith(f":{address}") or f":{address}:" in said for address in subject.addresses)


def is_row_to(blob: bytes, subject: Subject, field: bytes) -> bool:
    """Whether a row goes to one of the addresses; one that cannot be read is judged by the key it is kept under."""
    if not any(core_of(address).encode() in blob for address in subject.addresses):
        return False  # nearly every row
    try:
        row = read(ROW, blob)
    except Unreadable:
        return is_key_to(field, subject) or any(address.encode() in blob for address in subject.addresses)
    return subject.is_at(row.address) or is_key_to(row.key.encode(), subject)


def is_dead_row_to(blob: bytes, subject: Subject) -> bool:
    """Whether a row that was given up was to go to one of the addresses."""
    try:
        return subject.is_at(read(DEAD, blob).row.address)
    except Unreadable:
        return any(address.encode() in blob for address in subject.addresses)
