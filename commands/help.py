"""/help: every command in a line, or one command with its words and an example."""

from dataclasses import dataclass
from typing import Annotated, Any

from commands.protocol.command import Command, Option
from commands.protocol.dispatch import commands, find
from commands.protocol.forms import meaning
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.reply import Action, Heading, Link, Reply, Text, Told
from commands.protocol.request import Context, Misunderstood, said
from commands.protocol.words import TextWord
from commands.wording.columns import fit


@dataclass(frozen=True, slots=True)
class Help:
    """Ask what can be asked."""

    command: Annotated[TextWord, "the command to explain"] | None = None


async def answer(ask: Help, context: Context) -> Reply:
    """All commands, or the one asked for."""
    phrases = phrases_in(context.language)
    if ask.command is None:
        return _all(phrases, context.invite)
    command = find(ask.command)
    if command is None:
        raise Misunderstood("help.no_such", example="/help size", said=said(ask.command))
    return _one(command, phrases)


def _all(phrases: Phrases, invite: str) -> Reply:
    lines = [f"{command.example}: {_meaning(command, phrases)}" for command in commands()]
    named = {command.name: command.help for command in commands()}
    text = "\n".join((*lines, phrases.say("help.numbers"), phrases.say("help.more")))
    invited = (Told((phrases.say("help.invite") + " ", Link(invite))),) if invite else ()
    data = {"commands": named, **({"invite": invite} if invite else {})}
    return Reply((Heading(phrases.say("help.heading")), Text(text), *invited), data=data)


def _one(command: Command[Any], phrases: Phrases) -> Reply:
    told = _meaning(command, phrases)
    lines = [told[0].upper() + told[1:] + "."]
    if command.options:
        lines.append(phrases.say("help.words"))
        lines.extend(_option(command, option, phrases) for option in command.options)
    lines.append(phrases.say("help.example", example=command.example))
    return Reply(
        (Heading(fit(f"/{command.name}")), Text("\n".join(lines))),
        (Action(command.example, command.example),),
        data={"usage": command.usage, "example": command.example},
    )


def _meaning(command: Command[Any], phrases: Phrases) -> str:
    return phrases.slash(f"{command.name}.help", command.help)


def _option(command: Command[Any], option: Option, phrases: Phrases) -> str:
    key = "help.required" if option.required else "help.optional"
    description = meaning(command, option, phrases)
    said = phrases.say(key, name=option.name, description=description, example=option.word.example)
    choices = ", ".join(option.word.choices)
    return f"{said}. {phrases.say('help.choices', choices=choices)}" if choices else said


COMMAND = Command(
    "help",
    Help,
    answer,
    help="all commands, or one explained",
    example="/help size",
    order=60,
)
