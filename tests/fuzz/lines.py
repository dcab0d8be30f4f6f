"""Command lines and slash options through the real door, on a market in memory where everything can be asked and changed."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from commands.protocol import dispatch
from commands.protocol.command import Command
from commands.protocol.phrases import languages
from commands.protocol.reply import Reply
from commands.protocol.request import TERMINAL, Context, Role
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from store.in_memory import ChatsInMemory, MemosInMemory, PeopleInMemory, SnapshotsInMemory
from tests.commands.chained import chain
from tests.commands.levelled import depth, opened
from tests.commands.markets import NOW_MS, calm, crowding, market, unwinding
from tests.commands.talking import context
from tests.fuzz.harness import Wrong
from tests.fuzz.mutating import JUNK, NUMBERS, mutated_text
from tests.fuzz.oracle import judge
from tests.positions import LINES, PLANNED
from tests.store.samples import FIRED, GEO_BLOCKED, MISSING_PAST, READING_PAST, TIERS_SAMPLE

WATCHED = ("BTC", "ETH", "SOL", "1000PEPE")
PIECES = (
    "btc", "BTCUSDT", "eth", "pepe", "xbt", "all", "every", "5x", "3.5x", "200x", "10k", "64,200", "64.200", "3%", "72h", "3d", "1w", "long", "short",
    "largo", "corto", "cross", "isolated", "venue=bybit", "venue=okx", "equity=10k", "notional=50k", "hold=72h", "lose=5%", "base=2x", "entry=60k",
    "?", "-", "on", "off", "23-07", "22:30-6", "Europe/Berlin", "America/St_Johns", "UTC", "zone", "quiet", "pierce", "least", "cap", "language", "es",
    "en", "auto", "cascade", "regime", "stage", "funding", "oi", "liquidations", "skew", "watch", "warning", "critical", "2h", "30m", "1d", "#c7f2",
    "beef", "list", "show", "add", "close", "p7d3", "id=p9e1", "500", "-7%", "yes", "again", "me", "chat", "sub-BTC", "sub-all-skew", "retry", "id",
)  # fmt: skip
PLATFORMS = (("telegram", "4711"), ("telegram", "-100:7"), ("discord", "987654321"), (TERMINAL, ""))
LATER_MS = (0, 0, 0, MINUTE_MS, 20 * MINUTE_MS, HOUR_MS, -HOUR_MS, 25 * HOUR_MS, 31 * DAY_MS)
MOST_POOLED = 600
DEEP_EVERY = 8
MOST_OF_A_PERSON = 40


class Asking:
    """Lines as people write them, mutated; what buttons stood for is asked as well."""

    def __init__(self) -> None:
        self._names = [command.name for command in dispatch.commands()]
        self._firm = [line for command in dispatch.commands() for line in _lines_of(command)]
        self._pool = list(self._firm)
        self._learnt = 0

    def line(self, dice: Random) -> str:
        """The next line."""
        match dice.randrange(4):
            case 0:
                words = [dice.choice(PIECES) for _ in range(dice.randrange(6))]
                line = " ".join((f"/{dice.choice(self._names)}", *words))
            case 1:
                line = f"/{dice.choice(self._names)}{dice.choice(LINES)}"
            case _:
                line = dice.choice(self._pool)
        if dice.random() < 0.3:
            return mutated_text(line, dice, self._firm)
        name, blank, rest = line.partition(" ")
        return name + blank + mutated_text(rest, dice, self._pool)

    def learn(self, reply: Reply) -> None:
        """Lines behind buttons are asked later, mutated."""
        for action in reply.actions:
            self._learnt += 1
            if len(self._pool) < MOST_POOLED:
                self._pool.append(action.command)
            else:
                self._pool[len(self._firm) + self._learnt % (MOST_POOLED - len(self._firm))] = action.command


class Lines:
    """Lines asked by many people in all languages; what buttons stand for is asked as well."""

    name = "lines"

    def __init__(self) -> None:
        self._market = a_market()
        self._contexts = tuple(_contexts(self._market))
        self._asking = Asking()
        self._options = [command for command in dispatch.commands() if command.options]
        self._count = 0
        self.before: list[Any] = []

    def input(self, dice: Random) -> Any:
        """Who asks, how much later than the market is from, and a line or slash options."""
        who, later_ms = dice.randrange(len(self._contexts)), dice.choice(LATER_MS)
        if dice.random() < 0.2:
            command = dice.choice(self._options)
            return {
                "who": who,
                "later_ms": later_ms,
                "name": command.name,
                "options": _options(command, dice),
            }
        return {"who": who, "later_ms": later_ms, "line": self._asking.line(dice)}

    async def answer(self, given: Any) -> tuple[Reply, object]:
        """The reply, and what was kept before it."""
        here = self._contexts[given["who"]]
        here = replace(here, now_ms=here.now_ms + given["later_ms"])
        before = _kept(here)
        self.before.append(given)
        if "line" in given:
            return await dispatch.answer(given["line"], here), before
        return await dispatch.answer_options(given["name"], given["options"], here), before

    def judge(self, given: Any, answered: tuple[Reply, object]) -> str:
        """Raises Wrong."""
        reply, before = answered
        self._count += 1
        went = judge(reply, is_deep=self._count % DEEP_EVERY == 0)
        here = self._contexts[given["who"]]
        if went != "answered" and _kept(here) != before:
            raise Wrong("a refused line changed what is kept")
        if not _watched(here):
            raise Wrong("nothing is watched any more")
        if went == "answered" or self._count % 9 == 0:
            self._asking.learn(reply)
        self._tidy()
        return went

    async def end(self) -> None:
        """Nothing is open."""

    def besides_ns(self) -> int:
        """Nothing stands in for anything."""
        return 0

    def _tidy(self) -> None:
        """Nobody keeps more than a person would: an input is not slow by what a million before it left behind."""
        if self._count % 500 == 0:
            self.before = []
            self._market = a_market()
            self._contexts = tuple(_contexts(self._market))


def a_market() -> Context:
    """Where everything can be asked and changed, by whoever runs it."""
    made = context(
        replace(crowding(), readings=(*crowding().readings, depth())),
        unwinding(asset="ETH", source="live"),
        market(asset="SOL", lacking=("price",)),
        calm(asset="1000PEPE", silent=("funding", "volatility")),
        watched=WATCHED,
        reports=(GEO_BLOCKED,),
        pasts=(READING_PAST, MISSING_PAST),
        listed=("BTC", "ETH", "DOGE", "WIF", "SOL", "1000PEPE"),
        alerts=tuple(replace(FIRED, at_ms=NOW_MS - number * HOUR_MS) for number in range(12)),
        people=(PLANNED, replace(PLANNED, name="discord:42", reach="discord:@42")),
        hours={"BTC": opened(), "ETH": opened(3_100.0)},
        tiers=(TIERS_SAMPLE,),
        chains=(chain(),),
        role=Role.OWNER,
    )
    return replace(made, services=replace(made.services, memos=MemosInMemory(lambda: NOW_MS)))


def _contexts(base: Context) -> Any:
    for language in (*languages(), "es-MX", "xx"):
        for platform, chat in PLATFORMS:
            for role in Role:
                user = {"telegram": "4711", "discord": "42"}.get(platform, "") if role else "99"
                private = bool(role) and ":" not in chat
                yield replace(
                    base, language=language, platform=platform, chat=chat, role=role, user=user, is_private=private,
                    reach=f"{platform}:{user}" if user and platform != TERMINAL else None,
                    server="55" if platform == "discord" and not private else "",
                )  # fmt: skip


def _lines_of(command: Command[Any]) -> list[str]:
    named = [f"/{command.name} {option.name}={option.word.example}" for option in command.options]
    chosen = [f"/{command.name} {word}" for option in command.options for word in option.word.choices]
    whole = " ".join((f"/{command.name}", *(option.word.example for option in command.options)))
    return [f"/{command.name}", command.example, whole, *named, *chosen]


def _options(command: Command[Any], dice: Random) -> Mapping[str, Any]:
    made: dict[str, Any] = {}
    for option in command.options:
        if dice.random() < 0.5:
            continue
        words: tuple[Any, ...] = (option.word.example, *option.word.choices, *option.word.offers)
        word = dice.choice(
            (dice.choice(words), dice.choice(PIECES), dice.choice(JUNK), dice.choice(NUMBERS), 5.0)
        )
        if isinstance(word, str) and dice.randrange(2):
            word = mutated_text(word, dice, PIECES)
        made[option.name] = word
    if dice.random() < 0.03:
        made[dice.choice(NUMBERS)] = dice.choice(JUNK)
    return made


def _kept(here: Context) -> object:
    """All that an answer may change, as cheaply told as it can be: values are frozen, so the same ones are equal."""
    services = here.services
    assert isinstance(services.chats, ChatsInMemory)
    assert isinstance(services.people, PeopleInMemory)
    return dict(services.chats._chats), dict(services.people._people), _watched(here)


def _watched(here: Context) -> tuple[str, ...]:
    assert isinstance(here.services.snapshots, SnapshotsInMemory)
    return here.services.snapshots._watched
