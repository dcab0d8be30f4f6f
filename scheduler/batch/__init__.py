"""A whole history at once: the readings that the live windows give bar by bar, as columns over all steps, by numpy.

For replay, evaluation and benchmarks. Nothing that serves a chat imports this room, so that the running bot loads no numpy.
"""

from scheduler.batch.columns import Columns
from scheduler.batch.reading import read_columns
from scheduler.batch.told import Told

__all__ = ["Columns", "Told", "read_columns"]
