"""/dead: the messages that could not be delivered, and how they are tried once more."""

from dataclasses import dataclass
from typing import Annotated

from commands.protocol.command import Command
from commands.protocol.dead_words import ALL, MESSAGE, MessageWord, Trying, TryingWord
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Misunderstood, Role
from commands.wording.given_up import describe_given_up, describe_requeued
from commands.wording.wishes import describe_nobody


@dataclass(frozen=True, slots=True)
class Given:
    """Ask for the messages that were given up, or for some of them to be tried once more."""

    action: Annotated[TryingWord, "try once more"] | None = None
    message: Annotated[MessageWord, "one by its short name, or all"] | None = None


async def answer(ask: Given, context: Context) -> Reply:
    """The list (of one message where it is named), or how many are on their way again."""
    phrases, post = phrases_in(context.language), context.services.post
    if post is None:
        return describe_nobody(await context.services.feed.status(), phrases)
    if ask.action is Trying.REQUEUE and ask.message is None:
        offers = [f"/dead requeue {offer}" for offer in MESSAGE.offers]
        raise Misunderstood("dead.which", example="/dead requeue all", offers=offers)
    found = await post.given_up()
    chosen = [one for one in found if ask.message in {None, ALL, one.name}]
    if ask.message not in {None, ALL} and not chosen:
        raise Misunderstood("dead.unknown", example="/dead", name=ask.message or "")
    if ask.action is None:
        return describe_given_up(chosen, phrases, context.now_ms)
    back = await post.requeue([one.name for one in chosen])
    return describe_requeued(back, await post.given_up(), phrases)


COMMAND = Command(
    "dead",
    Given,
    answer,
    help="messages that could not be delivered; try them once more",
    example="/dead",
    order=54,
    needs=Role.OWNER,
    private=True,
    in_menu=False,
    changes=True,
)
