"""Telegram's small HTML, read as its server reads it (Bot API, "HTML style"; the rules of nesting stand in "Formatting options").

The real server drops some wrongly nested marks in silence and sends the words without them. Here that is refused, so that a
mark which no reader would see is noticed.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

Json = dict[str, Any]

ENTITY = {
    "a": "text_link",
    "b": "bold",
    "blockquote": "blockquote",
    "code": "code",
    "del": "strikethrough",
    "em": "italic",
    "i": "italic",
    "ins": "underline",
    "pre": "pre",
    "s": "strikethrough",
    "span": "spoiler",
    "strike": "strikethrough",
    "strong": "bold",
    "tg-emoji": "custom_emoji",
    "tg-spoiler": "spoiler",
    "tg-time": "date_time",
    "u": "underline",
}
"""The entity of each tag; no other tag is known."""

ANYWHERE = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
"""What may stand in every other entity and hold it, except `pre` and `code`."""
FIXED = frozenset({"pre", "code"})
ATTRIBUTES = {
    "a": {"href"},
    "blockquote": {"expandable"},
    "code": {"class"},
    "span": {"class"},
    "tg-emoji": {"emoji-id"},
    "tg-time": {"unix", "format"},
}
TIME_FORMAT = re.compile(r"r|w?[dD]?[tT]?")
"""Bot API, "Date-time entity formatting"."""
LATEST_UNIX = 2**31 - 1
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
INVISIBLE = re.compile(
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0]+"
)
"""What leaves a message empty where nothing else is in it."""


class Unparsed(Exception):
    """Why Telegram cannot parse a text."""


@dataclass(slots=True)
class Read:
    """A text as a reader sees it, and its marked parts as Telegram tells them with the message."""

    seen: str
    entities: list[Json] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing in it can be seen."""
        return not INVISIBLE.sub("", self.seen)


def read_html(text: str) -> Read:
    """What is seen of a text. Raises Unparsed where Telegram would not parse it, or would drop a mark."""
    parser = _Markup()
    parser.feed(text)
    parser.close()
    if parser.rawdata:
        raise Unparsed("Unclosed start tag")
    if parser.open:
        raise Unparsed(f"Can't find end tag corresponding to start tag {parser.open[-1].tag}")
    return Read("".join(parser.seen), sorted(parser.marked, key=lambda one: (one["offset"], -one["length"])))


def units(text: str) -> int:
    """UTF-16 units, as Telegram counts. Raises Unparsed for half a character, which no JSON or form can carry."""
    try:
        return len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise Unparsed("Text must be encoded in UTF-8") from None


@dataclass(slots=True)
class _Open:
    tag: str
    entity: Json
    began: int


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[_Open] = []
        self.seen: list[str] = []
        self.marked: list[Json] = []
        self._units = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ENTITY:
            raise Unparsed(f'Unsupported start tag "{tag}"')
        given = dict(attrs)
        strange = sorted(set(given) - ATTRIBUTES.get(tag, set()))
        if strange:
            raise Unparsed(f'Tag "{tag}" has no attribute {strange[0]}')
        entity = {"type": ENTITY[tag], **_told(tag, given)}
        if tag == "code" and given and not (self.open and self.open[-1].tag == "pre"):
            raise Unparsed('Only a "code" in a "pre" has a language')
        self._check_place(entity["type"], is_language=tag == "code" and bool(given))
        self.open.append(_Open(tag, entity, self._units))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raise Unparsed(f'Empty tag "{tag}"')

    def handle_endtag(self, tag: str) -> None:
        if not self.open:
            raise Unparsed("Unexpected end tag")
        opened = self.open.pop()
        if opened.tag != tag:
            raise Unparsed(f'Unmatched end tag, expected "</{opened.tag}>", found "</{tag}>"')
        length = self._units - opened.began
        if length:
            self.marked.append({**opened.entity, "offset": opened.began, "length": length})

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise Unparsed("Unclosed start tag")
        self._see(data)

    def handle_entityref(self, name: str) -> None:
        self._see(NAMED.get(name, f"&{name};"))

    def handle_charref(self, name: str) -> None:
        number = int(name[1:], 16) if name[:1] in "xX" else int(name)
        self._see(chr(number) if 0 < number < 0x110000 else f"&#{name};")

    def handle_comment(self, data: str) -> None:
        raise Unparsed('Unsupported start tag "!--"')

    def handle_decl(self, decl: str) -> None:
        raise Unparsed('Unsupported start tag "!"')

    def unknown_decl(self, data: str) -> None:
        raise Unparsed('Unsupported start tag "!"')

    def handle_pi(self, data: str) -> None:
        raise Unparsed('Unsupported start tag "?"')

    def _see(self, text: str) -> None:
        self.seen.append(text)
        self._units += units(text)

    def _check_place(self, kind: str, *, is_language: bool) -> None:
        around = [opened.entity["type"] for opened in self.open]
        if is_language:
            around.pop()
        if FIXED & set(around):
            raise Unparsed(f"{kind} in fixed words: nothing stands there but words")
        if kind in ANYWHERE:
            return
        quoted = [one for one in around if one.endswith("blockquote")]
        if quoted and (kind == "pre" or kind.endswith("blockquote")):
            raise Unparsed(f"{kind} in a quote: quotes cannot be nested and hold no block")
        if kind in FIXED and set(around) & ANYWHERE:
            raise Unparsed(f"{kind} in {around[-1]}: fixed words cannot be part of another mark")
        if any(one not in ANYWHERE and not one.endswith("blockquote") for one in around):
            raise Unparsed(f"{kind} in {around[-1]}: they cannot contain each other")


def _told(tag: str, given: dict[str, str | None]) -> Json:
    """What an entity says besides its place. Raises Unparsed where the tag lacks what it needs."""
    match tag:
        case "tg-time":
            return _moment(given)
        case "blockquote" if "expandable" in given:
            return {"type": "expandable_blockquote"}
        case "span" if given.get("class") != "tg-spoiler":
            raise Unparsed('Tag "span" must have class "tg-spoiler"')
        case "tg-emoji" if not (given.get("emoji-id") or "").isdigit():
            raise Unparsed("Invalid custom emoji identifier specified")
        case "a":
            return {"url": given.get("href") or ""}
        case _:
            return {}


def _moment(given: dict[str, str | None]) -> Json:
    unix, written = given.get("unix") or "", given.get("format") or ""
    if not (unix.isascii() and unix.isdigit() and int(unix) <= LATEST_UNIX):
        raise Unparsed("Invalid unix time specified")
    if not TIME_FORMAT.fullmatch(written):
        raise Unparsed("Invalid date-time format specified")
    return {"unix_time": int(unix)} | ({"date_time_format": written} if written else {})
