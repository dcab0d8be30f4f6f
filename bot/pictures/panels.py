"""One panel on a sheet: its title and last value, what its marks mean, its field, and the times below it."""

from collections.abc import Iterator, Sequence
from math import nan

from bot.pictures import scales, theme
from bot.pictures.fields import Field, hangs, is_number, is_told, runs, signed, slots, spread
from bot.pictures.levels import draw_rules
from bot.pictures.sheet import Box, Point, Sheet
from commands.protocol.picture import Band, Ink, Known, Mark, Panel, Series
from market.observations import DAY_MS

LETTER = 0.63
"""A letter's width of its size, on average; enough to break a legend into rows."""
SWATCH = 34.0
BETWEEN = 26.0
MOST_TICKS, MOST_TIMES = 4, 7
UNKNOWN = "?"
HALF = 0.42
"""Half a bar, of its slot."""
Key = tuple[str, Ink, int, Mark | None]
"""A name with its ink, its place among its kind, and its mark (None: a cell)."""


def height_of(panel: Panel, *, has_times: bool) -> float:
    """How many pixels a panel takes, from its title to the times below it."""
    rows = len(_legend(panel)) * theme.LEGEND + (theme.TIMES if has_times else 0.0)
    return theme.TITLE + rows + _field_height(panel) + _ribbon_height(panel)


def draw_panel(sheet: Sheet, panel: Panel, top: float, *, has_times: bool) -> None:
    """Draw a panel below `top`."""
    _draw_title(sheet, panel, top + theme.TITLE / 2)
    legend = _legend(panel)
    for row, keys in enumerate(legend):
        _draw_legend(sheet, keys, top + theme.TITLE + (row + 0.5) * theme.LEGEND)
    upper = top + theme.TITLE + len(legend) * theme.LEGEND
    low, high = spread(panel)
    lower = upper + _field_height(panel)
    field = Field(theme.LEFT, upper, theme.WIDTH - theme.RIGHT, lower, slots(panel), low, high)
    if panel.series or panel.band is None:
        _draw_field(sheet, panel, field)
    if panel.band is not None:
        _draw_band(sheet, panel.band, _below(field, panel))
    if has_times:
        _draw_axis(sheet, panel, field, lower + _ribbon_height(panel) + theme.TIMES / 2)


def _field_height(panel: Panel) -> float:
    return max(theme.LEAST_FIELD, theme.FIELD_HEIGHT * panel.height)


def _ribbon_height(panel: Panel) -> float:
    return theme.RIBBON + theme.GAP / 2 if panel.band is not None and panel.series else 0.0


def _below(field: Field, panel: Panel) -> Field:
    """Where the cells of a band stand: below the numbers, or in their place where there are none."""
    if not panel.series:
        return field
    upper = field.lower + theme.GAP / 2
    return Field(field.left, upper, field.right, upper + theme.RIBBON, field.count, 0.0, 1.0)


def _draw_title(sheet: Sheet, panel: Panel, y: float) -> None:
    room = theme.WIDTH - 2 * theme.LEFT
    sizes = theme.MIDDLE, theme.LEAST
    taken = sheet.text_within(theme.LEFT, y, panel.title, sizes, theme.WORDS, room * 0.6, bold=True)
    right, left_over = theme.WIDTH - theme.LEFT, room - taken - BETWEEN
    sheet.text_within(right, y, panel.says, sizes, theme.WORDS, left_over, side="right")


def _legend(panel: Panel) -> list[list[Key]]:
    """The names of series where there are several, and of cells, in rows that fit beside each other."""
    keys: list[Key] = []
    if len(panel.series) > 1:
        keys += [(one.name, one.ink, place, one.mark) for place, one in enumerate(panel.series)]
    if panel.band is not None:
        keys += [(name, ink, 0, None) for name, ink in panel.band.keys]
    rows: list[list[Key]] = []
    used = 0.0
    for key in keys:
        taken = SWATCH + len(key[0]) * LETTER * theme.SMALL + BETWEEN
        if not rows or used + taken > theme.WIDTH - 2 * theme.LEFT:
            rows.append([])
            used = 0.0
        rows[-1].append(key)
        used += taken
    return rows


