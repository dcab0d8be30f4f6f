"""What is remembered beside a snapshot is what would be worked out anew, at any time and in any language, and goes with it."""

import gc
from collections.abc import Iterable
from dataclasses import replace
from weakref import ref

import pytest

from commands.protocol.dispatch import answer
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from market.observations import HOUR_MS, MINUTE_MS, SECOND_MS
from market.once import MOST_MARKETS
from market.snapshot import Snapshot
from tests.commands import test_findings, test_funding
from tests.commands.levelled import opened
from tests.commands.markets import NOW_MS, calm, crowding, market, unwinding
from tests.commands.talking import context
from tests.commands.test_sequence_words import seen

OF_ONE = ("/regime", "/why", "/check BTC", "/check BTC short", "/funding", "/oi", "/liq", "/size BTC 5x")
OF_ALL = ("/scan", "/alerts", "/status")
AGES_MS = (0, 10 * SECOND_MS, 4 * MINUTE_MS, 34 * MINUTE_MS, 0, 3 * HOUR_MS, 10 * SECOND_MS)
"""As they are asked for: time does not only go on where two processes answer."""
MARKETS = (
    replace(seen({"price": 30.0, "funding": 8.0}), venues=test_funding.VENUES, findings=test_findings.WHOLE),
    crowding(source="history", lacking=("skew",)),
    market(silent=("price", "funding")),
    unwinding(source="simulated"),
)


def desk(snapshots: Iterable[Snapshot]) -> Context:
    """A desk of markets that it alone holds."""
    told = (*(replace(snapshot) for snapshot in snapshots), calm(asset="ETH"))
    return context(*told, hours={"BTC": opened()}, alerts=(), role=Role.MANAGER)


async def said(line: str, here: Context, age_ms: int, language: str) -> Reply:
    reply = await answer(line, replace(here, now_ms=NOW_MS + age_ms, language=language, language_said=True))
    return replace(reply, data=dict(reply.data.items()))


@pytest.mark.parametrize("snapshot", MARKETS, ids=["live", "recorded", "silent", "simulated"])
@pytest.mark.parametrize("line", [*OF_ONE, *OF_ALL])
async def test_an_answer_is_what_it_would_be_if_nothing_had_been_asked_before(
    line: str, snapshot: Snapshot
) -> None:
    here = desk([snapshot])
    for sub in ("/subscribe all every", "/subscribe BTC every"):
        await answer(sub, here)
    for age_ms in AGES_MS:
        for language in ("en", "es", "es-MX"):
            anew = replace(
                here, services=replace(here.services, snapshots=desk([snapshot]).services.snapshots)
            )
            assert await said(line, here, age_ms, language) == await said(line, anew, age_ms, language)


@pytest.mark.parametrize("line", OF_ONE)
@pytest.mark.parametrize("snapshot", MARKETS, ids=["live", "recorded", "silent", "simulated"])
async def test_nothing_that_is_made_of_a_snapshot_keeps_it(line: str, snapshot: Snapshot) -> None:
    here = desk([snapshot])
    alive = ref(await here.services.snapshots.latest("BTC"))
    await answer(line, here)
    del here
    gc.collect()
    assert alive() is None


@pytest.mark.parametrize("line", OF_ALL)
async def test_of_whole_markets_only_the_last_few_are_kept(line: str) -> None:
    here = desk(MARKETS[:1])
    alive = ref(await here.services.snapshots.latest("BTC"))
    await answer(line, here)
    del here
    for _ in range(MOST_MARKETS):
        await answer(line, desk(MARKETS[:1]))
    gc.collect()
    assert alive() is None
