"""Our own small payloads, and what they are understood as, committed beside them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

PAYLOADS = Path(__file__).parents[2] / "payloads"


def payload(venue: str, kind: str) -> bytes:
    """One of our own payloads."""
    return (PAYLOADS / venue / f"{kind}.json").read_bytes()


def expected(venue: str, kind: str) -> Any:
    """What that payload is understood as."""
    return msgspec.json.decode((PAYLOADS / venue / f"{kind}.expected.json").read_bytes())


def spoken(said: Iterable[object] | Mapping[str, object]) -> Any:
    """Reports, instruments or tiers as JSON would hold them, each with the name of its type."""
    if isinstance(said, Mapping):
        return {name: _spoken(one) for name, one in said.items()}
    return [_spoken(one) for one in said]


def _spoken(one: object) -> Any:
    fields = msgspec.json.decode(msgspec.json.encode(one))  # an amount without bound is null there
    kind = type(one).__name__
    if kind == "Told":
        kind = type(one.said).__name__  # type: ignore[attr-defined]
        fields = {"asset": fields["asset"], "relayed_by": fields["relayed_by"], **fields["said"]}
    return {"is": kind, **{name: value for name, value in fields.items() if value is not None}}
