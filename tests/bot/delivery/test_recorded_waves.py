"""Recorded sell-offs, from the decisions of the engine to the chats: how many messages a wave comes to."""

from itertools import groupby
from pathlib import Path

import pytest

from market.alerts import Alert, Edge, Kind, Severity
from market.rules import Rules
from scheduler.history_files import read_history
from scheduler.replay import replay
from store.chats import Subscription
from store.connection import Connection
from store.waves import StoredWaves
from tests.bot.delivery.post import Way
from tests.doubles.chats import ChatsInMemory
from tests.recorded import sell_off

MOST_A_WAVE = 6
CASCADES, EVERYTHING = "telegram:1", "telegram:2"
AFTER_MS = 1_000


def decided(recordings: Path, event: str) -> list[Alert]:
    """What the engine decides over both recorded markets, in the order of time."""
    files = [sell_off(recordings, f"{event}_{asset}") for asset in ("BTC", "ETH")]
    steps = [step for file in files for step in replay(read_history(file), Rules())]
    return sorted((one for _, alerts in steps for one in alerts), key=lambda one: one.at_ms)


def is_falling(alerts: list[Alert]) -> bool:
    """Whether a loud cascade stands in what is known of each asset."""
    return any(
        one.kind is Kind.CASCADE and one.severity is not Severity.WATCH and one.edge not in ENDED
        for one in alerts
    )


ENDED = {Edge.RESOLVED, Edge.FALSE_ALARM}


@pytest.mark.parametrize("event", ["2022-06-13_3ac", "2024-08-05"])
async def test_a_sell_off_is_a_few_messages_and_ends_with_a_digest(
    valkey: Connection, recordings: Path, event: str
) -> None:
    way = Way(valkey, ChatsInMemory())
    await way.subscribe(CASCADES, Subscription(None, Kind.CASCADE, Severity.WARNING))
    await way.subscribe(EVERYTHING, *(Subscription(None, kind) for kind in Kind))
    alerts = decided(recordings, event)
    waves: dict[str, list[int]] = {CASCADES: [], EVERYTHING: []}
    falls = dict.fromkeys(waves, False)
    loudest_told = 0
    for at_ms, together in groupby(alerts, key=lambda one: one.at_ms):
        before = {chat: len(way.platform.shown(chat)) for chat in waves}
        news = list(together)
        way.now_ms = at_ms + AFTER_MS
        await way.bring(*news)
        for chat, counts in waves.items():
            fell, known = falls[chat], (await StoredWaves(valkey).get(chat)).alerts
            falls[chat] = is_falling(list(known.values()))
            new = len(way.platform.shown(chat)) - before[chat]
            assert new <= 1
            if falls[chat] and not fell:
                assert new == 1, "a fall that begins is a message"
                counts.append(0)
            if fell or falls[chat]:
                counts[-1] += new
            if fell and not falls[chat]:
                assert new == 1, "its end is a digest"
        loudest_told += any(one.severity is Severity.CRITICAL for one in news)
    print(f"\n{event}: {len(alerts)} alerts; messages a wave: {waves}")
    assert loudest_told
    assert all(counts and max(counts) <= MOST_A_WAVE for counts in waves.values())
    assert not any("(repeat)" in one.text for one in way.platform.messages)


async def test_the_message_of_a_wave_is_edited_and_not_sent_again(
    valkey: Connection, recordings: Path
) -> None:
    way = Way(valkey, ChatsInMemory())
    await way.subscribe(EVERYTHING, *(Subscription(None, kind) for kind in Kind))
    for alert in decided(recordings, "2024-08-05"):
        way.now_ms = alert.at_ms + AFTER_MS
        await way.bring(alert)
    sent, edits = len(way.platform.messages), sum(one.edits for one in way.platform.messages)
    print(f"\n2024-08-05, everything: {sent} messages, {edits} edits")
    assert edits > sent
