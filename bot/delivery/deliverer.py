"""The last leg: a row is claimed, its chat asked what it comes to, paced, sent, and removed; a crash loses none of it.

What cannot be removed has been sent all the same: it is remembered here until the store takes the removal, and nothing
else is sent meanwhile (a store that cannot forget would make a duplicate of everything).
"""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from bot.delivery.words import Words
from bot.messenger import Messenger, Undelivered, Wrong
from market.alerts import CLASSES, Alert
from scheduler.subscriptions.group import Action, Telling, Why, tell
from store.bulletins import Bulletins
from store.chats import Chat, StoredChats
from store.connection import StoreUnavailable
from store.outbox import MOST_COPIES, Claimed, Outbox
from store.pace import Pace
from store.waves import StoredWaves, Wave, packed_wave

IDLE_S = 0.2
STORE_PAUSE_S = 1.0
PATIENCE_S = 2.0
"""A row that has to wait longer for its turn makes room for others."""
NOT_SENT_PAUSE_S = 2.0
SEND_WITHIN_S = 30.0
"""Far below the time after which another worker takes a row to be abandoned."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Shelves:
    """What a deliverer reads and writes of the store."""

    outbox: Outbox
    bulletins: Bulletins
    chats: StoredChats
    waves: StoredWaves
    pace: Pace


class Stopped(Exception):
    """The platform refuses the bot: nothing can be delivered until the operator acts. Rows are kept."""


class Deliverer:
    """Delivers the rows of one platform until cancelled. One at a time a platform; `worker` names it in the store."""

    def __init__(
        self, shelves: Shelves, messenger: Messenger, words: Words, now_ms: Callable[[], int], worker: str
    ) -> None:
        self._shelves, self._messenger, self._words = shelves, messenger, words
        self._now_ms, self._worker = now_ms, worker
        self._locks: dict[str, asyncio.Lock] = {}
        self._uncommitted: dict[str, tuple[Claimed, bytes | None]] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopped: Stopped | None = None
        self._is_away = False

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is finished first. Raises Stopped."""
        try:
            while True:
                try:
                    await self._shelves.outbox.open()
                    await self._work()
                except StoreUnavailable as failure:
                    self._say_away(failure)
                    await asyncio.sleep(STORE_PAUSE_S)
        finally:
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=SEND_WITHIN_S)

    async def _work(self) -> None:
        while True:
            await self._commit_what_was_sent()
            if self._stopped is not None:
                raise self._stopped
            await self._shelves.outbox.wake(self._now_ms())
            self._say_back()
            room = self._messenger.manners.in_flight - len(self._under_way)
            claimed = await self._shelves.outbox.claim(self._worker, room) if room > 0 else ()
            for one in claimed:
                task = asyncio.create_task(self._safely(one))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            if not claimed:
                await self._rest()

    async def _rest(self) -> None:
        """Until a row under way is done, or for a moment where none is."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(IDLE_S)

    async def _safely(self, claimed: Claimed) -> None:
        """One row; what the store does not take now is claimed anew, by us or by who comes after us."""
        lock = self._locks.setdefault(claimed.row.address, asyncio.Lock())
        try:
            async with lock:
                await self._deliver(claimed)
        except StoreUnavailable as failure:
            self._say_away(failure)
        except Stopped as stopped:
            self._stopped = stopped
        except Exception:
            log.exception("a row failed", key=claimed.row.key)
            await self._bury(claimed, "our mistake")
        finally:
            if not lock.locked():
                self._locks.pop(claimed.row.address, None)

    async def _deliver(self, claimed: Claimed) -> None:
        shelves, now_ms = self._shelves, self._now_ms()
        chat = await self._chat(claimed)
        if chat is None:
            await shelves.outbox.commit(claimed)
            return
        facts = await shelves.bulletins.facts(claimed.row.batch)
        wanted = [facts[number] for number in claimed.row.facts if number in facts]
        wave = await shelves.waves.get(chat.address)
        telling = tell(
            wave, [alert for alert in wanted if wants(chat, alert)], chat, now_ms, claimed.row.not_after_ms
        )
        match telling.action:
            case Action.NOTHING:
                await shelves.outbox.commit(claimed, packed_wave(telling.wave))
            case Action.HOLD:
                until_ms = telling.until_ms or now_ms
                await shelves.outbox.later(claimed, until_ms, wave=packed_wave(telling.wave))
            case _:
                await self._bring(claimed, chat, telling, wave)

    async def _chat(self, claimed: Claimed) -> Chat | None:
        """The chat as it now is, None where it is gone, silent by its own wish, or cannot be reached."""
        address = await self._shelves.chats.moved(claimed.row.address) or claimed.row.address
        chat = await self._shelves.chats.get(address)
        return None if chat is None or chat.suspended else chat

    async def _bring(self, claimed: Claimed, chat: Chat, telling: Telling, before: Wave) -> None:
        """Wait for the turn of this chat, then send or edit; what goes wrong decides what becomes of the row."""
        if not await self._has_turn(claimed, chat.address):
            return
        begun = await self._shelves.outbox.begin(claimed)
        copies = claimed.row.copies + begun
        is_edit = telling.action is Action.EDIT and before.message is not None
        if copies >= MOST_COPIES and not (is_edit or self._messenger.manners.is_idempotent):
            await self._bury(claimed, "uncertain")
            return
        row = replace(claimed.row, copies=min(copies, MOST_COPIES - 1))
        try:
            wave = await self._put(replace(claimed, row=row), chat, telling, before, is_edit=is_edit)
        except Undelivered as failure:
            await self._mend(replace(claimed, row=row), chat, failure, before if is_edit else None)
        else:
            await self._commit(claimed, packed_wave(wave))

    async def _has_turn(self, claimed: Claimed, address: str) -> bool:
        while True:
            wait_s = await self._shelves.pace.take(address, self._messenger.rates(address))
            if wait_s == 0.0:
                return True
            if wait_s > PATIENCE_S:
                await self._shelves.outbox.later(claimed, self._now_ms() + round(wait_s * 1_000))
                return False
            await asyncio.sleep(wait_s)

    async def _put(
        self, claimed: Claimed, chat: Chat, telling: Telling, before: Wave, *, is_edit: bool
    ) -> Wave:
        """Send or edit, and give the wave with where it now stands. Raises Undelivered."""
        is_repeat = self._is_repeat(claimed, is_edit=is_edit)
        reply = self._words.reply(telling, chat, self._now_ms(), is_repeat=is_repeat)
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                if is_edit and before.message is not None:
                    await self._messenger.edit(chat.address, before.message, reply)
                    return telling.wave
                message = await self._messenger.send(
                    chat.address, reply, is_silent=telling.is_silent, nonce=nonce_of(claimed.row.key)
                )
        except TimeoutError:
            raise Undelivered(Wrong.UNCERTAIN, f"no answer within {SEND_WITHIN_S:.0f} s") from None
        if telling.why is Why.OVER:
            return telling.wave
        return replace(telling.wave, message=message)

    def _is_repeat(self, claimed: Claimed, *, is_edit: bool) -> bool:
        return claimed.row.copies > 0 and not is_edit and not self._messenger.manners.is_idempotent

    async def _mend(self, claimed: Claimed, chat: Chat, failure: Undelivered, edited: Wave | None) -> None:
        """The six classes: what becomes of the row, and of the chat. `edited` is the wave whose message was edited."""
        outbox, now_ms = self._shelves.outbox, self._now_ms()
        match failure.wrong:
            case Wrong.NOT_SENT:
                await outbox.later(claimed, now_ms + round(1_000 * (failure.wait_s or NOT_SENT_PAUSE_S)))
            case Wrong.RATE_LIMITED:
                await self._shelves.pace.pause(failure.wait_s, None if failure.is_global else chat.address)
                await outbox.later(claimed, now_ms + round(1_000 * failure.wait_s))
            case Wrong.UNCERTAIN if edited is not None or self._messenger.manners.is_idempotent:
                await outbox.later(claimed, now_ms + round(1_000 * NOT_SENT_PAUSE_S))
            case Wrong.UNCERTAIN:
                if not await outbox.uncertain(claimed, now_ms):
                    log.warning("a warning may not have arrived", key=claimed.row.key)
            case Wrong.CHAT:
                log.info("a chat cannot be reached any more", why=failure.why)
                await self._shelves.chats.change(
                    chat.address, lambda known: replace(known, suspended=failure.why)
                )
                await outbox.commit(claimed)
            case Wrong.MOVED if failure.moved_to:
                await self._shelves.chats.move(chat.address, failure.moved_to)
                await outbox.later(claimed, now_ms, replace(claimed.row, address=failure.moved_to))
            case Wrong.MESSAGE if edited is not None:
                gone = packed_wave(replace(edited, message=None))
                await outbox.later(claimed, now_ms, wave=gone)
            case Wrong.BOT:
                await outbox.later(claimed, now_ms + round(1_000 * NOT_SENT_PAUSE_S))
                raise Stopped(failure.why)
            case _:
                log.error("a warning is refused by the platform", why=failure.why, key=claimed.row.key)
                await self._bury(claimed, failure.why)

    async def _bury(self, claimed: Claimed, why: str) -> None:
        await self._shelves.outbox.bury(claimed, self._now_ms(), why)

    async def _commit(self, claimed: Claimed, wave: bytes | None) -> None:
        try:
            await self._shelves.outbox.commit(claimed, wave)
        except StoreUnavailable:
            self._uncommitted[claimed.row.key] = (claimed, wave)
            raise

    async def _commit_what_was_sent(self) -> None:
        """Before anything else is sent. Raises StoreUnavailable."""
        for key, (claimed, wave) in tuple(self._uncommitted.items()):
            await self._shelves.outbox.commit(claimed, wave)
            del self._uncommitted[key]

    def _say_away(self, failure: StoreUnavailable) -> None:
        if not self._is_away:
            log.warning("delivery waits for the store: %s", failure)
        self._is_away = True

    def _say_back(self) -> None:
        if self._is_away:
            log.warning("the store is back; delivery goes on")
        self._is_away = False


def wants(chat: Chat, alert: Alert) -> bool:
    """Whether a chat, as it is now, wants to hear of an alert."""
    rank = CLASSES.index(alert.severity)
    return any(
        wish.kind is alert.kind
        and wish.asset in {None, alert.asset}
        and rank >= max(CLASSES.index(wish.least), CLASSES.index(chat.least))
        for wish in chat.subscriptions
    )


def nonce_of(key: str) -> str:
    """A name of at most 25 letters by which the platform knows a row that comes twice."""
    return base64.b32encode(hashlib.sha256(key.encode()).digest()[:15]).decode()[:24]
