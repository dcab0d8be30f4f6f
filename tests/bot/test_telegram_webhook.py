"""Webhook mode: who may bring an update, what becomes of it, and that Telegram keeps bringing them here."""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from telegram import Update

from bot.chat_platform import Desk, PlatformStopped
from bot.platforms.telegram.intake import Intake
from bot.platforms.telegram.service import Service
from bot.platforms.telegram.webhook import LARGEST_BODY_BYTES, address_of
from tests import canary
from tests.bot.desks import HeldUp, desk_on, first, silence, telegram_serving
from tests.doubles.telegram import GROUP, PRIVATE, BotApi, Fault

URL = "https://bot.example.org/updates"
UPDATE = {"update_id": 5_000, "message": {"message_id": 9, "date": 1, "chat": PRIVATE, "text": "/regime"}}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def with_webhook(api: BotApi, **more: Any) -> Desk:
    """A desk whose updates are brought to a free port of this machine."""
    desk = desk_on(telegram_url=api.url, **more)
    place = f"127.0.0.1:{free_port()}"
    api.webhook_at = f"http://{place}"
    chosen = {"telegram_webhook_url": URL, "telegram_webhook_listen": place}
    return replace(desk, settings=desk.settings.model_copy(update=chosen))


def secret_of(desk: Desk) -> str:
    secret = desk.settings.webhook_secret()
    assert secret is not None
    return secret.get_secret_value()


@asynccontextmanager
async def brought(api: BotApi, desk: Desk) -> AsyncIterator[Service]:
    """The service once Telegram brings it updates."""
    async with telegram_serving(desk) as service:
        await api.wait_for(lambda: api.webhook is not None)
        yield service


async def test_updates_are_brought_and_answered(api: BotApi) -> None:
    async with brought(api, with_webhook(api)):
        await api.say("/regime BTC")
        assert "CROWDING" in (await first(api)).text
        assert api.posted == [(200, "")]
    assert api.polls == 0
    assert not api.called("deleteWebhook")


async def test_telegram_is_told_where_what_and_how_many_and_forgets_nothing(api: BotApi) -> None:
    await api.say("/regime BTC")
    desk = with_webhook(api)
    async with brought(api, desk):
        await first(api)
    (call,) = api.called("setWebhook")
    assert call["url"].startswith(f"{URL}?v=")
    assert not canary.leaks(call["url"])
    assert secret_of(desk) not in call["url"]
    assert call["secret_token"] == secret_of(desk)
    assert call["max_connections"] == "40"
    assert "drop_pending_updates" not in call or call["drop_pending_updates"] == "false"
    assert "inline_query" in json.loads(call["allowed_updates"])


async def test_a_webhook_that_is_set_already_is_left_as_it_is_and_another_secret_sets_it_anew(
    api: BotApi,
) -> None:
    desk = with_webhook(api)
    for _ in range(2):
        async with brought(api, desk):
            await api.say("/regime")
            await api.idle()
    assert len(api.called("setWebhook")) == 1
    other = desk.settings.model_copy(update={"telegram_webhook_secret": SecretStr("another-secret-of-ours")})
    async with telegram_serving(replace(desk, settings=other)):
        await api.wait_for(lambda: len(api.called("setWebhook")) == 2)
    assert api.called("setWebhook")[1]["secret_token"] == "another-secret-of-ours"


@pytest.mark.parametrize("secret", [None, "", "wrong", "x" * 5_000, "ä", "\udcff"], ids=repr)
async def test_who_does_not_know_the_secret_is_refused_without_an_echo(
    secret: str | None, api: BotApi
) -> None:
    async with brought(api, with_webhook(api)):
        said = None if secret is None else secret.encode(errors="surrogateescape").decode("latin-1")
        status, body = await api.post_webhook(UPDATE, said)
        assert (status, body) == (403, "")
        await silence(api)


async def test_the_secret_but_for_its_last_letter_is_wrong(api: BotApi) -> None:
    desk = with_webhook(api)
    async with brought(api, desk):
        for secret in (secret_of(desk)[:-1], secret_of(desk) + "0", secret_of(desk).upper()):
            assert await api.post_webhook(UPDATE, secret) == (403, "")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"{}", 400),
        (b'{"update_id": true}', 400),
        (b'{"update_id": "5"}', 400),
        (b"[" * 100_000, 400),
        (b'{"update_id": ' + b"9" * 5_000 + b"}", 400),
        (b'{"update_id": 1}' + b" " * LARGEST_BODY_BYTES, 413),
        (b'{"update_id": 1, "message": 7}', 200),
        (b'{"update_id": 2, "message": {"message_id": 1, "date": 1e300, "chat": {"id": 1, "type": "private"}}}', 200),
        (b'{"update_id": 3, "of_a_later_version": {}}', 200),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
async def test_what_is_no_update_harms_nothing(body: bytes, status: int, api: BotApi) -> None:
    desk = with_webhook(api)
    async with brought(api, desk):
        assert (await api.post_webhook(body, secret_of(desk)))[0] == status
        await silence(api)


async def test_other_places_and_methods_are_nothing(api: BotApi) -> None:
    desk = with_webhook(api)
    async with brought(api, desk):
        secret = secret_of(desk)
        assert (await api.post_webhook(UPDATE, secret, path="/"))[0] == 404
        assert (await api.post_webhook(UPDATE, secret, path="/updates/x"))[0] == 404
        assert (await api.post_webhook(UPDATE, secret, method="GET"))[0] == 405
        assert (await api.post_webhook(UPDATE, secret, method="PUT"))[0] == 405
        assert await api.post_webhook(b"", path="/healthz", method="GET") == (200, "ok")


