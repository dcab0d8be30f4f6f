"""The pulse of one channel: when it was last heard, and from when on it has been missed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from market.observations import (
    Asset,
    Candle,
    DepthBand,
    Funding,
    Heartbeat,
    ImpliedVolatility,
    Liquidation,
    Mark,
    OpenInterest,
    OptionQuote,
)
from scheduler.exchange import Channel, Instruments, Kind, Report, Told

SLACK_S = 3.5
"""With a look each second and a busy loop, still noticed within twice the expected interval and 5 s (reliability.md, A13)."""

LONGEST_PATIENCE_S = 3_600.0
DOUBTED_PATIENCE_S = 300.0
"""A refused subscription is tried again after so long, not sooner: the others on the socket would pay for it."""

SAYS = {
    Kind.CANDLES: Candle,
    Kind.MARK: Mark,
    Kind.FUNDING: Funding,
    Kind.OPEN_INTEREST: OpenInterest,
    Kind.LIQUIDATIONS: Liquidation,
    Kind.DEPTH: DepthBand,
    Kind.OPTIONS: OptionQuote,
    Kind.VOLATILITY_INDEX: ImpliedVolatility,
}
"""What a channel of each kind is understood as."""

Says = type | str
"""What tells a report's channel: its type; of a heartbeat, the name of the channel it is for."""


@dataclass(slots=True, eq=False)
class Pulse:
    """One channel over all its connections.

    `counted_from_s` (monotonic) is when its silence began, `proven_ms` (ours, UTC) its last proof of life or when we began
    to listen, `missing_from_ms` set from when it was lost until it is heard again. `vain` counts reconnects for its sake
    that did not help. `is_doubted`: it may not be subscribed. `provers` are the channels that prove a quiet one alive.
    """

    channel: Channel
    asset: Asset | None
    counted_from_s: float = 0.0
    proven_ms: int = 0
    has_proof: bool = False
    has_spoken: bool = False
    last_data_ms: int | None = None
    missing_from_ms: int | None = None
    is_stalled: bool = False
    is_doubted: bool = False
    vain: int = 0
    beat_at_s: float | None = None
    provers: tuple["Pulse", ...] = field(default=())

    @property
    def allowed_s(self) -> float:
        """For how long it may be silent; of a quiet channel, its provers."""
        every_s = self.channel.expected_every_s
        if every_s is None:
            return max(prover.allowed_s for prover in self.provers)
        return 2 * every_s + SLACK_S

    @property
    def patience_s(self) -> float:
        """After how much silence to reconnect for its sake: longer each time that did not help (a market may be halted)."""
        once_s = max(self.allowed_s, DOUBTED_PATIENCE_S) if self.is_doubted else self.allowed_s
        longer_s: float = once_s * 2.0 ** min(self.vain, 12)
        return max(once_s, min(LONGEST_PATIENCE_S, longer_s))

    def begin(self, at_s: float) -> None:
        """A connection is made: it has said nothing on it yet."""
        self.counted_from_s, self.has_spoken, self.is_doubted, self.beat_at_s = at_s, False, False, None

    def is_alive(self, at_s: float) -> bool:
        """It has spoken on this connection, and lately."""
        return self.has_spoken and at_s - self.counted_from_s < self.allowed_s

    def is_silent(self, at_s: float) -> bool:
        """It should have spoken by now."""
        return at_s - self.counted_from_s >= self.allowed_s

    def speak(self, at_s: float, at_ms: int) -> int | None:
        """It said something itself; from when on it had been missed, None where it was not."""
        self.last_data_ms, self.has_spoken, self.is_doubted = at_ms, True, False
        self.counted_from_s, self.proven_ms, self.has_proof = at_s, at_ms, True
        missing_from_ms, self.missing_from_ms = self.missing_from_ms, None
        self.is_stalled, self.vain = False, 0
        return missing_from_ms

    def prove(self, at_s: float, at_ms: int) -> int | None:
        """It was alive then; from when on it had been missed, None where it was not."""
        self.counted_from_s, self.proven_ms, self.has_proof = at_s, at_ms, True
        missing_from_ms, self.missing_from_ms = self.missing_from_ms, None
        self.is_stalled, self.vain = False, 0
        return missing_from_ms

    def miss(self) -> None:
        """From its last proof of life on it is missed."""
        if self.missing_from_ms is None:
            self.missing_from_ms = self.proven_ms


def pulses_of(channels: Sequence[Channel], instruments: Instruments) -> tuple[Pulse, ...]:
    """A pulse for each channel, the quiet ones with those of the same symbol that prove them, or else with all others.

    Raises ValueError where nothing proves the channels alive, or for a kind that no stream says.
    """
    pulses = tuple(Pulse(channel, _asset(channel, instruments)) for channel in channels)
    if unknown := [channel.kind for channel in channels if channel.kind not in SAYS]:
        raise ValueError(f"no stream says {unknown[0]}")
    loud = tuple(pulse for pulse in pulses if pulse.channel.expected_every_s is not None)
    if not loud:
        raise ValueError("no channel with an expected interval: silence would prove nothing")
    for pulse in pulses:
        if pulse.channel.expected_every_s is None:
            same = tuple(other for other in loud if other.channel.symbol == pulse.channel.symbol)
            pulse.provers = same or loud
    return pulses


def _asset(channel: Channel, instruments: Instruments) -> Asset | None:
    instrument = instruments.get(channel.symbol) if channel.symbol else None
    return instrument.asset if instrument else None


class Routes:
    """Which channels a report comes from: those of its kind and asset, or those of its kind for all (or unknown) assets.

    A report names no symbol: two contracts of one coin on one stream (Deribit's inverse and linear) prove each other.
    """

    def __init__(self, pulses: Iterable[Pulse]) -> None:
        self._routes: dict[Says, dict[Asset | None, tuple[Pulse, ...]]] = {}
        for pulse in pulses:
            kind = pulse.channel.kind
            says: tuple[Says, ...] = (SAYS[kind], kind.value)
            for key in says:
                routes = self._routes.setdefault(key, {})
                routes[pulse.asset] = (*routes.get(pulse.asset, ()), pulse)

    def first(self, reports: Sequence[Report]) -> Iterable[tuple[int, tuple[Pulse, ...]]]:
        """Of reports of one moment, the place of the first of each type and asset, and the pulses it counts for."""
        places: dict[tuple[Says, Asset | None], int] = {}
        for place, report in enumerate(reports):
            says: Says = type(report)
            if says is Told:
                says = type(report.said)  # type: ignore[union-attr]  # seen in the line above, in half the time
            elif says is Heartbeat:
                says = report.channel  # type: ignore[union-attr]
            key = (says, report.asset)
            if key not in places:
                places[key] = place
        return [(place, self._of(*key)) for key, place in places.items()]

    def _of(self, says: Says, asset: Asset | None) -> tuple[Pulse, ...]:
        routes = self._routes.get(says)
        if routes is None:
            return ()
        found = routes.get(asset)
        return found if found is not None else routes.get(None, ())
