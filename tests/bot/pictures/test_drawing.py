"""What stands on a drawn picture: read from its pixels, so that nothing is claimed that is not there."""

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from bot.pictures import theme
from bot.pictures.drawing import draw
from bot.pictures.fields import hangs, spread
from commands.protocol.picture import Band, Ink, Mark, Panel, Picture, Rule, Series
from tests.bot.pictures.samples import PNG, every_kind, hourly, picture

Pixels = NDArray[np.int_]
RAMP = tuple(float(place) for place in range(40))


def pixels(drawn: Picture) -> Pixels:
    """Height by width by red, green, blue."""
    read: Pixels = np.rint(imread(io.BytesIO(draw(drawn))) * 255).astype(int)[:, :, :3]
    return read


def of(shown: Pixels, colour: str) -> NDArray[np.bool_]:
    """Where a colour is, nearly."""
    wanted = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)])
    near: NDArray[np.bool_] = np.abs(shown - wanted).max(axis=2) <= 12
    return near


def columns(drawn: Picture, colour: str) -> list[int]:
    """The columns in which a colour is."""
    return [int(column) for column in np.flatnonzero(of(pixels(drawn), colour).any(axis=0))]


def widest_gap(drawn: Picture, colour: str) -> int:
    return max(after - before for before, after in pairwise(columns(drawn, colour)))


def test_a_picture_is_a_png_as_wide_as_the_theme_says_and_taller_with_every_panel() -> None:
    panel = hourly(Series("price", RAMP))
    assert draw(picture(panel)).startswith(PNG)
    one, two = pixels(picture(panel)), pixels(picture(panel, panel))
    assert one.shape[1] == two.shape[1] == theme.WIDTH
    assert two.shape[0] > one.shape[0]


def test_equal_pictures_are_equal_to_the_byte() -> None:
    assert draw(picture()) == draw(picture())


def test_what_is_not_known_is_a_gap_and_never_a_line_across_it() -> None:
    slot = (theme.WIDTH - theme.LEFT - theme.RIGHT) / len(RAMP)
    torn = tuple(None if 10 <= place < 20 else value for place, value in enumerate(RAMP))
    nan = tuple(float("nan") if value is None else value for value in torn)
    whole = widest_gap(picture(hourly(Series("price", RAMP))), theme.COLOUR[Ink.MAIN])
    assert whole <= 4
    for values in (torn, nan):
        gap = widest_gap(picture(hourly(Series("price", values))), theme.COLOUR[Ink.MAIN])
        assert gap == pytest.approx(11 * slot, abs=slot)


def test_a_number_that_stands_alone_between_gaps_is_seen() -> None:
    alone = tuple(5.0 if place in {0, 20} else None for place in range(40))
    assert len(columns(picture(hourly(Series("price", alone))), theme.COLOUR[Ink.MAIN])) >= 2 * (
        theme.DOT - 3
    )


def test_the_last_number_known_is_marked_over_time_and_over_a_price_there_is_no_last() -> None:
    over_time = hourly(Series("price", RAMP))
    over_price = Panel("Paid", "usd", (Series("put", RAMP),), first_x=40_000.0, step_x=100.0)
    last = theme.WIDTH - theme.RIGHT - 12
    tall = [
        of(pixels(picture(panel)), theme.COLOUR[Ink.MAIN])[:, last].sum() for panel in (over_time, over_price)
    ]
    assert tall[0] > theme.LINE + 3 > tall[1]


def test_a_panel_of_which_nothing_is_known_says_so_and_draws_nothing() -> None:
    nothing = picture(hourly(Series("price", (None,) * 40)))
    assert columns(nothing, theme.COLOUR[Ink.MAIN]) == []
    assert of(pixels(nothing), theme.FIELD).any()
    assert draw(picture(hourly())).startswith(PNG)


