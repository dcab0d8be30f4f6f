"""The theme: readable on its own ground, and told apart by whoever sees no red, no green or no blue."""

from itertools import combinations

import pytest

from bot.pictures import theme
from commands.protocol.picture import Ink

READABLE, VISIBLE = 4.5, 3.0
"""Contrasts that letters and marks need (WCAG 2.2, 1.4.3 and 1.4.11)."""
APART = 0.10
"""Distance of two colours in linear light; less is one colour in bright sun."""
BLINDNESS = {
    "none": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Machado, Oliveira and Fernandes 2009, severity 1, in linear light."""

Light = tuple[float, ...]


def light(colour: str) -> Light:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def luminance(colour: str) -> float:
    red, green, blue = light(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def seen(colour: str, blindness: str) -> Light:
    return tuple(sum(a * b for a, b in zip(row, light(colour), strict=True)) for row in BLINDNESS[blindness])


@pytest.mark.parametrize("ground", [theme.GROUND, theme.FIELD])
def test_letters_and_marks_stand_out_from_their_ground(ground: str) -> None:
    assert all(contrast(words, ground) >= READABLE for words in (theme.WORDS, theme.QUIET))
    assert all(contrast(colour, ground) >= VISIBLE for colour in theme.COLOUR.values())


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_no_two_inks_look_alike_however_one_sees(blindness: str) -> None:
    near = [
        (one, other)
        for one, other in combinations(Ink, 2)
        if sum((a - b) ** 2 for a, b in zip(seen(theme.COLOUR[one], blindness), seen(theme.COLOUR[other], blindness), strict=True)) ** 0.5 < APART
    ]  # fmt: skip
    assert near == []


def test_no_two_inks_have_one_hatch_and_no_two_lines_one_dash() -> None:
    assert len(set(theme.HATCH.values())) == len(Ink)
    assert len(set(theme.DASHES)) == len(theme.DASHES)
