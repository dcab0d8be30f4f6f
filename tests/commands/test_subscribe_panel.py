"""What the panel of /subscribe says and asks: the options of the command, and its words."""

from dataclasses import replace

from commands.protocol.alert_words import Switch
from commands.protocol.phrases import phrases_in
from commands.protocol.words import Lexicon
from commands.subscribe import COMMAND, Subscribe
from commands.testalert import sample
from commands.wording.subscribe_panel import (
    Choice,
    describe_choice,
    describe_kept,
    describe_missing,
    describe_preview,
)
from market.alerts import Kind, Severity
from market.rules import AlertRules
from tests.commands.markets import NOW_MS, crowding
from tests.commands.talking import text_of

ENGLISH = phrases_in("en")
CHOSEN = Choice(
    "discord:5",
    ("BTC", "ETH"),
    (Kind.CASCADE, Kind.REGIME),
    Severity.WARNING,
    "777777",
    Severity.WATCH,
    thread=True,
)
LEXICON = Lexicon(("BTC", "ETH"))


def test_what_is_chosen_reads_as_the_command() -> None:
    assert COMMAND.read_options(CHOSEN.options(), LEXICON) == Subscribe(
        ("BTC", "ETH"), (Kind.CASCADE, Kind.REGIME), Severity.WARNING, "777777", Severity.WATCH, Switch.ON
    )
    bare = COMMAND.read_options(Choice("discord:5", ("all",)).options(), LEXICON)
    assert (bare.asset, bare.kind, bare.severity, bare.ping_from) == (("all",), None, None, None)
    assert (bare.ping, bare.thread) == ("off", "off")


def test_a_role_that_cannot_be_mentioned_is_said_before_it_is_kept() -> None:
    assert "I may not mention this role" in text_of(describe_choice(CHOSEN, ENGLISH, is_mentionable=False))
    assert "I may not" not in text_of(describe_choice(CHOSEN, ENGLISH, is_mentionable=True))


def test_what_is_usual_is_said_where_nothing_is_chosen() -> None:
    said = text_of(describe_choice(Choice("discord:5"), ENGLISH, is_mentionable=True))
    assert "Assets: none chosen yet" in said
    assert "Told of: cascade, from WARNING up" in said
    one = replace(CHOSEN, kinds=(Kind.FUNDING,), severity=None)
    assert "from WATCH up" in text_of(describe_choice(one, ENGLISH, is_mentionable=True))


def test_how_it_would_have_behaved_is_one_command_away() -> None:
    said = text_of(describe_choice(CHOSEN, ENGLISH, is_mentionable=True))
    assert "How it would have behaved: /backtest BTC cascade." in said
    for without in (Choice("discord:5"), Choice("discord:5", ("all",))):
        assert "/backtest" not in text_of(describe_choice(without, ENGLISH, is_mentionable=True))


def test_a_preview_is_a_sample_of_the_asset() -> None:
    shown = sample("BTC", crowding(), NOW_MS)
    said = text_of(describe_preview(CHOSEN, shown, ENGLISH, AlertRules(), NOW_MS))
    assert said.startswith("So a warning looks in that channel:\ndiscord:777777\n")
    assert "BTC" in said


def test_a_preview_shows_numbers_as_its_language_writes_them() -> None:
    said = text_of(
        describe_preview(CHOSEN, sample("BTC", crowding(), NOW_MS), phrases_in("es"), AlertRules(), NOW_MS)
    )
    assert "64.210" in said
    assert "64,210" not in said


def test_what_is_kept_says_for_which_channel_and_asks_nothing_of_another() -> None:
    reply = describe_missing("assets", ENGLISH)
    kept = describe_kept(CHOSEN, reply, ENGLISH)
    assert text_of(kept).startswith("Kept for discord:5:")
    assert kept.actions == ()
