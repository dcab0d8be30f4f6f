"""/start: what Seawall is, in three sentences, and three buttons to try; and what links into a chat bring."""

import textwrap
from dataclasses import dataclass, replace
from typing import Annotated

from commands.protocol.alert_words import ALL, read_kinds, read_some_assets
from commands.protocol.command import Command
from commands.protocol.dispatch import find
from commands.protocol.payloads import SUBSCRIBE, line_of
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.reply import Action, Heading, Lines, Note, Reply, Text
from commands.protocol.request import Context
from commands.protocol.words import TEXT, Lexicon
from commands.subscribe import Subscribe
from commands.subscribe import answer as subscribe
from commands.wording.columns import COLUMNS
from market.observations import Asset

PAYLOAD = replace(TEXT, example="sub-BTC")


@dataclass(frozen=True, slots=True)
class Start:
    """Say hello."""

    payload: Annotated[str, PAYLOAD, "what a deep link brought"] | None = None


async def answer(ask: Start, context: Context) -> Reply:
    """What it is and what to try; a deep link to a subscription is a subscription, to another line a button that asks it."""
    phrases = phrases_in(context.language)
    line = _line(ask.payload)
    if line is not None:
        return _linked(line, phrases)
    wanted = await _wanted(ask.payload, context)
    asset = await context.asset(_named(wanted))
    heading, what = (
        Heading(phrases.say("start.heading")),
        (phrases.say("start.what"), phrases.say("start.rules")),
    )
    if wanted is not None:
        begun = await subscribe(wanted, context)
        return replace(begun, blocks=(*begun.blocks, Text("\n".join(what))))
    tries = Text(phrases.say("start.try", lines=", ".join(_lines(asset))))
    return Reply(
        (heading, Text("\n".join(what)), tries), _actions(asset, phrases), data={"try": list(_lines(asset))}
    )


def _line(payload: str | None) -> str | None:
    """The command line a link brought, None where it brought a subscription, or nothing that can be asked."""
    line = None if payload is None or payload.partition("-")[0] == SUBSCRIBE else line_of(payload)
    command = None if line is None else find(line.split()[0])
    return None if command is None or command.request is Start else line


def _linked(line: str, phrases: Phrases) -> Reply:
    """What a link asks, to be read before it is done: whoever made it may be anybody."""
    return Reply(
        (Note(phrases.say("start.link")), Lines(tuple(textwrap.wrap(line, COLUMNS)))),
        (Action(phrases.say("button.do_it"), line),),
        data={"line": line},
    )


def _named(wanted: Subscribe | None) -> Asset | None:
    """The asset of a subscription, None where it is of every one, or there is none."""
    assets = () if wanted is None else wanted.asset or ()
    return None if ALL in assets else next(iter(assets), None)


async def _wanted(payload: str | None, context: Context) -> Subscribe | None:
    """The subscription a deep link stands for; None where its asset is not watched, or its kind is none."""
    begin, _, rest = ("" if payload is None else payload).partition("-")
    if begin != SUBSCRIBE:
        return None
    lexicon = Lexicon(await context.services.snapshots.watched())
    name, _, kind = rest.partition("-")
    assets = read_some_assets(name, lexicon)
    kinds = read_kinds(kind, lexicon) if kind else None
    return None if assets is None or (kind and kinds is None) else Subscribe(assets, kinds)


def _lines(asset: Asset) -> tuple[str, str, str]:
    return f"/regime {asset}", f"/size {asset} 5x", f"/why {asset}"


def _actions(asset: Asset, phrases: Phrases) -> tuple[Action, ...]:
    labels = ("button.regime", "button.size", "button.why")
    return tuple(Action(phrases.say(label), line) for label, line in zip(labels, _lines(asset), strict=True))


COMMAND = Command(
    "start",
    Start,
    answer,
    help="what Seawall is, and three things to try",
    example="/start",
    order=1,
    in_menu=False,
    changes=True,
)
