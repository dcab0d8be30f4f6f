"""The vitals in Prometheus' words. Imported when somebody asks: whoever has no Prometheus pays nothing for it."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.core import (
    Metric as Family,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from bot.health import metrics as of
from bot.health.metrics import Metric, Shape
from bot.health.parts import Standing
from bot.health.vitals import FromStore, Vitals
from bot.tally import URGENCIES, Spread
from commands.wording.findings import SHARES, value_of
from market.table import State
from store.queues import Queue
from store.services import SourceReport

LIVE = "live"
LATER = "later"

Labelled = Mapping[Any, float]
"""Values by their labels: tuples of as many words as the metric has labels."""


def expose(vitals: Vitals, accepts: str) -> tuple[bytes, str]:
    """The page for a scraper that takes these kinds, and its kind."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(vitals))
    ProcessCollector(registry=registry)
    encode, kind = choose_encoder(accepts)
    return encode(registry), kind


class _Told(Collector):
    """One look, as the library wants it."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    def collect(self) -> Iterable[Family]:
        """All metrics that can be told."""
        vitals = self._vitals
        yield _info(of.BUILD, [(_version(),)])
        yield from _of_process(vitals)
        yield from _of_tally(vitals)
        if vitals.told is not None:
            yield from _of_market(vitals, vitals.told)
            yield from _of_sources(vitals.told.reports, vitals.now_ms)
            yield from _of_queues(vitals.told)


def _of_process(vitals: Vitals) -> Iterator[Family]:
    traffic = vitals.traffic
    yield _gauge(of.STORE_UP, {(): float(vitals.told is not None)})
    yield _counter(of.STORE_CALLS, {("read",): traffic.reads, ("write",): traffic.writes})
    yield _counter(of.STORE_FAILURES, {("read",): traffic.failed_reads, ("write",): traffic.failed_writes})
    yield _counter(of.STORE_OUTAGES, {(): traffic.outages})
    yield _counter(of.STORE_AWAY, {(): traffic.was_away_s + vitals.store_away_s})
    yield _gauge(of.LOOP_LAG, {(): vitals.loop_lag_s})
    yield _counter(of.LOOP_BLOCKS, {(): vitals.loop_blocks})
    yield _info(of.PART, [(name, standing.value) for name, standing in vitals.parts.items()])
    led = {name: standing for name, standing in vitals.parts.items() if standing is not Standing.RUNS}
    yield _gauge(of.LEADS, {(name,): float(standing is Standing.LEADS) for name, standing in led.items()})
    if vitals.canary_age_s is not None:
        yield _gauge(of.WATCHDOG, {(): vitals.canary_age_s})


def _of_tally(vitals: Vitals) -> Iterator[Family]:
    tally = vitals.tally
    yield _counter(of.DELIVERIES, dict(tally.deliveries))
    yield _counter(of.FAILURES, dict(tally.failures))
    yield _histogram(of.DELAY, dict(tally.delays))
    yield _counter(of.COMMANDS, dict(tally.commands))
    yield _histogram(of.ANSWERS, {(name,): spread for name, spread in tuple(tally.answers.items())})
    yield _counter(of.PINGS, {(outcome,): count for outcome, count in tuple(tally.pings.items())})


def _of_market(vitals: Vitals, told: FromStore) -> Iterator[Family]:
    feed = told.feed
    evaluated_ms = feed.last_evaluation_ms if feed.source == LIVE else told.written_at_ms
    if evaluated_ms is not None:
        age_s = max(0.0, (vitals.now_ms - evaluated_ms) / 1_000)
        yield _gauge(of.EVALUATION_AGE, {(feed.source,): age_s})
    if feed.lag_ms is not None:
        yield _gauge(of.EVALUATION_LAG, {(): feed.lag_ms / 1_000})
    if feed.cycle_ms is not None:
        yield _gauge(of.EVALUATION_CYCLE, {(): feed.cycle_ms / 1_000})
    states = {one.asset: one.regime.state for one in told.snapshots}
    blind = told.watched - sum(state is not State.INSUFFICIENT_DATA for state in states.values())
    yield _gauge(of.WATCHED, {(): told.watched})
    yield _gauge(of.BLIND, {(): max(0, blind)})
    yield _info(of.REGIME, [(asset, state.value) for asset, state in states.items()])
    yield _gauge(of.COVERAGE, _shares(told))
    yield _gauge(of.LED, {(name,): float(holder is not None) for name, holder in told.leaders.items()})


def _shares(told: FromStore) -> Labelled:
    found = {
        (one.asset, name): value_of(one, share) for one in told.snapshots for share, name in SHARES.items()
    }
    return {labels: value for labels, value in found.items() if value is not None}


def _of_sources(reports: Iterable[SourceReport], now_ms: int) -> Iterator[Family]:
    told = tuple(reports)
    ages = {
        (one.venue.value, way): max(0.0, (now_ms - at_ms) / 1_000)
        for one in told
        for way, at_ms in (("asked", one.answered_ms), ("heard", one.heard_ms))
        if at_ms is not None
    }
    yield _info(of.SOURCE, [(one.venue.value, one.state) for one in told])
    yield _gauge(of.SOURCE_AGE, ages)
    yield _gauge(of.SOURCE_STREAMS, {(one.venue.value,): one.streams for one in told})
    yield _gauge(of.SOURCE_STREAMS_UP, {(one.venue.value,): one.streams_up for one in told})


def _of_queues(told: FromStore) -> Iterator[Family]:
    yield _gauge(of.QUEUE, {key: rows for queue in told.queues for key, rows in _rows(queue)})
    ages = {
        (queue.platform, urgency): age_ms / 1_000
        for queue in told.queues
        for urgency, age_ms in zip(URGENCIES, queue.ages_ms, strict=True)
    }
    yield _gauge(of.QUEUE_AGE, ages)
    platforms = {queue.platform for queue in told.queues} | told.dead.keys()
    yield _gauge(of.DEAD, {(name,): told.dead.get(name, 0) for name in sorted(platforms)})


def _rows(queue: Queue) -> Iterator[tuple[tuple[str, str], int]]:
    for urgency, rows in zip(URGENCIES, queue.rows, strict=True):
        yield (queue.platform, urgency), rows
    yield (queue.platform, LATER), queue.later


def _gauge(metric: Metric, values: Labelled) -> Family:
    family = GaugeMetricFamily(metric.name, metric.says, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def _counter(metric: Metric, values: Labelled) -> Family:
    family = CounterMetricFamily(metric.name, metric.says, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def _info(metric: Metric, values: Iterable[tuple[str, ...]]) -> Family:
    family = InfoMetricFamily(metric.name.removesuffix(f"_{Shape.INFO}"), metric.says, labels=metric.labels)
    for labels in values:
        family.add_metric(labels, {})
    return family


def _histogram(metric: Metric, spreads: Mapping[Any, Spread]) -> Family:
    family = HistogramMetricFamily(metric.name, metric.says, labels=metric.labels)
    for labels, spread in spreads.items():
        family.add_metric(labels, _buckets(spread), spread.total)
    return family


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    """How many values fell at or below each bound, as the format wants it."""
    below, buckets = 0, []
    for bound, count in zip((*map(str, spread.bounds), "+Inf"), tuple(spread.counts), strict=True):
        below += count
        buckets.append((bound, float(below)))
    return buckets


def _version() -> str:
    try:
        return version("seawall")
    except PackageNotFoundError:
        return "unknown"
