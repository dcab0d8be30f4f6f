"""The one door: a line of text, or a slash command with its options, comes in and a Reply goes out, whatever happens."""

import asyncio
import logging
import re
import secrets
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from commands.protocol.command import LEFT_OUT, Command
from commands.protocol.forms import (
    MOST_OFFERS,
    as_words,
    calls_off,
    is_cancel,
    meaning,
    offers_for,
    option_called,
    prompt_of,
)
from commands.protocol.home import at_home
from commands.protocol.numerals import in_plain_words
from commands.protocol.phrases import Phrases, phrases_in
from commands.protocol.reply import Action, Note, Numbers, Prompt, Reply, Text, Tone
from commands.protocol.request import Context, Misunderstood, Role, said
from commands.protocol.style import style, write_in, written_in
from commands.protocol.words import LONGEST_TEXT, MOST_WORDS, Lexicon, nearest, read_asset, with_its_x
from market.entries import entries
from market.margin import bundled_tiers
from market.observations import Asset

DEADLINE_S = 5.0
"""Longer than any answer may take; a platform's own limit (Discord: 15 min after deferring) is far above."""

REFUSED = "refused"
FAILED = "failed"
FRAME = "  "
"""How a line of a traceback begins that tells a place in the code."""

log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def commands() -> tuple[Command[Any], ...]:
    """Every command of the folder `commands`, in the order menus show them."""
    found = entries("commands", "COMMAND", Command, lambda command: command.name)
    return tuple(sorted(found, key=lambda command: command.order))


async def answer(text: str, context: Context) -> Reply:
    """The answer to a line such as "/size btc 5x 10k"; never an exception (but for cancellation)."""
    return await _safely(lambda here: _answer_text(text, here), context, text[:LONGEST_TEXT].split() or [""])


async def answer_options(name: str, values: Mapping[str, object], context: Context) -> Reply:
    """The answer to the command `name` with slash options by name; never an exception (but for cancellation)."""
    words = [
        name[:LONGEST_TEXT],
        *(str(value)[:LONGEST_TEXT] for value in values.values() if isinstance(value, str | float)),
    ]
    return await _safely(lambda here: _answer_options(name, values, here), context, words)


def find(word: str) -> Command[Any] | None:
    """The command a first word means: any case, with or without slash, with or without "@bot"."""
    return _by_name().get(word.partition("@")[0].removeprefix("/").lower())


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, Command[Any]]:
    return {command.name: command for command in commands()}


@lru_cache(maxsize=1)
def usual() -> Command[Any]:
    """What is asked of an asset where no command is named."""
    return next(command for command in commands() if command.is_usual)


def outcome(reply: Reply) -> str:
    """How it went: "answered", "refused" (the request was wrong) or "failed" (we were); exit codes 0, 2, 1."""
    error = None if isinstance(reply.data, Numbers) else reply.data.get("error")
    return str(error["kind"]) if isinstance(error, Mapping) else "answered"


async def _safely(
    work: Callable[[Context], Awaitable[Reply]], context: Context, words: Sequence[str]
) -> Reply:
    with written_in(phrases_in(context.language).style):
        return await _answered(work, context, words)


async def _answered(
    work: Callable[[Context], Awaitable[Reply]], context: Context, words: Sequence[str]
) -> Reply:
    name = words[0]
    try:
        async with asyncio.timeout(DEADLINE_S):
            context = await at_home(context)
            write_in(phrases_in(context.language).style)
            reply = await work(context)
    except Misunderstood as wrong:
        reply = _refusal(wrong, phrases_in(context.language))
    except TimeoutError as slow:
        reply = _apology("door.too_slow", slow, phrases_in(context.language), words)
    except Exception as slip:  # noqa: BLE001  the one place that turns a slip of ours into words
        phrases = phrases_in(context.language)
        away = _is_store_away(slip)
        reply = _store_away(slip, phrases, name) if away else _apology("door.apology", slip, phrases, words)
    return reply if reply.language else replace(reply, language=context.language)


async def _answer_text(text: str, context: Context) -> Reply:
    if len(text) > LONGEST_TEXT:
        raise Misunderstood("words.too_long")
    words = with_its_x(text.split()) or ["help"]
    if len(words) > MOST_WORDS:
        raise Misunderstood("words.too_many_words")
    if is_cancel(words[0]) and len(words) == 1:
        return _called_off(context, private=False)
    if len(words) == 1 and (asset := await _asset_alone(words[0], context)) is not None:
        words = [usual().name, asset]
    command = _known(words[0], words[1:])
    plain = _plain(words[1:], command)
    return await _run(command, lambda lexicon: command.read(plain, lexicon), context, plain)


