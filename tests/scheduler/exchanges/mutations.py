"""Payloads that went wrong on the way: cut, swapped, blown up."""

import json
from typing import Any

from hypothesis import strategies as st

JUNK: tuple[Any, ...] = (
    None, "", "NaN", "nan", "inf", "-inf", "1e400", "x", "\u0000", " 1", "0", "-1", 0, -1, 1.5, 10**30, 1e30, -1e-300,
    True, [], {}, [[]], [None], {"e": 1}, "9" * 400, 10**13, "10000000000000",
)  # fmt: skip
RAW = (b"NaN", b"Infinity", b"1e400", b"\xff\xfe", b'"\\ud800"', b"[" * 3000)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, child in inside for path in paths(child, (*here, key)))]


def swapped(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """The value with what stands at `path` replaced."""
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = swapped(copy[path[0]], path[1:], junk)
    return copy


def mutated(payload: bytes) -> st.SearchStrategy[bytes]:
    """This payload, wrong in one to three places, cut short, or with bytes that are no JSON."""
    value = json.loads(payload)

    @st.composite
    def wrong(draw: st.DrawFn) -> bytes:
        said = value
        for _ in range(draw(st.integers(1, 3))):
            said = swapped(said, draw(st.sampled_from(paths(said))), draw(st.sampled_from(JUNK)))
        return json.dumps(said).encode()

    cut = st.integers(0, len(payload) - 1).map(lambda end: payload[:end])
    spoilt = st.tuples(st.integers(0, len(payload)), st.sampled_from(RAW)).map(
        lambda at: payload[: at[0]] + at[1] + payload[at[0] :]
    )
    return wrong() | cut | spoilt
