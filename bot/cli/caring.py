"""Calls of whoever runs the program: what is set and missing, whether it is well, Discord's slash commands."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.ending import finish
from bot.cli.words import Json

if TYPE_CHECKING:
    from bot.settings import Settings
    from store.health import Health


def doctor(
    as_json: Json = False,
    offline: Annotated[bool, typer.Option("--offline", help="Leave out exchanges and tokens.")] = False,
) -> None:
    """Say what is set, what is missing and what to do; try every exchange and token, within seconds."""

    def look() -> int:
        import logging

        from bot.doctor import examine, in_words
        from bot.running import run

        async def tell() -> int:
            found = await examine(offline=offline)
            typer.echo(json.dumps(found.to_json()) if as_json else in_words(found))
            sys.stdout.flush()
            return found.exit_code

        logging.disable(logging.CRITICAL)  # what fails is a finding, said once
        return run(tell())

    finish(look)


def discord_sync(
    guild: Annotated[int | None, typer.Option(help="Copy them to this server only, for development.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take a server's copy away.")] = False,
) -> None:
    """Hand the slash commands to Discord now; `seawall run` does it by itself where they have changed."""
    if clear and guild is None:
        raise typer.BadParameter("needs --guild ID: only a server has a copy", param_hint="--clear")

    def sync() -> int:
        from bot.addresses import insist_outside
        from bot.live import configure_log
        from bot.platforms.discord.syncing import sync_commands
        from bot.running import ANSWERED, run
        from bot.settings import read_settings

        settings = read_settings()
        configure_log(settings)

        async def tell() -> int:
            insist_outside(settings.guarded_hosts())
            typer.echo(await sync_commands(settings, guild, is_cleared=clear))
            return ANSWERED

        return run(tell())

    finish(sync)


def healthcheck() -> None:
    """Exit with 0 where the service does its work, else with 1: asked where it tells its health, else by its store."""

    def check() -> int:
        from bot.health.asking import ask_process
        from bot.settings import Misconfigured, read_settings

        try:
            settings = read_settings()
        except Misconfigured as mistakes:
            typer.echo(str(mistakes), err=True)
            return 1
        now = _of_store(settings) if settings.health_listen is None else ask_process(settings.health_listen)
        typer.echo(now.reason)
        return 0 if now.ok else 1

    finish(check)


def _of_store(settings: "Settings") -> "Health":
    import asyncio

    from bot.health.asking import ask_store

    return asyncio.run(ask_store(settings))
