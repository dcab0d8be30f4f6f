"""Running until the work is done, somebody says stop, or nobody reads any more: always a clean way out."""

import asyncio
import atexit
import errno
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

ANSWERED = 0
FAILED = 1
WRONG = 2

CLOSES_WITHIN_S = 1.0
"""So long may it take to end when the work is done and everything is put away."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Refusal(Exception):
    """The work cannot be done; the message is a sentence for whoever asked. `exit_code` says whose fault it is."""

    exit_code = FAILED


class WrongRequest(Refusal):
    """What was asked for cannot be had; the message says what would work."""

    exit_code = WRONG


def run(work: Coroutine[Any, Any, int]) -> int:
    """Run `work` and give its exit code; 0 where it was told to stop or its reader has gone.

    SIGTERM, SIGINT and SIGHUP cancel it, so that it can put everything away; a second one changes nothing. `nohup` holds: a
    SIGHUP that was ignored when the program began still is.
    """
    code = ANSWERED
    closing = threading.Timer(CLOSES_WITHIN_S, _leave)
    closing.daemon = True
    try:
        code = asyncio.run(_until_told(work, closing))
    except* (asyncio.CancelledError, KeyboardInterrupt):
        pass
    except* OSError as failures:
        if failures.subgroup(
            lambda failure: not isinstance(failure, ExceptionGroup) and not _reader_gone(failure)
        ):
            raise
        silence()
    finally:
        closing.cancel()
    return code


def on_hangup(do: Callable[[], None]) -> None:
    """From now on SIGHUP does this and the work goes on; but where the terminal it began at is gone, it is told to stop.

    A terminal that closes and an operator who wants a reload send the same signal.
    """
    loop, work = asyncio.get_running_loop(), asyncio.current_task()
    is_bound = _has_terminal() and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN

    def heard() -> None:
        if is_bound and work is not None and not _has_terminal():
            work.cancel()
        else:
            do()

    loop.add_signal_handler(signal.SIGHUP, heard)


def _has_terminal() -> bool:
    """Whether this process belongs to a terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


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


async def _until_told(work: Coroutine[Any, Any, int], closing: threading.Timer) -> int:
    loop = asyncio.get_running_loop()
    working = asyncio.ensure_future(work)
    for number in STOP_SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, working.cancel)
    await asyncio.wait({working})
    if working.cancelled() or working.exception() is None:
        closing.args = (ANSWERED if working.cancelled() else working.result(),)
        closing.start()
    return await working


def _leave(code: int) -> None:
    """End this process though a thread still waits: for a dead name server, and nothing else can stop that."""
    atexit._run_exitfuncs()  # noqa: SLF001, what an orderly end would have called
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
