"""What the documents say is held to the code: links lead somewhere, commands exist, records have their shape."""

import re
import tomllib
from pathlib import Path

import pytest

from bot.cli import app
from bot.settings import Settings
from bot.settings.fields import SECRETS
from scheduler.collect.past import COLD_DAYS, FUNDING_DAYS, PRICE_DAYS
from scheduler.exchanges import exchanges
from scheduler.history_files import CANDLE_COLUMNS, DAILY_INTEREST
from scheduler.recording.writing import BLOCK_BYTES, FLUSH_S, FREE_FLOOR_BYTES

HOME = Path(__file__).parent.parent.parent
PAGES = sorted([*HOME.glob("*.md"), *(HOME / "docs").rglob("*.md"), *(HOME / "changes").glob("*.md")])
NO_SETTINGS = {"env_file", "recordings", "fault", "name"}
"""Read elsewhere: where settings stand, what tests read, an example's name."""
KINDS = {"added", "changed", "fixed", "removed", "security"}
RECORDS = sorted((HOME / "docs" / "decisions").glob("*.md"))
FRAGMENTS = sorted(path for path in (HOME / "changes").glob("*.md") if path.name != "README.md")


def name_of(page: Path) -> str:
    return str(page.relative_to(HOME))


def blocks(page: str, language: str) -> str:
    return "\n".join(
        re.findall(rf"^```{language}\n(.*?)^```", (HOME / page).read_text(), re.MULTILINE | re.DOTALL)
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_that_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    assert not [link for link in links if "://" not in link and not (page.parent / link).exists()]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_named_is_one(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (HOME / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", (HOME / page).read_text(), re.MULTILINE))
    assert named
    assert named <= targets


def test_every_command_has_its_line_in_the_readme_and_no_other_has() -> None:
    commands = {path.stem for path in (HOME / "commands").glob("*.py")} - {"__init__"}
    table = re.findall(r"^\| (`/.+?) \|", (HOME / "README.md").read_text(), re.MULTILINE)
    assert {name for row in table for name in re.findall(r"/([a-z]+)", row)} == commands


def test_every_call_of_seawall_named_is_one() -> None:
    calls = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    pages = [page.read_text() for page in PAGES] + [
        (HOME / name).read_text() for name in ("Makefile", "Dockerfile")
    ]
    named = set(re.findall(r"(?:`|\.venv/bin/|BIN\)/|\[\")seawall\"?,? \"?([a-z][a-z-]*)", "\n".join(pages)))
    assert calls - {"healthcheck"} <= named
    assert named <= calls


def test_every_column_that_is_read_is_described() -> None:
    source = (HOME / "scheduler" / "history_files.py").read_text()
    read = set(re.findall(r'row\.get\("(\w+)"\)', source)) | {
        *CANDLE_COLUMNS,
        *DAILY_INTEREST,
        "open_time_utc",
    }
    rows = re.findall(r"^\| (`.+?) \|", (HOME / "docs" / "history.md").read_text(), re.MULTILINE)
    assert len(read) > 15
    assert read <= {name for row in rows for name in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_a_page_names_is_one(page: Path) -> None:
    named = {name.lower() for name in re.findall(r"\bSEAWALL_([A-Z_]+[A-Z])\b", page.read_text())}
    files = {f"{name}_file" for name in SECRETS}
    assert named - files <= set(Settings.model_fields) | NO_SETTINGS


def test_every_contract_the_architecture_names_is_checked() -> None:
    contracts = tomllib.loads((HOME / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {"one-way", "pure-market", "entries-alone", "no-cycles"}
    assert named <= {contract["id"] for contract in contracts}
    assert all(f"`{name}`" in (HOME / "ARCHITECTURE.md").read_text() for name in named)


def test_every_file_the_architecture_names_is_there_or_is_an_example_of_one_to_add() -> None:
    page = (HOME / "ARCHITECTURE.md").read_text()
    paths = set(re.findall(r"`((?:market|store|commands|scheduler|bot)/[\w/]+\.\w+)`", page))
    to_add = set(re.findall(r"^\| an? [\w ]+ \| `([^`]+)`", page, re.MULTILINE))
    assert len(to_add) == 5
    assert not [path for path in paths - to_add if not (HOME / path).exists()]
    assert not [path for path in to_add if not (HOME / path).parent.is_dir()]


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_a_decision_record_gives_context_choice_and_price_in_few_lines(record: Path) -> None:
    text = record.read_text()
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", record.name)
    assert text.startswith(f"# {record.name[:4]}: ")
    assert re.findall(r"^(?:## |\*\*)(Context|Choice|Price)\b", text, re.MULTILINE) == [
        "Context",
        "Choice",
        "Price",
    ]
    assert len(text.splitlines()) <= 40


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=name_of)
def test_a_fragment_is_short_and_names_its_kind(fragment: Path) -> None:
    assert fragment.name.split(".")[1] in KINDS
    assert len(fragment.read_text().split()) <= 80


def test_it_says_that_it_is_no_advice_and_what_a_first_day_cannot_know() -> None:
    readme = (HOME / "README.md").read_text()
    assert "Information, not advice" in readme
    assert "SIMULATED" in readme
    section = readme.split("## What a first day cannot know\n")[1].split("\n## ")[0]
    assert all(word in section for word in ("Liquidations", "Ranks", "Skew", "floor", "country"))


def test_every_exchange_has_its_column_and_its_section_among_the_sources() -> None:
    page = (HOME / "docs" / "sources.md").read_text()
    names = {exchange.name for exchange in exchanges()}
    headings = {heading.split()[0].lower() for heading in re.findall(r"^### (.+)$", page, re.MULTILINE)}
    columns = {
        cell.split()[0].lower() for cell in page.split("\n| | ")[1].split("\n")[0].split("|") if cell.strip()
    }
    assert names == headings == columns


def test_what_the_documents_say_is_not_connected_is_nothing() -> None:
    pages = [(HOME / name).read_text() for name in ("README.md", "ARCHITECTURE.md")]
    assert not [page for page in pages if re.search("not (yet )?connected|do not use them yet", page)]


def test_the_constants_a_page_names_are_those_of_the_code() -> None:
    pages = " ".join((HOME / name).read_text() for name in ("README.md", "docs/sources.md"))
    assert f"{PRICE_DAYS} days of prices, {COLD_DAYS} days of open interest" in pages
    assert f"{FUNDING_DAYS} days of funding" in pages
    assert (FLUSH_S, BLOCK_BYTES, FREE_FLOOR_BYTES) == (5.0, 2**20, 10**9)
