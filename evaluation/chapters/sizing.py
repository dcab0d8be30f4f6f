"""What `/size` is worth: forced closes of a 5x long held three days without it, with it, and with a constant leverage."""

from collections.abc import Mapping, Sequence

import numpy as np

from evaluation.positions import CAPS, HOLD, Market, constants_of, counted_in, markets_of
from evaluation.study import Chapter, Floats, Study, Written
from evaluation.tables import number, share, table, with_interval
from market.evaluation.bootstrap import Interval, difference, ratio
from market.evaluation.sizing import Flags
from market.table import CODED

FIRST = {"BTC": (1.40, 4.20, 0.85, 0.66), "ETH": (3.41, 4.05, 1.73, 1.91), "SOL": (4.17, 2.43, 0.60, 0.53), "XRP": (3.15, 2.38, 0.36, 0.10)}  # fmt: skip
"""First evaluation, section 6: forced closes in percent at 5x, mean of `/size`, forced closes with it and at its mean."""

TEXT = """A {leverage:g}x isolated long is entered at every close and held {hours} h; it is closed by force where its margin does not
cover maintenance ({maintenance:.1%}) and fee ({fee:.2%}) at an hour's lowest traded price (wicks overstate closes on mark prices);
funding is what was settled. With `/size` its leverage is the lower of {leverage:g} and what `/size` allows. "Equal" is a constant
leverage of the same mean. Results are in percent of the margin; the worst are what 5 % of the entries fell below.

{assets}
At 5x the forced closes are those of the first evaluation to 0.01 points. The engine's `/size` allows 2 to 12 % less leverage than that run's own
rebuild of sigma and its reference did; the verdict is the same.

All assets, entries added up:

{pooled}
{verdict}

Forced closes by what was known at entry, {leverage:g}x and with `/size`, all assets:

{states}
What binds (share of entries; "request" is the {leverage:g}x asked for):

{caps}"""


def write(study: Study) -> Written:
    """The check of section 10, by asset, in all, by state and by cap."""
    markets = markets_of(study)
    if not markets:
        return Written("Not established: no market here has prices, funding and sizes.", {"markets": 0})
    study.note("sizing: /size as it is", 2)
    pooled_rows, facts = _pooled(study, markets)
    text = TEXT.format(
        leverage=HOLD.leverage,
        hours=HOLD.hours,
        maintenance=HOLD.maintenance_rate,
        fee=HOLD.fee_rate,
        assets=_by_asset(markets),
        pooled=table(["figure", "value and interval"], pooled_rows),
        verdict=_verdict(facts),
        states=_by_state(study, markets),
        caps=_binding(study, markets),
    )
    return Written(text, {**facts, "assets": _asset_facts(markets)})


def _by_asset(markets: Sequence[Market]) -> str:
    rows = []
    for market in markets:
        entries, sized = market.entries, market.sized
        mean, entered = entries.mean_leverage(sized), entries.entered.sum()
        asked = HOLD.leverage
        rows.append(
            [
                market.asset,
                *_outcome(market, asked),
                number(mean),
                *_outcome(market, sized),
                share(entries.closed(mean) / entered, 2),
                share(entries.mean_result(mean), 2),
                " / ".join(f"{figure:.2f}" for figure in FIRST[market.asset])
                if market.asset in FIRST
                else "-",
            ]
        )
    head = [
        "asset",
        *("5x: closed", "mean", "worst"),
        *("`/size`: leverage", "closed", "mean", "worst"),
        *("equal: closed", "mean"),
        "first evaluation: 5x, leverage, `/size`, equal",
    ]
    return table(head, rows)


def _outcome(market: Market, leverage: Floats | float) -> list[str]:
    entries = market.entries
    return [
        share(entries.closed(leverage) / entries.entered.sum(), 2),
        share(entries.mean_result(leverage), 2),
        share(entries.worst_result(leverage)),
    ]


def _asset_facts(markets: Sequence[Market]) -> dict[str, Mapping[str, float]]:
    return {
        market.asset: {
            "entries": float(market.entries.entered.sum()),
            "closed_5x": _share_closed(market, HOLD.leverage),
            "leverage": market.entries.mean_leverage(market.sized),
            "closed_sized": _share_closed(market, market.sized),
            "closed_equal": _share_closed(market, market.entries.mean_leverage(market.sized)),
        }
        for market in markets
    }


def _share_closed(market: Market, leverage: Floats | float) -> float:
    return float(market.entries.closed(leverage) / market.entries.entered.sum())


