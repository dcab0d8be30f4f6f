"""The document begins with what a warning is worth, out of the figures below it."""

import json
from pathlib import Path

from evaluation.summary import in_short

DOCS = Path(__file__).parents[2] / "docs"


def test_the_document_begins_with_its_own_figures() -> None:
    facts = json.loads((DOCS / "evaluation.json").read_text(encoding="utf-8"))
    page = (DOCS / "evaluation.md").read_text(encoding="utf-8")
    short = in_short(facts)
    assert short
    assert short in page
    assert page.index(short) < page.index("## 1. ")


def test_a_signal_is_better_only_with_its_whole_interval() -> None:
    signals: dict[str, dict[str, list[float | None]]] = {
        "shock_24h": {"beyond_shock": [0.0, 0.0, 0.0]},
        "funding": {"beyond_shock": [0.1, -0.01, 0.2]},
        "never seen": {"beyond_shock": [None, None, None]},
    }
    assert "of 2 other signals **none**." in in_short({"baselines": {"signals": signals}})
    signals["funding"]["beyond_shock"] = [0.1, 0.01, 0.2]
    assert "of 2 other signals **funding**." in in_short({"baselines": {"signals": signals}})


def test_what_was_not_written_is_left_out() -> None:
    assert not in_short({})
    assert not in_short({"odds": {}, "skill": {"skill": {}}})
