"""What is told while the simulated market goes on: its time, its changes of state and its warnings."""

from collections.abc import Iterable, Iterator, Sequence

from bot.layout import SYMBOL
from commands.protocol.phrases import ORIGINAL, Phrases, phrases_in
from commands.protocol.reply import Block, Heading, Text
from commands.protocol.style import written_in
from commands.wording.alert import describe_alert
from commands.wording.market import meaning
from commands.wording.numbers import price
from commands.wording.plan_news import NewsMarks, describe_news
from market.alerts import Alert, Edge, Kind, Severity
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from market.plans import PlanNews
from market.rules import Rules
from market.snapshot import Snapshot
from market.table import State

NOTHING_NEW_FOR_MS = 4 * HOUR_MS
BETWEEN = " ·"


class Story:
    """The lines of one asset's market from `start_ms` on, and the count of its warnings."""

    def __init__(self, start_ms: int, rules: Rules) -> None:
        self._start_ms = start_ms
        self._rules = rules
        self._phrases: Phrases = phrases_in(ORIGINAL)
        self._state: State | None = None
        self._told_ms = 0
        self._warned: set[str] = set()
        self._false: set[str] = set()

    def speak_in(self, language: str) -> None:
        """Tell what comes in this language."""
        self._phrases = phrases_in(language)

    def clock(self, now_ms: int) -> str:
        """Market time as the demo writes it: "d1 00:20", the end of a day being its 24:00."""
        day, rest = divmod(now_ms - self._start_ms - 1, DAY_MS)
        minutes = (rest + 1) // MINUTE_MS
        return f"d{day + 1} {minutes // 60:02d}:{minutes % 60:02d}"

    def tell(self, snapshot: Snapshot, alerts: Iterable[Alert], news: Iterable[PlanNews]) -> tuple[str, ...]:
        """The lines of one step: what the market did, its warnings, and what happened to the reader's own plans."""
        with written_in(self._phrases.style):
            return (*self._market(snapshot, alerts), *self._plans(news))

    def end(self) -> str:
        """The last line: how many warnings, how many of them came to something."""
        total, false = len(self._warned), len(self._false & self._warned)
        warnings = f"{total} warning{'' if total == 1 else 's'}"
        share = f": {total - false} real, {false} false" if total else ""
        return f"End. {warnings}{share}. Your own bot: make serve (one token)"

    def _market(self, snapshot: Snapshot, alerts: Iterable[Alert]) -> Iterator[str]:
        """A change of state, the warnings, or, when it has been quiet, where things stand."""
        clock = f"[SIM {self.clock(snapshot.at_ms)}]"
        changed = snapshot.regime.state is not self._state
        if changed or snapshot.at_ms - self._told_ms >= NOTHING_NEW_FOR_MS:
            self._state, self._told_ms = snapshot.regime.state, snapshot.at_ms
            yield f"{clock} {self._standing(snapshot)}"
        if changed:
            yield f"  {meaning(snapshot, self._phrases, snapshot.at_ms)[0]}"
        for alert in alerts:
            if alert.kind is Kind.CASCADE:
                self._count(alert)
                first, *others = self._warning(alert)
                yield f"{clock} {first}"
                yield from (f"  {line}" for line in others)

    def _plans(self, news: Iterable[PlanNews]) -> Iterator[str]:
        """The short form of what a chat is told."""
        for one in news:
            blocks = describe_news((one,), self._phrases, self._rules, one.at_ms, NewsMarks()).blocks
            yield f"[SIM {self.clock(one.at_ms)}] {_heading(blocks)}"
            yield from (f"  {line}" for line in _sentences(blocks))

    def _standing(self, snapshot: Snapshot) -> str:
        regime = snapshot.regime
        now = price(snapshot.fact("price", "price_usd"))
        state = self._phrases.word("state", regime.state.value)
        seen = self._phrases.say("regime.read", at="", seen=regime.inputs_seen, known=regime.inputs_known)
        return f"{snapshot.asset} {now}  {state}  {seen.lstrip(BETWEEN)}"

    def _warning(self, alert: Alert) -> Iterator[str]:
        """The short form of a warning: its heading and its sentences; of a silent watch only the first of them."""
        blocks = describe_alert(alert, self._phrases, self._rules.alerts).blocks
        yield _heading(blocks)
        yield from _sentences(blocks)[: 1 if alert.severity is Severity.WATCH else -1]

    def _count(self, alert: Alert) -> None:
        if alert.severity is not Severity.WATCH:
            self._warned.add(alert.id)
        if alert.edge is Edge.FALSE_ALARM:
            self._false.add(alert.id)


def _heading(blocks: Sequence[Block]) -> str:
    heading = next(block for block in blocks if isinstance(block, Heading))
    return SYMBOL.get(heading.tone, "") + heading.text


def _sentences(blocks: Sequence[Block]) -> list[str]:
    return [line for block in blocks if isinstance(block, Text) for line in block.text.split("\n")]
