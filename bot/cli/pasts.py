"""Calls on what was: play it again, read it into the store, keep it for later."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.ending import finish
from bot.cli.words import Asset, Json


def replay(
    files: Annotated[
        list[Path], typer.Argument(help="Recorded markets (CSV or .csv.gz).", metavar="FILE...")
    ],
    alerts: Annotated[Path | None, typer.Option(help="Write alerts here, one JSON object a line.")] = None,
    states: Annotated[Path | None, typer.Option(help="Write states here, one JSON object a bar.")] = None,
    asset: Asset = None,
) -> None:
    """Play recorded markets through the engine: the states they passed and the alerts there would have been."""

    def play() -> int:
        from bot.recorded import replay_files

        return replay_files(files, sys.stdout, alerts=alerts, states=states, asset=asset)

    finish(play)


def score(
    alerts: Annotated[Path, typer.Argument(help="Alerts, one JSON object a line.", metavar="ALERTS.jsonl")],
    files: Annotated[
        list[Path], typer.Argument(help="Recorded markets (CSV or .csv.gz).", metavar="FILE...")
    ],
    refractory: Annotated[
        list[int],
        typer.Option(help="Hours in which one alert silences the next; may be said twice.", metavar="HOURS"),
    ] = [],  # noqa: B006, typer reads it and nobody changes it
    asset: Asset = None,
    as_json: Json = False,
) -> None:
    """What alerts were worth on recorded markets: right ones, sell-offs found, lead, false alarms, beside price and chance."""

    def weigh() -> int:
        import shutil

        from bot.scoring import score_files

        columns = shutil.get_terminal_size().columns
        return score_files(
            alerts,
            files,
            sys.stdout,
            columns=columns,
            refractory_hours=refractory,
            asset=asset,
            is_json=as_json,
        )

    finish(weigh)


def backfill(
    files: Annotated[
        list[Path], typer.Argument(help="History of your own (CSV or .csv.gz).", metavar="[FILE...]")
    ] = [],  # noqa: B006, typer reads it and nobody changes it
) -> None:
    """Read pasts into the store while the service is stopped: the exchanges', and your own history beside them."""

    def read() -> int:
        from bot.backfill import backfill
        from bot.running import run
        from bot.settings import read_settings

        return run(backfill(read_settings(), files, sys.stdout, sys.stderr))

    finish(read)


def record(
    directory: Annotated[
        Path, typer.Argument(help="Where files are written, by venue and hour.", metavar="DIR")
    ],
    lasts: Annotated[str, typer.Option("--for", help="30s, 10m, 2h or 1d; without it until Ctrl-C.")] = "",
    venues: Annotated[str, typer.Option(help="Some exchanges only, such as binance,okx.")] = "",
    keep_free: Annotated[float, typer.Option(help="Gigabytes of the disk that are left alone.")] = 1.0,
    past: Annotated[bool, typer.Option("--past", help="First what a cold start asks.")] = False,
) -> None:
    """Keep what the exchanges say of the watched assets, byte for byte, for later replay. No store, no token."""

    def keep() -> int:
        from bot.record import plan, record
        from bot.running import run
        from bot.settings import read_settings

        settings = read_settings()
        return run(
            record(plan(directory, settings, venues, lasts, keep_free, with_past=past), settings, sys.stdout)
        )

    finish(keep)
