"""The log: structlog over the standard library, to stderr, with every line redacted by the handler that writes it."""

import asyncio
import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Literal, TextIO
from urllib.parse import quote, quote_plus, unquote

import structlog
from structlog.typing import Processor

Style = Literal["console", "json"]

LIBRARIES = (
    "aiohttp",
    "apscheduler",
    "asyncio",
    "discord",
    "httpcore",
    "httpx",
    "redis",
    "telegram",
    "urllib3",
)
"""Loggers that talk about every request, some with tokens in it (reliability facts, 6)."""

REPEATING = ("asyncio", "discord", "telegram")
"""Loggers that at DEBUG write out what people wrote, and whole updates: they say nothing below INFO."""

STRUCK = "[redacted]"
SHORTEST_SECRET = 6
"""Below this many characters a secret is not searched for by itself: it would strike out ordinary words."""

SHORTEST_PATH = 12
"""The last word of a secret address is searched for by itself where it is as long as a key."""

_COLON = r"(?::|%3A)"
_SHAPES = (
    # Telegram: bot123456:AA... in an address, with or without "bot", raw or URL-encoded
    re.compile(rf"[0-9]{{5,20}}{_COLON}[A-Za-z0-9_-]{{30,100}}", re.IGNORECASE),
    # Discord: three parts of base64 joined by dots
    re.compile(r"[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,80}"),
    # Discord's answer tokens, good for a quarter of an hour
    re.compile(
        r"(?<=/interactions/)([0-9]{5,20}/)[A-Za-z0-9_.-]{20,400}|(?<=/webhooks/)([0-9]{5,20}/)[A-Za-z0-9_.-]{20,400}"
    ),
    # the password of redis://user:password@host and of any other address
    re.compile(r"(?<=://)([^\s/:@'\"]{0,100}:)[^\s/@'\"]{1,300}(?=@)"),
    # what a button of Discord carries, in the representation of one: a line that somebody asked
    re.compile(r"(custom_id=['\"])[^'\"]{1,200}"),
    # a header written out: Authorization: Bot abc
    re.compile(
        r"(authorization['\"]?\s{0,3}[:=]\s{0,3}['\"]?(?:(?:bot|bearer|basic)\s)?)[^\s'\",}]{1,300}",
        re.IGNORECASE,
    ),
)

_log = structlog.stdlib.get_logger("bot.logs")


class Redactor:
    """Strikes out secrets: the configured ones exactly, and everything of the shape of a token; and names nobody.

    A configured secret is found raw, URL-encoded, escaped as in repr or JSON, and with any gaps, as broken over lines. `names`
    puts something in the place of people's and chats' numbers.
    """

    __slots__ = ("_exact", "_names")

    def __init__(self, secrets: Iterable[str] = (), names: Callable[[str], str] | None = None) -> None:
        self._names = names
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST_SECRET}
        signs = {"".join(form.split()) for form in forms} - {""}
        longest_first = sorted(signs, key=len, reverse=True)
        self._exact = re.compile("|".join(map(_with_any_gaps, longest_first))) if signs else None

    def __call__(self, text: str) -> str:
        """The text without its secrets, every occurrence of them."""
        if self._exact is not None:
            text = self._exact.sub(STRUCK, text)
        for shape in _SHAPES:
            text = shape.sub(_strike, text)
        return text if self._names is None else self._names(text)


class RedactedHandler(logging.StreamHandler[TextIO]):
    """Writes records to a stream, each redacted after it is formatted: tracebacks and foreign records too.

    It stands on the handler because a filter on a logger is not applied to that logger's children.
    """

    def __init__(self, stream: TextIO, redact: Redactor) -> None:
        super().__init__(stream)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The line as it will be written, without any secret."""
        return self._redact(super().format(record))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, the library's name
        """Say that a record could not be written; the library's own way prints its arguments unredacted."""
        kind = sys.exc_info()[0]
        if logging.raiseExceptions:
            name = "error" if kind is None else kind.__name__
            sys.stderr.write(
                f"a log record of {record.name} line {record.lineno} could not be written: {name}\n"
            )


