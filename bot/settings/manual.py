"""The page of all settings, made from their fields: `python -m bot.settings.manual > docs/settings.md`."""

import sys
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pydantic import HttpUrl, SecretStr
from pydantic.fields import FieldInfo

from bot.environment import PREFIX
from bot.settings.checks import Means
from bot.settings.fields import SECRETS, Settings, told

HEAD = """# Settings
This page is made from the settings themselves (`.venv/bin/python -m bot.settings.manual > docs/settings.md`); a test holds it to them.

Every setting is a variable of the environment. None has to be set. An empty one counts as not set.

- **A file instead**: `SEAWALL_ENV_FILE=/etc/seawall/settings` names a file of lines `SEAWALL_NAME=value` (`#` begins a comment). What stands
  in the environment and in the file is a mistake, unless both say the same. A reload can take up what a file says; the environment of a
  process never changes.
- **Secrets** can stand in a file of their own: `SEAWALL_TELEGRAM_TOKEN_FILE=/run/secrets/telegram_token`. They are stars in everything
  that is shown or logged.
- **Mistakes** are told all at once at the start, each with its variable and an example, never with the value of a secret; then nothing is
  started, and the exit code is 2. A variable whose name is nearly one of these is a mistake as well. `seawall doctor` tells the same.
- **Reload**: SIGHUP, or `/reload` from an owner, reads the files again. All is validated before anything is taken; one mistake, and
  everything stays as it was. Nothing is forgotten and no timer begins anew. What the column "reload" does not name waits for a restart.
"""

PARTS = {
    "every": "every part",
    "scheduler": "the scheduler",
    "delivery": "delivery",
    "telegram": "Telegram",
    "discord": "Discord",
}


def page() -> str:
    """The page as Markdown: a section a part, a setting a heading."""
    kinds = get_type_hints(Settings, include_extras=True)
    lines = [HEAD, *_overview()]
    for part, title in PARTS.items():
        mine = {name: field for name, field in Settings.model_fields.items() if told(field)["part"] == part}
        if mine:
            lines += [f"## For {title}", ""]
            lines += [_entry(name, field, kinds[name]) for name, field in mine.items()]
    return "\n".join(lines).rstrip() + "\n"


def example(field: FieldInfo) -> str:
    """How the setting is written, such as "BTC,ETH"."""
    return str((field.examples or [""])[0])


def variable(name: str) -> str:
    """The variable of a setting, such as SEAWALL_ASSETS."""
    return PREFIX + name.upper()


def _overview() -> list[str]:
    rows = [
        f"| [`{variable(name)}`](#{variable(name).lower()}) | {_default(field)} | {_yes(name in SECRETS)} | {_yes(told(field)['reloads'])} |"
        for name, field in Settings.model_fields.items()
    ]
    return ["| variable | default | secret | reload |", "|---|---|---|---|", *rows, ""]


def _entry(name: str, field: FieldInfo, kind: Any) -> str:
    is_secret = name in SECRETS
    said = [f"Value: {_kind(kind)}", f"default: {_default(field)}", f"example: `{example(field)}`"]
    if is_secret:
        said.append(f"secret, or `{variable(name)}_FILE`")
    said.append("a reload takes it" if told(field)["reloads"] else "needs a restart")
    return f"### {variable(name)}\n{field.description}\n\n{'; '.join(said)}.\n"


def _default(field: FieldInfo) -> str:
    if told(field)["shown"]:
        return str(told(field)["shown"])
    value = field.default
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _kind(kind: Any) -> str:
    """What kind of value it is, in words; said by its type's `Means` where it has one."""
    if isinstance(kind, Means):
        return kind.words
    if get_origin(kind) is Literal:
        return " or ".join(f"`{one}`" for one in get_args(kind))
    plain = {
        bool: "`true` or `false`",
        int: "a whole number",
        float: "a number",
        HttpUrl: "`http://` or `https://` address",
        SecretStr: "a secret",
        str: "text",
    }
    if kind in plain:
        return plain[kind]
    # the words of an annotation stand behind the type they are about, and say more
    inner = [_kind(one) for one in reversed(get_args(kind)) if one is not type(None)]
    return next((words for words in inner if words), "")


def _yes(is_so: bool) -> str:
    return "yes" if is_so else ""


if __name__ == "__main__":
    sys.stdout.write(page())
