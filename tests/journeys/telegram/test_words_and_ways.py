"""Two languages side by side, the card in any chat, the links into the private one, and updates brought instead of fetched."""

import re

import pytest

from bot.chat_platform import Sentence
from tests.doubles.telegram import ALICE, BOB, CARMEN, GROUP, Json
from tests.journeys.telegram.stage import Stage, free_port

HERS: Json = {"id": 13, "type": "private", "first_name": "Carmen"}
BOBS = {"chat": {"id": 12, "type": "private"}, "sender": BOB}
HOOK = "https://hooks.example/telegram"


# ---- two languages


async def test_each_is_answered_in_the_language_of_their_client(stage: Stage) -> None:
    async with stage.bot():
        english = await stage.ask("/regime", chat=GROUP, sender=BOB)
        spanish = await stage.ask("/regime", chat=GROUP, sender=CARMEN)
        assert "64,210" in english.text
        assert "64.210" in spanish.text
        assert set(english.buttons) != set(spanish.buttons)


async def test_a_chat_chooses_its_language_for_answers_and_warnings(stage: Stage) -> None:
    await stage.subscribe([f"telegram:{ALICE['id']}", f"telegram:{BOB['id']}"])
    async with stage.bot():
        english = await stage.ask("/why BTC", **BOBS)
        told = await stage.ask("/settings language=es")
        assert "es" in told.text
        spanish = await stage.ask("/why BTC")
        assert spanish.text != english.text
        before = len(stage.api.shown)
        await stage.announce()
        warnings = (await stage.api.messages(before + 2))[before:]
        by_chat = {shown.chat_id: shown.text for shown in warnings}
        assert by_chat[ALICE["id"]] != by_chat[BOB["id"]]


async def test_what_spanish_shows_can_be_copied_and_typed_back(stage: Stage) -> None:
    async with stage.bot():
        sized = await stage.ask("/size btc 5x 10k", chat=HERS, sender=CARMEN)
        copied = [one["copy_text"]["text"] for one in sized.buttons.values() if "copy_text" in one]
        assert copied
        assert all(re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) for text in copied)
        again = await stage.ask(f"/size btc 5x 10k entry={copied[-1]}", chat=HERS, sender=CARMEN)
        assert "BTC" in again.text.split("\n")[0]


# ---- inline


async def test_a_card_is_shared_from_any_chat_and_leads_to_the_same_answer(stage: Stage) -> None:
    async with stage.bot():
        query = await stage.api.ask_inline("btc")
        await stage.api.wait_for(lambda: query in stage.api.inline_answers)
        (card,) = stage.api.inline_answers[query].results
        typed = await stage.ask("/regime BTC")
        assert card.title == typed.text.split("\n")[0]
        link = card.reply_markup.inline_keyboard[0][0].url
        before = len(stage.api.shown)
        await stage.api.start_with(link.partition("start=")[2], **BOBS)
        assert (await stage.api.messages(before + 1))[before].text.startswith(card.title)


@pytest.mark.parametrize(
    "query", ["", "b", "nosuchcoin", "btc why", "size btc 5x 10k", "<b>", "\u202e", "plan p7f2"]
)
async def test_every_inline_query_is_answered_with_something_that_can_be_sent(
    query: str, stage: Stage
) -> None:
    async with stage.bot():
        asked = await stage.api.ask_inline(query, sender=CARMEN)
        await stage.api.wait_for(lambda: asked in stage.api.inline_answers)
    answer = stage.api.inline_answers[asked]
    assert answer.results or answer.button
    assert answer.cache_time <= 10


# ---- links


async def test_a_link_subscribes_and_another_opens_the_alerts(stage: Stage) -> None:
    async with stage.bot():
        before = len(stage.api.shown)
        await stage.api.start_with("sub-BTC-funding")
        assert "BTC" in (await stage.api.messages(before + 1))[before].text
        kept = await stage.chat("telegram:11")
        assert kept is not None
        assert [one.asset for one in kept.subscriptions] == ["BTC"]
        await stage.api.start_with("alert-BTC")
        assert "funding" in (await stage.api.messages(before + 2))[before + 1].text.lower()


