"""Calls that serve: the service itself, and the demo."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.ending import finish, first_word
from bot.cli.words import Files, Only, Plain
from bot.collection import held_off, spare
from bot.options import insist_on_scenario, insist_on_speed

if TYPE_CHECKING:
    from bot.feed import MakeFeed
    from bot.settings import Settings

MINUTE_MS = 60_000
OURS_ALONE = 0o077
"""What the service writes is for its own user."""


def demo(
    speed: Annotated[float | None, typer.Option(help="Market minutes a second; 20 at a terminal.")] = None,
    scenario: Annotated[str, typer.Option(help="sell_off or calm.")] = "sell_off",
    seed: Annotated[int, typer.Option(help="Another number, another market.")] = 7,
    plain: Plain = False,
) -> None:
    """Play a SIMULATED market in this terminal: no token, no network, no real prices."""
    insist_on_speed(speed)
    insist_on_scenario(scenario)
    first_word(f"SEAWALL DEMO - SIMULATED market, seed {seed}. No token, no real prices.")

    def play() -> int:
        from bot.demo.show import Play, show
        from bot.running import run

        return run(show(Play(seed, scenario, speed, plain), sys.stdin, sys.stdout))

    finish(play)


def run(
    history: Files = [],  # noqa: B006, typer reads it and nobody changes it
    speed: Annotated[float | None, typer.Option(help="Market minutes a second; none: no waiting.")] = None,
    only: Only = [],  # noqa: B006, typer reads it and nobody changes it
) -> None:
    """Serve: start every chat platform that has a token, fed by the exchanges, or by recorded history."""
    insist_on_speed(speed)
    if speed is not None and not history:
        raise typer.BadParameter("needs --history FILE: a live market takes its time", param_hint="--speed")
    if history and only and not any("scheduler" in words for words in only):
        raise typer.BadParameter("files are played by the scheduler: name it too", param_hint="--only")

    def start() -> int:
        os.umask(OURS_ALONE)
        spare()
        from bot.app import serve
        from bot.running import run
        from bot.settings import read_settings

        settings = read_settings()
        return run(serve(settings, _feed_of(history, speed, settings, only), only))

    with held_off():
        finish(start)


def _feed_of(history: list[Path], speed: float | None, settings: "Settings", only: list[str]) -> "MakeFeed":
    """What makes the service's market: the recorded files, the exchanges, or, where it runs elsewhere, nothing."""
    if only and not any("scheduler" in words for words in only):
        from bot.feed import FedElsewhere

        return FedElsewhere
    if not history:
        from bot.live_feed import LiveFeed

        return lambda: LiveFeed(settings, sys.stderr)
    from bot.history_feed import HistoryFeed
    from bot.pace import Pace

    pace = Pace(None if speed is None else speed * MINUTE_MS)
    return lambda: HistoryFeed(history, pace)
