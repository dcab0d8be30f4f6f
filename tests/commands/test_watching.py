"""/watch and /unwatch, and what is said of assets that are listed, unknown or not watched yet."""

from dataclasses import replace

import pytest

from commands.protocol.dispatch import answer_options, outcome
from commands.protocol.request import Context, Role
from commands.protocol.words import Lexicon, nearest
from market.observations import Asset
from market.rules import MOST_WATCHED
from store.connection import StoreUnavailable
from store.in_memory import SnapshotsInMemory, WatchlistInMemory
from store.services import FeedStatus
from tests.commands.markets import calm, crowding
from tests.commands.talking import Talk, context, monospaced, talk, text_of

LISTED = ("BTC", "ETH", "SOL", "DOGE", "1000PEPE", "1000SHIB", "WIF")


def owner(**changed: object) -> Talk:
    """The owner's conversation about a live market of BTC and ETH."""
    known = {"watched": ("BTC", "ETH"), "listed": LISTED, "role": Role.OWNER, **changed}
    return talk(crowding(), calm(asset="ETH"), **known)


async def watched(ask: Talk) -> tuple[Asset, ...]:
    return await ask.context.services.snapshots.watched()


async def test_a_listed_asset_is_watched_under_any_of_its_names() -> None:
    ask = owner()
    said = await ask("/watch PEPEUSDT")
    assert said.startswith("1000PEPE · watched from now on")
    assert "Its past is read first" in said
    assert "ranked after 7 days" in said
    assert "Watched, 3: BTC, ETH, 1000PEPE." in said
    assert await watched(ask) == ("BTC", "ETH", "1000PEPE")
    assert ask.reply.data == {"asset": "1000PEPE", "changed": True, "watched": ["BTC", "ETH", "1000PEPE"]}
    assert [action.command for action in ask.reply.actions] == ["/regime 1000PEPE", "/status"]


async def test_watching_twice_changes_nothing_and_says_so() -> None:
    ask = owner()
    assert (await ask("/watch btc")).startswith("BTC · watched already")
    assert await watched(ask) == ("BTC", "ETH")


async def test_an_asset_is_watched_no_longer_but_never_the_last_one() -> None:
    ask = owner()
    assert (await ask("/unwatch xbt")).startswith("BTC · watched no longer")
    assert await watched(ask) == ("ETH",)
    assert "ETH is the last asset watched" in await ask("/unwatch ETH")
    assert outcome(ask.reply) == "refused"
    assert await watched(ask) == ("ETH",)


async def test_what_no_venue_lists_is_answered_with_the_nearest_that_is() -> None:
    ask = owner()
    assert "Did you mean DOGE?" in await ask("/watch DOGEE")
    assert "Example: /watch PEPE" in text_of(ask.reply)
    assert '"BANANA" is listed at none of the venues' in await ask("/watch BANANA")
    assert "is no asset" in await ask("/watch ???")
    assert await watched(ask) == ("BTC", "ETH")


async def test_a_missing_or_second_word_is_refused() -> None:
    ask = owner()
    assert "A word is missing: asset." in await ask("/watch")
    assert "A word is missing: asset." in await ask("/unwatch")
    assert outcome(ask.reply) == "refused"
    assert "would be a second asset" in await ask("/watch SOL WIF")


async def test_a_listed_asset_is_offered_wherever_it_is_asked_about() -> None:
    ask = owner()
    for line in ("/regime pepe", "/why PEPE", "/size PEPE 5x", "/check 1000PEPE", "/unwatch pepe"):
        assert "1000PEPE is listed, but not watched: /watch 1000PEPE." in await ask(line)
        assert outcome(ask.reply) == "refused"
        assert [action.command for action in ask.reply.actions] == ["/watch 1000PEPE"]


async def test_an_unknown_asset_may_have_meant_a_listed_one() -> None:
    assert "Did you mean DOGE?" in await owner()("/regime dogee")
    assert "is not watched here. Watched: BTC, ETH." in await owner()("/regime BANANA")


async def test_before_the_venues_are_known_the_bundled_tiers_say_what_is_listed() -> None:
    ask = owner(listed=())
    assert (await ask("/watch DOGE")).startswith("DOGE · watched from now on")


