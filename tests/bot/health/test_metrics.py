"""What /metrics tells: every metric is documented, none is told that is not, and no name of a chat stands in it."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from bot.chat_platform import Asker, Desk
from bot.health.manual import page
from bot.health.metrics import METRICS, Metric, Shape
from bot.settings import Settings
from bot.tally import DELAY_BOUNDS_S, Spread, Tally
from market.findings import Finding, Found
from market.observations import MINUTE_MS, Venue
from scheduler.clock import now_ms
from store.connection import Connection
from store.in_memory import FeedInMemory, SnapshotsInMemory
from store.outbox import packed
from store.services import Services, SourceReport
from store.snapshots import StoredSnapshots
from store.sources import StoredSources
from store.watchdog import Watchdog
from tests.bot.health.places import Here, serving
from tests.bot.health.test_server import Led, canary_of
from tests.store.samples import BTC, ROW_SAMPLE

HOME = Path(__file__).parents[3]
SUFFIXES = {
    Shape.COUNTER: ("_total",),
    Shape.INFO: ("_info",),
    Shape.HISTOGRAM: ("_bucket", "_count", "_sum"),
}
SECRET_CHAT = "-100777888999"


async def lived(here: Here) -> None:
    """Let there be something to tell of everything."""
    at_ms = now_ms()
    await here.evaluated(ago_ms=3_000)
    snapshots = StoredSnapshots(here.valkey)
    await snapshots.watch(("BTC", "ETH"))
    share = Finding(Found.INTEREST_SHARE, at_ms, value=0.75)
    await snapshots.save(replace(BTC, findings=(share,)))
    report = SourceReport(Venue.OKX, "open", None, at_ms - 5_000, at_ms - 1_000, 4, 3, (), None, (), 2)
    await StoredSources(here.valkey).save_reports([report])
    row = replace(ROW_SAMPLE, address=f"telegram:{SECRET_CHAT}", priority=1)
    stream, blob = packed(row)
    async with here.valkey.writing() as redis:
        await redis.xadd(stream, {"row": blob})
    await canary_of(here.valkey, at_ms - 60_000)
    here.parts.add("scheduler", next(iter(here.parts._tasks.values())), Led)
    here.tally.delivered("telegram", 0, "sent", 1.5)
    here.tally.delivered("telegram", 0, "late", 90.0)
    here.tally.delivered("telegram", 2, "dead")
    here.tally.failures["telegram", "rate_limited"] += 2
    here.tally.answered("telegram", "regime", "answered", 0.004)
    here.tally.answered("telegram", None, "refused", 0.001)
    here.tally.pings["pinged"] += 1


def told_as(metric: Metric) -> str:
    """The name of the family that the library makes of a metric."""
    return metric.name.removesuffix("_info").removesuffix("_total")


async def test_every_metric_is_told_with_its_labels_and_no_other_is(valkey: Connection) -> None:
    async with serving(valkey) as here:
        await lived(here)
        status, text = await here.asked("/metrics")
    assert status == 200
    families = {family.name: family for family in read_text(text)}
    ours = {name: family for name, family in families.items() if name.startswith("seawall_")}
    assert {name.removesuffix("_info") for name in ours} == {told_as(metric) for metric in METRICS}
    for metric in METRICS:
        family: Any = ours.get(told_as(metric)) or ours[metric.name]
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels), metric.name
        assert family.samples, f"nothing is told of {metric.name}"
    documented = (HOME / "docs" / "metrics.md").read_text()
    assert all(
        f"`{name}" in documented
        for name in families
        if name.startswith("process_") and "/proc" in sys.platform
    )


async def test_what_is_told_is_what_was_counted(valkey: Connection) -> None:
    async with serving(valkey) as here:
        await lived(here)
        _, text = await here.asked("/metrics")
    for line in (
        'seawall_deliveries_total{class="critical",outcome="sent",platform="telegram"} 1.0',
        'seawall_delivery_delay_seconds_bucket{class="critical",le="2.0",platform="telegram"} 1.0',
        'seawall_delivery_delay_seconds_bucket{class="critical",le="+Inf",platform="telegram"} 2.0',
        'seawall_delivery_delay_seconds_sum{class="critical",platform="telegram"} 91.5',
        'seawall_command_seconds_bucket{command="regime",le="0.005"} 1.0',
        'seawall_commands_total{command="unknown",outcome="refused",platform="telegram"} 1.0',
        'seawall_coverage_ratio{asset="BTC",input="open_interest"} 0.75',
        'seawall_regime_info{asset="BTC",state="CROWDING"} 1.0',
        "seawall_assets_blind 1.0",
        'seawall_source_info{state="open",venue="okx"} 1.0',
        'seawall_part_info{part="scheduler",standing="stands_by"} 1.0',
        'seawall_part_leads{part="scheduler"} 0.0',
        'seawall_lease_held{part="scheduler"} 0.0',
        "seawall_store_up 1.0",
    ):
        assert line in text, line
    age = re.search(r"^seawall_watchdog_age_seconds (\S+)", text, re.MULTILINE)
    assert age is not None
    assert 60.0 <= float(age[1]) < 65.0


async def test_no_chat_and_no_person_is_named(valkey: Connection) -> None:
    async with serving(valkey) as here:
        await lived(here)
        _, text = await here.asked("/metrics")
    assert 'seawall_queue_rows{class="warning",platform="telegram"} 1.0' in text
    assert SECRET_CHAT not in text
    assert "777888999" not in text


async def test_openmetrics_is_told_to_those_who_take_it(valkey: Connection) -> None:
    async with serving(valkey) as here:
        await lived(here)
        _, text = await here.asked("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert text.endswith("# EOF\n")
    assert len(list(read_openmetrics(text))) >= len(METRICS)  # type: ignore[no-untyped-call]


def test_names_keep_prometheus_habits() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"seawall_[a-z]+(_[a-z]+)*", metric.name)
        assert metric.name.endswith("_total") == (metric.shape is Shape.COUNTER)
        assert metric.name.endswith("_info") == (metric.shape is Shape.INFO)
        assert not re.search(r"_(ms|millis|minutes|percent|mb)\b", metric.name)
        assert metric.says.endswith((".", ")."))
        assert not set(metric.labels) & {"chat", "user", "address", "key"}
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_the_page_of_metrics_is_made_from_them() -> None:
    assert (HOME / "docs" / "metrics.md").read_text() == page()


def test_a_spread_counts_each_value_below_its_bounds() -> None:
    spread = Spread(DELAY_BOUNDS_S)
    for value in (0.5, 1.0, 1.1, 1e9):
        spread.add(value)
    assert (spread.counts[0], spread.counts[1], spread.counts[-1]) == (2, 1, 1)


async def test_a_desk_counts_what_it_answers() -> None:
    tally, at_ms = Tally(), 20 * MINUTE_MS
    services = Services(SnapshotsInMemory(("BTC",)), FeedInMemory())
    desk = Desk(Settings(), services, lambda: at_ms, tally=tally)
    asker = Asker("terminal", "1", "1", is_private=True)
    await desk.ask("/help", asker)
    await desk.ask("/HELP@bot size", asker)
    await desk.ask("whatever it is", asker)
    await desk.ask_options("help", {}, asker)
    assert tally.commands == {
        ("terminal", "help", "answered"): 3,
        ("terminal", "unknown", "refused"): 1,
    }
    assert sum(tally.answers["help"].counts) == 3


async def test_metrics_are_told_of_the_process_alone_while_the_store_is_away(valkey: Connection) -> None:
    async with serving(valkey) as here:
        await Watchdog(valkey).announce(now_ms())
        _, text = await here.asked("/metrics")
    assert "seawall_watchdog_age_seconds" not in text
    assert "seawall_evaluation_age_seconds" not in text
