"""In groups: anybody asks, administrators manage, positions stay private, and what is not for the bot is not answered."""

import pytest

from bot.chat_platform import Sentence
from bot.platforms.telegram.standing import REMOVED, SILENCED
from tests.doubles.telegram import (
    ALICE,
    ANONYMOUS,
    BOB,
    CHANNEL,
    FORUM,
    GROUP,
    SMALL_GROUP,
    Fault,
    Json,
)
from tests.journeys.telegram.stage import FALLING, Stage, over

OURS = f"telegram:{GROUP['id']}"
TOPIC = 7


async def test_the_bot_is_taken_in_and_says_hello_once(stage: Stage) -> None:
    async with stage.bot():
        before = len(stage.api.shown)
        await stage.api.stand("member", chat=GROUP)
        hello = (await stage.api.messages(before + 1))[before]
        assert hello.text == Sentence.HELLO.in_words("en")
        assert hello.chat_id == GROUP["id"]
        asked = next(label for label in hello.buttons if "egime" in label)
        assert "CROWDING" in (await stage.pressed(hello, asked, chat=GROUP, sender=BOB)).text
        await stage.api.stand("left", chat=GROUP)
        await stage.api.stand("member", chat=GROUP)
        await stage.quiet()


async def test_anybody_reads_and_only_administrators_subscribe(stage: Stage) -> None:
    async with stage.bot():
        assert "CROWDING" in (await stage.ask("/regime", chat=GROUP, sender=BOB)).text
        refused = await stage.ask("/subscribe BTC", chat=GROUP, sender=BOB)
        assert "administrator" in refused.text.lower()
        assert await stage.chat(OURS) is None
        stage.api.managers.add((GROUP["id"], ALICE["id"]))
        await stage.ask("/subscribe BTC", chat=GROUP, sender=ALICE)
        assert (await stage.warn()).chat_id == GROUP["id"]


async def test_a_button_of_managers_pressed_by_another_is_checked_as_the_typed_line(stage: Stage) -> None:
    async with stage.bot():
        regime = await stage.ask("/regime BTC", chat=GROUP, sender=ALICE)
        refused = await stage.pressed(regime, "Warn me", chat=GROUP, sender=BOB)
        assert "administrator" in refused.text.lower()
        assert await stage.chat(OURS) is None


async def test_an_anonymous_administrator_manages_and_presses_under_their_own_name(stage: Stage) -> None:
    async with stage.bot():
        told = await stage.ask("/subscribe BTC", chat=GROUP, sender=ANONYMOUS, sender_chat=GROUP)
        assert "BTC" in told.text
        kept = await stage.chat(OURS)
        assert kept is not None
        assert kept.subscriptions
        warning = await stage.warn()
        stage.api.managers.add((GROUP["id"], ALICE["id"]))
        mute = next(label for label in warning.buttons if "ute" in label)
        assert (await stage.pressed(warning, mute, chat=GROUP, sender=ALICE)).chat_id == GROUP["id"]


async def test_a_position_is_told_in_private_shared_by_its_owner_and_by_nobody_else(stage: Stage) -> None:
    async with stage.bot():
        before = len(stage.api.shown)
        await stage.api.say("/size BTC 5x 10k", chat=GROUP, sender=ALICE)
        answer, note = (await stage.api.messages(before + 2))[before:]
        assert (answer.chat_id, note.chat_id) == (ALICE["id"], GROUP["id"])
        assert "10" not in note.text
        share = Sentence.SHARE.in_words("en")
        forged = answer.buttons[share]["callback_data"]
        assert await stage.told(
            note, "Open", chat=GROUP, sender=BOB, data=forged
        ) != Sentence.SHARED.in_words("en")
        shared = await stage.pressed(answer, share)
        assert shared.chat_id == GROUP["id"]
        assert shared.text.startswith("Shared by Alice:")


