"""What the doctor says of Telegram beside the token: how updates come, what went wrong, who else fetches them."""

import gc
from pathlib import Path

import aiohttp
import pytest

from bot.chat_platform import PlatformAway, PlatformStopped, Stands, platforms, trouble_memo
from bot.doctor import Finds, examine
from bot.platforms.telegram.inspection import inspect
from bot.platforms.telegram.webhook import address_of
from bot.settings import Settings
from store.connection import Connection
from store.memos import StoredMemos
from tests import canary
from tests.bot.desks import desk_on, first, telegram_serving
from tests.doubles.telegram import BotApi, Fault
from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]

URL = "https://bot.example.org/updates"


def polling(api: BotApi) -> Settings:
    return desk_on(telegram_url=api.url).settings


def brought(api: BotApi) -> Settings:
    return polling(api).model_copy(update={"telegram_webhook_url": URL})


async def test_a_poller_whose_updates_are_fetched_is_well(api: BotApi) -> None:
    updates, inline = await inspect(polling(api))
    assert (updates.stands, inline.stands) == (Stands.WELL, Stands.WELL)
    assert "getUpdates" not in {name for name, _ in api.calls}, "the running service keeps its updates"


async def test_updates_that_pile_up_say_that_nobody_fetches_them(api: BotApi) -> None:
    for _ in range(100):
        await api.say("/regime")
    updates, _ = await inspect(polling(api))
    assert updates.stands is Stands.WEAK
    assert "100 wait" in updates.seen


async def test_a_webhook_somebody_else_set_is_named(api: BotApi) -> None:
    address = address_of(brought(api))
    assert address is not None
    await _set(api, address.url)
    updates, _ = await inspect(polling(api))
    assert updates.stands is Stands.WEAK
    assert "a webhook is set" in updates.seen


async def test_a_webhook_is_told_with_what_went_wrong_at_it(api: BotApi) -> None:
    settings = brought(api)
    updates, _ = await inspect(settings)
    assert (updates.stands, "does not do so yet" in updates.seen) == (Stands.CHOICE, True)
    address = address_of(settings)
    assert address is not None
    await _set(api, address.url)
    updates, _ = await inspect(settings)
    assert updates.seen == f"are brought to {URL}; 0 wait", "not even the mark of the secret is told"
    api.webhook_at = "http://127.0.0.1:9"
    await api.say("/regime")
    await api.wait_for(lambda: api.last_error is not None)
    updates, _ = await inspect(settings)
    assert updates.stands is Stands.WEAK
    assert "Telegram could not at 20" in updates.seen
    assert updates.seen.endswith("UTC: Connection refused")
    assert "127.0.0.1:8080" in updates.to_do


async def test_inline_mode_that_is_off_is_a_choice(api: BotApi) -> None:
    api.supports_inline = False
    _, inline = await inspect(polling(api))
    assert inline.stands is Stands.CHOICE
    assert "/setinline" in inline.to_do


async def test_a_server_in_trouble_is_away_and_a_token_refused_stops(api: BotApi) -> None:
    api.fail("getWebhookInfo", Fault(502))
    with pytest.raises(PlatformAway, match="does not answer as it should"):
        await inspect(polling(api))
    api.fail("getMe", Fault(401, "Unauthorized"))
    with pytest.raises(PlatformStopped, match="refuses the bot token"):
        await inspect(polling(api))


async def test_a_check_that_is_given_up_leaves_no_session_open(
    api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat_platform.CHECK_S", 0.1)
    telegram = next(one for one in platforms() if one.name == "telegram")
    telegram.load()
    api.fail("getMe", Fault(stall=True, times=2))
    for asked in (telegram.check, telegram.inspect):
        with pytest.raises(PlatformAway, match="no answer within"):
            await asked(polling(api))
    gc.collect()  # what is still open then is a warning, and a warning fails the test


async def test_a_second_instance_is_kept_for_the_doctor(api: BotApi) -> None:
    desk = desk_on(telegram_url=api.url)
    api.fail("getUpdates", Fault(409, "Conflict: terminated by other getUpdates request"))
    async with telegram_serving(desk):
        await api.say("/regime")
        await first(api)
    assert desk.services.memos is not None
    assert "a second instance" in (await desk.services.memos.read(trouble_memo("telegram")) or "")


async def test_the_doctor_says_what_the_running_service_suffers_from(
    valkey: Connection, valkey_socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAWALL_TELEGRAM_TOKEN", canary.TELEGRAM_TOKEN)
    monkeypatch.setenv("SEAWALL_REDIS_URL", f"unix://{valkey_socket}")
    await StoredMemos(valkey).keep(trouble_memo("telegram"), "a second instance polls", 60)
    found = {one.what: one for one in (await examine(offline=True)).findings}
    assert (found["telegram service"].finds, found["telegram service"].seen) == (
        Finds.WEAK,
        "a second instance polls",
    )


async def _set(api: BotApi, url: str) -> None:
    """Set a webhook as another instance would."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{api.url}/bot{canary.TELEGRAM_TOKEN}/setWebhook", data={"url": url}) as response,
    ):
        assert response.status == 200
