"""The page of all commands, made from their entries: `python -m commands.wording.manual > docs/commands.md`."""

import sys
from typing import Any

from commands.protocol.command import Command, Option
from commands.protocol.dispatch import commands
from commands.protocol.phrases import ORIGINAL, phrases_in
from commands.protocol.request import Role

HEAD = """# Commands
This page is made from the commands themselves (`python -m commands.wording.manual > docs/commands.md`); a test holds it to them.

The same lines work in the terminal, in Telegram and in Discord (there as slash commands with the same words as options).
Words come in any sensible order. `name=value` and `name value` say which word is meant, such as `hold=3d`.

- An asset has many names: `btc`, `BTCUSDT`, `xbt`, `btc-perp`, `$BTC`, `PEPE` for `1000PEPE`. One alone (`btc`) asks
  what phase it is in.
- Numbers are plain digits: `5x`, `10k`, `64,200`, `3%`, `72h`, `3d`. A comma groups thousands and is never a decimal. Where a
  chat or its reader speaks a language whose decimals take a comma, `64.210,5` and `0,5` are read as well, and `64.210`, which
  could be two numbers, is asked back with both as buttons. `64210.5` is read the same everywhere. An amount
  such as `250.000` is asked back in every language; a price may have three decimals, and is refused far from the market.
- At most 16 words and 256 characters are read. What cannot be read is answered with the reason and an example.
- What is missing is asked for, and what else was said is kept; a word that is nearly right comes back as a button. In `/plan` alone
  a `?` asks for all that it needs (`/plan ? BTC`); `equity=` asks for one word, `line=-` leaves one out, and `cancel` ends the questions.
- Every answer shows how old its data is; what is missing or old is said, never guessed.

Below each command stands what a terminal shows of its example in the demo's sell-off, drawn by the code that answers
(`make screenshots`).
"""
PICTURED = frozenset({"regime", "funding", "oi", "liq", "skew", "hedge", "backtest", "history"})
"""Commands whose answer is drawn as well."""


_WHO = {
    Role.MANAGER: " For managers of a chat.",
    Role.OWNER: " For owners: the terminal, and whom `SEAWALL_OPERATORS` names.",
}


def page() -> str:
    """The page as Markdown."""
    return "\n".join((HEAD, *(_section(command) for command in commands())))


def _section(command: Command[Any]) -> str:
    lines = [f"## /{command.name}", f"{command.help[0].upper()}{command.help[1:]}.", ""]
    lines.append(f"Usage: `{command.usage}`. Example: `{command.example}`.{_remarks(command)}")
    if command.options:
        lines.extend(("", "| word | read as | example | what it means |", "|---|---|---|---|"))
        lines.extend(_row(option) for option in command.options)
    lines.extend(("", f"![The answer to {command.example}](pictures/{command.name}.svg)"))
    if command.name in PICTURED:
        lines.extend(("", f"![What is drawn of it](pictures/{command.name}.png)"))
    return "\n".join((*lines, ""))


def _remarks(command: Command[Any]) -> str:
    private = " The answer is for its asker alone." if command.private else ""
    form = (
        f" Without a word it asks for {', '.join(command.form)}, one after another." if command.form else ""
    )
    return private + form + _WHO.get(command.needs, "")


def _row(option: Option) -> str:
    kind = phrases_in(ORIGINAL).word("kind", option.word.kind)
    must = "" if option.required else " (may be left out)"
    choices = ", ".join(f"`{choice}`" for choice in option.word.choices)
    meaning = f"{option.description}; one of {choices}" if choices else option.description
    return f"| {option.name}{must} | {kind} | `{option.word.example}` | {meaning} |"


if __name__ == "__main__":
    sys.stdout.write(page())