async def test_a_button_taken_from_one_chat_is_none_in_another(stage: Stage) -> None:
    async with stage.bot():
        private = await stage.ask("/regime BTC")
        group = await stage.ask("/regime BTC", chat=GROUP, sender=BOB)
        taken = private.buttons["Warn me"]["callback_data"]
        said = await stage.told(group, "Warn me", chat=GROUP, sender=BOB, data=taken)
        assert said in {Sentence.FORGOTTEN.in_words("en"), Sentence.NOT_YOURS.in_words("en")}
        await stage.quiet()


@pytest.mark.parametrize(
    "text",
    [
        "what a day",
        "regime",
        "/regime@other_bot",
        "/frobnicate",
        "@other_bot regime",
        "why?",
        "/",
        "5x",
        "\u200b",
    ],
)
async def test_talk_among_people_is_not_answered(text: str, stage: Stage) -> None:
    async with stage.bot():
        await stage.api.say(text, chat=GROUP, sender=BOB)
        await stage.quiet()


async def test_why_in_reply_to_the_bot_is_asked_of_it_and_thanks_are_not(stage: Stage) -> None:
    async with stage.bot():
        regime = await stage.ask("/regime ETH", chat=GROUP, sender=BOB)
        await stage.api.reply(regime, "thanks, that helps", chat=GROUP, sender=ALICE)
        await stage.quiet()
        why = await stage.replied(regime, "why?", chat=GROUP, sender=ALICE)
        assert why.text.startswith("ETH · why")


async def test_an_answer_and_a_warning_stay_in_their_topic_and_fall_back_when_it_is_deleted(
    stage: Stage,
) -> None:
    stage.api.managers.add((FORUM["id"], ALICE["id"]))
    async with stage.bot():
        before = len(stage.api.shown)
        await stage.api.say_in_topic("/subscribe BTC", TOPIC, chat=FORUM)
        assert (await stage.api.messages(before + 1))[before].thread_id == TOPIC
        assert (await stage.warn()).thread_id == TOPIC
        stage.api.gone_topics.add((FORUM["id"], TOPIC))
        later = await stage.warn(over())
        assert (later.chat_id, later.thread_id) == (FORUM["id"], None)
        before = len(stage.api.shown)
        await stage.api.say_in_topic("/regime", TOPIC, chat=FORUM)
        assert (await stage.api.messages(before + 1))[before].thread_id is None


async def test_a_channel_subscribes_itself_and_is_left_alone_once_the_bot_may_not_post(stage: Stage) -> None:
    async with stage.bot() as service:
        await stage.api.stand("administrator", chat=CHANNEL)
        before = len(stage.api.shown)
        await stage.api.post("/subscribe BTC")
        assert (await stage.api.messages(before + 1))[before].chat_id == CHANNEL["id"]
        await stage.api.post("The market was quiet today.")
        await stage.quiet()
        assert (await stage.warn()).chat_id == CHANNEL["id"]
        await stage.api.stand("administrator", chat=CHANNEL, can_post_messages=False)
        await stage.api.idle()
        await service.settled()
        kept = await stage.chat(f"telegram:{CHANNEL['id']}")
        assert kept is not None
        assert kept.suspended == SILENCED


@pytest.mark.parametrize(
    ("status", "rights", "why"),
    [("kicked", {}, REMOVED), ("left", {}, REMOVED), ("restricted", {"can_send_messages": False}, SILENCED)],
)
async def test_a_group_that_throws_the_bot_out_or_silences_it_is_suspended_at_once(
    status: str, rights: Json, why: str, stage: Stage
) -> None:
    stage.api.managers.add((GROUP["id"], ALICE["id"]))
    async with stage.bot() as service:
        await stage.ask("/subscribe BTC", chat=GROUP)
        await stage.api.stand(status, chat=GROUP, **rights)
        await stage.api.idle()
        await service.settled()
        kept = await stage.chat(OURS)
        assert kept is not None
        assert kept.suspended == why
        await stage.announce()
        await stage.quiet()
    assert stage.api.refusals == [] or not any("Forbidden" in one for one in stage.api.refusals)


