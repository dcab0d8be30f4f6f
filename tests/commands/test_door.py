"""The one door: whatever comes in, an answer goes out, in time, with a reason, and without a stack trace."""

import asyncio
import logging
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from commands.protocol import dispatch
from commands.protocol.dispatch import answer, answer_options, outcome
from commands.protocol.request import Role
from market.observations import Asset
from market.snapshot import Snapshot
from store.connection import StoreUnavailable
from store.in_memory import FeedInMemory, SnapshotsInMemory
from store.services import Services
from tests.commands.markets import crowding
from tests.commands.talking import WATCHED, context, talk, text_of

BAD = {
    "/size BTC 0.5x 10k": "it starts at 1x",
    "/size BTC 0x 10k": "it starts at 1x",
    "/size BTC -5x 10k": "it starts at 1x",
    "/size BTC 300x 10k": "nobody offers more than 200x",
    "/size BTC 160x 10k": "is more than the venue allows",
    "/size BTC 150x 10m": "is more than the venue allows",
    "/size BTC 5x 900b": "more than the venue lets anybody hold",
    "/size BTC 5x 0usdt": "above zero",
    "/size BTC 5x -10k": "above zero",
    "/size BTC 5x equity=0": "above zero",
    "/size BTC 5x entry=0": "above zero",
    "/size BANANA 5x 10k": "is not watched here",
    "/size BTX 5x 10k": "Did you mean BTC?",
    "/size DOGE 5x 10k": "listed, but not watched here",
    "/size BTC NaN": "is no number that is read here",
    "/size BTC nanx": "is no number that is read here",
    "/size BTC 1e309": "is no number that is read here",
    "/size BTC 1e309x 10k": "is no number that is read here",
    "/size BTC 5x inf": "is no number that is read here",
    "/size BTC 5x 1_000": "is no number that is read here",
    "/size BTC ٥x 10k": "Plain letters and the digits 0 to 9 only",
    "/size BTC 5x ١٠٠٠": "Plain letters and the digits 0 to 9 only",
    "/size BTC 5x 10,5": "A comma groups thousands",
    "/size BTC 5": "could be a leverage or money",
    "/size BTC 5x banana": '"banana" is no amount or side',
    "/size BTC banana": '"banana" is no leverage or amount',
    "/size BTC 5x 99d": "1 hour to 30 days",
    "/size BTC 5x 300%": "at most 100%",
    "/size BTC 5x 5x": "second leverage",
    "/size": "A word is missing: leverage",
    "/regime BTC ETH": "second asset",
    "/regime BTC <b>": "one word too many",
    "/scan everything": "one word too many",
    "/sizee BTC 5x": "Did you mean /size?",
    "/": "is no command here",
    "hello there": "is no command here",
    "/help nonsense": "is no command here",
    "a " * 17: "More than 16 words",
    "x" * 10_000: "longer than 256 characters",
    "/size BTC " + "9" * 10_000: "longer than 256 characters",
}


@pytest.mark.parametrize("line", BAD, ids=lambda line: line[:30])
async def test_a_wrong_line_is_answered_with_a_reason_and_an_example_within_20_ms(line: str) -> None:
    ask = talk(crowding())
    await ask("/help")  # what is read once is read now
    took_ms = []
    said = ""
    for _ in range(3):
        began = time.perf_counter()
        said = await ask(line)
        took_ms.append((time.perf_counter() - began) * 1_000)
    assert BAD[line] in said
    assert "Example: /" in said
    assert outcome(ask.reply) == "refused"
    assert min(took_ms) < 20.0  # the machine may be busy with something else once


@pytest.mark.parametrize("line", ["/funding btc 5x", "/oi 24h", "/skew btc 25", "/scan 5", "/liq -1"])
async def test_a_number_nobody_asked_for_is_said_to_be_that(line: str) -> None:
    said = await talk(crowding())(line)
    assert f'"{line.rsplit(maxsplit=1)[-1]}" is nothing this command asks for.' in said


async def test_a_longer_word_for_a_command_leads_to_it() -> None:
    assert "Did you mean /liq?" in await talk(crowding())("/liquidations")


async def test_the_example_of_a_refusal_is_a_line_that_works() -> None:
    ask = talk(crowding())
    for line in BAD:
        await ask(line)
        error = ask.reply.data["error"]
        assert isinstance(error, dict)
        await ask(error["example"])
        assert outcome(ask.reply) == "answered", error["example"]


async def test_a_missing_leverage_is_asked_for_by_buttons_that_work() -> None:
    ask = talk(crowding())
    await ask("/size btc 10k")
    assert [action.label for action in ask.reply.actions] == ["1x", "2x", "3x", "5x"]
    assert "BTC 5x long" in await ask(ask.reply.actions[3].command)


