"""What a healthy stream is: frames of every sort, heartbeats, misreads, slow listeners, and a clean end."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from market.observations import Liquidation, Mark, Side, Venue
from scheduler.exchange import Asked, Report, Stream
from scheduler.streams import Heard, listen, open_wires
from tests.canary import Watch
from tests.doubles.exchange_streams import stream_server
from tests.doubles.hand_clock import HandClock
from tests.doubles.waiting import until
from tests.scheduler.streams.venue import (
    EXCHANGE,
    INSTRUMENTS,
    MARKS,
    QUIET,
    STREAM,
    desk,
    liquidation,
    mark,
    read,
)


async def test_frames_become_reports_in_their_order_text_or_binary() -> None:
    async with desk() as at:
        line = await at.line(0)
        await at.tell(line, mark(), liquidation().encode(), mark(price=61_000.0))
        now_ms = at.time.now_ms()
        assert at.heard[:3] == [
            Mark(Venue.SIMULATED, "BTC", now_ms, 60_000.0),
            Liquidation(Venue.SIMULATED, "BTC", now_ms, Side.LONG, 0.5, 59_000.0, is_sample=False),
            Mark(Venue.SIMULATED, "BTC", now_ms, 61_000.0),
        ]


async def test_all_is_subscribed_to_without_haste() -> None:
    async with desk(replace(STREAM, subscribe=("a", "b", "c"))) as at:
        line = await at.line(0)
        assert line.texts == ["a"]
        await at.time.advance(0.25)
        await until(lambda: line.texts == ["a", "b", "c"])


async def test_pings_go_out_on_time_and_a_text_pong_is_no_data_and_no_misread() -> None:
    async with desk() as at:
        line = await at.line(0)
        await at.live(line, 61)
        assert line.texts == ["subscribe marks", "ping", "ping", "ping"]
        await at.time.settle()
        assert at.listener.status().misreads == 0


async def test_a_frame_that_demands_an_answer_gets_it() -> None:
    demanding = replace(STREAM, answer=lambda frame: "here" if b"test" in frame else None)
    async with desk(demanding) as at:
        line = await at.line(0)
        await line.say('{"test":1}')
        await until(lambda: line.texts[-1] == "here")


async def test_a_reader_with_a_memory_begins_anew_with_every_connection() -> None:
    made: list[int] = []

    def remembering() -> Callable[[bytes, Asked], tuple[Report, ...]]:
        made.append(len(made))
        return read

    async with desk(replace(STREAM, remembering=remembering)) as at:
        line = await at.line(0)
        await at.tell(line, mark())
        line.reset()
        await until(lambda: at.listener.status().connected_since_ms is None)
        await at.time.advance(2.0)
        await at.tell(await at.line(1), mark())
        assert made == [0, 1]


async def test_misreads_are_counted_and_told_once_at_first_and_once_at_recovery(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with desk() as at:
        line = await at.line(0)
        for wrong in ("{", "[]", '{"k":"mark"}', '{"k":"mark","s":"BTCUSDT","p":"NaN"}', b"\xff\x00"):
            await line.say(wrong)
        await until(lambda: at.listener.status().misreads == 5)
        assert at.listener.status().last_misread == "simulated frame: shape"
        await at.live(line, 62)
        assert len(at.marks) == 62, "the loop goes on"
    lines = [str(record.msg) for record in caplog.records if "stream" in str(record.msg)]
    assert [sum(said in line for line in lines) for said in ("stream misread", "reads again")] == [1, 1]


async def test_a_slip_of_ours_in_a_reader_is_a_misread_and_ends_nothing() -> None:
    def slipping(frame: bytes, asked: Asked) -> tuple[Report, ...]:
        if frame == b"trap":
            raise ZeroDivisionError
        return read(frame, asked)

    async with desk(replace(STREAM, read=slipping)) as at:
        line = await at.line(0)
        await line.say("trap")
        await at.tell(line, mark())
        assert at.listener.status().last_misread == "ZeroDivisionError"
        assert at.listener.status().reconnects == 0


async def test_a_lost_stream_is_told_once_and_once_when_it_is_well_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with desk() as at:
        for number, wait_s in enumerate((2.0, 4.0, 8.0)):
            (await at.line(number)).reset()
            await until(lambda: at.listener.status().connected_since_ms is None)
            await at.time.advance(wait_s)
        await at.live(await at.line(3), 62)
    lines = [str(record.msg) for record in caplog.records]
    assert [sum(said in line for line in lines) for said in ("stream lost", "stream is back")] == [1, 1]


async def test_status_says_what_a_trader_asks_of_a_stream() -> None:
    async with desk() as at:
        line = await at.line(0)
        await at.live(line, 2)
        status = at.listener.status()
        assert (status.venue, status.path, status.reconnects, status.trouble) == (
            Venue.SIMULATED,
            "/ws",
            0,
            None,
        )
        assert status.connected_since_ms == at.time.began_ms
        marks, quiet = status.channels
        assert (marks.channel, marks.last_data_ms, marks.is_stalled) == (
            MARKS,
            at.time.began_ms + 1_000,
            False,
        )
        assert (quiet.channel, quiet.last_data_ms, quiet.proven_ms) == (QUIET, None, at.time.began_ms + 1_000)


async def test_while_the_hearer_works_nothing_more_is_read_and_memory_stays_bounded() -> None:
    time, free, heard = HandClock(), asyncio.Event(), []

    async def hear(words: tuple[Heard, ...]) -> None:
        heard.append(words)
        await free.wait()

    async with (
        stream_server(lambda: time.at_s) as server,
        open_wires(clock=time.clock, ws_urls={Venue.SIMULATED: server.url}) as wires,
    ):
        task = asyncio.create_task(listen(STREAM, EXCHANGE, hear, INSTRUMENTS, wires))
        line = await server.line(0)
        frame = '{"k":"mark","s":"BTCUSDT","p":1.0,"pad":"' + "x" * 60_000 + '"}'
        sent = 0
        with suppress(TimeoutError):
            while sent < 2_000:
                async with asyncio.timeout(0.3):
                    await line.say(frame)
                sent += 1
        assert sent < 2_000, "the venue is held back by TCP, not stored here"
        assert len(heard) == 1
        free.set()
        await until(lambda: sum(map(len, heard)) >= sent)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_what_the_hearer_raises_is_not_swallowed_and_leaves_nothing_behind() -> None:
    time = HandClock()

    async def hear(words: tuple[Heard, ...]) -> None:
        raise LookupError(len(words))

    async with (
        stream_server(lambda: time.at_s) as server,
        open_wires(clock=time.clock, ws_urls={Venue.SIMULATED: server.url}) as wires,
    ):
        task = asyncio.create_task(listen(STREAM, EXCHANGE, hear, INSTRUMENTS, wires))
        await (await server.line(0)).say(mark())
        with pytest.raises(LookupError):
            await task
        await until(lambda: not server.open_lines)


async def test_every_frame_can_be_kept_as_it_came_also_one_that_is_not_understood() -> None:
    time, kept = HandClock(), []

    async def hear(_words: tuple[Heard, ...]) -> None:
        pass

    def keep(stream: Stream, frame: bytes, at_ms: int) -> None:
        kept.append((stream.path, frame, at_ms))

    async with (
        stream_server(lambda: time.at_s) as server,
        open_wires(clock=time.clock, ws_urls={Venue.SIMULATED: server.url}, keep=keep) as wires,
    ):
        task = asyncio.create_task(listen(STREAM, EXCHANGE, hear, INSTRUMENTS, wires))
        line = await server.line(0)
        for frame in (mark(), "no json", b"\xff"):
            await line.say(frame)
        await until(lambda: len(kept) == 3)
        assert kept == [("/ws", said, time.now_ms()) for said in (mark().encode(), b"no json", b"\xff")]
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("moment", ["while reading", "while waiting to try again", "while connecting"])
async def test_cancelled_at_any_moment_no_task_and_no_socket_is_left(moment: str) -> None:
    before = asyncio.all_tasks()
    async with desk() as at:
        line = await at.line(0)
        await at.live(line, 2)
        if moment != "while reading":
            line.reset()
            await until(lambda: at.listener.status().connected_since_ms is None)
        if moment == "while connecting":
            at.server.manner = type(at.server.manner).MUTE
            await at.time.advance(2.0)
            await until(lambda: len(at.server.knocks) == 2)
            at.server.manner = type(at.server.manner).WELL
    await until(lambda: asyncio.all_tasks() <= before)


async def test_a_password_in_an_address_is_in_no_log(
    watched_log: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    time = HandClock()

    async def hear(_words: tuple[Heard, ...]) -> None:
        raise AssertionError

    async with open_wires(
        clock=time.clock, ws_urls={Venue.SIMULATED: "ws://user:secret-of-ours@127.0.0.1:1"}
    ) as wires:
        task = asyncio.create_task(listen(STREAM, EXCHANGE, hear, INSTRUMENTS, wires))
        await until(lambda: "stream lost" in caplog.text)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert "secret-of-ours" not in caplog.text