def test_a_market_that_is_not_the_present_one_is_marked_across_the_whole_picture() -> None:
    panel = hourly(Series("price", RAMP))
    live, simulated, history = (
        pixels(picture(panel, source=source)) for source in ("live", "simulated", "history")
    )
    for marked in (simulated, history):
        touched = (marked != live).any(axis=2)
        rows = np.flatnonzero(touched.any(axis=1))
        assert rows[-1] - rows[0] > live.shape[0] / 2
        assert of(marked[: theme.HEAD], theme.WORDS).sum() > 2 * of(live[: theme.HEAD], theme.WORDS).sum()
    assert (simulated != history).any()


def test_cells_of_a_ribbon_have_their_keys_colour_and_an_unknown_one_stays_empty() -> None:
    band = Band((0, 0, None, 1), (("CALM", Ink.CALM), ("CROWDING", Ink.CAUTION)))
    ribbon = replace(hourly(title="States", unit="number"), band=band, height=0.3)
    shown = pixels(picture(ribbon))
    row = shown[-(theme.FOOT + theme.TIMES + 20)]
    quarter = (theme.WIDTH - theme.LEFT - theme.RIGHT) / 4
    calm, empty, crowded = (row[round(theme.LEFT + place * quarter)] for place in (0.5, 2.5, 3.5))
    assert of(calm.reshape(1, 1, 3), theme.COLOUR[Ink.CALM]).all()
    assert of(empty.reshape(1, 1, 3), theme.GROUND).all()
    assert not of(crowded.reshape(1, 1, 3), theme.GROUND).all()


def test_the_second_of_two_kinds_of_bars_hangs_so_that_no_colour_is_needed() -> None:
    two = hourly(Series("longs", RAMP, Mark.BARS), Series("shorts", RAMP, Mark.BARS, Ink.SECOND))
    assert hangs(two)
    assert spread(two)[0] < -39.0 < 39.0 < spread(two)[1]
    either_way = replace(two, series=(two.series[0], replace(two.series[1], values=(-1.0, 1.0))))
    assert not hangs(either_way)


def test_a_level_far_from_the_numbers_does_not_flatten_them() -> None:
    near, far = Rule(45.0, "near"), Rule(4_500.0, "far")
    assert spread(hourly(Series("price", RAMP), rules=(near,)))[1] > 45.0
    assert spread(hourly(Series("price", RAMP), rules=(far,)))[1] < 50.0


def test_words_of_levels_cover_neither_each_other_nor_the_numbers_where_there_is_room() -> None:
    """Two levels nearly on each other: in both colours words are seen, in places apart."""
    levels = Rule(20.0, "one level", Ink.CALM), Rule(20.5, "another level", Ink.STRESS)
    ramp = hourly(Series("price", RAMP), rules=levels)
    shown = pixels(picture(ramp))
    for ink in (Ink.CALM, Ink.STRESS):
        rows = of(shown, theme.COLOUR[ink]).any(axis=1)
        assert rows.sum() >= 10  # a line is two rows high, words are more


@pytest.mark.parametrize(
    "values", [(), (1.0,), (0.0, 0.0), (7.0,) * 3, (float("inf"), 1.0), (1e-12, 2e-12), (-1e15, 1e15)]
)
@pytest.mark.parametrize("mark", Mark)
def test_no_numbers_are_too_few_too_equal_too_small_or_too_large(
    values: tuple[float, ...], mark: Mark
) -> None:
    assert draw(picture(hourly(Series("x", values, mark), rules=(Rule(2.0, "at"),)))).startswith(PNG)


def test_long_words_and_strange_letters_do_no_harm() -> None:
    panel = Panel(
        "T" * 300,
        "usd",
        (Series("$x$ \u202e日本 _{", RAMP), Series("y" * 200, RAMP)),
        says="S" * 300,
        axis="a" * 99,
    )
    wide = replace(picture(panel), title="W" * 500)
    assert draw(wide).startswith(PNG)
    assert columns(wide, theme.WORDS)[-1] <= theme.WIDTH - theme.LEFT + 2


def test_everything_there_is_can_be_drawn_and_a_whole_one_is_small() -> None:
    assert len(draw(picture(*every_kind(), source="simulated"))) < 400_000
    assert draw(Picture("none", "", (), "")).startswith(PNG)
