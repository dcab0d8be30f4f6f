"""Reading the settings of this process: its environment and the files that it names, validated as a whole."""

import os
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot.addresses import ALLOWING, check_operator_url
from bot.environment import PREFIX, read_secret_files, slips, with_env_file, without_webhook
from bot.settings.fields import CALLED, SECRETS, Settings

OUTSIDE = "https://seawall.example"
SCHEMES = ("http", "https", "ws", "wss")
WRONG_SETTINGS = 2
"""The exit code: starting again would change nothing."""


class Misconfigured(Exception):
    """The settings cannot be used; `problems` holds one sentence a mistake, none of them a secret."""

    exit_code = WRONG_SETTINGS

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_settings() -> Settings:
    """The settings of this process's environment, and of the files it names, as they are now.

    Raises Misconfigured with every mistake at once, in words that name the variable and hold no secret.
    """
    names = Settings.model_fields
    environ, problems = with_env_file(os.environ, names, SECRETS)
    from_files, unreadable = read_secret_files(environ, SECRETS)
    problems += [*unreadable, *slips(environ, names, SECRETS), *without_webhook(environ)]
    given = _given(environ) | from_files
    problems += _inside(given)
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [_in_words(mistake) for mistake in error.errors(include_input=False, include_url=False)]
        raise Misconfigured(tuple(problems)) from None
    if problems:
        raise Misconfigured(tuple(problems))
    return settings


def _given(environ: Mapping[str, str]) -> dict[str, Any]:
    """What is said of each setting; what is said emptily counts as not said."""
    said = {name: environ.get(f"{PREFIX}{name.upper()}") for name in Settings.model_fields}
    return {name: value for name, value in said.items() if value}


def _inside(given: Mapping[str, str]) -> list[str]:
    """Addresses that lead into one's own network though nobody said that they may; those that are none are told elsewhere."""
    allowed = tuple(
        host.strip().lower().strip("[]") for host in given.get("allow_private_urls", "").split(",")
    )
    problems = []
    for name in CALLED:
        try:
            check_operator_url(given.get(name, OUTSIDE).strip(), allowed, SCHEMES)
        except ValueError as wrong:
            if ALLOWING in str(wrong):
                problems.append(f"{PREFIX}{name.upper()} {wrong}.")
    return problems


def _in_words(mistake: Any) -> str:
    name = str(mistake["loc"][0]) if mistake["loc"] else ""
    why = str(mistake["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if name not in Settings.model_fields:
        return f"{why}."
    example = (Settings.model_fields[name].examples or [""])[0]
    told = "" if str(example) in why else f" Example: {PREFIX}{name.upper()}={example}"
    return f"{PREFIX}{name.upper()} {why}.{told}"