async def _answer_options(name: str, values: Mapping[str, object], context: Context) -> Reply:
    command = _known(name)
    words = as_words(values)
    if words is not None:
        # only what can be a word can be a number; every option of it names itself
        plain = dict(word.split("=", 1) for word in _plain(words, command))
        values = {name: plain.get(name, value) for name, value in values.items()}
    read: Callable[[Lexicon], Any] = lambda lexicon: command.read_options(values, lexicon)  # noqa: E731
    return await _run(command, read, context, None if words is None else as_words(values))


async def _asset_alone(word: str, context: Context) -> Asset | None:
    """The watched asset that somebody said and nothing else ("btc"), None for any other word."""
    if word.startswith("/") or find(word) is not None:
        return None
    watched = await context.services.snapshots.watched()
    return read_asset(word, Lexicon(watched)) if watched else None


def _plain(words: Sequence[str], command: Command[Any]) -> list[str]:
    """What somebody wrote in the style that holds here, with plain numbers. Raises Misunderstood."""
    try:
        return in_plain_words(words, style(), command.name)
    except Misunderstood as wrong:
        wrong.example = command.example
        raise


async def _run(
    command: Command[Any], read: Callable[[Lexicon], Any], context: Context, words: Sequence[str] | None
) -> Reply:
    if not await context.may(command.needs):
        raise _not_allowed(command, context)
    if words is not None and calls_off(command, words):
        return _called_off(context, private=command.private)
    try:
        reply = await command.answer(await _request(read, context), context)
    except Misunderstood as wrong:
        wrong.example = wrong.example or command.example
        if wrong.field is None and words is not None:
            await _offer_meant(command, wrong, words, context)
        if wrong.field is None or words is None:
            raise
        return await _asked(command, wrong, words, context)
    # whatever a command about positions says is for its asker alone, if only that nothing is known of what they hold
    return replace(reply, private=True) if command.private and not reply.private else reply


def _called_off(context: Context, *, private: bool) -> Reply:
    """That nothing more is asked: a form has no memory, so there is nothing to be undone."""
    told = phrases_in(context.language).say("words.called_off")
    return Reply((Note(told),), private=private, data={"changed": False})


async def _asked(
    command: Command[Any], wrong: Misunderstood, words: Sequence[str], context: Context
) -> Reply:
    """The refusal of a line that only lacks a field, or has a wrong one: that field is asked for, all else is kept."""
    lexicon = Lexicon(await context.services.snapshots.watched())
    prompt = prompt_of(command, wrong.field or "", words, lexicon)
    meant = tuple(prompt.filled(one) for one in _near(wrong))
    wrong.offers = wrong.offers or meant or offers_for(command, prompt, lexicon)
    phrases = phrases_in(context.language)
    if wrong.key == "words.asked":
        wrong.values = {"what": meaning(command, option_called(command, prompt.field), phrases)}
    return _refusal(wrong, phrases, prompt)


async def _offer_meant(
    command: Command[Any], wrong: Misunderstood, words: Sequence[str], context: Context
) -> None:
    """Put buttons to a refused line: the same line with each word that may have been meant and is not said already."""
    word, near = wrong.values.get("said"), _near(wrong)
    if wrong.key == "words.not_watched" and not command.changes:
        near = (await context.services.snapshots.watched())[:MOST_OFFERS]
    if wrong.offers or word not in words:
        return
    place = words.index(word)
    lexicon = Lexicon(await context.services.snapshots.watched())
    lines = {one: (*words[:place], one, *words[place + 1 :]) for one in near}
    wrong.labels = tuple(one for one, line in lines.items() if not command.says_twice(line, lexicon))
    wrong.offers = tuple(_line(command, lines[one]) for one in wrong.labels)


def _near(wrong: Misunderstood) -> tuple[str, ...]:
    """The words that may have been meant."""
    near = wrong.values.get("near", ())
    return () if isinstance(near, str) else near


def _line(command: Command[Any], words: Sequence[str]) -> str:
    return " ".join((f"/{command.name}", *words))


async def _request(read: Callable[[Lexicon], Any], context: Context) -> Any:
    """The request in words of what is watched; what else is listed is asked for only where a word is none of that."""
    watched, watchlist = await context.services.snapshots.watched(), context.services.watchlist
    if watchlist is None:
        return read(Lexicon(watched, tuple(bundled_tiers())))
    try:
        return read(Lexicon(watched))
    except Misunderstood:
        listed = await watchlist.listed() or tuple(bundled_tiers())
        return read(Lexicon(watched, listed, can_watch=True))


