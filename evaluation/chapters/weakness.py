"""Price weakness, `pd`: what section 1 called so, the split of section 7a.3, and other ways of saying that price is weak."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isnan

import numpy as np

from evaluation.study import Chapter, Floats, Study, Written
from evaluation.tables import number, share, table, with_interval
from evaluation.verdicts import Claim, Court, all_known, any_known, both, column, plain, year_of_rows
from market.evaluation.bootstrap import Interval, interval_of
from market.evaluation.recorded import Recorded
from market.observations import HOUR_MS
from market.rules import PriceRules

Legs = Mapping[str, Floats]
SPLIT, SECTION_1 = "split of 7a.3", "section 1"


def _legs(study: Study, one: Recorded) -> Legs:
    """What the variants are made of, each 1, 0 or NaN by row."""
    rules = study.rules.price
    read = {
        name: study.column(one, f"price.{name}")
        for name in ("r_7d", "shock_24h", "price_usd", "mean_7d_usd", "drawdown_7d", "sigma_1d")
    }
    deep = read["drawdown_7d"] - rules.downtrend_drawdown_sigmas * read["sigma_1d"]
    below = _at_most(read["price_usd"] - read["mean_7d_usd"], 0.0)
    return {
        "week": _at_most(read["r_7d"], 0.0),
        "shock": _at_most(read["shock_24h"], rules.weak_shock_24h),
        "deep": all_known(below, _at_most(deep, 0.0)),
        "lower": study.column(one, "price.lower_low"),
        "lower now": study.column(one, "price.lower_low_in_progress"),
        "down": study.column(one, "flag.down"),
    }


def _at_most(value: Floats, limit: float) -> Floats:
    return np.where(np.isnan(value), np.nan, value <= limit)


VARIANTS: Mapping[str, tuple[str, Callable[[Legs], Floats]]] = {
    SECTION_1: (
        "(confirmed lower low and week down) or shock or (below the week's mean and 2 sigma off its high)",
        lambda on: any_known(all_known(on["week"], on["lower"]), on["shock"], on["deep"]),
    ),
    SPLIT: (
        "(lower low in progress and week down) or shock",
        lambda on: any_known(all_known(on["week"], on["lower now"]), on["shock"]),
    ),
    "in progress alone": (
        "lower low in progress and week down",
        lambda on: all_known(on["week"], on["lower now"]),
    ),
    "shock alone": ("shock_24h <= -1", lambda on: on["shock"]),
    "split or deep": (
        "the split, or below the week's mean and 2 sigma off its high",
        lambda on: any_known(all_known(on["week"], on["lower now"]), on["shock"], on["deep"]),
    ),
    "shock or deep": ("without any swing", lambda on: any_known(on["shock"], on["deep"])),
    "in progress, day down": (
        "(lower low in progress and day down) or shock",
        lambda on: any_known(all_known(on["down"], on["lower now"]), on["shock"]),
    ),
    "confirmed alone": ("confirmed lower low and week down", lambda on: all_known(on["week"], on["lower"])),
}


def held(enters: Floats, rules: PriceRules) -> Floats:
    """A claim held by its exit time, as the engine does: it ends when none of it held for so long; unknown stays unknown."""
    told, was, since = np.full(len(enters), np.nan), False, -1
    wait = rules.weak_exit_ms // HOUR_MS
    for row, enter in enumerate(enters.tolist()):
        if isnan(enter):
            continue
        if not was:
            was, since = bool(enter), -1
        elif enter:
            since = -1
        else:
            since = row if since < 0 else since
            was = row - since < wait
        told[row] = was
    return told


@dataclass
class Weakness:
    """The variants as claims, each made once."""

    study: Study
    _made: dict[tuple[str, str], Floats] = field(default_factory=dict)

    def claim(self, name: str) -> Claim:
        """A variant with its exit time; a fast break is weakness too, as the table has it."""

        def claimed(study: Study, one: Recorded) -> Floats:
            key = (name, one.asset)
            if key not in self._made:
                enters = VARIANTS[name][1](_legs(study, one))
                self._made[key] = any_known(held(enters, study.rules.price), study.column(one, "flag.brk"))
            return self._made[key]

        return claimed


@dataclass(frozen=True)
class Ratio:
    """How much oftener a sell-off began within a day of the hours in which a claim held than of all hours, and how many held."""

    interval: Interval
    drawn: Floats
    on: float


def ratio_to_base(court: Court, claim: Claim, year: int | None = None) -> Ratio:
    """Over all markets, or in one year of them."""
    study = court.study
    right, cases, all_right, all_cases = sums = np.zeros((4, study.days))
    for one in study.recorded:
        rows, holds = court.rows(one), claim(study, one)
        use = rows.scored & np.isfinite(rows.onset) & np.isfinite(holds)
        if year is not None:
            use &= year_of_rows(one) == year
        on = use & (holds == 1.0)
        sums += [
            np.bincount(rows.day[on], rows.onset[on], study.days),
            np.bincount(rows.day[on], minlength=study.days),
            np.bincount(rows.day[use], rows.onset[use], study.days),
            np.bincount(rows.day[use], minlength=study.days),
        ]
    draws = np.concatenate([np.ones((1, study.days)), study.draws])
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = (draws @ right / (draws @ cases)) / (draws @ all_right / (draws @ all_cases))
        on_share = float(cases.sum() / all_cases.sum()) if all_cases.any() else float("nan")
    return Ratio(interval_of(float(drawn[0]), drawn[1:], study.evidence.level), drawn, on_share)


def write(study: Study) -> Written:
    """The variants beside each other, over all years and by year, and what choosing by the past would have chosen."""
    court, weakness = Court(study), Weakness(study)
    claims = {name: weakness.claim(name) for name in VARIANTS}
    study.note("price weakness", len(VARIANTS))
    whole = {name: ratio_to_base(court, claim) for name, claim in claims.items()}
    years = sorted(
        {int(year) for one in study.recorded for year in np.unique(year_of_rows(one)[court.rows(one).scored])}
    )
    by_year = {
        name: {year: ratio_to_base(court, claim, year) for year in years} for name, claim in claims.items()
    }
    rows, facts = [], {}
    for name, (words, _) in VARIANTS.items():
        found, alerts = whole[name], court.alerts(claims[name])
        crowded = court.alerts(both(claims[name], column("flag.oe"), column("flag.fn")))
        rows.append(
            [
                name,
                words,
                share(found.on),
                with_interval(found.interval, 2),
                ", ".join(number(by_year[name][year].interval.value) for year in years),
                with_interval(alerts.difference),
                with_interval(crowded.difference),
            ]
        )
        facts[name] = {
            "on": plain(found.on),
            "ratio": plain(found.interval.value),
            "low": plain(found.interval.low),
            "high": plain(found.interval.high),
        }
    paired = whole[SPLIT].drawn - whole[SECTION_1].drawn
    between = interval_of(float(paired[0]), paired[1:], study.evidence.level)
    better = sum(
        by_year[SPLIT][year].interval.value > by_year[SECTION_1][year].interval.value for year in years
    )
    text = HEAD + table([*TABLE_HEAD[:4], f"ratio in {', '.join(map(str, years))}", *TABLE_HEAD[4:]], rows)
    text += CHOICE.format(between=with_interval(between, 2), better=better, years=len(years))
    return Written(
        text,
        {
            "variants": facts,
            "difference": {
                "value": plain(between.value),
                "low": plain(between.low),
                "high": plain(between.high),
            },
            "better_years": [better, len(years)],
        },
    )


HEAD = """How much oftener a sell-off began within 24 h of the hours in which price was called weak than of all hours, by several ways of calling it
weak. All end when nothing of them held for six hours, and a fast break is weakness in all of them.

"""
TABLE_HEAD = (
    "variant",
    "what it is",
    "hours on",
    "ratio to all hours",
    "edges minus random, precision",
    "pro-tip made of it minus random, precision",
)
CHOICE = """
The split minus section 1, paired: {between}; better in {better} of {years} years. It is what `pd` is now (decision 0042), as 7a.3 proposed
it. No fresh test: the first run saw the leg by itself on these years. The others are shown, not chosen among; some score higher here.
"""

CHAPTER = Chapter(45, "weakness", "When price is weak", write)
