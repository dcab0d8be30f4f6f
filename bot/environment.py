"""What the environment says beside the settings' own values: secrets that files hold, and variables that are slips."""

import difflib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

PREFIX = "SEAWALL_"
SECRET_FILE_BYTES = 4_096

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


def slips(environ: Mapping[str, str], settings: Collection[str], secrets: Collection[str]) -> list[str]:
    """Variables that are nearly one of ours: a typing error that would otherwise be silent."""
    known = [f"{PREFIX}{name.upper()}" for name in settings]
    known += [f"{PREFIX}{name.upper()}_FILE" for name in secrets]
    strangers = sorted(
        name
        for name in environ
        if name.startswith(PREFIX) and name not in known and not _ELSEWHERE.fullmatch(name)
    )
    nearest = {name: difflib.get_close_matches(name, known, 1, 0.85) for name in strangers}
    return [f"{name} is no setting. Did you mean {near[0]}?" for name, near in nearest.items() if near]


def without_webhook(environ: Mapping[str, str]) -> list[str]:
    """What was said of a webhook where there is none: somebody believes that it is there."""
    webhook = f"{PREFIX}TELEGRAM_WEBHOOK_URL"
    said = [f"{PREFIX}TELEGRAM_WEBHOOK_{name}" for name in ("LISTEN", "SECRET", "SECRET_FILE")]
    return [
        f"{name} needs {webhook}: without it there is no webhook."
        for name in said
        if environ.get(name) and not environ.get(webhook)
    ]


def _read_secret_file(path: Path) -> str:
    with path.expanduser().open("rb") as file:
        raw = file.read(SECRET_FILE_BYTES + 1)
    if len(raw) > SECRET_FILE_BYTES:
        raise ValueError("too long for a secret")
    try:
        secret = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        raise ValueError("not plain text") from None
    if not secret:
        raise ValueError("empty")
    return secret
