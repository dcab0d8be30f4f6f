"""Buttons pressed on Telegram with a real Valkey behind them: under answers and warnings, and after a restart."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.chat_platform import Sentence
from market.alerts import Severity
from store.bulletins import Bulletins
from store.chats import StoredChats
from store.connection import Connection
from tests.bot.desks import bot_api, carried, first
from tests.bot.test_warned import FALLING, warned
from tests.commands.markets import NOW_MS
from tests.doubles.telegram import ALICE, BOB, GROUP, BotApi, Fault, Shown
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]

TYPE_IT = Sentence.TYPE_IT.in_words("en")
CRITICAL = replace(FALLING, severity=Severity.CRITICAL)
LONG = "/size btc equity=10k hold=72h lose=3% entry=64,200 base=8x"


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with bot_api() as server:
        yield server


async def answered(api: BotApi, line: str, **more: object) -> Shown:
    """What a line is answered with."""
    count = len(api.shown) + 1
    await api.say(line, **more)  # type: ignore[arg-type]
    return await first(api, count)


async def pressed(api: BotApi, shown: Shown, label: str, **more: object) -> Shown:
    """What a press is answered with, in a message of its own."""
    count = len(api.shown) + 1
    await api.press(shown, label, **more)  # type: ignore[arg-type]
    return await first(api, count)


async def test_a_long_line_stands_in_the_store_and_its_button_outlives_a_restart(
    valkey: Connection, api: BotApi
) -> None:
    async with warned(valkey, api):
        shown = await answered(api, LONG)
        assert carried(shown.buttons["5x"]).startswith("#size:")
    async with warned(valkey, api):
        assert "BTC 5x long" in (await pressed(api, shown, "5x")).text
        typed = await pressed(api, shown, TYPE_IT)
        assert typed.text.split("\n")[0] == f"{LONG} leverage="


async def test_a_closed_plan_is_taken_back_by_one_press_of_a_long_line(
    valkey: Connection, api: BotApi
) -> None:
    async with warned(valkey, api):
        made = await answered(api, "/plan BTC 5x long 10k line=60,000 until=3d")
        closing = next(label for label in made.buttons if label.startswith("Closed"))
        closed = await pressed(api, made, closing)
        assert carried(closed.buttons["Undo"]).startswith("#plan:")
        again = await pressed(api, closed, "Undo")
        assert "KEPT" in again.text


async def test_a_warning_is_followed_up_by_its_buttons(valkey: Connection, api: BotApi) -> None:
    async with warned(valkey, api):
        assert "/subscribe BTC" in carried((await answered(api, "/regime")).buttons["Warn me"])
        await pressed(api, api.shown[0], "Warn me")
        await Bulletins(valkey).announce(CRITICAL)
        warning = await first(api, 3)
        assert (await pressed(api, warning, "Why")).text.startswith("BTC · why CROWDING")
        assert "leverage" in (await pressed(api, warning, "Size")).text
        await pressed(api, warning, f"Ack #{CRITICAL.id}")
        await pressed(api, warning, "Mute 1h")
        chat = await StoredChats(valkey).get("telegram:11")
        assert chat is not None
        assert chat.acknowledged == (CRITICAL.id,)
        assert set(chat.muted_ms) == {"BTC"}


async def test_a_warning_in_a_group_is_silenced_by_its_managers_only(valkey: Connection, api: BotApi) -> None:
    api.managers.add((-1_001, 11))
    async with warned(valkey, api):
        await answered(api, "/subscribe BTC", chat=GROUP)
        await Bulletins(valkey).announce(CRITICAL)
        warning = await first(api, 2)
        refused = await pressed(api, warning, "Mute 1h", chat=GROUP, sender=BOB)
        assert "Only a manager" in refused.text
        await pressed(api, warning, "Mute 1h", chat=GROUP, sender=ALICE)
        chat = await StoredChats(valkey).get("telegram:-1001")
        assert chat is not None
        assert set(chat.muted_ms) == {"BTC"}


async def test_a_warning_that_is_edited_keeps_its_buttons(valkey: Connection, api: BotApi) -> None:
    async with warned(valkey, api):
        await answered(api, "/subscribe all cascade")
        bulletins = Bulletins(valkey)
        await bulletins.announce(CRITICAL)
        warning = await first(api, 2)
        before = warning.buttons
        await bulletins.announce(replace(CRITICAL, asset="ETH", at_ms=NOW_MS + 1))
        await api.wait_for(lambda: warning.edits == 1)
        assert "ETH" in warning.text
        assert before.keys() < warning.buttons.keys()
        assert all(warning.buttons[label] == button for label, button in before.items())
        assert (await pressed(api, warning, "Why")).text.startswith("BTC · why CROWDING")


async def test_what_is_copied_needs_nobody_to_answer(valkey: Connection, api: BotApi) -> None:
    async with warned(valkey, api):
        shown = await answered(api, "/size BTC 5x 10k")
        copied = {
            label: one["copy_text"]["text"] for label, one in shown.buttons.items() if "copy_text" in one
        }
        assert [label.split()[0] for label in copied] == ["Size", "Liq", "Out"]
        for label, text in copied.items():
            assert text.replace(".", "", 1).isdigit()
            assert label.split()[-1].replace(",", "") == text


async def test_buttons_work_in_the_supergroup_that_a_group_became_meanwhile(
    valkey: Connection, api: BotApi
) -> None:
    group = {"id": -5, "type": "group", "title": "Desk"}
    became = Fault(400, "Bad Request: group upgraded", {"migrate_to_chat_id": -100_5}, chat_id=-5)
    api.fail("sendMessage", became)
    async with warned(valkey, api):
        await api.say("/regime", chat=group)
        shown = await first(api)
        sent = api.called("sendMessage")[-1]["reply_markup"]
        await api.wait_for(lambda: shown.buttons["Why"]["callback_data"] not in sent)
        there = {**group, "id": -100_5, "type": "supergroup"}
        assert (await pressed(api, shown, "Why", chat=there)).text.startswith("BTC · why CROWDING")
