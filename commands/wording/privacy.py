"""What is kept of somebody, what of it would go, and that it has gone, in words."""

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Action, File, Heading, Lines, Note, Reply, Text, Tone
from commands.wording.keeping import CHANGED, counts_of, kept_line, span, told_of
from store.whom import Held

CODE_LASTS_S = 600


def describe_privacy(held: Held | None, phrases: Phrases, *, is_terminal: bool = False) -> Reply:
    """What is kept by kind and for how long, with how often it is of `held` (None: that is for its own to know)."""
    counts = {} if held is None else counts_of(held)
    lines = [kept_line(word, kinds, phrases, counts.get(word, 0)) for word, kinds in told_of().items()]
    if counts.get(CHANGED):
        lines.append(phrases.say("privacy.changed", count=counts[CHANGED]))
    never = ("lines", "never_here") if is_terminal else ("never",)
    rest = "\n".join(phrases.say(f"privacy.{name}") for name in ("sees", *never, "logs", "backups"))
    return Reply(
        (Heading(phrases.say("privacy.heading")), Text("\n".join(lines)), Text(rest)),
        (
            Action(phrases.say("button.export"), "/export"),
            Action(phrases.say("button.forget"), "/forget"),
        ),
        data={
            "kept": {word: [entry.name for entry in kinds] for word, kinds in told_of().items()},
            "now": counts,
        },
    )


def describe_export(held: Held, file: File, phrases: Phrases, *, is_shown: bool) -> Reply:
    """What is in the file; `is_shown`: with the file itself, where none can be sent: at a terminal, which keeps lines besides."""
    counts = counts_of(held)
    said = (
        phrases.say("privacy.exported", file=file.name) if counts else phrases.say("privacy.nothing_of_you")
    )
    shown = (Lines(tuple(file.content.decode().splitlines())),) if is_shown else ()
    return Reply(
        (
            Heading(phrases.say("privacy.export_heading")),
            Text(f"{said}\n{phrases.say('privacy.lines_besides')}" if is_shown else said),
            *_counted(counts, phrases),
            *shown,
        ),
        (Action(phrases.say("button.privacy"), "/privacy"),),
        private=True,
        data={"parts": {name: list(values) for name, values in held.parts.items()}},
        file=file,
    )


def describe_erasure(held: Held, code: str, phrases: Phrases, *, is_chat: bool, is_counted: bool) -> Reply:
    """What would go, and how that is confirmed."""
    counts = counts_of(held)
    heading = Heading(phrases.say("privacy.erase_chat" if is_chat else "privacy.erase_you"), Tone.CAUTION)
    listed = _counted(counts, phrases) if is_counted else ()
    told = phrases.say("privacy.for_good")
    confirm = phrases.say("privacy.confirm", within=span(CODE_LASTS_S, phrases), line=f"/forget {code}")
    return Reply(
        (heading, *listed, Text(f"{told}\n{confirm}")),
        (Action(phrases.say("button.erase"), f"/forget {code}"),),
        data={"code": code, "now": counts if is_counted else None},
    )


def describe_erased(phrases: Phrases, *, is_done: bool, is_chat: bool) -> Reply:
    """That it has gone, or goes."""
    if not is_done:
        return Reply((Note(phrases.say("privacy.under_way"), Tone.GOOD),), data={"erased": False})
    heading = phrases.say("privacy.erased_chat" if is_chat else "privacy.erased_you")
    return Reply((Heading(heading, Tone.GOOD), Text(phrases.say("privacy.left"))), data={"erased": True})


def describe_nothing(phrases: Phrases) -> Reply:
    """That nothing is kept of anybody, since there is no store."""
    return Reply((Note(phrases.say("privacy.recorded")),), data={"kept": {}})


def _counted(counts: dict[str, int], phrases: Phrases) -> tuple[Text, ...]:
    """What there is of somebody, a line each."""
    lines = [
        phrases.say("privacy.counted", what=phrases.word("privacy_kept", word), count=counts[word])
        for word in told_of()
        if counts.get(word)
    ]
    if counts.get(CHANGED):
        lines.append(phrases.say("privacy.changed", count=counts[CHANGED]))
    return (Text("\n".join(lines)),) if lines else (Text(phrases.say("privacy.nothing")),)
