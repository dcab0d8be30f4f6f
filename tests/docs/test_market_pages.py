"""The pages of readings and warnings are made from the code, and name all of it."""

from pathlib import Path

import pytest

from commands.wording.market_manual import EDGES, KINDS, LOUD, alerts_page, signals_page
from market.alerts import Edge, Kind, Reason, Severity
from market.signals import signals
from market.table import State

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.mark.parametrize(("page", "made"), [("signals", signals_page), ("alerts", alerts_page)])
def test_the_page_is_what_the_code_makes(page: str, made: object) -> None:
    assert callable(made)
    assert (DOCS / f"{page}.md").read_text() == made()


def test_every_kind_severity_edge_and_reason_is_told() -> None:
    page = alerts_page()
    assert (set(KINDS), set(LOUD), set(EDGES)) == (set(Kind), set(Severity), set(Edge))
    assert all(f"`{one}`" in page for one in (*Kind, *Reason))


def test_every_reading_and_state_is_told() -> None:
    page = signals_page()
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len([row for row in rows if row.endswith("% |")]) == len(signals())
    assert sum(round(float(row.split("|")[-2].strip(" %"))) for row in rows if row.endswith("% |")) == 100
    assert all(state.name.replace("_", " ") in page for state in State)
