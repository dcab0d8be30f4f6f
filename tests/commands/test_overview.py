"""/alerts: every subscription with what it lacks, what stands, and who may read it."""

from dataclasses import replace

import pytest

from commands.protocol.phrases import phrases_in
from commands.protocol.request import Role
from commands.wording.closeness import closeness, needed_shock
from market.alerts import Alert, Edge, Kind, Severity
from market.alerts.reach import still_standing
from market.observations import HOUR_MS, MINUTE_MS
from market.rules import AlertRules, Rules
from store.services import FeedStatus
from store.wishes import Chat, Subscription
from tests.commands.markets import NOW_MS, calm, crowding, market, reading, stale, unwinding
from tests.commands.talking import Talk, monospaced, talk
from tests.store.samples import FIRED

STANDS = replace(FIRED, at_ms=NOW_MS - HOUR_MS, opened_ms=NOW_MS - HOUR_MS)


def manager(*alerts: Alert, **changed: object) -> Talk:
    known = {"role": Role.MANAGER, "alerts": alerts, "watched": ("BTC", "ETH", "SOL"), **changed}
    return talk(crowding(), calm(asset="ETH"), **known)


async def told(ask: Talk, *lines: str) -> str:
    for line in lines:
        await ask(line)
    return await ask("/alerts")


async def test_a_chat_without_subscriptions_is_shown_how_to_begin() -> None:
    ask = talk(crowding(), alerts=(), role=Role.ANYONE)
    assert "No warnings are told here yet" in await ask("/alerts")
    assert [action.command for action in ask.reply.actions] == ["/subscribe BTC", "/subscribe all", "/alerts"]


async def test_a_terminal_where_nobody_chose_says_what_it_shows() -> None:
    falling = replace(STANDS, severity=Severity.WARNING)
    ask = manager(falling, platform="terminal", chat="")
    said = await ask("/alerts")
    assert said.startswith("Nothing chosen: the usual is shown\n")
    assert "All watched cascade        WARNING up" in said
    assert "Standing now: 1" in said
    assert "That is the usual, shown until something is chosen" in said
    assert "No warnings" not in said
    assert ask.reply.data["subscriptions"] == []
    assert "/subscribe BTC" in [action.command for action in ask.reply.actions]
    watched = manager(replace(STANDS, severity=Severity.WATCH), platform="terminal", chat="")
    assert "Nothing of it stands now." in await watched("/alerts")
    await ask("/subscribe BTC regime")
    assert "Subscriptions here: 1" in await ask("/alerts")
    await ask("/unsubscribe all")
    assert "No warnings are told here yet" in await ask("/alerts"), "all was dropped: nothing is shown"


async def test_a_demo_where_nobody_chose_says_that_everything_is_shown() -> None:
    simulated = FeedStatus("simulated", NOW_MS, 60_000, 200)
    watch = replace(STANDS, severity=Severity.WATCH)
    ask = talk(crowding(source="simulated"), alerts=(watch,), platform="terminal", chat="", feed=simulated)
    said = await ask("/alerts")
    assert said.startswith("Nothing chosen: everything is shown\n")
    assert "Standing now: 1" in said
    assert "In the demo every warning is shown as it comes" in said


async def test_a_cascade_is_told_by_its_shock_whatever_stands_beside_it() -> None:
    said = await told(manager(), "/subscribe BTC cascade warning", "/subscribe ETH cascade critical")
    rows = said.split("\n")
    assert "BTC cascade                WARNING up" in rows
    assert "   24 h shock -0.80 needs below -2.00" in rows
    assert "ETH cascade               CRITICAL up" in rows
    assert "   24 h shock -0.80 needs below -2.50" in rows


def test_the_line_a_shock_has_to_cross_is_that_of_its_class() -> None:
    lines = [needed_shock(severity, AlertRules()) for severity in Severity]
    assert lines == [-1.5, -2.0, -2.5]


async def test_a_regime_is_told_with_the_way_to_a_worse_one() -> None:
    said = await told(manager(), "/subscribe BTC regime")
    assert "   now CROWDING" in said
    assert "   UNWINDING: repeated long\n   liquidations" in said


async def test_conditions_are_told_by_their_flags_and_measures() -> None:
    said = await told(
        manager(),
        *(f"/subscribe BTC {kind}" for kind in ("funding", "oi", "liquidations", "skew", "stage")),
    )
    assert " + funding elevated               yes" in said
    assert "   per 8 h .031% needs below -.020%" in said
    assert " - OI rising fast                  no\n   OI 24 h +2.1% needs over +5.0%" in said
    assert " - repeated long liquidations      no\n   flagged, 24 h 0 needs at least 3" in said
    assert "   z over 30 d not known" in said
    assert "steps seen 2/5 of 2 needed" in said


