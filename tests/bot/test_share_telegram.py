"""Sharing on Telegram: what holds a position is told in private, and stands in the group only when its owner says so."""

import pytest

from bot.chat_platform import Sentence
from bot.platforms.telegram.service import Service
from tests.bot.desks import carried, desk_on, first, silence, telegram_serving
from tests.doubles.telegram import ALICE, BOB, GROUP, BotApi, Fault, Shown

SHARE = Sentence.SHARE.in_words("en")
TOPIC = {"message_thread_id": 7, "is_topic_message": True}
FORUM = {**GROUP, "is_forum": True}


async def sized(api: BotApi, **more: object) -> Shown:
    """The answer Alice gets in her private chat, once the group was told where it is."""
    await api.say("/size BTC 5x 10k", **{"chat": GROUP, **more})  # type: ignore[arg-type]
    return (await api.messages(2))[0]


async def test_an_answer_about_a_position_is_given_in_the_private_chat(api: BotApi, service: Service) -> None:
    answer = await sized(api)
    assert (answer.chat_id, "BTC 5x long" in answer.text) == (ALICE["id"], True)
    assert carried(answer.buttons[SHARE]) == f"!{GROUP['id']}"
    told = api.shown[1]
    assert (told.chat_id, told.text) == (GROUP["id"], Sentence.TOLD_PRIVATELY.in_words("en"))
    assert told.buttons["Open the private chat"]["url"] == "https://t.me/seawall_bot"
    assert told.call.reply_parameters.message_id is not None


async def test_what_is_shared_is_the_answer_as_it_stands_marked_as_theirs(
    api: BotApi, service: Service
) -> None:
    answer = await sized(api)
    await api.press(answer, SHARE)
    shared = await first(api, 3)
    assert shared.chat_id == GROUP["id"]
    assert shared.text == f"Shared by Alice:\n{answer.text}"
    assert shared.raw == f"Shared by Alice:\n{answer.raw}"
    assert shared.buttons == {}
    await api.wait_for(lambda: bool(api.answered))
    assert api.called("answerCallbackQuery")[0]["text"] == Sentence.SHARED.in_words("en")


async def test_what_was_shared_is_not_shared_again(api: BotApi, service: Service) -> None:
    answer = await sized(api)
    await api.press(answer, SHARE)
    await api.press(answer, SHARE)
    await api.wait_for(lambda: len(api.answered) == 2)
    assert [shown.chat_id for shown in api.shown] == [ALICE["id"], GROUP["id"], GROUP["id"]]
    assert SHARE not in answer.buttons
    assert answer.buttons


async def test_a_press_from_before_the_button_was_taken_shares_nothing_twice(
    api: BotApi, service: Service
) -> None:
    answer = await sized(api)
    update = await api.press(answer, SHARE)
    await first(api, 3)
    await api.wait_for(lambda: SHARE not in answer.buttons)
    await api.happen({"callback_query": {**update["callback_query"], "id": "77"}})
    await api.wait_for(lambda: len(api.answered) == 2)
    assert api.called("answerCallbackQuery")[1]["text"] == "Shared."
    assert len(api.shown) == 3


async def test_it_is_shared_after_a_restart_in_the_topic_it_was_asked_in(api: BotApi) -> None:
    async with telegram_serving(desk_on(telegram_url=api.url)):
        answer = await sized(api, chat=FORUM, **TOPIC)
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await api.press(answer, SHARE)
        shared = await first(api, 3)
    assert (shared.chat_id, shared.call.message_thread_id) == (GROUP["id"], 7)


async def test_only_its_owner_shares_it(api: BotApi, service: Service) -> None:
    answer = await sized(api)
    await api.press(answer, SHARE, sender=BOB)
    await api.wait_for(lambda: bool(api.answered))
    assert api.called("answerCallbackQuery")[0]["text"] == Sentence.FORGOTTEN.in_words("en")
    await silence(api)


async def test_a_made_up_button_shares_nothing(api: BotApi, service: Service) -> None:
    await api.say("/size BTC 5x 10k")
    answer = await first(api)
    assert SHARE not in answer.buttons
    await api.press(answer, "", data=f"!{GROUP['id']}")
    await api.wait_for(lambda: bool(api.answered))
    await silence(api)