def _draw_legend(sheet: Sheet, keys: Sequence[Key], y: float) -> None:
    x = float(theme.LEFT)
    for name, ink, place, mark in keys:
        colour = theme.COLOUR[ink]
        swatch: Box = (x, y - 8.0, x + SWATCH - 8.0, y + 8.0)
        if mark is None:
            sheet.boxes([swatch], colour, hatch=theme.HATCH[ink], ground=theme.GROUND)
        elif mark is Mark.BARS:
            sheet.boxes([swatch], colour, hatch=_hatch(place), ground=theme.GROUND)
        else:
            sheet.line([(x, y), (x + SWATCH - 6.0, y)], colour, theme.LINE, _dashes(place))
        sheet.text(x + SWATCH, y, name, theme.SMALL, theme.QUIET)
        x += SWATCH + sheet.width_of(name, theme.SMALL) + BETWEEN


def _draw_field(sheet: Sheet, panel: Panel, field: Field) -> None:
    sheet.boxes([(field.left, field.upper, field.right, field.lower)], theme.FIELD)
    if not is_told(panel):
        middle = (field.left + field.right) / 2, (field.upper + field.lower) / 2
        sheet.text(*middle, UNKNOWN, theme.BIG, theme.QUIET, side="center")
        return
    _draw_grid(sheet, panel, field)
    for place, one in enumerate(panel.series):
        if one.mark is Mark.BARS:
            _draw_bars(sheet, panel, one, place, field)
    for place, one in enumerate(panel.series):
        if one.mark is not Mark.BARS:
            _draw_line(sheet, one, place, field, has_now=panel.step_ms > 0)
    draw_rules(sheet, panel, field)


def _draw_grid(sheet: Sheet, panel: Panel, field: Field) -> None:
    most = max(2, min(MOST_TICKS, round((field.lower - field.upper) / theme.LEGEND)))
    round_ones = scales.ticks(field.low, field.high, most)
    largest = max(map(abs, round_ones.values), default=0.0)
    room = theme.RIGHT - 14.0
    for value in round_ones.values:
        y = field.y(value)
        sheet.line([(field.left, y), (field.right, y)], theme.GRID, theme.THIN)
        shown = abs(value) if hangs(panel) else value
        words = scales.words(shown, round_ones.step, panel.unit, largest)
        sheet.text_within(field.right + 8.0, y, words, (theme.SMALL, theme.LEAST), theme.QUIET, room)


def _draw_bars(sheet: Sheet, panel: Panel, one: Series, place: int, field: Field) -> None:
    """Bars on zero: side by side where there are several kinds, standing and hanging where two are told apart so."""
    kinds = [other for other in panel.series if other.mark is Mark.BARS]
    is_apart = len(kinds) > 1 and not hangs(panel)
    begin, end = (-HALF, HALF) if not is_apart else _share(kinds.index(one), len(kinds))
    ground = field.y(min(field.high, max(field.low, 0.0)))
    boxes: list[Box] = []
    for slot, value in enumerate(signed(panel, one)):
        if value is not None and is_number(value) and value != 0.0:
            x, y = field.x(slot), field.y(value)
            boxes.append((x + begin * field.slot, min(y, ground), x + end * field.slot, max(y, ground)))
    wide = (end - begin) * field.slot >= theme.HATCHED_FROM
    sheet.boxes(
        boxes,
        theme.COLOUR[one.ink],
        hatch=_hatch(place) if wide else "",
        ground=theme.FIELD,
        is_narrow=not wide,
    )
    missing = [(field.x(slot) - HALF * field.slot, ground - 3.0, field.x(slot) + HALF * field.slot, ground + 3.0)
               for slot, value in enumerate(one.values) if not is_number(value)]  # fmt: skip
    sheet.boxes(missing, theme.GRID)


def _share(place: int, count: int) -> tuple[float, float]:
    width = 2 * HALF / count
    return -HALF + place * width, -HALF + (place + 1) * width


