"""Every block of code in README and docs is run, or held to what would run it; no line stands there that nobody has tried.

Quick: lines of the shell are parsed by what they call (the command line itself, make, the settings), other languages by their
parsers, questions in backticks are asked. Slow: what the README's shell and its sample of the demo show is done for real.
"""

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from bot.cli import app
from bot.settings import Settings
from bot.settings.fields import SECRETS
from commands.protocol.dispatch import commands
from commands.protocol.request import Role
from tests.commands.markets import crowding
from tests.commands.talking import talk

HOME = Path(__file__).parent.parent.parent
PAGES = sorted([HOME / "README.md", HOME / "CONTRIBUTING.md", *(HOME / "docs").glob("*.md")])
SETTINGS = {f"SEAWALL_{name.upper()}" for name in Settings.model_fields} | {
    f"SEAWALL_{name.upper()}_FILE" for name in SECRETS
}
ELSEWHERE = {
    "git",
    "docker",
    "install",
    "systemctl",
    "curl",
    "umask",
    "openssl",
    "sudo",
    "ln",
    "mkdir",
    "age",
    "gpg",
    "valkey-cli",
    "promtool",
    "printf",
    "sh",
    "cp",
    "chmod",
    "apt-get",
    "useradd",
    "tail",
    "grep",
    "kill",
    "cd",
}
"""Programs of others; what is said to them is held to their grammar by `sh -n` alone."""
NOT_A_QUESTION = re.compile(
    r"[\[\]<>|{}*=]|\.\.\.|…|\b[A-Z]{4,}\b|\bID\b|^/(?:data|tmp|etc|var|opt|run|proc|dev|healthz|readyz|metrics|command|tg_info|cmd)\b|/.*/"
)


OF_OTHERS = {"/setinline", "/newbot", "/market"}
"""What is said to others: to @BotFather, at a simulated venue."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: where it stands, in which language, and its lines."""

    page: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.language}:{self.text[:30]!r}"


def blocks() -> Iterator[Block]:
    for page in PAGES:
        for language, text in re.findall(
            r"^ *```(\w*)\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL
        ):
            yield Block(page.name, language, text)


def lines(block: Block) -> list[str]:
    """The commands of a block of shell: comments left out, continued lines joined, `&&` apart."""
    joined = re.sub(r"\\\n\s*", " ", block.text)
    kept = [re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines()]
    return [part.strip() for line in kept for part in line.split("&&") if part.strip()]


def parsed(call: list[str]) -> None:
    """Let the command line read a call as it would when it runs; nothing is run. Raises its errors."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    with group.make_context("seawall", list(call)) as outer:
        name, command, rest = group.resolve_command(outer, call)
        assert command is not None
        command.make_context(name, rest, parent=outer)


SHELL = [block for block in blocks() if block.language == "sh"]
OTHER = [block for block in blocks() if block.language != "sh"]


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_every_line_of_the_shell_calls_what_is_there(block: Block) -> None:
    targets = set(re.findall(r"^([a-z]+):", (HOME / "Makefile").read_text(), re.MULTILINE))
    subprocess.run(["sh", "-n"], input=block.text, text=True, check=True)
    for line in lines(block):
        words = shlex.split(line.split("|")[0].split(">")[0])
        while words and (words[0] == "export" or re.match(r"[A-Z_]+=", words[0])):
            name = words.pop(0).partition("=")[0]
            assert name == "export" or name in SETTINGS or not name.startswith("SEAWALL_")
        if not words:
            continue
        program = Path(words[0]).name
        if program == "seawall":
            parsed([word.replace("FILE", __file__) for word in words[1:]])
        elif program == "make":
            assert words[1] in targets
        elif program == "python":
            assert (HOME / words[2].replace(".", "/")).with_suffix(".py").exists() or (
                HOME / words[2].replace(".", "/")
            ).is_dir()
        else:
            assert program in ELSEWHERE, line


@pytest.mark.parametrize("block", OTHER, ids=str)
def test_every_other_block_is_of_its_language(block: Block) -> None:
    match block.language:
        case "python":
            ast.parse(block.text)
        case "toml":
            tomllib.loads(block.text)
        case "json":
            json.loads(block.text)
        case language:
            assert language == "text", "a block says its language"


def questions() -> list[str]:
    """What stands in backticks and could be typed as it is."""
    said = {
        code
        for page in PAGES
        for code in re.findall(
            r"`(/[^`\n]+)`", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        )
    }
    return sorted(code for code in said if not NOT_A_QUESTION.search(code))


@pytest.mark.parametrize("line", [line for line in questions() if " " in line])
async def test_every_question_the_pages_name_is_understood(line: str) -> None:
    said = await talk(crowding(), listed=("BTC", "ETH", "PEPE"), alerts=(), role=Role.OWNER)(line)
    assert "Example:" not in said or line.startswith("/help ") or "?" in line


def test_every_command_the_pages_name_is_one() -> None:
    names = {f"/{command.name}" for command in commands()}
    assert not {line for line in questions() if " " not in line} - names - OF_OTHERS


def run_for_real(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEAWALL_")}
    environment |= {"SEAWALL_DATA_DIR": str(folder / "data")}
    call = [str(Path(sys.executable).parent / "seawall"), *shlex.split(line)[1:]]
    return subprocess.run(
        call, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        line
        for block in SHELL
        if block.page == "README.md"
        for line in lines(block)
        if re.match(r"\.venv/bin/seawall (ask|replay|backup|restore)\b", line)
    ],
)
def test_the_calls_of_the_readme_do_what_they_say(
    line: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for name in re.findall(r"\d{4}-\d\d-\d\d_[A-Z]+\.csv\.gz", line):
        recordings = request.getfixturevalue("recordings")
        (tmp_path / name).symlink_to(recordings / "history" / "sell-offs" / name)
    done = run_for_real(line, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.slow
def test_the_sample_of_the_demo_is_what_it_says(tmp_path: Path) -> None:
    sample = next(block.text for block in OTHER if "SEAWALL DEMO" in block.text)
    said = run_for_real("seawall demo", tmp_path).stdout
    told = [line for line in sample.splitlines() if not line.startswith(("Python ", "Reading "))]
    assert not [line for line in told if line.rstrip() not in said]
