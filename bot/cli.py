"""The command line, `seawall`. Exit codes: 0 answered, 2 the request was wrong, 1 it failed.

What a call needs is imported inside it, so that `seawall --help` costs nothing and `seawall demo` speaks at once.
"""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from bot.collection import put_off, settle, spare
from bot.options import insist_on_scenario, insist_on_speed

if TYPE_CHECKING:
    from bot.feed import MakeFeed
    from bot.settings import Settings

MINUTE_MS = 60_000
SIGNS = "·…"
"""What answers hold beside plain letters."""

app = typer.Typer(
    name="seawall",
    help="What leverage is doing to a crypto market, and what your position survives. Information, not advice.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Plain JSON, for scripts.")]
Files = Annotated[
    list[Path],
    typer.Option("--history", help="A recorded market (CSV or .csv.gz); once a file.", metavar="FILE"),
]
Only = Annotated[
    list[str],
    typer.Option(help="Only these parts: scheduler, delivery, telegram, discord; they share one store."),
]
Plain = Annotated[bool, typer.Option("--plain", help="Words alone: no colour, no bars, nothing drawn anew.")]
Language = Annotated[str, typer.Option(help="Such as es; without it the one /settings chose.")]
Asset = Annotated[str | None, typer.Option(help="The files' asset, where their names do not end in it.")]


def main() -> None:
    """Run the command line of this process."""
    put_off()
    for stream in (sys.stdout, sys.stderr):
        _let_every_letter_through(stream)
    app()


@app.command()
def demo(
    speed: Annotated[float | None, typer.Option(help="Market minutes a second; 20 at a terminal.")] = None,
    scenario: Annotated[str, typer.Option(help="sell_off or calm.")] = "sell_off",
    seed: Annotated[int, typer.Option(help="Another number, another market.")] = 7,
    plain: Plain = False,
) -> None:
    """Play a SIMULATED market in this terminal: no token, no network, no real prices."""
    insist_on_speed(speed)
    insist_on_scenario(scenario)
    _first_word(f"SEAWALL DEMO - SIMULATED market, seed {seed}. No token, no real prices.")

    def play() -> int:
        from bot.demo.show import Play, show
        from bot.running import run

        return run(show(Play(seed, scenario, speed, plain), sys.stdin, sys.stdout))

    _finish(play)


@app.command()
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
        put_off()
        spare()
        from bot.app import serve
        from bot.running import run
        from bot.settings import read_settings

        settings = read_settings()
        settle()
        return run(serve(settings, _feed_of(history, speed, settings, only), only))

    _finish(start)


@app.command()
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
            from bot.settings import read_settings

            asked = ask_store(line, read_settings(), spoken)
        return run(print_reply(asked, sys.stdout, as_json=as_json, is_plain=plain, language=spoken))

    _finish(answer)


@app.command()
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

    _finish(talk)


@app.command()
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

    _finish(play)


@app.command()
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

    _finish(read)


@app.command()
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

    _finish(keep)


@app.command()
def doctor(
    as_json: Json = False,
    offline: Annotated[bool, typer.Option("--offline", help="Leave out exchanges and tokens.")] = False,
) -> None:
    """Say what is set, what is missing and what to do; try every exchange and token, within seconds."""

    def look() -> int:
        import logging

        from bot.doctor import examine, in_words
        from bot.running import ANSWERED, FAILED, run

        async def tell() -> int:
            found = await examine(offline=offline)
            typer.echo(json.dumps(found.to_json()) if as_json else in_words(found))
            sys.stdout.flush()
            return ANSWERED if found.ok else FAILED

        logging.disable(logging.CRITICAL)  # what fails is a finding, said once
        return run(tell())

    _finish(look)


@app.command("discord-sync")
def discord_sync(
    guild: Annotated[int | None, typer.Option(help="Copy them to this server only, for development.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take a server's copy away.")] = False,
) -> None:
    """Hand the slash commands to Discord now; `seawall run` does it by itself where they have changed."""
    if clear and guild is None:
        raise typer.BadParameter("needs --guild ID: only a server has a copy", param_hint="--clear")

    def sync() -> int:
        from bot.live import configure_log
        from bot.platforms.discord.syncing import sync_commands
        from bot.running import ANSWERED, run
        from bot.settings import read_settings

        settings = read_settings()
        configure_log(settings)

        async def tell() -> int:
            typer.echo(await sync_commands(settings, guild, is_cleared=clear))
            return ANSWERED

        return run(tell())

    _finish(sync)


@app.command()
def healthcheck() -> None:
    """Exit with 0 where the store answers and the last evaluation is younger than three cycles, else with 1."""

    def check() -> int:
        import asyncio

        from bot.doctor import health
        from bot.settings import read_settings

        now = asyncio.run(health(read_settings()))
        typer.echo(now.reason)
        return 0 if now.ok else 1

    _finish(check)


def _let_every_letter_through(stream: TextIO) -> None:
    """Write UTF-8 where the locale has no letter for what is said; a question mark would say something else here."""
    try:
        SIGNS.encode(stream.encoding)
    except UnicodeEncodeError:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8")


def _feed_of(history: list[Path], speed: float | None, settings: "Settings", only: list[str]) -> "MakeFeed":
    """What makes the service's market: the recorded files, the exchanges, or, where it runs elsewhere, nothing."""
    if only and not any("scheduler" in words for words in only):
        from bot.feed import FedElsewhere

        return FedElsewhere
    if not history:
        from bot.live_feed import LiveFeed

        return lambda connection: LiveFeed(connection, settings, sys.stderr)
    from bot.history_feed import HistoryFeed
    from bot.pace import Pace

    pace = Pace(None if speed is None else speed * MINUTE_MS)
    return lambda connection: HistoryFeed(connection, history, pace)


def _finish(work: Callable[[], int]) -> None:
    """Do the work and leave with its exit code; what a person can mend is a sentence, never a stack trace."""
    from bot.running import ANSWERED, FAILED, silence

    try:
        code = work()
    except BrokenPipeError:
        silence()
        code = ANSWERED
    except _what_a_person_can_mend() as failure:
        typer.echo(str(failure), err=True)
        code = getattr(failure, "exit_code", FAILED)
    raise typer.Exit(code)


def _what_a_person_can_mend() -> tuple[type[Exception], ...]:
    """The errors whose message is a sentence; asked for only when something went wrong."""
    from bot.running import Refusal
    from bot.settings import Misconfigured
    from store.connection import StoreUnavailable
    from store.server import ValkeyFailed

    return Refusal, Misconfigured, StoreUnavailable, ValkeyFailed


def _first_word(text: str) -> None:
    """Say something before anything that takes time."""
    try:
        typer.echo(text)
    except BrokenPipeError:
        from bot.running import silence

        silence()
        raise typer.Exit(0) from None
