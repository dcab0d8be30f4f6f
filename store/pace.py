"""How fast a bot may speak: one bucket of tokens a bot and one a chat, shared by all processes, by the server's clock.

Limits are per bot token, not per process (performance.md, section 4). Replies go first: broadcasts leave a reserve.
A pause after "too many requests" holds one chat, or all where the platform says so.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Any, TypeAlias

from store import keys
from store.connection import Connection, StoreUnavailable

RESERVE = 3.0
"""Tokens that broadcasts leave for replies."""
JITTER_MS = 20
"""What is sent within a second may arrive a little closer together."""
KEPT_S = 3_600
REPLY_WITHIN_S = 5.0
ASKED_WITHIN_S = 0.3
"""Who asked waits no longer for a token than this; the platform then says itself whether it is too much."""

TOLD_AFTER_S = 0.02
"""So soon after a reply had its turn the store is told, of all that had theirs in that time together."""
UNTOLD_SHARE = 0.2
"""It is told at once of more than this share of what the bot may do at once: by no more its limits can be overdrawn."""
SPARE = 1.0
"""What a turn without the store leaves of a chat's limits: a warning may have taken its token there meanwhile."""
MOST_EASY = 10_000
"""Chats whose last turn is remembered in this process."""
CROWDED_S = 1.0
"""So long every turn is asked for once the bot as a whole had to wait: else each that is granted would bring one that is not."""

TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait, own, kept, answer = 0, 0, {}, {}
for place = 1, #KEYS do
  local rate, burst, least = tonumber(ARGV[3 * place - 2]), tonumber(ARGV[3 * place - 1]), tonumber(ARGV[3 * place])
  local bucket = redis.call('HMGET', KEYS[place], 'tokens', 'at', 'paused')
  local tokens, at, paused = tonumber(bucket[1]) or burst, tonumber(bucket[2]) or now, tonumber(bucket[3]) or 0
  local is_astray = at > now
  if is_astray then paused = 0 end
  tokens = math.min(burst, tokens + math.max(0, now - at) * rate / 1000)
  local missing = 1 + least - tokens
  local mine = math.max(paused - now, missing > 0 and missing / rate * 1000 or 0)
  wait = math.max(wait, mine)
  if place > 1 then own = math.max(own, mine) end
  kept[place] = {tokens, is_astray}
