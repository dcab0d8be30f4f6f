"""/subscribe and /unsubscribe: what is heard from then on, said once it is kept, and never more than may be."""

from collections.abc import Sequence

import pytest

from commands.protocol.dispatch import answer_options, outcome
from commands.protocol.home import NOTHING_IS_SENT
from commands.protocol.phrases import phrases_in
from commands.protocol.request import Role
from commands.subscribe import MOST_SUBSCRIPTIONS
from market.alerts import Kind, Severity
from market.alerts.reach import HIGHEST, reaches
from market.odds import recorded_odds
from store.services import FeedStatus
from store.wishes import Chat, Subscription
from tests.commands.markets import calm, crowding
from tests.commands.talking import Talk, monospaced, talk, text_of

BTC_CASCADE = Subscription("BTC", Kind.CASCADE, Severity.WARNING)


def manager(**changed: object) -> Talk:
    """A manager's conversation about a live market of BTC and ETH."""
    known = {"role": Role.MANAGER, "alerts": (), "listed": ("BTC", "ETH", "DOGE"), **changed}
    return talk(crowding(), calm(asset="ETH"), watched=("BTC", "ETH"), **known)


async def here(ask: Talk) -> Chat | None:
    assert ask.context.services.chats is not None
    return await ask.context.services.chats.get(ask.context.address)


async def wishes(ask: Talk) -> Sequence[Subscription]:
    chat = await here(ask)
    return () if chat is None else chat.subscriptions


def buttons(ask: Talk) -> list[str]:
    return [action.command for action in ask.reply.actions]


async def test_an_asset_alone_means_what_is_loud_and_rare_and_says_so() -> None:
    ask = manager()
    said = await ask("/subscribe btcusdt")
    assert said.startswith("BTC · you will be warned here")
    assert "Told here: cascade from WARNING up." in said
    watch, warning = (
        recorded_odds().row(f"cascade/{least}/price_shock", "") for least in ("watch", "warning")
    )
    assert watch is not None
    assert warning is not None
    for odds in (watch, warning):
        share = odds.sell_off.share
        assert share is not None
        assert f"{int(share * 1000) / 10:.1f}% [" in said
    assert "1 of 50 subscriptions of this chat." in said
    assert await wishes(ask) == (BTC_CASCADE,)
    assert {"/testalert", "/backtest BTC", "/subscribe BTC cascade watch", "/subscribe BTC funding"} <= set(
        buttons(ask)
    )


async def test_what_does_not_come_is_said_until_it_was_asked_for() -> None:
    ask = manager()
    not_told = "Not told: its silent WATCH, and the other kinds"
    assert not_told in await ask("/subscribe BTC")
    said = await ask("/subscribe BTC regime")
    assert not_told not in said
    assert "WATCH comes without a sound." in said
    assert not_told not in await ask("/subscribe BTC")


async def test_of_every_kind_at_warning_the_ones_that_are_never_so_loud_are_named() -> None:
    said = await manager()("/subscribe ETH every warning")
    left = "regime, sequence, funding, open interest, forced closing, skew"
    assert f"Not told, as they are never louder than a silent WATCH: {left}." in said


async def test_a_lowest_severity_that_silences_a_subscription_says_so_at_once() -> None:
    ask = manager()
    await ask("/subscribe ETH stage")
    assert "Never told here: sequence." in await ask("/settings least warning")
    assert "Never told here" not in await ask("/settings least watch")


async def test_saying_it_again_changes_nothing_and_says_so() -> None:
    ask = manager()
    await ask("/subscribe BTC")
    before = await here(ask)
    assert (await ask("/subscribe BTC")).startswith("BTC · you are warned already")
    assert ask.reply.data["changed"] is False
    assert await here(ask) == before


async def test_a_kind_alone_is_told_from_its_silent_ones_on() -> None:
    ask = manager()
    assert "Told here: funding from WATCH up." in await ask("/subscribe ETH funding")
    assert await wishes(ask) == (Subscription("ETH", Kind.FUNDING, Severity.WATCH),)


async def test_all_is_every_watched_asset_and_critical_leaves_out_what_never_is() -> None:
    ask = manager()
    assert "All watched · you will be warned here" in await ask("/subscribe all critical")
    assert await wishes(ask) == (Subscription(None, Kind.CASCADE, Severity.CRITICAL),)


async def test_words_come_in_any_order_and_by_name() -> None:
    ask = manager()
    await ask("/subscribe oi watch eth")
    await ask("/subscribe asset=BTC kind=cascade severity=warn")
    assert await wishes(ask) == (
        Subscription("ETH", Kind.OPEN_INTEREST, Severity.WATCH),
        Subscription("BTC", Kind.CASCADE, Severity.WARNING),
    )


