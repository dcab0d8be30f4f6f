"""What goes wrong on Telegram's side, row by row of the failure catalogue (reliability, 2.C), through the whole bot.

ROWS names the tests of each row; one here sees to it that they exist.
"""

import asyncio
import importlib

import pytest

from bot.chat_platform import PlatformStopped
from bot.platforms.telegram.standing import BLOCKED
from store.outbox import Outbox
from tests import canary
from tests.doubles.telegram import GROUP, PRIVATE, Fault
from tests.journeys.telegram.stage import FALLING, Stage, another

MINE = f"telegram:{PRIVATE['id']}"
ROWS: dict[str, tuple[str, ...]] = {
    "429 in one chat": (
        "journeys.telegram.test_groups.test_a_flood_in_one_group_holds_up_nobody_else",
        "bot.test_telegram.test_a_flood_limit_in_one_chat_is_waited_out_and_others_are_served",
        "bot.delivery.test_deliverer.test_a_limit_of_one_chat_holds_that_chat_only",
    ),
    "429 in all": (
        "journeys.telegram.test_failures.test_a_broadcast_and_answers_keep_every_published_limit",
    ),
    "403 and gone chats": (
        "journeys.telegram.test_failures.test_a_chat_that_blocked_the_bot_is_tried_once_and_start_revives_it",
        "journeys.telegram.test_failures.test_a_refusal_nobody_knows_suspends_no_chat",
        "journeys.telegram.test_failures.test_a_group_that_was_closed_for_a_night_hears_what_it_missed",
        "journeys.telegram.test_private.test_who_blocks_the_bot_is_not_written_to_and_is_warned_again_when_back",
        "bot.test_telegram_messenger.test_every_error_is_of_one_kind",
    ),
    "migration": (
        "journeys.telegram.test_groups.test_a_group_that_becomes_a_supergroup_keeps_what_it_had",
        "journeys.telegram.test_groups.test_a_supergroup_nobody_told_of_is_found_out_by_the_next_warning",
    ),
    "400 can't parse entities": (
        "journeys.telegram.test_failures.test_a_warning_whose_html_is_refused_goes_out_in_plain_words",
        "bot.test_telegram.test_refused_html_goes_out_as_plain_text",
    ),
    "400 too long": (
        "bot.test_telegram_messenger.test_a_warning_longer_than_a_message_is_several_and_only_the_first_makes_a_sound",
        "bot.test_hostile.test_every_command_answers_in_what_telegram_takes",
    ),
    "502, time-out, reset after it was taken": (
        "journeys.telegram.test_failures.test_a_warning_that_may_have_arrived_is_sent_once_more_and_marked",
        "bot.test_telegram.test_an_answer_that_may_have_arrived_is_not_sent_twice",
    ),
    "401 revoked": (
        "journeys.telegram.test_failures.test_a_revoked_token_ends_telegram_and_keeps_what_was_to_be_sent",
    ),
    "409 conflict": (
        "journeys.telegram.test_restarts.test_two_bots_with_one_token_say_so_and_both_go_on_living",
        "bot.test_telegram_service.test_a_second_poller_is_said_and_waited_for",
    ),
    "getUpdates gap": ("journeys.telegram.test_failures.test_a_subscription_is_kept_before_it_is_confirmed",),
    "duplicate update_id": (
        "journeys.telegram.test_restarts.test_an_update_that_comes_again_after_a_kill_has_one_effect",
        "bot.test_telegram_once.test_a_press_is_not_done_again_after_a_restart",
    ),
    "webhook secret": (
        "journeys.telegram.test_words_and_ways.test_updates_are_brought_answered_and_fetched_again_when_the_webhook_is_gone",
        "bot.test_telegram_webhook.test_who_does_not_know_the_secret_is_refused_without_an_echo",
    ),
}


@pytest.mark.parametrize("name", [name for names in ROWS.values() for name in names])
def test_every_row_has_the_tests_that_are_named(name: str) -> None:
    module, _, test = name.rpartition(".")
    assert callable(getattr(importlib.import_module(f"tests.{module}"), test))


async def test_a_broadcast_and_answers_keep_every_published_limit(stage: Stage) -> None:
    people = range(200, 240)
    stage.api.floods.refuses = True
    await stage.subscribe([*(f"telegram:{person}" for person in people), f"telegram:{GROUP['id']}"])
    async with stage.bot():
        await stage.announce()
        for _ in range(4):
            await stage.api.say("/regime")
        await stage.api.messages(len(people) + 5)
    assert stage.api.floods.violations == []
    assert {shown.chat_id for shown in stage.api.shown} == {*people, GROUP["id"], PRIVATE["id"]}


