"""How a number is written: prices, percentages, rates per eight hours, coins, ages, times. An unknown one is "?".

All of them take the marks of the style that holds (`commands.protocol.style`); what goes into a line is written by
`commands.protocol.numerals.typed` instead.
"""

from datetime import UTC, datetime
from math import ceil, expm1, floor, log10

from commands.protocol.style import style
from market.observations import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

UNKNOWN = "?"
ROUNDING = 1e-6
"""What arithmetic leaves of a whole number, and no reason to say the next one."""
FINE_RATE = 0.0001
"""Below a basis point a rate is told to the hundredth of one, since the lines it is held against lie there."""
_LETTERS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def marked(plain: str) -> str:
    """Words with numbers in the marks of English, with those of the style that holds."""
    return style().number(plain)


def price(usd: float | None) -> str:
    """A price with the digits a trader reads: 64,210 / 145.3 / 5.824 / 0.00001234."""
    return UNKNOWN if usd is None else style().number(english_price(usd))


def english_price(usd: float) -> str:
    """The same in the marks of English."""
    size = abs(usd)
    if size >= 1e9:
        return _short(usd)
    if size >= 1_000:
        return f"{usd:,.0f}"
    if size >= 100:
        return f"{usd:.1f}"
    return f"{usd:.3f}" if size >= 1 else _significant(usd, 4)


def price_short(usd: float, columns: int) -> str:
    """A price in few columns: 64.2k / 145 / 0.012 / 1.2e-5, which no thousands can shorten."""
    if abs(usd) >= 1 or usd == 0:
        return short(usd)
    plain = _significant(usd, 2)
    return style().number(plain if len(plain) <= columns else f"{usd:.1e}".replace("e-0", "e-"))


def money(usd: float | None) -> str:
    """An amount of dollars: cents below 1,000, none above."""
    return UNKNOWN if usd is None else style().number(english_money(usd))


def english_money(usd: float) -> str:
    """The same in the marks of English."""
    if abs(usd) >= 1e12:
        return _short(usd)
    return f"{usd:,.2f}" if abs(usd) < 1_000 and usd != round(usd) else f"{usd:,.0f}"


def enough(usd: float) -> str:
    """An amount of dollars that has to be there: rounded up, so that what is said is never a little too small."""
    steps = 100.0 if abs(usd) < 1_000 else 1.0
    return money(ceil(usd * steps - ROUNDING) / steps)


def enough_times(multiple: float) -> str:
    """A multiple that has to be there, rounded up to a tenth: 1.35 is "1.4"."""
    return style().number(f"{ceil(multiple * 10.0 - ROUNDING) / 10.0:.1f}")


def percent(fraction: float | None, *, signed: bool = True, digits: int = 1) -> str:
    """A fraction in percent: -0.021 is "-2.1%"; `signed` shows the plus too."""
    if fraction is None:
        return UNKNOWN
    shown = round(fraction * 100.0, digits) + 0.0
    return style().number(f"{shown:{'+' if signed and shown else ''}.{digits}f}%")


def chance(probability: float | None) -> str:
    """A small probability in percent; one that rounds to nothing is "<0.1%"."""
    if probability is not None and probability < 0.0005:
        return style().number("<0.1%")
    return percent(probability, signed=False)


def share(fraction: float | None) -> str:
    """A share that somebody set, with no more decimals than it has: 0.05 is "5%", 0.025 "2.5%"."""
    if fraction is None:
        return UNKNOWN
    return style().number(f"{fraction * 100.0:.4f}".rstrip("0").rstrip(".") + "%")


def rate(fraction: float | None) -> str:
    """A rate per eight hours, without its leading zero where a language may leave it: 0.00031 is ".031%/8h"."""
    return style().number(_led(_rate(fraction)))


def rate_short(fraction: float | None) -> str:
    """The same for narrow columns, never with a leading zero: 0.000053 is ".0053%/8h"."""
    return style().number(_bare(_rate(fraction)))


def per_year(fraction: float | None) -> str:
    """A yearly rate: 0.34 is "34%pa"."""
    return UNKNOWN if fraction is None else f"{fraction * 100.0:.0f}%pa"


def points(value: float | None) -> str:
    """Vol points with their sign: "+6.1"."""
    return UNKNOWN if value is None else style().number(f"{round(value, 1) + 0.0:+.1f}")


def bps(value: float | None) -> str:
    """Basis points: "0.6", "12"."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f}" if abs(value) >= 10 else style().number(f"{value:.1f}")


def rank(percentile: float | None) -> str:
    """A rank against the input's own past: 0.88 is "p88"."""
    return "-" if percentile is None else f"p{min(99, int(percentile * 100)):d}"


def short(value: float | None) -> str:
    """An amount in at most four digits and a letter: 214_000 is "214k", 1_234_000 is "1.23M"."""
    return UNKNOWN if value is None else style().number(_short(value))


def short_down(value: float) -> str:
    """The same, never above the amount (0 or more): 126_900 is "126k"."""
    step = 10.0 ** (floor(log10(value)) - 2) if value > 0.0 else 1.0
    return short(int(value / step + ROUNDING) * step)


