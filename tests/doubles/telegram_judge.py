"""What Telegram would refuse: requests judged by the method models aiogram generates from the Bot API's own pages.

The models accept keys they do not know, so unknown keys are looked for here, nested ones too; the limits and the markup
that no model knows are checked beside them.
"""

import json
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from importlib import import_module
from types import ModuleType, NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

LONGEST_TEXT_UNITS = 4_096
LONGEST_CAPTION_UNITS = 1_024
LONGEST_CALLBACK_BYTES = 64
LONGEST_CALLBACK_ANSWER = 200
MOST_BUTTONS_IN_A_ROW = 8
MOST_BUTTONS = 100
TAGS = frozenset(
    {"a", "b", "blockquote", "code", "del", "em", "i", "ins", "pre", "s", "span", "strike", "strong", "u"}
)

Method = Any
"""A method model of aiogram; importing them takes seconds, so that is left to whoever needs a judge."""


class Refused(Exception):
    """What Telegram answers instead, a 400 unless said otherwise."""

    def __init__(
        self, description: str, status: int = 400, parameters: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(description)
        self.description = description
        self.status = status
        self.parameters = parameters or {}


def models() -> ModuleType:
    """Aiogram's method models."""
    return import_module("aiogram.methods")


def judge(name: str, form: Mapping[str, Any]) -> Method:
    """The request as aiogram's model of the method. Raises Refused for anything Telegram would not take."""
    model = getattr(models(), name[:1].upper() + name[1:], None)
    if model is None:
        raise Refused(f"Not Found: no method {name}", 404)
    try:
        call: Method = model.model_validate({key: _decoded(model, key, value) for key, value in form.items()})
    except ValidationError as error:
        raise Refused(f"Bad Request: {name}: {_first(error)}") from None
    strangers = sorted(_strangers(call))
    if strangers:
        raise Refused(f"Bad Request: {name}: unknown parameter {strangers[0]}")
    _check_limits(call)
    return call


def visible(text: str, parse_mode: str | None) -> str:
    """The text a reader sees. Raises Refused where the markup cannot be parsed."""
    if parse_mode is None:
        return text
    if parse_mode != "HTML":
        raise Refused("Bad Request: unsupported parse_mode")
    parser = _Markup()
    parser.feed(text)
    parser.close()
    if parser.open_tags:
        raise Refused(
            f"Bad Request: can't parse entities: Can't find end tag corresponding to start tag {parser.open_tags[-1]}"
        )
    return "".join(parser.seen)


def entities(text: str, parse_mode: str | None) -> list[dict[str, Any]]:
    """The marked parts of a text, as Telegram tells them with the message."""
    if parse_mode is None:
        return []
    parser = _Markup()
    parser.feed(text)
    parser.close()
    return parser.marked


def mode_of(call: Any) -> str | None:
    """The parse mode a request asks for; aiogram's models stand a mark of their own where it asks for none."""
    mode = getattr(call, "parse_mode", None)
    return mode if isinstance(mode, str) else None


def units(text: str) -> int:
    """UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


class _Markup(HTMLParser):
    """Telegram's small HTML: known tags, closed in their order, and four named entities."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open_tags: list[str] = []
        self.began: list[int] = []
        self.seen: list[str] = []
        self.marked: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise Refused(f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"')
        self.open_tags.append(tag)
        self.began.append(units("".join(self.seen)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open_tags or self.open_tags.pop() != tag:
            raise Refused(f'Bad Request: can\'t parse entities: Unmatched end tag "{tag}"')
        began = self.began.pop()
        kind = {"b": "bold", "i": "italic"}.get(tag, tag)
        length = units("".join(self.seen)) - began
        self.marked.append({"type": kind, "offset": began, "length": length})

    def handle_data(self, data: str) -> None:
        if "<" in data:
            raise Refused("Bad Request: can't parse entities: Unclosed start tag")
        self.seen.append(data)

    def handle_entityref(self, name: str) -> None:
        self.seen.append({"lt": "<", "gt": ">", "amp": "&", "quot": '"'}.get(name, f"&{name};"))

    def handle_charref(self, name: str) -> None:
        self.seen.append(chr(int(name[1:], 16) if name[:1] in "xX" else int(name)))


def _decoded(model: type[BaseModel], key: str, value: Any) -> Any:
    """A form value as Telegram reads it: JSON where the parameter is no plain text."""
    field = model.model_fields.get(key)
    if not isinstance(value, str) or field is None or _only_text(field.annotation):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _only_text(annotation: Any) -> bool:
    kinds = set(get_args(annotation)) or {annotation}
    return str in kinds and kinds - {str, int, NoneType} <= {kind for kind in kinds if "Default" in str(kind)}


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"


def _strangers(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (f"{path}{key}" for key in value.model_extra or {})
        for name in type(value).model_fields:
            yield from _strangers(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strangers(part, path)


def _check_limits(call: Method) -> None:
    text = getattr(call, "text", None)
    if type(call).__name__ == "AnswerCallbackQuery":
        if text and len(text) > LONGEST_CALLBACK_ANSWER:
            raise Refused("Bad Request: MESSAGE_TOO_LONG")
    elif isinstance(text, str):
        seen = visible(text, mode_of(call))
        if not seen.strip():
            raise Refused("Bad Request: message text is empty")
        if units(seen) > LONGEST_TEXT_UNITS:
            raise Refused("Bad Request: message is too long")
    for spoken in (call, getattr(call, "media", None)):
        caption = getattr(spoken, "caption", None)
        if isinstance(caption, str) and units(visible(caption, mode_of(spoken))) > LONGEST_CAPTION_UNITS:
            raise Refused("Bad Request: message caption is too long")
    _check_buttons(getattr(getattr(call, "reply_markup", None), "inline_keyboard", None) or [])


def _check_buttons(rows: list[list[Any]]) -> None:
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS or any(len(row) > MOST_BUTTONS_IN_A_ROW for row in rows):
        raise Refused("Bad Request: reply markup is too long")
    for button in buttons:
        data = (button.callback_data or "").encode()
        if len(data) > LONGEST_CALLBACK_BYTES:
            raise Refused("Bad Request: BUTTON_DATA_INVALID")
        if bool(data) == bool(button.url):
            raise Refused("Bad Request: BUTTON_TYPE_INVALID")