async def test_a_chat_that_blocked_the_bot_is_tried_once_and_start_revives_it(stage: Stage) -> None:
    await stage.subscribe([MINE])
    stage.api.standing[PRIVATE["id"]] = "kicked"  # and Telegram tells nobody
    async with stage.bot():
        await stage.announce()
        await stage.api.wait_for(lambda: bool(stage.sent_to(PRIVATE["id"])))
        await stage.quiet()
        kept = await stage.chat(MINE)
        assert kept is not None
        assert "blocked" in (kept.suspended or "") or kept.suspended == BLOCKED
        await stage.announce(another("ETH"))
        await stage.quiet()
        assert len(stage.sent_to(PRIVATE["id"])) == 1
        stage.api.standing[PRIVATE["id"]] = "member"
        await stage.ask("/start")
        assert (await stage.warn(another("SOL"))).chat_id == PRIVATE["id"]


async def test_a_group_that_was_closed_for_a_night_hears_what_it_missed(stage: Stage) -> None:
    await stage.subscribe([f"telegram:{GROUP['id']}"])
    async with stage.bot():
        stage.api.standing[GROUP["id"]] = "restricted"  # everybody is, and Telegram tells nobody
        await stage.announce()
        await stage.api.wait_for(lambda: bool(stage.sent_to(GROUP["id"])))
        await stage.pass_time(lambda: len(stage.sent_to(GROUP["id"])) == 3)
        assert not any(shown.chat_id == GROUP["id"] for shown in stage.api.shown)
        stage.api.standing[GROUP["id"]] = "member"
        await stage.pass_time(lambda: any(shown.chat_id == GROUP["id"] for shown in stage.api.shown))
    assert "BTC" in stage.api.shown[-1].text
    kept = await stage.chat(f"telegram:{GROUP['id']}")
    assert kept is not None
    assert kept.suspended is None
    stage.api.refusals.clear()


async def test_a_refusal_nobody_knows_suspends_no_chat(stage: Stage) -> None:
    await stage.subscribe([MINE])
    async with stage.bot():
        stage.api.fail("sendMessage", Fault(403, "Forbidden: the moon is in the wrong house"))
        await stage.announce()
        await stage.api.wait_for(lambda: bool(stage.sent_to(PRIVATE["id"])))
        await stage.quiet()
        kept = await stage.chat(MINE)
        assert kept is not None
        assert kept.suspended is None
        assert (await stage.warn(another("ETH"))).chat_id == PRIVATE["id"]


async def test_a_warning_whose_html_is_refused_goes_out_in_plain_words(stage: Stage) -> None:
    await stage.subscribe([MINE])
    async with stage.bot():
        stage.api.fail("sendMessage", Fault(400, "Bad Request: can't parse entities: Unsupported start tag"))
        warning = await stage.warn()
    assert warning.parse_mode is None
    assert "<" not in warning.raw
    assert {"Why", "Size"} <= set(warning.buttons)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(502, page="<html>Bad Gateway</html>", delivered=True),
        Fault(500, delivered=True),
        Fault(cut=True, delivered=True),
    ],
    ids=["bad gateway", "server error", "cut"],
)
async def test_a_warning_that_may_have_arrived_is_sent_once_more_and_marked(
    fault: Fault, stage: Stage
) -> None:
    fault.times = 5
    await stage.subscribe([MINE])
    async with stage.bot():
        stage.api.fail("sendMessage", fault)
        first = await stage.warn()
        await stage.pass_time(lambda: len(stage.api.shown) == 2)
        second, began_ms = stage.api.shown[1], stage.now_ms
        await stage.pass_time(lambda: stage.now_ms > began_ms + 60_000)
        fault.times = 0
        await stage.quiet()
    copies = [shown.text for shown in stage.api.shown if shown.chat_id == PRIVATE["id"]]
    assert len(copies) == 2
    assert "(repeat)" not in first.text
    assert "(repeat)" in second.text


async def test_a_revoked_token_ends_telegram_and_keeps_what_was_to_be_sent(stage: Stage) -> None:
    await stage.subscribe([MINE])
    token, stage.api.token = stage.api.token, "1:" + "x" * 35
    await stage.announce(FALLING)
    async with stage.bot() as service:
        with pytest.raises(PlatformStopped):
            await service.serve()
    waiting = await Outbox(stage.valkey, "telegram").depth()
    assert not any(canary.leaks(one) for one in stage.api.refusals)
    stage.api.token = token
    before = len(stage.api.shown)
    async with stage.bot():
        assert "CRITICAL" in (await stage.api.messages(before + 1))[before].text
    assert sum(waiting.values()) <= 1


async def test_a_subscription_is_kept_before_it_is_confirmed(stage: Stage) -> None:
    async with stage.bot():
        asking = asyncio.create_task(stage.ask("/subscribe BTC"))
        await stage.api.wait_for(lambda: bool(stage.api.called("sendMessage")))
        kept = await stage.chat(MINE)
        assert kept is not None
        assert kept.subscriptions
        await asking
