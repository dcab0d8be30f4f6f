"""What the service spares: a library nobody needs, and looks for rubbish where a start has made hardly any."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

YOUNG, MIDDLE, OLD = 20_000, 20, 100
"""How much is put off: as a rule 700 new objects begin a look at the young, and one of a hundred is at everything."""


def put_off() -> None:
    """Look seldom: a start makes half a million objects and hardly any rubbish (a tenth of the demo's start)."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def spare() -> None:
    """Load structlog and httpx without rich, by which one colours tracebacks and the other has a command line: 7 MB."""
    with without("rich", "pygments"):
        for name in ("structlog", "httpx"):
            import_module(name)


@contextmanager
def without(*libraries: str) -> Iterator[None]:
    """Let what is imported in the block do without these, as it would where they are not installed.

    What is loaded already stays, and what is imported later is not concerned: the terminal has its rich.
    """
    hidden = [name for name in libraries if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # None: an import of it fails
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def give_back() -> None:
    """Hand what a start has freed back to the system, where that can be asked for (glibc)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def settle() -> None:
    """Leave what a start has made alone: what is looked through from now on is what answers leave behind.

    Looking through the modules again and again cost one answer of a hundred a few milliseconds (benchmarks/discord.py).
    """
    put_off()
    gc.collect()
    gc.freeze()
