"""People and their plans: kept under a version, indexed by asset, and told of in the same write."""

import asyncio
from dataclasses import replace

import pytest

from store import keys
from store.connection import Connection, StoreUnavailable
from store.in_memory import PeopleInMemory
from store.outbox import Outbox
from store.people import Kept, PersonChangedMeanwhile, StoredPeople
from store.persons import Person
from store.plan_news import StoredPlanNews, is_plan
from store.services import People
from tests.store.samples import NOW_MS, PLAN
from tests.store.samples import PLAN_NEWS_SAMPLE as NEWS

ANNA, BEN = "telegram:1", "discord:@2"


def holding(*assets: str) -> Person:
    """Anna with a plan in each of these assets."""
    plans = tuple(replace(PLAN, id=f"p{place}", asset=asset) for place, asset in enumerate(assets))
    return Person(ANNA, reach=ANNA, base_leverage=8.0, plans=plans, made_ms=NOW_MS)


async def test_a_person_comes_back_as_kept(valkey: Connection) -> None:
    people: People = StoredPeople(valkey)
    assert await people.get(ANNA) is None
    kept = await people.change(ANNA, lambda _: holding("BTC"))
    assert await people.get(ANNA) == kept == holding("BTC")


async def test_in_memory_a_person_comes_back_just_so() -> None:
    people: People = PeopleInMemory()
    kept = await people.change(ANNA, lambda person: replace(person, base_leverage=3.0))
    assert await people.get(ANNA) == kept == Person(ANNA, base_leverage=3.0)


async def test_who_has_plans_in_an_asset_is_known_and_forgotten_with_the_plan(valkey: Connection) -> None:
    people = StoredPeople(valkey)
    await people.change(ANNA, lambda _: holding("BTC", "ETH"))
    await people.change(BEN, lambda person: replace(person, plans=(PLAN,)))
    assert await people.holders("BTC") == ((BEN, ANNA), None)
    await people.change(ANNA, lambda person: replace(person, plans=person.plans[1:]))
    assert [(await people.holders(asset))[0] for asset in ("BTC", "ETH", "SOL")] == [(BEN,), (ANNA,), ()]
    assert await people.forget(ANNA)
    assert not await people.forget(ANNA)
    assert (await people.holders("ETH"))[0] == ()
    assert await people.get(ANNA) is None


async def test_changes_at_the_same_time_are_all_kept(valkey: Connection) -> None:
    people = StoredPeople(valkey)
    plans = [replace(PLAN, id=f"p{number}", asset=f"A{number}") for number in range(6)]
    await asyncio.gather(
        *(
            people.change(ANNA, lambda person, one=plan: replace(person, plans=(*person.plans, one)))  # type: ignore[misc]
            for plan in plans
        )
    )
    person = await people.get(ANNA)
    assert person is not None
    assert {plan.id for plan in person.plans} == {plan.id for plan in plans}
    assert [(await people.holders(plan.asset))[0] for plan in plans] == [(ANNA,)] * 6


async def test_a_person_that_others_change_without_end_is_left_as_it_is(valkey: Connection) -> None:
    people = StoredPeople(valkey)
    await people.change(ANNA, lambda _: holding("BTC"))

    class Hasty(StoredPeople):
        """Somebody else is always faster."""

        async def keep(self, before: Kept, after: Person) -> bool:
            await super().keep(await self.kept(ANNA), holding("BTC", "ETH"))
            return await super().keep(before, after)

    with pytest.raises(PersonChangedMeanwhile):
        await Hasty(valkey).change(ANNA, lambda person: replace(person, base_leverage=2.0))
    assert await people.get(ANNA) == holding("BTC", "ETH")


