"""One row from claim to removal: what its chat is to be told now, its turn, the sending, and what becomes of it then."""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from secrets import token_hex

import structlog

from bot.delivery.decision import Decided, Decisions
from bot.delivery.placing import Placing
from bot.delivery.shelves import Shelves
from bot.delivery.weather import Weather
from bot.delivery.words import Words
from bot.messenger import Messenger, Undelivered, Wrong
from commands.protocol.reply import Reply
from market.observations import DAY_MS, HOUR_MS
from scheduler.clock import monotonic_s
from store.connection import StoreUnavailable
from store.outbox import MOST_COPIES, Begun, Claimed, Row, Wait
from store.watchdog import CANARY_ADDRESS
from store.wishes import suspend

__all__ = ["Errands", "Shelves", "Stopped", "nonce_of"]

PATIENCE_S = 2.0
"""A row that has to wait longer for its turn makes room for others."""
FRESH_S = 0.25
"""After a longer wait the chat is asked again: it may have been muted or have left meanwhile."""
SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS = 2_000, 60_000
CLOSED_FIRST_MS, CLOSED_LONGEST_MS = 60_000, 600_000
"""A chat in which nobody may write just now is tried again so soon, and at last so seldom: people closed it, people open it."""
GIVEN_UP_MS = DAY_MS
SEND_WITHIN_S = 30.0
NONCE_TRUSTED_MS = HOUR_MS // 30
"""Two minutes: a platform knows a nonce again for "the past few"."""
EDITED, REPEATED, REFUSED, DEAD = "edited", "repeated", "refused", "dead"

log = structlog.stdlib.get_logger(__name__)


class Stopped(Exception):
    """The platform refuses the bot: nothing can be delivered until the operator acts. Rows are kept."""


class Debt(StrEnum):
    """What the store did not take."""

    REMOVAL = "removal"
    ATTEMPT = "attempt"


@dataclass(frozen=True, slots=True)
class Owed:
    """What is to be written before anything else is sent: a removal with its wave, or an attempt that was none."""

    debt: Debt
    claimed: Claimed
    wave: bytes | None = None
    attempt: str = ""


@dataclass(frozen=True, slots=True)
class Fresh:
    """What was decided (None: the row is settled), and when, in seconds of this process."""

    decided: Decided | None
    at_s: float


@dataclass(frozen=True, slots=True)
class Ready:
    """A row whose turn it is, and as which it is sent; it has a place in the window."""

    claimed: Claimed
    row: Row
    decided: Decided


