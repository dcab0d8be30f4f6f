"""Collecting: all venues are asked and listened to for the watched assets, and what they say is condensed."""

from scheduler.collect.collector import Collector
from scheduler.collect.listings import Listings

__all__ = ["Collector", "Listings"]
