"""Answers on Discord, as somebody in a channel meets them: the real library against simcord."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
import pytest_asyncio

from bot.chat_platform import Desk, Sentence
from bot.lines import Lines, short_name
from bot.platforms.discord.buttons import ROOM, LineButton
from bot.platforms.discord.render import Controls, layout_of
from bot.platforms.discord.service import Client
from commands.protocol import dispatch
from commands.protocol.reply import Heading, Reply
from commands.protocol.request import Role
from store.in_memory import MemosInMemory
from tests.bot.desks import desk_on
from tests.bot.discord.reading import BUTTON, MENU, labels, parts, told
from tests.bot.discord.rooms import alice, channel, env, simcord_bot
from tests.commands.markets import NOW_MS, crowding
from tests.doubles.discord_schemas import refused_request
from tests.positions import PLAN_ID, PLANNED

__all__ = ["alice", "channel", "env", "simcord_bot"]

SHARE = Sentence.POST.in_words("en")
LONG = "/size BTC 5x " + " ".join(f"lose={number}.123456789%" for number in range(10))


class Clock:
    """The present, as far as answers for all and what is kept for a time go."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Desk:
    made = desk_on(crowding(), crowding(asset="ETH"), data_dir=tmp_path, is_warning=True)
    return replace(made, services=replace(made.services, memos=MemosInMemory(lambda: clock.now_ms)))


@pytest.fixture
def bob(env: Any, channel: Any) -> Any:
    return env.guild.add_member(env.create_user("bob"))


@pytest_asyncio.fixture
async def operator(env: Any, channel: Any, desk: Desk) -> Any:
    """Who runs the bot, and manages the server as well."""
    role = env.guild.create_role("desk head", permissions=discord.Permissions(manage_guild=True))
    carol = env.guild.add_member(env.create_user("carol"), roles=(role,))
    settings = desk.settings.model_copy(update={"operators": frozenset({f"discord:{carol.id}"})})
    await env.restart_bot(Client(replace(desk, settings=settings)))
    return carol


async def opened(desk: Desk, channel: Any) -> None:
    """The channel's managers chose that all see the state of the market."""
    assert desk.services.chats is not None
    await desk.services.chats.change(f"discord:{channel.id}", lambda chat: replace(chat, public=True))


def sent(env: Any) -> list[tuple[str, str, Mapping[str, Any] | None]]:
    return [(entry.method, entry.path, entry.json) for entry in env.http_requests]


# ---------------------------------------------------------------------------------- for whose eyes


async def test_every_answer_in_a_channel_is_for_its_asker_alone_and_can_be_posted(
    alice: Any, channel: Any
) -> None:
    position = {"leverage": 5.0, "asset": "BTC", "equity": "10k"}
    needed: Any = {"size": position, "stress": position, "hedge": {"notional": "50k"}}
    for command in dispatch.commands():
        if command.needs is not Role.ANYONE or command.form:
            continue
        given = needed.get(command.name, {})
        result = await alice.slash(channel, command.name, **given)
        assert result.ephemeral, command.name
        assert all(one.ephemeral for one in result.followups), command.name
        assert SHARE in labels(result.response), command.name
    assert channel.last_message is None


async def test_no_position_is_seen_by_others_whatever_is_asked_and_pressed_until_its_owner_posts_it(
    env: Any, desk: Desk, operator: Any, channel: Any
) -> None:
    assert desk.services.people is not None
    await desk.services.people.change(
        f"discord:{operator.id}", lambda person: replace(PLANNED, name=person.name)
    )
    position = {"leverage": 5.0, "asset": "BTC", "equity": "10k"}
    given: Any = {"size": position, "stress": {"asset": "BTC"}, "plan": {"doing": "list"}}
    for command in dispatch.commands():
        asked = await operator.slash(channel, command.name, **given.get(command.name, {}))
        if asked.modal is not None:
            continue
        assert asked.ephemeral, command.name
        for custom_id in [part["custom_id"] for part in parts(asked.response, BUTTON)]:
            if custom_id.startswith("seawall:/"):
                assert (await operator.click(asked.response.message, custom_id=custom_id)).ephemeral
        assert channel.last_message is None, command.name
    shown = await operator.slash(channel, "positions")
    await operator.click(shown.response.message, label=SHARE)
    assert PLAN_ID in told(channel.last_message)
    assert told(channel.last_message).startswith(f"Shared by <@{operator.id}>:")


async def test_alone_with_the_bot_an_answer_stays_and_there_is_nobody_to_post_it_to(env: Any) -> None:
    user = env.create_user("dora")
    result = await user.slash("regime")
    assert not result.ephemeral
    assert SHARE not in labels(result.response)


async def test_every_payload_is_one_that_discord_takes(env: Any, alice: Any, channel: Any) -> None:
    await alice.autocomplete(channel, "regime", "asset", "b")
    await alice.slash(channel, "plan")
    for name in ("regime", "why", "scan", "check", "status", "help", "start", "levels", "alerts"):
        asked = await alice.slash(channel, name)
        await alice.click(asked.response.message, label=SHARE)
    sized = await alice.slash(channel, "size", leverage=5.0, asset="BTC", equity="10k")
    await alice.click(sized.response.message, label="Why")
    await alice.slash(channel, "size", leverage=5.0, equity="banana")
    judged = {path.rpartition("/")[2]: refused_request(*one) for one in sent(env) if (path := one[1])}
    assert len([one for one in sent(env) if one[2]]) > 30
    assert [said for _, _, body in sent(env) for said in refused_request(_, "", body)] == []
    assert {path: said for path, said in judged.items() if said} == {}


