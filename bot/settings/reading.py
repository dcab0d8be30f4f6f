"""Reading the settings of this process: its environment and the files that hold secrets, validated as a whole."""

import os
from typing import Any

from pydantic import ValidationError

from bot.environment import PREFIX, read_secret_files, slips, without_webhook
from bot.settings.fields import SECRETS, Settings


class Misconfigured(Exception):
    """The environment cannot be used; `problems` holds one sentence a mistake, none of them a secret."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_settings() -> Settings:
    """The settings of this process's environment.

    Raises Misconfigured with every mistake at once, in words that name the variable and hold no secret.
    """
    from_files, problems = read_secret_files(os.environ, SECRETS)
    problems += [*slips(os.environ, Settings.model_fields, SECRETS), *without_webhook(os.environ)]
    try:
        settings = Settings(**from_files)
    except ValidationError as error:
        problems += [_in_words(mistake) for mistake in error.errors(include_input=False, include_url=False)]
        raise Misconfigured(tuple(problems)) from None
    if problems:
        raise Misconfigured(tuple(problems))
    return settings


def _in_words(mistake: Any) -> str:
    variable = PREFIX + str(mistake["loc"][0]).upper()
    why = str(mistake["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{variable} {why}."
