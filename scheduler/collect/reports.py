"""How each venue stands, in the words of the store: its questions and its streams together."""

from collections.abc import Iterable

from scheduler.fetch import SourceStatus, State
from scheduler.streams import StreamStatus
from store.services import SourceReport

_STATES = {
    State.OK: "open",
    State.BACKING_OFF: "troubled",
    State.DISABLED: "banned",
    State.GEO_BLOCKED: "geo_blocked",
}


def report(source: SourceStatus, streams: Iterable[StreamStatus], lists: int) -> SourceReport:
    """One venue's report of the state of its questions and of its own streams; `lists` watched assets it has."""
    ours = [stream for stream in streams if stream.venue is source.venue]
    channels = [channel for stream in ours for channel in stream.channels]
    heard_ms = [channel.last_data_ms for channel in channels if channel.last_data_ms is not None]
    return SourceReport(
        venue=source.venue,
        state=_state(source),
        until_ms=source.until_ms,
        answered_ms=source.last_success_ms,
        heard_ms=max(heard_ms, default=None),
        streams=len(ours),
        streams_up=sum(stream.connected_since_ms is not None for stream in ours),
        silent=tuple(
            f"{one.channel.kind} {one.channel.symbol or ''}".rstrip() for one in channels if one.is_stalled
        ),
        why=_why(source, ours),
        complaints=source.complaints,
        lists=lists,
    )


def _state(source: SourceStatus) -> str:
    if source.state is State.OK and source.last_success_ms is None:
        return "new" if source.last_failure_ms is None else "troubled"
    if source.state is State.BACKING_OFF and source.until_ms is not None:
        return "shut"
    return _STATES[source.state]


def _why(source: SourceStatus, streams: Iterable[StreamStatus]) -> str | None:
    """The trouble there is now: of the questions while the venue does not answer them, else of a stream that is down."""
    if source.state is not State.OK or source.last_success_ms is None:
        return source.last_failure_why
    down = [stream.trouble for stream in streams if stream.connected_since_ms is None and stream.trouble]
    return down[0] if down else None
