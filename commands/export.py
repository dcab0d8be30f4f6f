"""/export: everything that is kept of the asker, as a file."""

import json
from dataclasses import dataclass

from commands.desk.whom import asker_of
from commands.protocol.command import Command
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import File, Reply
from commands.protocol.request import Context, Misunderstood
from commands.wording.privacy import describe_export, describe_nothing
from market.report import iso
from store.registry import entries
from store.whom import Held

NAME = "seawall-export.json"


@dataclass(frozen=True, slots=True)
class Export:
    """Ask for what is kept."""


async def answer(_: Export, context: Context) -> Reply:
    """The file with all that is kept of the asker, told where nobody else reads it."""
    privacy, subject = context.services.privacy, await asker_of(context)
    if privacy is None:
        return describe_nothing(phrases_in(context.language))
    if not context.is_private:
        raise Misunderstood("privacy.alone_only", example="/export")
    if not subject.names:
        raise Misunderstood("privacy.nobody", example="/privacy")
    held = await privacy.held(subject)
    text = json.dumps(_written(held, context), indent=1, ensure_ascii=False)
    return describe_export(
        held, File(NAME, text.encode()), phrases_in(context.language), is_shown=context.is_terminal
    )


def _written(held: Held, context: Context) -> dict[str, object]:
    """The file: of whom it is, of when, and each kind with what it is, how long it is kept and each time it is."""
    kinds = {entry.name: entry for entry in entries()}
    kept = {}
    for name, values in held.parts.items():
        entry = kinds.get(name)
        about = {} if entry is None else {"what": entry.holds, "kept": entry.until}
        kept[name] = {**about, "values": list(values)}
    return {"made_at": iso(context.now_ms), "of": list(held.subject.names), "kept": kept}


COMMAND = Command(
    "export",
    Export,
    answer,
    help="everything that is kept of you, as a file",
    example="/export",
    order=57,
    private=True,
    in_menu=False,
)
