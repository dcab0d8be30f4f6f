"""What every simulated venue can do: answer a question, take a subscription, and say what happened."""

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

Params = Mapping[str, str]
Answer = Callable[[Params, int], object]
"""Of a question's params and the moment (UTC ms), what to say: anything that is JSON."""

FOREVER_MS = 10**13


class Refused(Exception):
    """The venue says no, in its own words and with its own HTTP status."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.body = status, body


class Speech(Protocol):
    """One venue's language; `topics` are what one connection has subscribed to."""

    ws_path: str

    def answer(self, path: str, params: Params, body: bytes, now_ms: int) -> object:
        """The answer to a question, as JSON would hold it. Raises Refused."""

    def hear(self, said: str, topics: set[str]) -> list[object]:
        """Take in what a client says; what to reply: text as it is, anything else as JSON."""

    def frames(self, topics: set[str], after_ms: int, now_ms: int) -> Iterator[object]:
        """What is pushed for the time (after, now]; right after a subscription both are the same moment."""


def decimal(value: float, digits: int = 8) -> str:
    """A number as venues write it: a string, without an exponent and without idle zeros."""
    said = f"{value:.{digits}f}"
    return said.rstrip("0").rstrip(".") if "." in said else said


def whole(params: Params, name: str, otherwise: int) -> int:
    """A whole number among the params."""
    return int(params.get(name, otherwise))
