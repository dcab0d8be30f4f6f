"""Entries: one file adds one thing, and a file that adds nothing is noticed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from market.entries import BadEntry, entries


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of its own to put files into."""
    (tmp_path / "drawer").mkdir()
    (tmp_path / "drawer" / "__init__.py").write_text('"""A drawer."""\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "drawer"
    for name in [name for name in sys.modules if name.split(".")[0] == "drawer"]:
        del sys.modules[name]


def found() -> tuple[str, ...]:
    return entries("drawer", "ENTRY", str, lambda entry: entry)


def test_every_file_adds_its_entry_in_the_order_of_file_names(folder: Path) -> None:
    (folder / "b.py").write_text('ENTRY = "one"\n')
    (folder / "a.py").write_text('ENTRY = "two"\n')
    assert found() == ("two", "one")


def test_a_package_below_may_offer_one_or_none(folder: Path) -> None:
    for name, text in (("with_one", 'ENTRY = "one"\n'), ("without", "")):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(text)
    assert found() == ("one",)


def test_a_file_with_an_underscore_is_nobodys_entry(folder: Path) -> None:
    (folder / "_shared.py").write_text("")
    assert found() == ()


@pytest.mark.parametrize(
    "text",
    ["", "ENTRY = 5\n", 'ENTRY = "Not A Name"\n', 'ENTRY = ""\n', f'ENTRY = "{"x" * 33}"\n', 'ENTRY = "é"\n'],
)
def test_a_file_without_a_proper_entry_is_an_error(folder: Path, text: str) -> None:
    (folder / "a.py").write_text(text)
    with pytest.raises(BadEntry):
        found()


def test_a_name_can_be_taken_once(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.py").write_text('ENTRY = "same"\n')
    with pytest.raises(BadEntry):
        found()
