"""Until when the market was seen, and the times at which it was not, with their cause."""

from dataclasses import replace

from bot.health.sight import Looker
from market.observations import MINUTE_MS
from market.table import State
from scheduler.clock import now_ms
from store.connection import Connection
from store.services import FeedStatus
from store.sight import Blinded, Sight, Spell
from store.snapshots import StoredFeed, StoredSnapshots
from tests.store.samples import BTC

BLIND = replace(BTC, regime=replace(BTC.regime, state=State.INSUFFICIENT_DATA))


async def evaluated(valkey: Connection, *, ago_ms: int = 0, is_blind: bool = False) -> None:
    snapshots = StoredSnapshots(valkey)
    await snapshots.watch(("BTC",))
    await snapshots.save(BLIND if is_blind else BTC)
    await StoredFeed(valkey).save(FeedStatus("live", now_ms() - ago_ms, MINUTE_MS))


async def seen_before(valkey: Connection, minutes: int) -> int:
    at_ms = now_ms() - minutes * MINUTE_MS
    await Sight(valkey).keep_seen(at_ms)
    return at_ms


async def test_a_first_start_was_blind_at_no_time(valkey: Connection) -> None:
    await evaluated(valkey)
    assert await Looker(valkey, now_ms()).look() is None
    assert await Sight(valkey).spells() == ()
    assert now_ms() - await Sight(valkey).seen_ms() < MINUTE_MS


async def test_a_restart_of_two_minutes_is_nothing_to_speak_of(valkey: Connection) -> None:
    await seen_before(valkey, minutes=2)
    await evaluated(valkey)
    assert await Looker(valkey, now_ms()).look() is None


async def test_a_service_that_did_not_run_was_blind_from_its_last_look_until_now(valkey: Connection) -> None:
    from_ms = await seen_before(valkey, minutes=32)
    await evaluated(valkey)
    spell = await Looker(valkey, now_ms()).look()
    assert spell is not None
    assert (spell.from_ms, spell.why) == (from_ms, Blinded.STOPPED)
    assert 0 <= now_ms() - spell.until_ms < MINUTE_MS
    assert await Sight(valkey).spells() == (spell,)
    assert await Looker(valkey, now_ms()).look() is None


async def test_where_all_assets_are_out_of_sight_the_exchanges_were_silent(valkey: Connection) -> None:
    from_ms = await seen_before(valkey, minutes=20)
    await evaluated(valkey, is_blind=True)
    looker = Looker(valkey, from_ms - MINUTE_MS)
    assert await looker.look() is None
    assert await Sight(valkey).seen_ms() == from_ms
    await evaluated(valkey)
    spell = await looker.look()
    assert spell is not None
    assert (spell.from_ms, spell.why) == (from_ms, Blinded.EXCHANGES)


async def test_a_market_that_is_not_evaluated_is_not_seen(valkey: Connection) -> None:
    from_ms = await seen_before(valkey, minutes=20)
    await evaluated(valkey, ago_ms=20 * MINUTE_MS)
    looker = Looker(valkey, from_ms - MINUTE_MS)
    assert await looker.look() is None
    await evaluated(valkey)
    spell = await looker.look()
    assert spell is not None
    assert spell.why is Blinded.EVALUATION


async def test_steps_that_are_made_up_for_after_an_outage_are_one_spell(valkey: Connection) -> None:
    from_ms = await seen_before(valkey, minutes=30)
    looker = Looker(valkey, from_ms - MINUTE_MS)
    for ago in (29, 15, 4):
        await evaluated(valkey, ago_ms=ago * MINUTE_MS)
        assert await looker.look() is None
    await evaluated(valkey)
    assert await looker.look() is not None
    assert len(await Sight(valkey).spells()) == 1


async def test_the_last_twenty_are_kept(valkey: Connection) -> None:
    sight = Sight(valkey)
    for number in range(25):
        await sight.keep_seen(number, Spell(number, number + 1, Blinded.STORE))
    await sight.keep_seen(25, Spell(24, 25, Blinded.STORE))
    spells = await sight.spells()
    assert [spell.from_ms for spell in spells] == list(range(24, 5, -1))