async def subscribed_and_promoted(stage: Stage) -> None:
    stage.api.managers |= {(SMALL_GROUP["id"], ALICE["id"]), (GROUP["id"], ALICE["id"])}
    await stage.ask("/subscribe BTC", chat=SMALL_GROUP)
    await stage.ask("/settings asset=ETH", chat=SMALL_GROUP)


async def test_a_group_that_becomes_a_supergroup_keeps_what_it_had(stage: Stage) -> None:
    async with stage.bot() as service:
        await subscribed_and_promoted(stage)
        await stage.api.migrate(SMALL_GROUP, GROUP)
        await stage.api.idle()
        await service.settled()
        warning = await stage.warn()
        assert warning.chat_id == GROUP["id"]
        assert (await stage.ask("/regime", chat=GROUP, sender=BOB)).text.startswith("ETH")
        await stage.warn(over())
    assert [shown.chat_id for shown in stage.api.shown].count(SMALL_GROUP["id"]) == 2


async def test_a_supergroup_nobody_told_of_is_found_out_by_the_next_warning(stage: Stage) -> None:
    async with stage.bot() as service:
        await subscribed_and_promoted(stage)
        stage.api.moved[SMALL_GROUP["id"]] = GROUP["id"]
        assert (await stage.warn()).chat_id == GROUP["id"]
        await service.settled()
        kept = await stage.chat(OURS)
        assert kept is not None
        assert (kept.default_asset, bool(kept.subscriptions)) == ("ETH", True)
        assert len(stage.api.called("sendMessage")) == len(stage.api.shown) + 1


async def test_a_flood_in_one_group_holds_up_nobody_else(stage: Stage) -> None:
    stage.api.managers.add((GROUP["id"], ALICE["id"]))
    async with stage.bot():
        await stage.ask("/subscribe BTC", chat=GROUP)
        await stage.ask("/subscribe BTC", chat={"id": 12, "type": "private"}, sender=BOB)
        flood = Fault(429, "Too Many Requests: retry after 1", {"retry_after": 1}, chat_id=GROUP["id"])
        stage.api.fail("sendMessage", flood)
        before = len(stage.api.shown)
        await stage.announce(FALLING)
        await stage.api.messages(before + 1)
        assert len(stage.sent_to(GROUP["id"])) == 2
        await stage.pass_time(lambda: len(stage.api.shown) == before + 2)
        assert [shown.chat_id for shown in stage.api.shown[before:]] == [12, GROUP["id"]]


async def test_where_the_server_can_a_position_is_answered_in_the_group_to_its_asker_alone(
    stage: Stage,
) -> None:
    stage.api.has_ephemeral = True
    async with stage.bot() as service:
        await stage.api.idle()
        await service.settled()
        before = len(stage.api.shown)
        await stage.api.say("/size BTC 5x 10k", chat=GROUP, sender=ALICE)
        proof, answer = (await stage.api.messages(before + 2))[before:]
        assert {shown.only_for for shown in (proof, answer)} == {ALICE["id"]}
        assert "BTC 5x long" in answer.text
        assert "CROWDING" in (await stage.ask("/regime", chat=GROUP, sender=BOB)).text
    assert [shown.only_for for shown in stage.api.shown] == [ALICE["id"], ALICE["id"], None]


async def test_a_server_that_only_seems_to_can_shows_nobody_a_position(stage: Stage) -> None:
    stage.api.has_ephemeral = True
    async with stage.bot() as service:
        await stage.api.idle()
        await service.settled()
        stage.api.has_ephemeral = False  # as one that knows the methods, but not yet the parameter
        await stage.api.say("/size BTC 5x 10k", chat=GROUP, sender=ALICE)
        await stage.api.wait_for(lambda: any(shown.chat_id == ALICE["id"] for shown in stage.api.shown))
    assert not any("5x" in text for text in stage.sent_to(GROUP["id"]))
