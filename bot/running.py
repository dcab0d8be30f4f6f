"""Running until the work is done, somebody says stop, or nobody reads any more: always a clean way out."""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

ANSWERED = 0
FAILED = 1
WRONG = 2

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Refusal(Exception):
    """The work cannot be done; the message is a sentence for whoever asked. `exit_code` says whose fault it is."""

    exit_code = FAILED


class WrongRequest(Refusal):
    """What was asked for cannot be had; the message says what would work."""

    exit_code = WRONG


def run(work: Coroutine[Any, Any, int]) -> int:
    """Run `work` and give its exit code; 0 where it was told to stop or its reader has gone.

    SIGTERM, SIGINT and SIGHUP cancel it, so that it can put everything away; a second one changes nothing.
    """
    code = ANSWERED
    try:
        code = asyncio.run(_until_told(work))
    except* (asyncio.CancelledError, KeyboardInterrupt):
        pass
    except* OSError as failures:
        if failures.subgroup(
            lambda failure: not isinstance(failure, ExceptionGroup) and not _reader_gone(failure)
        ):
            raise
        silence()
    return code


def silence() -> None:
    """Send what is still to be printed nowhere, so that the interpreter ends without a complaint about its reader."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _reader_gone(failure: BaseException) -> bool:
    """A pipe whose reader has ended, or a terminal that was closed."""
    return isinstance(failure, BrokenPipeError) or (
        isinstance(failure, OSError) and failure.errno == errno.EIO
    )


async def _until_told(work: Coroutine[Any, Any, int]) -> int:
    loop = asyncio.get_running_loop()
    working = asyncio.ensure_future(work)
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, working.cancel)
    return await working
