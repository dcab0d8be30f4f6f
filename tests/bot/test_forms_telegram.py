"""Forms on Telegram: buttons for what can be chosen, a reply for what is typed, and no memory of either."""

from dataclasses import replace

from bot.chat_platform import Sentence
from bot.platforms.telegram.service import Service
from market.observations import Side
from tests.bot.desks import carried, desk_on, first, silence, telegram_serving
from tests.doubles.telegram import BOB, GROUP, BotApi, Shown

TYPE_IT = Sentence.TYPE_IT.in_words("en")


async def asked(api: BotApi, line: str) -> Shown:
    """What a line is met with."""
    await api.say(line)
    return await first(api, len(api.shown) + 1)


async def test_what_can_be_chosen_has_buttons_and_one_to_type_it(api: BotApi, service: Service) -> None:
    shown = await asked(api, "/size btc 10k")
    assert "leverage" in shown.text
    assert carried(shown.buttons["5x"]) == "/size btc 10k 5x"
    assert carried(shown.buttons[TYPE_IT]) == "?/size btc 10k leverage="
    await api.press(shown, "5x")
    assert "BTC 5x long" in (await first(api, 2)).text


async def test_what_is_to_be_typed_is_replied_to_and_the_line_goes_on_after_a_restart(api: BotApi) -> None:
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await api.press(await asked(api, "/size btc 10k"), TYPE_IT)
        question = await first(api, 2)
        assert question.forces_reply
        assert question.text.split("\n")[0] == "/size btc 10k leverage="
        assert question.call.reply_markup.input_field_placeholder == "5x"
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await api.reply(question, "5")
        assert "BTC 5x long" in (await first(api, 3)).text


async def test_a_wrong_answer_is_asked_for_again_with_its_reason(api: BotApi, service: Service) -> None:
    question = await asked(api, "/size btc 5x equity=banana")
    assert question.forces_reply
    assert question.text.split("\n")[0] == "/size btc 5x equity="
    await api.reply(question, "1 apple")
    again = await first(api, 2)
    assert again.forces_reply
    assert '"1apple" is no amount' in again.text
    await api.reply(again, "10 k")
    assert "BTC 5x long" in (await first(api, 3)).text


async def test_a_command_in_reply_to_a_question_is_a_command(api: BotApi, service: Service) -> None:
    question = await asked(api, "/size btc 5x equity=")
    await api.reply(question, "/regime")
    assert (await first(api, 2)).text.startswith("BTC · CROWDING")


async def test_a_reply_to_any_other_message_is_a_line_of_its_own(api: BotApi, service: Service) -> None:
    shown = await asked(api, "/regime")
    await api.reply(shown, "why btc")
    assert (await first(api, 2)).text.startswith("BTC · why CROWDING")


async def test_a_question_somebody_else_made_up_is_no_question(api: BotApi, service: Service) -> None:
    made_up = {"message_id": 5, "date": 1, "chat": GROUP, "from": BOB, "text": "/size btc 5x equity="}
    await api.say("10k", chat=GROUP, reply_to_message=made_up)
    await silence(api)


async def test_a_plan_is_stated_field_by_field_over_a_restart(api: BotApi) -> None:
    desk = desk_on(telegram_url=api.url)
    async with telegram_serving(desk):
        await api.press(await asked(api, "/plan"), "BTC")
        form = await first(api, 2)
        await api.press(form, "5x")
        await api.wait_for(lambda: form.edits == 1)
        await api.press(form, "short")
        await api.messages(3)
    equity = api.shown[-1]
    assert equity.text.split("\n")[0] == "/plan ? BTC 5x short equity="
    async with telegram_serving(desk):
        await api.reply(equity, "10 k")
        line = await first(api, 4)
        assert set(line.buttons) == {"Skip", TYPE_IT}
        await api.press(line, "Skip")
        await api.wait_for(lambda: line.edits == 1)
    person = await desk.services.people.get("telegram:11")  # type: ignore[union-attr]
    (plan,) = person.plans  # type: ignore[union-attr]
    assert (plan.asset, plan.side, plan.margin_usd) == ("BTC", Side.SHORT, 10_000.0)


async def test_a_plan_in_a_group_is_stated_in_private_or_not_at_all(api: BotApi) -> None:
    desk = desk_on(telegram_url=api.url)
    async with telegram_serving(desk):
        for said, line in enumerate(
            ("/plan", "/plan BTC 5x 10k", "/plan banana", "/plan list", "/positions"), 1
        ):
            await api.say(line, chat=GROUP)
            await api.messages(said)
    groups = [shown for shown in api.shown if shown.chat_id == GROUP["id"]]
    told = {Sentence.PRIVATE_HERE.in_words("en"), Sentence.TOLD_PRIVATELY.in_words("en")}
    assert {shown.text for shown in groups} <= told
    assert await desk.services.people.get("telegram:11") is None  # type: ignore[union-attr]