end
local most, second = tonumber(ARGV[#ARGV - 1]), KEYS[1] .. ':second'
if most > 0 then
  local last = tonumber(redis.call('LINDEX', second, most - 1)) or 0
  if last <= now then wait = math.max(wait, last + 1000 + tonumber(ARGV[#ARGV - 2]) - now) end
end
for place = 1, #KEYS do
  local tokens, is_astray = kept[place][1], kept[place][2]
  answer[place + 1] = math.floor((wait > 0 and tokens or tokens - 1) * 1000)
  if wait <= 0 or is_astray then
    redis.call('EXPIRE', KEYS[place], ARGV[#ARGV])
    redis.call('HSET', KEYS[place], 'tokens', wait > 0 and tokens or tokens - 1, 'at', now)
    if is_astray then redis.call('HDEL', KEYS[place], 'paused') end
    redis.call('EXPIRE', KEYS[place], ARGV[#ARGV])
  end
end
if most > 0 and wait <= 0 then
  redis.call('LPUSH', second, now)
  redis.call('LTRIM', second, 0, most - 1)
  redis.call('EXPIRE', second, ARGV[#ARGV])
end
answer[1], answer[2] = math.ceil(wait), math.ceil(own)
return answer
"""
"""KEYS: buckets. ARGV: rate, burst and reserve of each; then of the first one how much longer than a second its window is
(ms) and how many that lets through (0: any number), and how long all are kept (s).

A bucket that was filled in the future (the clock was set back) begins at now. The first write frees nothing but is
allowed with memory full, and lets the next one pass: a full outbox can still be emptied.

Gives two waits (ms), all and the chat's own, and what is then left of each bucket but the first, in thousandths.
"""

_PAUSE = """
local time = redis.call('TIME')
local until_ms = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
local before = tonumber(redis.call('HGET', KEYS[1], 'paused') or '0')
if until_ms > before then redis.call('HSET', KEYS[1], 'paused', until_ms) end
redis.call('EXPIRE', KEYS[1], math.max(tonumber(ARGV[2]), math.ceil(tonumber(ARGV[1]) / 1000) + 60))
if KEYS[2] and until_ms > before then redis.call('HSET', KEYS[2], ARGV[3], until_ms) end
return 1
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second on average, at most `burst` at once, and never more than `most_a_second` in a second (0: any)."""

    per_s: float
    burst: float
    most_a_second: int = 0


Had: TypeAlias = tuple[str, tuple[Rate, ...]]
"""A turn that a reply had before the store was asked: its chat, and that one's rates."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What TAKE is called with."""

    places: tuple[str, ...]
    values: tuple[float, ...]


class Pace:
    """The pace of one bot; `bot` is a name that holds no secret, `reserve` what broadcasts leave for replies.

    Every method raises StoreUnavailable unless it says otherwise.
    """

    def __init__(self, connection: Connection, bot: str, overall: Rate, reserve: float = RESERVE) -> None:
        self._connection, self._bot, self._overall = connection, bot, overall
        self._reserve = min(reserve, overall.burst - 1.0)
        self._easy: OrderedDict[str, list[tuple[float, float]]] = OrderedDict()
        self._untold: list[Had] = []
        self._most_untold = max(1, int(UNTOLD_SHARE * overall.burst))
        self._tells: asyncio.TimerHandle | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self._crowded_until_s = 0.0

    async def take(self, chat: str, rates: tuple[Rate, ...], *, is_reply: bool = False) -> float:
        """Seconds to wait before asking again, 0 where a token of the bot and of each of the chat's rates was taken."""
        return max(await self.ask(chat, rates, is_reply=is_reply))

    async def ask(self, chat: str, rates: tuple[Rate, ...], *, is_reply: bool = False) -> tuple[float, float]:
        """As `take`, and how much of the wait is this chat's own: while that lasts others may go first."""
        wait_s, own_s, _ = await self._ask(chat, rates, is_reply=is_reply)
        return wait_s, own_s

    def turn(self, chat: str, rates: tuple[Rate, ...], *, is_reply: bool = False) -> Turn:
        """The question for a token, for a script that does more than ask it."""
        reserve = 0.0 if is_reply else self._reserve
        buckets = [(keys.pace(self._bot), self._overall, reserve)]
        buckets += [(f"{keys.pace(self._bot)}:{chat}:{place}", rate, 0.0) for place, rate in enumerate(rates)]
        values = [part for _, rate, least in buckets for part in (rate.per_s, rate.burst, least)]
        window = (JITTER_MS, self._overall.most_a_second, KEPT_S)
        return Turn(tuple(key for key, _, _ in buckets), (*values, *window))

    async def reply_turn(self, chat: str, rates: tuple[Rate, ...], within_s: float = REPLY_WITHIN_S) -> None:
        """Wait for the turn of a reply, ahead of all broadcasts, and no longer than `within_s`.

        Never raises StoreUnavailable: somebody asked, so the answer goes out even where the pace cannot be known. A chat whose
        last turn came at once, and whose own limits leave room, has its turn at once again; the store is told after it.
        """
        if self._connection.hangs:
            return
        if self._has_room(chat, rates):
            self._tell_soon((chat, rates))
            return
        with suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(within_s):
                wait_s, own_s, left = await self._take_soon(chat, rates)
                while wait_s > 0.0:
                    self._note_crowd(wait_s, own_s)
                    await asyncio.sleep(wait_s)
                    wait_s, own_s, left = await self._take_soon(chat, rates)
                self._learn(chat, rates, left, taken=1.0)

    def _has_room(self, chat: str, rates: tuple[Rate, ...]) -> bool:
        """Whether a chat that had its turn here lately may have another one, by its own limits; that one is counted."""
        known = (
            None if asyncio.get_running_loop().time() < self._crowded_until_s else self._known(chat, rates)
        )
        if known is None or min(known, default=inf) < 1.0 + SPARE:
            return False
        self._keep(chat, [tokens - 1.0 for tokens in known])
        return True

    def _known(self, chat: str, rates: tuple[Rate, ...]) -> list[float] | None:
        """What a chat has left by now of each of its rates, as far as this process knows."""
        known, now_s = self._easy.get(chat), asyncio.get_running_loop().time()
        if known is None or len(known) != len(rates):
            return None
        return [
            min(rate.burst, tokens + (now_s - at_s) * rate.per_s)
            for rate, (tokens, at_s) in zip(rates, known, strict=True)
        ]

    def _learn(self, chat: str, rates: tuple[Rate, ...], left: list[float], taken: float) -> None:
        """The store said what is left. Turns had here that it was not told of yet count all the same."""
        known = self._known(chat, rates) or [rate.burst + taken for rate in rates]
        self._keep(chat, [min(said, own - taken) for said, own in zip(left, known, strict=True)])

    def _keep(self, chat: str, left: list[float]) -> None:
        now_s = asyncio.get_running_loop().time()
        self._easy[chat] = [(tokens, now_s) for tokens in left]
        self._easy.move_to_end(chat)
        while len(self._easy) > MOST_EASY:
            self._easy.popitem(last=False)

    def _tell_soon(self, had: Had) -> None:
        self._untold.append(had)
        if len(self._untold) >= self._most_untold:
            self._tell_now()
        elif self._tells is None:
            self._tells = asyncio.get_running_loop().call_later(TOLD_AFTER_S, self._tell_now)

    def _tell_now(self) -> None:
        task = asyncio.create_task(self._tell(self._take_untold()))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    def _take_untold(self) -> list[Had]:
        """The turns that the store was not told of, which is now somebody's to do."""
        if self._tells is not None:
            self._tells.cancel()
        had, self._untold, self._tells = self._untold, [], None
        return had

    async def _tell(self, had: Sequence[Had]) -> None:
        """Take the tokens of turns that were had; where there is none, the chat's next turn is asked for again."""
        if not had:
            return
        try:
            async with asyncio.timeout(ASKED_WITHIN_S):
                answers = await self._ask_for(had)
        except (StoreUnavailable, TimeoutError):
            self._easy.clear()
            return
        for (chat, rates), (wait_s, own_s, left) in zip(had, answers, strict=True):
            self._note_crowd(wait_s, own_s)
            if wait_s > 0.0:
                self._easy.pop(chat, None)
            elif chat in self._easy:
                self._learn(chat, rates, left, taken=0.0)

    def _note_crowd(self, wait_s: float, own_s: float) -> None:
        """Ask for every turn for a while, where it is not a chat's own limit that makes it wait."""
        if wait_s > own_s:
            self._easy.clear()
            self._crowded_until_s = asyncio.get_running_loop().time() + max(wait_s, CROWDED_S)

    async def _take_soon(self, chat: str, rates: tuple[Rate, ...]) -> tuple[float, float, list[float]]:
        """As `ask` for a reply, and what is left of the chat's rates. The store hears first of the turns that were had.

        A store that hangs does not hold it up. Raises TimeoutError.
        """
        async with asyncio.timeout(ASKED_WITHIN_S):
            await self._tell(self._take_untold())
            return await self._ask(chat, rates, is_reply=True)

    async def _ask(
        self, chat: str, rates: tuple[Rate, ...], *, is_reply: bool
    ) -> tuple[float, float, list[float]]:
        """As `ask`, and what is then left of each of the chat's rates."""
        turn = self.turn(chat, rates, is_reply=is_reply)
        async with self._connection.writing() as redis:
            return _read(await redis.register_script(TAKE)(turn.places, turn.values))

    async def _ask_for(self, had: Sequence[Had]) -> list[tuple[float, float, list[float]]]:
        """The same of several replies, one after the other, in one message to the store."""
        async with self._connection.writing() as redis, redis.pipeline(transaction=False) as together:
            take = redis.register_script(TAKE)
            for chat, rates in had:
                turn = self.turn(chat, rates, is_reply=True)
                await take(turn.places, turn.values, client=together)
            return [_read(answer) for answer in await together.execute()]

    async def pause(self, wait_s: float, chat: str | None = None) -> None:
        """Let a chat rest for so long, or (None) the whole bot; a longer pause that stands is kept."""
        if chat is None:
            self._easy.clear()
        else:
            self._easy.pop(chat, None)
        place = keys.pace(self._bot) if chat is None else f"{keys.pace(self._bot)}:{chat}:0"
        async with self._connection.writing((keys.RESTING,)) as redis:
            told = () if chat is not None else (keys.RESTING,)
            values = (round(wait_s * 1_000), KEPT_S, self._bot)
            await redis.register_script(_PAUSE)([place, *told], values)


def _read(answer: Sequence[Any]) -> tuple[float, float, list[float]]:
    """What TAKE gave: two waits, s, and what is left of each bucket of the chat."""
    wait_ms, own_ms, *left = map(int, answer)
    return wait_ms / 1_000.0, own_ms / 1_000.0, [tokens / 1_000.0 for tokens in left]
