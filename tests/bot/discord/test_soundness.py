"""Interactions that are not as documented: passed over by themselves, so that the connection and all others go on."""

from typing import Any

import pytest

from bot.platforms.discord.soundness import sifted
from tests.doubles.discord_rest import interaction

ASKED = interaction({"id": "9", "name": "regime", "type": 1, "options": []})
PRESSED = interaction({"custom_id": "seawall:/regime", "component_type": 2, "id": 2}, kind=3)


def taken(told: Any) -> bool:
    got: list[Any] = []
    sifted(got.append)(told)
    return bool(got)


def test_what_is_as_documented_is_taken() -> None:
    assert taken(ASKED)
    assert taken(PRESSED)


@pytest.mark.parametrize(
    "wrong",
    [
        *(None, [], {}),
        {**ASKED, "id": "x"},
        {**ASKED, "user": None},
        {**ASKED, "guild_id": "55"},
        {**ASKED, "data": None},
        {**ASKED, "type": 4},
        {**PRESSED, "data": {"custom_id": "seawall:/regime"}},
        {**PRESSED, "locale": 5},
        interaction(
            {"id": "9", "name": "regime", "type": 1, "options": [{"name": "asset", "type": 3, "value": 5}]}
        ),
    ],
)
def test_what_is_not_is_passed_over(wrong: Any) -> None:
    assert not taken(wrong)


def test_what_the_library_cannot_read_all_the_same_ends_nothing() -> None:
    def fails(_told: Any) -> None:
        raise KeyError("a field that nobody knew")

    sifted(fails)(ASKED)
