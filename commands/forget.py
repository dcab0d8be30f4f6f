"""/forget: everything that is kept of the asker, or of the chat, is erased; asked first, done when that is confirmed."""

import hmac
import secrets
from dataclasses import dataclass, replace
from typing import Annotated

from commands.desk.whom import asker_of, chat_of, is_alone
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, Role
from commands.protocol.words import TEXT
from commands.wording.privacy import CODE_LASTS_S, describe_erased, describe_erasure, describe_nothing
from store.services import Memos, Privacy
from store.whom import Subject

CHAT = "chat"
ME = "me"
LETTERS = "bcdfghjkmnpqrstvwxz"
"""No vowels: a code is no word, and is not taken for one."""
DIGITS = 8

WHAT = replace(TEXT, example=CHAT, offers=(CHAT,))


@dataclass(frozen=True, slots=True)
class Forget:
    """Ask to be forgotten, that the chat is, or say the code that confirms it."""

    what: Annotated[str, WHAT, "chat for this chat, or the code that confirms it"] | None = None


async def answer(ask: Forget, context: Context) -> Reply:
    """What would go, with a button that confirms it; with its code, that it is gone."""
    privacy, memos = context.services.privacy, context.services.memos
    if privacy is None or memos is None:
        return describe_nothing(phrases_in(context.language))
    said = (ask.what or ME).lower()
    if said in {CHAT, ME}:
        return await _asked(said, privacy, memos, context)
    return await _confirmed(said, privacy, memos, context)


async def _asked(scope: str, privacy: Privacy, memos: Memos, context: Context) -> Reply:
    """What would go, and a code that is good for a while."""
    subject = await _subject(scope, context)
    held = await privacy.near(subject)
    code = "".join(secrets.choice(LETTERS) for _ in range(DIGITS))
    await memos.keep(_memo(context), f"{code} {_sealed(scope, context)}", CODE_LASTS_S)
    is_counted = context.is_private or scope == CHAT
    return describe_erasure(
        held, code, phrases_in(context.language), is_chat=scope == CHAT, is_counted=is_counted
    )


async def _confirmed(code: str, privacy: Privacy, memos: Memos, context: Context) -> Reply:
    kept, _, scope = (await memos.read(_memo(context)) or "").partition(" ")
    if not kept or not hmac.compare_digest(kept.encode(), code.encode()):
        raise Misunderstood("privacy.no_such_code", example="/forget", offers=["/forget"])
    is_chat = scope != ME
    if is_chat and scope != _sealed(CHAT, context):
        raise Misunderstood("privacy.other_chat", example="/forget chat", offers=["/forget chat"])
    subject = await _subject(CHAT if is_chat else ME, context)
    await memos.keep(_memo(context), "", 1)
    is_done = await privacy.forget(subject, context.now_ms)
    return describe_erased(phrases_in(context.language), is_done=is_done, is_chat=is_chat)


async def _subject(scope: str, context: Context) -> Subject:
    """Whom it is about. Raises Misunderstood where the asker may not, or nobody knows who they are."""
    if scope == CHAT and not (context.is_terminal or await context.may(Role.MANAGER, anew=True)):
        raise Misunderstood("door.not_allowed", example="/forget")
    if scope == CHAT:
        return await asker_of(context) if is_alone(context) else chat_of(context)
    if not context.person:
        raise Misunderstood("privacy.nobody", example="/forget chat")
    return await asker_of(context)


def _memo(context: Context) -> str:
    """Under which name the code of an asker is kept; of a group that speaks itself, of the group."""
    return f"forget:{context.person or context.address}"


def _sealed(scope: str, context: Context) -> str:
    """What a code stands for: a chat's is good in that chat alone."""
    return ME if scope == ME else context.address


COMMAND = Command(
    "forget",
    Forget,
    answer,
    help="erase everything that is kept of you, or of this chat",
    example="/forget",
    order=58,
    in_menu=False,
    changes=True,
)
