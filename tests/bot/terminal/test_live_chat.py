"""`seawall chat` on a real store: answers out of it, warnings above the line, and nothing left but what may be."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from pydantic import SecretStr

from bot import live_chat
from bot.live_chat import SILENT_MS, STOPPED_MS, Following, LiveDesk, Manner, converse
from bot.platforms.terminal.screen import Screen
from bot.settings import Settings
from commands.protocol.phrases import phrases_in
from commands.protocol.request import HERE, TERMINAL
from market.alerts import Alert
from market.plans import Happened
from store.bulletins import Bulletins
from store.connection import Connection, StoreUnavailable
from store.people import StoredPeople
from store.persons import Person
from store.plan_news import StoredPlanNews
from store.services import FeedStatus
from store.snapshots import StoredFeed, StoredSnapshots
from store.watchlist import StoredWatchlist
from tests.bot.delivery.plans import PLAN, news
from tests.bot.terminal.ptys import Terminal, pseudo_terminal
from tests.commands.markets import NOW_MS, crowding
from tests.doubles.waiting import PATIENCE_S
from tests.store.samples import FIRED

AWAY, BACK = (phrases_in("en").say(f"terminal.store_{what}") for what in ("away", "back"))
CTRL_D, CTRL_R = "\x04", "\x12"
READER = f"{TERMINAL}:{HERE}"


class Pipe(io.StringIO):
    """What comes out of a pipe, and where it goes to."""


@pytest.fixture
def settings(valkey_socket: Path, tmp_path: Path) -> Settings:
    return Settings(
        redis_url=SecretStr(f"unix://{valkey_socket}"), data_dir=tmp_path / "data", log_level="ERROR"
    )


@pytest.fixture
async def market(valkey: Connection, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """A store on which a service runs: BTC is crowded, and was looked at a moment ago."""
    monkeypatch.setattr(live_chat, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(live_chat, "now_ms", lambda: NOW_MS)
    await StoredWatchlist(valkey).add("BTC")
    await StoredSnapshots(valkey).save(crowding())
    await StoredFeed(valkey).save(FeedStatus("live", NOW_MS, 60_000, 0))
    return valkey


@asynccontextmanager
async def talking(
    settings: Settings, manner: Manner | None = None, columns: int = 80
) -> AsyncIterator[Terminal]:
    """Somebody at a terminal who leaves at the end."""
    with pseudo_terminal(columns) as terminal:
        talk = asyncio.create_task(converse(settings, manner or Manner(), terminal.stdin, terminal.stdout))
        await terminal.sees(">")
        yield terminal
        terminal.types(CTRL_D)
        assert await asyncio.wait_for(talk, PATIENCE_S) == 0


def just_now(alert: Alert = FIRED) -> Alert:
    return replace(alert, at_ms=NOW_MS, opened_ms=NOW_MS)


async def test_a_question_is_answered_out_of_the_store(market: Connection, settings: Settings) -> None:
    async with talking(settings) as here:
        await here.sees("Warnings are shown here as they come")
        here.types("/reg\tb\t\r")
        await here.sees("BTC · CROWDING")
        await here.sees("[1] ")


async def test_a_warning_comes_above_half_a_line_and_its_buttons_are_lines(
    market: Connection, settings: Settings
) -> None:
    async with talking(settings) as here:
        here.types("/regi")
        await here.sees("/regi")
        await Bulletins(market).announce(just_now())
        await here.sees("#c7f2")
        await here.sees("Also: ")
        here.types("me btc\r")
        await here.sees("> /regime btc\r\n")


async def test_numbers_stay_those_of_the_last_answer_when_a_warning_comes(
    market: Connection, settings: Settings
) -> None:
    async with talking(settings) as here:
        here.types("/size btc 10k\r")
        await here.sees("[4] 5x")
        await Bulletins(market).announce(just_now())
        await here.sees("#c7f2")
        here.types("4\r")
        await here.sees("BTC 5x long")


async def test_what_is_subscribed_to_here_is_what_is_shown_here(
    market: Connection, settings: Settings
) -> None:
    async with talking(settings) as here:
        here.types("/subscribe BTC funding\r")
        await here.sees("Shown at a terminal while it is open")
        await Bulletins(market).announce(just_now())
        here.types("/id\r")
        await here.sees("terminal:here")
        assert "#c7f2" not in here.shown
    async with talking(settings) as here:
        await here.sees("those subscribed to: 1")


async def trimmed(market: Connection) -> None:
    """A plan that was stated here has reached a rung."""
    people = StoredPeople(market)
    before = await people.kept(READER)
    plan = replace(PLAN, made_ms=NOW_MS)
    await people.keep(before, replace(before.person, reach=READER, plans=(plan,), made_ms=NOW_MS))
    before = await people.kept(READER)
    fact = replace(news(Happened.TRIM), at_ms=NOW_MS, price_at_ms=NOW_MS)
    after = Person(READER, READER, plans=(fact.plan,), made_ms=before.person.made_ms)
    assert await StoredPlanNews(market).tell(before, after, (fact,))


async def test_news_of_a_plan_stated_here_are_told_at_the_next_terminal_that_opens(
    market: Connection, settings: Settings
) -> None:
    await trimmed(market)
    async with talking(settings) as here:
        await here.sees("TRIM")
    async with talking(settings) as here:
        here.types("/id\r")
        await here.sees("terminal:here")
        assert "TRIM" not in here.shown


async def test_a_script_that_asks_one_thing_takes_no_news_of_plans_from_a_person(
    market: Connection, settings: Settings
) -> None:
    await trimmed(market)
    said = io.StringIO()
    assert await converse(settings, Manner(), Pipe("/id\n"), said) == 0
    assert "TRIM" not in said.getvalue()
    async with talking(settings) as here:
        await here.sees("TRIM")


async def test_a_pipe_that_stays_open_is_told_of_plans_as_well(
    market: Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_chat, "HEARD_AFTER_S", 0.0)
    await trimmed(market)
    said = io.StringIO()
    assert await converse(settings, Manner(), Pipe("/id\n"), said) == 0
    assert "TRIM" in said.getvalue()


async def test_lines_are_found_again_in_the_next_session_but_none_of_a_position(
    market: Connection, settings: Settings
) -> None:
    async with talking(settings) as here:
        here.types("/why btc\r/size btc 5x 10k\r")
        await here.sees("BTC 5x long")
    assert (settings.data_dir / "chat_history").read_text() == "/why btc\n"
    async with talking(settings) as here:
        here.types(f"{CTRL_R}why\r\r")
        await here.sees("> /why btc\r\n")


async def test_lines_that_were_kept_go_with_all_else_that_is_forgotten(
    market: Connection, settings: Settings
) -> None:
    kept = settings.data_dir / "chat_history"
    async with talking(settings) as here:
        here.types("/why btc\r/forget\r")
        await here.sees("[1] Erase it for good")
        assert kept.read_text() == "/why btc\n/forget\n"
        here.types("1\r")
        await here.sees("Nothing is kept of you any more")
        assert not kept.exists()


async def test_no_line_is_kept_where_that_is_not_wanted(market: Connection, settings: Settings) -> None:
    async with talking(settings, Manner(keeps_lines=False)) as here:
        here.types("/why btc\r")
        await here.sees("[1] ")
    assert not (settings.data_dir / "chat_history").exists()


@pytest.mark.parametrize("language", ["es", "en"])
async def test_it_speaks_the_language_that_was_said(
    language: str, market: Connection, settings: Settings
) -> None:
    async with talking(settings, Manner(language=language)) as here:
        await here.sees(phrases_in(language).say("terminal.usual"))
        await Bulletins(market).announce(just_now())
        await here.sees(f"! {phrases_in(language).word('severity', 'warning')} #c7f2 BTC")


@pytest.mark.parametrize("manner", [Manner(), Manner(is_plain=True)])
@pytest.mark.parametrize("columns", [80, 60, 40])
async def test_no_line_is_broken_by_the_terminal_itself(
    columns: int, manner: Manner, market: Connection, settings: Settings
) -> None:
    async with talking(settings, manner, columns) as here:
        for line in ("/regime btc", "/size btc 5x 10k", "/help"):
            here.types(f"{line}\r")
        await here.sees("> /help\r\n")
        await Bulletins(market).announce(just_now())
        await here.sees("Also: ")
        lines = here.shown.replace("\r", "\n").split("\n")
        assert [line for line in lines if len(line.removeprefix(">").rstrip()) > columns] == []


async def test_in_plain_nothing_is_drawn_anew_and_no_cursor_is_moved(
    market: Connection, settings: Settings
) -> None:
    async with talking(settings, Manner(is_plain=True)) as here:
        here.types("/reg\tbtc\r")
        await here.sees("CROWDING")
        here.types("/si")
        await here.sees("> /si")
        await Bulletins(market).announce(just_now())
        await here.sees("Also: ")
        here.types("\x7f\x7f\x7f")
        assert b"\x1b" not in here.raw


async def test_a_pipe_is_answered_line_by_line(market: Connection, settings: Settings) -> None:
    said = io.StringIO()
    assert await converse(settings, Manner(), Pipe("/regime btc\n\nquit\n/why\n"), said) == 0
    assert "> /regime btc\nBTC · CROWDING" in said.getvalue()
    assert "/why" not in said.getvalue()


async def test_in_a_pipe_nothing_stands_between_a_line_and_its_answer_and_no_terminal_obeys_it(
    market: Connection, settings: Settings
) -> None:
    await Bulletins(market).announce(just_now())
    said = io.StringIO()
    assert await converse(settings, Manner(is_plain=True), Pipe("/id \x1b[2J\n99\n/id\n"), said) == 0
    assert "\x1b" not in said.getvalue()
    lines = said.getvalue().splitlines()
    assert lines[lines.index("> 99") + 1].startswith("There is no [99]")
    assert lines[lines.index("> /id") + 1] == "Who and where you are"
    assert said.getvalue().index("#c7f2") < said.getvalue().index("> /id")


async def test_a_dumb_terminal_is_not_told_of_keys_that_do_nothing_there(
    market: Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    async with talking(settings) as here:
        await here.sees("Ctrl-D leaves.")
        assert "Ctrl-R" not in here.shown


async def test_a_store_without_a_service_says_so(valkey: Connection, settings: Settings) -> None:
    said = io.StringIO()
    assert await converse(settings, Manner(), Pipe("/regime\n"), said) == 0
    assert "The service does not run" in said.getvalue()


@pytest.mark.parametrize(
    "ended",
    [FeedStatus("live", NOW_MS - STOPPED_MS - 1), FeedStatus("live", NOW_MS - SILENT_MS - 1, 60_000, 0)],
)
async def test_a_service_that_ends_while_somebody_reads_is_said_to_have_and_so_is_its_return(
    ended: FeedStatus, market: Connection, settings: Settings
) -> None:
    stopped, usual = (phrases_in("en").say(f"terminal.{what}") for what in ("no_service", "usual"))
    async with talking(settings) as here:
        here.types("/id\r")
        await here.sees("terminal:here")
        await StoredFeed(market).save(ended)
        await here.sees(f"[12:04 UTC] {stopped}")
        await StoredFeed(market).save(FeedStatus("live", NOW_MS, 60_000, 0))
        await here.sees(f"[12:04 UTC] {usual}")
        assert " ".join(here.shown.split()).count(stopped) == 1


async def test_the_return_of_a_service_is_said_though_the_store_went_away_meanwhile(
    market: Connection,
) -> None:
    paper = io.StringIO()
    following = Following(LiveDesk(market, Settings(), Manner()), Screen(paper))
    await StoredFeed(market).save(FeedStatus("live", NOW_MS - SILENT_MS - 1, 60_000, 0))
    await following.look()
    await StoredFeed(market).save(FeedStatus("live", NOW_MS, 60_000, 0))
    with patch.object(LiveDesk, "heard", side_effect=StoreUnavailable("away")):
        await following.look()
    await following.look()
    assert phrases_in("en").say("terminal.usual") in " ".join(paper.getvalue().split())


async def test_a_recorded_market_warns_nobody_and_says_so(valkey: Connection, settings: Settings) -> None:
    await StoredFeed(valkey).save(FeedStatus("history", NOW_MS, 60_000, 0))
    said = io.StringIO()
    assert await converse(settings, Manner(), Pipe("quit\n"), said) == 0
    assert "This market is recorded" in said.getvalue()
    assert "does not run" not in said.getvalue()


async def test_a_store_that_goes_away_is_said_to_be_once_and_so_is_its_return(market: Connection) -> None:
    paper = io.StringIO()
    following = Following(LiveDesk(market, Settings(), Manner()), Screen(paper))
    async with market.writing() as redis:
        await redis.config_set("maxmemory", "1")
        await redis.config_set("maxmemory-policy", "noeviction")
        try:
            for _ in range(3):
                await following.look()
        finally:
            await redis.config_set("maxmemory", "0")
    await following.look()
    assert paper.getvalue() == f"{AWAY}\n{BACK}\n"