async def test_a_plan_opens_by_its_link_for_its_owner_alone(stage: Stage) -> None:
    async with stage.bot():
        made = await stage.ask("/plan BTC 5x 10k long")
        found = re.search(r"\bp[0-9a-f]{3,}\b", made.text)
        assert found is not None
        before = len(stage.api.shown)
        await stage.api.start_with(f"plan-{found[0]}")
        assert found[0] in (await stage.api.messages(before + 1))[before].text
        await stage.api.start_with(f"plan-{found[0]}", **BOBS)
        refused = (await stage.api.messages(before + 2))[before + 1]
        typed = await stage.ask("/plan show p9999", **BOBS)
        assert refused.text.replace(found[0], "p9999") == typed.text


async def test_a_link_into_a_group_asks_administrators_only(stage: Stage) -> None:
    async with stage.bot():
        before = len(stage.api.shown)
        await stage.api.start_with("sub-BTC", chat=GROUP, sender=BOB)
        assert "administrator" in (await stage.api.messages(before + 1))[before].text.lower()
        assert await stage.chat(f"telegram:{GROUP['id']}") is None


@pytest.mark.parametrize(
    "payload", ["hello", "sub-", "plan-", "ask-", "ask-_zz", "a" * 64, "-", "sub-NOSUCH"]
)
async def test_a_link_nobody_made_is_a_polite_hello(payload: str, stage: Stage) -> None:
    async with stage.bot():
        before = len(stage.api.shown)
        await stage.api.start_with(payload)
        assert "Seawall" in (await stage.api.messages(before + 1))[before].text


# ---- webhook


async def test_updates_are_brought_answered_and_fetched_again_when_the_webhook_is_gone(stage: Stage) -> None:
    port = free_port()
    stage.api.webhook_at = f"http://127.0.0.1:{port}"
    before = await stage.api.say("/regime")
    async with stage.bot(telegram_webhook_url=HOOK, telegram_webhook_listen=f"127.0.0.1:{port}"):
        assert "CROWDING" in (await stage.next()).text
        assert "why" in (await stage.pressed(stage.api.shown[0], "Why")).text
        await stage.api.idle()
        assert {status for status, _ in stage.api.posted} == {200}
        assert stage.api.webhook.secret_token not in stage.api.webhook.url
        assert stage.api.token not in stage.api.webhook.url
        await stage.api.post_webhook(before, stage.api.webhook.secret_token)
        for secret in (None, "", "wrong", "wave" * 64, "ü"):
            status, body = await stage.api.post_webhook(before, secret)
            assert (status, body) == (403, "")
        await stage.quiet()
    await stage.api.say("/why ETH", **BOBS)
    async with stage.bot():
        assert (await stage.next()).text.startswith("ETH · why")
    assert stage.api.webhook is None


async def test_what_is_no_update_is_refused_and_what_cannot_be_read_is_passed_over(stage: Stage) -> None:
    port = free_port()
    stage.api.webhook_at = f"http://127.0.0.1:{port}"
    async with stage.bot(telegram_webhook_url=HOOK, telegram_webhook_listen=f"127.0.0.1:{port}"):
        await stage.api.wait_for(lambda: stage.api.webhook is not None)
        secret = stage.api.webhook.secret_token
        post = stage.api.post_webhook
        for wrong in (b"", b"{", b"[]", b"null", b"\xff", b"[" * 90_000, b'{"update_id": "x"}'):
            assert (await post(wrong, secret))[0] == 400
        assert (await post(b'"' + b"x" * 1_100_000 + b'"', secret))[0] == 413
        assert (await post({"update_id": 5, "message": {"message_id": "five"}}, secret))[0] == 200
        assert (await post(b"", secret, method="GET"))[0] == 405
        assert (await post(b"{}", secret, path="/"))[0] == 404
        assert (await post(b"", method="GET", path="/healthz"))[0] == 200
        assert "CROWDING" in (await stage.ask("/regime")).text


async def test_the_words_of_a_press_on_an_old_button_name_what_to_send(stage: Stage) -> None:
    async with stage.bot():
        shown = await stage.ask("/regime BTC")
        said = await stage.told(shown, "Why", data="/why BTC")
        assert said == Sentence.OLD_BUTTON.in_words("en", line="/why BTC")
