"""What a chat is to be told now of a row's facts: decided again whenever a row has waited, for a chat may have changed.

News of a plan are nobody's subscription and belong to no wave: each is a message of its own, to a chat that need not be
known. A mute and quiet hours take its sound away; they never hold it back.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import structlog

from bot.delivery.shelves import Shelves
from bot.delivery.words import Words
from commands.protocol.phrases import ORIGINAL
from commands.protocol.reply import Reply
from market.alerts import CLASSES, Alert
from market.observations import Asset
from market.plans import PlanNews
from market.plans.news import WATCH, urgency_of
from scheduler.subscriptions.group import LATE_MS, RAISED, Action, Telling, Why, key_of, sample, tell
from scheduler.subscriptions.quiet import is_quiet
from store.chats import Chat
from store.outbox import AGAIN_S, Claimed, Overtaken, Row
from store.plan_news import is_plan
from store.post import is_sample
from store.watchdog import CANARY_ADDRESS
from store.waves import Wave, packed_wave
from store.wishes import wants

FACTS_KEPT = 256

log = structlog.stdlib.get_logger(__name__)

ON_TIME, LATE, EXPIRED = "sent", "late", "expired"
"""What a new message is counted as: in time, later than a minute, or told when it was too old to act on."""

Say = Callable[[int, bool], Reply]
"""The message as it is worded at a moment (UTC ms), with or without saying that it may have arrived before."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What is sent to `address`, where the chat now is; `edited` is the message that is edited, None for a new one.

    `told` is the chat's wave once the message is there (None: the message belongs to no wave), `is_live` whether a new
    message is the one that the wave is told in from now on. `before` is the wave as it was. `head` is the wave's first
    message, below which this one goes in a thread (`thread` is its address, None: not opened yet); None where it goes into
    the chat. `ping` is the role that it calls. `mark` is that of the wave it was decided on, "" where that does not matter.
    """

    address: str
    is_known: bool
    is_silent: bool
    say: Say
    reply: Reply
    edited: str | None = None
    before: Wave | None = None
    told: Wave | None = None
    is_live: bool = False
    head: str | None = None
    thread: str | None = None
    ping: str | None = None
    counts_as: str = ON_TIME
    mark: str = ""

    def kept(self, message: str | None) -> bytes | None:
        """The wave to keep once a message is there, with where it now stands; None where there is none to keep."""
        if self.told is None:
            return None
        is_moved = self.is_live and self.edited is None
        return packed_wave(replace(self.told, message=message, thread=None) if is_moved else self.told)

    def kept_below(self, thread: str) -> bytes | None:
        """The wave to keep once a message is in the thread of its first one: a wave that goes on goes on there."""
        if self.told is None:
            return None
        return packed_wave(self.told if self.told.message is None else replace(self.told, thread=thread))

    def lost(self) -> bytes | None:
        """The wave to keep where the message that was to be edited is gone: the next one is a new one."""
        return None if self.before is None else packed_wave(replace(self.before, message=None, thread=None))


class Decisions:
    """Decides what the rows of one platform come to; what comes to nothing is settled here."""

    def __init__(self, shelves: Shelves, words: Words, now_ms: Callable[[], int]) -> None:
        self._shelves, self._words, self._now_ms = shelves, words, now_ms
        self._facts: dict[str, Mapping[int, Alert]] = {}

    async def of(self, claimed: Claimed) -> Decided | None:
        """What the chat is to be told as things are now; None where that is nothing, and the row is settled.

        Raises StoreUnavailable.
        """
        while True:
            try:
                return await self._as_it_is(claimed)
            except Overtaken:
                await asyncio.sleep(AGAIN_S)

    async def _as_it_is(self, claimed: Claimed) -> Decided | None:
        outbox, now_ms = self._shelves.outbox, self._now_ms()
        seen = await outbox.look(claimed.row.address)
        chat, mark, claimed = seen.chat, seen.mark, claimed.at(seen.address)
        wave = _there(seen.wave, seen.address)
        if seen.address == CANARY_ADDRESS:
            return await self._of_canary(claimed, wave, now_ms)
        is_heard = self._shelves.may_hear(seen.address, chat)
        if is_heard and is_plan(claimed.row.batch):
            return await self._of_plans(claimed, seen.address, chat, now_ms)
        if not is_heard or chat is None or chat.suspended:
            await outbox.commit(claimed)
            return None
        telling = await self._telling(claimed.row, chat, wave, now_ms)
        match telling.action:
            case Action.NOTHING:
                await outbox.commit(claimed, packed_wave(telling.wave), mark)
            case Action.HOLD:
                held = packed_wave(telling.wave)
                await outbox.later(claimed, telling.until_ms or now_ms, wave=held, mark=mark)
            case _:
                return replace(self._of_wave(telling, chat, wave, now_ms), mark=mark)
        return None

    async def _telling(self, row: Row, chat: Chat, wave: Wave, now_ms: int) -> Telling:
        facts = await self._facts_of(row.batch)
        wanted = [facts[number] for number in row.facts if number in facts]
        if is_sample(row.batch):
            return sample(wave, wanted, now_ms, row.not_after_ms)
        return tell(wave, [alert for alert in wanted if wants(chat, alert)], chat, now_ms)

    def _of_wave(self, telling: Telling, chat: Chat, before: Wave, now_ms: int) -> Decided:
        def say(at_ms: int, is_repeat: bool) -> Reply:
            return self._words.reply(telling, chat, at_ms, is_repeat=is_repeat)

        ping = role_called(telling, chat)
        head = head_of(telling, chat, before)
        return Decided(
            chat.address,
            is_known=True,
            is_silent=telling.is_silent and ping is None,
            say=say,
            reply=say(now_ms, False),
            edited=before.message if telling.action is Action.EDIT else None,
            before=before,
            told=telling.wave if ping is None else replace(telling.wave, is_pinged=True),
            is_live=telling.why not in {Why.OVER, Why.SAMPLE},
            head=head,
            thread=None if head is None else before.thread,
            ping=ping,
            counts_as=EXPIRED if telling.why is Why.EXPIRED else LATE if telling.is_late else ON_TIME,
        )

    async def _of_canary(self, claimed: Claimed, wave: Wave, now_ms: int) -> Decided | None:
        """The watchdog's canary, worded like any warning; the wave of its address keeps of when it is."""
        facts = await self._facts_of(claimed.row.batch)
        canaries = [facts[number] for number in claimed.row.facts if number in facts]
        telling = sample(wave, canaries, now_ms, claimed.row.not_after_ms)
        if telling.action is Action.NOTHING:
            await self._shelves.outbox.commit(claimed)
            return None
        came_ms = max(alert.at_ms for alert in canaries)
        return self._of_wave(
            replace(telling, wave=replace(wave, told_ms=came_ms)), Chat(wave.address), wave, now_ms
        )

    async def _of_plans(
        self, claimed: Claimed, address: str, chat: Chat | None, now_ms: int
    ) -> Decided | None:
        facts = await self._shelves.plan_news.news(claimed.row.batch)
        news = tuple(facts[number] for number in claimed.row.facts if number in facts)
        if not news:
            log.warning("news of a plan are forgotten before they could be told", key=claimed.row.key)
            await self._shelves.outbox.commit(claimed)
            return None
        row = claimed.row
        is_old, is_late = now_ms > row.not_after_ms, now_ms - row.at_ms > LATE_MS
        language = (chat and chat.written_in) or row.language or ORIGINAL

        def say(at_ms: int, is_repeat: bool) -> Reply:
            return self._words.plans(
                news, language, at_ms, is_old=at_ms > row.not_after_ms, is_repeat=is_repeat
            )

        return Decided(
            address,
            is_known=chat is not None,
            is_silent=_is_silent(news, chat, now_ms),
            say=say,
            reply=say(now_ms, False),
            counts_as=EXPIRED if is_old else LATE if is_late else ON_TIME,
        )

    async def _facts_of(self, batch: str) -> Mapping[int, Alert]:
        if batch not in self._facts:
            if len(self._facts) >= FACTS_KEPT:
                self._facts.clear()
            facts = await self._shelves.bulletins.facts(batch)
            if not facts:
                return facts
            self._facts[batch] = facts
        return self._facts[batch]


