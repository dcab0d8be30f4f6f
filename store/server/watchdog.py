"""Run as a program of its own: keep a server for as long as whoever started this is alive, then clear it away.

`python -I -S watchdog.py FOLDER SERVER OPTIONS...` with a pipe as standard input. The pipe's end means that the
starter is gone. Ends with SERVER_ENDED if the server ends by itself. Standard library only.
"""

import shutil
import signal
import subprocess
import sys
from types import FrameType

SERVER_ENDED = 3
STOP_WITHIN_S = 5.0


def keep(folder: str, command: list[str]) -> None:
    """Run `command` until standard input ends, then stop it and remove `folder`."""
    try:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            signal.signal(signal.SIGCHLD, _server_ended)
            signal.signal(signal.SIGTERM, _told_to_stop)
            if server.poll() is None:
                sys.stdin.buffer.read()
        finally:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _server_ended(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(SERVER_ENDED)


def _told_to_stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    keep(sys.argv[1], sys.argv[2:])
