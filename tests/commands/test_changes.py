"""What is remembered of who changed a chat: every change once, the newest twenty, and nothing that nobody did."""

from dataclasses import replace

from commands.protocol.request import Role
from store.wishes import LEFT, MOST_CHANGES, Change, Chat, suspend
from tests.commands.markets import NOW_MS, calm, crowding
from tests.commands.talking import Talk, talk

HOUR_MS = 3_600_000


def manager(**changed: object) -> Talk:
    """A manager's conversation about a live market of BTC and ETH."""
    return talk(
        crowding(), calm(asset="ETH"), watched=("BTC", "ETH"), role=Role.MANAGER, alerts=(), **changed
    )


async def here(ask: Talk) -> Chat:
    assert ask.context.services.chats is not None
    chat = await ask.context.services.chats.get(ask.context.address)
    assert chat is not None
    return chat


async def told(ask: Talk) -> list[tuple[str, str]]:
    return [(change.did, change.what) for change in (await here(ask)).changes]


async def test_each_change_is_kept_with_who_and_when() -> None:
    ask = manager(user="42")
    await ask("/subscribe BTC cascade critical")
    await ask.later(HOUR_MS)("/unsubscribe BTC")
    assert (await here(ask)).changes == (
        Change(NOW_MS, "telegram:42", "subscribed", "BTC cascade critical"),
        Change(NOW_MS + HOUR_MS, "telegram:42", "unsubscribed", "BTC cascade critical"),
    )


async def test_a_line_that_sets_several_things_is_several_changes() -> None:
    ask = manager()
    await ask("/settings quiet 23-07 Europe/Berlin least warning cap 5")
    assert await told(ask) == [
        ("quiet", "23:00-07:00 Europe/Berlin"),
        ("zone", "Europe/Berlin"),
        ("least", "warning"),
        ("cap", "5"),
    ]


async def test_what_changes_nothing_is_not_remembered() -> None:
    ask = manager()
    await ask("/subscribe BTC cascade watch")
    await ask("/subscribe BTC cascade watch")
    await ask("/settings")
    assert await told(ask) == [("subscribed", "BTC cascade watch")]


async def test_a_mute_that_has_run_out_is_nobodys_deed() -> None:
    ask = manager()
    await ask("/mute 1h BTC")
    await ask.later(2 * HOUR_MS)("/settings least warning")
    assert await told(ask) == [("muted", "BTC 60m"), ("least", "warning")]
    await ask.later(3 * HOUR_MS)("/mute 2h")
    await ask.later(4 * HOUR_MS)("/mute off")
    assert (await told(ask))[2:] == [("muted", "all 120m"), ("unmuted", "all")]


async def test_the_newest_twenty_are_kept() -> None:
    ask = manager()
    for count in range(1, MOST_CHANGES + 6):
        await ask(f"/settings cap {count}")
    assert await told(ask) == [("cap", str(count)) for count in range(6, MOST_CHANGES + 6)]


async def test_a_chat_that_speaks_is_reached_again_and_one_whose_server_is_left_is_not() -> None:
    ask = manager()
    chats = ask.context.services.chats
    assert chats is not None
    await chats.change(ask.context.address, lambda chat: suspend(chat, "blocked", NOW_MS))
    await ask("/status")
    assert (await here(ask)).suspended is None
    await chats.change(ask.context.address, lambda chat: suspend(chat, LEFT, NOW_MS))
    await ask("/status")
    assert (await here(ask)).suspended == LEFT, "a member with the bot in their pocket speaks for nobody"
    await Talk(replace(ask.context, server="7"))("/status")
    assert ((await here(ask)).suspended, (await here(ask)).suspended_ms) == (None, 0)


def test_since_when_a_chat_is_suspended_stays() -> None:
    once = suspend(Chat("discord:1"), "403", 1_000)
    assert suspend(once, LEFT, 5_000).suspended_ms == 1_000
    assert suspend(replace(once, suspended_ms=0), LEFT, 5_000).suspended_ms == 5_000
