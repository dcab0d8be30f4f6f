"""Calls that ask: one question, or a talk, on the running service's store or on recorded history."""

import sys
from typing import Annotated

import typer

from bot.cli.ending import finish
from bot.cli.words import Asset, Files, Json, Language, Plain


def ask(
    line: Annotated[str, typer.Argument(help='One command line, such as "/size BTC 5x".')],
    history: Files = [],  # noqa: B006, typer reads it and nobody changes it
    at: Annotated[str, typer.Option(help="Only bars closed by then count (ISO 8601, UTC).")] = "",
    asset: Asset = None,
    as_json: Json = False,
    plain: Plain = False,
    language: Language = "",
) -> None:
    """Ask one question on the running service's store, or on recorded history."""

    def answer() -> int:
        from bot.answers import print_reply, read_language, read_time
        from bot.running import WrongRequest, run

        spoken = read_language(language)
        if history:
            from bot.recorded import ask_history

            asked = ask_history(line, history, read_time(at) if at else None, asset, spoken)
        elif at:
            raise WrongRequest("--at needs --history FILE: the live store knows only the present.")
        else:
            from bot.live import ask_store
            from bot.platforms.terminal.history import erasing, lines_in
            from bot.settings import read_settings

            settings = read_settings()
            asked = erasing(ask_store(line, settings, spoken), lines_in(settings.data_dir))
        return run(print_reply(asked, sys.stdout, as_json=as_json, is_plain=plain, language=spoken))

    finish(answer)


def chat(
    plain: Plain = False,
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Keep no line for later sessions.")
    ] = False,
    language: Language = "",
) -> None:
    """Talk to the running service in this terminal: every command, and warnings as they come."""

    def talk() -> int:
        from bot.answers import read_language
        from bot.live_chat import Manner, converse
        from bot.running import run
        from bot.settings import read_settings

        manner = Manner(is_plain=plain, keeps_lines=not no_history, language=read_language(language))
        return run(converse(read_settings(), manner, sys.stdin, sys.stdout))

    finish(talk)
