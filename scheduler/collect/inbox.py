"""Where all reports come in: each goes to the condenser of its asset, and nowhere else."""

import logging
from collections.abc import Iterable

from market.observations import Asset, Venue
from scheduler.condense import Condenser
from scheduler.exchange import Report, Told

_log = logging.getLogger(__name__)


class Inbox:
    """The condensers of the watched assets; what is of no watched asset is dropped."""

    def __init__(self) -> None:
        self.condensers: dict[Asset, Condenser] = {}

    def take(self, reports: Iterable[Report], at_ms: int, took_ms: int | None = None) -> None:
        """Hand on what one answer or frame told at `at_ms` (ours), to each condenser at once. Raises nothing.

        `took_ms` is for how long an answer was waited for, None of a frame.
        A report without an asset (a channel of all contracts is alive) goes to all assets that its venue lists.
        """
        condensers = self.condensers
        of_asset: dict[Asset, list[Report]] = {}
        of_all: list[Report] = []
        for report in reports:
            asset = report.asset
            if asset is None:
                of_all.append(report)
            elif asset in condensers:
                of_asset.setdefault(asset, []).append(report)
        for asset, said in of_asset.items():
            self._hand_on(condensers[asset], said, at_ms, took_ms)
        for report in of_all:
            for condenser in condensers.values():
                if _venue_of(report) in condenser.venues:
                    self._hand_on(condenser, (report,), at_ms, took_ms)

    def miss(self, venue: Venue, asset: Asset, until_ms: int) -> None:
        """A venue's liquidations of an asset were not heard until then, and cannot be had."""
        if asset in self.condensers:
            self.condensers[asset].miss(venue, until_ms)

    def _hand_on(self, condenser: Condenser, said: Iterable[Report], at_ms: int, took_ms: int | None) -> None:
        try:
            condenser.take(said, at_ms, took_ms)
        except Exception:  # noqa: BLE001  a slip of ours over one report must not stop a venue, or the other assets
            _log.exception("a slip of ours in condensing %s", condenser.state.asset)


def _venue_of(report: Report) -> Venue:
    return report.said.venue if isinstance(report, Told) else report.venue
