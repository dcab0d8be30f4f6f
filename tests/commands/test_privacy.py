"""/privacy, /export and /forget as conversations, on the real store."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from bot.live import services_on
from commands.protocol.dispatch import outcome
from commands.protocol.phrases import languages, phrases_in
from commands.protocol.request import Role
from commands.wording.keeping import told_of
from market.margin import bundled_tiers
from store import keys
from store.connection import Connection
from store.in_memory import SnapshotsInMemory
from store.registry import entries
from store.tombstones import read_graves
from tests.commands.levelled import depth, priced
from tests.commands.markets import NOW_MS
from tests.commands.talking import Talk, context
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.crowded import dump, traces_in

__all__ = ["valkey", "valkey_socket"]

assert bundled_tiers()
MARKET = (priced("BTC", 64_210.0, depth()),)
GROUP = "-1001234512345"


def talk(valkey: Connection, user: str, **changed: Any) -> Talk:
    """Somebody on the real store, with a market that can be asked of."""
    services = replace(services_on(valkey, is_live=True), snapshots=SnapshotsInMemory(("BTC", "ETH"), MARKET))
    here = context(*MARKET, user=user, chat=changed.pop("chat", user), **changed)
    return Talk(replace(here, services=services, reach=f"telegram:{user}" if user else None))


async def settled(valkey: Connection, user: str) -> Talk:
    """Somebody who subscribed, muted, keeps a plan and limits of their own."""
    said = talk(valkey, user, role=Role.MANAGER)
    for line in (
        "/subscribe BTC cascade",
        "/mute BTC 2h",
        "/plan BTC 5x long 10k line=60,000",
        "/settings base=4x",
    ):
        await said(line)
    return said


def code_in(ask: Talk) -> str:
    return str(ask.reply.data["code"])


async def confirmed(ask: Talk, line: str = "/forget") -> str:
    await ask(line)
    return await ask(ask.reply.actions[0].command)


async def test_privacy_tells_of_every_kind_of_key_that_is_of_people(valkey: Connection) -> None:
    said = await talk(valkey, "4711")("/privacy")
    told = {word for word, _ in told_of().items()}
    for entry in entries():
        assert not entry.is_of_people or entry.told in told, entry.name
    phrases = phrases_in("en")
    for word in told:
        assert phrases.word("privacy_kept", word) in said
    assert "which picture stands above which words: 24 hours." in said
    assert "the number a group had before: 90 days." in said


@pytest.mark.parametrize("language", languages())
def test_what_ends_a_kind_without_a_time_to_live_is_said_in_every_language(language: str) -> None:
    phrases = phrases_in(language)
    for word, kinds in told_of().items():
        assert phrases.word("privacy_kept", word)
        if any(entry.kept_s is None for entry in kinds):
            assert phrases.word("privacy_until", word)


async def test_in_private_it_says_how_much_is_kept_of_the_asker_now(valkey: Connection) -> None:
    ask = await settled(valkey, "4711")
    said = await ask("/privacy")
    assert (
        "the plans you asked to keep: until you drop them or /forget. Now: 2." in said
    )  # a plan and a limit
    assert dict(ask.reply.data)["now"] == {"plans": 2, "chat": 1}


async def test_plans_are_counted_one_by_one(valkey: Connection) -> None:
    ask = talk(valkey, "4711")
    for leverage in (2, 3, 4, 5):
        await ask(f"/plan BTC {leverage}x long 10k")
    assert "the plans you asked to keep: until you drop them or /forget. Now: 4." in await ask("/privacy")
    assert "the plans you asked to keep: 4" in await ask("/forget")


async def test_alone_on_discord_it_knows_the_chat_that_has_a_number_of_its_own(valkey: Connection) -> None:
    ask = talk(valkey, "4711", chat="900", platform="discord", role=Role.MANAGER)
    await ask("/subscribe BTC cascade")
    await ask("/privacy")
    assert dict(ask.reply.data)["now"] == {"chat": 1, "warned_by": 1}
    await confirmed(ask)
    assert keys.chat("discord:900") not in await dump(valkey)


async def test_in_a_group_it_counts_what_is_of_the_group_alone(valkey: Connection) -> None:
    await settled(valkey, "4711")
    ask = talk(valkey, "4711", chat=GROUP, is_private=False)
    await ask("/privacy")
    assert ask.reply.data["now"] == {}


async def test_an_export_holds_all_that_was_said_and_nothing_of_others(valkey: Connection) -> None:
    ask = await settled(valkey, "4711")
    await settled(valkey, "4712")
    await ask("/export")
    assert ask.reply.private
    assert ask.reply.file is not None
    text = ask.reply.file.content.decode()
    kept = json.loads(text)["kept"]
    (person,) = kept["person"]["values"]
    assert person["base_leverage"] == 4.0
    assert [plan["asset"] for plan in person["plans"]] == ["BTC"]
    (chat,) = kept["chat"]["values"]
    assert chat["subscriptions"][0]["kind"] == "cascade"
    assert chat["muted_ms"]
    assert "4712" not in text


async def test_an_export_is_told_in_private_alone(valkey: Connection) -> None:
    ask = talk(valkey, "4711", chat=GROUP, is_private=False)
    assert "ask me in private" in await ask("/export")
    assert ask.reply.file is None


async def test_the_terminal_shows_the_export_itself(valkey: Connection) -> None:
    ask = talk(valkey, "", platform="terminal", chat="", role=Role.OWNER)
    await ask("/subscribe BTC cascade")
    said = await ask("/export")
    assert '"kept": {' in said
    assert "Not in it: the lines typed in seawall chat" in said


@pytest.mark.parametrize("language", languages())
async def test_privacy_at_a_terminal_names_the_lines_that_are_kept_there(
    valkey: Connection, language: str
) -> None:
    phrases = phrases_in(language)
    ask = talk(valkey, "", platform="terminal", chat="", role=Role.OWNER)
    ask.context = replace(ask.context, language=language)
    said = await ask("/privacy")
    assert "chat_history" in said
    assert "500" in said
    assert "/forget" in said
    assert "--no-history" in said
    assert phrases.say("privacy.never") not in said
    elsewhere = talk(valkey, "4711")
    elsewhere.context = replace(elsewhere.context, language=language)
    told = await elsewhere("/privacy")
    assert "chat_history" not in told
    assert phrases.say("privacy.never") in told


async def test_forgetting_takes_two_steps_and_leaves_nothing_but_a_mark(valkey: Connection) -> None:
    ask = await settled(valkey, "4711")
    said = await ask("/forget")
    assert "your own limits and the plans you asked to keep: 2" in said
    assert (await ask("/positions")).count("BTC")
    await ask("/forget")
    assert "Nothing is kept of you any more" in await ask(f"/forget {code_in(ask)}")
    found = await dump(valkey)
    assert traces_in(found, 4711) == []
    assert (await read_graves(valkey)).covers("telegram:4711", NOW_MS)


@pytest.mark.parametrize("code", ["zzzzzzzz", "me2", "-", "١٢٣"])
async def test_a_wrong_code_erases_nothing(code: str, valkey: Connection) -> None:
    ask = await settled(valkey, "4711")
    await ask("/forget")
    before = await dump(valkey)
    await ask(f"/forget {code}")
    assert outcome(ask.reply) == "refused"
    assert await dump(valkey) == before


async def test_a_code_of_somebody_else_is_none_and_each_is_good_once(valkey: Connection) -> None:
    ask, other = await settled(valkey, "4711"), await settled(valkey, "4712")
    await ask("/forget")
    code = code_in(ask)
    await other(f"/forget {code}")
    assert outcome(other.reply) == "refused"
    await ask(f"/forget {code}")
    await ask(f"/forget {code}")
    assert outcome(ask.reply) == "refused"


async def test_a_group_is_forgotten_by_its_manager_alone(valkey: Connection) -> None:
    manager = talk(valkey, "4711", chat=GROUP, is_private=False, role=Role.MANAGER)
    member = talk(valkey, "4712", chat=GROUP, is_private=False)
    await manager("/subscribe ETH regime")
    await member("/forget chat")
    assert outcome(member.reply) == "refused"
    assert "Nothing is kept of this chat any more" in await confirmed(manager, "/forget chat")
    assert [
        key for key, value in (await dump(valkey)).items() if GROUP in key or GROUP.encode() in value
    ] == []


async def test_a_member_who_is_forgotten_leaves_the_group_its_settings_without_their_name(
    valkey: Connection,
) -> None:
    manager = talk(valkey, "4711", chat=GROUP, is_private=False, role=Role.MANAGER)
    await manager("/subscribe ETH regime")
    await confirmed(manager)
    said = await talk(valkey, "4712", chat=GROUP, is_private=False)("/alerts changes")
    assert "subscribed" in said
    assert "4711" not in said
    assert "somebody who was forgotten" in said


async def test_the_code_of_a_chat_is_good_in_that_chat_alone(valkey: Connection) -> None:
    here = talk(valkey, "4711", chat=GROUP, is_private=False, role=Role.MANAGER)
    there = talk(valkey, "4711", chat="-1001111111111", is_private=False, role=Role.MANAGER)
    await here("/forget chat")
    await there(f"/forget {code_in(here)}")
    assert outcome(there.reply) == "refused"


async def test_who_was_forgotten_may_begin_anew(valkey: Connection) -> None:
    ask = await settled(valkey, "4711")
    await confirmed(ask)
    await ask("/subscribe BTC cascade")
    assert "v1:chat:telegram:4711" in await dump(valkey)


async def test_a_recorded_market_says_that_it_keeps_nothing() -> None:
    for line in ("/privacy", "/export", "/forget"):
        assert "nothing is kept of anybody" in await Talk(context(*MARKET))(line)


async def test_who_speaks_as_the_group_itself_is_nobody_of_whom_anything_is_kept(valkey: Connection) -> None:
    ask = talk(valkey, "", chat=GROUP, is_private=False, role=Role.MANAGER)
    assert "nobody of whom anything is kept" in await ask("/forget")
    await ask("/subscribe ETH regime")
    await confirmed(ask, "/forget chat")
    assert keys.chat(f"telegram:{GROUP}") not in await dump(valkey)


def test_a_code_is_taken_for_no_other_word() -> None:
    assert re.fullmatch(r"[a-z]{8}", "zzzzzzzz")
