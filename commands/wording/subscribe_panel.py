"""The words of the panel by which a server's managers choose what a channel is warned of: what was chosen, before it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from commands.protocol.phrases import Phrases
from commands.protocol.reply import Block, Heading, Mention, Note, Reply, Text, Told, Tone
from commands.protocol.style import written_in
from commands.wording.wave import Marks, describe_wave
from market.alerts import Alert, Kind, Severity
from market.rules import AlertRules

ALL = "all"
_PLACE = "\0"
USUAL = (Kind.CASCADE,)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen for a channel ("discord:987"); `kinds` () and `severity` None mean what is usual, `role` None nobody."""

    channel: str
    assets: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    severity: Severity | None = None
    role: str | None = None
    ping_from: Severity = Severity.CRITICAL
    thread: bool = False

    def options(self) -> Mapping[str, object]:
        """The same as the options of /subscribe, which keeps it."""
        calling = (
            {"ping": "off"} if self.role is None else {"ping": self.role, "ping_from": self.ping_from.value}
        )
        return {
            "asset": ",".join(self.assets) or None,
            "kind": ",".join(kind.value for kind in self.kinds) or None,
            "severity": None if self.severity is None else self.severity.value,
            **calling,
            "thread": "on" if self.thread else "off",
        }


def label(part: str, phrases: Phrases) -> str:
    """What stands in a menu or on a button of the panel."""
    return phrases.word("subscribe_panel", part)


def kind_label(kind: Kind, phrases: Phrases) -> str:
    """A kind of warning as a menu shows it."""
    return phrases.word("alert_kind", kind.value)


def severity_label(part: str, severity: Severity, phrases: Phrases) -> str:
    """A severity as the menu of this part shows it: "told from WARNING up"."""
    word = phrases.word("severity", severity.value)
    key = "subscribe_panel.told_from" if part == "severity" else "subscribe_panel.mentioned_from"
    return phrases.say(key, severity=word)


def describe_choice(choice: Choice, phrases: Phrases, *, is_mentionable: bool) -> Reply:
    """What is kept when it is confirmed, in words."""
    blocks: list[Block] = [
        Heading(phrases.say("subscribe_panel.heading")),
        _around(
            phrases.say("subscribe_panel.where", channel=_PLACE), Mention(choice.channel, kind="channel")
        ),
        Text("\n".join((*_heard(choice, phrases), *_looked_back(choice, phrases)))),
    ]
    if choice.role is not None:
        severity = phrases.word("severity", choice.ping_from.value)
        blocks.append(_around(phrases.say("wish.ping", role=_PLACE, severity=severity), role_of(choice)))
    reply = Reply(tuple(blocks))
    return reply if choice.role is None or is_mentionable else with_unmentionable(reply, phrases)


def with_unmentionable(reply: Reply, phrases: Phrases) -> Reply:
    """The same, and that its role is not called by being mentioned."""
    note = Note(phrases.say("subscribe_panel.not_mentionable"), Tone.CAUTION)
    return replace(reply, blocks=(*reply.blocks, note))


def role_of(choice: Choice) -> Mention:
    """The role that is chosen."""
    return Mention(f"{choice.channel.partition(':')[0]}:{choice.role}", kind="role")


def describe_preview(
    choice: Choice, sample: Alert, phrases: Phrases, rules: AlertRules, now_ms: int
) -> Reply:
    """A warning as the channel would see it; its buttons are left out, and nobody is called."""
    with written_in(phrases.style):
        shown = describe_wave((sample,), phrases, rules, now_ms, Marks(is_sample=True))
    called = (Told((role_of(choice),)),) if choice.role is not None else ()
    return Reply((Text(phrases.say("subscribe_panel.preview_is")), *called, *shown.blocks))


def describe_kept(choice: Choice, reply: Reply, phrases: Phrases) -> Reply:
    """The answer of /subscribe, with the channel it is about; its buttons would ask of another one, and are left out."""
    where = _around(
        phrases.say("subscribe_panel.kept", channel=_PLACE), Mention(choice.channel, kind="channel")
    )
    return Reply((where, *reply.blocks), data=reply.data)


def describe_missing(part: str, phrases: Phrases) -> Reply:
    """What stands in the way of keeping it: nothing chosen, or a channel that cannot be warned."""
    return Reply((Note(phrases.word("subscribe_panel_refused", part), Tone.CAUTION),))


def _heard(choice: Choice, phrases: Phrases) -> list[str]:
    names = [phrases.say("wish.all") if one == ALL else one for one in choice.assets]
    kinds = ", ".join(kind_label(kind, phrases) for kind in choice.kinds or USUAL)
    usual = Severity.WATCH if choice.kinds else Severity.WARNING
    severity = phrases.word("severity", (choice.severity or usual).value)
    lines = [
        phrases.say(
            "subscribe_panel.assets_are", assets=", ".join(names) or phrases.say("subscribe_panel.nothing")
        ),
        phrases.say("subscribe_panel.kinds_are", kinds=kinds, severity=severity),
    ]
    return [*lines, phrases.say("wish.thread")] if choice.thread else lines


def _looked_back(choice: Choice, phrases: Phrases) -> tuple[str, ...]:
    """By which command one sees how what is chosen would have behaved, before it is kept."""
    asset = next((one for one in choice.assets if one != ALL), None)
    if asset is None:
        return ()
    kind = next(iter(choice.kinds or USUAL)).value
    return (phrases.say("subscribe_panel.look_back", line=f"/backtest {asset} {kind}"),)


def _around(sentence: str, name: Mention) -> Told:
    before, _, after = sentence.partition(_PLACE)
    return Told((before, name, after))
