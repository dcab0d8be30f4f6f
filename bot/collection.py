"""What the service spares: a library nobody needs, and looks for rubbish where a start has made hardly any."""

import ctypes
import gc
import os
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

YOUNG, MIDDLE, OLD = 20_000, 20, 100
"""How much is put off: as a rule 700 new objects begin a look at the young, and one of a hundred is at everything."""


def put_off() -> None:
    """Look seldom: a start makes half a million objects and hardly any rubbish (a tenth of the demo's start)."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)


@contextmanager
def held_off() -> Iterator[None]:
    """Look at nothing until `settle`: of the quarter of a million objects of a start two thousand are rubbish (75 ms of CPU)."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def spare() -> None:
    """Load libraries without what they would take along for nobody.

    That is rich, by which structlog colours tracebacks, with it and click a command line of httpx (8 MB), the roots of trust of
    a context by which aiohttp trusts anybody (30 ms, 1 MB), and plugins of pydantic (6 ms): there are none.
    """
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with without("rich", "pygments", "click"), roots_where_verified():
        for name in ("structlog", "httpx", "aiohttp"):
            import_module(name)


@contextmanager
def roots_where_verified() -> Iterator[None]:
    """Let contexts that are made in the block read the roots of trust only where they verify anybody by them."""
    read = ssl.SSLContext.set_default_verify_paths

    def read_where_verified(context: ssl.SSLContext) -> None:
        if context.verify_mode is not ssl.CERT_NONE:
            read(context)

    ssl.SSLContext.set_default_verify_paths = read_where_verified  # type: ignore[assignment]
    try:
        yield
    finally:
        ssl.SSLContext.set_default_verify_paths = read  # type: ignore[method-assign]


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

    Looking through the modules again and again cost one answer of a hundred a few milliseconds (benchmarks/discord.py). What
    little rubbish there is stays (0.4 MB): to find it would hold an answer up for 60 ms.
    """
    put_off()
    gc.freeze()
    gc.enable()
