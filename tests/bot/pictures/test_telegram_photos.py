"""Answers with a picture on Telegram: one photo with its caption, uploaded once, edited in place, and words where it cannot be."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest_asyncio

from bot.chat_platform import Asker, Desk, Sentence
from bot.pictures.drawn import drawing
from bot.platforms.telegram.service import Service
from commands.protocol.reply import Block, Reply, Text
from store.connection import Connection
from store.in_memory import MemosInMemory
from store.pictures import StoredPictures
from tests.bot.conftest import api
from tests.bot.desks import first, telegram_serving
from tests.bot.pictures.asked import Easel, desk_with_hours
from tests.bot.pictures.samples import PNG, picture
from tests.doubles.telegram import ALICE, GROUP, BotApi, Fault, Shown
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["api", "valkey", "valkey_socket"]
LONG = " · ".join(["a line that says more than a caption holds"] * 40)


@pytest_asyncio.fixture
async def easel() -> Easel:
    return Easel()


@pytest_asyncio.fixture
async def desk(api: BotApi, easel: Easel) -> Desk:
    return desk_with_hours(easel, telegram_url=api.url)


@pytest_asyncio.fixture
async def service(desk: Desk) -> AsyncIterator[Service]:
    async with telegram_serving(desk) as running:
        yield running


def photos(api: BotApi) -> list[dict[str, Any]]:
    return api.called("sendPhoto")


def has_photo(shown: Shown) -> bool:
    return shown.photo is not None


async def test_an_answer_with_a_picture_is_one_photo_with_the_answer_below_it(
    api: BotApi, service: Service, easel: Easel
) -> None:
    await api.say("/regime BTC")
    shown = await first(api)
    assert shown.photo is not None
    assert api.files[shown.photo].startswith(PNG)
    assert shown.text.startswith("BTC · CROWDING")
    assert "Price, USD: last" not in shown.text
    assert list(shown.buttons) == ["Why", "Size", "Warn me", "Refresh"]
    assert api.called("sendMessage") == []


async def test_a_picture_that_telegram_has_is_neither_drawn_nor_uploaded_again(
    api: BotApi, service: Service, easel: Easel
) -> None:
    await api.say("/regime BTC")
    uploaded = await first(api)
    await api.say("/regime BTC")
    again = await first(api, 2)
    assert again.photo == uploaded.photo
    assert len(easel.drawn) == len(api.uploads) == 1


async def test_refresh_edits_the_photo_in_place(api: BotApi, service: Service) -> None:
    await api.say("/regime BTC")
    shown = await first(api)
    shown.text, shown.raw = "old", "old"
    await api.press(shown, "Refresh")
    await api.wait_for(lambda: shown.edits == 1)
    assert shown.text.startswith("BTC · CROWDING")
    assert len(api.shown) == 1
    assert api.called("editMessageText") == []


async def test_words_become_a_photo_in_place_when_the_picture_is_there(
    api: BotApi, service: Service, easel: Easel
) -> None:
    easel.is_late = True
    await api.say("/regime BTC")
    shown = await first(api)
    assert not has_photo(shown)
    assert "Price, USD: last" in shown.text
    easel.is_late = False
    await api.press(shown, "Refresh")
    await api.wait_for(lambda: shown.edits == 1)
    assert has_photo(shown)
    assert "Price, USD: last" not in shown.text


async def test_a_photo_never_stays_above_words_of_another_time(
    api: BotApi, service: Service, easel: Easel
) -> None:
    """Words cannot take the place of a photo: they come below, as a message of their own."""
    await api.say("/regime BTC")
    shown = await first(api)
    await _forget_files(service)
    easel.is_late = True
    await api.press(shown, "Refresh")
    below = await first(api, 2)
    assert shown.edits == 0
    assert below.photo is None
    assert "Price, USD: last" in below.text
    assert "Refresh" in below.buttons


async def test_what_is_too_long_for_a_caption_stands_below_the_photo_and_both_are_renewed(
    api: BotApi, desk: Desk
) -> None:
    async with telegram_serving(_talkative(desk)) as _:
        await api.say("/regime BTC")
        photo, words = await api.messages(2)
        assert photo.photo is not None
        assert (photo.text, photo.buttons) == ("", {})
        assert LONG in words.text
        photo.photo, words.raw = "file-of-an-older-hour", "old"
        await api.press(words, "Refresh")
        await api.wait_for(lambda: photo.edits == words.edits == 1)
        assert LONG in words.text
        assert len(api.shown) == 2


async def test_a_photo_for_one_alone_is_uploaded_once_and_nobody_else_sees_it(
    api: BotApi, service: Service
) -> None:
    api.has_ephemeral = True
    await api.wait_for(lambda: api.polls > 0)
    await service.settled()
    await api.say("/regime BTC", chat=GROUP, message_id=0, ephemeral_message_id=70)
    await api.messages(2)
    await api.say("/regime BTC", chat=GROUP, message_id=0, ephemeral_message_id=71)
    proof, photo, again = await api.messages(3)
    assert {shown.only_for for shown in api.shown} == {ALICE["id"]}
    assert (proof.photo, has_photo(photo), again.photo) == (None, True, photo.photo)
    assert len(api.uploads) == 1


async def test_a_photo_that_telegram_refuses_is_told_in_words(api: BotApi, service: Service) -> None:
    api.fail("sendPhoto", Fault(400, "Bad Request: not enough rights to send photos to the chat"))
    await api.say("/regime BTC")
    shown = await first(api)
    assert shown.text.startswith("BTC · CROWDING")
    assert "Price, USD: last" in shown.text
    assert "Refresh" in shown.buttons


async def test_a_group_without_pictures_costs_no_upload_each_time_and_others_keep_theirs(
    api: BotApi, service: Service
) -> None:
    no_photos = "Bad Request: not enough rights to send photos to the chat"
    api.fail("sendPhoto", Fault(400, no_photos, chat_id=GROUP["id"], times=9))
    for count in range(1, 4):
        await api.say("/regime BTC", chat=GROUP)
        assert "Price, USD: last" in (await first(api, count)).text
    assert len(api.called("sendPhoto")) == 1
    for count in range(4, 6):
        await api.say("/regime BTC")
        assert has_photo(await first(api, count))
    assert len(api.uploads) == 2
    api.refusals.clear()


async def test_a_group_without_pictures_takes_no_name_away_from_others(api: BotApi, service: Service) -> None:
    no_photos = "Bad Request: not enough rights to send photos to the chat"
    api.fail("sendPhoto", Fault(400, no_photos, chat_id=GROUP["id"], times=9))
    for count in range(0, 9, 3):
        await api.say("/regime BTC")
        assert has_photo(await first(api, count + 1))
        for place in (2, 3):
            await api.say("/regime BTC", chat=GROUP)
            assert "Price, USD: last" in (await first(api, count + place)).text
    assert len(api.uploads) == 2  # the first of all, and one to the group that tells why the name was refused
    assert len(api.called("sendPhoto")) == 3 + 2
    api.refusals.clear()


async def test_a_name_that_telegram_does_not_know_is_not_used_again(
    api: BotApi, service: Service, easel: Easel
) -> None:
    await api.say("/regime BTC")
    await first(api)
    api.files.clear()
    await api.say("/regime BTC")
    assert (await first(api, 2)).photo is None
    await api.say("/regime BTC")
    assert (await first(api, 3)).photo is not None
    assert len(easel.drawn) == 2
    api.refusals.clear()


async def test_html_that_telegram_refuses_becomes_plain_words_below_the_same_photo(
    api: BotApi, service: Service
) -> None:
    api.fail("sendPhoto", Fault(400, "Bad Request: can't parse entities: unexpected end"))
    await api.say("/regime BTC")
    shown = await first(api)
    assert shown.photo is not None
    assert shown.parse_mode is None
    assert "<b>" not in shown.text


async def test_an_edit_that_a_later_one_has_overtaken_is_no_new_message(
    api: BotApi, service: Service
) -> None:
    await api.say("/regime BTC")
    shown = await first(api)
    api.fail("editMessageMedia", Fault(400, "Bad Request: canceled by new editMessageMedia request"))
    await api.press(shown, "Refresh")
    await api.say("/scan")
    await first(api, 2)
    assert len(photos(api)) == 1
    assert len(api.called("sendMessage")) == 1


async def test_the_process_that_draws_and_the_real_store_stand_behind_a_photo(
    api: BotApi, valkey: Connection, tmp_path: Path
) -> None:
    kept = StoredPictures(valkey)
    async with drawing(tmp_path, kept) as drawn:
        desk = replace(desk_with_hours(Easel(), telegram_url=api.url), draw=drawn.png)
        async with telegram_serving(desk):
            await api.say("/regime BTC")
            shown = await first(api)
    assert has_photo(shown)
    async with valkey.reading() as redis:
        (name,) = await redis.keys("*picture*")
        assert await redis.get(name) == api.uploads[0][1]


async def test_in_a_group_the_photo_answers_the_question_and_in_a_forum_its_topic(
    api: BotApi, service: Service
) -> None:
    await api.say("/regime BTC", chat=GROUP)
    shown = await first(api)
    assert shown.photo is not None
    assert shown.call.reply_parameters.message_id > 0
    await api.say("/regime BTC", chat={**GROUP, "is_forum": True}, message_thread_id=7, is_topic_message=True)
    assert (await first(api, 2)).call.message_thread_id == 7


async def test_a_slow_upload_is_not_repeated(api: BotApi, service: Service) -> None:
    api.fail("sendPhoto", Fault(502, "Bad Gateway", delivered=True))
    await api.say("/regime BTC")
    await first(api)
    await api.say("/scan")
    await first(api, 2)
    assert len(photos(api)) == 1


async def _forget_files(service: Service) -> None:
    """A picture of another hour: Telegram has no file of it."""
    memos = service._desk.services.memos
    assert memos is not None
    assert isinstance(memos, MemosInMemory)
    while not (files := [name for name in memos._kept if name.startswith("telegram-file:")]):
        await asyncio.sleep(0)  # it is noted when the answer is out
    for name in files:
        await memos.keep(name, "", 60)


class Adding(Desk):
    """A desk whose answers end with one more block."""

    more: Block = Text(LONG)

    async def ask(self, line: str, asker: Asker) -> Reply:
        """The reply with that block."""
        reply = await super().ask(line, asker)
        return replace(reply, blocks=(*reply.blocks, self.more))


def _talkative(desk: Desk) -> Desk:
    return Adding(desk.settings, desk.services, desk.now_ms, draw=desk.draw)


class Picturing(Adding):
    """One whose every answer comes with the same picture."""

    more = picture()


async def test_a_picture_of_a_position_is_told_in_private_and_goes_with_its_words_when_its_owner_shares_them(
    api: BotApi, desk: Desk, easel: Easel
) -> None:
    async with telegram_serving(_picturing(desk)):
        await api.say("/size BTC 5x 10k", chat=GROUP)
        photo, answer, told = await api.messages(3)
        assert [has_photo(one) for one in (photo, answer, told)] == [True, False, False]
        assert [one.chat_id for one in (photo, answer, told)] == [ALICE["id"], ALICE["id"], GROUP["id"]]
        await api.press(answer, Sentence.SHARE.in_words("en"))
        marked, shared = (await api.messages(5))[3:]
        assert (marked.chat_id, marked.photo, marked.text) == (GROUP["id"], photo.photo, "Shared by Alice:")
        assert shared.raw == answer.raw
        await api.say("/size BTC 5x 10k")
        await first(api, 7)
    assert len(easel.drawn) == len(api.uploads) == 2  # somebody's own is kept under no name for all


async def test_a_photo_with_its_caption_is_shared_as_one(api: BotApi, desk: Desk) -> None:
    async with telegram_serving(_picturing(desk)):
        await api.say("/positions", chat=GROUP)
        answer = (await api.messages(2))[0]
        assert has_photo(answer)
        await api.press(answer, Sentence.SHARE.in_words("en"))
        shared = await first(api, 3)
        assert (shared.chat_id, shared.photo) == (GROUP["id"], answer.photo)
        assert shared.raw == f"Shared by Alice:\n{answer.raw}"


def _picturing(desk: Desk) -> Desk:
    return Picturing(desk.settings, desk.services, desk.now_ms, draw=desk.draw)
