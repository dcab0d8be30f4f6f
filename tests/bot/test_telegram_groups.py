"""Telegram groups: what is meant for the bot, what may be read by all, and where an answer belongs."""

import json

import pytest

from bot.chat_platform import Sentence
from bot.platforms.telegram.service import Service
from tests.bot.desks import first, silence
from tests.doubles.telegram import ALICE, GROUP, BotApi, Fault


async def test_a_chat_that_became_a_supergroup_is_followed(api: BotApi, service: Service) -> None:
    api.fail(
        "sendMessage", Fault(400, "Bad Request: group upgraded", {"migrate_to_chat_id": -100_5}, chat_id=-5)
    )
    await api.say("/regime", chat={"id": -5, "type": "group", "title": "Desk"})
    assert (await first(api)).chat_id == -100_5


async def test_a_renewed_answer_whose_chat_became_a_supergroup_edits_nothing_there(
    api: BotApi, service: Service
) -> None:
    small = {"id": -5, "type": "group", "title": "Desk"}
    await api.say("/regime", chat=small)
    shown = await first(api)
    api.fail("editMessageText", Fault(400, "Bad Request: group upgraded", {"migrate_to_chat_id": -100_5}))
    await api.press(shown, "Refresh", chat=small)
    assert (await first(api, 2)).chat_id == -100_5
    assert len(api.called("editMessageText")) == 1


@pytest.mark.parametrize("why", ["message thread not found", "TOPIC_DELETED", "TOPIC_CLOSED"])
async def test_a_topic_that_is_gone_does_not_lose_the_answer(why: str, api: BotApi, service: Service) -> None:
    api.fail("sendMessage", Fault(400, f"Bad Request: {why}"))
    await api.say("/regime", chat={**GROUP, "is_forum": True}, message_thread_id=7, is_topic_message=True)
    await first(api)
    assert [call.get("message_thread_id") for call in api.called("sendMessage")] == ["7", None]
    assert ["reply_parameters" in call for call in api.called("sendMessage")] == [True, False]


async def test_an_answer_stays_in_its_topic_and_quotes_the_question_in_a_group(
    api: BotApi, service: Service
) -> None:
    update = await api.say(
        "/regime", chat={**GROUP, "is_forum": True}, message_thread_id=7, is_topic_message=True
    )
    shown = await first(api)
    assert shown.call.message_thread_id == 7
    assert shown.call.reply_parameters.message_id == update["message"]["message_id"]
    assert shown.call.reply_parameters.allow_sending_without_reply is True


@pytest.mark.parametrize(
    "text", ["/regime@seawall_bot", "/regime@SEAWALL_bot btc", "@seawall_bot regime btc", "/regime"]
)
async def test_a_group_is_answered_where_it_means_the_bot(text: str, api: BotApi, service: Service) -> None:
    await api.say(text, chat=GROUP)
    assert "CROWDING" in (await first(api)).text


@pytest.mark.parametrize(
    "text",
    [
        "/regime@other_bot",
        "what a day",
        "/frobnicate",
        "regime",
        "@other_bot regime",
        "mail me@seawall_bot",
        "/",
    ],
)
async def test_a_group_is_not_answered_where_it_does_not(text: str, api: BotApi, service: Service) -> None:
    await api.say(text, chat=GROUP)
    await silence(api)


async def test_a_position_is_not_posted_in_a_group(api: BotApi, service: Service) -> None:
    never_begun = "Forbidden: bot can't initiate conversation with a user"
    api.fail("sendMessage", Fault(403, never_begun, chat_id=11))
    await api.say("/size BTC 5x 10k", chat=GROUP)
    shown = await first(api)
    assert shown.text == Sentence.PRIVATE_HERE.in_words("en")
    link = shown.buttons["Open the private chat"]["url"]
    assert link == "https://t.me/seawall_bot?start=ask-size-BTC-5x-10k", "one touch asks it there"
    assert "10" not in shown.text


async def test_a_wrong_line_in_a_group_is_answered_there(api: BotApi, service: Service) -> None:
    await api.say("/regime banana", chat=GROUP)
    shown = await first(api)
    assert '"banana"' in shown.text
    assert shown.chat_id == GROUP["id"]


@pytest.mark.parametrize(
    "more",
    [
        {"forward_origin": {"type": "user", "date": 1, "sender_user": ALICE}},
        {"via_bot": {"id": 5, "is_bot": True, "first_name": "x", "username": "x_bot"}},
        {"sender_chat": {"id": -77, "type": "channel", "title": "News"}},
        {"from": {"id": 6, "is_bot": True, "first_name": "Another bot"}},
        {"text": None, "photo": []},
    ],
    ids=["forwarded", "by another bot", "a channel", "a bot", "no text"],
)
async def test_only_a_persons_own_words_are_answered(
    more: dict[str, object], api: BotApi, service: Service
) -> None:
    text = {"text": "/regime", **more}.pop("text")
    await api.say(**{"text": text, **{key: value for key, value in more.items() if key != "text"}})  # type: ignore[arg-type]
    await silence(api)


async def test_edited_messages_are_not_asked_for(api: BotApi, service: Service) -> None:
    await api.wait_for(lambda: api.polls > 0)
    asked = json.loads(api.called("getUpdates")[0]["allowed_updates"])
    assert asked == ["message", "channel_post", "callback_query", "inline_query", "my_chat_member"]
    await api.happen({"edited_message": {"message_id": 5, "date": 1, "chat": GROUP, "text": "/regime"}})
    await silence(api)


async def test_an_anonymous_admin_is_answered(api: BotApi, service: Service) -> None:
    anonymous = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    await api.say("/regime", chat=GROUP, sender=anonymous, sender_chat=GROUP)
    assert "CROWDING" in (await first(api)).text