async def test_all_assets_are_told_by_the_nearest_and_by_those_that_are_there() -> None:
    falling = market("pd", "down", price=reading("price", NOW_MS, "pd", "down", shock_24h=-1.9), asset="ETH")
    ask = talk(calm(), falling, role=Role.MANAGER, alerts=(), watched=("BTC", "ETH"))
    said = await told(ask, "/subscribe all", "/subscribe all funding", "/subscribe all skew")
    assert "   nearest ETH -1.90 of -2.00" in said
    assert "   0 of 2 now" in said
    loud = talk(unwinding(), calm(asset="ETH"), role=Role.MANAGER, alerts=(), watched=("BTC", "ETH"))
    assert "   1 of 2 now: BTC" in await told(loud, "/subscribe all regime")


async def test_a_shock_of_before_is_no_distance_while_the_price_is_not_seen() -> None:
    here = manager()
    for line in (
        "/subscribe BTC",
        "/subscribe all cascade critical",
        "/subscribe ETH funding",
        "/subscribe BTC regime",
    ):
        await here(line)
    fresh = await here("/alerts")
    assert "Nothing of it stands now." in fresh
    assert "Prices at most 4s old." in fresh
    blind = await here.later(10 * MINUTE_MS)("/alerts")
    assert "Evaluated 10 min ago: what follows is that old." in blind
    assert "Nothing of it stood when it was last seen; not all of it is seen now." in blind
    assert "shock" not in blind
    assert "BTC cascade                WARNING up\n   price too old (10min)" in blind
    assert "All watched cascade       CRITICAL up\n   2 of 2 not seen now" in blind
    assert "ETH funding                  WATCH up\n   funding too old (11min)" in blind
    assert "Prices at most 10min old." in blind


async def test_of_all_assets_the_nearest_that_is_seen_is_told_beside_how_many_are_not() -> None:
    ask = talk(
        crowding(), calm(asset="ETH", silent=("price",)), role=Role.MANAGER, alerts=(), watched=("BTC", "ETH")
    )
    said = await told(ask, "/subscribe all")
    assert "   nearest BTC -0.80 of -2.00\n   1 of 2 not seen now" in said


async def test_what_was_never_read_is_not_said_to_be_quiet() -> None:
    said = await told(manager(), "/subscribe SOL")
    assert "Nothing of it stands now." not in said
    assert "   no data yet" in said


async def test_what_has_no_data_is_said_to_have_none() -> None:
    assert "   no data yet" in await told(manager(), "/subscribe SOL")
    blind = talk(market(lacking=("price",)), role=Role.MANAGER, alerts=(), watched=("BTC",))
    assert "   price not seen" in await told(blind, "/subscribe BTC")
    assert "   1 of 1 not seen now" in await told(blind, "/unsubscribe all", "/subscribe all cascade")
    unread = talk(role=Role.MANAGER, alerts=(), watched=("BTC",))
    assert "   no data yet" in await told(unread, "/subscribe all cascade")


async def test_what_stands_of_it_is_said_and_what_was_seen_is_marked() -> None:
    other = replace(STANDS, id="aaaa", asset="ETH")
    ask = manager(STANDS, other)
    said = await told(ask, "/subscribe BTC")
    assert "Standing now: 1, as it was when told\nBTC #c7f2 WARNING" in said
    assert "aaaa" not in said
    assert "/ack #c7f2" in [action.command for action in ask.reply.actions]
    said = await told(ask, "/ack #c7f2")
    assert "seen, not repeated" in said
    assert "/ack #c7f2" not in [action.command for action in ask.reply.actions]
    assert "Nothing of it stands now." in await told(manager(), "/subscribe BTC")


async def test_a_loss_that_was_told_has_its_time_and_what_it_has_come_to_since_its_age() -> None:
    fell = replace(STANDS, lost_so_far=-0.036, facts={"price_usd": 66_640.0})
    said = await told(manager(fell), "/subscribe BTC")
    assert "BTC #c7f2 WARNING     11:04 UTC -3.6%" in said
    assert "now -7.1%, 4s old" in said, "64,210 against 66,640 / .964"
    blind = stale(reading("price", NOW_MS, "down"))
    unseen = talk(market("down", price=blind), role=Role.MANAGER, alerts=(fell,), watched=("BTC",))
    said = await told(unseen, "/subscribe BTC")
    assert "11:04 UTC -3.6%" in said
    assert "now: not known" in said


