"""The shape of the house: five rooms, small files, plain names, nothing unsaid."""

import ast
import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

HOME = Path(__file__).parent.parent
PACKAGES = ("market", "store", "commands", "scheduler", "bot")
MODULES = sorted(module for package in PACKAGES for module in (HOME / package).rglob("*.py"))
LONGEST_FILE_LINES = 350
LONGEST_FUNCTION_LINES = 60
SAYS_NOTHING = {
    "utils",
    "util",
    "common",
    "core",
    "helpers",
    "helper",
    "models",
    "manager",
    "misc",
    "base",
    "data",
}


def name_of(module: Path) -> str:
    return str(module.relative_to(HOME))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_installed_distribution_but_ours_provides_a_package_of_this_name(package: str) -> None:
    assert set(packages_distributions().get(package, [])) <= {"seawall"}


def test_no_folder_at_the_root_is_named_like_something_installed() -> None:
    folders = {path.name for path in HOME.iterdir() if path.is_dir()}
    assert folders & set(packages_distributions()) <= set(PACKAGES)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_file_fits_in_the_eye(module: Path) -> None:
    assert len(module.read_text().splitlines()) <= LONGEST_FILE_LINES


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_function_fits_on_a_screen(module: Path) -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    long = [
        node.name
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, functions) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION_LINES
    ]
    assert not long


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_name_says_what_is_inside(module: Path) -> None:
    assert not SAYS_NOTHING & {*module.relative_to(HOME).with_suffix("").parts}


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_says_what_it_is_for_in_one_line(module: Path) -> None:
    said = ast.get_docstring(ast.parse(module.read_text()))
    assert said
    assert said.splitlines()[0].endswith(".")


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_note_to_come_back_later_stands_in_the_code(module: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", module.read_text())


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_every_folder_above_a_module_is_a_package(module: Path) -> None:
    folders = [folder for folder in module.parents if HOME in folder.parents]
    assert all((folder / "__init__.py").exists() for folder in folders)
