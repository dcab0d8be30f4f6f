"""How many liquidations one liquidation brings about: the branching ratio of a self-exciting process (section 3).

The rate of events is a baseline and, after each of them, `ratio` more on average, spread over time with a half-life. A
baseline that moves looks like excitement to an estimator with a constant one (Filimonov and Sornette, 1308.6756), so the
one that is shown, `piecewise_estimate`, gives each quarter of an hour its own, and looks at short half-lives only. For a
fixed half-life the likelihood has one maximum, which expectation maximisation finds in passes of one step an event.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, inf, log, sqrt
from random import Random
from statistics import fmean, stdev, variance

HALF_LIVES_S = (5.0, 15.0, 30.0, 60.0)
BLOCK_S = 900.0
MOST_PASSES = 200
CLOSE_ENOUGH = 1e-5
DRAWS, CORRECTIONS = 6, 2
HIGHEST = 0.98
"""The largest ratio that is told: at 1 a record has no end."""
MOST_DRAWN = 50_000
"""A process near 1 may go on for ever; a record so long says as much."""
HALF = log(2.0)


@dataclass(frozen=True, slots=True)
class Excitement:
    """An estimate: events that one brings about, its standard deviation (None: not known), log-likelihood, 1 / seconds.

    `baselines` are the rates a second of each block of time.
    """

    ratio: float
    deviation: float | None
    log_likelihood: float
    decay: float
    baselines: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Record:
    """Events as the passes need them: `echoes` A_i by the recursion, `blocks` the block of each, `spans_s` of the blocks."""

    echoes: list[float]
    blocks: list[int]
    spans_s: list[float]
    mass: float
    decay: float


def log_likelihood(
    times_s: Sequence[float], until_s: float, baseline: float, ratio: float, decay: float
) -> float:
    """Of events at `times_s` in (0, `until_s`], ascending, under a constant baseline (1/s) and a decay (1/s).

    `A_1 = 0, A_i = exp(-decay dt) (1 + A_{i-1})`; -inf where an event could not have been.
    """
    record = _record(times_s, until_s, decay, until_s)
    return _likelihood(record, [baseline], ratio)


def constant_estimate(times_s: Sequence[float], until_s: float, decay: float) -> Excitement | None:
    """Baseline and ratio at a fixed decay, None without events. Apt to call a moving baseline excitement: not for show."""
    return _estimate(_record(times_s, until_s, decay, until_s)) if times_s else None


def piecewise_estimate(times_s: Sequence[float], until_s: float) -> Excitement | None:
    """The likeliest over short half-lives, with a baseline a quarter of an hour, None without events.

    A moving baseline is not taken for excitement, but takes up a part of it: this falls short by a tenth and more.
    """
    if not times_s:
        return None
    records = [_record(times_s, until_s, HALF / half_life_s, BLOCK_S) for half_life_s in HALF_LIVES_S]
    return max(map(_estimate, records), key=lambda found: found.log_likelihood)


def branching_estimate(times_s: Sequence[float], until_s: float) -> Excitement | None:
    """The process whose records are estimated as these events are: the one that is shown. None without events.

    The piecewise estimate falls short. So records are drawn from a process and estimated in turn, and its ratio raised by
    what they fall short, twice. The dice are seeded by the events. `deviation` is twice the spread of the last estimates,
    as the correction doubles an error.
    """
    found = piecewise_estimate(times_s, until_s)
    if found is None:
        return None
    dice, guess, again = Random(len(times_s)), found, list[float]()
    for _ in range(CORRECTIONS):
        again = [_estimated_anew(guess, until_s, dice) for _ in range(DRAWS)]
        guess = _with_ratio(found, guess.ratio + found.ratio - fmean(again))
    return replace(found, ratio=guess.ratio, deviation=2.0 * stdev(again))


def _with_ratio(found: Excitement, ratio: float) -> Excitement:
    """The same number of events, more or fewer of them brought about by others."""
    ratio = min(HIGHEST, max(0.0, ratio))
    own = (1.0 - ratio) / max(1.0 - HIGHEST, 1.0 - found.ratio)
    return replace(found, ratio=ratio, baselines=tuple([rate * own for rate in found.baselines]))


def ratio_of_counts(counts: Sequence[int]) -> float | None:
    """`1 - sqrt(mean / variance)` of counts in windows much longer than the half-life (Hardiman and Bouchaud, 1403.5227).

    0 where they vary no more than chance would have it, None without events.
    """
    mean = fmean(counts) if len(counts) > 1 else 0.0
    if mean <= 0.0:
        return None
    spread = variance(counts, mean)
    return 0.0 if spread <= mean else 1.0 - sqrt(mean / spread)


def apart(times_ms: Sequence[int], resolution_ms: int = 1_000) -> list[float]:
    """Seconds of events, ascending, equal stamps drawn apart within what the stamp tells: the same for the same events."""
    counts: dict[int, int] = {}
    for stamp in times_ms:
        counts[stamp] = counts.get(stamp, 0) + 1
    drawn: list[float] = []
    for stamp, count in counts.items():
        if count == 1:
            drawn.append(stamp / 1_000.0)
        else:
            dice = Random(stamp)
            start_ms = stamp - stamp % resolution_ms
            drawn += [(start_ms + dice.random() * resolution_ms) / 1_000.0 for _ in range(count)]
    return sorted(drawn)


def _record(times_s: Sequence[float], until_s: float, decay: float, block_s: float) -> _Record:
    count = max(1, ceil(until_s / block_s))
    edges = [block_s * index for index in range(1, count)]
    echoes, echo, before = list[float](), 0.0, 0.0
    for place, at_s in enumerate(times_s):
        echo = exp(-decay * (at_s - before)) * (1.0 + echo) if place else 0.0
        echoes.append(echo)
        before = at_s
    spans = [end - begin for begin, end in zip([0.0, *edges], [*edges, until_s], strict=True)]
    mass = sum(1.0 - exp(-decay * (until_s - at_s)) for at_s in times_s)
    return _Record(echoes, [bisect_right(edges, at_s) for at_s in times_s], spans, mass, decay)


def _estimate(record: _Record) -> Excitement:
    """Expectation maximisation: each event is shared out between the baseline and those before it, again and again."""
    counts = [0] * len(record.spans_s)
    for block in record.blocks:
        counts[block] += 1
    ratio, baselines = 0.5, [0.5 * count / span for count, span in zip(counts, record.spans_s, strict=True)]
    for _ in range(MOST_PASSES):
        own = _own(record, baselines, ratio)
        baselines = [one / span for one, span in zip(own, record.spans_s, strict=True)]
        before, ratio = ratio, (len(record.blocks) - sum(own)) / record.mass if record.mass > 0.0 else 0.0
        if abs(ratio - before) < CLOSE_ENOUGH:
            break
    return Excitement(ratio, None, _likelihood(record, baselines, ratio), record.decay, tuple(baselines))


def _own(record: _Record, baselines: Sequence[float], ratio: float) -> list[float]:
    """Of each block's events, how many came by themselves."""
    own, pull = [0.0] * len(baselines), ratio * record.decay
    for block, echo in zip(record.blocks, record.echoes, strict=True):
        base = baselines[block]
        own[block] += base / (base + pull * echo)
    return own


