"""Hostile names and words over every command and every language: each answer is one Telegram takes, within its limits.

The names stand in the market itself, as an exchange would list them, and in what people write. The library is the real
one; its requests go to the double's judge without HTTP between them (`tests.doubles.telegram_wire`).
"""

import asyncio
import html
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from telegram import Bot, Update

from bot.chat_platform import Desk, Sentence
from bot.delivery.words import Words
from bot.platforms.telegram.answering import Answering
from bot.platforms.telegram.messenger import TelegramMessenger
from bot.platforms.telegram.parts import plain
from bot.platforms.telegram.service import buttons_on
from bot.platforms.telegram.transport import STAND_IN
from commands.protocol.dispatch import commands
from commands.protocol.phrases import languages
from commands.protocol.picture import Picture
from commands.wording.columns import width
from market.alerts import Edge, Kind, Severity
from market.hourly import Hourly
from scheduler.subscriptions.group import Action, Telling, Why
from store.in_memory import HoursInMemory, SnapshotsInMemory
from store.waves import Wave
from store.wishes import Chat
from tests import canary
from tests.bot.desks import desk_on
from tests.bot.pictures.samples import PNG
from tests.commands.markets import NOW_MS, calm, crowding, market, unwinding
from tests.commands.test_regime_picture import lived
from tests.doubles.telegram import ALICE, BOT, GROUP, PRIVATE, BotApi, Json
from tests.doubles.telegram_judge import models
from tests.doubles.telegram_wire import Wire
from tests.store.samples import FIRED

HOSTILE = (
    "<b>BTC</b>",
    "</pre>",
    "<pre>",
    "</blockquote><blockquote>",
    '<tg-time unix="1" format="t">',
    '<a href="tg://user?id=1">x</a>',
    "tg://user?id=1",
    "https://t.me/x?start=y",
    "A&B",
    "&lt;&#x202e;&amp",
    "&#0;",
    "\"'`*_[](){}~|",
    "\u202eCTB",
    "\u2066\u2067x\u2069",
    "\u200b\u200d\ufeff",
    "\u200f",
    "e" + "\u0301" * 60,
    "😀" * 40,
    "\ud83d",
    "\ude00\ud83d",
    "\ue000t1\ue001",
    "\ue000u68\ue001",
    "\ue000p9\ue001",
    "\x00\x07\x1b[31m",
    "a\nb",
    "a\u2028b\u0085c",
    "{asset}",
    "%s{0}",
    "@everyone",
    "#c7f2",
    "=",
    "equity=",
    "٣",
    "5x",
    "10k",
    "X" * 10_000,
    "W" * 300,
    "ß" * 64,
)
BENIGN = ("btc", "5x", "10k", "long", "3%", "72h", "64,210", "all", "cascade", "off", "?")
STORED = [name for name in HOSTILE if name.encode(errors="ignore").decode() == name]
"""What the store can hold: half a character is refused by its codec, so no asset is ever called so."""
NAMES = st.lists(
    st.one_of(
        st.sampled_from(STORED), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=24)
    ),
    min_size=1,
    max_size=3,
    unique=True,
)
PEOPLE = st.sampled_from(HOSTILE)
WORDS = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.sampled_from(BENIGN), st.text(max_size=30)), max_size=4
)
CHATS = st.sampled_from((PRIVATE, GROUP))
FINDS = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)
EXCUSED = re.compile(r"not modified")
COLUMNS = 37


@dataclass(slots=True)
class Line:
    """A bot on the wire: what it did to the server is judged."""

    api: BotApi
    answering: Answering
    bot: Bot

    async def take(self, update: Json) -> None:
        """Let an update happen, told as JSON as Telegram tells it."""
        told = json.loads(json.dumps({"update_id": self.api.message_id(), **update}))
        await self.answering.take(Update.de_json(told, self.bot))

    def judged(self) -> None:
        """Nothing was refused, something was said, and no column is wider than a phone."""
        assert [one for one in self.api.refusals if not EXCUSED.search(one)] == []
        for shown in self.api.shown:
            for block in re.findall(r"<pre>(.*?)</pre>", shown.raw, re.DOTALL):
                rows = html.unescape(block).split("\n")
                assert max(map(width, rows)) <= COLUMNS, rows
            assert shown.rich is not None or plain(shown.raw) == shown.text
            assert not set("\u202e\u2066\u2067\u200b\x00\x1b") & set(shown.text)


def with_line(desk: Desk, steps: Callable[[Line], Awaitable[None]], *, is_newer: bool = False) -> BotApi:
    """What the server saw of a bot on this desk that lived through these steps."""

    async def live() -> BotApi:
        api = BotApi(canary.TELEGRAM_TOKEN, clock=lambda: NOW_MS / 1_000)
        api.has_rich = api.has_ephemeral = is_newer
        bot, buttons = Bot(STAND_IN, request=Wire(api), get_updates_request=Wire(api)), buttons_on(desk)
        async with bot:
            line = Line(api, Answering(bot, desk, buttons, TelegramMessenger(bot, buttons)), bot)
            if is_newer:
                await line.answering.newer.probe(bot, wants_tables=True)
                api.refusals.clear()
            await steps(line)
            line.judged()
        return api

    return asyncio.run(live())


@lru_cache(maxsize=1)
def half_a_year() -> Hourly:
    return lived()