async def test_a_group_is_asked_in_the_group_what_holds_no_position(api: BotApi, service: Service) -> None:
    await api.say("/watch", chat=GROUP)
    refused = await first(api)
    assert refused.chat_id == GROUP["id"]
    await api.say("/regime asset=banana", chat=GROUP)
    question = await first(api, 2)
    assert "banana" in question.text
    assert set(question.buttons) == {"BTC", "ETH", "SOL", TYPE_IT}
    await api.press(question, TYPE_IT, chat=GROUP)
    typed = await first(api, 3)
    assert typed.text.split("\n")[0] == "/regime asset="
    assert (typed.forces_reply, typed.call.reply_markup.selective) == (True, True)
    await api.reply(typed, "btc", chat=GROUP, sender=BOB)
    assert (await first(api, 4)).text.startswith("BTC · CROWDING")


async def test_a_question_about_a_position_is_asked_in_the_private_chat(
    api: BotApi, service: Service
) -> None:
    await api.say("/size btc equity=10k", chat=GROUP)
    question, told = await api.messages(2)
    assert question.chat_id > 0
    assert (told.chat_id, "10k" in told.text) == (GROUP["id"], False)
    assert all("10k" not in str(button) for button in told.buttons.values())


LONG = "/size btc equity=10k hold=72h lose=3% entry=64,200 base=8x"


async def test_a_line_too_long_for_a_button_is_chosen_or_typed_after_a_restart(api: BotApi) -> None:
    desk = desk_on(telegram_url=api.url)
    async with telegram_serving(desk):
        shown = await asked(api, LONG)
        assert all(len(button["callback_data"].encode()) <= 64 for button in shown.buttons.values())
    async with telegram_serving(desk):
        await api.press(shown, "5x")
        assert "BTC 5x long" in (await first(api, 2)).text
        await api.press(shown, TYPE_IT)
        typed = await first(api, 3)
        assert typed.text.split("\n")[0] == f"{LONG} leverage="
        await api.reply(typed, "3")
        assert "BTC 3x long" in (await first(api, 4)).text


async def test_a_line_too_long_for_a_button_is_typed_where_nothing_can_be_kept(api: BotApi) -> None:
    desk = desk_on(telegram_url=api.url)
    desk = replace(desk, services=replace(desk.services, memos=None))
    async with telegram_serving(desk):
        assert (await asked(api, LONG)).forces_reply


async def test_a_form_in_progress_in_a_group_is_its_askers(api: BotApi, service: Service) -> None:
    await api.say("/regime asset=banana", chat=GROUP)
    question = await first(api)
    await api.press(question, "BTC", chat=GROUP, sender=BOB)
    await api.wait_for(lambda: len(api.answered) == 1)
    assert api.called("answerCallbackQuery")[0]["text"] == Sentence.NOT_YOURS.in_words("en")
    await api.press(question, "BTC", chat=GROUP)
    await api.wait_for(lambda: question.edits == 1)
    assert question.text.startswith("BTC · CROWDING")


async def test_an_open_answer_in_a_group_is_everybodys(api: BotApi, service: Service) -> None:
    await api.say("/regime", chat=GROUP)
    await api.press(await first(api), "Why", chat=GROUP, sender=BOB)
    assert (await first(api, 2)).text.startswith("BTC · why CROWDING")


async def test_what_is_typed_in_a_group_opens_the_line_of_who_asked(api: BotApi, service: Service) -> None:
    update = await api.say("/regime asset=banana", chat=GROUP)
    await api.press(await first(api), TYPE_IT, chat=GROUP, answers=update["message"])
    typed = await first(api, 2)
    assert typed.forces_reply
    assert typed.call.reply_parameters.message_id == update["message"]["message_id"]


async def test_a_form_that_is_called_off_in_a_group_is_ended_there(api: BotApi, service: Service) -> None:
    await api.say("/regime asset=banana", chat=GROUP)
    await api.press(await first(api), TYPE_IT, chat=GROUP)
    await api.reply(await first(api, 2), "cancel", chat=GROUP)
    ended = await first(api, 3)
    assert (ended.chat_id, ended.text) == (GROUP["id"], "Ended. Nothing was kept or changed.")
