"""How an input goes wrong: a text, a JSON value or bytes, mutated by dice that a seed has thrown."""

import json
from collections.abc import Sequence
from random import Random
from typing import Any

Json = Any

SIGNS = (
    "\x00", "\u202e", "\ud83d", "😀", "\u200b", "\u0301" * 9, "٥", "５", "²", "ﬁ", "ß", "İ", "\ufeff", "\U000e0041", "&", "<", ">", '"',
    "'", "`", "\\", "{", "}", "{0}", "%s", "%", "$", "#", "@", "/", "=", ":", ";", ",", ".", "-", "+", "_", "*", "~", "|", "\n", "\t", "\r",
    " ", "0", "9", "e", "E", "x", "k", "@everyone", "<@1>", "</pre>", "<b>", "&amp;", "](http://a)", "\u2028", "\x1b[2J", "\ue000",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "-1", "1e309", "1e1000000", "nan", "NaN", "inf", "-inf", "1_000", "0x10", "９", "1,2,3", "1.2.3", "9" * 30, "0." + "0" * 30 + "1",
    "1e-320", "1" * 12, "2147483648", "-9223372036854775809", "1.7976931348623157e308", ".5", "5.", "",
)  # fmt: skip
JUNK: tuple[Json, ...] = (
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e30, -1e300, 5e-324, 10**13, 2**63, -(2**63) - 1, 10**40, "", " ", "x", "NaN", "Infinity", "-inf",
    "1e400", "-1", "0", "\u0000", "\u202e", "9" * 400, [], {}, [[]], [None], {"e": 1}, [[[[[[]]]]]], "1791565010000", 1791565010000, 1e308,
)  # fmt: skip
RAW = (
    b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-", b"null", b"\xff\xfe", b"\xed\xa0\x80", b'"\\ud800"', b"[" * 2_000, b'{"a":' * 500,
    b"\x00", b",", b"}", b"]", b'"', b"\\", b"1" * 400, b"true", b"\xef\xbb\xbf",
)  # fmt: skip

TIMES = (0, 0, 0, 1, 1, 2, 3)
"""A line that nothing is wrong with goes furthest."""


def mutated_text(text: str, dice: Random, others: Sequence[str]) -> str:
    """The text, wrong in up to three ways; `others` lend it words."""
    for _ in range(dice.choice(TIMES)):
        at = dice.randrange(len(text) + 1)
        match dice.randrange(9):
            case 0 | 1:
                text = text[:at] + dice.choice(SIGNS) + text[at:]
            case 2:
                text = text[:at] + text[at + dice.randrange(1, 4) :]
            case 3:
                text = text[:at] + chr(dice.randrange(0x3000)) + text[at + 1 :]
            case 4:
                text = _with_word(text, dice, dice.choice(NUMBERS))
            case 5:
                text = _with_word(text, dice, dice.choice(dice.choice(others).split() or [""]))
            case 6:
                words = text.split(" ")
                dice.shuffle(words)
                text = " ".join(words)
            case 7:
                text = (
                    text[:at]
                    + text[max(0, at - dice.randrange(1, 9)) : at] * dice.choice((1, 2, 40))
                    + text[at:]
                )
            case _:
                text = text.swapcase() if dice.randrange(2) else dice.choice(others)
    return text


def mutated_json(value: Json, dice: Random, times: int) -> Json:
    """The value with up to `times` places replaced, dropped, doubled or bent; the value itself stays as it is."""
    for _ in range(times):
        path = _path(value, dice)
        value = _changed(value, path, dice)
    return value


def nudged_json(value: Json, dice: Random) -> Json:
    """The value with its numbers moved, all of them a little and some of them far: it may well be believed."""
    if isinstance(value, dict):
        return {key: nudged_json(one, dice) for key, one in value.items()}
    if isinstance(value, list):
        return [nudged_json(one, dice) for one in value]
    if isinstance(value, bool) or not isinstance(value, str | int | float) or dice.random() < 0.5:
        return value
    return _nudged(value, dice)


def mutated_bytes(payload: bytes, dice: Random) -> bytes:
    """The bytes, cut, spliced or bent in a few places."""
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(payload) + 1)
        match dice.randrange(5):
            case 0:
                payload = payload[:at]
            case 1:
                payload = payload[:at] + dice.choice(RAW) + payload[at:]
            case 2:
                payload = payload[:at] + bytes((dice.randrange(256),)) + payload[at + 1 :]
            case 3:
                payload = payload[:at] + payload[at + dice.randrange(1, 20) :]
            case _:
                end = dice.randrange(len(payload) + 1)
                payload = payload[:at] + payload[min(at, end) : max(at, end)][:200] + payload[at:]
    return payload