def desk_of(names: Sequence[str]) -> Desk:
    """A market that lists assets of these names, drawn as pictures too; the first is the one nobody has to name."""
    kinds = (crowding, unwinding, calm)
    seen = [kinds[place % 3](asset=name) for place, name in enumerate(names)]
    seen.append(market(asset="SOL", lacking=("price",)))
    desk = desk_on(is_warning=True)
    kept = SnapshotsInMemory((*names, "BTC", "SOL"), [*seen, crowding()])

    async def draw(picture: Picture, private: bool) -> bytes:
        del picture, private
        return PNG

    hours = HoursInMemory(dict.fromkeys(names, half_a_year()))
    return replace(desk, services=replace(desk.services, snapshots=kept, hours=hours), draw=draw)


def named(language: str, name: str = "Alice") -> Json:
    return {**ALICE, "first_name": name, "language_code": language}


def written(text: str, chat: Json, sender: Json) -> Json:
    chat = {**chat, "title": sender["first_name"]}
    about = {"message_id": 4, "date": 1, "chat": chat, "from": BOT, "text": f"/size {text}"}
    said = {"message_id": 5, "date": NOW_MS // 1_000, "chat": chat, "from": sender, "text": text}
    return {"message": {**said, "reply_to_message": about}}


def pressed(data: str, message: Json, sender: Json) -> Json:
    query = {"id": data[:8], "from": sender, "chat_instance": "1", "data": data, "message": message}
    return {"callback_query": query}


@pytest.fixture(autouse=True, scope="module")
def quiet() -> None:
    """The judge's models take seconds to import."""
    models()


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
@FINDS
@given(names=NAMES, words=WORDS, who=PEOPLE, chat=CHATS, is_newer=st.booleans())
def test_every_command_answers_in_what_telegram_takes(
    command: Any, names: list[str], words: list[str], who: str, chat: Json, language: str, is_newer: bool
) -> None:
    sender = named(language, who)

    async def steps(line: Line) -> None:
        for said in ((), (names[0],), words):
            await line.take(written(" ".join((f"/{command.name}", *said)), chat, sender))
        for shown in line.api.shown[:2]:
            for button in [one for one in shown.buttons.values() if "callback_data" in one][:4]:
                await line.take(pressed(button["callback_data"], line.api.told(shown), sender))

    api = with_line(desk_of(names), steps, is_newer=is_newer)
    assert len(api.shown) + len(api.answered) >= 1


@FINDS
@given(names=NAMES, words=WORDS, language=st.sampled_from(languages()))
def test_every_inline_answer_can_be_sent(names: list[str], words: list[str], language: str) -> None:
    queries = ["", names[0], " ".join(words), f"why {names[0]}"]

    async def steps(line: Line) -> None:
        for place, query in enumerate(queries):
            asked = {
                "id": str(place),
                "from": named(language),
                "query": query,
                "offset": query,
            }
            await line.take({"inline_query": asked})

    assert len(with_line(desk_of(names), steps).inline_answers) == len(queries)


@FINDS
@given(names=NAMES, who=PEOPLE, language=st.sampled_from(languages()))
def test_what_is_shared_carries_any_name_of_its_owner(names: list[str], who: str, language: str) -> None:
    sender = named(language, who)

    async def steps(line: Line) -> None:
        await line.take(written("/size BTC 5x 10k", GROUP, sender))
        answer = line.api.shown[0]
        share = answer.buttons[Sentence.SHARE.in_words(language)]["callback_data"]
        await line.take(pressed(share, line.api.told(answer, PRIVATE), sender))

    shared = with_line(desk_of(names), steps).shown[-1]
    assert shared.chat_id == GROUP["id"]
    assert "BTC 5x" in shared.text


@FINDS
@given(data=st.one_of(st.sampled_from(HOSTILE), st.text(max_size=64)), language=st.sampled_from(languages()))
def test_every_press_of_a_made_up_button_is_answered_in_200_letters(data: str, language: str) -> None:
    async def steps(line: Line) -> None:
        below = {"message_id": 5, "date": 1, "chat": PRIVATE, "from": BOT, "text": "x"}
        for told in (data, f"/regime {data}", f"=/why {data}", *(f"AAAAAAAA{mark}{data}" for mark in "/#!")):
            await line.take(pressed(told[:64], below, named(language)))

    assert len(with_line(desk_of(("BTC1",)), steps).answered) == 6


@FINDS
@given(
    names=NAMES,
    kind=st.sampled_from(tuple(Kind)),
    severity=st.sampled_from(tuple(Severity)),
    edge=st.sampled_from(tuple(Edge)),
    why=st.sampled_from((Why.NEW_WAVE, Why.STILL_STANDS, Why.OVER, Why.SAMPLE)),
    language=st.sampled_from(languages()),
)
def test_every_warning_is_one_telegram_takes(
    names: list[str], kind: Kind, severity: Severity, edge: Edge, why: Why, language: str
) -> None:
    alerts = tuple(
        replace(FIRED, asset=name, kind=kind, severity=severity, edge=edge, id=f"c7f{place}", at_ms=NOW_MS)
        for place, name in enumerate(names)
    )
    chat = Chat("telegram:11", language=language)

    async def steps(line: Line) -> None:
        telling = Telling(Action.SEND, why, Wave(chat.address), shown=alerts)
        reply = Words().reply(telling, chat, NOW_MS, is_repeat=False)
        messenger = TelegramMessenger(line.bot, buttons_on(desk_of(names)))
        sent = await messenger.send(chat.address, reply, is_silent=True, nonce="1")
        longer = Words().reply(telling, chat, NOW_MS + 60_000, is_repeat=True)
        await messenger.edit(chat.address, sent, longer)

    assert len(with_line(desk_of(names), steps).shown) >= 1
