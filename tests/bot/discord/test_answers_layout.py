"""Answers as layouts: within Discord's limits, judged by its own schemas, and nothing in them does what words must not."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import discord
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.layout import DISCORD_MARKDOWN, clean, lay_out
from bot.platforms.discord.buttons import LineButton, ShareButton, line_button
from bot.platforms.discord.render import ACCENT, SIGN, Controls, layout_of, plain_view
from commands.protocol.dispatch import answer
from commands.protocol.reply import Action, Heading, Lines, Note, Reply, Table, Text, Tone
from tests.bot.discord.reading import BOX, BUTTON, TEXT, labels, parts, told
from tests.commands.markets import crowding
from tests.commands.talking import context
from tests.doubles.discord_schemas import LAYOUT, refused

REPLY = Reply(
    (
        Heading("BTC · CROWDING", Tone.CAUTION),
        Text("Falling, and leverage is not leaving."),
        Lines(("Price !64,210", "Fund  .031%/8h")),
    ),
    (Action("Refresh", "/regime BTC"), Action("Why", "/why BTC")),
)


class Shown:
    """A layout as a message would hold it."""

    def __init__(self, view: Any) -> None:
        self.content = ""
        self.components = view.to_components()


def controls(reply: Reply, line: str = "/regime BTC") -> Controls:
    buttons = [line_button(action, action.command, line) for action in reply.actions]
    return Controls((*buttons, ShareButton("Share", "42")))


def shown(reply: Reply) -> Shown:
    layout = layout_of(reply, controls(reply))
    assert layout is not None
    return Shown(layout)


def payload(view: Any) -> dict[str, Any]:
    """The followup that carries a layout."""
    return {"components": view.components, "flags": LAYOUT, "allowed_mentions": {"parse": []}}


def test_an_answer_is_one_box_whose_first_line_has_a_sign_beside_its_colour() -> None:
    (box,) = parts(shown(REPLY), BOX)
    assert box["accent_color"] == ACCENT[Tone.CAUTION]
    first, *rest = [part["content"] for part in parts(shown(REPLY), TEXT)]
    assert first == f"### {SIGN[Tone.CAUTION]}BTC · CROWDING"
    assert rest == ["Falling, and leverage is not leaving.", "```\nPrice !64,210\nFund  .031%/8h\n```"]


@pytest.mark.parametrize("tone", Tone)
def test_no_colour_stands_without_its_sign_and_no_sign_without_words(tone: Tone) -> None:
    for block in (Heading("BTC", tone), Note("BTC", tone)):
        told_as = shown(Reply((block,)))
        (box,) = parts(told_as, BOX)
        assert (box.get("accent_color") is None) is (tone not in SIGN)
        assert told(told_as).endswith(f"{SIGN.get(tone, '')}BTC")


def test_the_button_that_asks_again_stands_beside_the_first_line() -> None:
    assert labels(shown(REPLY)) == ["Refresh", "Why", "Share"]
    (box,) = parts(shown(REPLY), BOX)
    assert box["components"][0]["accessory"]["label"] == "Refresh"


def test_the_moment_of_an_answer_is_counted_on_by_the_readers_own_client() -> None:
    said = told(shown(Reply((Heading("BTC"),), at_ms=1_700_000_000_999)))
    assert said.endswith("-# The market as of <t:1700000000:R>")
    assert "<t:" not in told(shown(Reply((Heading("BTC"),))))


@pytest.mark.parametrize("line", ["/regime BTC", "/why BTC", "/check BTC", "/size BTC 5x 10k"])
async def test_answers_on_the_present_market_have_a_moment_and_on_a_recorded_one_none(line: str) -> None:
    live = replace(crowding(), source="live")
    assert (await answer(line, context(live))).at_ms == live.at_ms
    assert (await answer(line, context(replace(live, source="simulated")))).at_ms is None


def test_what_does_not_fit_into_a_layout_is_told_in_messages_of_words() -> None:
    long = Reply((Heading("BTC"), Text("word " * 900)))
    assert layout_of(long, controls(long)) is None
    assert len(lay_out(long, DISCORD_MARKDOWN)) > 2
    view = plain_view(controls(REPLY))
    assert view is not None
    assert [type(item) for item in view.children] == [LineButton, LineButton, ShareButton]


def test_many_paragraphs_and_many_buttons_stay_within_forty_components() -> None:
    many = Reply(
        tuple(Text(f"part {number}") for number in range(60)),
        tuple(Action(f"{number}x", f"/size BTC {number}x") for number in range(2, 22)),
    )
    told_as = shown(many)
    assert refused("followup", payload(told_as)) == []
    assert "part 59" in told(told_as)
    assert len(labels(told_as)) == 21


def test_no_view_waits_in_the_library_for_a_press() -> None:
    layout = layout_of(REPLY, controls(REPLY))
    assert layout is not None
    assert layout.timeout is None


SIGNS = [*"@<>!&#*_~|`\\[]()-+:/.1 aeh\n", "@everyone", "@here", "https://x.y", "<@1>", "1. ", "- "]
HOSTILE = st.lists(st.sampled_from(SIGNS), max_size=40).map("".join)
ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")
OURS = re.compile(r"<t:[0-9]{10}:[a-zA-Z]>")
"""A moment as Discord writes one; no sign of the hostile ones is a "t"."""
ACTIVE = re.compile(
    r"[*_~|`<>\[\]#]|@everyone|@here|://|^\s*[-+]|^\s*[0-9]+\.\s", re.MULTILINE
)  # what Discord's markdown makes something of


def inert(text: str) -> bool:
    """Whether Discord shows this as it stands: what is escaped is taken out, nothing active may be left but our moments."""
    return not ACTIVE.search(OURS.sub("x", ESCAPED.sub("x", text)))


@given(HOSTILE)
def test_mentions_markdown_and_backticks_are_inert_in_prose(words: str) -> None:
    for block, opening in ((Text(words), ""), (Note(words, Tone.STRESS), ""), (Heading(words), "### ")):
        for written in parts(shown(Reply((Text("."), block))), TEXT)[1:]:
            text = written["content"].removeprefix(opening)
            assert inert(text), text
            shows = re.sub(r"\\([^0-9A-Za-z\s])", r"\1", text)
            assert shows.replace("\n", " ").strip() in clean(f"!! {words}").replace("\n", " ")


def prose_of(reply: Reply) -> list[str]:
    """What stands outside columns in the answer, without the box's own heading and moment."""
    layout = layout_of(reply, controls(reply))
    assert layout is not None
    texts = [part["content"] for part in parts(Shown(layout), TEXT)]
    return [text.removeprefix("### ") for text in texts if not text.startswith(("```", "-# "))]