async def test_a_severity_that_is_said_takes_the_place_of_the_one_before() -> None:
    ask = manager()
    await ask("/subscribe BTC cascade watch")
    assert "critical" not in await ask("/subscribe BTC")
    assert (await wishes(ask))[0].least is Severity.WATCH, "what was wider stays, where nothing else is said"
    assert (await ask("/subscribe BTC cascade critical")).startswith("BTC · you will be warned here")
    assert [wish.least for wish in await wishes(ask)] == [Severity.CRITICAL]


async def test_every_kind_at_once() -> None:
    ask = manager()
    await ask("/subscribe BTC every")
    assert {wish.kind for wish in await wishes(ask)} == set(Kind)
    await ask("/subscribe ETH every warning")
    mine = [wish for wish in await wishes(ask) if wish.asset == "ETH"]
    assert {wish.kind for wish in mine} == {kind for kind in Kind if reaches(kind, Severity.WARNING)}


@pytest.mark.parametrize("kind", [kind for kind in Kind if HIGHEST[kind] is not Severity.CRITICAL])
async def test_what_could_never_be_told_is_refused_with_what_can(kind: Kind) -> None:
    ask = manager()
    said = await ask(f"/subscribe BTC {kind.value} critical")
    word = phrases_in("en").word("alert_kind", kind.value)
    assert f"{word} is never more severe than {HIGHEST[kind].value.upper()}" in said
    assert outcome(ask.reply) == "refused"
    assert buttons(ask) == [f"/subscribe BTC {kind.value} {HIGHEST[kind].value}"]
    assert await here(ask) is None
    await ask(buttons(ask)[0])
    assert len(await wishes(ask)) == 1


async def test_a_missing_asset_is_asked_for_by_buttons() -> None:
    ask = manager()
    assert "A word is missing: asset or all." in await ask("/subscribe")
    assert buttons(ask) == ["/subscribe BTC", "/subscribe ETH", "/subscribe all"]


async def test_an_asset_that_is_not_watched_is_refused() -> None:
    ask = manager()
    assert "DOGE is listed, but not watched: /watch DOGE." in await ask("/subscribe doge")
    assert '"BANANA" is not watched here' in await ask("/subscribe BANANA")
    assert await here(ask) is None


async def test_a_chat_holds_fifty_and_the_next_is_refused_and_changes_nothing() -> None:
    assets = tuple(f"A{number}" for number in range(60))
    ask = talk(watched=assets, role=Role.MANAGER, alerts=(), feed=FeedStatus("live"))
    for asset in assets[:MOST_SUBSCRIPTIONS]:
        assert outcome((await ask(f"/subscribe {asset} skew"), ask.reply)[1]) == "answered"
    before = await here(ask)
    assert f"A chat holds {MOST_SUBSCRIPTIONS} subscriptions." in await ask(f"/subscribe {assets[-1]} skew")
    assert outcome(ask.reply) == "refused"
    assert "you are warned already" in await ask(f"/subscribe {assets[0]} skew")
    assert await here(ask) == before
    assert len(text_of((await ask("/alerts"), ask.reply)[1])) < 4_000
    await ask("/unsubscribe")
    assert len(ask.reply.actions) <= 24


async def test_one_is_dropped_a_kind_is_dropped_everything_is_dropped() -> None:
    ask = manager()
    for line in ("/subscribe BTC cascade,regime", "/subscribe ETH cascade,regime", "/subscribe all funding"):
        await ask(line)
    assert "No longer told: BTC regime from WATCH up." in await ask("/unsubscribe BTC regime")
    assert buttons(ask)[0] == "/subscribe BTC regime watch"
    assert "No longer told: All watched funding from WATCH up." in await ask("/unsubscribe all funding")
    await ask("/unsubscribe cascade")
    assert await wishes(ask) == (Subscription("ETH", Kind.REGIME, Severity.WATCH),)
    await ask("/subscribe BTC")
    assert "Nothing is told here any more." in await ask("/unsubscribe all")
    assert await wishes(ask) == ()


async def test_undo_brings_back_what_was_dropped() -> None:
    ask = manager()
    await ask("/subscribe BTC cascade critical")
    before = await wishes(ask)
    await ask("/unsubscribe BTC")
    await ask(buttons(ask)[0])
    assert await wishes(ask) == before