def times(leverage: float | None) -> str:
    """A leverage rounded down to a tenth, as caps are shown: 1.875 is "1.8x"."""
    if leverage is None:
        return UNKNOWN
    return style().number(f"{down_to_tenths(leverage):.1f}x")


def down_to_tenths(leverage: float) -> float:
    """A leverage as `times` shows it."""
    return int(leverage * 10 + 1e-9) / 10


def down_finely(leverage: float) -> float:
    """A leverage rounded down to a hundredth, below a tenth to two digits that count: what is told of it is not nothing."""
    steps = 100.0 if not 0.0 < leverage < 0.1 else 10.0 ** (1 - floor(log10(leverage)))
    return int(leverage * steps + 1e-9) / steps


def plainly(leverage: float) -> str:
    """A leverage as the reader would type it: 5.0 is "5x", 2.5 is "2.5x"; in a line it is `typed` instead."""
    return style().number(f"{leverage:.2f}".rstrip("0").rstrip(".") + "x")


def from_log(log_return: float) -> float:
    """A log return as a plain fraction."""
    return expm1(min(log_return, 50.0))


def age(ms: int | None, *, daily: bool = False) -> str:
    """How old a value is, in one unit: "4s", "2min", "3h", "5d", and short enough beside a daily one: "19h daily"."""
    if ms is None:
        return "-"
    if ms < MINUTE_MS:
        told = f"{max(0, ms) // SECOND_MS}s"
    elif ms < (HOUR_MS if daily else 2 * HOUR_MS):
        told = f"{ms // MINUTE_MS}m" if daily else f"{ms // MINUTE_MS}min"
    elif ms < 2 * DAY_MS:
        told = f"{ms // HOUR_MS}h"
    else:
        told = f"{ms // DAY_MS}d"
    return f"{told} {style().daily}" if daily else told


def duration(ms: int) -> str:
    """A span in words: "6 h 20 min", "3 d 4 h", "45 s"."""
    if ms < MINUTE_MS:
        return f"{max(0, ms) // SECOND_MS} s"
    days, hours, minutes = ms // DAY_MS, ms % DAY_MS // HOUR_MS, ms % HOUR_MS // MINUTE_MS
    if days >= 2:
        return f"{days} d {hours} h" if hours else f"{days} d"
    hours += 24 * days
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def clock(at_ms: int) -> str:
    """A time of day in UTC: "12:04:10 UTC"."""
    return f"{_utc(at_ms):%H:%M:%S} UTC"


def hour_and_minute(at_ms: int) -> str:
    """A time of day in UTC to the minute: "14:00 UTC"."""
    return f"{_utc(at_ms):%H:%M} UTC"


def day_and_minute(at_ms: int) -> str:
    """A moment of the last days in UTC, in twelve columns: "22 Nov 04:10"."""
    at = _utc(at_ms)
    return f"{style().dated(style().day, at)} {at:%H:%M}"


def date_and_clock(at_ms: int) -> str:
    """A recorded time in UTC: "2024-08-05 12:00 UTC"."""
    at = _utc(at_ms)
    return f"{style().dated(style().date, at)} {at:%H:%M} UTC"


def day_of(iso: str) -> str:
    """A day that is known by its name, "2026-09-29", in the style that holds; what is none is told as it is."""
    year, _, rest = iso.partition("-")
    month, _, day = rest.partition("-")
    if not (len(year) == 4 and len(month) == len(day) == 2 and (year + month + day).isdigit()):
        return iso
    return style().date.format(year=year, month=month, day=day, name="")


def decimals(value: float, digits: int, *, signed: bool = False) -> str:
    """A bare number with so many decimals: "3.5", "+1.2"."""
    return style().number(f"{value:{'+' if signed else ''}.{digits}f}")


def general(value: float) -> str:
    """A number with no more decimals than it has, at most six digits: 0.75 is "0.75", 24.0 "24"."""
    return style().number(f"{value:g}")


def bare(value: float) -> str:
    """The same without its leading zero where a language may leave it: 0.75 is ".75"."""
    return style().number(_led(f"{value:g}"))


def _utc(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / SECOND_MS, tz=UTC)


def _short(value: float) -> str:
    if abs(value) >= 1e16:
        return f"{value:.0e}"
    for size, letter in _LETTERS:
        if abs(value) >= size * 0.9995:
            return _three(value / size) + letter
    return _three(value)


def _three(value: float) -> str:
    size = abs(value)
    if size >= 99.95 or value == 0:
        return f"{value:.0f}"
    return f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"


def _rate(fraction: float | None) -> str:
    if fraction is None:
        return UNKNOWN
    shown = f"{fraction * 100.0:.4f}" if abs(fraction) < FINE_RATE else f"{fraction * 100.0:.3f}"
    return f"{shown.removesuffix('0') if len(shown.partition('.')[2]) > 3 else shown}%/8h"


def _led(number: str) -> str:
    return number if style().leading_zero else _bare(number)


def _bare(number: str) -> str:
    return number.replace("0.", ".", 1) if number.lstrip("+-").startswith("0.") else number


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    places = digits - 1 - int(f"{value:e}".rpartition("e")[2])
    return f"{value:.{min(max(places, 0), 12)}f}"
