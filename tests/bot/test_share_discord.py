"""Sharing on Discord: what only its reader sees is posted for all when, and only when, its reader says so."""

from typing import Any

import pytest

from bot.chat_platform import Desk, Sentence
from bot.platforms.discord.buttons import ShareButton
from bot.platforms.discord.render import Controls, plain_view
from bot.platforms.discord.service import Client
from tests.bot.discord.reading import labels, told
from tests.bot.discord.rooms import alice, channel, desk, env, simcord_bot

__all__ = ["alice", "channel", "desk", "env", "simcord_bot"]

SHARE = Sentence.POST.in_words("en")


async def sized(alice: Any, channel: Any) -> Any:
    """Alice's answer, which she alone sees."""
    return await alice.slash(channel, "size", leverage=5.0, asset="BTC", equity="10k")


async def test_what_is_shared_is_the_answer_as_it_stands_marked_as_theirs(
    env: Any, alice: Any, channel: Any
) -> None:
    asked = await sized(alice, channel)
    answer = told(asked.response)
    result = await alice.click(asked.response.message, label=SHARE)
    (shared,) = result.followups
    assert not shared.ephemeral
    assert told(shared) == f"Shared by <@{alice.id}>:\n{answer}"
    assert labels(shared.message) == []
    sent = [entry.json for entry in env.http_requests if "webhooks" in entry.path and entry.json]
    assert all(body["allowed_mentions"] == {"parse": []} for body in sent if body.get("content"))


async def test_what_was_shared_loses_its_button_and_keeps_the_others(alice: Any, channel: Any) -> None:
    asked = await sized(alice, channel)
    before = labels(asked.response.message)
    await alice.click(asked.response.message, label=SHARE)
    assert labels(asked.response.message) == [label for label in before if label != SHARE]
    assert len(before) > 1


async def test_it_is_shared_after_a_restart(env: Any, desk: Desk, alice: Any, channel: Any) -> None:
    asked = await sized(alice, channel)
    await env.restart_bot(Client(desk))
    result = await alice.click(asked.response.message, label=SHARE)
    assert told(result.followups[0]).startswith("Shared by")


@pytest.mark.parametrize("is_own", [True, False])
async def test_a_message_that_all_can_see_is_not_shared_whosever_button_it_is(
    is_own: bool, env: Any, alice: Any, channel: Any
) -> None:
    button = ShareButton(SHARE, str(alice.id) if is_own else "1")
    there = env.bot.get_channel(channel.id)
    message = await there.send("of nobody in particular", view=plain_view(Controls([button])))
    result = await alice.click(message, label=SHARE)
    assert result.ephemeral
    assert told(result.response) == Sentence.NOT_SHARED.in_words("en")
    assert result.followups == []


async def test_every_answer_can_be_shared_and_no_refusal(alice: Any, channel: Any) -> None:
    regime = await alice.slash(channel, "regime")
    refused = await alice.slash(channel, "size", leverage=5.0, equity="banana")
    assert SHARE in labels(regime.response.message)
    assert SHARE not in labels(refused.response.message)


async def test_alone_with_the_bot_there_is_nobody_to_share_with(env: Any, channel: Any) -> None:
    carol = env.create_user("carol")
    asked = await carol.slash("size", leverage=5.0, asset="BTC", equity="10k")
    assert "BTC 5x long" in told(asked.response)
    assert SHARE not in labels(asked.response.message)
