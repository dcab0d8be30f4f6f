"""How warnings look in channels: words above an embed where they make a sound, layouts where they do not, words where all is refused."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord
from discord.http import Route
from hypothesis import given
from hypothesis import strategies as st

from bot.messenger import Undelivered, Wrong
from bot.platforms.discord.connection import GatewayClient
from bot.platforms.discord.messages import edits_of, forms_of
from bot.platforms.discord.messenger import DiscordMessenger
from bot.platforms.discord.service import Client
from bot.settings import Settings
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Action, Heading, Lines, Note, Reply, Text, Tone
from commands.wording.wave import Marks, describe_wave
from market.alerts import Severity
from market.rules import AlertRules
from tests import canary
from tests.bot.desks import desk_on
from tests.doubles.discord_gateway import Discord
from tests.doubles.discord_rest import refusal
from tests.doubles.discord_schemas import is_layout, refused, words_of
from tests.store.samples import FIRED, NOW_MS

CHANNEL, PLACE = "discord:55", "channels/55/messages"
WARNING = Reply(
    (
        Heading("CRITICAL #c7f2 BTC -6.1% in 24 h", Tone.STRESS),
        Note("Late: this is 2 m old.", Tone.CAUTION),
        Lines(("Price 59,000 · 24 h shock -2.6 s.d.",)),
    ),
    (Action("Why", "/why BTC"), Action("Ack", "/ack #c7f2")),
)
FIRST_LINE = "\U0001f6d1 **CRITICAL \\#c7f2 BTC -6.1% in 24 h**"
SILENT = discord.MessageFlags.suppress_notifications.flag


@pytest.fixture
async def there(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    async with Discord(canary.DISCORD_TOKEN) as running:
        monkeypatch.setattr(Route, "BASE", running.url)
        yield running


@pytest.fixture
async def client(there: Discord) -> AsyncIterator[GatewayClient]:
    async with GatewayClient(Settings()) as signed_in:
        await signed_in.login(canary.DISCORD_TOKEN)
        yield signed_in


@pytest.fixture
def messenger(client: GatewayClient) -> DiscordMessenger:
    return DiscordMessenger(client)


def only(there: Discord, method: str = "POST") -> Any:
    """The one request of this method about a message; Discord would take it."""
    (body,) = there.rest.bodies(method, PLACE)
    assert not refused("message" if method == "POST" else "message_edit", body)
    return body


def custom_ids(body: Any) -> list[str]:
    return [part["custom_id"] for part in _walk(body["components"]) if "custom_id" in part]


def _walk(parts: list[Any]) -> list[Any]:
    return [found for part in parts for found in (part, *_walk(part.get("components") or []))]


async def test_what_makes_a_sound_says_its_first_line_in_words_for_the_telephone_and_the_rest_in_a_box(
    there: Discord, messenger: DiscordMessenger
) -> None:
    await messenger.send(CHANNEL, WARNING, is_silent=False, nonce="one")
    body = only(there)
    assert body["content"] == FIRST_LINE
    (box,) = body["embeds"]
    assert box["color"] == 0xC0392B
    assert "24 h shock -2.6 s.d." in box["description"]
    assert "Late" in box["description"]
    assert not is_layout(body)
    assert custom_ids(body) == ["seawall:/why BTC", "seawall:/ack #c7f2"]


async def test_what_makes_none_is_a_layout(there: Discord, messenger: DiscordMessenger) -> None:
    await messenger.send(CHANNEL, WARNING, is_silent=True, nonce="one")
    body = only(there)
    assert is_layout(body)
    assert body["flags"] & SILENT
    assert (body["nonce"], body["enforce_nonce"]) == ("one", True)
    (box,) = body["components"]
    assert box["accent_color"] == 0xC0392B
    assert "### \U0001f6d1 CRITICAL" in words_of(body), "the colour is not alone"
    assert custom_ids(body) == ["seawall:/why BTC", "seawall:/ack #c7f2"]


async def test_with_its_first_edit_a_message_of_words_becomes_a_layout_and_stays_one(
    there: Discord, messenger: DiscordMessenger
) -> None:
    name = await messenger.send_calling(CHANNEL, WARNING, "777", nonce="one")
    assert "<@&777>" in there.rest.shown("55")[0]
    for state in ("STILL FALLING", "OVER"):
        await messenger.edit(CHANNEL, name, replace(WARNING, blocks=(Heading(state), Text("below"))))
        (shown,) = there.rest.shown("55")
        assert state in shown
    assert there.rest.statuses(PLACE) == [200, 200, 200]
    first, second = there.rest.bodies("PATCH", PLACE)
    for body in (first, second):
        assert is_layout(body)
        assert not refused("message_edit", body)
        assert body["allowed_mentions"] == {"parse": []}
        assert "<@&777>" not in words_of(body)


@pytest.mark.parametrize("is_silent", [True, False])
async def test_a_form_that_is_refused_is_told_in_plain_words_under_the_same_nonce(
    is_silent: bool, there: Discord, messenger: DiscordMessenger
) -> None:
    there.rest.faults.append(refusal(PLACE, 400, 50035))
    await messenger.send(CHANNEL, WARNING, is_silent=is_silent, nonce="one")
    refused_body, body = there.rest.bodies("POST", PLACE)
    assert (refused_body["nonce"], body["nonce"]) == ("one", "one")
    assert "embeds" not in body
    assert not is_layout(body)
    assert body["content"].startswith("\U0001f6d1 **CRITICAL")
    assert "24 h shock" in body["content"]
    assert bool(body["flags"] & SILENT) is is_silent
    assert len(there.rest.shown("55")) == 1


async def test_a_right_to_embed_that_is_missing_costs_the_box_and_not_the_channel(
    there: Discord, messenger: DiscordMessenger
) -> None:
    there.rest.faults.append(refusal(PLACE, 403, 50013))
    await messenger.send(CHANNEL, WARNING, is_silent=False, nonce="one")
    (shown,) = there.rest.shown("55")
    assert "24 h shock" in shown


@pytest.mark.parametrize("may_embed", [True, False])
async def test_where_the_bot_is_known_not_to_embed_it_does_not_try(may_embed: bool, tmp_path: Path) -> None:
    async with simcord.run(Client(desk_on(data_dir=tmp_path))) as env:
        guild = env.create_guild()
        right = discord.PermissionOverwrite(embed_links=may_embed)
        channel = guild.create_text_channel("desk", overwrites={guild.default_role: right})
        await DiscordMessenger(env.bot).send(f"discord:{channel.id}", WARNING, is_silent=False, nonce="one")
        sent = channel.last_message
        assert sent is not None
        assert len(sent.embeds) == may_embed


async def test_a_message_that_is_refused_in_every_form_is_one_that_cannot_be_told(
    there: Discord, messenger: DiscordMessenger
) -> None:
    there.rest.lasting.append(refusal(PLACE, 400, 50035))
    with pytest.raises(Undelivered) as caught:
        await messenger.send(CHANNEL, WARNING, is_silent=True, nonce="one")
    assert caught.value.wrong is Wrong.MESSAGE
    assert there.rest.statuses(PLACE) == [400, 400]


async def test_what_is_too_long_for_a_layout_is_told_as_far_as_one_message_goes(
    there: Discord, messenger: DiscordMessenger
) -> None:
    long = Reply((Heading("BTC"), *(Text("falling " * 300),) * 3))
    for is_silent in (True, False):
        await messenger.send(CHANNEL, long, is_silent=is_silent, nonce=f"{is_silent}")
    bodies = there.rest.bodies("POST", PLACE)
    assert [is_layout(body) for body in bodies] == [False, False]
    assert all(len(body["content"]) <= 2_000 and not body.get("embeds") for body in bodies)


async def test_an_old_message_that_is_changed_too_often_waits_alone(
    there: Discord, messenger: DiscordMessenger
) -> None:
    """30046: an hour-old message is changed only so often; the library gives up, and nobody else is held back."""
    name = await messenger.send(CHANNEL, WARNING, is_silent=True, nonce="one")
    limited = {"message": "Maximum number of edits", "code": 30046, "retry_after": 0.0, "global": False}
    there.rest.lasting.append(replace(refusal(f"{PLACE}/{name}", 429), body=limited))
    with pytest.raises(Undelivered) as caught:
        await messenger.edit(CHANNEL, name, WARNING)
    assert (caught.value.wrong, caught.value.is_global) == (Wrong.RATE_LIMITED, False)
    await messenger.send(CHANNEL, WARNING, is_silent=True, nonce="two")


@pytest.mark.parametrize("count", [1, 3, 25])
async def test_a_whole_wave_fits_a_layout(count: int, there: Discord, messenger: DiscordMessenger) -> None:
    names = ("BTC", "ETH", "SOL", "XRP", "DOGE")
    alerts = [
        replace(FIRED, asset=f"{names[place % 5]}{place}", severity=Severity.CRITICAL)
        for place in range(count)
    ]
    reply = describe_wave(alerts, phrases_in("en"), AlertRules(), NOW_MS, Marks(is_late=True))
    await messenger.send(CHANNEL, reply, is_silent=True, nonce="one")
    assert is_layout(only(there))
    await messenger.edit(CHANNEL, "2000", reply)
    assert is_layout(only(there, "PATCH"))


async def test_what_a_layout_cannot_hold_does_not_become_words_again(
    there: Discord, messenger: DiscordMessenger
) -> None:
    """A layout stays one: the wave goes on in a new message, as where the old one was deleted."""
    name = await messenger.send(CHANNEL, WARNING, is_silent=True, nonce="one")
    long = Reply((Heading("BTC"), *(Text("falling " * 300),) * 3))
    with pytest.raises(Undelivered) as caught:
        await messenger.edit(CHANNEL, name, long)
    assert caught.value.wrong is Wrong.MESSAGE
    assert "24 h shock" in there.rest.shown("55")[0], "what stood there stands"


HOSTILE = st.lists(
    st.sampled_from(("@everyone", "@here", "<@1>", "<@&1>", "||", "```", "`", "**", "> ", "[a](http://b)", "\n", "x")),
    min_size=1,
    max_size=12,
).map("".join)  # fmt: skip


@given(HOSTILE, st.booleans())
def test_mentions_markdown_and_backticks_in_a_warning_are_inert_in_every_form(
    said: str, is_silent: bool
) -> None:
    reply = Reply((Heading(said, Tone.STRESS), Text(said), Lines((said,)), Note(said, Tone.CAUTION)))
    for form in (*forms_of(reply, is_silent=is_silent, role="777"), *edits_of(reply)):
        embed: discord.Embed | None = form.get("embed")
        view: Any = form.get("view")
        laid: Any = view.to_components() if hasattr(view, "walk_children") else []
        words = words_of({"content": form.get("content"), "components": laid})
        words += f"\n{embed.description}" if embed is not None else ""
        prose = "".join(words.replace("<@&777> ", "").split("```")[::2])
        assert words.count("```") in {0, 2}, "of the fixed lines alone, where they say something"
        assert not re.search(r"(?<!\\)(<@|\|\||`|@everyone|@here|\]\()", prose)
