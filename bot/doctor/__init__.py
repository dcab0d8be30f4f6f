"""The doctor: what is set, what is missing and what to do."""

from bot.doctor.examination import examine
from bot.doctor.findings import Examination, Finding, Finds, in_words
from bot.doctor.sources import SourceFound

__all__ = ["Examination", "Finding", "Finds", "SourceFound", "examine", "in_words"]
