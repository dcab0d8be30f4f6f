"""Who may change what is watched: those whom the settings name, on the platform they are named for, and the terminal."""

from dataclasses import replace

import pytest

from bot.chat_platform import Asker, Desk
from commands.protocol.dispatch import outcome
from commands.protocol.request import Role
from store.in_memory import SnapshotsInMemory, WatchlistInMemory
from tests.bot.desks import WATCHED, desk_on
from tests.commands.markets import crowding
from tests.commands.talking import text_of


def desk(*operators: str) -> Desk:
    """A desk that may change its watchlist, with these operators."""
    plain = desk_on()
    kept = SnapshotsInMemory(WATCHED, (crowding(),))
    services = replace(plain.services, snapshots=kept, watchlist=WatchlistInMemory(kept, (*WATCHED, "DOGE")))
    settings = plain.settings.model_copy(update={"operators": operators})
    return replace(plain, services=services, settings=settings)


def asker(platform: str, user: str) -> Asker:
    return Asker(platform, user, chat="1", is_private=True)


@pytest.mark.parametrize(
    ("platform", "user", "role"),
    [
        ("telegram", "4711", Role.OWNER),
        ("discord", "42", Role.OWNER),
        ("discord", "4711", Role.ANYONE),
        ("telegram", "42", Role.ANYONE),
        ("telegram", "47110", Role.ANYONE),
        ("telegram", "", Role.ANYONE),
    ],
)
def test_an_owner_is_one_whom_the_settings_name_on_that_platform(
    platform: str, user: str, role: Role
) -> None:
    assert desk("telegram:4711", "discord:42").role_of(asker(platform, user)) is role


async def test_an_owner_watches_and_nobody_else_does() -> None:
    here = desk("telegram:4711")
    assert text_of(await here.ask("/watch doge", asker("telegram", "4711"))).startswith("DOGE · watched")
    refused = await here.ask("/unwatch doge", asker("telegram", "5"))
    assert outcome(refused) == "refused"
    assert "SEAWALL_OPERATORS=telegram:5" in text_of(refused)
    assert await here.services.snapshots.watched() == (*WATCHED, "DOGE")


async def test_without_owners_nobody_in_a_chat_is_one() -> None:
    refused = await desk().ask("/watch doge", asker("discord", "42"))
    assert outcome(refused) == "refused"
