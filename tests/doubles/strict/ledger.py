"""What arrived when: one line an arrival in a file, and the counts that a judge wants first."""

import json
import re
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = re.compile(r"#([0-9a-f]{4})\b")
"""How people name a warning; the first one in a message is what the message is about."""


@dataclass(slots=True)
class Ledger:
    """Arrivals by kind: "send", "edit", "known" (a nonce that came before), "refused" (429), "asked" (anything else)."""

    path: Path
    keeps_texts: bool = False
    kinds: Counter[str] = field(default_factory=Counter)
    peak: int = 0
    _second: deque[float] = field(default_factory=deque)
    _lines: list[str] = field(default_factory=list)

    def note(self, kind: str, chat: str, message: str = "", text: str = "", nonce: str = "") -> None:
        """One arrival."""
        self.kinds[kind] += 1
        now_s = time.time()
        self._count(now_s)
        found = NAME.search(text)
        line: dict[str, Any] = {
            "at_ms": round(now_s * 1_000),
            "kind": kind,
            "chat": chat,
            "message": message,
            "name": found[1] if found else "",
            "is_repeat": "(repeat)" in text,
            "nonce": nonce,
        }
        if self.keeps_texts:
            line["text"] = text
        self._lines.append(json.dumps(line))

    def flush(self) -> None:
        """Write down what was noted."""
        lines, self._lines = self._lines, []
        if lines:
            with self.path.open("a") as file:
                file.write("\n".join(lines) + "\n")

    def stats(self) -> dict[str, Any]:
        """Counts by kind, and the most arrivals in any one second."""
        return {**self.kinds, "peak": self.peak}

    def _count(self, now_s: float) -> None:
        self._second.append(now_s)
        while self._second[0] <= now_s - 1.0:
            self._second.popleft()
        self.peak = max(self.peak, len(self._second))
