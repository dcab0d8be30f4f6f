"""Collect the one entry that each file of a folder offers: a signal, a command, a chat platform."""

import re
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

Entry = TypeVar("Entry")

NAME = re.compile(r"[a-z0-9_]{1,32}")
"""What an entry may be called, so that it can be a chat command, an option and a column."""


class BadEntry(Exception):
    """A file of the folder offers nothing, something else, or a name that is taken or cannot be one."""


def entries(folder: str, constant: str, kind: type[Entry], name: Callable[[Entry], str]) -> tuple[Entry, ...]:
    """The `constant` of every file in the package `folder`, in alphabetical order of file names.

    A file without it raises BadEntry, since it would otherwise be missing silently; a package below `folder` may do
    without. So does a name (as told by `name`) that is taken or is not of the form `[a-z0-9_]{1,32}`.
    """
    found: dict[str, Entry] = {}
    for module, is_package in _modules(folder):
        entry = getattr(import_module(f"{folder}.{module}"), constant, None)
        if entry is None and is_package:
            continue
        if not isinstance(entry, kind):
            raise BadEntry(f"{folder}.{module} offers no {constant}")
        called = name(entry)
        if not NAME.fullmatch(called) or called in found:
            raise BadEntry(f"{folder}.{module}: {called!r} is taken or is no name")
        found[called] = entry
    return tuple(found.values())


def _modules(folder: str) -> list[tuple[str, bool]]:
    path = import_module(folder).__path__
    return sorted((found.name, found.ispkg) for found in iter_modules(path) if not found.name.startswith("_"))
