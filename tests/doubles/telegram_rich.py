"""The HTML of rich messages (Bot API 10.1 to 10.3, "Rich message formatting options"): blocks, tables, and the small marks.

It holds to what the pages document and to the limits published with them: 500 blocks, 16 levels, 20 columns.
"""

from html.parser import HTMLParser

from tests.doubles.telegram_judge import Refused
from tests.doubles.telegram_markup import ENTITY

BLOCKS = frozenset(
    {
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "details",
        "blockquote",
        "aside",
        "footer",
        "pre",
    }
)
OTHERS = frozenset({"td", "th", "caption", "summary", "cite", "mark", "sub", "sup", "br", "hr"})
VOID = frozenset({"br", "hr"})
INSIDE = {
    "tr": {"table"},
    "td": {"tr"},
    "th": {"tr"},
    "caption": {"table"},
    "summary": {"details"},
    "li": {"ul", "ol"},
}
CELLS = frozenset({"td", "th"})
ATTRIBUTES = {
    "table": {"bordered", "striped", "compact"},
    "td": {"align", "valign", "colspan", "rowspan"},
    "th": {"align", "valign", "colspan", "rowspan"},
    "details": {"open"},
    "blockquote": {"expandable"},
    "a": {"href"},
    "code": {"class"},
    "tg-time": {"unix", "format"},
    "span": {"class"},
    "tg-emoji": {"emoji-id"},
}
ALIGNED = frozenset({"left", "center", "right"})
MOST_BLOCKS, MOST_LEVELS, MOST_COLUMNS = 500, 16, 20


def read_rich(raw: str) -> str:
    """What a reader sees of a rich message. Raises Refused where its HTML cannot be read."""
    parser = _Rich()
    parser.feed(raw)
    parser.close()
    if parser.open:
        raise _unparsed(f"Can't find end tag corresponding to start tag {parser.open[-1]}")
    seen = "".join(parser.seen).strip()
    if not seen:
        raise Refused("Bad Request: message text is empty")
    return seen


class _Rich(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[str] = []
        self._blocks = 0
        self._columns: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in BLOCKS | OTHERS | set(ENTITY):
            raise _unparsed(f'Unsupported start tag "{tag}"')
        given = dict(attrs)
        strange = sorted(set(given) - ATTRIBUTES.get(tag, set()))
        if strange or given.get("align", "left") not in ALIGNED:
            raise _unparsed(f'Tag "{tag}" cannot have {strange or "this align"}')
        if tag in INSIDE and (not self.open or self.open[-1] not in INSIDE[tag]):
            raise _unparsed(f'Tag "{tag}" stands in no {min(INSIDE[tag])}')
        if tag in VOID:
            self.seen.append("\n")
            return
        self._count(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise _unparsed(f'Unmatched end tag "{tag}"')
        if tag in CELLS:
            self.seen.append("\t")
        elif tag in BLOCKS:
            self.seen.append("\n")

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open and self.open[-1] in {"table", "tr", "ul", "ol"}:
            raise _unparsed(f'Words stand between the parts of "{self.open[-1]}"')
        self.seen.append(data)

    def _count(self, tag: str) -> None:
        self._blocks += tag in BLOCKS
        if tag == "tr":
            self._columns.append(0)
        if tag in CELLS:
            self._columns[-1] += 1
        if (
            self._blocks > MOST_BLOCKS
            or len(self.open) >= MOST_LEVELS
            or max(self._columns, default=0) > MOST_COLUMNS
        ):
            raise Refused("Bad Request: rich message is too complex")


def _unparsed(why: str) -> Refused:
    return Refused(f"Bad Request: can't parse rich message: {why}")
