"""What Telegram would refuse: requests judged by the method models aiogram generates from the Bot API's own pages.

The models accept keys they do not know, so unknown keys are looked for here, nested ones too; the limits and the markup
that no model knows are checked beside them.
"""

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType, NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from tests.doubles.telegram_limits import (
    CHECKS,
    LONGEST_CALLBACK_ANSWER,
    LONGEST_CAPTION_UNITS,
    Wrong,
    check_buttons,
    check_forced_reply,
    check_inline_answer,
    check_marks,
    check_text,
)
from tests.doubles.telegram_markup import Read, Unparsed, read_html, units

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
    return read(text, parse_mode).seen


def entities(text: str, parse_mode: str | None) -> list[dict[str, Any]]:
    """The marked parts of a text, as Telegram tells them with the message."""
    return read(text, parse_mode).entities


def read(text: str, parse_mode: str | None) -> Read:
    """The text as Telegram reads it. Raises Refused where it cannot."""
    if parse_mode not in {None, "HTML"}:
        raise Refused("Bad Request: unsupported parse_mode")
    try:
        units(text)
        return Read(text) if parse_mode is None else read_html(text)
    except Unparsed as problem:
        raise Refused(f"Bad Request: can't parse entities: {problem}") from None


def mode_of(call: Any) -> str | None:
    """The parse mode a request asks for; aiogram's models stand a mark of their own where it asks for none."""
    mode = getattr(call, "parse_mode", None)
    return mode if isinstance(mode, str) else None


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
    try:
        _check(call)
    except Wrong as wrong:
        raise Refused(f"Bad Request: {wrong}") from None


def _check(call: Method) -> None:
    name = type(call).__name__
    text = getattr(call, "text", None)
    if name == "AnswerCallbackQuery":
        if text and (len(text) > LONGEST_CALLBACK_ANSWER or units(text) < 1):
            raise Wrong("MESSAGE_TOO_LONG")
    elif isinstance(text, str):
        check_text(read(text, mode_of(call)))
    for spoken in (call, getattr(call, "media", None)):
        caption = getattr(spoken, "caption", None)
        if isinstance(caption, str):
            seen = read(caption, mode_of(spoken))
            check_marks(seen)
            if units(seen.seen) > LONGEST_CAPTION_UNITS:
                raise Wrong("message caption is too long")
    markup = getattr(call, "reply_markup", None)
    check_buttons(getattr(markup, "inline_keyboard", None) or [])
    check_forced_reply(getattr(markup, "input_field_placeholder", None))
    if name == "AnswerInlineQuery":
        check_inline_answer(call, read)
    CHECKS.get(name, lambda _: None)(call)
