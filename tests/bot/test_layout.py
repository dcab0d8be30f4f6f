import html
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.layout import (
    DISCORD_MARKDOWN,
    TELEGRAM_HTML,
    Dialect,
    Style,
    _pack,
    _says_something,
    align,
    clean,
    lay_out,
    pieces,
    plainly,
    units,
)
from commands.protocol.reply import (
    Block,
    Evidence,
    Heading,
    Lines,
    Link,
    Mention,
    Moment,
    Note,
    Reply,
    Shown,
    Table,
    Text,
    Told,
    Tone,
)

HOSTILE = (
    "<b>",
    "</pre>",
    "1000SHIB_USDT",
    "&lt;",
    "\"quoted\" & 'single'",
    "```",
    "`x`",
    "**bold**",
    "||spoiler||",
    "@everyone",
    "<@123>",
    "[x](http://x)",
    "\u202egnitrever",
    "\u200bzero",
    "\x1b[31m",
    "😀" * 40,
    "\x00",
    "e\u0301",
)


ATTRIBUTES = {"b": [], "pre": [], "blockquote": ["expandable"], "tg-time": ["unix", "format"]}
"""The tags we write, and their attributes."""


class Balanced(HTMLParser):
    """Fails on a tag we do not write, one within another, or one closed out of order; collects what is read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.seen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert [name for name, _ in attrs] == ATTRIBUTES[tag]
        assert not self.stack or (self.stack == ["blockquote"] and tag == "tg-time")
        self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.seen += data


def read(text: str) -> str:
    parser = Balanced()
    parser.feed(text)
    parser.close()
    assert parser.stack == []
    return parser.seen


def reply(*blocks: Block) -> Reply:
    return Reply(blocks)


def test_an_answer_reads_from_top_to_bottom() -> None:
    answer = reply(
        Heading("BTC · CROWDING", Tone.CAUTION),
        Text("Falling, and leverage is not leaving."),
        Table((("Price", "64,210"), ("OI", "214k")), align="lr"),
        Note("Reduce size", Tone.STRESS),
    )
    assert lay_out(answer, TELEGRAM_HTML) == (
        (
            "<b>BTC · CROWDING</b>\n"
            "Falling, and leverage is not leaving.\n"
            "<pre>Price 64,210\nOI      214k</pre>\n"
            "!! Reduce size"
        ),
    )
    assert lay_out(answer, DISCORD_MARKDOWN) == (
        (
            "**BTC · CROWDING**\n"
            "Falling, and leverage is not leaving.\n"
            "```\nPrice 64,210\nOI      214k\n```\n"
            "!! Reduce size"
        ),
    )


def test_a_note_that_brings_its_symbol_gets_no_second_one() -> None:
    assert pieces(reply(Note("! BTC", Tone.CAUTION)))[0].lines == ("! BTC",)
    assert pieces(reply(Note("BTC", Tone.CAUTION)))[0].lines == ("! BTC",)
    assert pieces(reply(Note("BTC", Tone.GOOD)))[0].lines == ("BTC",)


def test_a_table_counts_wide_and_combined_characters_as_a_screen_does() -> None:
    lines = align(Table((("中", "1"), ("e\u0301a", "2"), ("abc", "3"))))
    assert lines == ("中  1", "e\u0301a  2", "abc 3")


def test_a_table_takes_rows_of_different_lengths() -> None:
    assert align(Table((("a",), ("b", "1"), ()), head=("x", "y", "z"))) == ("x y z", "a", "b 1")


def test_an_answer_without_words_is_still_a_message() -> None:
    assert lay_out(reply(), TELEGRAM_HTML) == ("-",)
    assert lay_out(reply(Text(" \n ")), DISCORD_MARKDOWN) == ("-",)


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_words_are_read_as_words_in_telegram(word: str) -> None:
    answer = reply(Heading(word), Text(word), Lines((word, "x")), Table(((word, "1"),)), Note(word))
    for text in lay_out(answer, TELEGRAM_HTML):
        seen = read(text)
        assert seen == html.unescape(re.sub(r"</?(b|pre)>", "", text))
        assert clean(word) in seen


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_words_cannot_leave_their_place_in_discord(word: str) -> None:
    (text,) = lay_out(reply(Lines((word, "x"))), DISCORD_MARKDOWN)
    assert text.startswith("```\n")
    assert text.endswith("\n```")
    assert "`" not in text[3:-3]
    (prose,) = lay_out(reply(Text("say " + word)), DISCORD_MARKDOWN)
    for mark in ("**", "||", "```", "](", "<@"):
        assert mark not in re.sub(r"\\.", "", prose)


def test_control_bidirectional_and_invisible_characters_are_taken_out() -> None:
    assert clean("a\u202eb\u200bc\x1b[31md\x00e\u2066f\ufeffg\r\nh\ti") == "abc[31mdefg\nh    i"


def test_no_message_of_blank_lines_is_made() -> None:
    texts = lay_out(reply(Text("a" + "\n" * 9_000 + "b"), Lines(("c", *[""] * 9_000, "d"))), TELEGRAM_HTML)
    assert all(read(text).strip() for text in texts)
    assert [read(text).strip() for text in texts] == ["a", "b\nc", "d"]


def test_length_is_counted_in_utf_16_units() -> None:
    assert units("abc") == 3
    assert units("😀" * 3_000) == 6_000
    assert len(lay_out(reply(Text("😀" * 3_000)), TELEGRAM_HTML)) == 2


def test_a_long_answer_is_cut_between_lines_and_its_columns_go_on_as_columns() -> None:
    lines = tuple(f"{number:04d} <line>" for number in range(600))
    texts = lay_out(reply(Heading("Long"), Lines(lines), Text("The end.")), TELEGRAM_HTML)
    assert len(texts) > 2
    seen = "\n".join(read(text) for text in texts)
    assert seen.split("\n") == ["Long", *lines, "The end."]
    assert all(text.count("<pre>") == 1 for text in texts)


def test_a_piece_that_does_not_fit_moves_on_whole_lines() -> None:
    texts = lay_out(reply(Text("x" * 4_090), Lines(("a line of columns",))), TELEGRAM_HTML)
    assert texts == ("x" * 4_090, "<pre>a line of columns</pre>")


blocks = st.lists(
    st.one_of(
        st.builds(Text, st.text(max_size=3_000)),
        st.builds(Heading, st.text(max_size=200)),
        st.builds(Note, st.text(max_size=600), st.sampled_from(Tone)),
        st.builds(Lines, st.lists(st.text(max_size=80), max_size=150).map(tuple)),
        st.builds(Evidence, st.lists(st.text(max_size=300), max_size=8).map(tuple)),
        st.builds(
            lambda rows: Table(tuple(rows)),
            st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9)), max_size=40),
        ),
    ),
    max_size=6,
).map(tuple)


@pytest.mark.parametrize("dialect", [TELEGRAM_HTML, DISCORD_MARKDOWN], ids=["telegram", "discord"])
@given(blocks)
def test_no_message_is_longer_than_its_platform_allows(dialect: Dialect, made: tuple[Block, ...]) -> None:
    for text in lay_out(Reply(made), dialect):
        assert 0 < units(text) <= dialect.units


@given(blocks)
def test_telegram_messages_are_whole_and_lose_nothing(made: tuple[Block, ...]) -> None:
    texts = lay_out(Reply(made), TELEGRAM_HTML)
    seen = "".join(read(text) for text in texts)
    wanted = "".join(line for piece in pieces(Reply(made)) for line in piece.lines)
    assert re.sub(r"\s", "", seen) in {re.sub(r"\s", "", wanted), "-"}


@pytest.mark.parametrize("dialect", [TELEGRAM_HTML, DISCORD_MARKDOWN], ids=["telegram", "discord"])
@given(blocks, st.integers(-3, 3))
def test_one_message_is_what_its_pieces_are_packed_into(
    dialect: Dialect, made: tuple[Block, ...], over: int
) -> None:
    (whole, *more) = lay_out(Reply(made), replace(dialect, units=1_000_000))
    assert not more
    tight = replace(dialect, units=max(600, units(whole) + over))
    packed = tuple(_pack(pieces(Reply(made)), tight))
    assert lay_out(Reply(made), tight) == (
        tuple(one for one in packed if _says_something(one, tight)) or ("-",)
    )


def test_the_styles_are_all_a_dialect_needs() -> None:
    assert set(TELEGRAM_HTML.forms) == set(DISCORD_MARKDOWN.forms) == set(Style)


def test_people_roles_and_moments_are_written_as_each_platform_writes_them() -> None:
    told = Told(
        (Moment(1_700_000_000_999), " ", Mention("discord:42"), " chose ", Mention("discord:7", "role"))
    )
    assert lay_out(Reply((told,)), DISCORD_MARKDOWN) == ("<t:1700000000:R> <@42> chose <@&7>",)
    assert lay_out(Reply((told,)), TELEGRAM_HTML) == (
        '<tg-time unix="1700000000" format="Dt">2023-11-14 22:13 UTC</tg-time> 42 chose 7',
    )
    assert lay_out(Reply((Told((Mention("terminal:<@1>"),)),)), DISCORD_MARKDOWN) == (r"terminal:\<@1\>",)


def test_a_link_of_ours_is_written_to_be_opened() -> None:
    told = Reply((Told(("Here: ", Link("https://example.org/a_b?c=1&d=2"))),))
    assert lay_out(told, DISCORD_MARKDOWN) == ("Here: <https://example.org/a_b?c=1&d=2>",)
    assert lay_out(told, TELEGRAM_HTML) == ("Here: https://example.org/a_b?c=1&amp;d=2",)


@given(st.text(alphabet="\ue000\ue001prt0123456789<@&>", max_size=40))
def test_no_words_become_a_mention(words: str) -> None:
    for block in (Text(words), Note(words), Heading(words), Told((words,))):
        assert not re.search(r"(?<!\\)<[@t]", "".join(lay_out(Reply((block,)), DISCORD_MARKDOWN)))


def test_a_moment_is_shown_by_the_clock_of_its_reader_and_keeps_its_words_for_those_without_one() -> None:
    told = Told(("Held until ", Moment(1_700_000_000_000, Shown.SECOND, "22:13:20 <UTC>"), "."))
    assert lay_out(Reply((told,)), TELEGRAM_HTML) == (
        'Held until <tg-time unix="1700000000" format="T">22:13:20 &lt;UTC&gt;</tg-time>.',
    )
    assert lay_out(Reply((told,)), DISCORD_MARKDOWN) == ("Held until <t:1700000000:T>.",)
    assert plainly(told) == "Held until 22:13:20 <UTC>."


def test_evidence_can_be_folded_away_in_telegram_and_is_small_elsewhere() -> None:
    answer = reply(Heading("BTC"), Evidence(("Odds: 3 < 4 in 100.", "", "Counted over 3 years.")))
    assert lay_out(answer, TELEGRAM_HTML) == (
        "<b>BTC</b>\n<blockquote expandable>Odds: 3 &lt; 4 in 100.\n\nCounted over 3 years.</blockquote>",
    )
    assert lay_out(answer, DISCORD_MARKDOWN) == (
        "**BTC**\n-# Odds: 3 \\< 4 in 100.\n\n-# Counted over 3 years.",
    )


def test_evidence_longer_than_a_message_is_folded_in_each() -> None:
    lines = tuple(f"{number} sentences of evidence & more" for number in range(200))
    texts = lay_out(reply(Evidence(lines)), TELEGRAM_HTML)
    assert len(texts) > 1
    assert all(text.startswith("<blockquote expandable>") for text in texts)
    assert "\n".join(read(text) for text in texts).split("\n") == list(lines)


@given(st.integers(4_000, 4_096), st.sampled_from(["é", "x", "😀", "&"]))
def test_no_moment_is_cut_in_two(before: int, sign: str) -> None:
    words = sign * (before // units(sign))
    texts = lay_out(Reply((Told((words, Moment(1_700_000_000_000), " after")),)), TELEGRAM_HTML)
    assert sum(text.count("</tg-time>") for text in texts) == 1
    assert "".join(map(read, texts)) == f"{words}2023-11-14 22:13 UTC after"
