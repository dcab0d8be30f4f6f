"""/subscribe in a server: several assets and kinds in one line, a role to mention, a thread a wave; and who did it."""

from dataclasses import replace

import pytest

from commands.protocol.dispatch import outcome
from commands.protocol.reply import Mention, Moment, Told
from commands.protocol.request import Role
from market.alerts import Kind, Severity
from store.wishes import Chat
from tests.commands.markets import NOW_MS, calm, crowding
from tests.commands.talking import Talk, monospaced, talk

SERVER = "700000000000000001"
NOW = "2026-11-22 12:04 UTC"
ROLE = "700000000000000777"


@pytest.fixture
def ask() -> Talk:
    """A manager of a Discord server whose member the bot is."""
    known = talk(
        crowding(),
        calm(asset="ETH"),
        watched=("BTC", "ETH", "SOL"),
        role=Role.MANAGER,
        alerts=(),
        platform="discord",
        is_private=False,
    )
    return Talk(replace(known.context, server=SERVER))


async def here(ask: Talk) -> Chat:
    assert ask.context.services.chats is not None
    return await ask.context.services.chats.get(ask.context.address) or Chat(ask.context.address)


async def test_several_assets_and_kinds_are_one_line(ask: Talk) -> None:
    said = await ask("/subscribe btc,ethusdt cascade,liq")
    assert said.startswith("BTC, ETH · you will be warned here")
    assert "Told here: cascade from WATCH up; forced closing from WATCH up." in said
    assert [(wish.asset, wish.kind) for wish in (await here(ask)).subscriptions] == [
        ("BTC", Kind.CASCADE),
        ("BTC", Kind.LIQUIDATIONS),
        ("ETH", Kind.CASCADE),
        ("ETH", Kind.LIQUIDATIONS),
    ]
    assert max(map(len, monospaced(ask.reply))) <= 37


async def test_all_beside_others_is_all(ask: Talk) -> None:
    await ask("/subscribe BTC,all")
    assert {wish.asset for wish in (await here(ask)).subscriptions} == {None}


async def test_one_of_several_that_is_not_watched_changes_nothing(ask: Talk) -> None:
    assert '"BANANA" is not watched' in await ask("/subscribe BTC,BANANA")
    assert "funding is never more severe than WATCH" in await ask("/subscribe BTC cascade,funding warning")
    assert "64,200" in await ask("/subscribe BTC 64,200")
    assert "is no" in await ask("/subscribe BTC kind=cascade,banana")
    assert (await here(ask)).subscriptions == ()


async def test_a_role_is_mentioned_from_the_severity_that_is_said(ask: Talk) -> None:
    said = await ask(f"/subscribe BTC ping=<@&{ROLE}> ping_from=warning thread=on")
    assert f"A wave mentions discord:{ROLE} once, from WARNING up." in said
    assert "What follows a wave's first message is told in a thread below it." in said
    chat = await here(ask)
    assert (chat.ping_role, chat.ping_least, chat.thread_a_wave) == (ROLE, Severity.WARNING, True)
    assert chat.server == SERVER
    assert ask.reply.data["ping"] == {"role": ROLE, "least": "warning"}


async def test_without_a_severity_it_is_mentioned_for_critical_ones(ask: Talk) -> None:
    await ask(f"/subscribe BTC ping={ROLE}")
    assert (await here(ask)).ping_least is Severity.CRITICAL


async def test_the_role_and_threads_change_without_an_asset(ask: Talk) -> None:
    await ask(f"/subscribe BTC ping={ROLE}")
    before = (await here(ask)).subscriptions
    assert (await ask("/subscribe ping=off thread=on")).startswith("How warnings are told here")
    chat = await here(ask)
    assert (chat.ping_role, chat.thread_a_wave, chat.subscriptions) == (None, True, before)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"/subscribe BTC ping={SERVER}", "I mention a role, never everybody."),
        ("/subscribe BTC ping_from=warning", "No role is mentioned here yet"),
        ("/subscribe BTC ping=off ping_from=warning", "No role is mentioned here yet"),
        ("/subscribe BTC ping=@everyone", '"@everyone" is no'),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_changes_nothing(ask: Talk, line: str, reason: str) -> None:
    assert reason in await ask(line)
    assert outcome(ask.reply) == "refused"
    assert (await here(ask)).subscriptions == ()


@pytest.mark.parametrize("words", [f"ping={ROLE}", "thread=on"])
async def test_where_there_is_no_server_there_are_no_roles_and_threads(ask: Talk, words: str) -> None:
    alone = Talk(replace(ask.context, server=""))
    assert "Roles and threads are a server's" in await alone(f"/subscribe BTC {words}")
    assert (await here(ask)).subscriptions == ()


async def test_alerts_shows_who_changed_what_and_when(ask: Talk) -> None:
    await ask(f"/subscribe BTC cascade ping={ROLE}")
    said = await ask("/alerts")
    assert f"{NOW} · discord:4711 · subscribed to BTC cascade watch" in said
    assert f"{NOW} · discord:4711 · role to mention discord:{ROLE} critical" in said
    (last,) = [block for block in ask.reply.blocks if isinstance(block, Told) and ROLE in str(block)][-1:]
    assert last.parts[0] == Moment(NOW_MS, words=NOW)
    assert last.parts[2] == Mention("discord:4711")
    assert Mention(f"discord:{ROLE}", kind="role") in last.parts


async def test_alerts_shows_the_three_newest_and_the_others_on_demand(ask: Talk) -> None:
    for count in range(1, 6):
        await ask(f"/settings cap {count}")
    assert (await ask("/alerts")).count("· messages a day") == 3
    assert "/alerts changes=on" in [action.command for action in ask.reply.actions]
    said = await ask("/alerts changes=on")
    assert said.startswith("Last changes here: 5")
    assert [line.rpartition(" ")[2] for line in said.split("\n")[1:]] == ["5", "4", "3", "2", "1"]
    assert [one["what"] for one in ask.reply.data["changes"]] == ["5", "4", "3", "2", "1"]  # type: ignore[attr-defined]


async def test_a_channel_may_have_the_regime_answered_for_all(ask: Talk) -> None:
    said = await ask("/settings public on")
    assert "The state of the market is answered here for everybody to see" in said
    assert any(line.startswith("All see /regime") and line.endswith("yes") for line in said.split("\n"))
    assert (await here(ask)).public
    assert "/settings public off" in [action.command for action in ask.reply.actions]
    await ask("/settings public off")
    assert not (await here(ask)).public
    assert [(change.did, change.what) for change in (await here(ask)).changes] == [
        ("public", "on"),
        ("public", "off"),
    ]
    assert max(map(len, monospaced(ask.reply))) <= 37


async def test_where_all_see_everything_anyway_there_is_nothing_to_choose(ask: Talk) -> None:
    alone = Talk(replace(ask.context, server=""))
    assert "here there is nothing to choose" in await alone("/settings public on")
    assert "All see /regime" not in await alone("/settings")
