"""The canary: tokens used by every test that needs one, which must never be seen in any log line or output.

`Watch` stands on the root logger at DEBUG for the whole run, with the very handler the service writes its log with, and
remembers every emitted line that holds a canary in any form.
"""

import base64
import io
import json
import logging
import re
from urllib.parse import quote, quote_plus

from bot.logs import LIBRARIES, RedactedHandler, make_handler

TELEGRAM_TOKEN = "7700000001:CANARY_aB3-dE5fG7hI9jK1lM3nO5pQ7rS"
DISCORD_TOKEN = "Q0FOQVJZMDAwMDAwMDAwMDAx.CANARY.aB3-dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW"
REDIS_PASSWORD = "canary-Pa55/word+with=signs"
REDIS_URL = f"redis://default:{quote(REDIS_PASSWORD, safe='')}@127.0.0.1:6379/0"
SECRETS = (TELEGRAM_TOKEN, DISCORD_TOKEN, REDIS_URL)

_HALVES = (TELEGRAM_TOKEN.partition(":")[2], DISCORD_TOKEN.rpartition(".")[2], REDIS_PASSWORD)


def _forms() -> tuple[str, ...]:
    whole = (*SECRETS, *_HALVES)
    written = {
        form for text in whole for form in (text, quote(text, safe=""), quote_plus(text), repr(text)[1:-1])
    }
    written |= {json.dumps(text)[1:-1] for text in whole}
    written |= {base64.b64encode(text.encode()).decode() for text in SECRETS}
    return tuple(sorted(written))


_ANY = re.compile("|".join(map(re.escape, _forms())), re.IGNORECASE)


def leaks(text: str) -> bool:
    """Whether a canary can be read in this text, raw, encoded, as repr or broken over lines."""
    return _ANY.search(text) is not None or _ANY.search(re.sub(r"\s*\n\s*", "", text)) is not None


class Watch(io.TextIOBase):
    """The stream behind the handler: it keeps no line but those that leak, and how many it saw."""

    def __init__(self) -> None:
        self.lines = 0
        self.leaked: list[str] = []
        self.handler: RedactedHandler = make_handler(self, SECRETS)  # type: ignore[arg-type]
        self.handler.setLevel(logging.DEBUG)

    def write(self, text: str) -> int:
        """Look at what would have been written."""
        self.lines += 1
        if leaks(text):
            self.leaked.append(text[:500])
        return len(text)

    def begin(self) -> None:
        """Listen to everything, the chatty libraries too."""
        root = logging.getLogger()
        root.addHandler(self.handler)
        root.setLevel(logging.DEBUG)
        for library in LIBRARIES:
            logging.getLogger(library).setLevel(logging.DEBUG)

    def take(self) -> list[str]:
        """The leaks since the last look."""
        found, self.leaked = self.leaked, []
        return found
