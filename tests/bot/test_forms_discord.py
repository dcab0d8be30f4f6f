"""Forms on Discord: a page for what was not said, and a button that opens it again for what was wrong."""

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.chat_platform import Desk, Sentence
from bot.platforms.discord.forms import FORM, handed_in, page_for, page_of
from bot.platforms.discord.service import Client
from commands.protocol import dispatch
from commands.protocol.forms import fields_asked
from market.observations import Side
from tests.bot.discord.reading import BUTTON, labels, parts, told
from tests.bot.discord.rooms import alice, channel, desk, env, simcord_bot

__all__ = ["alice", "channel", "desk", "env", "simcord_bot"]

TYPE_IT = Sentence.TYPE_IT.in_words("en")
LONG: Any = {
    "leverage": 5.0,
    "lose": "1.23456789%",
    "hold": "123.45678901h",
    "entry": "64,200.12345678",
    "base": 1.23456789,
}


async def test_a_command_without_a_word_opens_a_page_with_its_fields(alice: Any, channel: Any) -> None:
    shown = await alice.slash(channel, "size")
    fields = {label["label"]: label["component"] for label in shown.modal["components"]}
    size = dispatch.find("size")
    assert size is not None
    assert list(fields) == [option.name for option in fields_asked(size)]
    assert (fields["leverage"]["required"], fields["leverage"]["placeholder"]) == (True, "5x")
    assert fields["asset"]["required"] is False


async def test_a_page_is_read_as_slash_options_are(alice: Any, channel: Any) -> None:
    shown = await alice.slash(channel, "size")
    written = {"leverage": "5", "asset": "btc", "equity": "10k"}
    result = await alice.submit_modal(shown, written)
    assert result.ephemeral
    assert "BTC 5x long" in told(result.response)
    asked = await alice.slash(channel, "size", leverage=5.0, asset="BTC", equity="10k")
    assert told(result.response) == told(asked.response)


async def test_a_page_is_read_after_a_restart(env: Any, desk: Desk, alice: Any, channel: Any) -> None:
    shown = await alice.slash(channel, "size")
    await env.restart_bot(Client(desk))
    result = await alice.submit_modal(shown, {"leverage": "5x"})
    assert "BTC 5x long" in told(result.response)


async def test_a_wrong_field_is_asked_for_again_with_its_reason_and_the_rest_is_kept(
    env: Any, desk: Desk, alice: Any, channel: Any
) -> None:
    shown = await alice.slash(channel, "size")
    refused = await alice.submit_modal(shown, {"leverage": "5", "asset": "btc", "equity": "banana"})
    assert refused.ephemeral
    assert '"banana" is no amount' in told(refused.response)
    await env.restart_bot(Client(desk))
    again = await alice.click(refused.response.message, label=TYPE_IT)
    (label,) = again.modal["components"]
    assert label["label"] == "equity"
    assert again.modal["custom_id"] == f"{FORM}/size leverage=5 asset=btc"
    result = await alice.submit_modal(again, {"equity": "10 k"})
    assert result.ephemeral
    assert "BTC 5x long" in told(result.response)


async def test_what_can_be_chosen_has_buttons_beside_the_page(alice: Any, channel: Any) -> None:
    refused = await alice.slash(channel, "size", equity="10k")
    assert labels(refused.response) == ["1x", "2x", "3x", "5x", TYPE_IT]
    result = await alice.click(refused.response.message, label="5x")
    assert "BTC 5x long" in told(result.response)


async def test_a_plan_is_stated_on_one_page(desk: Desk, alice: Any, channel: Any) -> None:
    shown = await alice.slash(channel, "plan")
    fields = {label["label"]: label["component"] for label in shown.modal["components"]}
    assert list(fields) == ["asset", "leverage", "side", "equity", "line"]
    assert [field["required"] for field in fields.values()] == [True, True, True, True, False]
    written = {"asset": "BTC", "leverage": "5", "side": ["short"], "equity": "10k", "line": "60,000"}
    refused = await alice.submit_modal(shown, written)
    assert refused.ephemeral
    again = await alice.click(refused.response.message, label=TYPE_IT)
    assert [label["label"] for label in again.modal["components"]] == ["line"]
    kept = await alice.submit_modal(again, {"line": "70,000"})
    assert kept.ephemeral
    (plan,) = (await desk.services.people.get(f"discord:{alice.id}")).plans  # type: ignore[union-attr]
    assert (plan.side, plan.margin_usd, plan.line_usd) == (Side.SHORT, 10_000.0, 70_000.0)


async def test_a_command_that_needs_no_word_is_answered_without_a_page(alice: Any, channel: Any) -> None:
    assert (await alice.slash(channel, "regime")).modal is None


async def test_a_page_for_what_a_command_knows_no_more_is_none(alice: Any, channel: Any) -> None:
    refused = await alice.slash(channel, "size", equity="banana", leverage=5.0)
    button = parts(refused.response, BUTTON)[-1]
    assert button["custom_id"] == "seawall:?/size leverage=5 equity="
    assert page_for("/size leverage=5", "colour") is None
    assert page_for("/nothing", "equity") is None


async def test_a_line_too_long_for_a_page_is_kept_and_goes_on_after_a_restart(
    env: Any, desk: Desk, alice: Any, channel: Any
) -> None:
    refused = await alice.slash(channel, "size", equity="banana" * 3, **LONG)
    assert "Example: " in told(refused.response)
    await env.restart_bot(Client(desk))
    again = await alice.click(refused.response.message, label=TYPE_IT)
    assert re.fullmatch(rf"{FORM}#size:[0-9a-f]{{20}}", again.modal["custom_id"])
    result = await alice.submit_modal(again, {"equity": "10k"})
    assert result.ephemeral
    asked = await alice.slash(channel, "size", equity="10k", **LONG)
    assert told(result.response) == told(asked.response)


async def test_where_nothing_keeps_long_lines_the_refusal_still_has_an_example(
    env: Any, desk: Desk, alice: Any, channel: Any
) -> None:
    await env.restart_bot(Client(replace(desk, services=replace(desk.services, memos=None))))
    refused = await alice.slash(channel, "size", equity="banana" * 3, **LONG)
    assert "Example: " in told(refused.response)
    assert TYPE_IT not in labels(refused.response)


async def test_a_page_has_a_choice_where_only_some_words_exist(env: Any) -> None:
    size = dispatch.find("size")
    assert size is not None
    page = page_of("/size", [option for option in size.options if option.name in {"side", "mode"}])
    assert page is not None
    controls = [part["component"] for part in page.to_components()]
    assert [control["type"] for control in controls] == [3, 3]
    assert [choice["value"] for choice in controls[0]["options"]] == ["long", "short"]


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (
            {"custom_id": f"{FORM}/size", "components": [
                {"type": 18, "component": {"custom_id": "leverage", "value": "5x"}},
                {"type": 18, "component": {"custom_id": "side", "values": ["short"]}},
                {"type": 1, "components": [{"custom_id": "equity", "value": " "}]},
                {"type": 18, "component": {"custom_id": "mode", "values": []}},
            ]},
            ("/size", {"leverage": "5x", "side": "short"}),
        ),
        ({"custom_id": "another", "components": []}, None),
        ({}, None),
    ],
    ids=["ours", "another's", "none"],
)  # fmt: skip
def test_what_was_written_is_read_from_what_discord_tells(told: dict[str, Any], read: object) -> None:
    assert handed_in(told) == read
