"""What a chat says is kept for good before it is confirmed; rights are asked anew; who comes back is warned again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from commands.protocol.dispatch import answer, outcome
from commands.protocol.request import Context, Role
from scheduler.subscriptions.index import Index
from store.chats import StoredChats
from store.connection import Connection, StoreUnavailable, connected
from store.in_memory import ChatsInMemory
from store.post import StoredPost
from store.server import private_valkey
from store.services import Services
from store.wishes import Chat
from tests.commands.markets import crowding
from tests.commands.talking import Talk, context, text_of
from tests.store.program import process_id
from tests.store.programs import kill_server


def on(connection: Connection, **changed: object) -> Context:
    """A manager's request on a real store."""
    here = context(crowding(), alerts=(), role=Role.MANAGER)
    services = replace(here.services, chats=StoredChats(connection), post=StoredPost(connection))
    return replace(here, services=services, **changed)  # type: ignore[arg-type]


def services_with(here: Context, chats: ChatsInMemory) -> Services:
    return replace(here.services, chats=chats)


async def test_what_was_confirmed_is_there_after_kill_9_of_the_store(tmp_path: Path) -> None:
    async with private_valkey(tmp_path) as socket, connected(socket) as connection:
        assert "you will be warned here" in text_of(await answer("/subscribe BTC", on(connection)))
        assert "changed" in text_of(await answer("/settings quiet 23-07 Europe/Berlin", on(connection)))
        kept = await StoredChats(connection).get("telegram:4711")
        kill_server(await process_id(socket))
    async with private_valkey(tmp_path) as socket, connected(socket) as connection:
        found = await StoredChats(connection).get("telegram:4711")
        assert found is not None
        assert found == kept
        assert len(found.subscriptions) == 1


async def test_every_change_is_seen_by_who_addresses_warnings(valkey: Connection) -> None:
    ask = Talk(on(valkey))
    chats, index = StoredChats(valkey), Index()
    cursor = await chats.newest_change()
    for line, count in (("/subscribe BTC", 1), ("/subscribe all skew", 1), ("/unsubscribe all", 0)):
        await ask(line)
        told = await chats.changes(cursor)
        assert told is not None
        cursor, addresses = told
        assert addresses == ("telegram:4711",)
        chat = await chats.get("telegram:4711")
        assert chat is not None
        index.put(chat)
        assert len(index) == count


async def test_nothing_is_ever_addressed_to_a_terminal(valkey: Connection) -> None:
    ask = Talk(on(valkey, platform="terminal", chat=""))
    await ask("/subscribe all every")
    index = Index()
    index.fill([chat async for chat in StoredChats(valkey).all()])
    assert len(index) == 0


class Away(ChatsInMemory):
    """Chats whose store goes away while they are changed."""

    async def change(self, address: str, make: Callable[[Chat], Chat]) -> Chat:
        raise StoreUnavailable("The store is not available: refused")


async def test_what_may_not_be_kept_is_not_confirmed() -> None:
    here = context(crowding(), alerts=(), role=Role.MANAGER)
    ask = Talk(replace(here, services=services_with(here, Away())))
    for line in ("/subscribe BTC", "/mute 2h", "/settings cap 5", "/testalert", "/start sub-BTC"):
        said = await ask(line)
        assert "whether anything was changed is not known" in said
        assert outcome(ask.reply) == "failed"


async def test_a_right_that_was_taken_away_is_noticed_when_it_is_written() -> None:
    here = context(crowding(), alerts=())
    asked: list[bool] = []

    async def ask_role(anew: bool) -> Role:
        asked.append(anew)
        return Role.ANYONE if anew else Role.MANAGER

    ask = Talk(replace(here, ask_role=ask_role))
    assert "Only a manager of this chat may do that" in await ask("/subscribe BTC")
    assert asked == [False, True]
    assert ask.context.services.chats is not None
    assert await ask.context.services.chats.get(ask.context.address) is None


async def test_where_a_right_cannot_be_told_nothing_is_changed() -> None:
    async def ask_role(anew: bool) -> None:
        return None

    ask = Talk(replace(context(crowding(), alerts=()), ask_role=ask_role))
    assert "could not be asked just now" in await ask("/subscribe BTC")
    assert outcome(ask.reply) == "refused"
    assert "No warnings are told here yet" in await ask("/alerts"), "reading asks for no right"


async def test_a_role_says_nothing_about_the_operators() -> None:
    async def ask_role(anew: bool) -> Role:
        return Role.OWNER

    ask = Talk(replace(context(crowding(), alerts=(), listed=("BTC",)), ask_role=ask_role))
    assert "only its owner may do it" in await ask("/watch BTC")


async def test_a_chat_that_blocked_the_bot_and_speaks_again_is_warned_again(valkey: Connection) -> None:
    ask, chats = Talk(on(valkey)), StoredChats(valkey)
    await ask("/subscribe BTC")
    await chats.change("telegram:4711", lambda chat: replace(chat, suspended="bot was blocked by the user"))
    anybody = Talk(on(valkey, role=Role.ANYONE))
    assert (await anybody("/regime")).startswith("BTC")
    chat = await chats.get("telegram:4711")
    assert chat is not None
    assert chat.suspended is None
    assert len(chat.subscriptions) == 1


async def test_the_chats_language_is_the_one_it_is_answered_in() -> None:
    here = context(crowding(), alerts=(), role=Role.MANAGER)
    ask = Talk(replace(here, language="de"))
    await ask("/settings language en")
    assert "Settings of this chat" in await ask("/settings")
