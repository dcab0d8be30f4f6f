"""What each of the four checks looks at, with its values: the claims, and behind each its numbers beside what they need."""

from collections.abc import Callable, Iterator, Mapping

from commands.protocol.phrases import Phrases
from commands.wording import numbers
from commands.wording.columns import sides
from commands.wording.market import is_lasting
from commands.wording.measures import measure_line
from commands.wording.why import ANSWERS
from market.checklist import READ_BY, Check, Checklist, Question
from market.observations import Side
from market.reading import Measure, measure
from market.rules import Rules
from market.snapshot import Snapshot

PAYING = {Side.LONG: "paying_long", Side.SHORT: "paying_short"}
"""The half of the funding check that is no flag: the side pays materially, whatever is usual for the market."""


def check_lines(snapshot: Snapshot, checklist: Checklist, phrases: Phrases, rules: Rules) -> tuple[str, ...]:
    """Every check with its answer, and under it every claim it rests on with the numbers behind it."""
    return tuple(
        line
        for check in checklist.checks
        for line in (
            sides(
                phrases.word("check_question", f"{checklist.side.value}_{check.question.value}"),
                phrases.word("check_answer", answer_of(check)),
            ),
            *_claim_lines(snapshot, check, checklist.side, phrases, rules),
        )
    )


def answer_of(check: Check) -> str:
    """Flashing, not flashing or unknown; what was counted as not flashing for want of its input is not seen."""
    return "not_seen" if check.is_unseen else ANSWERS[check.met][1]


def claims_of(
    snapshot: Snapshot, check: Check, side: Side, rules: Rules
) -> Iterator[tuple[str, bool | None]]:
    """What a check rests on, by name: flags whose input is there, and for funding whether the side pays materially."""
    for flag, value in check.flags.items():
        if READ_BY[flag] not in check.absent:
            yield flag, value
    if check.question is Question.FUNDING and not check.absent:
        (paying,) = measures_behind(snapshot, PAYING[side], rules)
        yield PAYING[side], None if all(value is None for value in check.flags.values()) else paying.met


def measures_behind(snapshot: Snapshot, claim: str, rules: Rules) -> tuple[Measure, ...]:
    """The numbers behind a claim beside what they need: those its reading tells, else those of the facts; () for none."""
    told = _OF_FACTS.get(claim)
    if told is not None:
        return told(snapshot, rules)
    reading = snapshot.reading(READ_BY[claim])
    conditions = () if reading is None else reading.conditions
    return next((one.measures for one in conditions if one.flag == claim), ())


def plain_checks(snapshot: Snapshot, checklist: Checklist, rules: Rules) -> list[dict[str, object]]:
    """The checks with everything they rest on, for `--json`: fractions, basis points, vol points, ranks of 0..1."""
    return [
        {
            "check": check.question.value,
            "met": check.known,
            "absent": list(check.absent),
            "claims": [
                {"name": name, "met": met, "measures": _plain(measures_behind(snapshot, name, rules))}
                for name, met in claims_of(snapshot, check, checklist.side, rules)
            ],
        }
        for check in checklist.checks
    ]


def _claim_lines(
    snapshot: Snapshot, check: Check, side: Side, phrases: Phrases, rules: Rules
) -> Iterator[str]:
    for name, met in claims_of(snapshot, check, side, rules):
        mark, answer = ANSWERS[met]
        yield sides(f" {mark} {phrases.word('flag', name)}", phrases.word("answer", answer))
        reading = snapshot.reading(READ_BY.get(name, "funding"))
        is_learning = reading is not None and reading.learning is not None
        measures = measures_behind(snapshot, name, rules)
        is_held = met is True and (not any(one.met for one in measures) or _is_lasting(snapshot, name))
        for one in measures:
            yield measure_line(one, phrases, is_held=is_held, is_learning=is_learning)


def _is_lasting(snapshot: Snapshot, claim: str) -> bool:
    """Whether a flag stands for its time alone."""
    reading = snapshot.reading(READ_BY.get(claim, ""))
    conditions = () if reading is None else reading.conditions
    return any(one.flag == claim and is_lasting(snapshot, one) is not None for one in conditions)


def _plain(measures: tuple[Measure, ...]) -> list[dict[str, object]]:
    return [
        {"name": one.name, "value": one.value, "needed": one.needed, "unit": one.unit, "met": one.met}
        for one in measures
    ]


def _paying_long(snapshot: Snapshot, rules: Rules) -> tuple[Measure, ...]:
    return (measure("f24", snapshot.fact("funding", "f24"), rules.funding.material, "/8h"),)


def _paying_short(snapshot: Snapshot, rules: Rules) -> tuple[Measure, ...]:
    return (measure("f24", snapshot.fact("funding", "f24"), -rules.funding.material, "/8h", above=False),)


def _fell(snapshot: Snapshot, rules: Rules) -> tuple[Measure, ...]:
    return _day(snapshot, rules, is_rise=False)


def _rose(snapshot: Snapshot, rules: Rules) -> tuple[Measure, ...]:
    return _day(snapshot, rules, is_rise=True)


def _day(snapshot: Snapshot, rules: Rules, *, is_rise: bool) -> tuple[Measure, ...]:
    """The day's move as a plain fraction against the band within which price counts as flat."""
    move, sigma = snapshot.fact("price", "r_24h"), snapshot.fact("price", "sigma_1d")
    if sigma is None:
        return ()
    band = rules.price.confirm_band_sigmas * sigma
    moved = None if move is None else numbers.from_log(move)
    return (measure("r_24h", moved, numbers.from_log(band if is_rise else -band), "fraction", above=is_rise),)


def _shorts_wiped(snapshot: Snapshot, rules: Rules) -> tuple[Measure, ...]:
    bps = snapshot.fact("liquidations", "short_bps_1h")
    return (measure("short_bps_1h", bps, rules.liquidations.burst_bps, "bps"),)


def _calls(snapshot: Snapshot, rules: Rules) -> tuple[Measure, ...]:
    points, z = snapshot.fact("skew", "skew_30d_points"), snapshot.fact("skew", "z")
    return (
        measure("skew_points", points, -rules.skew.steep_points, "pts", above=False),
        measure("skew_z", z, -rules.skew.steep_z, "z", above=False),
    )


_OF_FACTS: Mapping[str, Callable[[Snapshot, Rules], tuple[Measure, ...]]] = {
    "paying_long": _paying_long,
    "paying_short": _paying_short,
    "nc": _fell,
    "up": _rose,
    "lb_short": _shorts_wiped,
    "ks_call": _calls,
}
"""The claims whose reading tells no numbers of its own."""
