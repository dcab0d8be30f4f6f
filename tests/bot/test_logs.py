import asyncio
import io
import json
import logging
import subprocess
import sys
import warnings
from urllib.parse import quote

import pytest
import structlog

from bot.logs import STRUCK, Redactor, configure, make_handler, watch_loop
from tests import canary

TOKEN = canary.TELEGRAM_TOKEN


def logged(
    style: str = "console", secrets: tuple[str, ...] = canary.SECRETS
) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    handler = make_handler(stream, secrets, style)  # type: ignore[arg-type]
    logger = logging.getLogger("tests.logs")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    return logger, stream


@pytest.mark.parametrize("secrets", [canary.SECRETS, ()], ids=["known secrets", "by shape alone"])
@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"POST https://api.telegram.org/bot{TOKEN}/sendMessage",
        f"{TOKEN} and {TOKEN} and {TOKEN} and {TOKEN}",
        f"first line\n  File 'x', line 3\n    bot{TOKEN}/getMe\nlast {TOKEN}",
        quote(TOKEN, safe=""),
        quote(TOKEN, safe="").lower().replace(TOKEN.lower(), TOKEN),
        repr(TOKEN),
        json.dumps({"token": TOKEN}),
        canary.DISCORD_TOKEN,
        f"Authorization: Bot {canary.DISCORD_TOKEN}",
        f"{{'Authorization': 'Bot {canary.DISCORD_TOKEN}'}}",
        canary.REDIS_URL,
        f"cannot reach {canary.REDIS_URL!r}",
    ],
)
def test_a_token_is_struck_out_of(text: str, secrets: tuple[str, ...]) -> None:
    shown = Redactor(secrets)(text)
    assert not canary.leaks(shown)
    assert STRUCK in shown


@pytest.mark.parametrize(
    "text",
    [
        TOKEN.partition(":")[2],
        TOKEN[:20] + "\n" + TOKEN[20:],
        TOKEN[:20] + "\r\n        " + TOKEN[20:],
        f"{TOKEN[:-4]}\n{TOKEN[-4:]} twice {TOKEN}",
        quote(TOKEN).lower(),
        canary.REDIS_PASSWORD,
        f"AUTH default {canary.REDIS_URL.partition('default:')[2].partition('@')[0]}",
    ],
)
def test_a_known_secret_is_struck_out_of(text: str) -> None:
    assert not canary.leaks(Redactor(canary.SECRETS)(text))


@pytest.mark.parametrize(
    "text", ["hunter  2 tree", "hunter2tree", "hunter\n  2\ttree", "hunter%20%202%20tree"]
)
def test_a_secret_that_holds_spaces_is_struck_out_of(text: str) -> None:
    assert Redactor(["redis://user:hunter%20%202%20tree@host"])(f"with {text}.") == f"with {STRUCK}."


def test_a_secret_of_spaces_alone_strikes_nothing_out_and_long_gaps_take_no_time() -> None:
    assert Redactor([" " * 8])("with spaces") == "with spaces"
    gap = " " * 100_000
    assert Redactor(["a" + " " * 20 + "bcdef"])(f"a{gap}c") == f"a{gap}c"


@pytest.mark.parametrize(
    "text",
    [
        "GET https://hc.example/ping/2f6c1a90-secret-of-a-switch failed",
        "no route to /ping/2f6c1a90-secret-of-a-switch",
        "%2Fping%2F2f6c1a90-secret-of-a-switch",
    ],
)
def test_the_key_in_a_secret_address_is_struck_out_by_itself(text: str) -> None:
    redacted = Redactor(["https://hc.example/ping/2f6c1a90-secret-of-a-switch"])(text)
    assert "2f6c1a90" not in redacted
    assert STRUCK in redacted