class Errands:
    """Runs the errands of one worker. At most `manners.in_flight` messages are under way at once."""

    def __init__(
        self, shelves: Shelves, messenger: Messenger, words: Words, now_ms: Callable[[], int], worker: str
    ) -> None:
        self._shelves, self._messenger = shelves, messenger
        self._decisions = Decisions(shelves, words, now_ms)
        self._placing = Placing(messenger, shelves.pace)
        self._now_ms, self._worker = now_ms, worker
        self._line = asyncio.Lock()
        self._window = asyncio.Semaphore(messenger.manners.in_flight)
        self.owed: dict[str, Owed] = {}
        self.weather = Weather()
        self.is_stopping = False

    async def pay(self) -> None:
        """Write what the store did not take. Raises StoreUnavailable."""
        for key, owed in tuple(self.owed.items()):
            if owed.debt is Debt.REMOVAL:
                await self._shelves.outbox.commit(owed.claimed, owed.wave)
            else:
                await self._shelves.outbox.take_back(owed.claimed, owed.attempt)
            self.owed.pop(key, None)

    async def run(self, claimed: Claimed) -> None:
        """Bring a row to its end, or leave it as it is where this worker ends or the platform does not answer.

        Raises StoreUnavailable, Stopped.
        """
        fresh = await self._look(claimed)
        while not self._is_over():
            async with self._line:
                found = await self._stand_in_line(claimed, fresh)
            if isinstance(found, Ready):
                try:
                    await self._bring(found)
                finally:
                    self._window.release()
                return
            if found is None:
                return
            if found > PATIENCE_S:
                await self._shelves.outbox.later(claimed, self._now_ms() + round(found * 1_000))
                return
            await asyncio.sleep(found)

    async def bury(self, claimed: Claimed, why: str) -> None:
        """Give a row up. Raises StoreUnavailable."""
        if claimed.row.address == CANARY_ADDRESS:  # a canary is no message that somebody misses
            await self._shelves.outbox.commit(claimed)
            return
        await self._shelves.outbox.bury(claimed, self._now_ms(), why)
        self._count(claimed.row, DEAD)

    def _is_over(self) -> bool:
        return self.is_stopping or self.weather.is_bad

    async def _look(self, claimed: Claimed) -> Fresh:
        return Fresh(await self._decisions.of(claimed), monotonic_s())

    async def _stand_in_line(self, claimed: Claimed, fresh: Fresh) -> Ready | float | None:
        """One errand after the other waits for the bot's turn; what its chat is told is decided anew after a longer wait.

        Ready with a place in the window; a float where the chat itself has to wait so long; None where there is nothing
        to send, or nothing more.
        """
        while not self._is_over():
            if monotonic_s() - fresh.at_s > FRESH_S:
                fresh = await self._look(claimed)
            decided = fresh.decided
            if decided is None:
                return None
            await self._window.acquire()
            begun = None
            try:
                begun = await self._begin(claimed.at(decided.address), decided.mark)
            finally:
                if not isinstance(begun, Begun):
                    self._window.release()
            match begun:
                case None:
                    return None
                case Begun():
                    placed = claimed.at(decided.address)
                    return Ready(placed, self._row(placed.row, begun), decided)
                case Wait() if begun.own_s > 0.0:
                    return begun.own_s
            await asyncio.sleep(min(begun.wait_s, PATIENCE_S))
        return None

    async def _begin(self, claimed: Claimed, mark: str) -> Begun | Wait | None:
        attempt, address = token_hex(4), claimed.row.address
        turn = self._shelves.pace.turn(address, self._messenger.rates(address))
        try:
            return await self._shelves.outbox.begin(claimed, self._worker, attempt, turn, mark)
        except StoreUnavailable:
            self.owed[claimed.row.key] = Owed(Debt.ATTEMPT, claimed, attempt=attempt)
            raise

    def _row(self, row: Row, begun: Begun) -> Row:
        """The row with how often it may have arrived before."""
        if begun.times == 0:
            return row
        first_ms = row.begun_ms or self._now_ms() - begun.ago_ms
        return replace(row, copies=row.copies + begun.times, begun_ms=first_ms)

    async def _bring(self, ready: Ready) -> None:
        """Send or edit; what goes wrong decides what becomes of the row."""
        claimed, row, decided = ready.claimed, ready.row, ready.decided
        reply = decided.reply
        if row.copies > 0 and decided.edited is None and not self._knows(row):
            if row.copies >= MOST_COPIES:
                await self.bury(claimed, "uncertain")
                return
            reply = decided.say(self._now_ms(), True)
            decided = replace(decided, ping=None)  # nobody is called twice for what may have called them
        begun = replace(claimed, row=row)
        try:
            wave = await self._put(begun, decided, reply)
        except Undelivered as failure:
            self._note(failure)
            await self._mend(begun, decided, failure)
        else:
            self.weather.fair()
            self._count_sent(row, decided)
            await self._commit(claimed, wave)

    def _count_sent(self, row: Row, decided: Decided) -> None:
        if decided.edited is not None:
            self._count(row, EDITED)
            return
        is_repeat = row.copies > 0 and not self._knows(row)
        delay_s = (self._now_ms() - row.at_ms) / 1_000
        self._count(row, REPEATED if is_repeat else decided.counts_as, delay_s)

    def _count(self, row: Row, outcome: str, delay_s: float | None = None) -> None:
        self._shelves.tally.delivered(self._messenger.platform, row.priority, outcome, delay_s)

    def _knows(self, row: Row) -> bool:
        """Whether the platform shows the row once, however often it is sent."""
        is_recent = self._now_ms() - row.begun_ms < NONCE_TRUSTED_MS
        return self._messenger.manners.is_idempotent and is_recent

    async def _put(self, claimed: Claimed, decided: Decided, reply: Reply) -> bytes | None:
        """Send or edit, and give the wave with where it now stands. Raises Undelivered."""
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                return await self._placing.put(decided, reply, nonce_of(claimed.row.key))
        except TimeoutError:
            raise Undelivered(Wrong.UNCERTAIN, f"no answer within {SEND_WITHIN_S:.0f} s") from None

    def _note(self, failure: Undelivered) -> None:
        if failure.wrong in {Wrong.NOT_SENT, Wrong.UNCERTAIN}:
            self.weather.foul()
        else:
            self.weather.fair()
        self._shelves.tally.failures[self._messenger.platform, failure.wrong.value] += 1

    async def _mend(self, claimed: Claimed, decided: Decided, failure: Undelivered) -> None:
        """What becomes of the row, and of the chat, for each thing that can go wrong."""
        outbox, now_ms, row = self._shelves.outbox, self._now_ms(), claimed.row
        address = decided.address
        match failure.wrong:
            case Wrong.NOT_SENT | Wrong.UNCERTAIN:
                await self._try_again(claimed, failure, is_edit=decided.edited is not None)
            case Wrong.RATE_LIMITED:
                is_for_all = failure.is_global or self.weather.flooded(address, now_ms)
                await self._shelves.pace.pause(failure.wait_s, None if is_for_all else address)
                await outbox.later(claimed, now_ms + round(1_000 * failure.wait_s))
            case Wrong.CHAT:
                log.info("a chat cannot be reached any more", why=failure.why)
                self._count(row, REFUSED)
                if decided.is_known:
                    await self._shelves.chats.change_known(
                        address, lambda chat: suspend(chat, failure.why, now_ms)
                    )
                await outbox.commit(claimed)
            case Wrong.CLOSED if now_ms - row.at_ms <= GIVEN_UP_MS:
                log.info("a chat takes nothing just now; it is tried again", why=failure.why)
                await outbox.later(
                    claimed, now_ms + _pause_ms(row, now_ms, CLOSED_FIRST_MS, CLOSED_LONGEST_MS)
                )
            case Wrong.MOVED if failure.moved_to:
                await self._shelves.chats.move(address, failure.moved_to)
                await outbox.later(claimed, now_ms, replace(row, address=failure.moved_to))
            case Wrong.MESSAGE if decided.edited is not None:
                await outbox.later(claimed, now_ms, wave=decided.lost())
            case Wrong.BOT:
                await outbox.later(claimed, now_ms + SHORTEST_PAUSE_MS)
                raise Stopped(failure.why)
            case _:
                log.error("a warning is refused by the platform", why=failure.why, key=row.key)
                await self.bury(claimed, failure.why)

    async def _try_again(self, claimed: Claimed, failure: Undelivered, *, is_edit: bool) -> None:
        """It had no answer: what cannot arrive twice is sent again and again for a day, anything else once more."""
        outbox, now_ms, row = self._shelves.outbox, self._now_ms(), claimed.row
        may_have_arrived = failure.wrong is Wrong.UNCERTAIN and not is_edit
        if may_have_arrived and not self._would_know(row):
            if not await outbox.uncertain(claimed, now_ms):
                self._count(row, DEAD)
                log.warning("a warning may not have arrived", key=row.key)
            return
        if now_ms - row.at_ms > GIVEN_UP_MS:
            await self.bury(claimed, failure.why)
            return
        if may_have_arrived:
            row = replace(row, copies=max(1, row.copies), begun_ms=row.begun_ms or now_ms)
        await outbox.later(claimed, now_ms + _pause_ms(row, now_ms), row)

    def _would_know(self, row: Row) -> bool:
        """Whether the platform will know the row again when it is sent once more."""
        is_new = row.copies == 0 or row.begun_ms == 0
        return self._messenger.manners.is_idempotent and (is_new or self._knows(row))

    async def _commit(self, claimed: Claimed, wave: bytes | None) -> None:
        try:
            await self._shelves.outbox.commit(claimed, wave)
        except StoreUnavailable:
            self.owed[claimed.row.key] = Owed(Debt.REMOVAL, claimed, wave)
            raise


def _pause_ms(
    row: Row, now_ms: int, shortest_ms: int = SHORTEST_PAUSE_MS, longest_ms: int = LONGEST_PAUSE_MS
) -> int:
    """Soon at first, and more seldom the older the news is."""
    return min(max((now_ms - row.at_ms) // 10, shortest_ms), longest_ms)


def nonce_of(key: str) -> str:
    """A name of at most 25 letters by which the platform knows a row that comes twice."""
    return base64.b32encode(hashlib.sha256(key.encode()).digest()[:15]).decode()[:24]