def _there(wave: Wave, address: str) -> Wave:
    """A chat's wave where the chat now is: what stands in the old chat cannot be edited, and its number is another message's here."""
    return wave if wave.address == address else replace(wave, address=address, message=None, thread=None)


def role_called(telling: Telling, chat: Chat) -> str | None:
    """The role a message calls: where something stands that is severe enough for that, and the wave has called nobody yet."""
    is_told_now = telling.action is Action.SEND and telling.why not in {Why.SAMPLE, Why.EXPIRED}
    if chat.ping_role is None or telling.wave.is_pinged or not is_told_now:
        return None
    least = CLASSES.index(chat.ping_least)
    calls = any(
        alert.edge in RAISED and CLASSES.index(alert.severity) >= least and key_of(alert) not in telling.past
        for alert in telling.shown
    )
    return chat.ping_role if calls else None


def head_of(telling: Telling, chat: Chat, before: Wave) -> str | None:
    """The wave's first message, where what follows it goes into a thread below and this follows it; else None."""
    follows = telling.action is Action.DIGEST or (telling.action is Action.SEND and telling.wave.sent > 1)
    is_of_wave = telling.why not in {Why.SAMPLE, Why.EXPIRED}
    return before.message if chat.thread_a_wave and follows and is_of_wave else None


def _is_silent(news: tuple[PlanNews, ...], chat: Chat | None, now_ms: int) -> bool:
    """Whether news of plans make no sound: nothing urgent is among them, or the chat is not to be disturbed."""
    if all(urgency_of(one.happened) == WATCH for one in news):
        return True
    return chat is not None and _rests(chat, (one.plan.asset for one in news), now_ms)


def _rests(chat: Chat, assets: Iterable[Asset], now_ms: int) -> bool:
    """Whether a chat has quiet hours now, or has muted all of these assets."""
    if chat.quiet is not None and is_quiet(chat.quiet, now_ms):
        return True
    all_until_ms = chat.muted_ms.get("", 0)
    return min(max(all_until_ms, chat.muted_ms.get(asset, 0)) for asset in assets) > now_ms
