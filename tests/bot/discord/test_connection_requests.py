"""Requests to Discord that go wrong: each fault of reliability.md 2.D, over real HTTP and the real library."""

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from discord.http import Route
from pydantic import HttpUrl, SecretStr

from bot.chat_platform import Asker
from bot.layout import DISCORD_MARKDOWN, lay_out
from bot.messenger import Undelivered, Wrong
from bot.platforms.discord import breaker, retry
from bot.platforms.discord.connection import GatewayClient
from bot.platforms.discord.messenger import DiscordMessenger
from bot.settings import Settings
from commands.protocol.reply import Reply, Text
from scheduler.clock import Clock
from store.in_memory import PostInMemory
from tests import canary
from tests.bot.desks import desk_on
from tests.bot.discord.serving import gateway, keep_addresses
from tests.commands.markets import NOW_MS
from tests.doubles import discord_rest
from tests.doubles.discord_gateway import Discord
from tests.doubles.hand_clock import HandClock

CHANNEL = "discord:55"
PLACE = "channels/55/messages"
HELLO = Reply((Text("BTC is unwinding"),))


@dataclass(frozen=True, slots=True)
class Signed:
    """A messenger that has signed in, its client, and how often its own retries waited how long."""

    discord: Discord
    messenger: DiscordMessenger
    client: GatewayClient
    hands: HandClock

    async def send(self, nonce: str = "a-row") -> str:
        return await self.messenger.send(CHANNEL, HELLO, is_silent=False, nonce=nonce)

    async def undelivered(self, nonce: str = "a-row") -> Undelivered:
        with pytest.raises(Undelivered) as caught:
            await self.send(nonce)
        return caught.value


@pytest.fixture
async def signed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Signed]:
    """Time passes by itself for who waits."""
    keep_addresses(monkeypatch)
    hands = HandClock()

    async def sleep(seconds: float) -> None:
        hands.sleeps.append(seconds)
        hands.at_s += seconds

    async with gateway() as discord:
        monkeypatch.setattr(Route, "BASE", discord.url)
        settings = Settings(discord_token=SecretStr(canary.DISCORD_TOKEN), discord_url=HttpUrl(discord.url))
        clock = Clock(hands.now_ms, lambda: hands.at_s, sleep)
        async with GatewayClient(settings, clock) as client:
            await client.login(canary.DISCORD_TOKEN)
            yield Signed(discord, DiscordMessenger(client), client, hands)


async def test_a_connection_that_is_reset_before_the_message_is_taken_is_tried_again(signed: Signed) -> None:
    signed.discord.rest.faults.append(discord_rest.reset(PLACE))
    await signed.send()
    assert signed.discord.rest.shown("55") == ["BTC is unwinding"]
    assert signed.discord.rest.statuses(PLACE) == [0, 200]


async def test_a_connection_that_is_reset_after_the_message_was_taken_leaves_one_message_by_its_nonce(
    signed: Signed,
) -> None:
    signed.discord.rest.faults.append(discord_rest.reset(PLACE, is_carried_out=True))
    name = await signed.send()
    bodies = signed.discord.rest.bodies("POST", PLACE)
    assert [(body["nonce"], body["enforce_nonce"]) for body in bodies] == [("a-row", True)] * 2
    assert signed.discord.rest.shown("55") == ["BTC is unwinding"]
    assert signed.discord.rest.messages["55"][0]["id"] == name


async def test_three_sends_of_one_row_are_one_message_and_of_three_rows_three(signed: Signed) -> None:
    assert len({await signed.send() for _ in range(3)}) == 1
    assert len(signed.discord.rest.shown("55")) == 1
    await signed.send("another")
    assert len(signed.discord.rest.shown("55")) == 2


async def test_503_is_tried_again_with_the_same_nonce(signed: Signed) -> None:
    signed.discord.rest.faults.extend([discord_rest.unavailable(PLACE)] * 2)
    await signed.send()
    assert {body["nonce"] for body in signed.discord.rest.bodies("POST", PLACE)} == {"a-row"}
    assert signed.discord.rest.statuses(PLACE) == [503, 503, 200]
    assert len(signed.hands.sleeps) == 2


async def test_503_that_stays_is_an_uncertain_message_after_four_tries(signed: Signed) -> None:
    signed.discord.rest.lasting.append(discord_rest.unavailable(PLACE))
    assert (await signed.undelivered()).wrong is Wrong.UNCERTAIN
    assert len(signed.discord.rest.statuses(PLACE)) == retry.TRIES


async def test_429_without_via_holds_everything_and_the_same_message_goes_out_then(signed: Signed) -> None:
    signed.discord.rest.faults.append(discord_rest.ban(PLACE, 3))
    await signed.send()
    assert sum(signed.hands.sleeps) >= 3.0
    assert signed.discord.rest.statuses(PLACE) == [429, 200]
    assert len({body["nonce"] for body in signed.discord.rest.bodies("POST", PLACE)}) == 1


async def test_a_long_429_without_via_is_told_to_who_sends_and_nothing_is_sent_meanwhile(
    signed: Signed,
) -> None:
    signed.discord.rest.faults.append(discord_rest.ban(PLACE, 900))
    first, second = await signed.undelivered(), await signed.undelivered("another")
    assert first.wrong is second.wrong is Wrong.RATE_LIMITED
    assert first.is_global
    assert 800.0 < first.wait_s <= 900.0
    assert signed.discord.rest.statuses(PLACE) == [429]


async def test_a_global_429_from_discord_itself_is_waited_for_and_repeated(signed: Signed) -> None:
    signed.discord.rest.faults.append(discord_rest.global_limit(PLACE, 0.05))
    await signed.send()
    (first, second) = [one for one in signed.discord.rest.asked if PLACE in one.path]
    assert (first.status, second.status) == (429, 200)
    assert second.at_s - first.at_s >= 0.05


