"""Anything at all may be written: an answer comes, short enough, in time, and nothing is broken by it."""

import contextlib
import random
import time
from dataclasses import replace
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.ack import MOST_KEPT
from commands.protocol.command import Command
from commands.protocol.dispatch import answer, commands, outcome
from commands.protocol.reply import Reply
from commands.protocol.request import Misunderstood, Role
from commands.protocol.words import Lexicon
from commands.subscribe import MOST_SUBSCRIPTIONS
from tests.commands.markets import NOW_MS, calm, crowding, market, unwinding
from tests.commands.talking import context, monospaced, text_of
from tests.store.samples import FIRED

PIECES = (
    "btc", "BTCUSDT", "eth", "pepe", "5x", "x", "10k", "64,200", "1,2,3", "3%", "72h", "3d", "long", "short", "cross",
    "-5x", "0", "nan", "inf", "1e309", "1_0", "٥", "５x", "equity=", "=5", "hold", "hold=", "base=9x", "entry=1",
    "<b>", "&amp;", "`", "*", "\u202e", "\x00", "\ud83d", "😀", "/size", "@", "/", "%", "$", "$$5", "..", "--", "NaNx",
    "9" * 12, "9" * 13, "0.00000001x", "200x", "201x", "1000000000000", "{said}", "{0}", "%s", "lose=100%",
)  # fmt: skip
WISHES = (
    "btc", "ETH", "sol", "all", "every", "cascade", "regime", "stage", "funding", "oi", "liquidations", "skew", "watch",
    "warning", "critical", "2h", "30m", "1d", "off", "on", "23-07", "22:30-6", "24-1", "Europe/Berlin", "UTC", "Mars/X", "zone",
    "quiet", "pierce", "least", "cap", "10", "language", "en", "auto", "asset", "#c7f2", "beef", "sub-BTC", "sub-all-skew", *PIECES,
)  # fmt: skip
STANDS = replace(FIRED, at_ms=NOW_MS)
HERE = context(
    crowding(),
    unwinding(asset="ETH", source="simulated"),
    market(asset="SOL", lacking=("price",)),
    calm(asset="1000PEPE", silent=("funding", "volatility")),
)
CHANGEABLE = context(
    crowding(), unwinding(asset="ETH"), listed=("BTC", "ETH", "DOGE", "WIF"), role=Role.OWNER
)
"""Where /watch and /unwatch do what they are asked."""

WARNED = context(
    crowding(),
    unwinding(asset="ETH"),
    calm(asset="SOL"),
    alerts=(STANDS,),
    role=Role.MANAGER,
    watched=("BTC", "ETH", "SOL"),
)
"""Where everything about warnings does what it is asked."""

LIMIT_MS = 20.0


def line(dice: random.Random) -> str:
    """A line of pieces, mutated a little."""
    words = [dice.choice((*(f"/{command.name}" for command in commands()), ""))]
    words += [dice.choice(PIECES) for _ in range(dice.randrange(8))]
    text = dice.choice((" ", "  ", "\t", "\n")).join(words)
    for _ in range(dice.randrange(3)):
        at = dice.randrange(len(text) + 1)
        text = text[:at] + chr(dice.choice((dice.randrange(32, 127), dice.randrange(0x3000)))) + text[at:]
    return text


def judge(reply: Reply, said: str) -> None:
    assert reply.blocks
    assert outcome(reply) in {"answered", "refused"}, said
    assert all(len(row) <= 37 for row in monospaced(reply)), said
    assert len(text_of(reply)) < 4_000
    assert "\x00" not in text_of(reply)
    assert "\u202e" not in text_of(reply)


async def test_thousands_of_random_lines_are_answered() -> None:
    dice = random.Random(7)
    for _ in range(3_000):
        said = line(dice)
        judge(await answer(said, HERE), said)


async def test_whatever_is_watched_and_unwatched_something_stays_watched() -> None:
    dice = random.Random(8)
    assets = ("btc", "ETH", "doge", "wif", "sol", "PEPE", "banana", *PIECES)
    for _ in range(500):
        said = f"{dice.choice(('/watch', '/unwatch', '/regime'))} {dice.choice(assets)}"
        judge(await answer(said, CHANGEABLE), said)
        assert await CHANGEABLE.services.snapshots.watched()


async def test_whatever_is_said_of_warnings_a_chat_stays_within_its_limits() -> None:
    dice = random.Random(9)
    names = ("subscribe", "unsubscribe", "alerts", "mute", "ack", "settings", "testalert", "start")
    for _ in range(2_000):
        words = [dice.choice(WISHES) for _ in range(dice.randrange(5))]
        said = " ".join((f"/{dice.choice(names)}", *words))
        judge(await answer(said, WARNED), said)
    assert WARNED.services.chats is not None
    chat = await WARNED.services.chats.get(WARNED.address)
    assert chat is not None
    assert len(chat.subscriptions) <= MOST_SUBSCRIPTIONS
    assert len({(wish.asset, wish.kind) for wish in chat.subscriptions}) == len(chat.subscriptions)
    assert len(chat.acknowledged) <= MOST_KEPT
    assert all(until_ms > WARNED.now_ms for until_ms in chat.muted_ms.values())
    ZoneInfo(chat.zone)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
async def test_any_text_is_answered(said: str) -> None:
    judge(await answer(said, HERE), said)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([command for command in commands() if command.options]),
    st.dictionaries(
        st.sampled_from(
            [
                "asset",
                "leverage",
                "equity",
                "side",
                "hold",
                "lose",
                "mode",
                "base",
                "entry",
                "x",
                "kind",
                "severity",
                "time",
                "quiet",
                "zone",
                "pierce",
                "least",
                "cap",
                "language",
                "id",
            ]
        ),
        st.one_of(
            st.text(max_size=20),
            st.floats(),
            st.integers(),
            st.booleans(),
            st.none(),
            st.sampled_from(PIECES),
        ),
    ),
)
def test_any_slash_options_are_read_or_refused(command: Command[object], values: dict[str, object]) -> None:
    with contextlib.suppress(Misunderstood):
        command.read_options(values, Lexicon(("BTC",)))


def test_the_longest_lines_are_read_in_no_time() -> None:
    """Every pattern is linear: the worst words of 256 characters take no longer than others."""
    lexicon = Lexicon(("BTC", "ETH", "SOL", "1000PEPE"))
    worst = [
        "1" * 255,
        "1," * 127,
        "x" * 255,
        "1.1" * 85,
        "-" * 255,
        "k" * 255,
        "a-" * 127,
        "$" * 255,
        "=" * 255,
    ]
    began = time.process_time()
    for command in commands():
        for word in worst:
            try:
                command.read([word], lexicon)
            except Misunderstood:
                continue
    assert (time.process_time() - began) * 1_000 < LIMIT_MS * len(worst)
