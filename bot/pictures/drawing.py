"""A picture as a PNG: its title, its panels from top to bottom, of when it is, and of which market where that is not the present one."""

from bot.pictures import scales, theme
from bot.pictures.fields import slots
from bot.pictures.panels import draw_panel, height_of
from bot.pictures.sheet import Sheet
from commands.protocol.picture import Panel, Picture
from commands.protocol.style import written_in

LIVE = "live"
NAME = "Seawall"
FAINTLY = 0.09
SLANT = 24.0


def draw(picture: Picture) -> bytes:
    """The picture as a PNG, `theme.WIDTH` wide, its numbers and days in the style it came with."""
    with written_in(picture.style):
        return _drawn(picture)


def _drawn(picture: Picture) -> bytes:
    has_times = _with_times(picture.panels)
    heights = [height_of(panel, has_times=has) for panel, has in zip(picture.panels, has_times, strict=True)]
    height = theme.HEAD + sum(heights) + theme.GAP * len(heights) + theme.FOOT
    sheet = Sheet(theme.WIDTH, min(theme.MOST_HEIGHT, round(height)), theme.GROUND)
    _draw_head(sheet, picture)
    top = float(theme.HEAD)
    for panel, taken, has in zip(picture.panels, heights, has_times, strict=True):
        draw_panel(sheet, panel, top, has_times=has)
        top += taken + theme.GAP
    _draw_foot(sheet, picture, top + theme.FOOT / 2 - theme.GAP / 2)
    if picture.source != LIVE:
        middle = theme.WIDTH / 2, height / 2
        word = picture.mark or picture.source.upper()
        sheet.text(
            *middle, word, theme.MARK, theme.WORDS, side="center", bold=True, opacity=FAINTLY, angle=SLANT
        )
    return sheet.png()


def _with_times(panels: tuple[Panel, ...]) -> list[bool]:
    """Which panels have times below them: the last of those in a row that share them."""
    behind = [*panels[1:], *([None] if panels else [])]
    return [
        after is None or _axis(panel) != _axis(after) for panel, after in zip(panels, behind, strict=True)
    ]


def _axis(panel: Panel) -> tuple[object, ...]:
    return panel.first_ms, panel.step_ms, panel.first_x, panel.step_x, panel.axis, slots(panel)


def _draw_head(sheet: Sheet, picture: Picture) -> None:
    y, right = theme.HEAD / 2, float(theme.WIDTH - theme.LEFT)
    room = right - theme.LEFT
    if picture.source != LIVE:
        word = picture.mark or picture.source.upper()
        taken = sheet.width_of(word, theme.MIDDLE, bold=True)
        sheet.boxes([(right - taken - 24.0, y - 20.0, right, y + 20.0)], theme.WORDS)
        sheet.text(right - 12.0, y, word, theme.MIDDLE, theme.GROUND, side="right", bold=True)
        room -= taken + 40.0
    sheet.text_within(theme.LEFT, y, picture.title, (theme.BIG, theme.SMALL), theme.WORDS, room, bold=True)


def _draw_foot(sheet: Sheet, picture: Picture, y: float) -> None:
    sheet.text(theme.LEFT, y, NAME, theme.SMALL, theme.QUIET)
    ends = [panel.first_ms + (slots(panel) - 1) * panel.step_ms for panel in picture.panels if panel.step_ms]
    if ends:
        sheet.text(
            theme.WIDTH - theme.LEFT, y, scales.moment(max(ends)), theme.SMALL, theme.QUIET, side="right"
        )
