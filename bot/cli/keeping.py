"""Calls that keep what cannot be had again, and bring it back."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.ending import finish


def backup(
    file: Annotated[Path, typer.Argument(help="Where it is written; an older backup there is replaced.")],
    no_history: Annotated[
        bool,
        typer.Option("--no-history", help="Leave out what the market was; exchanges tell part of it again."),
    ] = False,
) -> None:
    """Keep chats, plans, watched assets and what was learned in one file, while the service runs."""

    def keep() -> int:
        from bot.backup.telling import backup
        from bot.running import run
        from bot.settings import read_settings

        return run(backup(read_settings(), file, sys.stdout, with_history=not no_history))

    finish(keep)


def restore(
    file: Annotated[
        Path, typer.Argument(help="A backup that `seawall backup` made, or the service at night.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="In place of what is there; without it what is there stays.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
) -> None:
    """Put a backup back, also while the service runs. It is checked whole before anything is written."""

    def bring_back() -> int:
        from bot.backup.telling import restore
        from bot.running import run
        from bot.settings import read_settings

        return run(restore(read_settings(), file, sys.stdout, replaces=replace, is_trial=dry_run))

    finish(bring_back)