async def test_what_finds_no_room_is_brought_again(api: BotApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.telegram.intake.MOST_HELD", 1)
    desk = with_webhook(api, held_up="BTC")
    held_up = desk.services.snapshots
    assert isinstance(held_up, HeldUp)
    async with brought(api, desk):
        await api.say("/regime BTC")
        await held_up.asked.wait()
        assert (await api.post_webhook(UPDATE, secret_of(desk)))[0] == 503
        assert (await api.post_webhook(b"", path="/healthz", method="GET"))[0] == 503
        await api.say("/why BTC")
        await api.wait_for(lambda: (503, "") in api.posted)
        held_up.go.set()
        assert len(await api.messages(2)) == 2


def test_what_is_held_already_is_held_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.telegram.intake.MOST_HELD", 1)
    queue: asyncio.Queue[object] = asyncio.Queue()
    intake = Intake(queue)
    assert intake.take(Update(1))
    assert intake.take(Update(1))
    assert not intake.take(Update(2))
    assert queue.qsize() == 1
    intake.let_go(1)
    assert intake.take(Update(2))


async def test_an_update_brought_twice_is_answered_once(api: BotApi) -> None:
    desk = with_webhook(api)
    async with brought(api, desk):
        update = await api.say("/regime BTC")
        await first(api)
        assert (await api.post_webhook(update, secret_of(desk)))[0] == 200
        await silence(api)


async def test_going_back_to_polling_takes_the_webhook_down(api: BotApi) -> None:
    async with brought(api, with_webhook(api)):
        pass
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await api.say("/regime BTC", chat=GROUP)
        await first(api)
    assert api.webhook is None
    assert [call.get("drop_pending_updates") for call in api.called("deleteWebhook")] in (["false"], [None])


async def test_what_a_second_instance_took_down_is_set_again_and_what_it_set_is_left(
    api: BotApi, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.telegram.webhook.LOOKED_AT_S", 0.01)
    caplog.set_level(logging.WARNING)
    async with brought(api, with_webhook(api)):
        api.webhook = None
        await api.wait_for(lambda: api.webhook is not None)
        assert len(api.called("setWebhook")) == 2
        assert "taken down" in caplog.text
        api.webhook.url = "https://elsewhere.example.org/"
        seen = len(api.called("getWebhookInfo"))
        await api.wait_for(lambda: len(api.called("getWebhookInfo")) > seen + 3)
    assert len(api.called("setWebhook")) == 2, "two that set it in turn would flap"
    assert caplog.text.count("another instance has set a webhook of its own") == 1


async def test_what_telegram_could_not_bring_is_in_the_log_once(
    api: BotApi, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.telegram.webhook.LOOKED_AT_S", 0.01)
    caplog.set_level(logging.WARNING)
    desk = with_webhook(api)
    reachable, api.webhook_at = api.webhook_at, "http://127.0.0.1:9"
    async with brought(api, desk):
        await api.say("/regime BTC")
        await api.wait_for(lambda: api.last_error is not None)
        seen = len(api.called("getWebhookInfo"))
        await api.wait_for(lambda: len(api.called("getWebhookInfo")) > seen + 3)
        api.webhook_at = reachable
        await first(api)
    assert caplog.text.count("Telegram could not bring updates") == 1
    assert "Connection refused" in caplog.text


async def test_a_refused_webhook_is_said_with_its_reason_and_tried_again(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    api.fail("setWebhook", Fault(400, "Bad Request: bad webhook: Failed to resolve host", times=2))
    async with brought(api, with_webhook(api)):
        await api.say("/regime BTC")
        await first(api)
    assert caplog.text.count("failed to resolve host") == 1


async def test_a_place_that_is_taken_stops_the_platform_with_a_sentence(api: BotApi) -> None:
    desk = with_webhook(api)
    host, _, port = desk.settings.telegram_webhook_listen.rpartition(":")
    with socket.socket() as taken:
        taken.bind((host, int(port)))
        taken.listen()
        with pytest.raises(PlatformStopped, match=r"SEAWALL_TELEGRAM_WEBHOOK_LISTEN"):
            await Service(desk).serve()


async def test_a_revoked_token_stops_the_platform(api: BotApi) -> None:
    api.fail("getWebhookInfo", Fault(401, "Unauthorized"))
    with pytest.raises(PlatformStopped, match="refuses the bot token"):
        await Service(with_webhook(api)).serve()


async def test_no_secret_is_logged_though_everything_is(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    desk = with_webhook(api)
    assert secret_of(desk) in desk.settings.secrets(), "the log's redaction knows it"
    async with brought(api, desk):
        await api.say("/regime BTC")
        await first(api)
        await api.post_webhook(UPDATE, "guessed-secret-0123")
    assert "guessed-secret-0123" not in caplog.text


def test_the_address_without_a_path_gets_one_and_tells_nothing() -> None:
    settings = desk_on().settings
    assert address_of(settings) is None
    chosen = settings.model_copy(
        update={"telegram_webhook_url": "https://bot.example.org", "telegram_webhook_listen": "[::1]:8080"}
    )
    address = address_of(chosen)
    assert address is not None
    assert (address.path, address.host, address.port) == ("/telegram", "::1", 8080)
    assert address.shown == "https://bot.example.org/telegram"
    assert "secret" not in repr(address).replace("secret=SecretStr", "").lower()


async def test_a_poller_is_told_in_words_that_a_webhook_holds_its_updates(
    api: BotApi, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    held = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    api.fail("getUpdates", Fault(409, held, times=3))
    async with telegram_serving(desk_on(telegram_url=api.url)):
        await api.say("/regime BTC")
        await first(api)
    assert caplog.text.count("a webhook is set for this bot's token") == 1
    assert not api.called("setWebhook")