async def test_at_most_three_hundred_are_watched() -> None:
    many = ("BTC", *(f"A{number}" for number in range(MOST_WATCHED - 1)))
    ask = owner(watched=many)
    assert "SOL is not watched: 300 assets are" in await ask("/watch SOL")
    assert len(await watched(ask)) == MOST_WATCHED
    assert "watched already" in await ask("/watch BTC")
    assert len(text_of(ask.reply)) < 400


async def test_a_recorded_market_has_nothing_to_watch() -> None:
    ask = talk(crowding(source="history"), role=Role.OWNER)
    for line in ("/watch DOGE", "/unwatch BTC"):
        assert "This market is recorded: there is nothing to watch but what is in it." in await ask(line)
    assert "listed, but not watched here" in await ask("/regime DOGE")
    played = talk(crowding(source="simulated"), role=Role.OWNER)
    assert "This market is simulated" in await played("/watch DOGE")


@pytest.mark.parametrize("role", [Role.ANYONE, Role.MANAGER])
@pytest.mark.parametrize("line", ["/watch SOL", "/unwatch BTC", "/watch", "/unwatch nonsense"])
async def test_only_operators_change_what_everybody_sees(role: Role, line: str) -> None:
    ask = owner(role=role)
    said = await ask(line)
    assert "only its owner may do it" in said
    assert "SEAWALL_OPERATORS=telegram:4711" in said
    assert outcome(ask.reply) == "refused"
    assert await watched(ask) == ("BTC", "ETH")


async def test_slash_options_watch_as_well() -> None:
    here = owner().context
    assert text_of(await answer_options("watch", {"asset": "wif"}, here)).startswith("WIF · watched")
    assert outcome(await answer_options("watch", {"asset": "banana"}, here)) == "refused"


class Counted(WatchlistInMemory):
    """A watchlist that counts how often it is asked for all that is listed."""

    asked = 0

    async def listed(self) -> tuple[Asset, ...]:
        self.asked += 1
        return await super().listed()


async def test_what_is_listed_is_asked_for_only_where_a_word_is_nothing_that_is_watched() -> None:
    here: Context = owner().context
    kept = here.services.snapshots
    assert isinstance(kept, SnapshotsInMemory)
    counted = Counted(kept, LISTED)
    ask = Talk(replace(here, services=replace(here.services, watchlist=counted)))
    for line in ("/regime btc", "/size ETH 5x 10k", "/scan", "/status"):
        await ask(line)
    assert counted.asked == 0
    await ask("/regime WIF")
    assert counted.asked == 1


class Away(WatchlistInMemory):
    """A watchlist whose store goes away while it is changed."""

    async def add(self, asset: Asset) -> bool:
        raise StoreUnavailable("The store is not available: refused")

    drop = add


@pytest.mark.parametrize("line", ["/watch WIF", "/Watch@bot wif", "/unwatch ETH"])
async def test_a_change_that_failed_is_not_said_to_have_changed_nothing(line: str) -> None:
    here = owner().context
    assert isinstance(here.services.snapshots, SnapshotsInMemory)
    away = replace(here.services, watchlist=Away(here.services.snapshots, LISTED))
    ask = Talk(replace(here, services=away))
    said = await ask(line)
    assert "whether anything was changed is not known" in said
    assert "nothing was changed" not in said
    assert outcome(ask.reply) == "failed"


def test_the_nearest_of_all_that_is_listed_is_found() -> None:
    assert nearest("WIFF", Lexicon(("BTC",), LISTED).listed) == ("WIF",)


async def test_the_new_asset_says_that_it_has_no_data_yet() -> None:
    ask = owner(feed=FeedStatus("live", None, 60_000))
    await ask("/watch SOL")
    said = await ask("/regime sol")
    assert said.startswith("SOL · INSUFFICIENT DATA")
    assert "has not run here" not in said


async def test_everything_laid_out_fits_on_a_phone() -> None:
    ask = owner(watched=("BTC", *(f"1000000LONGNAME{number}" for number in range(200))))
    for line in ("/watch 1000PEPE", "/unwatch BTC", "/watch BTC"):
        await ask(line)
        assert all(len(row) <= 37 for row in monospaced(ask.reply))


def test_a_context_without_a_role_may_change_nothing() -> None:
    assert context().role is Role.ANYONE
