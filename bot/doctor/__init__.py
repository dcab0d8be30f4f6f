"""The doctor: what is set, what is missing and what to do; and whether the running service does its work."""

from bot.doctor.examination import examine, health
from bot.doctor.findings import Examination, Finding, Finds, in_words
from bot.doctor.sources import SourceFound

__all__ = ["Examination", "Finding", "Finds", "SourceFound", "examine", "health", "in_words"]
