"""What is made of a snapshot once and asked for many times: kept beside it for as long as it lives.

A snapshot stays as it is, and so does what is read off it with the same rules and phrases; a live one is looked at many times
in its minute. Functions that write numbers in a language are kept by their style too (`also`). What is made of a whole
market is kept for the last few of them, told apart by the snapshots they are of. Only what anybody may be told of the market
is kept so: nothing that was made with a person's or a chat's own words or numbers.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar
from weakref import finalize

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")
Also: TypeAlias = Callable[[], object] | None
Notes: TypeAlias = dict[tuple[object, ...], tuple[tuple[object, ...], Any]]
"""What was made, by the function and the identity of its other arguments, beside those: thereby they live as long."""

MOST_KEPT = 256
"""Beside one object: some thirty functions with the rules and the phrases of a few languages, and kinds of warnings."""
MOST_MARKETS = 4
"""A market as it was stored and what of it has been read; and those of the minute before, for who still answers from it."""

_beside: dict[int, Notes] = {}
"""By the identity of a living object."""
_of_markets: OrderedDict[tuple[int, ...], tuple[tuple[object, ...], Notes]] = OrderedDict()
"""By the identities of several, which live as long as they are held here, so that no others can have them; the last used last."""


def once(also: Also = None) -> Callable[[Callable[Concatenate[S, P], T]], Callable[Concatenate[S, P], T]]:
    """Make a function of an object that never changes (and of others like it, told apart by identity) work once for each.

    The first argument must bear weak references. `also` gives what else the answer hangs on at the time of the call, told
    apart by identity too.
    """
    return lambda make: _made(make, _notes_beside, also)


def once_of_all(
    also: Also = None,
) -> Callable[[Callable[Concatenate[tuple[S, ...], P], T]], Callable[Concatenate[tuple[S, ...], P], T]]:
    """The same of a function of a tuple of such objects: the last few tuples are held, and what was made of them with them."""
    return lambda make: _made(make, _notes_of_all, also)


def _made(
    make: Callable[Concatenate[S, P], T], notes_of: Callable[[S], Notes], also: Also
) -> Callable[Concatenate[S, P], T]:
    @wraps(make)
    def made(of: S, /, *others: P.args, **named: P.kwargs) -> T:
        notes = notes_of(of)
        values = (*others, *named.values()) if named else others
        held = values if also is None else (also(), *values)
        key = (make, *named, *map(id, held))
        found = notes.get(key)
        if found is None:
            if len(notes) >= MOST_KEPT:
                notes.clear()
            found = notes[key] = (held, make(of, *others, **named))
        kept: T = found[1]
        return kept

    return made


def _notes_beside(of: object) -> Notes:
    """What was made of an object that lives; gone with it, before another can have its identity."""
    notes = _beside.get(id(of))
    if notes is None:
        notes = _beside[id(of)] = {}
        finalize(of, _beside.pop, id(of), None).atexit = False
    return notes


def _notes_of_all(of: tuple[object, ...]) -> Notes:
    """What was made of exactly these objects: one that is other than it was makes it another market."""
    key = tuple(map(id, of))
    found = _of_markets.get(key)
    if found is None:
        found = _of_markets[key] = (of, {})
        if len(_of_markets) > MOST_MARKETS:
            _of_markets.popitem(last=False)
    else:
        _of_markets.move_to_end(key)
    return found[1]
