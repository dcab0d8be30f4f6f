"""Nothing that people write and nobody who writes stands in the log, with everything at DEBUG: lines, talk, presses, pages, queries."""

import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import logs
from bot.chat_platform import Desk
from bot.platforms.discord.service import Client
from bot.pseudonyms import Pseudonyms
from commands.protocol.limits import Gate
from market.observations import Asset
from market.snapshot import Snapshot
from store.in_memory import SnapshotsInMemory
from tests import canary
from tests.bot.desks import desk_on, telegram_serving
from tests.bot.discord.reading import labels
from tests.bot.discord.rooms import alice, channel, desk, env, simcord_bot
from tests.commands.markets import crowding
from tests.doubles.telegram import BotApi
from tests.doubles.telegram_ground import Json

__all__ = ["alice", "channel", "desk", "env", "simcord_bot"]

EVE: Json = {
    "id": 7_012_345_678,
    "is_bot": False,
    "first_name": "Zebrafirst",
    "last_name": "Zebralast",
    "username": "zebrauser",
    "language_code": "en",
}
ALONE: Json = {"chat": {"id": EVE["id"], "type": "private", "first_name": "Zebrafirst"}, "sender": EVE}
DESK: Json = {"id": -1_001_234_567_890, "type": "supergroup", "title": "Zebradesk"}
HELD = "77123usdt"
WRITTEN = ("zebra", "77123", "7012345678", "1234567890")
"""What people are called and write, in whatever letters."""


class Slipping(SnapshotsInMemory):
    """A market with a slip in it for one asset, whose words repeat what was asked."""

    async def latest(self, asset: Asset) -> Snapshot | None:
        """The snapshot; of SOL an error that names what somebody holds."""
        if asset == "SOL":
            raise ValueError(f"somebody asked of SOL with {HELD.upper()}")
        return await super().latest(asset)


@pytest.fixture
def log(watched_log: canary.Watch) -> Iterator[io.StringIO]:
    """The whole log as the service would write it, everything at DEBUG."""
    stream, root = io.StringIO(), logging.getLogger()
    names = Pseudonyms(b"z" * 32)
    handler = logs.configure(
        level="DEBUG", library_level="DEBUG", secrets=canary.SECRETS, names=names, stream=stream
    )
    for double in ("simcord", "tests"):
        logging.getLogger(double).setLevel(logging.WARNING)
    yield stream
    root.removeHandler(handler)


def guarded(desk: Desk) -> Desk:
    services = replace(desk.services, snapshots=Slipping(("BTC", "ETH", "SOL"), (crowding(),)))
    settings = desk.settings.model_copy(update={"limit_person": 12})
    return replace(desk, services=services, settings=settings, gate=Gate())


async def test_on_telegram(api: BotApi, log: io.StringIO) -> None:
    async with telegram_serving(guarded(desk_on(telegram_url=api.url, is_warning=True))) as service:
        await api.say("/start zebrapayload", **ALONE)
        await api.say("/regime zebracoin", **ALONE)
        await api.say(f"/size BTC 5x {HELD} lose=3%", **ALONE)
        await api.say(f"/size SOL 5x {HELD}", **ALONE)
        await api.say("we are all zebras with 77123 here", chat=DESK, sender=EVE)
        await api.say("/subscribe BTC", chat=DESK, sender=EVE)
        shown = (await api.messages(4))[0]
        await api.press(shown, next(iter(shown.buttons), ""), **ALONE, data="zebradata")
        await api.ask_inline("zebraquery 77123", sender=EVE)
        for _ in range(15):
            await api.say(f"/size BTC 5x {HELD}", **ALONE)
        await api.wait_for(lambda: any("You ask faster" in one.text for one in api.shown))
        await service.settled()
    assert "an answer failed" in log.getvalue(), "a slip is told"
    assert_nobody_stands_in(log.getvalue())


async def test_on_discord(env: Any, alice: Any, channel: Any, tmp_path: Path, log: io.StringIO) -> None:
    await env.restart_bot(Client(guarded(desk_on(data_dir=tmp_path, is_warning=True))))
    await alice.slash(channel, "regime", asset="zebracoin")
    shown = await alice.slash(channel, "size", leverage=5.0, asset="BTC", equity=HELD)
    await alice.click(shown.response, label=labels(shown.response)[0])
    await alice.slash(channel, "size", leverage=5.0, asset="SOL", equity=HELD)
    page = await alice.slash(channel, "size")
    await alice.submit_modal(page, {"leverage": "5", "asset": "zebra", "equity": "77123"})
    await alice.autocomplete(channel, "regime", "asset", "zebra")
    await alice.send(channel, "we are all zebras with 77123 here")
    said = log.getvalue()
    assert "an answer failed" in said, "a slip is told"
    assert_nobody_stands_in(said)
    for number in (alice.id, channel.id, env.guild.id):
        assert str(number) not in said


def assert_nobody_stands_in(said: str) -> None:
    lines = [line for line in said.splitlines() if any(word in line.lower() for word in WRITTEN)]
    assert lines == []
