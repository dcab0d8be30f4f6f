"""Answers that Telegram refuses in some form: their words arrive all the same."""

import pytest

from bot.chat_platform import Sentence
from bot.platforms.telegram.parts import plain
from bot.platforms.telegram.service import Service
from tests.bot.desks import first
from tests.doubles.telegram import ALICE, GROUP, BotApi, Fault


@pytest.mark.parametrize(
    "refusal",
    [
        "Bad Request: BUTTON_DATA_INVALID",
        "Bad Request: BUTTON_TYPE_INVALID",
        "Bad Request: reply markup is too long",
        "Bad Request: entity beginning at byte offset 17 has an invalid date",
    ],
)
async def test_an_answer_refused_for_what_is_around_its_words_goes_out_bare(
    refusal: str, api: BotApi, service: Service
) -> None:
    api.fail("sendMessage", Fault(400, refusal))
    await api.say("/regime")
    shown = await first(api)
    assert (shown.parse_mode, shown.keyboard) == (None, [])
    assert shown.text.startswith("BTC · CROWDING")
    assert "12:04:10 UTC · 5 of 5 read" in shown.text
    assert "<" not in shown.text


async def test_bare_words_that_are_refused_as_well_are_not_tried_for_ever(
    api: BotApi, service: Service
) -> None:
    api.fail("sendMessage", Fault(400, "Bad Request: something new", times=9))
    await api.say("/regime")
    await api.wait_for(lambda: len(api.called("sendMessage")) == 2)
    await api.idle()
    assert len(api.called("sendMessage")) == 2


@pytest.mark.parametrize("refusal", ["Bad Request: chat not found", "Bad Request: CHAT_WRITE_FORBIDDEN"])
async def test_a_chat_that_is_gone_is_asked_once(refusal: str, api: BotApi, service: Service) -> None:
    api.fail("sendMessage", Fault(400, refusal, times=9))
    await api.say("/regime", chat=GROUP)
    await api.idle()
    await api.say("/status", chat=GROUP)
    await api.wait_for(lambda: len(api.called("sendMessage")) == 2)


async def test_where_a_private_chat_is_to_be_left_alone_for_long_nobody_is_told_that_the_answer_is_there(
    api: BotApi, service: Service
) -> None:
    api.fail("sendMessage", Fault(429, "Too Many Requests", {"retry_after": 300}, chat_id=ALICE["id"]))
    await api.say("/size BTC 5x 10k", chat=GROUP)
    assert (await first(api)).text == Sentence.PRIVATE_HERE.in_words("en")


async def test_the_moment_and_the_evidence_of_an_answer_are_marked_as_telegram_marks_them(
    api: BotApi, service: Service
) -> None:
    await api.say("/regime")
    shown = await first(api)
    assert '<tg-time unix="1795349050" format="T">12:04:10 UTC</tg-time>' in shown.raw
    assert "<blockquote expandable>Hours like this, REAL 20" in shown.raw
    assert shown.call.link_preview_options.is_disabled


@pytest.mark.parametrize(
    ("marked", "seen"),
    [
        ("<b>BTC</b> 1 &lt; 2 &amp; 3", "BTC 1 < 2 & 3"),
        ("<blockquote expandable>So often.\nOr not.</blockquote>", "So often.\nOr not."),
        (
            'At <tg-time unix="1700000000" format="Dt">2023-11-14 22:13 UTC</tg-time>.',
            "At 2023-11-14 22:13 UTC.",
        ),
        ('<a href="https://t.me/x?start=a&amp;b">here</a>', "here"),
        ("&lt;b&gt;", "<b>"),
    ],
)
def test_plain_text_is_what_a_reader_sees(marked: str, seen: str) -> None:
    assert plain(marked) == seen
