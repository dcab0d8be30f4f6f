"""The command line, `seawall`. Exit codes: 0 answered, 2 the request or a setting was wrong, 1 it failed.

What a call needs is imported inside it, so that `seawall --help` costs nothing and `seawall demo` speaks at once.
"""

import io
import os
import sys
from typing import Annotated, TextIO

import typer

from bot.cli.asking import ask, chat
from bot.cli.caring import discord_sync, doctor, healthcheck
from bot.cli.keeping import backup, restore
from bot.cli.pasts import backfill, record, replay, score
from bot.cli.serving import demo, run
from bot.collection import put_off

SIGNS = "·…"
"""What answers hold beside plain letters."""

CALLS = (
    demo,
    run,
    ask,
    chat,
    replay,
    score,
    backfill,
    record,
    backup,
    restore,
    doctor,
    discord_sync,
    healthcheck,
)
"""Every call in the order of `seawall --help`; a function's name is the call's."""

app = typer.Typer(
    name="seawall",
    help="What leverage is doing to a crypto market, and what your position survives. Information, not advice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"seawall {version('seawall')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which version this is."),
    ] = False,
) -> None:
    """What leverage is doing to a crypto market, and what your position survives. Information, not advice."""


for _call in CALLS:
    app.command(_call.__name__.replace("_", "-"))(_call)


def main() -> None:
    """Run the command line of this process."""
    put_off()
    _open_what_was_closed()
    _read_what_is_no_text(sys.stdin)
    for stream in (sys.stdout, sys.stderr):
        _let_every_letter_through(stream)
    app()


def _open_what_was_closed() -> None:
    """Read and write nothing where a standard stream was closed (`>&-`): a socket would take its number, and be written on."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nothing, mode, encoding="utf-8", closefd=False))


def _read_what_is_no_text(stream: TextIO) -> None:
    """Read bytes that are no letters as marks that no command knows: one of them must not end all that is asked."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _let_every_letter_through(stream: TextIO) -> None:
    """Write UTF-8 where the locale has no letter for what is said; a question mark would say something else here."""
    try:
        SIGNS.encode(stream.encoding)
    except UnicodeEncodeError:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")
