"""One venue as a source: its address, budgets and gate, and what there is to tell of it."""

import asyncio
import logging
from dataclasses import dataclass

from market.observations import Venue
from scheduler.clock import Clock
from scheduler.exchange import Ask, Exchange, Kind
from scheduler.fetch.allowance import Allowance
from scheduler.fetch.failures import OF_THE_QUESTION, Failure, SourceFailed
from scheduler.fetch.gate import Gate, State

MOST_AT_ONCE = 6
"""Questions under way per venue, so that a stalled one never holds the connections of the others."""

_log = logging.getLogger(__name__)
_LOUDNESS = {Failure.BANNED: 2, Failure.GEO_BLOCKED: 3}


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a venue stands, for `/status`; times are UTC milliseconds, None where there was none yet.

    `until_ms` is when it may be asked again, None where it may be now. `rejected` counts answers that could not be used
    since the start, `complaints` says which questions have none that can be used at present, and why.
    """

    venue: Venue
    state: State
    until_ms: int | None
    last_success_ms: int | None
    last_failure_ms: int | None
    last_failure_why: str | None
    failures_in_a_row: int
    rejected: int
    complaints: tuple[str, ...]


class Source:
    """What the fetcher knows of one venue."""

    def __init__(self, exchange: Exchange, url: str, clock: Clock, gate: Gate) -> None:
        self.exchange = exchange
        self.url = url.rstrip("/")
        self.gate = gate
        self.slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._clock = clock
        self._allowances = {
            name: Allowance(budget, clock.monotonic_s) for name, budget in exchange.budgets.items()
        }
        self._last_success_ms: int | None = None
        self._last_failure: tuple[int, str] | None = None
        self._told_loudness = 0
        self._failing_since_s = 0.0
        self._rejected = 0
        self._complaints: dict[tuple[Kind, str | None], str] = {}

    async def turn(self, ask: Ask[object], patience_s: float) -> None:
        """Wait for the question's turn in its budget; SourceFailed (NO_TURN) where it is too far away."""
        allowance = self._allowances.get(ask.budget)
        wait_s = allowance.book(ask.weight, patience_s) if allowance is not None else None
        if wait_s is None:
            why = (
                f"not asked within {patience_s:.0f} s, to stay inside its limit ({ask.budget}, {ask.weight})"
            )
            raise SourceFailed(ask.venue, ask.kind, why, Failure.NO_TURN)
        if wait_s > 0.0:
            await self._clock.sleep(wait_s)

    def window_s(self, ask: Ask[object]) -> float:
        """How long the venue counts what the question is paid from before it counts anew."""
        return self.exchange.budgets[ask.budget].window_s

    def correct(self, headers: dict[str, str]) -> None:
        """Take over what the headers of an answer say has been used."""
        if self.exchange.used is None:
            return
        for name, used in self.exchange.used(headers).items():
            if name in self._allowances:
                self._allowances[name].correct(used)

    def succeeded(self, ask: Ask[object]) -> None:
        """An answer has been read: remember it, and tell a recovery once."""
        self._last_success_ms = self._clock.now_ms()
        if self._complaints.pop((ask.kind, ask.symbol), None) is not None:
            _log.info("%s %s is answered again", ask.venue, _name(ask))
        if self._told_loudness and not self.gate.shut_for_s:
            seconds = self._clock.monotonic_s() - self._failing_since_s
            _log.info("%s answers again after %.0f s", ask.venue, seconds)
            self._told_loudness = 0

    def failed(self, ask: Ask[object], failure: SourceFailed) -> None:
        """A question has finally failed: remember it, and tell it where it is news."""
        self._last_failure = (self._clock.now_ms(), f"{failure.why} ({failure.kind.replace('_', ' ')})")
        if failure.failure in OF_THE_QUESTION or failure.failure is Failure.NO_TURN:
            self._complain(ask, failure)
        else:
            self._tell(failure)

    def forget(self, symbol: str) -> None:
        """Complain no more of questions about a contract: they are not asked again."""
        for question in [one for one in self._complaints if one[1] == symbol]:
            del self._complaints[question]

    def status(self) -> SourceStatus:
        """How the venue stands now."""
        shut_for_s = self.gate.shut_for_s
        return SourceStatus(
            venue=self.exchange.venue,
            state=self.gate.state,
            until_ms=self._clock.now_ms() + round(shut_for_s * 1000) if shut_for_s else None,
            last_success_ms=self._last_success_ms,
            last_failure_ms=self._last_failure[0] if self._last_failure else None,
            last_failure_why=self._last_failure[1] if self._last_failure else None,
            failures_in_a_row=self.gate.failures_in_a_row,
            rejected=self._rejected,
            complaints=tuple(self._complaints.values()),
        )

    def _complain(self, ask: Ask[object], failure: SourceFailed) -> None:
        self._rejected += failure.failure in OF_THE_QUESTION
        question = (ask.kind, ask.symbol)
        if question not in self._complaints:
            _log.warning("%s %s has no usable answer: %s", ask.venue, _name(ask), failure.why)
        self._complaints[question] = f"{_name(ask)}: {failure.why}"

    def _tell(self, failure: SourceFailed) -> None:
        """Once per outage, and once more where it turns into a ban or a block."""
        loudness = _LOUDNESS.get(failure.failure, 1)
        if loudness <= self._told_loudness:
            return
        if not self._told_loudness:
            self._failing_since_s = self._clock.monotonic_s()
        self._told_loudness = loudness
        shut_for_s = self.gate.shut_for_s
        rest = f"; not asked for {shut_for_s:.0f} s" if shut_for_s else ""
        _log.warning("%s fails, %s: %s%s", failure.venue, failure.failure, failure.why, rest)


def _name(ask: Ask[object]) -> str:
    kind = ask.kind.replace("_", " ")
    return f"{kind} of {ask.symbol}" if ask.symbol else kind
