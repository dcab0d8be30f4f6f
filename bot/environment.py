"""What the environment says beside the settings' own values: secrets that files hold, and variables that are slips."""

import difflib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

PREFIX = "SEAWALL_"
SECRET_FILE_BYTES = 4_096
ENV_FILE_BYTES = 65_536
ENV_FILE = f"{PREFIX}ENV_FILE"

_LINE = re.compile(r"(?:export[ \t]+)?([A-Z][A-Z0-9_]{0,99})=(.*)", re.ASCII)
_ELSEWHERE = re.compile(r"SEAWALL_(RECORDINGS|FAULT)")


def read_secret_files(
    environ: Mapping[str, str], secrets: Collection[str]
) -> tuple[dict[str, Any], list[str]]:
    """Which of these secrets files hold, by setting; and what is wrong with those files, a sentence each."""
    found: dict[str, Any] = {}
    problems: list[str] = []
    for name in secrets:
        variable = f"{PREFIX}{name.upper()}"
        path = environ.get(f"{variable}_FILE", "")
        if path and environ.get(variable):
            problems.append(f"{variable} and {variable}_FILE are both set: keep one.")
        elif path:
            try:
                found[name] = _read_secret_file(Path(path))
            except (OSError, ValueError) as error:
                why = error.strerror if isinstance(error, OSError) else str(error)
                problems.append(f"{variable}_FILE: {path} cannot be read: {why}.")
    return found, problems


def with_env_file(
    environ: Mapping[str, str], settings: Collection[str], secrets: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """The environment together with what the file of SEAWALL_ENV_FILE says; and what is wrong with it, a sentence each.

    What both say differently is a mistake: neither goes before the other. What is said emptily counts as not said.
    """
    path = environ.get(ENV_FILE, "")
    if not path:
        return dict(environ), []
    try:
        said, problems = _read_lines(_read_text(Path(path), ENV_FILE_BYTES, "utf-8"), path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return dict(environ), [f"{ENV_FILE}: {path} cannot be read: {why}."]
    full = {name: value for name, value in said.items() if value}
    twice = sorted(name for name, value in full.items() if environ.get(name) and environ[name] != value)
    ours = variables(settings, secrets)
    problems += [
        f"{path}: {name} is no setting." for name in said if name not in ours and not _near(name, ours)
    ]
    problems += [f"{name} is set in the environment and otherwise in {path}: keep one." for name in twice]
    return {**environ, **full}, problems


def slips(environ: Mapping[str, str], settings: Collection[str], secrets: Collection[str]) -> list[str]:
    """Variables that are nearly one of ours: a typing error that would otherwise be silent."""
    known = variables(settings, secrets)
    strangers = sorted(
        name
        for name in environ
        if name.startswith(PREFIX) and name not in known and not _ELSEWHERE.fullmatch(name)
    )
    nearest = {name: _near(name, known) for name in strangers}
    return [f"{name} is no setting. Did you mean {near[0]}?" for name, near in nearest.items() if near]


def variables(settings: Collection[str], secrets: Collection[str]) -> list[str]:
    """Every variable that means something."""
    return [f"{PREFIX}{name.upper()}" for name in settings] + [
        f"{PREFIX}{name.upper()}_FILE" for name in secrets
    ]


def _near(name: str, known: Collection[str]) -> list[str]:
    return difflib.get_close_matches(name, known, 1, 0.85)


def without_webhook(environ: Mapping[str, str]) -> list[str]:
    """What was said of a webhook where there is none: somebody believes that it is there."""
    webhook = f"{PREFIX}TELEGRAM_WEBHOOK_URL"
    said = [f"{PREFIX}TELEGRAM_WEBHOOK_{name}" for name in ("LISTEN", "SECRET", "SECRET_FILE")]
    return [
        f"{name} needs {webhook}: without it there is no webhook."
        for name in said
        if environ.get(name) and not environ.get(webhook)
    ]


def _read_lines(text: str, path: str) -> tuple[dict[str, str], list[str]]:
    """What the lines of a settings file say, and the lines that say nothing; a line is named by its number alone."""
    said: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            problems.append(f"{path}, line {number}: not of the shape SEAWALL_NAME=value.")
        elif not match[1].startswith(PREFIX) or match[1] == ENV_FILE:
            problems.append(f"{path}, line {number}: {match[1]} cannot be set here.")
        elif match[1] in said:
            problems.append(f"{path}, line {number}: {match[1]} stands there twice.")
        else:
            said[match[1]] = _unquoted(match[2].strip())
    return said, problems


def _unquoted(value: str) -> str:
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if is_quoted else value


def _read_secret_file(path: Path) -> str:
    secret = _read_text(path, SECRET_FILE_BYTES, "ascii").strip()
    if not secret:
        raise ValueError("empty")
    return secret


def _read_text(path: Path, most_bytes: int, encoding: str) -> str:
    with path.expanduser().open("rb") as file:
        raw = file.read(most_bytes + 1)
    if len(raw) > most_bytes:
        raise ValueError("too long")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("not plain text") from None
