"""Reading along: a terminal is shown what a chat would be told, as it comes, and owes nothing."""

from dataclasses import replace
from unittest.mock import patch

import pytest

from bot.delivery.along import Along, Shown
from bot.delivery.words import Words
from bot.layout import TELEGRAM_HTML, lay_out
from commands.protocol.home import listening
from commands.protocol.reply import Text
from market.alerts import Alert, Edge, Kind, Severity
from market.observations import HOUR_MS
from store.connection import StoreUnavailable
from store.in_memory import ChatsInMemory, FeedInMemory, PostInMemory, SnapshotsInMemory
from store.services import FeedStatus, Services
from store.wishes import Change, Chat, QuietHours, Subscription
from tests.store.samples import FIRED, NOW_MS

READER = "terminal:here"
WATCH = replace(FIRED, severity=Severity.WATCH)
CRITICAL = replace(FIRED, severity=Severity.CRITICAL, edge=Edge.ESCALATED, at_ms=NOW_MS + 60_000)
OVER = replace(CRITICAL, edge=Edge.RESOLVED, at_ms=NOW_MS + 120_000)


class Room:
    """A terminal that reads along on a store in memory, by a clock of the test's own."""

    def __init__(self, *alerts: Alert, chat: Chat | None = None, language: str = "") -> None:
        self.alerts = list(alerts)
        self.chats = ChatsInMemory(() if chat is None else (chat,))
        self.along = Along(READER, Words(), language)

    async def looks(self, now_ms: int = NOW_MS) -> Shown | None:
        services = Services(
            SnapshotsInMemory(("BTC",), ()),
            FeedInMemory(FeedStatus("live", now_ms, 60_000, 0)),
            chats=self.chats,
            post=PostInMemory(self.alerts),
        )
        return await self.along.look(services, now_ms)

    async def sees(self, now_ms: int = NOW_MS) -> str:
        shown = await self.looks(now_ms)
        return "" if shown is None else "\n".join(lay_out(shown.reply, TELEGRAM_HTML))


async def test_a_warning_that_comes_is_shown_once() -> None:
    room = Room()
    assert await room.looks() is None
    room.alerts.append(FIRED)
    assert "BTC" in await room.sees()
    assert await room.looks() is None


async def test_a_warning_that_came_as_the_store_went_away_is_shown_when_it_is_back() -> None:
    room = Room()
    assert await room.looks() is None
    room.alerts.append(FIRED)
    with (
        patch.object(room.chats, "get", side_effect=StoreUnavailable("away")),
        pytest.raises(StoreUnavailable),
    ):
        await room.looks()
    assert "BTC" in await room.sees()


async def test_what_still_stands_is_shown_at_the_first_look_and_what_is_over_is_not() -> None:
    assert await Room(FIRED).looks() is not None
    assert await Room(FIRED, CRITICAL, OVER).looks(NOW_MS + 130_000) is None


async def test_a_wave_that_escalates_is_told_anew_and_its_end_is_a_digest() -> None:
    room = Room(FIRED)
    await room.looks()
    room.alerts.append(CRITICAL)
    assert "CRITICAL" in await room.sees(NOW_MS + 61_000)
    room.alerts.append(OVER)
    over = await room.looks(NOW_MS + 121_000)
    assert over is not None
    assert not over.is_line


async def test_a_change_of_what_stands_further_up_is_a_line() -> None:
    room = Room(FIRED)
    await room.looks()
    room.alerts.append(replace(FIRED, at_ms=NOW_MS + 60_000, lost_so_far=-0.05))
    changed = await room.looks(NOW_MS + 61_000)
    assert changed is not None
    assert changed.is_line
    assert changed.reply.blocks == (Text("Now: BTC #c7f2 WARNING 22:14 UTC -5.0%"),)


async def test_where_nobody_chose_the_loud_and_rare_are_shown() -> None:
    assert await Room(WATCH).looks() is None
    assert await Room(replace(FIRED, kind=Kind.FUNDING)).looks() is None
    assert await Room(FIRED).looks() is not None


async def test_what_was_subscribed_to_is_shown_and_nothing_where_all_was_dropped() -> None:
    chosen = Chat(READER, subscriptions=(Subscription("BTC", Kind.FUNDING),))
    assert await Room(FIRED, chat=chosen).looks() is None
    assert await Room(replace(FIRED, kind=Kind.FUNDING), chat=chosen).looks() is not None
    dropped = Chat(READER, changes=(Change(NOW_MS, READER, "unsubscribed", "all cascade warning"),))
    assert await Room(FIRED, chat=dropped).looks() is None
    assert listening(dropped) == dropped


async def test_a_mute_holds_it_back_and_what_then_still_stands_is_told() -> None:
    room = Room(chat=Chat(READER, muted_ms={"": NOW_MS + HOUR_MS}))
    await room.looks()
    room.alerts.append(FIRED)
    assert await room.looks() is None
    room.alerts.append(replace(FIRED, kind=Kind.REGIME, at_ms=NOW_MS + HOUR_MS - 60_000))
    assert "Held back while you were quiet or muted" in await room.sees(NOW_MS + HOUR_MS + 1)


async def test_quiet_hours_are_kept_at_a_terminal_too() -> None:
    room = Room(chat=Chat(READER, quiet=QuietHours(0, 24 * 60 - 1, "UTC")))
    await room.looks()
    room.alerts.append(FIRED)
    assert await room.looks() is None


async def test_it_speaks_the_language_that_was_asked_for() -> None:
    assert "ALERTA" in await Room(FIRED, language="es").sees()


async def test_a_market_that_warns_nobody_shows_nothing() -> None:
    services = Services(SnapshotsInMemory(("BTC",), ()), FeedInMemory(FeedStatus("none")))
    assert await Along(READER, Words()).look(services, NOW_MS) is None
