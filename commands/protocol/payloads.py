"""Payloads: command lines within the 64 letters, digits, _ and - that a link into a chat can carry, and back again.

"sub-BTC-funding" subscribes, "alert-BTC" shows what is warned of, "plan-p7f2" opens a plan. Every other line is "ask-" and
its words with - between them; what a payload cannot hold stands there as _ and two hexadecimal digits a byte.
"""

import re
from collections.abc import Mapping

LONGEST_PAYLOAD = 64
"""Telegram's longest start parameter (Bots, Deep linking); "" cannot be one."""

ASK = "ask"
SUBSCRIBE = "sub"
KINDS: Mapping[str, tuple[str, ...]] = {
    SUBSCRIBE: ("subscribe",),
    "alert": ("alerts",),
    "plan": ("plan", "show"),
}
"""What the words of a payload stand behind, by what it begins with."""

MOST_SUBSCRIBED_WORDS = 2
"""An asset and a kind: of what is subscribed to in more words the line is asked for."""

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z0-9]+", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9]", re.ASCII)
_ESCAPED = re.compile(r"_([0-9a-f]{2})|([A-Za-z0-9])", re.ASCII)


def payload_of(line: str) -> str | None:
    """The payload that stands for a command line ("/size BTC 5x"), None where it is too long for one or says nothing."""
    words = _words(line)
    if not words or not all(map(str.isprintable, words)):
        return None
    payload = _short(words) or "-".join((ASK, *map(_escaped, words)))
    return payload if len(payload) <= LONGEST_PAYLOAD else None


def line_of(payload: str) -> str | None:
    """The command line a payload stands for, None where it stands for none. It may be wrong as a line: the door says so."""
    if not _PAYLOAD.fullmatch(payload):
        return None
    kind, *words = payload.split("-")
    if not words or not all(words):
        return None
    if kind in KINDS:
        return "/" + " ".join((*KINDS[kind], *words)) if all(map(_PLAIN.fullmatch, words)) else None
    told = [_unescaped(word) for word in words] if kind == ASK else []
    return "/" + " ".join(word for word in told if word) if told and all(told) else None


def _words(line: str) -> list[str]:
    """The words of a line, its command without slash, capitals and "@bot"."""
    first, *rest = line.split() or [""]
    name = first.partition("@")[0].removeprefix("/").lower()
    return [name, *rest] if name else []


def _short(words: list[str]) -> str | None:
    for kind, head in KINDS.items():
        rest = words[len(head) :]
        is_long = kind == SUBSCRIBE and len(rest) > MOST_SUBSCRIBED_WORDS
        if tuple(words[: len(head)]) == head and rest and not is_long and all(map(_PLAIN.fullmatch, rest)):
            return "-".join((kind, *rest))
    return None


def _escaped(word: str) -> str:
    return _UNSAFE.sub(lambda sign: "".join(f"_{byte:02x}" for byte in sign[0].encode()), word)


def _unescaped(word: str) -> str | None:
    """The word as it was, None where it was never one: cut, or with signs that nobody can see."""
    parts = _ESCAPED.findall(word)
    if sum(3 if code else 1 for code, _ in parts) != len(word):
        return None
    raw = b"".join(bytes.fromhex(code) if code else letter.encode() for code, letter in parts)
    try:
        told = raw.decode()
    except UnicodeDecodeError:
        return None
    return told if told.isprintable() and " " not in told else None
