"""The door's keeper: whom the owner allows, how often somebody may ask, and how they are told."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from commands.protocol.dispatch import answer, outcome
from commands.protocol.home import MOST_CHATS
from commands.protocol.limits import (
    COMPUTE_BURST_S,
    INLINE,
    MOST_TOLD_A_MINUTE,
    Gate,
    Refused,
    Rules,
    Visitor,
)
from commands.protocol.request import Context, Role
from store.connection import Connection, open_connection
from store.limits import StoredLimits
from store.services import Bucket
from tests.commands.markets import crowding
from tests.commands.talking import context
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]

ALICE = Visitor("telegram", "1")
RULES = Rules()


@dataclass
class Clock:
    now_s: float = 1_000.0

    def __call__(self) -> float:
        return self.now_s


async def asked(gate: Gate, times: int, visitor: Visitor = ALICE, rules: Rules = RULES) -> list[str]:
    """How each of so many questions went: "" answered, the reason in words, or "silence"."""
    went = [await gate.admit(visitor, rules) for _ in range(times)]
    return ["" if one is None else one.why.name if one.is_told else "silence" for one in went]


async def test_twenty_a_minute_then_one_sentence_then_silence() -> None:
    clock = Clock()
    gate = Gate(clock=clock)
    assert await asked(gate, 23) == [""] * 20 + ["PERSON", "silence", "silence"]
    clock.now_s += 3.1
    assert await asked(gate, 2) == ["", "silence"]
    clock.now_s += 60.0
    assert await asked(gate, 21) == [""] * 20 + ["PERSON"]


async def test_thirty_a_minute_in_a_chat_whoever_asks() -> None:
    gate = Gate(clock=Clock())
    went = [(await asked(gate, 1, Visitor("telegram", str(who), "-5:7")))[0] for who in range(33)]
    assert went == [""] * 30 + ["CHAT", "silence", "silence"]


async def test_five_hundred_a_minute_in_all_and_few_are_told() -> None:
    gate = Gate(clock=Clock())
    went = [(await asked(gate, 1, Visitor("discord", str(who))))[0] for who in range(1_000)]
    assert went.count("") == 500
    assert went.count("ALL") == MOST_TOLD_A_MINUTE
    assert went.count("silence") == 500 - MOST_TOLD_A_MINUTE


async def test_what_is_offered_while_typing_costs_a_fifth() -> None:
    gate = Gate(clock=Clock())
    went = [await gate.admit(ALICE, RULES, INLINE) is None for _ in range(101)]
    assert went == [True] * 100 + [False]


async def test_an_owner_is_never_held_up() -> None:
    gate = Gate(clock=Clock())
    owner = replace(ALICE, is_owner=True)
    rules = Rules(allowed=("discord:7",), in_all=1)
    assert await asked(gate, 100, owner, rules) == [""] * 100


@pytest.mark.parametrize(
    ("visitor", "is_let_in"),
    [
        (Visitor("telegram", "1"), True),
        (Visitor("telegram", "2", "-100123:7"), True),
        (Visitor("telegram", "2", "-100124"), False),
        (Visitor("discord", "1"), False),
        (Visitor("discord", "3", "4", server="99"), True),
        (Visitor("telegram", ""), False),
    ],
)
async def test_the_list_names_people_chats_and_servers(visitor: Visitor, is_let_in: bool) -> None:
    rules = Rules(allowed=("telegram:1", "telegram:-100123", "discord:99"))
    refusal = await Gate(clock=Clock()).admit(visitor, rules)
    assert (refusal is None) is is_let_in


async def test_a_stranger_is_told_once_a_day() -> None:
    clock, rules = Clock(), Rules(allowed=("telegram:1",))
    gate = Gate(clock=clock)
    stranger = Visitor("telegram", "2")
    assert await asked(gate, 3, stranger, rules) == ["STRANGER", "silence", "silence"]
    clock.now_s += 86_399.0
    assert await asked(gate, 1, stranger, rules) == ["silence"]
    clock.now_s += 2.0
    assert await asked(gate, 2, stranger, rules) == ["STRANGER", "silence"]


async def test_who_makes_us_compute_too_much_waits_until_it_is_made_good() -> None:
    clock = Clock()
    gate = Gate(clock=clock)
    gate.spent(COMPUTE_BURST_S + 5.0)
    refusal = await gate.admit(ALICE, RULES)
    assert refusal is not None
    assert (refusal.why, refusal.wait_s) == (Refused.ALL, 10.0), (
        "half of a core makes five seconds good in ten"
    )
    clock.now_s += 10.1
    assert await gate.admit(ALICE, RULES) is None


async def test_two_processes_on_one_store_grant_twenty_between_them(valkey: Connection) -> None:
    gates = [Gate(StoredLimits(valkey)) for _ in range(2)]
    granted = 0
    for _ in range(20):
        granted += sum([await gate.admit(ALICE, RULES) is None for gate in gates])
        await asyncio.gather(*(gate.settled() for gate in gates))
    assert granted == 20


async def test_at_most_half_of_a_minutes_worth_is_granted_unheard_by_each_process(valkey: Connection) -> None:
    gates = [Gate(StoredLimits(valkey)) for _ in range(3)]
    went = [await gate.admit(ALICE, RULES) is None for gate in gates for _ in range(40)]
    assert sum(went) <= 20 + 10 + 10, "ten of each that comes later, before it hears of the first"
    await asyncio.gather(*(gate.settled() for gate in gates))
    assert [await gate.admit(ALICE, RULES) is None for gate in gates] == [False] * 3


async def test_far_from_its_limit_nobody_waits_for_the_store(valkey: Connection) -> None:
    gate, limits = Gate(StoredLimits(valkey)), StoredLimits(valkey)
    assert await asked(gate, 5) == [""] * 5
    assert (await limits.tell({Bucket("person:telegram:1", 20): 0.0})).left == (20.0,), (
        "it has not heard of it"
    )
    await gate.settled()
    left = (await limits.tell({Bucket("person:telegram:1", 20): 0.0})).left[0]
    assert left == pytest.approx(15.0, abs=0.3)


async def test_while_the_store_is_away_each_process_keeps_to_the_limits_by_itself(tmp_path: Path) -> None:
    nowhere = open_connection(tmp_path / "s")
    gate = Gate(StoredLimits(nowhere))
    assert await asked(gate, 22) == [""] * 20 + ["PERSON", "silence"]
    await gate.settled()
    await nowhere.close()


async def subscribed(here: Context, chat: str, line: str = "/subscribe BTC") -> str:
    return outcome(await answer(line, replace(here, chat=chat)))


async def test_one_person_has_twenty_chats_warned(valkey: Connection) -> None:
    plain = context(crowding(), alerts=(), role=Role.MANAGER, is_private=False)
    here = replace(plain, user="1", services=replace(plain.services, limits=StoredLimits(valkey)))
    went = [await subscribed(here, f"-{chat}") for chat in range(22)]
    assert went == ["answered"] * MOST_CHATS + ["refused"] * 2
    assert await subscribed(here, "-3", "/subscribe ETH") == "answered", "it is warned already"
    assert await subscribed(replace(here, user="2"), "-20") == "answered", "another person has room"
    assert await subscribed(here, "-20", "/subscribe ETH") == "answered", "it is warned because of another"
    assert outcome(await answer("/unsubscribe all", replace(here, chat="-3"))) == "answered"
    assert await subscribed(here, "-21") == "answered", "what hears of nothing any more does not count"


async def test_where_somebody_is_alone_with_the_bot_does_not_count(valkey: Connection) -> None:
    plain = context(crowding(), alerts=(), role=Role.MANAGER)
    limits = StoredLimits(valkey)
    here = replace(plain, user="4711", services=replace(plain.services, limits=limits))
    assert await subscribed(here, "4711") == "answered"
    assert await limits.warned("telegram:4711") == ()
