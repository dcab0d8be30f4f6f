"""What a Bot API server may know that the library does not: asked for once, fallen back from quietly, and never at the price of privacy."""

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat_platform import Sentence
from bot.layout import clean
from bot.platforms.telegram.rich import rich_of
from bot.platforms.telegram.service import Service
from commands.protocol.reply import Evidence, Heading, Reply, Table, Text
from tests.bot.desks import desk_on, first, telegram_serving
from tests.doubles.telegram import ALICE, BOB, GROUP, BotApi, Fault, Shown
from tests.doubles.telegram_rich import read_rich

ONLY_YOU = Sentence.ONLY_YOU.in_words("en")
SIZE = "/size BTC 5x 10k"


@pytest.fixture
async def newer(api: BotApi) -> AsyncIterator[Service]:
    """The service at a server that knows answers for one alone."""
    api.has_ephemeral = True
    async with serving(api) as service:
        yield service


def serving(api: BotApi) -> AbstractAsyncContextManager[Service]:
    return telegram_serving(desk_on(telegram_url=api.url))


async def settled(api: BotApi, service: Service) -> None:
    """Wait until the service knows what its server knows."""
    await api.wait_for(lambda: api.polls > 0)
    await service.settled()


def in_group(api: BotApi) -> list[Shown]:
    return [shown for shown in api.shown if shown.chat_id == GROUP["id"]]


def read_by_all(api: BotApi) -> list[Shown]:
    return [shown for shown in in_group(api) if shown.only_for is None]


async def test_an_older_server_is_asked_once_and_answers_go_the_old_way(
    api: BotApi, service: Service
) -> None:
    await settled(api, service)
    await api.say(SIZE, chat=GROUP)
    await api.say("/scan", chat=GROUP)
    await api.messages(3)
    assert {"sendRichMessage", "deleteEphemeralMessage"} <= {name for name, _ in api.calls}
    assert [form for name, form in api.calls if "Rich" in name or "Ephemeral" in name] == [{}, {}]
    (private,) = [shown for shown in api.shown if shown.chat_id == ALICE["id"]]
    assert "TOO MUCH NOW" in private.text
    assert not any("ephemeral" in key for _, form in api.calls for key in form)


async def test_what_is_private_is_answered_in_the_group_to_its_asker_alone(
    api: BotApi, newer: Service
) -> None:
    await settled(api, newer)
    await api.say(SIZE, chat=GROUP)
    proof, answer = await api.messages(2)
    assert (proof.text, proof.only_for) == (ONLY_YOU, ALICE["id"])
    assert (answer.chat_id, answer.only_for) == (GROUP["id"], ALICE["id"])
    assert "TOO MUCH NOW" in answer.text
    assert read_by_all(api) == []


async def test_that_nobody_else_sees_it_is_proven_once(api: BotApi, newer: Service) -> None:
    await settled(api, newer)
    await api.say(SIZE, chat=GROUP)
    await api.messages(2)
    await api.say(SIZE, chat=GROUP, sender=BOB)
    third = await first(api, 3)
    assert third.only_for == BOB["id"]
    assert "TOO MUCH NOW" in third.text


async def test_a_server_that_only_says_it_could_never_shows_a_position_to_all(
    api: BotApi, newer: Service
) -> None:
    await settled(api, newer)
    api.has_ephemeral = False  # from now on it passes the parameter over, as one behind it may
    await api.say(SIZE, chat=GROUP)
    await api.wait_for(lambda: any(shown.chat_id == ALICE["id"] for shown in api.shown))
    await api.idle()
    posted = [form["text"] for form in api.called("sendMessage") if form["chat_id"] == str(GROUP["id"])]
    assert not any("BTC" in text for text in posted)
    assert ONLY_YOU not in [shown.text for shown in in_group(api)]
    await api.say(SIZE, chat=GROUP, sender=BOB)
    await api.wait_for(lambda: any(shown.chat_id == BOB["id"] for shown in api.shown))
    tries = [form for _, form in api.calls if "ephemeral_message_parameters" in form]
    assert len(tries) == 1