def _not_allowed(command: Command[Any], context: Context) -> Misunderstood:
    """The refusal to somebody without the right, which says who may; the bot's owners are named in its settings."""
    if command.needs is Role.OWNER and not context.user:
        return Misunderstood("door.owners_hidden", example="/help")
    if command.needs is Role.OWNER:
        who = f"{context.platform}:{context.user}"
        return Misunderstood("door.owners_only", example="/help", who=who)
    return Misunderstood("door.not_allowed", example="/help")


def _known(word: str, rest: Sequence[str] = ()) -> Command[Any]:
    command = find(word[:LONGEST_TEXT])
    if command is not None:
        return command
    names, told = tuple(command.name for command in commands()), word.lstrip("/").lower()
    near = nearest(told, names) or tuple(name for name in names if len(name) > 2 and told.startswith(name))
    if near:
        meant = tuple(f"/{name}" for name in near)
        example = next(command.example for command in commands() if command.name == near[0])
        lines = [" ".join((one, *rest)) for one in meant]
        raise Misunderstood(
            "door.did_you_mean", example=example, said=said(word), near=meant, offers=lines, labels=meant
        )
    raise Misunderstood("door.unknown", example="/help", said=said(word))


def _refusal(wrong: Misunderstood, phrases: Phrases, prompt: Prompt | None = None) -> Reply:
    kinds = phrases.say("words.or").join(phrases.word("kind", kind) for kind in wrong.kinds)
    reason = phrases.say(wrong.key, **_filled(wrong, phrases), kinds=kinds)
    example = wrong.example or "/help"
    labels = wrong.labels or tuple(_label(line, phrases) for line in wrong.offers)
    actions = tuple(Action(label, line) for label, line in zip(labels, wrong.offers, strict=True))
    return Reply(
        (Note(reason, Tone.CAUTION), Text(phrases.say("door.example", example=example))),
        actions,
        private=True,
        data={"error": {"kind": REFUSED, "reason": reason, "example": example}},
        prompt=prompt,
    )


def _filled(wrong: Misunderstood, phrases: Phrases) -> Mapping[str, str]:
    """What a refusal speaks of; of several that may have been meant, one or the other."""
    one_or_other = phrases.say("words.or")
    return {
        name: value if isinstance(value, str) else one_or_other.join(value)
        for name, value in wrong.values.items()
    }


def _label(line: str, phrases: Phrases) -> str:
    """What a button says that answers with this line: its last word, without the name of what that sets."""
    word = line.rpartition(" ")[2].rpartition("=")[2]
    return phrases.say("button.skip") if word == LEFT_OUT else word


def _without_words(slip: Exception, words: Sequence[str]) -> str:
    """Where it happened and what it was, without what the reader said: an error's own words may repeat it."""
    said = {part for word in words[1:] for part in (word, *word.split(), *word.split("=")) if len(part) > 1}
    longest_first = sorted(said, key=len, reverse=True)
    repeated = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", re.IGNORECASE)
    told = "".join(traceback.format_exception(slip)).rstrip().split("\n")
    return "\n".join(line if line.startswith(FRAME) else repeated.sub("...", line) for line in told)


def _is_store_away(slip: Exception) -> bool:
    """Asked for only when something went wrong: the door opens without the library of the server."""
    from store.connection import StoreUnavailable  # noqa: PLC0415, it brings the library of the server

    return isinstance(slip, StoreUnavailable)


def _changed(name: str, phrases: Phrases) -> str:
    """What a failure left behind: nothing, or, of a command that changes something, nobody knows what."""
    command = find(name)
    return phrases.say("door.maybe_changed" if command is not None and command.changes else "door.unchanged")


def _store_away(away: Exception, phrases: Phrases, name: str) -> Reply:
    """No slip of ours: the server that holds everything is away, and everybody who asks is told so."""
    log.warning("a question is not answered: %s", away)
    reason = phrases.say("door.store_away", changed=_changed(name, phrases))
    return Reply((Note(reason, Tone.CAUTION),), data={"error": {"kind": FAILED, "reason": reason}})


def _apology(key: str, slip: Exception, phrases: Phrases, words: Sequence[str]) -> Reply:
    """Our slip, with the code under which it stands in the log; the reader's words are not logged."""
    code = secrets.token_hex(3)
    log.error("an answer failed, code %s\n%s", code, _without_words(slip, words))
    reason = phrases.say(key, code=code, changed=_changed(words[0], phrases))
    return Reply(
        (Note(reason, Tone.CAUTION),), data={"error": {"kind": FAILED, "reason": reason, "code": code}}
    )
