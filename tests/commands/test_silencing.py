"""/mute, /ack, /settings and /testalert: what a chat does not want to hear, and when."""

from dataclasses import replace

import pytest

from commands.protocol.dispatch import outcome
from commands.protocol.request import Role
from market.alerts import Alert, Edge, Kind, Severity
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS
from store.in_memory import PostInMemory
from store.wishes import Chat, QuietHours
from tests.commands.markets import NOW_MS, calm, crowding, unwinding
from tests.commands.talking import Talk, monospaced, talk
from tests.store.samples import FIRED

STANDS = replace(FIRED, at_ms=NOW_MS - HOUR_MS, opened_ms=NOW_MS - HOUR_MS)
OVER = replace(FIRED, id="d104", asset="ETH", edge=Edge.RESOLVED, at_ms=NOW_MS - HOUR_MS)


def manager(*alerts: Alert, **changed: object) -> Talk:
    known = {"role": Role.MANAGER, "alerts": alerts, "watched": ("BTC", "ETH"), **changed}
    return talk(unwinding(), calm(asset="ETH"), **known)


async def here(ask: Talk) -> Chat:
    assert ask.context.services.chats is not None
    chat = await ask.context.services.chats.get(ask.context.address)
    assert chat is not None
    return chat


def buttons(ask: Talk) -> list[str]:
    return [action.command for action in ask.reply.actions]


# ------------------------------------------------------------------------------------------ /mute


async def test_everything_or_one_asset_is_muted_until_a_time_that_is_said() -> None:
    ask = manager()
    said = await ask("/mute 2h")
    assert "nothing is sent until 2026-11-22 14:04 UTC, critical warnings neither." in said
    assert "What still stands then is told once." in said
    await ask("/mute btc 30m")
    assert (await here(ask)).muted_ms == {"": NOW_MS + 2 * HOUR_MS, "BTC": NOW_MS + 30 * MINUTE_MS}
    assert "Muted: All watched until 2026-11-22 14:04 UTC, BTC until 2026-11-22 12:34 UTC." in await ask(
        "/alerts"
    )


async def test_the_time_is_that_of_the_chats_zone() -> None:
    ask = manager()
    await ask("/settings zone Asia/Tokyo")
    assert "until 2026-11-22 23:04 Asia/Tokyo" in await ask("/mute 2h")


async def test_off_unmutes_one_asset_or_everything_and_shows_what_stands() -> None:
    ask = manager(STANDS)
    await ask("/subscribe BTC")
    for line in ("/mute 2h", "/mute 1d BTC", "/mute 1d ETH"):
        await ask(line)
    assert "Warnings are sent again" in await ask("/mute off ETH")
    assert set((await here(ask)).muted_ms) == {"", "BTC"}
    said = await ask("/mute off")
    assert "#c7f2" in said
    assert (await here(ask)).muted_ms == {}
    assert "Nothing of it was muted." in await ask("/mute off")


async def test_a_mute_that_is_over_is_forgotten_at_the_next_change() -> None:
    ask = manager()
    await ask("/mute 1h BTC")
    later = ask.later(2 * HOUR_MS)
    assert "Muted" not in await later("/alerts")
    await later("/mute 1h")
    assert set((await here(later)).muted_ms) == {""}


@pytest.mark.parametrize(
    ("word", "ms"),
    [
        ("5m", 5 * MINUTE_MS),
        ("1.5h", 90 * MINUTE_MS),
        ("1d", DAY_MS),
        ("30d", 30 * DAY_MS),
        ("1w", 7 * DAY_MS),
    ],
)
async def test_how_long(word: str, ms: int) -> None:
    ask = manager()
    await ask(f"/mute {word}")
    assert (await here(ask)).muted_ms == {"": NOW_MS + ms}


@pytest.mark.parametrize("word", ["1m", "31d", "0h", "-2h", "2", "nan", "1e3h", "٢h", "999999999999w"])
async def test_no_time_to_be_silent(word: str) -> None:
    ask = manager()
    await ask(f"/mute {word}")
    assert outcome(ask.reply) == "refused"


async def test_a_missing_time_is_asked_for_by_buttons() -> None:
    ask = manager()
    assert "A word is missing: time to be silent." in await ask("/mute")
    assert buttons(ask) == ["/mute 1h", "/mute 8h", "/mute 24h"]


# ------------------------------------------------------------------------------------------ /ack


async def test_a_warning_that_stands_is_acknowledged_by_its_short_name() -> None:
    ask = manager(STANDS, OVER)
    for line in ("/ack #c7f2", "/ack C7F2"):
        assert "#c7f2 · seen" in await ask(line)
    assert "seen already" in await ask("/ack #c7f2")
    assert (await here(ask)).acknowledged == ("c7f2",)


async def test_a_name_that_stands_for_nothing_is_answered_with_those_that_stand() -> None:
    ask = manager(STANDS, OVER)
    await ask("/subscribe BTC")
    for line, id_ in (("/ack #beef", "#beef"), ("/ack d104", "#d104")):
        said = await ask(line)
        assert f"{id_} does not stand: it is over, or never was." in said
        assert "BTC #c7f2 WARNING" in said
        assert buttons(ask) == ["/ack #c7f2"]
    assert (await here(ask)).acknowledged == ()
    assert "Which one was seen?" in await ask("/ack")


