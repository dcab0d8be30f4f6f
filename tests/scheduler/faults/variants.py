"""Which variants of a trouble are tried each time, and which only among the slow tests."""

from typing import Any

import pytest


def seldom(*values: object) -> Any:
    """A variant like its neighbours, tried by `make slow`."""
    return pytest.param(*values, marks=pytest.mark.slow)