async def test_a_share_goes_nowhere_but_where_it_was_asked_from(api: BotApi, service: Service) -> None:
    answer = await sized(api)
    await api.say("/size BTC 5x 10k", chat={**GROUP, "id": -1_009})
    other = (await api.messages(4))[2]
    assert carried(other.buttons[SHARE]) == "!-1009"
    await api.press(answer, "", data=other.buttons[SHARE]["callback_data"])
    await api.wait_for(lambda: bool(api.answered))
    await silence(api)


@pytest.mark.parametrize(
    "standing",
    [
        {"status": "left"},
        {"status": "kicked", "until_date": 0},
        {"status": "restricted", "is_member": True, "can_send_messages": False},
    ],
    ids=["left", "banned", "silenced"],
)
async def test_who_may_not_speak_in_the_group_shares_nothing_there(
    standing: dict[str, object], api: BotApi, service: Service
) -> None:
    rights = ("is_member", "can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos",
              "can_send_videos", "can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages",
              "can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages", "can_manage_topics",
              "can_edit_tag", "can_react_to_messages")  # fmt: skip
    api.members[-1_001, 11] = {**dict.fromkeys(rights, False), "until_date": 0, **standing}
    answer = await sized(api)
    await api.press(answer, SHARE)
    await api.wait_for(lambda: bool(api.answered))
    assert api.called("answerCallbackQuery")[0]["text"] == Sentence.NOT_SHARED.in_words("en")
    await silence(api)
    assert SHARE in answer.buttons


async def test_where_the_bot_may_not_write_any_more_that_is_said(api: BotApi, service: Service) -> None:
    answer = await sized(api)
    api.fail("sendMessage", Fault(403, "Forbidden: bot was kicked from the supergroup chat"))
    await api.press(answer, SHARE)
    await api.wait_for(lambda: bool(api.answered))
    assert api.called("answerCallbackQuery")[0]["text"] == Sentence.NOT_SHARED.in_words("en")


async def test_who_does_not_belong_is_not_known_so_nothing_is_shared(api: BotApi, service: Service) -> None:
    answer = await sized(api)
    api.fail("getChatMember", Fault(400, "Bad Request: user not found"))
    await api.press(answer, SHARE)
    await api.wait_for(lambda: bool(api.answered))
    await silence(api)


async def test_a_refusal_about_a_position_is_told_in_private_as_well(api: BotApi, service: Service) -> None:
    await api.say("/size BTC equity=banana 5x", chat=GROUP)
    asked, told = await api.messages(2)
    assert (asked.chat_id, told.chat_id) == (ALICE["id"], GROUP["id"])
    assert "banana" not in told.text
    assert SHARE not in asked.buttons


async def test_a_button_about_a_position_under_a_message_of_the_group_is_answered_to_who_pressed_it(
    api: BotApi, service: Service
) -> None:
    await api.say("/regime", chat=GROUP)
    await api.press(await first(api), "Size", chat=GROUP, sender=BOB)
    asked, told = (await api.messages(3))[1:]
    assert (asked.chat_id, told.chat_id) == (BOB["id"], GROUP["id"])
    assert "5x" in asked.buttons
    assert told.text == Sentence.TOLD_PRIVATELY.in_words("en")


async def test_who_speaks_as_the_group_is_told_nothing_about_a_position(
    api: BotApi, service: Service
) -> None:
    anonymous = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    await api.say("/size BTC 5x 10k", chat=GROUP, sender=anonymous, sender_chat=GROUP)
    shown = await first(api)
    assert (shown.chat_id, shown.text) == (GROUP["id"], Sentence.PRIVATE_HERE.in_words("en"))


async def test_an_answer_with_its_mark_that_is_too_long_for_one_message_is_two(
    api: BotApi, service: Service
) -> None:
    answer = await sized(api)
    answer.raw = answer.text = "x" * 4_090
    answer.parse_mode = None
    await api.press(answer, SHARE)
    mark, shared = (await api.messages(4))[2:]
    assert (mark.text, shared.text) == ("Shared by Alice:", answer.text)