def _likelihood(record: _Record, baselines: Sequence[float], ratio: float) -> float:
    pull, total = ratio * record.decay, 0.0
    for block, echo in zip(record.blocks, record.echoes, strict=True):
        rate = baselines[block] + pull * echo
        if rate <= 0.0:
            return -inf
        total += log(rate)
    expected = sum(base * span for base, span in zip(baselines, record.spans_s, strict=True))
    return total - expected - ratio * record.mass


def _estimated_anew(found: Excitement, until_s: float, dice: Random) -> float:
    """The ratio that a record drawn from an estimate is estimated to have, at the same half-life."""
    times_s = drawn_events(found.baselines, BLOCK_S, found.ratio, found.decay, until_s, dice)
    return _estimate(_record(times_s, until_s, found.decay, BLOCK_S)).ratio if times_s else 0.0


def drawn_events(
    baselines: Sequence[float], block_s: float, ratio: float, decay: float, until_s: float, dice: Random
) -> list[float]:
    """Events of such a process in (0, `until_s`], ascending: those of the baselines, each with its offspring."""
    waiting = list[float]()
    for block, rate in enumerate(baselines):
        end_s = min(until_s, (block + 1) * block_s)
        at_s = block * block_s + _pause(rate, dice)
        while at_s < end_s:
            waiting.append(at_s)
            at_s += _pause(rate, dice)
    events = list[float]()
    while waiting and len(events) < MOST_DRAWN:
        at_s = waiting.pop()
        events.append(at_s)
        born = [at_s + _pause(decay, dice) for _ in range(_poisson(ratio, dice))]
        waiting += [one for one in born if one < until_s]
    return sorted(events)


def _pause(rate: float, dice: Random) -> float:
    return dice.expovariate(rate) if rate > 0.0 else inf


def _poisson(mean: float, dice: Random) -> int:
    """How many, by multiplying chances: quick for the small means of a branching."""
    limit, count, chance = exp(-mean), 0, dice.random()
    while chance > limit:
        count += 1
        chance *= dice.random()
    return count
