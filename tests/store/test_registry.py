"""The registry names every kind of key, so that nothing is kept that nobody knows of."""

import inspect

import pytest

from store import keys
from store.kept import Backup, Naming
from store.registry import entries, entry_of

SAID = {
    "address": "telegram:-100123:7",
    "name": "telegram:456",
    "asset": "BTC",
    "scope": "live",
    "platform": "telegram",
}
SAID |= {"person": "telegram:456", "batch": "1700000000000-0", "bot": "telegram", "key": "abc"}


def _called(function: object) -> str:
    assert callable(function)
    wanted = inspect.signature(function).parameters
    values = [0 if name == "priority" else "all" if function is keys.limit else SAID[name] for name in wanted]
    return str(function(*values))


def every_key() -> dict[str, str]:
    """A key of each constant and function of `store.keys`, by its name; memos are of many kinds and stand for themselves."""
    found = {}
    for name, value in vars(keys).items():
        if name.isupper() and isinstance(value, str) and name != "VERSION":
            found[name] = value
        elif inspect.isfunction(value) and value.__module__ == keys.__name__ and name != "memo":
            found[name] = _called(value)
    return found


@pytest.mark.parametrize("name", sorted(every_key()))
def test_every_key_of_the_store_stands_in_the_registry(name: str) -> None:
    assert entry_of(every_key()[name]) is not None, f"keys.{name} is of no kind in store/registry.py"


def test_each_kind_has_a_name_and_a_pattern_of_its_own() -> None:
    assert len({entry.name for entry in entries()}) == len(entries())
    assert len({entry.pattern for entry in entries()}) == len(entries())


def test_what_a_key_is_about_is_read_off_it() -> None:
    chat = entry_of(keys.chat("telegram:-100123:7"))
    assert chat is not None
    assert chat.name == "chat"
    assert chat.slots(keys.chat("telegram:-100123:7")) == {"<address>": "telegram:-100123:7"}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (keys.later("telegram"), "later"),
        (keys.later_rows("telegram"), "later-rows"),
        (keys.history("live", "BTC"), "history"),
        (keys.steps("live", "BTC"), "steps"),
        (keys.pace("discord"), "pace"),
        (f"{keys.pace('discord')}:second", "pace-of-second"),
        (f"{keys.pace('discord')}:discord:@456:0", "pace-of-chat"),
        (keys.lease("telegram:77"), "lease"),
        (keys.lease_token("telegram:77"), "lease-token"),
        (keys.memo("public:987:regime:BTC"), "public"),
        (keys.memo("public:987:scan:"), "public-of-all"),
        (keys.memo("line:#size:00"), "line"),
    ],
)
def test_keys_that_look_alike_are_of_different_kinds(key: str, name: str) -> None:
    found = entry_of(key)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("key", ["v1:stray", "v2:chats", "chats", keys.memo("somebody's"), f"{keys.CHATS}:x"])
def test_a_stray_key_is_of_no_kind(key: str) -> None:
    assert entry_of(key) is None


def test_a_backup_takes_all_that_people_asked_for() -> None:
    taken = {entry.name for entry in entries() if entry.backup is Backup.ALWAYS}
    assert {"person", "holders", "chat", "chats", "moved", "tombstones", "watched"} <= taken


def test_what_names_people_in_its_key_has_a_slot_for_them() -> None:
    for entry in entries():
        if entry.names in {Naming.KEY, Naming.BOTH}:
            assert any(slot in entry.pattern for slot in ("<address>", "<name>", "<chat>", "<batch>")), (
                entry.name
            )
