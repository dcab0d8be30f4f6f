"""Telegram: what is meant for the bot where others talk, above all replies to its messages; and nothing else is answered."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.telegram.addressing import addressed
from bot.platforms.telegram.service import Service
from tests.bot.desks import desk_on, first, silence, telegram_serving
from tests.commands.markets import crowding
from tests.doubles.telegram import ALICE, BOB, GROUP, PRIVATE, BotApi, Shown


@pytest_asyncio.fixture
async def service(api: BotApi) -> AsyncIterator[Service]:
    """The service on a market of two assets."""
    async with telegram_serving(
        desk_on(crowding(), crowding(asset="ETH"), telegram_url=api.url, is_warning=True)
    ) as running:
        yield running


async def regime_of(api: BotApi, asset: str = "BTC") -> Shown:
    """The bot has told a group of an asset."""
    await api.say(f"/regime {asset}", chat=GROUP)
    return await first(api)


@pytest.mark.parametrize("text", ["why?", "Why", "why ?", "why!", "/why", "WHY BTC"])
async def test_why_in_reply_to_the_bot_is_for_the_bot(text: str, api: BotApi, service: Service) -> None:
    update = await api.reply(await regime_of(api), text, chat=GROUP, sender=BOB)
    shown = await first(api, 2)
    assert shown.text.startswith("BTC · ")
    assert shown.chat_id == GROUP["id"]
    assert shown.call.reply_parameters.message_id == update["message"]["message_id"]


@pytest.mark.parametrize("text", ["why?", "/why", "/why@seawall_bot", "@seawall_bot why?", "/regime"])
async def test_a_command_alone_in_reply_asks_of_what_the_message_was_about(
    text: str, api: BotApi, service: Service
) -> None:
    await api.reply(await regime_of(api, "ETH"), text, chat=GROUP)
    assert "ETH" in (await first(api, 2)).text.splitlines()[0]


async def test_what_changes_something_is_not_taken_from_the_message_replied_to(
    api: BotApi, service: Service
) -> None:
    """A "/subscribe" alone asks of what, whatever the message has a button for."""
    api.managers.add((GROUP["id"], 11))
    await api.reply(await regime_of(api, "ETH"), "/subscribe", chat=GROUP)
    assert {"BTC", "ETH", "SOL"} <= set((await first(api, 2)).buttons)


async def test_of_several_buttons_of_a_command_none_is_pressed(api: BotApi, service: Service) -> None:
    await api.say("/scan", chat=GROUP)
    scan = await first(api)
    assert {"BTC", "ETH"} <= set(scan.buttons)
    await api.reply(scan, "regime?", chat=GROUP)
    assert (await first(api, 2)).text.startswith("BTC · ")


@pytest.mark.parametrize(
    "text",
    [
        "thanks",
        "why would anybody buy this",
        "help me",
        "check this out",
        "size matters",
        "positions are for the weak",
        "mute 2h",
        "watch ETH",
        "id of the month",
        "?",
        "...",
        "/frobnicate",
        "btc",
    ],
)
async def test_talk_in_reply_to_the_bot_is_not_answered(text: str, api: BotApi, service: Service) -> None:
    await api.reply(await regime_of(api), text, chat=GROUP, sender=BOB)
    await silence(api)


@pytest.mark.parametrize("text", ["why?", "status", "regime"])
async def test_a_reply_to_somebody_else_is_not_for_the_bot(text: str, api: BotApi, service: Service) -> None:
    theirs = {"message_id": 400, "date": int(api.clock()), "chat": GROUP, "from": ALICE, "text": "BTC dumps"}
    await api.say(text, chat=GROUP, sender=BOB, reply_to_message=theirs)
    await silence(api)


async def test_why_alone_in_a_group_is_not_for_the_bot(api: BotApi, service: Service) -> None:
    await regime_of(api)
    await api.say("why?", chat=GROUP)
    await silence(api)


async def test_positions_in_reply_are_told_in_private(api: BotApi, service: Service) -> None:
    await api.reply(await regime_of(api), "positions?", chat=GROUP, sender=ALICE)
    told, pointer = (await api.messages(3))[1:]
    assert (told.chat_id, pointer.chat_id) == (11, GROUP["id"])


async def test_alone_with_the_bot_a_reply_is_read_the_same_way_and_anything_is_answered(
    api: BotApi, service: Service
) -> None:
    await api.say("/regime ETH")
    shown = await first(api)
    await api.reply(shown, "Why?")
    assert "ETH" in (await first(api, 2)).text.splitlines()[0]
    await api.reply(shown, "why on earth")
    assert '"on"' in (await first(api, 3)).text


async def test_a_reply_in_a_topic_is_answered_there(api: BotApi, service: Service) -> None:
    forum = {**GROUP, "is_forum": True}
    topic: dict[str, Any] = {"message_thread_id": 7, "is_topic_message": True}
    await api.say("/regime", chat=forum, **topic)
    await api.reply(await first(api), "why?", chat=forum, **topic)
    assert (await first(api, 2)).call.message_thread_id == 7


async def test_a_post_in_the_messages_of_a_channel_is_not_for_the_bot(api: BotApi, service: Service) -> None:
    direct = {"id": -1_009, "type": "supergroup", "title": "News", "is_direct_messages": True}
    await api.say("/regime", chat=direct)
    await silence(api)


async def test_an_edited_message_is_no_new_question(api: BotApi, service: Service) -> None:
    edited = {"message_id": 5, "date": int(api.clock()), "chat": PRIVATE, "from": ALICE, "text": "/regime"}
    await api.happen({"edited_message": edited})
    await silence(api)


@given(st.text(max_size=60))
def test_no_talk_in_a_group_is_meant_for_the_bot(text: str) -> None:
    is_command = text.strip().startswith("/")
    is_mention = text.strip().lower().startswith("@seawall_bot")
    if not is_command and not is_mention:
        assert addressed(text, "seawall_bot", is_private=False) is None


@given(st.text(alphabet="/@?!. \tseawall_botwhy\u202e\u200b\ud800", max_size=40), st.booleans())
def test_whatever_is_written_is_read_as_a_line_or_as_nothing(text: str, is_private: bool) -> None:
    line = addressed(text, "seawall_bot", is_private=is_private)
    assert line is None or line.strip()


async def test_talk_from_while_the_bot_was_away_is_told_nothing(api: BotApi, service: Service) -> None:
    regime = await regime_of(api)
    await api.reply(regime, "check this out", chat=GROUP, date=round(api.clock()) - 600)
    await silence(api)
