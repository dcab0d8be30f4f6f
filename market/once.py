"""What is made of a snapshot once and asked for many times: kept beside it for as long as it lives.

A snapshot stays as it is, and so does what is read off it with the same rules and phrases; a live one is looked at many times
in its minute. Functions that write numbers in a language are kept by their style too (`also`).
"""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import finalize

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")

MOST_KEPT = 64
"""Beside one object: a few functions, each with the rules and the phrases of a language or two."""

_beside: dict[int, dict[Hashable, tuple[tuple[Any, ...], Any]]] = {}
"""By the identity of a living object: what was made of it, with the other arguments, which thereby live as long."""


def once(
    also: Callable[[], Hashable] | None = None,
) -> Callable[[Callable[Concatenate[S, P], T]], Callable[Concatenate[S, P], T]]:
    """Make a function of an object that never changes (and of others like it, told apart by identity) work once for each.

    The first argument must bear weak references. `also` gives what else the answer hangs on at the time of the call.
    """

    def made_once(make: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
        @wraps(make)
        def made(of: S, /, *others: P.args, **named: P.kwargs) -> T:
            notes = _notes(of)
            values = (*others, *named.values())
            key = (make, None if also is None else also(), *named, *map(id, values))
            found = notes.get(key)
            if found is None:
                if len(notes) >= MOST_KEPT:
                    notes.clear()
                found = notes[key] = (values, make(of, *others, **named))
            kept: T = found[1]
            return kept

        return made

    return made_once


def _notes(of: object) -> dict[Hashable, tuple[tuple[Any, ...], Any]]:
    """What was made of an object that lives; gone with it, before another can have its identity."""
    notes = _beside.get(id(of))
    if notes is None:
        notes = _beside[id(of)] = {}
        finalize(of, _beside.pop, id(of), None).atexit = False
    return notes