async def test_a_person_that_changes_meanwhile_is_forgotten_all_the_same(valkey: Connection) -> None:
    people = StoredPeople(valkey)
    await people.change(ANNA, lambda _: holding("BTC"))

    class Slow(StoredPeople):
        """Somebody else is faster once, and without an end where `is_endless`."""

        is_endless = False

        async def kept(self, name: str) -> Kept:
            before = await super().kept(name)
            if self.is_endless or before.version == 1:
                await people.change(name, lambda person: replace(person, made_ms=person.made_ms + 1))
            return before

    never = Slow(valkey)
    never.is_endless = True
    with pytest.raises(PersonChangedMeanwhile):
        await never.forget(ANNA)
    assert await Slow(valkey).forget(ANNA)
    assert await people.get(ANNA) is None
    assert (await people.holders("BTC"))[0] == ()


async def test_one_person_written_by_a_newer_version_does_not_hide_the_others(
    valkey: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    people = StoredPeople(valkey)
    await people.change(ANNA, lambda _: holding("BTC"))
    await people.change(BEN, lambda person: replace(person, plans=(PLAN,)))
    async with valkey.writing() as redis:
        await redis.hset(keys.person(ANNA), "person", b"\x92\x63\xc0")
    assert [kept.person.name for kept in await people.kept_all([ANNA, BEN, "telegram:9"])] == [BEN]
    assert "Their plans are not watched." in caplog.text
    assert ANNA not in caplog.text


async def test_when_plans_were_watched_is_kept_by_asset(valkey: Connection) -> None:
    people = StoredPeople(valkey)
    assert await people.watched_ms(("BTC",)) == await people.watched_ms(()) == {}
    await people.watched("BTC", NOW_MS)
    assert await people.watched_ms(("BTC", "ETH")) == {"BTC": NOW_MS}
    assert await people.holders("BTC") == ((), NOW_MS)


async def test_a_change_and_its_news_are_one_write_that_is_made_once(valkey: Connection) -> None:
    people, post = StoredPeople(valkey), StoredPlanNews(valkey)
    await people.change(ANNA, lambda _: holding("BTC"))
    before = await people.kept(ANNA)
    after = replace(before.person, base_leverage=2.0)
    assert [await post.tell(before, after, [NEWS, NEWS]) for _ in range(3)] == [True, False, False]
    assert await people.get(ANNA) == after
    box = Outbox(valkey, "telegram")
    await box.open()
    (claimed,) = await box.claim("worker", 9)
    row = claimed.row
    assert (row.address, row.facts, row.priority, row.at_ms) == (ANNA, (0, 1), 1, NOW_MS)
    assert is_plan(row.batch)
    assert not is_plan("1700000000000-0")
    assert await post.news(row.batch) == {0: NEWS, 1: NEWS}
    assert ANNA not in row.key


async def test_news_of_a_person_that_changed_meanwhile_are_not_sent(valkey: Connection) -> None:
    people, post = StoredPeople(valkey), StoredPlanNews(valkey)
    await people.change(ANNA, lambda _: holding("BTC"))
    before = await people.kept(ANNA)
    await people.change(ANNA, lambda person: replace(person, plans=()))
    assert not await post.tell(before, before.person, [NEWS])
    assert set((await Outbox(valkey, "telegram").depth()).values()) == {0}
    assert (await people.holders("BTC"))[0] == ()


async def test_a_store_that_is_full_takes_both_or_neither(valkey: Connection) -> None:
    people, post = StoredPeople(valkey), StoredPlanNews(valkey)
    await people.change(ANNA, lambda _: holding("BTC"))
    before = await people.kept(ANNA)
    after = replace(before.person, base_leverage=2.0)
    async with valkey.writing() as redis:
        await redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreUnavailable):
            await post.tell(before, after, [NEWS])
        assert await people.kept(ANNA) == before
    finally:
        async with valkey.writing() as redis:
            await redis.config_set("maxmemory", 0)
    assert set((await Outbox(valkey, "telegram").depth()).values()) == {0}
    assert await post.tell(before, after, [NEWS])


async def test_news_need_somebody_to_be_told(valkey: Connection) -> None:
    before = Kept(0, Person(ANNA))
    with pytest.raises(ValueError, match="somebody to be told"):
        await StoredPlanNews(valkey).tell(before, before.person, [NEWS])