@settings(max_examples=60)
@given(HOSTILE, st.sampled_from(["/size BTC 5x", "/regime", "/plan BTC 5x long", "/help", "/subscribe", ""]))
def test_whatever_somebody_writes_behind_a_command_is_inert_in_the_answer(words: str, line: str) -> None:
    said = f"{line} {words}"[:256]
    for text in prose_of(asyncio.run(answer(said, context(crowding(), alerts=())))):
        assert inert(text), text


@settings(max_examples=40)
@given(HOSTILE, st.sampled_from(["/regime", "/why", "/scan", "/check", "/size 5x 10k"]))
def test_whatever_an_exchange_calls_an_asset_is_inert_in_the_answer(name: str, line: str) -> None:
    here = context(replace(crowding(asset=name), source="live"), watched=(name,))
    for text in prose_of(asyncio.run(answer(line, here))):
        assert inert(text), text


@given(HOSTILE)
def test_nothing_opens_or_closes_columns_but_ourselves(words: str) -> None:
    reply = Reply((Text("."), Lines((words, "x")), Table(((words, "y"),))))
    for written in parts(shown(reply), TEXT)[1:]:
        assert written["content"].startswith("```\n")
        assert written["content"].count("`") == 6


@given(HOSTILE, HOSTILE)
def test_whatever_is_said_discord_takes_it(words: str, label: str) -> None:
    reply = Reply((Heading(words), Text(words)), (Action(label or "x", "/regime BTC"),))
    assert refused("followup", payload(shown(reply))) == []


@given(HOSTILE)
def test_plain_messages_are_as_inert(words: str) -> None:
    for text in lay_out(Reply((Text(f".{words}"),)), DISCORD_MARKDOWN):
        assert inert(text)


def test_a_line_longer_than_a_message_is_cut_between_signs_never_within_one() -> None:
    for text in lay_out(Reply((Text("*https://x.y " * 400),)), DISCORD_MARKDOWN):
        assert inert(text)
        assert len(text) <= 2_000


def test_the_judge_knows_a_payload_that_discord_refuses() -> None:
    bare = {"type": 10, "content": "x"}
    assert refused("followup", {"components": [bare], "flags": LAYOUT}) == []
    assert refused("followup", {"components": [{"type": 10}], "flags": LAYOUT})
    assert refused("followup", {"components": [bare], "flags": LAYOUT, "content": "x"})
    assert refused("followup", {"components": [{"type": 10, "content": "x" * 4_001}], "flags": LAYOUT})
    assert refused("followup", {"components": [{"type": 17, "components": [bare] * 40}], "flags": LAYOUT})
    twice = {"type": 1, "components": [{"type": BUTTON, "style": 2, "label": "x", "custom_id": "y"}] * 2}
    assert refused("followup", {"components": [twice], "flags": LAYOUT})
    assert discord.MessageFlags.VALID_FLAGS["components_v2"] == LAYOUT
