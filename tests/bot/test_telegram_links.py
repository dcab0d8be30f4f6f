"""Links into Telegram chats: a touch asks what they carry, and nothing is changed by a touch alone."""

import pytest

from bot.platforms.telegram.links import group_link, opened, private_link
from bot.platforms.telegram.service import Service
from tests.bot.desks import desk_on, first, telegram_serving
from tests.doubles.telegram import BOB, GROUP, PRIVATE, BotApi, Fault

NEVER_BEGUN = Fault(403, "Forbidden: bot can't initiate conversation with a user", chat_id=11)


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("/start ask-regime-BTC", "/regime BTC"),
        ("/start@seawall_bot ask-regime-BTC", "/regime BTC"),
        ("/start plan-p7f2", "/plan show p7f2"),
        ("/start alert-BTC", "/alerts BTC"),
        ("/start ask-size-BTC-5x-10k", "/size BTC 5x 10k"),
        ("/start ask-mute-30d", "/start ask-mute-30d"),
        ("/start ask-plan-BTC-5x-10k", "/start ask-plan-BTC-5x-10k"),
        ("/start ask-start-sub_2dBTC", "/start ask-start-sub_2dBTC"),
        ("/start sub-BTC", "/start sub-BTC"),
        ("/start hello", "/start hello"),
        ("/start", "/start"),
        ("/regime ask-why-BTC", "/regime ask-why-BTC"),
        ("regime", "regime"),
        ("", ""),
    ],
)
def test_a_link_asks_its_line_unless_that_would_change_something(line: str, asked: str) -> None:
    assert opened(line) == asked


def test_a_line_too_long_for_a_link_still_has_a_way_into_the_chat() -> None:
    assert private_link("seawall_bot", "/size BTC " + "5x " * 30) == "https://t.me/seawall_bot"
    assert group_link("seawall_bot", "/subscribe BTC") == "https://t.me/seawall_bot?startgroup=sub-BTC"
    assert group_link("seawall_bot") == "https://t.me/seawall_bot?startgroup=true"


async def test_a_question_refused_in_a_group_is_asked_in_private_by_one_touch(
    api: BotApi, service: Service
) -> None:
    api.fail("sendMessage", NEVER_BEGUN)
    await api.say("/size BTC 5x 10k", chat=GROUP)
    link = (await first(api)).buttons["Open the private chat"]["url"]
    await api.say(f"/start {link.partition('?start=')[2]}")
    shown = await first(api, 2)
    assert shown.chat_id == PRIVATE["id"]
    assert "5x long" in shown.text


async def test_a_renewed_answer_that_came_by_a_link_takes_its_own_place(
    api: BotApi, service: Service
) -> None:
    await api.say("/start ask-regime-BTC")
    shown = await first(api)
    await api.press(shown, "Refresh")
    await api.idle()
    assert len(api.shown) == 1


async def test_a_plan_is_opened_in_private_only_and_only_by_whom_it_belongs_to(api: BotApi) -> None:
    async with telegram_serving(desk_on(telegram_url=api.url, is_warning=True)):
        await api.say("/plan BTC 5x 10k")
        name = (await first(api)).text.partition(" ·")[0].rpartition(" ")[2]
        await api.say(f"/start plan-{name}")
        assert f"BTC 5x long {name}" in (await first(api, 2)).text
        await api.say(f"/start plan-{name}", chat={**PRIVATE, "id": 12}, sender=BOB)
        stranger = await first(api, 3)
        await api.say(f"/start@seawall_bot plan-{name}", chat=GROUP)
        told = await first(api, 4)
    assert stranger.text.startswith("! No plans yet.")
    assert told.text.startswith("That answer is for you alone.")
    assert told.buttons["Open the private chat"]["url"].endswith(f"?start=plan-{name}")


async def test_what_a_link_would_change_is_shown_before_it_is_done(api: BotApi) -> None:
    async with telegram_serving(desk_on(telegram_url=api.url, is_warning=True)):
        await api.say("/start ask-mute-30d")
        shown = await first(api)
        assert "/mute 30d" in shown.text
        await api.press(shown, "Do it")
        assert "nothing is sent until" in (await first(api, 2)).text


async def test_a_group_that_takes_the_bot_in_by_a_link_subscribes_if_a_manager_did(api: BotApi) -> None:
    api.managers.add((GROUP["id"], 11))
    async with telegram_serving(desk_on(telegram_url=api.url, is_warning=True)):
        await api.say("/start@seawall_bot sub-BTC", chat=GROUP)
        assert "BTC · you will be warned here" in (await first(api)).text


@pytest.mark.parametrize(
    "payload", ["x" * 64, "ask-", "sub-", "plan-", "alert-", "__________", "ask-_3c_62_3e"]
)
async def test_a_payload_that_stands_for_nothing_is_a_polite_hello(
    payload: str, api: BotApi, service: Service
) -> None:
    await api.say(f"/start {payload}")
    assert "Seawall watches leverage" in (await first(api)).text


async def test_the_bot_can_be_taken_into_a_group_from_where_it_is_known(
    api: BotApi, service: Service
) -> None:
    await api.say("/help")
    assert "https://t.me/seawall_bot?startgroup=true" in (await first(api)).text
    await api.say("/help", chat=GROUP)
    assert "startgroup" not in (await first(api, 2)).text