async def test_without_words_there_is_a_button_for_each() -> None:
    ask = manager()
    assert "This chat is warned of nothing." in await ask("/unsubscribe")
    await ask("/subscribe BTC cascade,regime")
    await ask("/unsubscribe")
    assert buttons(ask) == ["/unsubscribe BTC cascade", "/unsubscribe BTC regime", "/unsubscribe all"]
    assert "There is no subscription ETH here." in await ask("/unsubscribe ETH")
    assert len(await wishes(ask)) == 2


async def test_what_is_not_watched_any_more_can_be_dropped() -> None:
    ask = manager()
    await ask("/subscribe ETH")
    watchlist = ask.context.services.watchlist
    assert watchlist is not None
    await watchlist.drop("ETH")
    await ask("/unsubscribe ETH")
    assert await wishes(ask) == ()


@pytest.mark.parametrize(
    "line",
    [
        "/subscribe BTC",
        "/unsubscribe all",
        "/mute 2h",
        "/ack #c7f2",
        "/testalert",
        "/settings cap 5",
        "/settings",
    ],
)
async def test_who_does_not_manage_the_chat_changes_nothing(line: str) -> None:
    ask = manager(role=Role.ANYONE)
    assert "Only a manager of this chat may do that" in await ask(line)
    assert outcome(ask.reply) == "refused"
    assert await here(ask) is None


@pytest.mark.parametrize(
    ("source", "said"), [("history", "This market is recorded"), ("simulated", "This market is simulated")]
)
@pytest.mark.parametrize(
    "line", ["/subscribe BTC", "/unsubscribe", "/alerts", "/mute 2h", "/ack", "/testalert", "/settings"]
)
async def test_a_market_that_is_not_live_has_nobody_to_warn(line: str, source: str, said: str) -> None:
    ask = talk(crowding(source=source), role=Role.MANAGER)
    assert said in await ask(line)
    assert outcome(ask.reply) == "answered"


async def test_the_terminal_keeps_what_it_is_told_and_says_that_nothing_is_sent_to_it() -> None:
    ask = manager(platform="terminal", chat="")
    assert "Shown at a terminal while it is open" in await ask("/subscribe BTC")
    assert ask.context.address == "terminal:here"
    chat = await here(ask)
    assert chat is not None
    assert len(chat.subscriptions) == 1
    assert chat.suspended == NOTHING_IS_SENT, "it is passed over when warnings are addressed"
    await ask("/regime")
    assert await here(ask) == chat
    assert "Shown at a terminal while it is open" in await ask("/alerts")


async def test_slash_options_subscribe_as_well() -> None:
    ask = manager()
    options = {"asset": "eth", "kind": "skew", "severity": None}
    assert "skew from WATCH up" in text_of(await answer_options("subscribe", options, ask.context))
    assert (
        outcome(await answer_options("subscribe", {"asset": "all", "kind": "plan"}, ask.context)) == "refused"
    )


async def test_a_deep_link_subscribes() -> None:
    ask = manager()
    said = await ask("/start sub-BTC")
    assert said.startswith("BTC · you will be warned here")
    assert "Information, not advice." in said
    assert await wishes(ask) == (BTC_CASCADE,)
    await ask("/start sub-all-funding")
    assert (await wishes(ask))[-1] == Subscription(None, Kind.FUNDING, Severity.WATCH)
    before = await wishes(ask)
    for payload in ("sub-NOTHING", "sub-ETH-nope"):
        assert "Seawall watches leverage" in await ask(f"/start {payload}")
    assert await wishes(ask) == before
    assert "Only a manager" in await manager(role=Role.ANYONE)("/start sub-BTC")


async def test_everything_laid_out_fits_on_a_phone() -> None:
    ask = talk(
        crowding(asset="1000000LONGNAME1"), watched=("1000000LONGNAME1",), role=Role.MANAGER, alerts=()
    )
    for line in ("/subscribe all", "/subscribe 1000000LONGNAME1", "/unsubscribe", "/alerts", "/settings"):
        await ask(line)
        assert all(len(row) <= 37 for row in monospaced(ask.reply))


async def test_a_link_that_would_change_something_asks_first() -> None:
    ask = manager()
    await ask("/start sub-BTC")
    said = await ask("/start ask-mute-30d")
    assert said.startswith("The link you followed asks for this.")
    assert "/mute 30d" in said
    assert [action.command for action in ask.reply.actions] == ["/mute 30d"]
    chat = await here(ask)
    assert chat is not None
    assert chat.muted_ms == {}
    for payload in ("ask-start-sub_2dBTC", "ask-frobnicate", "ask-_", "hello"):
        assert "Seawall watches leverage" in await ask(f"/start {payload}")
