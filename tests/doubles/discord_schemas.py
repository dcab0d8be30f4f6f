"""Discord's own description of what it takes, offline: the JSON schemas of its published OpenAPI description.

A schema knows nothing of limits over several components (40 of them, 4,000 letters in all): those are counted here, from
the developer documentation (Components, Message Flags).
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parent.parent / "payloads" / "discord" / "schemas.json.gz"
LAYOUT = 1 << 15
"""The flag of a message made of a layout."""
MOST_COMPONENTS, MOST_LETTERS = 40, 4_000
UPDATED, CHOICES, PAGE = (6, 7), 8, 9
"""Kinds of answers to an interaction."""


def refused(kind: str, payload: Any) -> list[str]:
    """What Discord would object to in a request of a kind ("message", "followup", "command"), nothing where it takes it."""
    payload = _numbered(payload)
    said = [f"{error.json_path}: {error.message[:120]}" for error in _judge(kind).iter_errors(payload)]
    return [*said, *_over_limits(payload)] if isinstance(payload, Mapping) else said


def refused_request(method: str, path: str, payload: Any) -> list[str]:
    """The same of a request as it was sent; [] for requests that hold nothing to judge."""
    if not payload:
        return []
    if path.endswith("/callback"):
        kind = {CHOICES: "choices", PAGE: "modal", **dict.fromkeys(UPDATED, "update")}
        data = {**payload, "data": payload.get("data") or {}}
        return refused(f"callback_{kind.get(payload['type'], 'message')}", data)
    if "webhooks/" in path:
        return refused("followup" if method == "POST" else "followup_edit", payload)
    if path.endswith("/commands"):
        return [error for command in payload for error in refused("command", command)]
    if "/messages" in path:
        return refused("message" if method == "POST" else "message_edit", payload)
    return []


def words_of(payload: Mapping[str, Any]) -> str:
    """The words of a message as it is sent: its content, its embeds, and those of its layout from top to bottom."""
    told = [payload.get("content"), *(embed.get("description") for embed in payload.get("embeds") or ())]
    laid = [part.get("content") for part in _walk(payload.get("components") or [])]
    return "\n".join(part for part in (*told, *laid) if part)


def is_layout(payload: Mapping[str, Any]) -> bool:
    """Whether it is made of a layout, as its flags say."""
    return bool(int(payload.get("flags") or 0) & LAYOUT)


def _numbered(payload: Any) -> Any:
    """Files are numbered in words there, and in numbers in the documentation (Uploading Files); Discord takes both."""
    if not isinstance(payload, Mapping):
        return payload
    if isinstance(payload.get("data"), Mapping):
        return {**payload, "data": _numbered(payload["data"])}
    files = payload.get("attachments")
    told = [{**one, "id": str(one["id"])} for one in files or ()]
    return {**payload, "attachments": told} if files is not None else payload


@lru_cache(maxsize=16)
def _judge(kind: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(gzip.decompress(SCHEMAS.read_bytes()))["schemas"][kind])


def _over_limits(payload: Mapping[str, Any]) -> Iterator[str]:
    inner = payload.get("data") if isinstance(payload.get("data"), Mapping) else payload
    assert isinstance(inner, Mapping)
    found = list(_walk(inner.get("components") or []))
    if len(found) > MOST_COMPONENTS:
        yield f"{len(found)} components"
    letters = sum(len(part.get("content", "")) for part in found)
    if letters > MOST_LETTERS:
        yield f"{letters} letters in a layout"
    if is_layout(inner) and (inner.get("content") or inner.get("embeds")):
        yield "a layout beside words"
    names = [part["custom_id"] for part in found if part.get("custom_id")]
    if len(names) != len(set(names)):
        yield "two components of one name"


def _walk(components: Any) -> Iterator[Mapping[str, Any]]:
    for component in components:
        yield component
        yield from _walk(component.get("components") or [])
        for one in ("accessory", "component"):
            yield from _walk([component[one]] if one in component else [])