def written(value: Json) -> bytes:
    """The value as JSON, with the numbers that JSON knows nothing of written as some servers do."""
    return json.dumps(value, separators=(",", ":")).encode()


def _nudged(value: str | float, dice: Random) -> Json:
    try:
        number = float(value)
    except ValueError:
        return value
    is_time = 1e12 < abs(number) < 1e16
    moved = (
        number + 60_000 * dice.randrange(-3, 90)
        if is_time
        else number * dice.choice((0.5, 0.97, 1.0, 1.001, 1.03, 9.0, -1.0))
    )
    whole = isinstance(value, int) or (isinstance(value, str) and value.isdecimal())
    number = round(moved) if whole else moved
    return f"{number}" if isinstance(value, str) else number


def _with_word(text: str, dice: Random, word: str) -> str:
    words = text.split(" ")
    at = dice.randrange(len(words))
    words[at] = dice.choice((word, words[at] + word, f"{words[at].partition('=')[0]}={word}"))
    return " ".join(words)


def _path(value: Json, dice: Random) -> tuple[Any, ...]:
    """A place in a value, deeper ones oftener than shallow ones."""
    path: list[Any] = []
    while isinstance(value, dict | list) and value and dice.random() < 0.9:
        key = dice.choice(list(value)) if isinstance(value, dict) else dice.randrange(len(value))
        path.append(key)
        value = value[key]
    return tuple(path)


def _changed(value: Json, path: tuple[Any, ...], dice: Random) -> Json:
    if not path:
        return _bent(value, dice)
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and dice.random() < 0.25:
        return _without_or_twice(copy, path[0], dice)
    copy[path[0]] = _changed(copy[path[0]], path[1:], dice)
    return copy


def _without_or_twice(copy: Json, key: Any, dice: Random) -> Json:
    if isinstance(copy, dict):
        kept = copy.pop(key)
        if dice.randrange(2):
            copy[f"{key}{dice.choice(SIGNS)}"] = kept
    elif dice.randrange(2):
        copy.pop(key)
    else:
        copy[key:key] = [copy[key]] * dice.choice((1, 1, 20))
    return copy


def _bent(value: Json, dice: Random) -> Json:
    """A value of nearly the same kind, or junk."""
    if dice.random() < 0.4:
        return dice.choice(JUNK)
    if isinstance(value, bool) or value is None:
        return dice.choice(JUNK)
    if isinstance(value, int | float):
        return _bent_number(value, dice)
    if isinstance(value, str):
        return _bent_string(value, dice)
    return [value] if dice.randrange(2) else {"0": value}


def _bent_number(value: float, dice: Random) -> Json:
    times = dice.choice((-1, 0, 0.5, 2, 10, 1_000, 1e-9, 1e12, 1e300))
    bent = (
        value * times
        if abs(value) < 1e7 or dice.randrange(2)
        else value + dice.choice((-1, 1, 60_000, -86_400_000))
    )
    return dice.choice((bent, str(bent), str(value)))


def _bent_string(value: str, dice: Random) -> Json:
    try:
        number = float(value)
    except ValueError:
        return mutated_text(value, dice, (value, "BTC"))
    bent = _bent_number(number, dice)
    return bent if dice.randrange(4) == 0 else str(bent)
