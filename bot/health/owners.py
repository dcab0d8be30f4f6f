"""The owners are told in private chats when nobody else could be: from memory, by the platforms' own messengers, without a store.

While the store is away this process knows by itself since when. When it is back, what the leader kept says from when to when the
service was blind, also where that was a restart or the exchanges; one process of all tells it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2s

from bot.messenger import Messenger, Undelivered, Wrong
from commands.protocol.phrases import ORIGINAL, Phrases, phrases_in
from commands.protocol.reply import Reply
from commands.protocol.style import written_in
from commands.wording.blindness import blind_words, stale_words, store_away_words, store_back_words
from market.observations import DAY_MS, MINUTE_MS
from scheduler.clock import now_ms
from store.chats import StoredChats
from store.connection import Connection, StoreUnavailable
from store.health import LIVE
from store.memos import StoredMemos
from store.sight import Sight, Spell
from store.snapshots import StoredFeed

LOOK_EVERY_S = 5.0
AWAY_S = 60.0
"""So long the store is away before the owners are told."""
SPELL_AWAITED_S = 150.0
"""So long is waited, when it is back, for the leader's word on how long the service was blind; then it is told without."""
STALE_MS, STALE_S = 5 * MINUTE_MS, 120.0
"""An evaluation so old, seen so for that long while the store answers, is told: a restart is over by then."""
GIVEN_UP_MS = 30 * MINUTE_MS
CLAIMED_S = 7 * 86_400
FRESH_MS = DAY_MS
SEND_WITHIN_S = 30.0

_log = logging.getLogger(__name__)

Say = Callable[[Phrases], Reply]


@dataclass(slots=True)
class Letter:
    """A message to one owner that has not arrived yet."""

    address: str
    name: str
    reply: Reply
    since_ms: int


