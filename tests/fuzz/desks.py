"""A desk for a platform under fuzz: the market of the fuzzed lines, canary tokens, and a clock in the hand."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.chat_platform import Desk
from store.in_memory import MemosInMemory
from tests.bot.desks import desk_on
from tests.commands.markets import NOW_MS
from tests.fuzz.lines import a_market


@dataclass(slots=True)
class Lively:
    """The desk and its present, UTC ms."""

    now_ms: int = NOW_MS
    desk: Desk = field(default_factory=desk_on)


def lively(data_dir: Path = Path("/nowhere")) -> Lively:
    """A desk at which all can be asked."""
    made = Lively()
    services = replace(a_market().services, memos=MemosInMemory(lambda: made.now_ms))
    settings = desk_on(data_dir=data_dir).settings
    settings = settings.model_copy(update={"operators": frozenset({"telegram:11", "discord:42"})})
    made.desk = Desk(settings, services, lambda: made.now_ms)
    return made