def _draw_line(sheet: Sheet, one: Series, place: int, field: Field, *, has_now: bool) -> None:
    """A line or steps; where a number is not known there is a gap, one that stands alone is a dot, and so is the present."""
    colour = theme.COLOUR[one.ink]
    values = [value if is_number(value) else None for value in one.values]
    points = list(_stepped(values, field) if one.mark is Mark.STEPS else _joined(values, field))
    if points:
        sheet.line(points, colour, theme.LINE, _dashes(place))
    alone = [first for first, behind in runs(values) if behind - first == 1 and one.mark is Mark.LINE]
    last = [behind - 1 for _, behind in runs(values)][-1:] if has_now else []
    dots = [
        (field.x(slot), field.y(value)) for slot in (*alone, *last) if (value := values[slot]) is not None
    ]
    sheet.dots(dots, colour, theme.DOT, theme.FIELD)


def _joined(values: Sequence[Known], field: Field) -> Iterator[Point]:
    for first, behind in runs(values):
        for slot in range(first, behind):
            yield field.x(slot), field.y(values[slot] or 0.0)
        yield nan, nan


def _stepped(values: Sequence[Known], field: Field) -> Iterator[Point]:
    for first, behind in runs(values):
        for slot in range(first, behind):
            y = field.y(values[slot] or 0.0)
            yield field.x(slot - 0.5), y
            yield field.x(slot + 0.5), y
        yield nan, nan


def _draw_band(sheet: Sheet, band: Band, field: Field) -> None:
    """Cells in the colour and hatch of their key, neighbours of one key as one; what is not known is an empty frame."""
    sheet.frames([(field.left, field.upper, field.right, field.lower)], theme.GRID, theme.THIN)
    for key, (_, ink) in enumerate(band.keys):
        own = [place if cell == key else None for place, cell in enumerate(band.cells)]
        boxes = [
            (field.x(first - 0.5), field.upper, field.x(behind - 0.5), field.lower)
            for first, behind in runs(own)
        ]
        sheet.boxes(boxes, theme.COLOUR[ink], hatch=theme.HATCH[ink], ground=theme.GROUND)


def _draw_axis(sheet: Sheet, panel: Panel, field: Field, y: float) -> None:
    for place, words in _marks(panel, field.count):
        x = field.x(place)
        sheet.line([(x, y - theme.TIMES / 2), (x, y - theme.TIMES / 2 + 5.0)], theme.QUIET, theme.THIN)
        half = sheet.width_of(words, theme.SMALL) / 2
        inside = min(max(x, field.left + half), theme.WIDTH - theme.LEFT - half)
        sheet.text(inside, y + 2.0, words, theme.SMALL, theme.QUIET, side="center")
    if panel.axis:
        room = theme.RIGHT - 10.0
        sheet.text_within(
            theme.WIDTH - theme.LEFT,
            y + 2.0,
            panel.axis,
            (theme.SMALL, theme.LEAST),
            theme.QUIET,
            room,
            side="right",
        )


def _marks(panel: Panel, count: int) -> Iterator[tuple[float, str]]:
    """Round times or numbers along a panel, by their place among its slots."""
    if panel.step_ms >= DAY_MS and count <= MOST_TIMES:
        yield from ((place, scales.day(panel.first_ms + place * panel.step_ms)) for place in range(count))
    elif panel.step_ms:
        last_ms = panel.first_ms + (count - 1) * panel.step_ms
        for at_ms, words in scales.moments(panel.first_ms, last_ms, MOST_TIMES):
            yield (at_ms - panel.first_ms) / panel.step_ms, words
    elif panel.step_x and count > 1:
        high = panel.first_x + (count - 1) * panel.step_x
        found = scales.ticks(panel.first_x, high, MOST_TIMES - 1)
        for value in found.values:
            yield (value - panel.first_x) / panel.step_x, scales.words(value, found.step, "usd", abs(high))


def _dashes(place: int) -> tuple[float, ...]:
    return theme.DASHES[place % len(theme.DASHES)]


def _hatch(place: int) -> str:
    return theme.BAR_HATCHES[place % len(theme.BAR_HATCHES)]
