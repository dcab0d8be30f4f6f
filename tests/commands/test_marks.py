"""Whoever writes a number into an answer does it with the marks of the style: nothing in the code writes one by itself."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from commands.protocol.phrases import phrases_in
from commands.protocol.style import written_in
from commands.wording import numbers
from commands.wording.alert import describe_alert
from market.rules import Rules
from tests.commands.talking import text_of
from tests.commands.test_lines_in_every_language import OTHERS, numbers_in
from tests.store.samples import FIRED

HOME = Path(__file__).parent.parent.parent
WRITERS = {"marked", "number"}
"""What exchanges the marks."""
OF_NO_ANSWER = {"numbers.py", "market_manual.py"}
"""What writes the marks itself, and a page of the documents, which is English."""
MODULES = [
    *sorted((HOME / "commands").glob("*.py")),
    *sorted((HOME / "commands" / "desk").rglob("*.py")),
    *(one for one in sorted((HOME / "commands" / "wording").rglob("*.py")) if one.name not in OF_NO_ANSWER),
]
MARKED = re.compile(r"[,e%]|\.[1-9][0-9]*f|g")
"""The formats that write a mark: decimals, thousands. Whole numbers and times have none."""


def unmarked(module: Path) -> Iterator[str]:
    """Every format of a number that no writer takes over."""

    def walk(node: ast.AST, *, is_written: bool) -> Iterator[str]:
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            is_written = is_written or name in WRITERS
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None and not is_written:
            spec = "".join(
                str(part.value) for part in ast.walk(node.format_spec) if isinstance(part, ast.Constant)
            )
            if MARKED.search(spec) and "%H" not in spec and "%d" not in spec and "%Y" not in spec:
                yield f"{module.name}:{node.lineno} {ast.unparse(node)}"
        for child in ast.iter_child_nodes(node):
            yield from walk(child, is_written=is_written)

    yield from walk(ast.parse(module.read_text()), is_written=False)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_number_is_written_past_the_marks(module: Path) -> None:
    assert not list(unmarked(module))


@pytest.mark.parametrize("language", OTHERS)
def test_a_warning_shows_the_same_numbers_in_every_language(language: str) -> None:
    facts = {
        "price_usd": 58_210.5, "shock_24h": -2.53, "r_24h": -0.048, "oi_percentile": 0.88, "oi_change_24h": 0.021,
        "funding_8h": 0.00031, "long_usd_24h": 412.5e6, "skew_points": 6.14,
    }  # fmt: skip
    alert = replace(FIRED, facts=facts)
    english = text_of(describe_alert(alert, phrases_in("en"), Rules().alerts))
    phrases = phrases_in(language)
    with written_in(phrases.style):
        said = text_of(describe_alert(alert, phrases, Rules().alerts))
    assert numbers_in(said, phrases.style.decimal) == numbers_in(english, ".")


@pytest.mark.parametrize("language", OTHERS)
def test_days_are_written_in_the_order_and_with_the_months_of_the_language(language: str) -> None:
    with written_in(phrases_in(language).style):
        assert len(numbers.day_and_minute(1_795_320_000_000)) <= len("22 Nov 04:10")
        assert len(numbers.date_and_clock(1_795_320_000_000)) == len("2024-08-05 12:00 UTC")
    with written_in(phrases_in("es").style):
        assert numbers.day_and_minute(1_795_320_000_000) == "22 nov 04:00"
        assert numbers.day_of("2026-09-29") == "29/09/2026"
        assert numbers.day_of("not known") == "not known"
