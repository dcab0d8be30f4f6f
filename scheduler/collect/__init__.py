"""Collecting: all venues are asked and listened to for the watched assets, and what they say is condensed.

`Collector` is the present, `gather_past` and `play_past` what was before an asset was watched.
"""

from scheduler.collect.collector import Collector
from scheduler.collect.listings import Change, Listings
from scheduler.collect.own import own_past
from scheduler.collect.past import COLD_DAYS, FUNDING_DAYS, Heard, Past, gather_past, play_past

__all__ = [
    "COLD_DAYS",
    "FUNDING_DAYS",
    "Change",
    "Collector",
    "Heard",
    "Listings",
    "Past",
    "gather_past",
    "own_past",
    "play_past",
]
