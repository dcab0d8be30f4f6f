"""Monospaced lines that fit on a phone: 37 columns, cut or wrapped, never longer."""

from textwrap import wrap

COLUMNS = 37


def fit(line: str) -> str:
    """The line, cut with an ellipsis if it is too long."""
    line = line.rstrip()
    return line if len(line) <= COLUMNS else line[: COLUMNS - 1] + "…"


def sides(left: str, right: str) -> str:
    """`left` at the left edge and `right` at the right one; `left` gives way."""
    room = COLUMNS - len(right) - 1
    kept = left if len(left) <= room else left[: max(0, room - 1)] + "…"
    return fit(f"{kept:<{max(0, room)}} {right}")


def folded(text: str, indent: str = "") -> tuple[str, ...]:
    """A sentence over as many lines as it takes, the second and later ones indented."""
    return tuple(wrap(text, COLUMNS, subsequent_indent=indent)) or ("",)


def first_that_fits(*lines: str) -> str:
    """The first of some wordings, from full to terse, that is short enough; else the last one, cut."""
    return next((line for line in lines if len(line) <= COLUMNS), fit(lines[-1]))
