"""What Tab offers: commands, watched assets, the words of a command's options, and their names."""

import pytest

from bot.platforms.terminal.completion import candidates, completed
from commands.protocol.dispatch import commands
from commands.protocol.phrases import phrases_in

WATCHED = ("BTC", "ETH", "SOL")
ENGLISH = phrases_in("en")


def offered(line: str) -> list[str]:
    return [
        one.word for one in candidates(line, WATCHED, ENGLISH, {"pause": "hold market time", "quit": "leave"})
    ]


def test_the_beginning_of_a_command_is_completed_with_its_slash_or_without() -> None:
    assert offered("/reg") == ["/regime"]
    assert offered("reg") == ["regime"]
    assert offered("/S")[:2] == ["/size", "/scan"]


def test_nothing_typed_offers_every_command_those_of_the_menu_first() -> None:
    shown = offered("")
    assert shown[0] == "/regime"
    assert set(shown) >= {f"/{command.name}" for command in commands()}


def test_words_that_steer_the_chat_are_offered_without_a_slash() -> None:
    assert offered("pau") == ["pause"]
    assert offered("/pau") == []


def test_an_asset_is_completed_in_capitals_however_it_was_begun() -> None:
    assert offered("/regime e") == ["ETH"]
    assert offered("/subscribe a")[:1] == ["all"]


def test_what_a_command_still_lacks_is_offered_first_and_what_was_said_no_more() -> None:
    shown = offered("/size ")
    assert shown[:4] == ["1x", "2x", "3x", "5x"]
    assert {"BTC", "long", "short", "isolated", "cross"} <= set(shown)
    assert not {"BTC", "2x", "long"} & set(offered("/size btc 5x short "))


def test_an_option_is_completed_by_its_name_and_so_are_its_words() -> None:
    assert offered("/size btc mo") == ["mode="]
    assert offered("/size btc mode=c") == ["mode=cross"]
    assert offered("/size btc mode c") == ["cross"]


def test_help_is_given_on_each_command() -> None:
    assert offered("/help fund") == ["funding"]


@pytest.mark.parametrize("line", ["/nonsense b", "/regime btc zzz", "12 ", "/size btc 5x\u202e"])
def test_what_nobody_knows_is_offered_nothing(line: str) -> None:
    assert offered(line) == []


@pytest.mark.parametrize("command", [command.name for command in commands()])
def test_every_command_can_be_completed_word_by_word(command: str) -> None:
    for one in candidates(f"/{command} ", WATCHED, ENGLISH):
        assert one.word.isprintable()
        assert " " not in one.word
        assert candidates(f"/{command} {one.word[:-1]}", WATCHED, ENGLISH)


def test_tab_types_what_all_candidates_share_and_a_blank_behind_the_only_one() -> None:
    def typed(line: str) -> tuple[int, str] | None:
        return completed(line, candidates(line, WATCHED, ENGLISH))

    assert typed("/un") is None
    assert typed("/uns") == (0, "ubscribe ")
    assert typed("/regime b") == (1, "BTC ")
    assert typed("/size btc mo") == (0, "de=")
    assert typed("/x") is None