# ---------------------------------------------------------------------------------- choosing and long lines


async def test_a_word_that_is_one_of_a_few_is_chosen_from_a_menu(operator: Any, channel: Any) -> None:
    asked = await operator.slash(channel, "unwatch")
    assert asked.modal is None
    (menu,) = parts(asked.response, MENU)
    assert [option["value"] for option in menu["options"]] == ["BTC", "ETH", "SOL"]
    assert menu["placeholder"] == "Choose: asset"
    chosen = await operator.select(asked.response.message, ["ETH"])
    assert chosen.ephemeral
    assert "ETH" in told(chosen.response)


async def test_a_wrong_word_is_asked_for_again_with_what_it_may_be_also_after_a_restart(
    env: Any, desk: Desk, alice: Any, channel: Any
) -> None:
    asked = await alice.slash(channel, "check", asset="banana")
    (menu,) = parts(asked.response, MENU)
    assert menu["custom_id"] == "seawall:~/check asset="
    await env.restart_bot(Client(desk))
    chosen = await alice.select(asked.response.message, ["ETH"])
    assert "ETH long · " in told(chosen.response)


async def test_a_line_too_long_for_a_button_is_kept_and_its_button_works_after_a_restart(
    env: Any, desk: Desk, alice: Any, channel: Any
) -> None:
    line = "/size BTC 5x equity=10k hold=72h lose=4.5% mode=isolated base=8.00000001 entry=64,200 venue=binance long"
    assert len(line) > ROOM
    carried = await Lines(desk.services.memos).carried(line, ROOM)
    assert carried == short_name(line)
    layout = layout_of(Reply((Heading("x"),)), Controls((LineButton("Again", carried, renews=False),)))
    message = await env.bot.get_channel(channel.id).send(view=layout)
    await env.restart_bot(Client(desk))
    result = await alice.click(message, label="Again")
    assert result.ephemeral
    assert "BTC 5x long" in told(result.response)


async def test_a_line_that_is_kept_no_more_says_so(env: Any, clock: Clock, alice: Any, channel: Any) -> None:
    button = LineButton("Again", short_name("/regime BTC and more"), renews=False)
    layout = layout_of(Reply((Heading("x"),)), Controls((button,)))
    message = await env.bot.get_channel(channel.id).send(view=layout)
    result = await alice.click(message, label="Again")
    assert told(result.response) == Sentence.FORGOTTEN.in_words("en")


async def test_without_a_store_for_them_long_lines_are_left_out() -> None:
    assert await Lines(None).carried(LONG, ROOM) is None
    assert await Lines(None).carried("/regime BTC", ROOM) == "/regime BTC"
    assert await Lines(None).whole(short_name(LONG)) is None


# ---------------------------------------------------------------------------------- for all in a channel


async def test_where_the_channel_chose_so_the_state_is_posted_for_all(
    desk: Desk, alice: Any, channel: Any
) -> None:
    await opened(desk, channel)
    result = await alice.slash(channel, "regime", asset="BTC")
    assert result.ephemeral
    assert told(result.response) == Sentence.POSTED.in_words("en")
    assert "BTC · CROWDING" in told(channel.last_message)
    assert SHARE not in labels(channel.last_message)


async def test_whoever_asks_the_same_within_a_minute_is_led_to_it(
    desk: Desk, clock: Clock, alice: Any, bob: Any, channel: Any
) -> None:
    await opened(desk, channel)
    await alice.slash(channel, "regime", asset="BTC")
    posted = channel.last_message
    clock.now_ms += 59_000
    result = await bob.slash(channel, "regime", asset="BTC")
    assert result.ephemeral
    assert told(result.response).endswith(f"/{channel.id}/{posted.id}")
    assert channel.last_message.id == posted.id
    clock.now_ms += 2_000
    await bob.slash(channel, "regime", asset="BTC")
    assert channel.last_message.id != posted.id


async def test_another_asset_is_posted_beside_it(desk: Desk, alice: Any, channel: Any) -> None:
    await opened(desk, channel)
    await alice.slash(channel, "regime", asset="BTC")
    await alice.slash(channel, "regime", asset="ETH")
    assert "ETH · CROWDING" in told(channel.last_message)


async def test_a_restart_posts_no_second_one(
    env: Any, desk: Desk, alice: Any, bob: Any, channel: Any
) -> None:
    await opened(desk, channel)
    await alice.slash(channel, "regime")
    posted = channel.last_message.id
    await env.restart_bot(Client(desk))
    result = await bob.slash(channel, "regime")
    assert str(posted) in told(result.response)


async def test_nothing_but_the_state_of_the_market_is_ever_posted_unasked(
    desk: Desk, alice: Any, channel: Any
) -> None:
    await opened(desk, channel)
    for name in ("why", "check", "positions", "status", "levels"):
        assert (await alice.slash(channel, name)).ephemeral
    await alice.slash(channel, "size", leverage=5.0, asset="BTC", equity="10k")
    await alice.slash(channel, "regime", asset="banana")
    assert channel.last_message is None


async def test_what_all_see_is_renewed_for_all_and_its_other_buttons_answer_one(
    desk: Desk, alice: Any, bob: Any, channel: Any
) -> None:
    await opened(desk, channel)
    await alice.slash(channel, "regime")
    posted = channel.last_message
    await bob.click(posted, label="Refresh")
    assert channel.last_message.id == posted.id
    assert SHARE not in labels(channel.last_message)
    assert (await bob.click(posted, label="Why")).ephemeral
