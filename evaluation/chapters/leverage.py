"""The search for a rule of leverage with fewer forced closes than a constant leverage of the same mean."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from evaluation.leverages import FAMILIES, fall_below, over_last
from evaluation.leverages_tried import Trial, chance_of_best
from evaluation.positions import HOLD, Market, counted_in, markets_of
from evaluation.study import Chapter, Floats, Study, Written
from evaluation.tables import number, share, table, with_interval
from market.evaluation.bootstrap import Interval
from market.evaluation.sizing import Compared, Constants, Days, Flags
from market.observations import DAY_MS, Side
from market.sizing_rules import SizingRules

SIZING = SizingRules()
HALF_AT = (0.05, 0.1, 0.2)
"""The fall at which the cap leaves half of the base: the one in use, and its neighbours."""

KEPT = "**fall below the high of 72 h**"
LATER_DAYS = 180
MEANS = (2.5, 3.0, 3.5, 4.0, 4.5)
LOOKED_AT_BEFORE = 450
"""Comparisons made by hand before these tables were fixed: some 110 rules and variants, most at several means and ceilings."""

PREDICTORS = ("volatility.sigma", "volatility.rv_24h", "volatility.rv_7d", "volatility.rv_30d", "volatility.ratio", "-price.shock_24h", "-price.drawdown_7d", "-price.drawdown_30d", "funding.f24", "regime.score", "flag.vol_hi", "flag.pd")  # fmt: skip

TEXT = """Goal: at most {goal} of the forced closes of a constant leverage of equal mean. Every rule below gives relative leverages; they are
brought to the mean that `/size` without its cap for a fall has in each market, none above {asked:g}x, and held against one constant leverage
a market of that mean. "Walking forward": number and scale are chosen on the past alone (a year and more, {gap} days left out), the next
quarter is tested, and the constant has the mean that the rule had there. Gain: mean result less that of the constant, points of the margin.

Can the hours be told at all? How often an hour that ended in a forced close at {asked:g}x had the higher value than one that did not
(.5: nothing):

{predictors}
{families}
{summary}

{later}

The cap as it is in `/size`, base / (1 + fall below the highest close of {hours} h / {half:.0%}), beside its neighbours, the sigma caps, and
`/size`, at their own means:

{fixed}
The cap's shape at other means, one for all assets, and by year (forced closes of it and of the constant of its mean in that year):

