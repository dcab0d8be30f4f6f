"""The page of all metrics, made from their table: `python -m bot.health.manual > docs/metrics.md`."""

import sys

from bot.health.metrics import METRICS, Metric

HEAD = """# Metrics

This page is made from the metrics themselves (`.venv/bin/python -m bot.health.manual > docs/metrics.md`); a test holds it to them.

A process tells them at `/metrics` where `SEAWALL_HEALTH_LISTEN` is set (`127.0.0.1:8090`), in Prometheus' text format or as OpenMetrics.
Beside them stand `/healthz` (this process lives: its event loop turns, its parts run) and `/readyz` (the store answers, the last
evaluation is younger than three cycles, and any watched asset can be judged), as JSON with reasons, 200 or 503. Nothing there names a chat
or a person; show it to nobody outside all the same.

What is of the **service** is read from the store and told alike by every process: take the `max`. What is of the **process** is counted
by it since it began: take the `sum`. Times are in seconds. What is not known is left out, never told as 0.

[deploy/prometheus](../deploy/prometheus) holds alert rules ready to use, and what to scrape.
"""

TAIL = """
Beside these a process tells what Prometheus' own library counts: `process_resident_memory_bytes`, `process_virtual_memory_bytes`,
`process_cpu_seconds_total`, `process_start_time_seconds`, `process_open_fds` and `process_max_fds` (Linux).
"""


def page() -> str:
    """The whole page."""
    rows = ["| metric | kind | of the | labels | what it says |", "|---|---|---|---|---|"]
    rows += [_row(metric) for metric in METRICS]
    return "\n".join((HEAD, *rows, TAIL.rstrip("\n"), ""))


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    of = "process" if metric.is_own else "service"
    return f"| `{metric.name}` | {metric.shape.value} | {of} | {labels} | {metric.says} |"


if __name__ == "__main__":
    sys.stdout.write(page())
