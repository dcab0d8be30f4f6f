"""Whom the settings let in and how often, what a refusal says, and what an answer takes of a core."""

import math
from collections.abc import Callable, Coroutine, Generator
from time import thread_time
from types import coroutine
from typing import Any, TypeVar

from bot.settings import Settings
from commands.protocol.limits import Refusal, Rules
from commands.protocol.phrases import phrases_in
from store.wishes import Chat

Value = TypeVar("Value")


def rules_of(settings: Settings) -> Rules:
    """Who may ask and how often, as the settings are now."""
    return Rules(settings.allowed, settings.limit_person, settings.limit_chat, settings.limit_all)


def may_hear(settings: Settings, address: str, chat: Chat | None) -> bool:
    """Whether something is still sent there: the list names it, its server, or somebody who chose what it hears."""
    if not settings.allowed:
        return True
    platform, _, rest = address.partition(":")
    names = {f"{platform}:{rest.removeprefix('@').partition(':')[0]}"}
    if chat is not None:
        names |= {f"{platform}:{chat.server}", *(change.by for change in chat.changes)}
    return not names.isdisjoint({*settings.allowed, *settings.operators})


def in_words(refusal: Refusal, language: str, who: str) -> str:
    """What somebody who is refused is told, "" where they are left unanswered; `who` they are ("telegram:123")."""
    if not refusal.is_told:
        return ""
    seconds = str(max(1, math.ceil(refusal.wait_s)))
    return phrases_in(language).say(refusal.why.value, seconds=seconds, who=who)


@coroutine
def metered(work: Coroutine[Any, Any, Value], spent: Callable[[float], None]) -> Generator[Any, Any, Value]:
    """What `work` gives; the CPU seconds its own steps took go to `spent`, without those of others in between."""
    took_s, sent, thrown = 0.0, None, None
    try:
        while True:
            began_s = thread_time()
            try:
                waits_for = work.send(sent) if thrown is None else work.throw(thrown)
            except StopIteration as done:
                value: Value = done.value
                return value
            finally:
                took_s += thread_time() - began_s
            sent, thrown = None, None
            try:
                sent = yield waits_for
            except BaseException as cancelled:  # noqa: BLE001, it belongs to the work, which says what becomes of it
                thrown = cancelled
    finally:
        work.close()
        spent(took_s)