async def test_a_proof_whose_answer_is_lost_proves_nothing(api: BotApi, newer: Service) -> None:
    await settled(api, newer)
    api.has_ephemeral = False
    api.fail("sendMessage", Fault(502, "Bad Gateway", chat_id=GROUP["id"], delivered=True))
    await api.say(SIZE, chat=GROUP)
    await api.wait_for(lambda: any(shown.chat_id == ALICE["id"] for shown in api.shown))
    await api.idle()
    posted = [form["text"] for form in api.called("sendMessage") if form["chat_id"] == str(GROUP["id"])]
    assert not any("BTC" in text for text in posted)


async def test_where_the_bot_is_no_administrator_the_answer_goes_to_the_private_chat(
    api: BotApi, newer: Service
) -> None:
    await settled(api, newer)
    api.fail("sendMessage", Fault(400, "Bad Request: BOT_NOT_ADMIN", chat_id=GROUP["id"]))
    await api.say(SIZE, chat=GROUP)
    told, group = await api.messages(2)
    assert (told.chat_id, "TOO MUCH NOW" in told.text) == (ALICE["id"], True)
    assert group.text == Sentence.TOLD_PRIVATELY.in_words("en")
    await api.say(SIZE, chat=GROUP)
    await api.messages(4)
    assert len([form for _, form in api.calls if "ephemeral_message_parameters" in form]) == 1


async def test_a_button_below_an_answer_for_one_alone_is_answered_to_them_alone(
    api: BotApi, newer: Service
) -> None:
    await settled(api, newer)
    await api.say(SIZE, chat=GROUP)
    _, answer = await api.messages(2)
    await api.press(answer, "Why", chat=GROUP)
    why = await first(api, 3)
    assert why.only_for == ALICE["id"]
    parameters = json.loads(api.called("sendMessage")[-1]["ephemeral_message_parameters"])
    assert parameters["callback_query_id"] == api.answered[-1]
    assert read_by_all(api) == []


async def test_what_was_asked_unseen_is_answered_unseen(api: BotApi, newer: Service) -> None:
    await settled(api, newer)
    await api.say("/regime", chat=GROUP, message_id=0, ephemeral_message_id=77)
    _, answer = await api.messages(2)
    assert answer.only_for == ALICE["id"]
    assert json.loads(api.called("sendMessage")[-1]["reply_parameters"]) == {"ephemeral_message_id": 77}


async def test_what_was_asked_unseen_is_not_repeated_to_all_where_it_cannot_be_answered_alone(
    api: BotApi, newer: Service
) -> None:
    await settled(api, newer)
    api.fail("sendMessage", Fault(400, "Bad Request: BOT_NOT_ADMIN", chat_id=GROUP["id"]))
    api.fail("sendMessage", Fault(403, "Forbidden: bot can't initiate conversation", chat_id=ALICE["id"]))
    await api.say(SIZE, chat=GROUP, message_id=0, ephemeral_message_id=77)
    told = await first(api)
    (button,) = told.buttons.values()
    assert told.only_for is None
    assert button["url"].partition("?")[2] == ""


async def test_an_answer_for_one_alone_is_renewed_in_its_place(api: BotApi, newer: Service) -> None:
    await settled(api, newer)
    await api.say("/regime", chat=GROUP, message_id=0, ephemeral_message_id=77)
    _, answer = await api.messages(2)
    answer.raw = "of an older hour"
    await api.press(answer, "Refresh", chat=GROUP)
    await api.wait_for(lambda: answer.edits == 1)
    assert (len(api.shown), answer.text.split("\n")[0]) == (2, "BTC · CROWDING · for 6 h 20 min")