async def test_where_nothing_stands_it_says_so() -> None:
    assert "Nothing this chat is warned of stands now." in await manager(OVER)("/ack")
    assert "is no warning's short name" in await manager()("/ack banana")


# ------------------------------------------------------------------------------------------ /settings


async def test_settings_alone_shows_all_and_changes_nothing() -> None:
    ask = manager()
    said = await ask("/settings")
    for row in (
        "Quiet hours",
        "Time zone",
        "Lowest severity",
        "New messages a day",
        "Language",
        "Asset if none is said",
    ):
        assert row in said
    assert ask.context.services.chats is not None
    assert await ask.context.services.chats.get(ask.context.address) is None


async def test_quiet_hours_in_a_zone_which_is_then_the_chats() -> None:
    ask = manager()
    said = await ask("/settings quiet 23-07 europe/berlin")
    assert "Quiet hours               23:00-07:00" in said
    assert "nothing is sent in them" in said
    chat = await here(ask)
    assert chat.quiet == QuietHours(23 * 60, 7 * 60, "Europe/Berlin", critical_pierces=False)
    assert chat.zone == "Europe/Berlin"
    assert "only critical warnings are sent in them" in await ask("/settings pierce on")
    await ask("/settings quiet 22:30-6:15")
    assert (await here(ask)).quiet == QuietHours(
        22 * 60 + 30, 6 * 60 + 15, "Europe/Berlin", critical_pierces=True
    )
    await ask("/settings zone America/New_York pierce off")
    assert (await here(ask)).quiet == QuietHours(22 * 60 + 30, 6 * 60 + 15, "America/New_York")
    await ask("/settings quiet off")
    assert (await here(ask)).quiet is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/settings quiet 25-07", '"25-07" are no quiet hours'),
        ("/settings quiet 7-7", "are no quiet hours"),
        ("/settings quiet 23:61-7", "are no quiet hours"),
        ("/settings quiet banana", "is no quiet hours"),
        ("/settings zone Mars/Base", "is no time zone"),
        ("/settings zone Berlin", "Did you mean Europe/Berlin"),
        ("/settings zone ../../etc/passwd", "is no"),
        ("/settings cap 0", "is no number of messages a day"),
        ("/settings cap 1000", "is no number of messages a day"),
        ("/settings least loud", "is no severity"),
        ("/settings language klingon", "is no language"),
        ("/settings pierce on", "There are no quiet hours for a critical warning to pierce"),
        ("/settings quiet off pierce on", "There are no quiet hours"),
        ("/settings off", "is no"),
    ],
)
async def test_what_cannot_be_set_is_refused_and_changes_nothing(line: str, said: str) -> None:
    ask = manager()
    assert said in await ask(line)
    assert outcome(ask.reply) == "refused"
    assert ask.context.services.chats is not None
    assert await ask.context.services.chats.get(ask.context.address) is None


async def test_severity_cap_language_and_asset() -> None:
    ask = manager()
    await ask("/settings least warning cap 10 language en asset eth")
    chat = await here(ask)
    assert (chat.least, chat.daily_cap, chat.language, chat.default_asset) == (
        Severity.WARNING,
        10,
        "en",
        "ETH",
    )
    await ask("/settings cap off language auto least watch")
    chat = await here(ask)
    assert (chat.least, chat.daily_cap, chat.language) == (Severity.WATCH, None, None)


async def test_the_chats_asset_is_what_is_meant_where_none_is_said() -> None:
    ask = manager()
    await ask("/settings asset eth")
    assert (await ask("/regime")).startswith("ETH")
    assert (await ask("/regime btc")).startswith("BTC")


async def test_a_subscription_below_the_chats_least_says_that_it_is_never_told() -> None:
    ask = manager()
    await ask("/settings least warning")
    assert "Never told here: funding." in await ask("/subscribe BTC funding")
    assert "Never told here" not in await ask("/subscribe BTC cascade")


# ------------------------------------------------------------------------------------------ /testalert


async def test_a_sample_is_sent_to_this_chat_with_the_numbers_of_now() -> None:
    ask = manager()
    said = await ask("/testalert eth")
    assert "A test is on its way" in said
    assert "usually arrives within 2 seconds" in said
    post = ask.context.services.post
    assert isinstance(post, PostInMemory)
    sample = post.samples[ask.context.address]
    assert (sample.asset, sample.kind, sample.id) == ("ETH", Kind.CASCADE, "test")
    assert sample.facts["price_usd"] == 64_210.0
    await here(ask)  # a chat that is not known would be passed over


async def test_a_sample_of_what_has_no_data_is_sent_all_the_same() -> None:
    ask = talk(crowding(), watched=("BTC", "SOL"), role=Role.MANAGER, alerts=())
    await ask("/testalert SOL")
    assert ask.reply.data == {"sent": True}


async def test_a_terminal_is_sent_nothing() -> None:
    ask = manager(platform="terminal", chat="")
    assert "there is no path to test from here" in await ask("/testalert")
    post = ask.context.services.post
    assert isinstance(post, PostInMemory)
    assert not post.samples


async def test_everything_laid_out_fits_on_a_phone() -> None:
    ask = manager(STANDS)
    for line in (
        "/subscribe BTC",
        "/mute 1d",
        "/settings quiet 1-2 America/Argentina/ComodRivadavia",
        "/ack",
        "/ack #c7f2",
    ):
        await ask(line)
        assert all(len(row) <= 37 for row in monospaced(ask.reply))
