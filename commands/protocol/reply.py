"""What a command answers: typed blocks that know no platform; a platform only escapes, paginates and sends."""

from collections.abc import Callable, ItemsView, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from commands.protocol.picture import Picture


class Tone(StrEnum):
    """How a note is meant; platforms show word and symbol, never colour alone."""

    GOOD = "good"
    PLAIN = "plain"
    CAUTION = "caution"
    STRESS = "stress"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; newlines are kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The line that says the whole answer."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Table:
    """Columns that must stay aligned (at most 37 characters a line on a phone). `align` holds one of l or r a column."""

    rows: tuple[tuple[str, ...], ...]
    head: tuple[str, ...] = ()
    align: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Monospaced lines of at most 37 characters, already laid out."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a judgement rests on, in lines of prose: nobody has to have read it to act, so platforms may fold it away."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A remark with its tone."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody as the platform shows them, without calling them: `name` is "discord:456".

    `kind` is "person", "role" or "channel".
    """

    name: str
    kind: str = "person"


class Shown(StrEnum):
    """What of a moment is shown: how long ago it was (or its date and hour), its day and hour, or the clock time of a near one."""

    AGE = "age"
    DAY = "day"
    MINUTE = "minute"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment (UTC ms) as the platform shows one: by its reader's clock or as an age, in UTC where it knows neither.

    `words` are those for UTC, such as "12:04:10 UTC"; where they are empty it is the date and the minute.
    """

    at_ms: int
    shown: Shown = Shown.AGE
    words: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An address of our own making to be opened, "https://..."; never one that somebody said."""

    url: str


@dataclass(frozen=True, slots=True)
class Told:
    """A paragraph that speaks of people, roles, moments and links; newlines in its words are kept."""

    parts: tuple[str | Mention | Moment | Link, ...]


Block = Text | Heading | Table | Lines | Evidence | Note | Told | Picture


@dataclass(frozen=True, slots=True)
class Action:
    """A button: a label of a few words and the command line it stands for, such as "/size BTC 3x"."""

    label: str
    command: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with an answer, to its asker alone: a name such as "seawall.json", and what stands in it."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Copy:
    """A number to be taken elsewhere, such as into an exchange: `text` holds it in plain digits, as commands read it as well.

    A platform that can copy at a press shows a button with the label; others leave it out, since the answer says it too.
    """

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a command line still lacks: the reader's next words go behind `line` as the value of `field`.

    `kind` names the kind of word (the phrases' table `kind`), `example` is one that would do. What can be chosen from are
    the reply's buttons; a prompt is for what has to be typed.
    """

    line: str
    field: str
    kind: str
    example: str

    @property
    def lacking(self) -> str:
        """The line with the field named and nothing behind it, as it stands where the answer is to be typed."""
        return f"{self.line} {self.field}="

    def filled(self, answer: str) -> str:
        """The command line with this answer; a field takes one word, so "10 k" is read as "10k", and "line=10k" as well."""
        word = "".join(answer.split())
        name, sign, named = word.partition("=")
        return f"{self.line} {self.field}={named if sign and name.lower() == self.field else word}"


class Numbers(Mapping[str, object]):
    """The numbers behind an answer that went well, worked out when somebody looks at them: a chat never does."""

    def __init__(self, work_out: Callable[[], Mapping[str, object]]) -> None:
        self._work_out = work_out

    def __getitem__(self, name: str) -> object:
        return self._work_out()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._work_out())

    def __len__(self) -> int:
        return len(self._work_out())

    def items(self) -> ItemsView[str, object]:
        """All of them, worked out once."""
        return self._work_out().items()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: blocks from top to bottom, buttons, and the plain numbers behind it for `--json`.

    `private` answers hold a position: ephemeral on Discord, never posted to a public room unasked. `prompt` is what the
    reader is asked for where the line lacked something. `at_ms` is the moment (UTC) of which it speaks, where that is one of
    the present market: platforms that can show how long ago that is by now do so. `copies` are its numbers to be copied.
    `language` is the one in which it is worded, for what a platform has to say beside it; "" where nobody said. `file` goes
    with the answer where the platform can send one.
    """

    blocks: tuple[Block, ...]
    actions: tuple[Action, ...] = ()
    private: bool = False
    data: Mapping[str, object] = field(default_factory=dict)
    prompt: Prompt | None = None
    at_ms: int | None = None
    copies: tuple[Copy, ...] = ()
    language: str = ""
    file: File | None = None