async def test_what_was_told_on_another_day_says_the_day() -> None:
    old = replace(STANDS, at_ms=NOW_MS - 26 * HOUR_MS)
    assert "21 Nov 10:04 -3.1%" in await told(manager(old), "/subscribe BTC")


async def test_on_and_off_are_no_assets_here_and_what_was_meant_is_offered() -> None:
    ask = manager()
    assert "Nothing is switched on here: /subscribe" in await ask("/alerts on")
    assert [action.command for action in ask.reply.actions] == ["/subscribe all", "/alerts changes=on"]
    assert "/mute 2h" in await ask("/alerts off")
    assert "Nothing was changed here yet." in await ask("/alerts changes=on")


async def test_one_asset_alone_can_be_asked_for() -> None:
    ask = manager(STANDS)
    await told(ask, "/subscribe BTC", "/subscribe ETH funding", "/subscribe all skew")
    said = await ask("/alerts eth")
    assert said.startswith("ETH · subscriptions here: 2")
    assert "c7f2" not in said
    assert "\nBTC cascade" not in said


def test_a_subscription_from_before_to_what_is_never_so_loud_any_more_says_so() -> None:
    wish = Subscription("BTC", Kind.REGIME, Severity.WARNING)
    lines = closeness(wish, Chat("telegram:1"), {"BTC": calm()}, phrases_in("en"), Rules(), NOW_MS)
    assert lines == ("BTC regime                 WARNING up", "   never so loud: nothing is told")


async def test_what_is_never_so_loud_any_more_is_said_first_and_heard_again_with_one_press() -> None:
    ask = manager()
    await told(ask, "/subscribe BTC")
    chats = ask.context.services.chats
    assert chats is not None
    before = Subscription("BTC", Kind.REGIME, Severity.WARNING)
    await chats.change(
        ask.context.address, lambda chat: replace(chat, subscriptions=(*chat.subscriptions, before))
    )
    said = await ask("/alerts")
    assert "Nothing is told any more of: BTC regime." in said.split("\n")[1]
    assert "/subscribe BTC regime watch" in [action.command for action in ask.reply.actions]
    assert "Nothing is told any more of: BTC regime." in await ask("/subscribe ETH")
    assert "Nothing is told any more" not in await told(ask, "/subscribe BTC regime watch", "/alerts")


def test_a_warning_stands_until_its_last_word_is_that_it_is_over() -> None:
    over = replace(STANDS, edge=Edge.RESOLVED, at_ms=NOW_MS)
    again = replace(STANDS, id="eeee", at_ms=NOW_MS + 1)
    blind = replace(STANDS, edge=Edge.UNKNOWN, kind=Kind.REGIME, at_ms=NOW_MS)
    worse = replace(STANDS, edge=Edge.ESCALATED, severity=Severity.CRITICAL)
    assert still_standing([over, STANDS]) == ()
    assert still_standing([STANDS, again, over]) == (again,)
    assert still_standing([STANDS, worse]) == (worse,)
    assert still_standing([blind, STANDS]) == (STANDS, blind)


@pytest.mark.parametrize("snapshot", [crowding(), unwinding(), calm(), market(lacking=("price", "skew"))])
async def test_everything_fits_on_a_phone_and_in_one_message(snapshot: object) -> None:
    ask = talk(snapshot, role=Role.MANAGER, alerts=(STANDS,), watched=("BTC",))  # type: ignore[arg-type]
    await told(ask, "/subscribe BTC every", "/subscribe all every", "/mute 1h", "/settings quiet 1-2 cap 3")
    said = await ask("/alerts")
    assert all(len(row) <= 37 for row in monospaced(ask.reply))
    assert len(said) < 4_000


async def test_the_subscriptions_of_one_asset_can_be_changed_where_they_are_looked_at() -> None:
    ask = manager()
    await told(ask, "/subscribe ETH cascade warning", "/subscribe all skew")
    await ask("/alerts eth")
    lines = [action.command for action in ask.reply.actions]
    assert lines == [
        "/alerts ETH",
        "/subscribe ETH cascade watch",
        "/subscribe ETH cascade critical",
        "/unsubscribe ETH cascade",
        "/unsubscribe all skew",
        "/mute 2h ETH",
        "/alerts",
    ]
    await ask("/subscribe ETH cascade critical")
    assert "ETH cascade               CRITICAL up" in await ask("/alerts eth")
    await ask("/unsubscribe ETH cascade")
    assert (await ask("/alerts eth")).startswith("ETH · subscriptions here: 1")
