"""Listening to all streams of all venues for the watched assets, rearranged when those change and without a hole."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from market.observations import Asset, Liquidation, Venue
from scheduler.collect.gaps import Filler
from scheduler.collect.inbox import Inbox
from scheduler.collect.listings import Listings
from scheduler.exchange import Exchange, Stream
from scheduler.streams import Gap, Heard, Listener, Stall, StreamStatus, Wires

SETTLES_S = 0.5
"""Several assets are often begun at once: so long after the first the streams are rearranged for all of them."""

LOOKS_EVERY_S = 1.0
READY_AFTER_S = 60.0
"""A new stream on which something stays silent takes over so long after it was connected."""

STARTS_AGAIN_AFTER_S = 60.0
RENEWED_AT = 0.8
"""The share of its life after which a stream is begun anew beside itself; the listener alone would cut it soon after."""

Name = tuple[Venue, str, tuple[str, ...], int]
"""A stream and the number of times it was renewed."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Ear:
    """One stream listened to. While `is_coming` another one of its venue is still the one that counts."""

    listener: Listener
    is_coming: bool
    tasks: list[asyncio.Task[None]] = field(default_factory=list)


@dataclass(slots=True)
class Ears:
    """All streams of a process. `assets` gives the watched ones; `rearrange` says that something has changed."""

    exchanges: Mapping[Venue, Exchange]
    listings: Listings
    inbox: Inbox
    filler: Filler
    wires: Wires
    assets: Callable[[], tuple[Asset, ...]]
    _ears: dict[Name, _Ear] = field(default_factory=dict)
    _wanted: frozenset[Name] = frozenset()
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _renewals: Counter[tuple[Venue, str, tuple[str, ...]]] = field(default_factory=Counter)

    def rearrange(self) -> None:
        """Streams follow within seconds what is watched and listed now."""
        self._changed.set()

    async def listen(self) -> NoReturn:
        """Listen until cancelled; then nothing of it is left. Raises nothing but cancellation."""
        self._changed.set()
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._follow(group)
        finally:
            self._ears.clear()
            self._wanted = frozenset()

    def status(self) -> tuple[StreamStatus, ...]:
        """How each stream that counts stands now."""
        return tuple(ear.listener.status() for ear in self._ears.values() if not ear.is_coming)

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        """Wait for a change and arrange for it, or look after the one that is under way."""
        clock = self.wires.clock
        if self._moving():
            await clock.sleep(LOOKS_EVERY_S)
        else:
            await self._changed.wait()
            await clock.sleep(SETTLES_S)
        if self._changed.is_set():
            self._changed.clear()
            self._arrange(group)
        for venue in self._moving():
            await self._take_over(venue)

    def _arrange(self, group: asyncio.TaskGroup) -> None:
        """Begin what is wanted and not there. What is no longer wanted stays until that is heard, if it counts."""
        wanted = {self._name(stream): stream for venue in self.exchanges for stream in self._streams(venue)}
        self._wanted = frozenset(wanted)
        for name in [name for name, ear in self._ears.items() if ear.is_coming and name not in wanted]:
            self._end(name)
        led = {name[0] for name in self._leaving()}
        for name, stream in wanted.items():
            if name not in self._ears:
                self._begin(stream, group, is_coming=stream.venue in led)

    def _streams(self, venue: Venue) -> tuple[Stream, ...]:
        watched = self.listings.watched(venue, self.assets())
        return self.exchanges[venue].streams(watched) if watched else ()

    def _begin(self, stream: Stream, group: asyncio.TaskGroup, *, is_coming: bool) -> None:
        name, venue = self._name(stream), stream.venue

        async def hear(said: tuple[Heard, ...]) -> None:
            await self._hear(said, is_coming=ear.is_coming)

        known = self.listings.instruments(venue)
        listener = Listener(stream, self.exchanges[venue], hear, known, self.wires)
        ear = _Ear(listener, is_coming)
        self._ears[name] = ear
        ear.tasks.append(group.create_task(self._run(ear, venue), name=f"listen {venue}{stream.path}"))
        if stream.lives_s is not None:
            ear.tasks.append(group.create_task(self._renew(stream, stream.lives_s)))

    async def _renew(self, stream: Stream, lives_s: float) -> None:
        """In time before the venue cuts a stream have it begun anew; it counts until the new one is heard, without a hole."""
        await self.wires.clock.sleep(RENEWED_AT * lives_s)
        self._renewals[stream.venue, stream.path, stream.subscribe] += 1
        self._changed.set()

    async def _run(self, ear: _Ear, venue: Venue) -> None:
        while True:
            try:
                await ear.listener.run()
            except Exception:  # noqa: BLE001  a slip of ours over one stream must not silence the others
                _log.exception("a slip of ours in listening to %s", venue)
            await self.wires.clock.sleep(STARTS_AGAIN_AFTER_S)

    async def _hear(self, said: tuple[Heard, ...], *, is_coming: bool) -> None:
        """Hand on what was heard, gaps filled where they can be.

        Of a stream that is coming only liquidations: they are known again when told twice, while marks would come in two
        orders.
        """
        if is_coming:
            said = tuple(one for one in said if isinstance(one, Liquidation))
        for gap in [one for one in said if isinstance(one, Gap)]:
            await self.filler.fill(gap, self.assets())
        reports = [one for one in said if not isinstance(one, Gap | Stall)]
        self.inbox.take(reports, self.wires.clock.now_ms())

    def _leaving(self) -> list[Name]:
        """Streams that are no longer wanted, and count until those that are wanted are heard."""
        return [name for name in self._ears if name not in self._wanted]

    def _moving(self) -> set[Venue]:
        """Venues whose streams are being rearranged."""
        coming = {name[0] for name, ear in self._ears.items() if ear.is_coming}
        return coming | {name[0] for name in self._leaving()}

    async def _take_over(self, venue: Venue) -> None:
        """Let the new streams of a venue count as soon as all of them are heard; what was missed meanwhile is filled."""
        coming = [ear for name, ear in self._ears.items() if name[0] is venue and ear.is_coming]
        if not all(_is_ready(ear, self.wires.clock.now_ms()) for ear in coming):
            return
        leaving = [name for name in self._leaving() if name[0] is venue]
        gaps = [gap for name in leaving for gap in _missed(self._ears[name], coming)]
        for name in leaving:
            self._end(name)
        for gap in gaps:
            await self.filler.fill(gap, self.assets())
        for ear in coming:
            ear.is_coming = False

    def _end(self, name: Name) -> None:
        ear = self._ears.pop(name)
        for task in ear.tasks:
            task.cancel()

    def _name(self, stream: Stream) -> Name:
        name = (stream.venue, stream.path, stream.subscribe)
        return (*name, self._renewals[name])


def _is_ready(ear: _Ear, now_ms: int) -> bool:
    """Whether all its channels have been heard or proven alive, or it has been connected for long enough."""
    status = ear.listener.status()
    if status.connected_since_ms is None:
        return False
    if now_ms - status.connected_since_ms >= READY_AFTER_S * 1_000:
        return True
    return all(channel.proven_ms is not None for channel in status.channels)


def _missed(leaving: _Ear, coming: list[_Ear]) -> list[Gap]:
    """The gaps of a stream that is not heard as it leaves: it would have told them, had it been heard again."""
    status = leaving.listener.status()
    lost_ms = {
        one.channel: one.proven_ms
        for one in status.channels
        if one.proven_ms is not None
        and (one.is_stalled or status.connected_since_ms is None or status.connected_since_ms > one.proven_ms)
    }
    return [
        Gap(status.venue, one.channel, lost_ms[one.channel], one.proven_ms)
        for ear in coming
        for one in ear.listener.status().channels
        if one.channel in lost_ms and one.proven_ms is not None
    ]