async def test_a_readers_own_words_come_back_short_and_printable() -> None:
    said = await talk(crowding())("/size BTC 5x \u202e<script>alert(document.cookie)</script>")
    assert "\u202e" not in said
    assert "alert(document.cookie)" not in said


@pytest.mark.parametrize(
    "line", ["regime btc", "REGIME BTC", "/Regime@seawall_bot btc", "/regime  BTCUSDT", "/regime"]
)
async def test_a_line_is_understood_however_it_is_written(line: str) -> None:
    assert (await talk(crowding())(line)).startswith("BTC · CROWDING")


@pytest.mark.parametrize("line", ["btc", "BTCUSDT", "$btc"])
async def test_an_asset_alone_asks_for_its_regime(line: str) -> None:
    assert text_of(await answer(line, context())) == text_of(await answer("/regime BTC", context()))


@pytest.mark.parametrize("line", ["/btc", "doge", "hello", "btc hello"])
async def test_nothing_else_alone_does(line: str) -> None:
    assert "is no command here" in text_of(await answer(line, context()))


async def test_an_empty_line_is_a_call_for_help() -> None:
    assert (await talk()("   ")).startswith("Commands")


async def test_slash_options_come_in_by_the_same_door() -> None:
    here = context(crowding())
    by_options = await answer_options("size", {"asset": "btc", "leverage": 5, "equity": "10k"}, here)
    assert by_options == await answer("/size btc 5x 10k", here)
    refused = await answer_options("size", {"asset": "btc", "leverage": float("nan")}, here)
    assert outcome(refused) == "refused"
    assert outcome(await answer_options("nonsense", {}, here)) == "refused"


class Broken(SnapshotsInMemory):
    """A memory that fails, or never answers."""

    def __init__(self, wait_s: float = 0.0, failure: Exception | None = None) -> None:
        super().__init__(WATCHED)
        self.wait_s = wait_s
        self.failure = failure or ConnectionError("redis://user:password@10.0.0.1 refused")

    async def latest(self, asset: Asset) -> Snapshot | None:
        await asyncio.sleep(self.wait_s)
        raise self.failure


async def test_a_slip_of_ours_is_one_apology_whose_code_is_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    here = replace(context(), services=Services(Broken(), FeedInMemory()))
    with caplog.at_level(logging.ERROR):
        reply = await answer("/size BTC 5x 77k", here)
    error = reply.data["error"]
    assert isinstance(error, dict)
    assert outcome(reply) == "failed"
    assert f"Code {error['code']} is in the log" in text_of(reply)
    assert error["code"] in caplog.text
    assert "refused" not in text_of(reply)
    assert "Traceback" not in text_of(reply)
    assert "77k" not in caplog.text  # what somebody holds is nobody's business


async def test_a_store_that_is_away_is_said_to_be_away(caplog: pytest.LogCaptureFixture) -> None:
    away = Broken(failure=StoreUnavailable("The store is not available: refused"))
    with caplog.at_level(logging.WARNING):
        reply = await answer("/regime BTC", replace(context(), services=Services(away, FeedInMemory())))
    assert "does not answer just now; nothing was changed" in text_of(reply)
    assert outcome(reply) == "failed"
    assert "The store is not available: refused" in caplog.text
    assert "Traceback" not in caplog.text


async def test_an_answer_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "DEADLINE_S", 0.01)
    here = replace(context(), services=Services(Broken(wait_s=30.0), FeedInMemory()))
    reply = await answer("/regime BTC", here)
    assert "took too long" in text_of(reply)
    assert outcome(reply) == "failed"


async def test_a_cancelled_answer_is_cancelled() -> None:
    here = replace(context(), services=Services(Broken(wait_s=30.0), FeedInMemory()))
    asking = asyncio.create_task(answer("/regime BTC", here))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_command_for_managers_is_refused_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {command.name: replace(command, needs=Role.MANAGER) for command in dispatch.commands()}
    monkeypatch.setattr(dispatch, "_by_name", lambda: kept)
    here = context(crowding())
    assert "Only a manager" in text_of(await answer("/scan", here))
    assert outcome(await answer("/scan", replace(here, role=Role.OWNER))) == "answered"


async def test_an_answer_changes_nothing() -> None:
    ask = talk(crowding())
    first = await ask("/regime BTC")
    for line in BAD:
        await ask(line)
    assert await ask("/regime BTC") == first


def test_the_door_opens_without_pandas_telegram_or_discord() -> None:
    program = (
        "import sys; from commands.protocol.dispatch import commands; commands();"
        "print({'pandas', 'numpy', 'telegram', 'discord', 'redis', 'aiohttp', 'rich'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
