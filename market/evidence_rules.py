"""What is believed: how much must have been seen, how much may be missing or late, and what cannot be true."""

from market.observations import DAY_MS, HOUR_MS, MINUTE_MS

LEAST_DAYS = 7
LEAST_HOURS = LEAST_DAYS * 24
"""n_min: "7 d hourly=168"; below it there is no rank, no score, and no map of leverage (section 0)."""

A_THIRD = 3
"""From n_min to one part in so many of the window "quality is .5" (7a.7)."""

THIRD_OF_MONTH_HOURS = 30 * 24 // A_THIRD
THIRD_OF_YEAR_HOURS = 365 * 24 // A_THIRD
"""So many hourly values are that part of a month and of a year."""

LEAST_OF_HOUR_MS, LEAST_OF_DAY_MS = 9 * HOUR_MS // 10, 9 * DAY_MS // 10
"""A sum of which less than nine tenths was told is not known: it would look small and be none."""

HOLE_OF_HOUR_MS, HOLE_OF_DAY_MS = HOUR_MS // 10, DAY_MS // 10
"""What may be missing at a stretch while a sum still counts as whole: a tenth."""

LATE_MINUTES_MS = 4 * MINUTE_MS
"""So long the judgement of an hour waits for its last minutes of liquidations; until then their sums are fresh."""

LATE_SPOT_MS = 3 * HOUR_MS
"""So old a day of spot volume may be: its last hour is asked for once an hour, and one answer may fail."""

CARRIED_MS = 15 * MINUTE_MS
"""Open interest: "carry a venue <=15 min" (section 4)."""

LEAST_OF_HISTORY = 0.98
"""Of the 180 days, what has to be known before a move is called the worst of them (section 8.10)."""

HIGHEST_SKEW, HIGHEST_DVOL = 4.0, 10.0
"""Beyond these (fractions) a point is a mistake of its source and no market."""