def configure(
    *,
    level: str = "INFO",
    library_level: str = "WARNING",
    style: Style = "console",
    secrets: Iterable[str] = (),
    names: Callable[[str], str] | None = None,
    stream: TextIO | None = None,
) -> RedactedHandler:
    """Set the process's log up and give the one handler that writes it, to `stream` or stderr.

    The libraries that talk about every request speak at `library_level` or above, whatever `level` is; those that would
    repeat what people write say nothing of that at any level. `names` names people and chats.
    """
    handler = make_handler(sys.stderr if stream is None else stream, secrets, style, names)
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known, RedactedHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    set_levels(level, library_level)
    logging.captureWarnings(capture=True)
    _catch_the_uncaught()
    return handler


def set_levels(level: str, library_level: str) -> None:
    """How much the log says; for good measure what people write is in none of it."""
    logging.getLogger().setLevel(level)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(library_level)
    for library in REPEATING:
        least = max(logging.INFO, logging.getLevelNamesMapping()[library_level])
        logging.getLogger(library).setLevel(least)


def make_handler(
    stream: TextIO,
    secrets: Iterable[str] = (),
    style: Style = "console",
    names: Callable[[str], str] | None = None,
) -> RedactedHandler:
    """A handler that writes redacted lines to `stream`, and structlog bound to the standard library."""
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = RedactedHandler(stream, Redactor(secrets, names))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_last_steps(stream, style),
            ],
        )
    )
    return handler


def watch_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Log what no task caught, redacted, instead of the loop's own print of its context."""
    loop.set_exception_handler(_log_loop_error)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _last_steps(stream: TextIO, style: Style) -> list[Processor]:
    # Tracebacks without locals: a local may be a bot, and a bot knows its token.
    if style == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=repr)]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)]


def _catch_the_uncaught() -> None:
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_thread_error
    sys.unraisablehook = _log_unraisable
    warnings.simplefilter("default", ResourceWarning)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        _log.info("stopped by the keyboard")
        return
    _log.critical("uncaught error", exc_info=(kind, error, trace))


def _log_thread_error(problem: threading.ExceptHookArgs) -> None:
    thread = "" if problem.thread is None else problem.thread.name
    _log.critical("uncaught error in a thread", thread=thread, exc_info=problem.exc_value)


def _log_unraisable(problem: Any) -> None:
    _log.error("error that could not be raised", exc_info=problem.exc_value)


def _log_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _log.error("uncaught error in a task", what=context.get("message", ""), exc_info=context.get("exception"))


def _strike(found: re.Match[str]) -> str:
    kept = next((part for part in found.groups() if part), "")
    return kept + STRUCK


def _forms(secret: str) -> set[str]:
    """The ways a secret is written: whole, its secret half alone, encoded and escaped."""
    parts = {secret}
    if "://" in secret:
        address = secret.partition("://")[2]
        last = address.partition("/")[2].partition("?")[0].rpartition("/")[2]
        parts = {secret, address.rpartition("@")[0].rpartition(":")[2]}
        parts |= {last} if len(last) >= SHORTEST_PATH else set()
    elif ":" in secret:
        parts.add(secret.rpartition(":")[2])
    forms: set[str] = set()
    for part in parts | set(map(unquote, parts)):
        encoded = {quote(part, safe=""), quote_plus(part), quote(part, safe=":")}
        forms |= {part, part.encode("unicode_escape").decode()} | encoded
        forms |= {re.sub(r"%[0-9A-F]{2}", lambda hexes: hexes[0].lower(), form) for form in encoded}
    return forms


def _with_any_gaps(signs: str) -> str:
    """A secret's signs with any white space between them; never given back, so that no text takes long to look through."""
    return r"\s*+".join(map(re.escape, signs))
