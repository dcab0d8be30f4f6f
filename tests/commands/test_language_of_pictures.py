"""A picture in another language: its key is its own, and it is handed over with the marks at its axes and the word across it."""

import msgspec

from commands.protocol.phrases import phrases_in
from commands.protocol.picture import Picture
from commands.protocol.style import written_in
from commands.wording.regime_picture import regime_picture
from market.rules import Rules
from tests.commands.levelled import opened
from tests.commands.markets import crowding

HOURS = opened()


def drawn(language: str) -> Picture:
    phrases = phrases_in(language)
    with written_in(phrases.style):
        (picture,) = regime_picture(crowding(source="simulated"), HOURS, phrases, Rules())
    return picture


def test_each_language_and_region_has_a_picture_of_its_own() -> None:
    pictures = [drawn(language) for language in ("en", "es", "es-MX", "es")]
    assert len({picture.key for picture in pictures}) == 3
    assert [picture.style.decimal for picture in pictures] == [".", ",", ".", ","]
    assert "64.210" in pictures[1].alt
    assert "64,210" in pictures[2].alt


def test_the_word_across_it_is_of_its_language() -> None:
    assert (drawn("en").mark, drawn("es").mark) == ("SIMULATED", "SIMULADO")


def test_the_process_that_draws_is_handed_the_style() -> None:
    handed = msgspec.msgpack.decode(msgspec.msgpack.encode(drawn("es")), type=Picture)
    assert handed == drawn("es")