async def test_a_channel_s_limit_is_kept_by_its_headers_without_a_single_429(signed: Signed) -> None:
    signed.discord.rest.a_channel = (2, 0.2)
    for number in range(6):
        await signed.send(f"row-{number}")
    times_s = [one.at_s for one in signed.discord.rest.asked if PLACE in one.path]
    assert set(signed.discord.rest.statuses(PLACE)) == {200}
    assert times_s[-1] - times_s[0] >= 2 * 0.2 * 0.95


@pytest.mark.parametrize("code", [50001, 50013, 160005])
async def test_a_channel_that_may_not_be_written_to_is_suspended_and_its_server_s_owner_told_once(
    code: int, signed: Signed
) -> None:
    know_a_channel(signed.client)
    signed.discord.rest.lasting.append(discord_rest.refusal(PLACE, 403, code))
    assert (await signed.undelivered()).wrong is Wrong.CHAT
    assert (await signed.undelivered("another")).wrong is Wrong.CHAT
    (told,) = signed.discord.rest.shown("942")
    assert "#desk of Traders" in told
    assert len(signed.discord.rest.bodies("POST", "users/@me/channels")) == 1


@pytest.mark.parametrize(("status", "code"), [(404, 10003), (404, 10004)])
async def test_a_channel_or_server_that_is_gone_ends_its_warnings_at_the_first_attempt(
    status: int, code: int, signed: Signed
) -> None:
    know_a_channel(signed.client)
    signed.discord.rest.lasting.append(discord_rest.refusal(PLACE, status, code))
    assert (await signed.undelivered()).wrong is Wrong.CHAT
    assert len(signed.discord.rest.statuses(PLACE)) == 1
    assert signed.discord.rest.shown("942") == []


async def test_401_stops_the_bot_at_the_first_attempt(signed: Signed) -> None:
    signed.discord.rest.lasting.append(discord_rest.refusal(PLACE, 401))
    assert (await signed.undelivered()).wrong is Wrong.BOT
    assert len(signed.discord.rest.statuses(PLACE)) == 1


async def test_what_has_no_nonce_is_not_repeated_after_an_unknown_end(signed: Signed) -> None:
    thread = "channels/55/messages/88/threads"
    signed.discord.rest.faults.append(discord_rest.reset(thread))
    with pytest.raises(Undelivered) as caught:
        await signed.messenger.open_thread(CHANNEL, "88", "BTC")
    assert caught.value.wrong is Wrong.UNCERTAIN
    assert signed.discord.rest.statuses(thread) == [0]


async def test_five_hundred_refused_requests_in_ten_minutes_stop_sending_and_are_said(
    signed: Signed, caplog: pytest.LogCaptureFixture
) -> None:
    signed.discord.rest.lasting.append(discord_rest.refusal(PLACE, 403, 0))
    for number in range(breaker.MOST_REFUSED):
        assert (await signed.undelivered(f"row-{number}")).wrong is Wrong.MESSAGE
    asked = len(signed.discord.rest.asked)
    held = await signed.undelivered("one more")
    assert (held.wrong, held.is_global) == (Wrong.RATE_LIMITED, True)
    assert 0.0 < held.wait_s <= breaker.WITHIN_S
    assert len(signed.discord.rest.asked) == asked
    signed.hands.at_s += held.wait_s
    signed.discord.rest.lasting.clear()
    await signed.send("and again")
    said = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert sum("nothing is sent" in line for line in said) == 1
    assert sum("go on" in line for line in said) == 1


async def test_a_platform_that_rests_is_said_in_status_and_a_pause_of_seconds_is_not() -> None:
    desk = desk_on()
    resting = {"discord": NOW_MS + 540_000, "telegram": NOW_MS + 5_000}
    desk = replace(desk, services=replace(desk.services, post=PostInMemory(resting=resting)))
    reply = await desk.ask("/status", Asker("discord", "42", "55", is_private=True))
    said = "\n".join(lay_out(reply, DISCORD_MARKDOWN))
    until_s = (NOW_MS + 540_000) // 1_000
    assert f"Nothing is sent on Discord until <t:{until_s}:f>: it refused too many requests." in said
    assert "on Telegram" not in said
    assert reply.data is not None
    assert reply.data["resting"] == {"discord": "2026-11-22T12:13:10Z"}


def test_refusals_that_are_spread_out_or_others_share_do_not_stop_it() -> None:
    now_s = [0.0]
    counting = breaker.Breaker(lambda: now_s[0])
    for _ in range(3 * breaker.MOST_REFUSED):
        now_s[0] += 2.0
        counting.note(403)
        counting.note(429, "shared")
        counting.note(404)
        counting.note(200)
    assert counting.wait_s == 0.0
    counting.insist()


def know_a_channel(client: GatewayClient) -> None:
    """Let the client hear of a server with one channel, as the gateway tells it."""
    told = {
        "id": "7", "name": "Traders", "owner_id": "42", "roles": [], "emojis": [], "stickers": [], "features": [],
        "channels": [{"id": "55", "type": 0, "name": "desk", "position": 0, "permission_overwrites": []}],
        "members": [], "threads": [], "stage_instances": [], "guild_scheduled_events": [], "voice_states": [],
        "presences": [], "soundboard_sounds": [], "premium_tier": 0, "nsfw_level": 0, "mfa_level": 0,
        "verification_level": 0, "explicit_content_filter": 0, "default_message_notifications": 0,
        "preferred_locale": "en-US", "member_count": 1, "system_channel_flags": 0, "afk_timeout": 60,
    }  # fmt: skip
    client._connection.parsers["GUILD_CREATE"](told)