@pytest.mark.parametrize(
    "text",
    [
        "BTC 64,210 at 12:04:10 UTC",
        "http://127.0.0.1:8080/bot",
        "redis://127.0.0.1:6379/0",
        "1700000000000:BTC",
        "a.b.c",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor(canary.SECRETS)(text) == text


def test_the_tokens_of_discord_interactions_are_struck_out() -> None:
    shown = Redactor()(
        "POST https://discord.com/api/v10/interactions/123456789/aW50ZXJhY3Rpb246MTIzNDU2Nzg5/callback"
    )
    assert shown == f"POST https://discord.com/api/v10/interactions/123456789/{STRUCK}/callback"


@pytest.mark.parametrize("style", ["console", "json"])
def test_records_of_foreign_loggers_are_redacted_with_their_arguments_and_tracebacks(style: str) -> None:
    logger, stream = logged(style)
    child = logger.getChild("child.of.a.child")
    try:
        raise ValueError(f"https://api.telegram.org/bot{TOKEN}/x {TOKEN} {TOKEN}")
    except ValueError:
        child.exception("failed at %s with %r", f"bot{TOKEN}", {"token": TOKEN})
    assert not canary.leaks(stream.getvalue())
    assert stream.getvalue().count(STRUCK) >= 5
    assert "ValueError" in stream.getvalue()


def test_a_traceback_shows_no_locals() -> None:
    logger, stream = logged()
    try:
        innocent_name = "a local that may be a bot"
        raise ValueError(len(innocent_name))
    except ValueError:
        logger.exception("failed")
    assert "a local that may be" not in stream.getvalue().replace('innocent_name = "a local', "")


def test_our_own_events_are_redacted_too() -> None:
    _, stream = logged()
    structlog.stdlib.get_logger("tests.logs").warning(
        "odd", url=f"http://x/bot{TOKEN}", nested=[{"t": TOKEN}]
    )
    assert "odd" in stream.getvalue()
    assert not canary.leaks(stream.getvalue())


def test_a_record_that_cannot_be_written_does_not_print_its_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logger, _ = logged()
    logger.warning("%d %s", "no number", TOKEN)
    shown = capsys.readouterr().err
    assert "could not be written" in shown
    assert not canary.leaks(shown)


async def test_what_no_task_caught_is_logged_without_the_token() -> None:
    _, stream = logged()
    logger = logging.getLogger("bot.logs")
    handler = logging.getLogger("tests.logs").handlers[0]
    logger.addHandler(handler)
    loop = asyncio.get_running_loop()
    watch_loop(loop)
    loop.call_exception_handler({"message": f"gone: {TOKEN}", "exception": RuntimeError(f"bot{TOKEN}")})
    logger.removeHandler(handler)
    assert "uncaught error in a task" in stream.getvalue()
    assert not canary.leaks(stream.getvalue())


def test_libraries_that_name_every_request_are_quiet_unless_asked_for() -> None:
    stream = io.StringIO()
    hook = sys.excepthook
    handler = configure(level="DEBUG", secrets=canary.SECRETS, stream=stream)
    try:
        logging.getLogger("httpx").info("HTTP Request: POST https://api.telegram.org/bot%s/getMe", TOKEN)
        logging.getLogger("telegram.Bot").debug("Set Bot API URL: %s", TOKEN)
        assert stream.getvalue() == ""
        configure(level="DEBUG", library_level="DEBUG", secrets=canary.SECRETS, stream=stream)
        logging.getLogger("httpx").debug("Set Bot API URL: %s", TOKEN)
        assert "Set Bot API URL" in stream.getvalue()
        assert not canary.leaks(stream.getvalue())
    finally:
        sys.excepthook = hook
        logging.captureWarnings(capture=False)
        logging.getLogger().removeHandler(handler)


def test_warnings_reach_the_log_redacted() -> None:
    logger, stream = logged()
    handler = logger.handlers[0]
    logging.captureWarnings(capture=True)
    try:
        logging.getLogger("py.warnings").addHandler(handler)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(capture=True)
            logging.getLogger("py.warnings").warning("about bot%s", TOKEN)
    finally:
        logging.captureWarnings(capture=False)
        logging.getLogger("py.warnings").removeHandler(handler)
    assert "about" in stream.getvalue()
    assert not canary.leaks(stream.getvalue())


CRASH = """
import sys, threading
from bot.logs import configure
configure(level="DEBUG", secrets=("{token}",))
class Leaky:
    def __del__(self):
        raise OSError("bot{token}")
Leaky()
thread = threading.Thread(target=lambda: 1 / len(()) if False else (_ for _ in ()).throw(KeyError("bot{token}")))
thread.start(); thread.join()
token = "{token}"
raise RuntimeError(f"https://api.telegram.org/bot{{token}}/getMe", token, token)
"""


def test_a_program_that_dies_does_not_say_its_token() -> None:
    program = CRASH.format(token=TOKEN)
    run = subprocess.run(
        [sys.executable, "-"], input=program, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 1
    for kind in ("RuntimeError", "KeyError", "OSError"):
        assert kind in run.stderr
    assert not canary.leaks(run.stdout + run.stderr)


def test_the_watch_sees_a_leak_in_any_form() -> None:
    assert canary.leaks(f"x {TOKEN} y")
    assert canary.leaks(quote(TOKEN))
    assert canary.leaks(repr([TOKEN]))
    assert canary.leaks(TOKEN[:25] + "\n   " + TOKEN[25:])
    assert not canary.leaks("7700000001: nothing to see")


def test_the_watch_listens_to_every_logger_at_debug(watched_log: canary.Watch) -> None:
    before = watched_log.lines
    logging.getLogger("httpx").debug("a line about bot%s", TOKEN)
    logging.getLogger("telegram.ext.anything").debug("another")
    assert watched_log.lines == before + 2
    assert watched_log.leaked == []
    watched_log.write(f"a line that leaks {TOKEN}")
    assert len(watched_log.take()) == 1


@pytest.mark.parametrize("style", ["console", "json"])
def test_what_a_line_is_filled_with_stands_in_its_place(style: str) -> None:
    stream = io.StringIO()
    handler = configure(style=style, stream=stream)  # type: ignore[arg-type]
    try:
        structlog.stdlib.get_logger("tests.filled").warning("not addressed: %s", "the store is away")
    finally:
        logging.getLogger().removeHandler(handler)
    assert "not addressed: the store is away" in stream.getvalue()
    assert "positional_args" not in stream.getvalue()
