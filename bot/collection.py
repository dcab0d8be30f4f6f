"""When the interpreter looks for rubbish: seldom, since most of what a start makes lives as long as the program."""

import gc

YOUNG, MIDDLE, OLD = 20_000, 20, 100
"""How much is put off: as a rule 700 new objects begin a look at the young, and one of a hundred is at everything."""


def put_off() -> None:
    """Look seldom: a start makes half a million objects and hardly any rubbish (a tenth of the demo's start)."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def settle() -> None:
    """Leave what a start has made alone: what is looked through from now on is what answers leave behind.

    Looking through the modules again and again cost one answer of a hundred a few milliseconds (benchmarks/discord.py).
    """
    put_off()
    gc.collect()
    gc.freeze()