async def test_one_that_is_gone_is_told_anew_to_them_alone(api: BotApi, newer: Service) -> None:
    await settled(api, newer)
    await api.say("/regime", chat=GROUP, message_id=0, ephemeral_message_id=77)
    _, answer = await api.messages(2)
    api.fail("editEphemeralMessageText", Fault(400, "Bad Request: message to edit not found"))
    await api.press(answer, "Refresh", chat=GROUP)
    assert (await first(api, 3)).only_for == ALICE["id"]


async def test_what_has_to_be_typed_goes_on_in_the_private_chat(api: BotApi, newer: Service) -> None:
    await settled(api, newer)
    await api.say("/size btc equity=10k", chat=GROUP)
    _, lacking = await api.messages(2)
    assert lacking.only_for == ALICE["id"]
    await api.press(lacking, Sentence.TYPE_IT.in_words("en"), chat=GROUP)
    asking, told = (await api.messages(4))[2:]
    assert (asking.forces_reply, asking.chat_id) == (True, ALICE["id"])
    assert told.text == Sentence.TOLD_PRIVATELY.in_words("en")


async def test_commands_that_hold_a_position_are_hidden_from_the_group_in_its_menu(
    api: BotApi, newer: Service
) -> None:
    await settled(api, newer)
    menus = [
        (json.loads(form.get("scope", "{}")).get("type"), json.loads(form["commands"]))
        for form in api.called("setMyCommands")
    ]
    hidden = {
        scope: {entry["command"] for entry in entries if entry.get("is_ephemeral")}
        for scope, entries in menus
    }
    assert "size" in hidden["all_group_chats"]
    assert "regime" not in hidden["all_group_chats"]
    assert hidden["all_private_chats"] == set()


async def test_a_table_is_sent_as_one_where_the_server_takes_it(api: BotApi) -> None:
    api.has_rich = True
    async with serving(api) as service:
        await settled(api, service)
        await api.say("/scan")
        shown = await first(api)
        assert shown.rich is not None
        assert "<table" in shown.rich
        assert "CROWDING" in shown.text
        await api.press(shown, "Refresh")
        await api.idle()
        assert len(api.shown) == 1


async def test_an_operator_may_want_no_tables(api: BotApi) -> None:
    api.has_rich = True
    desk = desk_on(telegram_url=api.url)
    desk = replace(desk, settings=desk.settings.model_copy(update={"telegram_tables": False}))
    async with telegram_serving(desk) as service:
        await settled(api, service)
        await api.say("/scan")
        assert (await first(api)).rich is None
    assert api.called("sendRichMessage") == []


async def test_the_first_table_refused_is_the_last_one_tried(api: BotApi) -> None:
    api.has_rich = True
    async with serving(api) as service:
        await settled(api, service)
        api.fail("sendRichMessage", Fault(400, "Bad Request: RICH_MESSAGE_TABLE_INVALID"))
        for count in (1, 2):
            await api.say("/scan")
            shown = await first(api, count)
            assert (shown.rich, "<pre>" in shown.raw) == (None, True)
    assert len([form for form in api.called("sendRichMessage") if form]) == 1


async def test_what_refuses_a_table_refuses_no_answer(api: BotApi) -> None:
    api.has_rich = True
    async with serving(api) as service:
        await settled(api, service)
        api.has_rich = False
        await api.say("/scan")
        assert "<pre>" in (await first(api)).raw
    api.refusals.clear()


@given(st.text(max_size=60), st.text(max_size=60))
def test_hostile_words_in_a_table_are_words(one: str, other: str) -> None:
    blocks = (
        Heading(f"BTC {one}"),
        Text(other),
        Table(((one, other),), (other, one), "lr"),
        Evidence((one, other)),
    )
    rich = rich_of(Reply(blocks))
    assert rich is not None
    seen = "".join(read_rich(rich).split())
    assert "".join(clean(one).split()) in seen
    assert "".join(clean(other).split()) in seen


def test_an_answer_without_a_table_needs_no_rich_message() -> None:
    assert rich_of(Reply((Heading("BTC"), Text("Falling.")))) is None
    assert rich_of(Reply((Table((("x",) * 21,)),))) is None
