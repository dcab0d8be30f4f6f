"""Every command has the picture of its answer, and no picture stands there that nobody shows."""

import re
from pathlib import Path

from commands.protocol.dispatch import commands

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_the_page_shows_a_picture_of_every_answer_and_every_picture_is_shown() -> None:
    shown = set(re.findall(r"\]\(pictures/([^)]+)\)", (DOCS / "commands.md").read_text(encoding="utf-8")))
    assessed = set(
        re.findall(r"\]\(pictures/([^)]+)\)", (DOCS / "evaluation.md").read_text(encoding="utf-8"))
    )
    there = {path.name for path in (DOCS / "pictures").iterdir()} - assessed
    assert {f"{command.name}.svg" for command in commands()} <= shown
    assert shown == there


def test_a_picture_of_an_answer_shows_its_line_and_loads_nothing() -> None:
    for command in commands():
        drawn = (DOCS / "pictures" / f"{command.name}.svg").read_text(encoding="utf-8")
        assert command.example.split()[0] in drawn
        assert "SIMULATED" in drawn
        assert not re.findall(r"(?:href|src|url\()\s*=?\s*[\"']?https?:", drawn)