{levels}
{years}
The mirror, shorts held {hours} h and base / (1 + rise above the lowest close of {hours} h / x): {shorts}"""


def write(study: Study) -> Written:
    """Predictors, families, the rule that was kept, and its weak sides."""
    trial = Trial(study, FAMILIES)
    if not trial.raw or not any(tested.any() for tested in trial.tested):
        text = "Not established: no market here has the inputs and the years that a rule of leverage is tried on."
        return Written(text, {"families": 0})
    study.note("sizing: variants of rules of leverage", sum(len(variants) for variants in trial.raw.values()))
    study.note("sizing: looked at before the tables were fixed", LOOKED_AT_BEFORE)
    families, summary, facts = _families(study, trial)
    fixed, fixed_facts = _fixed(study, trial)
    text = TEXT.format(
        goal=HOLD.goal,
        asked=HOLD.leverage,
        gap=trial.folds[0].test_from - trial.folds[0].train_until,
        hours=HOLD.hours,
        half=SIZING.fall_halves_at,
        predictors=_predictors(study, trial.markets),
        families=families,
        summary=summary,
        later=_later(study),
        fixed=fixed,
        levels=_levels(study, trial),
        years=_years(study, trial),
        shorts=_shorts(study),
    )
    return Written(text, {**facts, **fixed_facts})


def _told(compared: Compared) -> list[str]:
    counts = f"{compared.closed} / {compared.closed_by_constant}"
    return [with_interval(compared.ratio, 2), counts, _points(compared.gain)]


def _points(gain: Interval) -> str:
    return with_interval(Interval(100.0 * gain.value, 100.0 * gain.low, 100.0 * gain.high), 2)


def _plain(compared: Compared) -> list[float]:
    return [compared.ratio.value, compared.ratio.low, compared.ratio.high]


def _families(study: Study, trial: Trial) -> tuple[str, str, dict[str, object]]:
    rows, facts, whole = [], {}, dict[str, Compared]()
    for name, variants in trial.raw.items():
        here = [trial.whole(raw) for raw in variants]
        whole |= {f"{name} #{place}": one for place, one in enumerate(here)}
        walked = trial.walk([name]).compared
        values = [one.ratio.value for one in here]
        rows.append([name, str(len(here)), f"{min(values):.2f} to {max(values):.2f}", *_told(walked)])
        facts[name.strip("*")] = _plain(walked)
    chosen = trial.walk(list(trial.raw)).compared
    rows.append(["the best of all on each past", str(len(whole)), "-", *_told(chosen)])
    head = ["rule", "variants", "whole history", "walking forward", "closed, of constant", "gain"]
    best, chance = chance_of_best(whole)
    met = [name for name, (value, _, high) in facts.items() if value <= HOLD.goal and high < 1.0]
    summary = (
        f"{len(met)} of {len(facts)} rules meet the goal walking forward with an interval below 1. Choosing among all {len(whole)} variants by"
        f" each past gives {with_interval(chosen.ratio, 2)}: which family to trust was not to be learned from the past alone. Of as many worthless"
        f" variants the best would look as sure as the surest here in {share(chance)} of the draws (White's reality check, whole history)."
    )
    study.note("sizing: walking forward", len(facts) + 1)
    return (
        table(head, rows),
        summary,
        {
            "walked": facts,
            "best_of_all": _plain(chosen),
            "chance_of_best": chance,
            "surest": best,
            "met": met,
        },
    )


def _later(study: Study) -> str:
    """The kept rule once more with every market beginning half a year later."""
    kept = [family for family in FAMILIES if family.name == KEPT]
    trial = Trial(study, kept, LATER_DAYS)
    study.note("sizing: begun later")
    if not trial.raw or not any(tested.any() for tested in trial.tested):
        return ""
    walked = trial.walk([KEPT]).compared
    return (
        f"With the first {LATER_DAYS} days of every market left out, so that training and testing begin later, the fall of {HOLD.hours} h has"
        f" {with_interval(walked.ratio, 2)} walking forward: the figure hangs on few sell-offs."
    )


def _predictors(study: Study, markets: Sequence[Market]) -> str:
    rows = []
    for name in PREDICTORS:
        sign = -1.0 if name.startswith("-") else 1.0
        figures = [
            _separates(
                sign * study.column(market.recorded, name.removeprefix("-"))[market.entries.counted],
                market.entries.holds.is_closed(HOLD.leverage)[market.entries.counted],
            )
            for market in markets
        ]
        rows.append([name, *(number(figure) for figure in figures)])
    return table(["known at entry", *(market.asset for market in markets)], rows)


def _separates(score: Floats, closed: Flags) -> float:
    """The chance that a row that was closed has the higher score than one that was not; ties count half."""
    known = np.isfinite(score)
    score, closed = score[known], closed[known]
    hits, rest = float(closed.sum()), float((~closed).sum())
    if not hits or not rest:
        return float("nan")
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2.0
    return (float(rank[place][closed].sum()) - hits * (hits + 1.0) / 2.0) / (hits * rest)


def _base(market: Market) -> float:
    return SIZING.base_leverage(market.asset)


def cap_for_a_fall(market: Market, half_at: float) -> Floats:
    """The cap as `/size` has it: half of the base where price is `half_at` below its highest close of the holding time."""
    fall = fall_below(np.frombuffer(market.recorded.bars.close_usd), HOLD.hours)
    return np.asarray(_base(market) / (1.0 + fall / half_at))


def _fixed(study: Study, trial: Trial) -> tuple[str, dict[str, object]]:
    rules: dict[str, list[Floats]] = {
        f"fall, half at {half_at:.0%}": [cap_for_a_fall(one, half_at) for one in trial.markets]
        for half_at in HALF_AT
    }
    for sigmas in (3.0, 4.0, 5.0):
        rules[f"{sigmas:g}-sigma cap"] = [_sigma_cap(study, one, sigmas) for one in trial.markets]
    rules["`/size` without a cap for a fall"] = [one.sized_without_fall for one in trial.markets]
    for half_at in HALF_AT:
        rules[f"`/size` with a cap for a fall, half at {half_at:.0%}"] = [
            np.minimum(one.sized_without_fall, cap_for_a_fall(one, half_at)) for one in trial.markets
        ]
    study.note("sizing: caps as they are", len(rules))
    rows, facts = [], {}
    for name, leverages in rules.items():
        whole, tested = trial.as_it_is(leverages), trial.as_it_is(leverages, tested=True)
        means = [entries.mean_leverage(one) for entries, one in zip(trial.entries, leverages, strict=True)]
        rows.append(
            [name, " / ".join(number(mean) for mean in means), *_told(whole), with_interval(tested.ratio, 2)]
        )
        facts[name] = _plain(whole)
    head = ["cap", "mean leverage", "whole history", "closed, of constant", "gain", "tested years alone"]
    return table(head, rows), {"as_it_is": facts}


def _sigma_cap(study: Study, market: Market, sigmas: float) -> Floats:
    """L_2s of section 8 with another number of sigmas, at most the leverage asked for."""
    sigma_hold = study.column(market.recorded, "volatility.sigma") * np.sqrt(HOLD.hours / 8_760.0)
    paid = np.maximum(0.0, study.column(market.recorded, "funding.f24")) * HOLD.hours / HOLD.settles_hours
    due = HOLD.maintenance_rate + HOLD.fee_rate
    return np.asarray(np.fmin(HOLD.leverage, 1.0 / (sigmas * sigma_hold * (1.0 - due) + due + paid)))


def _levels(study: Study, trial: Trial) -> str:
    shape = [cap_for_a_fall(one, SIZING.fall_halves_at) for one in trial.markets]
    study.note("sizing: other means", len(MEANS))
    rows = [[f"{mean:g}x", *_told(trial.whole(shape, [mean] * len(shape)))] for mean in MEANS]
    return table(["mean", "ratio", "closed, of constant", "gain"], rows)


def _years(study: Study, trial: Trial) -> str:
    leverages = trial.brought_to(
        [cap_for_a_fall(one, SIZING.fall_halves_at) for one in trial.markets], trial.means()
    )
    counts: dict[int, tuple[int, int]] = {}
    for entries, leverage in zip(trial.entries, leverages, strict=True):
        year = _year_of(entries.day + study.first_day)
        for one in np.unique(year[entries.counted]).tolist():
            rows = entries.counted & (year == one)
            here = int(entries.holds.is_closed(leverage)[rows].sum())
            there = int(entries.holds.is_closed(float(leverage[rows].mean()))[rows].sum())
            before = counts.get(one, (0, 0))
            counts[one] = (before[0] + here, before[1] + there)
    rows = [[str(year), f"{here} / {there}"] for year, (here, there) in sorted(counts.items())]
    return table(["year", "closed, of constant"], rows)


def _year_of(day: Days) -> Days:
    years = {one: datetime.fromtimestamp(one * DAY_MS / 1000, UTC).year for one in np.unique(day).tolist()}
    return np.array([years[one] for one in day.tolist()], np.int64)


def _shorts(study: Study) -> str:
    """The same question for shorts, at the cap's own mean."""
    markets = markets_of(study, Side.SHORT)
    rules = {half_at: [_cap_for_a_rise(market, half_at) for market in markets] for half_at in HALF_AT}
    known = [np.isfinite(rise) for rise in rules[HALF_AT[0]]]
    entries = [counted_in(market, rows) for market, rows in zip(markets, known, strict=True)]
    constants = Constants(entries, study.draws)
    found = {
        half_at: constants.against([np.nan_to_num(one) for one in leverages]).ratio
        for half_at, leverages in rules.items()
    }
    study.note("sizing: shorts", len(HALF_AT))
    told = "; ".join(f"x {half_at:.0%}: {with_interval(ratio, 2)}" for half_at, ratio in found.items())
    below = sum(ratio.high < 1.0 for ratio in found.values())
    return f"{told}. {below} of {len(found)} intervals lie below 1, and none was walked forward: shorts have no such cap.\n"


def _cap_for_a_rise(market: Market, half_at: float) -> Floats:
    close = np.frombuffer(market.recorded.bars.close_usd)
    rise = close / over_last(close, HOLD.hours, np.min) - 1.0
    return np.asarray(_base(market) / (1.0 + rise / half_at))


CHAPTER = Chapter(62, "leverage", "A rule of leverage that beats a constant one", write)
