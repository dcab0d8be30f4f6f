"""Pictures to be drawn: one with everything in it."""

from dataclasses import replace

from commands.protocol.picture import Band, Ink, Mark, Panel, Picture, Rule, Series
from market.observations import DAY_MS, HOUR_MS

FIRST_MS = 1_763_596_800_000
"""2025-11-20 00:00 UTC."""
PNG = b"\x89PNG\r\n\x1a\n"


def hourly(*series: Series, rules: tuple[Rule, ...] = (), title: str = "Price", unit: str = "usd") -> Panel:
    """A panel over hours."""
    return Panel(title, unit, series, rules=rules, first_ms=FIRST_MS, step_ms=HOUR_MS, says="64,210")


def picture(*panels: Panel, key: str = "sample", source: str = "live") -> Picture:
    """A picture of panels; with everything in it where none are said."""
    return Picture(key, "BTC", panels or every_kind(), "BTC. Price: last 3.", source)


def every_kind() -> tuple[Panel, ...]:
    """Lines with gaps, bars of two kinds, steps, cells, levels and an upright, over time and over a price."""
    wave = tuple(None if place in {5, 7, 20} else float(place % 11) for place in range(48))
    bars = Series("longs", wave, Mark.BARS, Ink.STRESS), Series("shorts", wave, Mark.BARS, Ink.SECOND)
    levels = (
        Rule(8.0, "high", Ink.STRESS),
        Rule(1e9, "far away"),
        Rule(FIRST_MS + DAY_MS, "then", is_upright=True),
    )
    keys = ("CALM", Ink.CALM), ("CROWDING", Ink.CAUTION), ("UNWINDING", Ink.STRESS)
    band = Band(tuple(None if place < 9 else place % 3 for place in range(48)), keys)
    paid = tuple(float(max(0, 20 - place)) for place in range(48))
    return (
        hourly(Series("price", wave), rules=levels),
        hourly(*bars, title="Liquidations"),
        hourly(Series("funding", wave, Mark.STEPS), title="Funding", unit="percent"),
        replace(hourly(title="States", unit="number"), band=band, height=0.3),
        Panel("What it pays", "usd", (Series("put", paid),), first_x=40_000.0, step_x=500.0, axis="BTC"),
    )
