"""/reload: the settings of the running service are read again, taken as a whole or left as they were."""

from dataclasses import dataclass

from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from commands.wording.reloading import describe_nothing_runs, describe_reload


@dataclass(frozen=True, slots=True)
class Reload:
    """Ask for the settings to be read again."""


async def answer(ask: Reload, context: Context) -> Reply:
    """What holds from now on, what waits for a restart, or what is wrong; in a group only how many mistakes there are."""
    phrases, reloads = phrases_in(context.language), context.services.reloads
    if reloads is None:
        return describe_nothing_runs(phrases)
    return describe_reload(await reloads.reload(), phrases, is_private=context.is_private)


COMMAND = Command(
    "reload",
    Reload,
    answer,
    help="read the settings again, without a restart",
    example="/reload",
    order=55,
    needs=Role.OWNER,
    in_menu=False,
    changes=True,
)
