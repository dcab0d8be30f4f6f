"""Lines of 37 columns: the fullest wording that fits, and none made in vain."""

from collections.abc import Iterator

from commands.wording.columns import COLUMNS, first_of, first_that_fits


def test_a_wording_is_made_only_where_none_before_it_fits() -> None:
    made: list[int] = []

    def wordings() -> Iterator[str]:
        for columns in (COLUMNS + 1, COLUMNS, 3):
            made.append(columns)
            yield "x" * columns

    assert first_of(wordings()) == "x" * COLUMNS
    assert made == [COLUMNS + 1, COLUMNS]


def test_where_none_fits_the_last_one_is_cut() -> None:
    assert first_of(["y" * 50, "x" * 40]) == "x" * (COLUMNS - 1) + "…"
    assert first_that_fits("y" * 50, "x" * 40) == first_of(["y" * 50, "x" * 40])