def _pooled(study: Study, markets: Sequence[Market]) -> tuple[list[list[str]], dict[str, object]]:
    """Rows of the table of all assets, and the same as figures."""
    entered = _summed([market.entries.entered for market in markets])
    asked = [np.full(len(market.sized), HOLD.leverage) for market in markets]
    sized = [market.sized for market in markets]
    closed_asked, closed_sized = _closed(markets, asked), _closed(markets, sized)
    constants = constants_of(study, markets)
    equal, before = constants.against(sized), constants.against([one.sized_without_fall for one in markets])
    figures: dict[str, Interval] = {
        "closed_5x": ratio(closed_asked, entered, study.draws),
        "closed_sized": ratio(closed_sized, entered, study.draws),
        "ratio_to_5x": ratio(closed_sized, closed_asked, study.draws),
        "ratio_to_equal": equal.ratio,
        "ratio_to_equal_without_fall": before.ratio,
        "gain_over_equal": equal.gain,
        "result_less_5x": difference(
            (_results(markets, sized), entered), (_results(markets, asked), entered), study.draws
        ),
    }
    said = {
        "closed_5x": "forced closes, 5x",
        "closed_sized": "forced closes with `/size`",
        "ratio_to_5x": "`/size` over 5x",
        "ratio_to_equal": "`/size` over a constant leverage of its mean, each asset's",
        "ratio_to_equal_without_fall": "the same without the cap for a fall",
        "gain_over_equal": "mean result less that of the constant",
        "result_less_5x": "mean result less that of 5x (missed drift)",
    }
    rows = [[said[name], with_interval(figure, 4)] for name, figure in figures.items()]
    return rows, {name: [figure.value, figure.low, figure.high] for name, figure in figures.items()}


def _closed(markets: Sequence[Market], leverages: Sequence[Floats]) -> Floats:
    return _summed(
        [
            market.entries.by_day(market.entries.holds.is_closed(leverage).astype(np.float64))
            for market, leverage in zip(markets, leverages, strict=True)
        ]
    )


def _results(markets: Sequence[Market], leverages: Sequence[Floats]) -> Floats:
    return _summed(
        [
            market.entries.by_day(np.nan_to_num(market.entries.holds.result(leverage)))
            for market, leverage in zip(markets, leverages, strict=True)
        ]
    )


def _summed(by_day: Sequence[Floats]) -> Floats:
    """Of all markets together."""
    return np.asarray(np.sum(by_day, axis=0))


def _verdict(facts: Mapping[str, object]) -> str:
    """One sentence: whether timing is worth anything beyond having less leverage."""
    found = facts["ratio_to_equal"]
    value, low, high = found if isinstance(found, list) else (np.nan, np.nan, np.nan)
    if np.isnan(low):
        return "Whether `/size` does better than a constant leverage is not established here."
    if high < 1.0:
        return f"`/size` has fewer forced closes than a constant leverage of its mean ({value:.2f} of them)."
    if low > 1.0:
        return f"`/size` has more forced closes than a constant leverage of its mean ({value:.2f} of them)."
    return (
        f"What `/size` saves it saves by asking for less leverage: against a constant leverage of its mean the ratio is {value:.2f},"
        " and the interval holds 1."
    )


def _by_state(study: Study, markets: Sequence[Market]) -> str:
    rows = []
    for name, chosen in _states(study, markets):
        parts = [counted_in(market, here) for market, here in zip(markets, chosen, strict=True)]
        entered = int(sum(part.entered.sum() for part in parts))
        if entered:
            days = np.unique(np.concatenate([part.day[part.counted] for part in parts]))
            asked = sum(part.closed(HOLD.leverage) for part in parts)
            sized = sum(part.closed(market.sized) for part, market in zip(parts, markets, strict=True))
            rows.append(
                [name, str(entered), str(len(days)), share(asked / entered, 2), share(sized / entered, 2)]
            )
    return table(["at entry", "entries", "days", "closed at 5x", "closed with `/size`"], rows)


def _states(study: Study, markets: Sequence[Market]) -> list[tuple[str, list[Flags]]]:
    """Every state, then price weak and not."""
    found = []
    for place, state in enumerate(CODED):
        found.append((state.value, [study.column(one.recorded, "regime.state") == place for one in markets]))
    for name, value in (("price weak (`pd`)", 1.0), ("price not weak", 0.0)):
        found.append((name, [study.column(one.recorded, "flag.pd") == value for one in markets]))
    found.append(("pro-tip", [study.column(one.recorded, "regime.protip") == 1.0 for one in markets]))
    return found


def _binding(study: Study, markets: Sequence[Market]) -> str:
    rows = []
    for market in markets:
        counted = market.entries.counted
        least = np.full(int(counted.sum()), HOLD.leverage)
        binds = np.zeros(len(least), np.int64)
        for place, cap in enumerate(CAPS, 1):
            allowed = study.column(market.recorded, f"size.{cap}")[counted]
            tighter = allowed < least
            least, binds = np.where(tighter, allowed, least), np.where(tighter, place, binds)
        shares = np.bincount(binds, minlength=len(CAPS) + 1) / len(binds)
        rows.append([market.asset, *(share(part) for part in shares)])
    return table(["asset", "request", *(cap.replace("_", " ") for cap in CAPS)], rows)


CHAPTER = Chapter(60, "sizing", "What `/size` is worth", write)
