"""The watchdog of a stream: which channels have fallen silent, which are proven alive, and what was missed.

Silence is measured on the monotonic clock from the last data or, before any came, from the subscription. A quiet channel
(liquidations) may say nothing for hours: it is proven alive by a second channel on the same socket, and only while that
lasts do heartbeats say so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from market.observations import Heartbeat
from scheduler.exchange import Instruments, Report, Stream
from scheduler.streams.heard import ChannelStatus, Gap, Heard, Stall
from scheduler.streams.pulse import Pulse, Routes, pulses_of

BEAT_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look found: stalls, gaps and heartbeats, and why to reconnect, if so."""

    said: tuple[Heard, ...]
    reconnect_because: str | None


class Watchdog:
    """All channels of one stream, over all its connections; `at_s` is monotonic, `at_ms` our clock in UTC.

    Raises ValueError where the stream has no channel that proves the others alive.
    """

    def __init__(self, stream: Stream, instruments: Instruments, at_ms: int) -> None:
        self._venue = stream.venue
        self._pulses = pulses_of(stream.channels, instruments)
        self._routes = Routes(self._pulses)
        self._loud = tuple(pulse for pulse in self._pulses if not pulse.provers)
        self._quiet = tuple(pulse for pulse in self._pulses if pulse.provers)
        self._quiet_kinds = {pulse.channel.kind.value for pulse in self._quiet}
        self._first_data_s: float | None = None
        self._last_data_s = 0.0
        for pulse in self._pulses:
            pulse.proven_ms = at_ms

    @property
    def data_for_s(self) -> float:
        """From the first to the last data of this connection, seconds."""
        return 0.0 if self._first_data_s is None else self._last_data_s - self._first_data_s

    def begin(self, at_s: float) -> None:
        """A connection is made: silence counts from now on."""
        self._first_data_s = None
        for pulse in self._pulses:
            pulse.begin(at_s)

    def excuse(self, seconds: float, at_s: float) -> None:
        """For so long nothing was read: the silence was ours and is not held against the venue."""
        for pulse in self._pulses:
            pulse.counted_from_s = min(at_s, pulse.counted_from_s + seconds)

    def hear(self, reports: Sequence[Report], at_s: float, at_ms: int) -> tuple[Heard, ...]:
        """Note what was reported at one moment; the reports, each gap before the one that ends it."""
        if self._first_data_s is None:
            self._first_data_s = at_s
        self._last_data_s = at_s
        ended: list[tuple[int, Gap]] = []
        for place, pulses in self._routes.first(reports):
            for pulse in pulses:
                if pulse.has_spoken and pulse.missing_from_ms is None:  # well, and stays so: nearly always
                    pulse.last_data_ms = pulse.proven_ms = at_ms
                    pulse.counted_from_s = at_s
                elif (from_ms := pulse.speak(at_s, at_ms)) is not None:
                    ended.append((place, Gap(self._venue, pulse.channel, from_ms, at_ms)))
        if not ended:
            return tuple(reports)
        said: list[Heard] = list(reports)
        for place, gap in reversed(ended):
            said.insert(place, gap)
        return tuple(said)

    def doubt(self, kind: str) -> None:
        """A frame of that kind was not understood; unless that kind is known to be subscribed, it may be a refusal.

        A quiet channel has been missed since its last proof then. One that has not spoken on this connection may never
        have been subscribed: nothing but its own word proves it from now on.
        """
        if any(pulse.has_spoken and pulse.channel.kind.value == kind for pulse in self._loud):
            return
        for pulse in self._quiet:
            if pulse.channel.kind.value == kind or kind not in self._quiet_kinds:
                pulse.miss()
                pulse.is_doubted = not pulse.has_spoken

    def look(self, at_s: float) -> Findings:
        """What has changed by mere passing of time."""
        said = [word for pulse in self._quiet for word in self._follow(pulse, at_s)]
        silent = [pulse for pulse in self._pulses if pulse.is_silent(at_s)]
        stalls = [self._stall(pulse) for pulse in silent if not pulse.is_stalled]
        return Findings((*said, *stalls), self._why_reconnect(silent, at_s))

    def lose(self) -> None:
        """The connection is over: all is missed from its last proof of life on."""
        for pulse in self._quiet:
            proofs = [prover.proven_ms for prover in pulse.provers if prover.has_spoken]
            pulse.proven_ms = max([pulse.proven_ms, *proofs])
        for pulse in self._pulses:
            pulse.miss()

    def status(self) -> tuple[ChannelStatus, ...]:
        """Every channel now."""
        return tuple(
            ChannelStatus(
                pulse.channel,
                pulse.last_data_ms,
                pulse.proven_ms if pulse.has_proof else None,
                pulse.is_stalled,
            )
            for pulse in self._pulses
        )

    def _prove(self, pulse: Pulse, at_s: float, at_ms: int) -> tuple[Gap, ...]:
        from_ms = pulse.prove(at_s, at_ms)
        return () if from_ms is None else (Gap(self._venue, pulse.channel, from_ms, at_ms),)

    def _follow(self, pulse: Pulse, at_s: float) -> list[Heard]:
        """What the proof of a quiet channel gives: the gap that ends with it, and a heartbeat every few seconds."""
        alive = [other for other in (*pulse.provers, pulse) if other.is_alive(at_s)]
        if not alive or pulse.is_doubted:
            return []
        newest = max(alive, key=lambda other: other.counted_from_s)
        said: list[Heard] = [*self._prove(pulse, newest.counted_from_s, newest.proven_ms)]
        if pulse.beat_at_s is None or newest.counted_from_s - pulse.beat_at_s >= BEAT_EVERY_S:
            pulse.beat_at_s = newest.counted_from_s
            said.append(Heartbeat(self._venue, pulse.asset, pulse.channel.kind.value, newest.proven_ms))
        return said

    def _stall(self, pulse: Pulse) -> Stall:
        pulse.is_stalled = True
        pulse.miss()
        return Stall(self._venue, pulse.channel, pulse.proven_ms)

    def _why_reconnect(self, silent: list[Pulse], at_s: float) -> str | None:
        if all(pulse in silent for pulse in self._loud):
            return "stalled: every channel"
        given_up = [
            pulse
            for pulse in silent
            if at_s - pulse.counted_from_s >= pulse.patience_s and (pulse.is_doubted or not pulse.provers)
        ]
        for pulse in given_up:
            pulse.vain += 1
        return f"stalled: {_name(given_up[0])}" if given_up else None


def _name(pulse: Pulse) -> str:
    return f"{pulse.channel.kind} {pulse.channel.symbol or ''}".rstrip()
