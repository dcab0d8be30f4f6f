"""Every metric there is: its name, unit and labels by Prometheus' habits, and what it says. docs/metrics.md is made from it.

Names of chats and people are in no label.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial


class Shape(StrEnum):
    """How a metric behaves."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, by the name it is told under. `is_own`: it is of this process; else of the service, as the store says it."""

    name: str
    shape: Shape
    says: str
    labels: tuple[str, ...] = ()
    is_own: bool = True


OfService = partial(Metric, is_own=False)

G, C, H, INFO = Shape.GAUGE, Shape.COUNTER, Shape.HISTOGRAM, Shape.INFO

BUILD = Metric("seawall_build_info", INFO, "The version that runs.", ("version",))

EVALUATION_AGE = OfService(
    "seawall_evaluation_age_seconds", G, "Age of the last successful evaluation.", ("source",)
)
EVALUATION_LAG = OfService(
    "seawall_evaluation_lag_seconds", G, "By how much the last evaluation ran behind its time."
)
EVALUATION_CYCLE = OfService("seawall_evaluation_cycle_seconds", G, "How often a live market is evaluated.")
WATCHED = OfService("seawall_assets_watched", G, "Assets under watch.")
BLIND = OfService("seawall_assets_blind", G, "Watched assets of which too little is seen to judge them.")
REGIME = OfService("seawall_regime_info", INFO, "The state of each watched asset.", ("asset", "state"))
COVERAGE = OfService(
    "seawall_coverage_ratio",
    G,
    "How much of what is open the numbers of an input are of.",
    ("asset", "input"),
)

SOURCE = OfService("seawall_source_info", INFO, "How each venue stands.", ("venue", "state"))
SOURCE_AGE = OfService(
    "seawall_source_age_seconds",
    G,
    "How long ago a venue last answered a question (asked), or said anything on a stream (heard).",
    ("venue", "way"),
)
SOURCE_STREAMS = OfService("seawall_source_streams", G, "Streams that are listened to.", ("venue",))
SOURCE_STREAMS_UP = OfService("seawall_source_streams_up", G, "Streams that are connected.", ("venue",))

DELIVERIES = Metric(
    "seawall_deliveries_total",
    C,
    "Messages of warnings by how they ended: sent (in time), edited (one that was there), late (over a minute), expired (told as "
    "past), repeated (may have arrived before), refused (the chat cannot be reached), dead (given up).",
    ("platform", "class", "outcome"),
)
FAILURES = Metric(
    "seawall_delivery_failures_total",
    C,
    "Tries to send that went wrong; most of them are made good. not_sent, uncertain, rate_limited, chat, closed, moved, message or bot.",
    ("platform", "wrong"),
)
DELAY = Metric(
    "seawall_delivery_delay_seconds",
    H,
    "From the news to its new message; what was muted or held for quiet hours waits on purpose.",
    ("platform", "class"),
)
QUEUE = OfService(
    "seawall_queue_rows",
    G,
    "Messages that are to be delivered: critical, warning, watch, or later (they wait for their time).",
    ("platform", "class"),
)
QUEUE_AGE = OfService(
    "seawall_queue_age_seconds",
    G,
    "How long the oldest of those has been due; 0 for none.",
    ("platform", "class"),
)
DEAD = OfService(
    "seawall_dead_rows", G, "Messages that were given up and not brought back (/dead).", ("platform",)
)

COMMANDS = Metric(
    "seawall_commands_total",
    C,
    "Lines that were answered, by how: answered, refused (the line was wrong) or failed (we were).",
    ("platform", "command", "outcome"),
)
ANSWERS = Metric("seawall_command_seconds", H, "From a line to its answer, sending left out.", ("command",))

STORE_UP = Metric("seawall_store_up", G, "Whether the store answers this process.")
STORE_CALLS = Metric("seawall_store_calls_total", C, "Calls of the store that were answered.", ("way",))
STORE_FAILURES = Metric(
    "seawall_store_failures_total", C, "Calls that were refused or not answered.", ("way",)
)
STORE_OUTAGES = Metric("seawall_store_outages_total", C, "How often the store stopped answering.")
STORE_AWAY = Metric("seawall_store_away_seconds_total", C, "How long the store has not answered, in all.")

PART = Metric(
    "seawall_part_info",
    INFO,
    "How each part of this process stands: runs, leads, stands_by, waiting or ended.",
    ("part", "standing"),
)
LEADS = Metric(
    "seawall_part_leads", G, "Whether this process leads a part that one process alone does.", ("part",)
)
LED = OfService("seawall_lease_held", G, "Whether any process leads a part, as the store says.", ("part",))

WATCHDOG = OfService(
    "seawall_watchdog_age_seconds", G, "Age of the last canary that came through the whole way of a warning."
)
PINGS = Metric("seawall_pings_total", C, "Pings of the outside dead-man switch.", ("outcome",))

LOOP_LAG = Metric(
    "seawall_loop_lag_seconds", G, "The longest that the event loop was late in the last minute."
)
LOOP_BLOCKS = Metric(
    "seawall_loop_blocks_total", C, "How often the event loop stood still for three seconds."
)

METRICS: tuple[Metric, ...] = tuple(one for one in globals().values() if isinstance(one, Metric))
"""All of them, in the order of this page."""
