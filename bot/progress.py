"""How far the past of each asset has been read: bars at a terminal; where there is none the log says when it is done."""

import logging
from typing import TextIO, TypeGuard, cast

from rich.console import Console
from rich.file_proxy import FileProxy
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from market.observations import Asset
from store.services import PastReport


class PastProgress:
    """Bars on `stream`, one an asset whose past is being read, gone when all are read. Without a terminal: nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._is_terminal = stream, stream.isatty()
        self._console = Console(file=stream)
        self._bars: Progress | None = None
        self._tasks: dict[Asset, TaskID] = {}
        self._logs: list[logging.StreamHandler[TextIO]] = []

    def say(self, past: PastReport) -> None:
        """Show how far a past has been read; one that is read, or cannot be read now, has no bar any more."""
        if not self._is_terminal:
            return
        if 0.0 < past.share < 1.0:
            self._show(past)
        elif past.asset in self._tasks and (past.share or past.missing):
            self._drop(past.asset)

    def end(self) -> None:
        """Take all bars away."""
        for asset in tuple(self._tasks):
            self._drop(asset)

    def _show(self, past: PastReport) -> None:
        bars = self._bars
        if bars is None:
            bars = self._bars = self._begin()
        if past.asset not in self._tasks:
            self._tasks[past.asset] = bars.add_task(past.asset, total=1.0)
        bars.update(self._tasks[past.asset], completed=past.share)
        bars.refresh()

    def _begin(self) -> Progress:
        columns = (
            TextColumn("reading the past of {task.description:<8}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
        )
        bars = Progress(*columns, console=self._console, transient=True, auto_refresh=False)
        bars.start()
        self._logs = [log for log in logging.getLogger().handlers if _writes_to(log, self._stream)]
        for log in self._logs:
            # lines go above the bars, not into them
            log.setStream(cast("TextIO", FileProxy(self._console, self._stream)))
        return bars

    def _drop(self, asset: Asset) -> None:
        if self._bars is None:
            return
        self._bars.remove_task(self._tasks.pop(asset))
        self._bars.refresh()
        if not self._tasks:
            for log in self._logs:
                log.setStream(self._stream)
            self._bars.stop()
            self._bars = None


def _writes_to(log: logging.Handler, stream: TextIO) -> TypeGuard[logging.StreamHandler[TextIO]]:
    return isinstance(log, logging.StreamHandler) and log.stream is stream
