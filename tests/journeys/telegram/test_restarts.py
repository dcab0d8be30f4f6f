"""The bot ends in the middle and begins again: buttons, forms, subscriptions and updates outlive it, and nothing is done twice."""

import asyncio

from bot.chat_platform import Sentence
from store.connection import Connection
from store.people import StoredPeople
from tests.doubles.telegram import ALICE, BOB
from tests.journeys.telegram.stage import Stage, another, over

BOBS = {"chat": {"id": 12, "type": "private"}, "sender": BOB}
LONG = "/size btc 5x 10k long entry=64,210 hold=72h venue=binance cross lose=5%"


async def test_a_button_with_a_long_line_and_a_form_go_on_after_a_restart(stage: Stage) -> None:
    async with stage.bot():
        sized = await stage.ask(LONG)
        lacking = await stage.ask("/size btc 10k", **BOBS)
        question = await stage.pressed(lacking, Sentence.TYPE_IT.in_words("en"), **BOBS)
    long = [label for label, button in sized.buttons.items() if "#size:" in button.get("callback_data", "")]
    assert long
    async with stage.bot():
        assert "BTC" in (await stage.pressed(sized, long[0])).text
        assert "BTC 5x long" in (await stage.replied(question, "5", **BOBS)).text


async def test_an_update_that_comes_again_after_a_kill_has_one_effect(
    stage: Stage, valkey: Connection
) -> None:
    async with stage.bot():
        update = await stage.api.say("/plan BTC 5x 10k long")
        await stage.next()
        await stage.api.idle()
    kept = await StoredPeople(valkey).get("telegram:11")
    stage.now_ms += 60_000
    async with stage.bot():
        await stage.api.happen(update)
        await stage.quiet()
    assert await StoredPeople(valkey).get("telegram:11") == kept


async def test_what_was_written_while_the_bot_was_away_is_answered_when_it_is_back(stage: Stage) -> None:
    async with stage.bot():
        await stage.ask("/subscribe BTC")
    await stage.api.say("/regime", chat={"id": 12, "type": "private"}, sender=BOB)
    async with stage.bot():
        assert (await stage.next()).chat_id == BOB["id"]
    assert all(call.get("drop_pending_updates") != "true" for call in stage.api.called("deleteWebhook"))


async def test_a_wave_goes_on_in_its_message_and_ends_once_over_restarts(stage: Stage) -> None:
    async with stage.bot():
        await stage.ask("/subscribe all")
        assert "CRITICAL" in (await stage.warn()).text
    before = len(stage.api.shown)
    async with stage.bot():
        await stage.announce(another("ETH"))
        await stage.api.wait_for(lambda: stage.api.shown[1].edits == 1)
        assert "ETH" in stage.api.shown[1].text
    await stage.announce(over())
    await stage.announce(over(another("ETH")))
    async with stage.bot():
        ended = (await stage.api.messages(before + 1))[before]
        await stage.quiet()
    assert "over" in ended.text.lower()
    assert len(stage.api.shown) == before + 2


async def test_menus_are_not_set_again_by_a_second_start(stage: Stage) -> None:
    for _ in range(2):
        async with stage.bot() as service:
            await stage.api.idle()
            await service.settled()
    assert len(stage.api.called("setMyCommands")) == len(stage.api.menus)
    assert {scope for scope, _ in stage.api.menus} >= {
        "default",
        "all_group_chats",
        "all_chat_administrators",
    }
    assert {language for _, language in stage.api.menus} == {"", "es"}


async def test_two_bots_with_one_token_say_so_and_both_go_on_living(stage: Stage) -> None:
    async with stage.bot():
        await stage.api.wait_for(lambda: stage.api.polls > 0)
        async with stage.bot():
            await stage.api.wait_for(lambda: any("Conflict" in one for one in stage.api.refusals))
            assert "CROWDING" in (await stage.ask("/regime")).text


async def test_a_hundred_updates_at_once_are_each_answered_once(stage: Stage) -> None:
    chats = [{"id": person, "type": "private"} for person in range(100, 200)]
    updates = [
        await stage.api.say("/regime ETH", chat=chat, sender={**ALICE, "id": chat["id"]}) for chat in chats
    ]
    async with stage.bot():
        await stage.api.messages(100)
        await asyncio.gather(*(stage.api.happen(update) for update in updates[:10]))
        await stage.quiet()
    assert sorted(shown.chat_id for shown in stage.api.shown) == [99, *range(100, 200)]