class Owners:
    """Tells those whom `listed` names; `speaks` says whether this process is the one to write on a platform."""

    def __init__(
        self,
        connection: Connection,
        listed: Callable[[], Sequence[str]],
        speaks: Callable[[str], bool],
        *,
        away_s: float = AWAY_S,
        spell_awaited_s: float = SPELL_AWAITED_S,
        stale_s: float = STALE_S,
    ) -> None:
        self.connection, self._listed, self._speaks = connection, listed, speaks
        self.away_s, self.spell_awaited_s, self.stale_s = away_s, spell_awaited_s, stale_s
        self._messengers: dict[str, Messenger] = {}
        self._languages: dict[str, str] = {}
        self._letters: list[Letter] = []
        self._away_ms = self._back_ms = self._stale_ms = self._told_stale_ms = 0
        self._has_told = self._was_heard = False

    @asynccontextmanager
    async def reached_by(self, messenger: Messenger) -> AsyncIterator[None]:
        """Let this messenger be written with for the length of the block."""
        self._messengers[messenger.platform] = messenger
        try:
            yield
        finally:
            self._messengers.pop(messenger.platform, None)

    async def run(self, look_every_s: float = LOOK_EVERY_S) -> None:
        """Look and tell until cancelled; a slip of ours is logged and ends nothing."""
        while True:
            try:
                await self.look()
            except Exception:  # noqa: BLE001, whoever is told in need must not fall silent over a slip
                _log.exception("a slip of ours in telling the owners")
            await asyncio.sleep(look_every_s)

    async def look(self) -> None:
        """See whether the store answers, note what is to be told, and send it."""
        try:
            spells = await Sight(self.connection).spells()
            await self._note_back(spells)
            await self._note_stale()
        except StoreUnavailable:
            self._note_away()
        await self._send()

    def _note_away(self) -> None:
        at_ms = now_ms()
        self._away_ms, self._back_ms, self._stale_ms = self._away_ms or at_ms, 0, 0
        if at_ms - self._away_ms >= self.away_s * 1_000 and not self._has_told:
            self._has_told = True
            self._write(f"away {self._away_ms}", lambda phrases: store_away_words(self._away_ms, phrases))

    async def _note_back(self, spells: Sequence[Spell]) -> None:
        at_ms = now_ms()
        for spell in reversed(spells):
            if at_ms - spell.until_ms < FRESH_MS:
                await self._tell_spell(spell)
        if self._has_told:
            self._back_ms = self._back_ms or at_ms
            if at_ms - self._back_ms > self.spell_awaited_s * 1_000:
                away_ms, back_ms = self._away_ms, self._back_ms
                self._write(f"back {away_ms}", lambda phrases: store_back_words(away_ms, back_ms, phrases))
                self._has_told = False
        if not self._has_told:
            self._away_ms = self._back_ms = 0
            await self._learn_languages()

    async def _note_stale(self) -> None:
        """Tell that nothing is evaluated though the store answers: nobody evaluates, or the store takes no more writes.

        One process claims it; where that cannot be written each of them tells.
        """
        status, at_ms = await StoredFeed(self.connection).status(), now_ms()
        last_ms = status.last_evaluation_ms
        if status.source != LIVE or last_ms is None or status.cycle_ms is None or at_ms - last_ms < STALE_MS:
            self._stale_ms = 0
            return
        self._stale_ms = self._stale_ms or at_ms
        if at_ms - self._stale_ms < self.stale_s * 1_000 or last_ms == self._told_stale_ms:
            return
        if self._addresses() and await self._claims(f"stale:{last_ms}"):
            self._write(f"stale {last_ms}", lambda phrases: stale_words(last_ms, phrases))
        self._told_stale_ms = last_ms

    async def _claims(self, name: str) -> bool:
        try:
            return await StoredMemos(self.connection).claim(name, "told", CLAIMED_S) is None
        except StoreUnavailable:
            return True

    async def _tell_spell(self, spell: Spell) -> None:
        """Tell of it, unless another process has: of all that write, one claims it; who cannot write claims nothing."""
        addresses = self._addresses()
        if not addresses:
            return
        name = f"blind:{spell.from_ms}"
        if await StoredMemos(self.connection).claim(name, str(spell.until_ms), CLAIMED_S) is not None:
            return
        self._write(name, lambda phrases: blind_words(spell, phrases))
        if self._has_told and spell.until_ms >= self._away_ms:
            self._has_told = False

    def _addresses(self) -> list[str]:
        """The private chats of the owners whom this process writes to."""
        return [
            address_of(owner)
            for owner in self._listed()
            if (platform := owner.partition(":")[0]) in self._messengers and self._speaks(platform)
        ]

    def _write(self, name: str, say: Say) -> None:
        at_ms = now_ms()
        for address in self._addresses():
            phrases = phrases_in(self._languages.get(address, ORIGINAL))
            with written_in(phrases.style):
                self._letters.append(Letter(address, name, say(phrases), at_ms))

    async def _send(self) -> None:
        """Send what is to be told; what certainly did not arrive is tried again, for half an hour."""
        for letter in tuple(self._letters):
            if await self._has_gone(letter) or now_ms() - letter.since_ms > GIVEN_UP_MS:
                self._letters.remove(letter)

    async def _has_gone(self, letter: Letter) -> bool:
        messenger = self._messengers.get(letter.address.partition(":")[0])
        if messenger is None:
            return False
        nonce = blake2s(f"{letter.name} {letter.address}".encode(), digest_size=8).hexdigest()
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await messenger.send(letter.address, letter.reply, is_silent=False, nonce=nonce)
        except Undelivered as failure:
            _log.warning("an owner was not told: %s", failure.why)
            return failure.wrong not in {Wrong.NOT_SENT, Wrong.RATE_LIMITED}
        except TimeoutError:
            _log.warning("an owner may not have been told: no answer within %.0f s", SEND_WITHIN_S)
        return True

    async def _learn_languages(self) -> None:
        """Keep in mind in which language each owner's chat is written to: when it is needed the store may be away."""
        if self._was_heard and self._languages.keys() >= set(self._addresses()):
            return
        chats = StoredChats(self.connection)
        with suppress(StoreUnavailable):
            for address in self._addresses():
                chat = await chats.get(address)
                self._languages[address] = (chat and chat.written_in) or ORIGINAL
            self._was_heard = True


def address_of(owner: str) -> str:
    """The private chat of an owner: at Telegram it has the person's own number, at Discord it is opened by that."""
    platform, _, number = owner.partition(":")
    return f"{platform}:@{number}" if platform == "discord" else f"{platform}:{number}"
