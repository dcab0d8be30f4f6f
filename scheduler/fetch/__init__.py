"""Fetching: questions go to exchanges over HTTP, each within its budget and deadline; answers come back read."""

from scheduler.fetch.body import BODY_CAP_BYTES
from scheduler.fetch.client import DEADLINE_S, PATIENCE_S, Fetcher
from scheduler.fetch.failures import Failure, SourceFailed
from scheduler.fetch.gate import State
from scheduler.fetch.source import SourceStatus

__all__ = [
    "BODY_CAP_BYTES",
    "DEADLINE_S",
    "PATIENCE_S",
    "Failure",
    "Fetcher",
    "SourceFailed",
    "SourceStatus",
    "State",
]
