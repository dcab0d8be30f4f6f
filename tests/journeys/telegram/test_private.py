"""Alone with the bot: ask, press, type what is missing, be warned, be silent for a while, leave and come back."""

from bot.platforms.telegram.standing import BLOCKED
from tests.doubles.telegram import ALICE, BOB, PRIVATE
from tests.journeys.telegram.stage import FALLING, Stage, another, over

MINE = "telegram:11"
BOBS = {"chat": {"id": 12, "type": "private"}, "sender": BOB}


async def test_a_first_evening(stage: Stage) -> None:
    async with stage.bot():
        hello = await stage.ask("/start")
        regime = await stage.pressed(hello, next(label for label in hello.buttons if "egime" in label))
        assert regime.text.startswith("BTC · CROWDING")
        why = await stage.pressed(regime, "Why")
        assert why.text.startswith("BTC · why CROWDING")
        lacking = await stage.ask("/size btc 10k", **BOBS)
        sized = await stage.pressed(lacking, "5x", **BOBS)
        assert "BTC 5x long" in sized.text
        copied = [button["copy_text"]["text"] for button in sized.buttons.values() if "copy_text" in button]
        assert copied
        assert all("," not in text for text in copied)


async def test_what_has_to_be_typed_is_asked_for_and_a_wrong_word_is_asked_for_again(stage: Stage) -> None:
    async with stage.bot():
        question = await stage.ask("/size btc 5x equity=")
        assert question.forces_reply
        again = await stage.replied(question, "1 apple")
        assert again.forces_reply
        assert '"1apple"' in again.text
        assert "BTC 5x long" in (await stage.replied(again, "10 k")).text


async def test_a_warning_is_asked_about_and_acknowledged(stage: Stage) -> None:
    await stage.subscribe([MINE])
    async with stage.bot():
        warning = await stage.warn()
        assert "CRITICAL" in warning.text
        assert {"Why", "Size", "Mute 1h"} <= set(warning.buttons)
        assert "BTC" in (await stage.pressed(warning, "Why")).text
        ack = next(label for label in warning.buttons if "ck" in label)
        assert "#" in (await stage.pressed(warning, ack)).text


async def test_a_wave_makes_a_sound_and_ends_with_a_digest(stage: Stage) -> None:
    await stage.subscribe([MINE])
    async with stage.bot():
        await stage.warn()
        ended = await stage.warn(over())
        assert "over" in ended.text.lower()
    assert stage.api.called("sendMessage")[0]["disable_notification"] == "false"


async def test_who_blocks_the_bot_is_not_written_to_and_is_warned_again_when_back(stage: Stage) -> None:
    async with stage.bot() as service:
        await stage.api.stand("member", chat=PRIVATE)
        await stage.ask("/subscribe all")
        await stage.api.stand("kicked", chat=PRIVATE)
        await stage.api.idle()
        await service.settled()
        kept = await stage.chat(MINE)
        assert kept is not None
        assert kept.suspended == BLOCKED
        await stage.announce()
        await stage.quiet()
        assert not any("Forbidden" in refusal for refusal in stage.api.refusals)
        await stage.api.stand("member", chat=PRIVATE)
        await stage.ask("/alerts")
        again = await stage.warn(another("ETH"))
        assert again.chat_id == PRIVATE["id"]


async def test_edited_and_forwarded_words_are_no_questions(stage: Stage) -> None:
    async with stage.bot():
        await stage.api.happen(
            {
                "edited_message": {
                    "message_id": 5,
                    "date": 1,
                    "chat": PRIVATE,
                    "from": ALICE,
                    "text": "/regime",
                }
            }
        )
        await stage.api.say("/regime", forward_origin={"type": "user", "date": 1, "sender_user": ALICE})
        await stage.api.say(
            "/regime", via_bot={"id": 5, "is_bot": True, "first_name": "x", "username": "x_bot"}
        )
        await stage.quiet()


async def test_id_tells_where_one_is(stage: Stage) -> None:
    async with stage.bot():
        told = await stage.ask("/id")
        assert str(ALICE["id"]) in told.text
        assert str(FALLING.asset) not in told.text
