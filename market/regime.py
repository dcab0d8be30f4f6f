"""Readings to flags to one state: what phase of a leverage cycle the market is in, and why (sections 7 and 7a)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from market.flags import INPUT_OF, FlagMemory, join_flags, raise_flags
from market.reading import Level, Presence, Reading
from market.rules import RegimeRules, Rules
from market.sequence import in_order, track_steps
from market.table import CALM_STATES, FLAGS, ROWS, SEVERITY, State, Verdict, classify

INPUTS = ("price", "liquidations", "open_interest", "funding", "skew")
"""The five that are read together."""

CALM_NEEDS = ("price", "open_interest", "funding")
"""What must be seen before anything is called calm (7a.2)."""

_TABLE_ORDER = {state: position for position, (state, _) in enumerate(ROWS)}


@dataclass(frozen=True, slots=True)
class Regime:
    """The judged state of one asset.

    `state` is what is said; `held` what hysteresis holds (the same unless data is insufficient); `raw` the table's
    answer this instant; `strict` the three-valued one in which an absent input is unknown; `possible` the states before
    `raw` in the table that an unknown would allow. `flags` are the fourteen of the table and more (`lb` burst,
    `vol_hi`, `rolling_over`, `up`, `lc_short`, `lb_short`, `ks_call` ...), None where unknown. `levels` are per
    reading; `steps` the stage's steps in order. `score` is 0..100 (not a probability), `confidence` 0..1 over the
    inputs that are not absent.
    """

    state: State
    held: State
    raw: State
    strict: State
    possible: tuple[State, ...]
    since_ms: int
    stage: int
    steps: tuple[str, ...]
    out_of_order: tuple[str, ...]
    protip: bool | None
    score: float | None
    confidence: float
    inputs_seen: int
    inputs_known: int
    flags: Mapping[str, FlagMemory]
    levels: Mapping[str, Level | None]
    step_onsets_ms: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    active_steps: tuple[str, ...] = ()
    recent_raw: tuple[State, ...] = ()
    lower_since_ms: int | None = None
    lower_worst: State | None = None
    insufficient_because: str | None = None

    def flag(self, name: str) -> bool | None:
        """The value of a flag, None where it is unknown."""
        memory = self.flags.get(name)
        return None if memory is None else memory.value


@dataclass(frozen=True, slots=True)
class _Held:
    """What hysteresis holds."""

    state: State
    recent_raw: tuple[State, ...]
    lower_since_ms: int | None
    lower_worst: State | None = None


def judge(readings: tuple[Reading, ...], before: Regime | None, rules: Rules, now_ms: int) -> Regime:
    """The regime these readings make, given the one before (None at the very start)."""
    presence = {reading.name: reading.presence for reading in readings}
    past = before.flags if before is not None else {}
    flags = raise_flags(readings, past, now_ms)
    join_flags(flags, past, rules, now_ms)
    told, strict = _ask_table(flags, presence)
    raw = _not_calm_unseen(told.state, presence)
    levels = _levels(readings, flags)
    score, confidence = _weigh(readings, levels)
    lacking = _lacking(presence, confidence, rules.regime)
    step_ms = _step_ms(readings)
    held = _hold(before, raw, told, flags, step_ms, now_ms, rules.regime, is_blind=lacking is not None)
    onsets, active = track_steps(
        flags,
        before.step_onsets_ms if before is not None else {},
        before.active_steps if before is not None else (),
        now_ms,
        rules.regime,
    )
    steps, out_of_order = in_order(onsets)
    state = State.INSUFFICIENT_DATA if lacking is not None else held.state
    return Regime(
        state=state,
        held=held.state,
        raw=raw,
        strict=strict.state,
        possible=_before(strict, raw),
        since_ms=before.since_ms if before is not None and before.state is state else now_ms,
        stage=len(steps),
        steps=steps,
        out_of_order=out_of_order,
        protip=told.protip,
        score=score,
        confidence=confidence,
        inputs_seen=sum(presence.get(name) is Presence.SEEN for name in INPUTS),
        inputs_known=sum(presence.get(name, Presence.ABSENT) is not Presence.ABSENT for name in INPUTS),
        flags=flags,
        levels=levels,
        step_onsets_ms=onsets,
        active_steps=active,
        recent_raw=held.recent_raw,
        lower_since_ms=held.lower_since_ms,
        lower_worst=held.lower_worst,
        insufficient_because=lacking,
    )


def _ask_table(flags: Mapping[str, FlagMemory], presence: Mapping[str, Presence]) -> tuple[Verdict, Verdict]:
    """The table with absent inputs counted as not seen (false), and with them unknown."""
    strict: dict[str, bool | None] = {}
    told: dict[str, bool | None] = {}
    for name in FLAGS:
        memory = flags.get(name)
        value = None if memory is None else memory.value
        is_absent = presence.get(INPUT_OF[name], Presence.ABSENT) is Presence.ABSENT
        strict[name] = value
        told[name] = False if is_absent and value is None else value
    return classify(told), classify(strict)


def _before(strict: Verdict, raw: State) -> tuple[State, ...]:
    """The states above `raw` in the table that an unknown would allow."""
    allowed = (*strict.possible, strict.state)
    limit = _TABLE_ORDER.get(raw, len(_TABLE_ORDER))
    return tuple([state for state in allowed if _TABLE_ORDER.get(state, limit) < limit])


def _not_calm_unseen(state: State, presence: Mapping[str, Presence]) -> State:
    """Absence is never read as calm: without price, open interest and funding a calm state is MIXED."""
    seen = all(presence.get(name) is Presence.SEEN for name in CALM_NEEDS)
    return State.MIXED if state in CALM_STATES and not seen else state


def _lacking(presence: Mapping[str, Presence], confidence: float, rules: RegimeRules) -> str | None:
    """Why there is too little to judge, None where there is enough."""
    if presence.get("price") is not Presence.SEEN:
        return "price"
    seen = sum(presence.get(name) is Presence.SEEN for name in INPUTS)
    if seen < rules.least_inputs:
        return "inputs"
    is_stale = any(presence.get(name) is Presence.STALE for name in INPUTS)
    return "confidence" if is_stale and confidence < rules.least_confidence else None


def _step_ms(readings: tuple[Reading, ...]) -> float:
    price = next((reading for reading in readings if reading.name == "price"), None)
    return (price.facts.get("step_ms") or 0.0) if price is not None else 0.0


def _hold(
    before: Regime | None,
    raw: State,
    told: Verdict,
    flags: Mapping[str, FlagMemory],
    step_ms: float,
    now_ms: int,
    rules: RegimeRules,
    *,
    is_blind: bool,
) -> _Held:
    """Let the state rise when confirmed and fall when the lower one has held; a blind moment freezes it."""
    if before is None or not (before.recent_raw or is_blind):
        return _Held(State.MIXED if is_blind else raw, () if is_blind else (raw,), None)
    held = before.held
    if is_blind:
        return _Held(held, before.recent_raw, None)
    recent = (*before.recent_raw, raw)[-rules.escalate_of_last :]
    if SEVERITY[raw] > SEVERITY[held]:
        confirmed = step_ms >= rules.one_bar_confirms_ms or _is_crash(raw, flags)
        agreeing = sum(SEVERITY[state] >= SEVERITY[raw] for state in recent)
        return _Held(raw if confirmed or agreeing >= rules.escalate_needs else held, recent, None)
    if raw is held or _may_be(held, told):
        return _Held(held, recent, None)
    since = before.lower_since_ms if before.lower_since_ms is not None else now_ms
    # the fall is to the worst that was seen meanwhile: one calm look does not undo the hours before it
    worst = raw if before.lower_worst is None else max(raw, before.lower_worst, key=SEVERITY.__getitem__)
    dwell = rules.deescalate_unwinding_after_ms if held is State.UNWINDING else rules.deescalate_after_ms
    if now_ms - since >= dwell and worst is not held:
        return _Held(worst, recent, None)
    return _Held(held, recent, since, worst)


def _is_crash(raw: State, flags: Mapping[str, FlagMemory]) -> bool:
    """A burst of liquidations in a fast break needs no second look."""
    burst, broken = flags.get("lb"), flags.get("brk")
    return raw is State.UNWINDING and bool(burst and burst.value and broken and broken.value)


def _may_be(held: State, told: Verdict) -> bool:
    """Whether a state as severe as the held one cannot be ruled out: then missing data must not lower it."""
    return any(
        SEVERITY[state] >= SEVERITY[held] and SEVERITY[state] > SEVERITY[told.state]
        for state in told.possible
    )


def _weigh(readings: tuple[Reading, ...], levels: Mapping[str, Level | None]) -> tuple[float | None, float]:
    """Score 0..100 over the readings with a level, and confidence over those that are not absent."""
    return score_and_confidence(
        [
            (WEIGHTS[reading.name], reading.quality, levels.get(reading.name))
            for reading in readings
            if reading.name in WEIGHTS and reading.presence is not Presence.ABSENT
        ]
    )


WEIGHTS: Mapping[str, float] = {
    "price": 0.25,
    "liquidations": 0.25,
    "open_interest": 0.20,
    "funding": 0.20,
    "skew": 0.10,
}
"""Weights of the score; skew is confirmation."""


def score_and_confidence(parts: list[tuple[float, float, Level | None]]) -> tuple[float | None, float]:
    """From (weight, quality, level) of each input: 100 * sum(w q s)/sum(w q) with s = level / 2, and sum(w q)/sum(w).

    An input without a level adds to no score; score None where nothing is weighed.
    """
    weight = sum(part[0] for part in parts)
    weighed = sum(part[0] * part[1] for part in parts)
    judged = [(w * quality, level) for w, quality, level in parts if level is not None and quality > 0.0]
    mass = sum(part[0] for part in judged)
    score = 100.0 * sum(share * level / 2.0 for share, level in judged) / mass if mass > 0.0 else None
    return score, weighed / weight if weight else 0.0


def _levels(readings: tuple[Reading, ...], flags: Mapping[str, FlagMemory]) -> dict[str, Level | None]:
    """The article's table: each input calm, caution or stress; None where it is not seen or not known."""
    return {
        reading.name: _LEVEL_OF[reading.name](flags)
        if reading.presence is Presence.SEEN and reading.name in _LEVEL_OF
        else None
        for reading in readings
    }


def _on(flags: Mapping[str, FlagMemory], name: str) -> bool:
    memory = flags.get(name)
    return memory is not None and memory.value is True


def _known(flags: Mapping[str, FlagMemory], *names: str) -> bool:
    return all(name in flags and flags[name].value is not None for name in names)


def _graded(*, stress: bool, caution: bool, known: bool) -> Level | None:
    """The level; None where nothing worse is shown but could be."""
    if stress:
        return Level.STRESS
    if caution:
        return Level.CAUTION
    return Level.CALM if known else None


def _price_level(flags: Mapping[str, FlagMemory]) -> Level | None:
    return _graded(stress=_on(flags, "brk"), caution=_on(flags, "pd"), known=_known(flags, "pd"))


def _liquidation_level(flags: Mapping[str, FlagMemory]) -> Level | None:
    caution = _on(flags, "flagged") or _on(flags, "rri_high") or _on(flags, "ldr_high")
    return _graded(
        stress=_on(flags, "lc") or _on(flags, "lb"), caution=caution, known=_known(flags, "lc", "lb")
    )


def _open_interest_level(flags: Mapping[str, FlagMemory]) -> Level | None:
    stress = (_on(flags, "ou") and _on(flags, "nc")) or (_on(flags, "oe") and _on(flags, "pd"))
    return _graded(stress=stress, caution=_on(flags, "oe"), known=_known(flags, "oe"))


def _funding_level(flags: Mapping[str, FlagMemory]) -> Level | None:
    caution = _on(flags, "material") or _on(flags, "fd")
    # a rate at its cap is censored: the true one lies beyond (section 5)
    stress = _on(flags, "fe") or _on(flags, "paying_while_falling") or _on(flags, "at_cap")
    return _graded(stress=stress, caution=caution, known=_known(flags, "fe"))


def _skew_level(flags: Mapping[str, FlagMemory]) -> Level | None:
    stress = _on(flags, "ks") or _on(flags, "kst")
    return _graded(stress=stress, caution=_on(flags, "skew_dear"), known=_known(flags, "ks"))


def _volatility_level(flags: Mapping[str, FlagMemory]) -> Level | None:
    return _graded(stress=False, caution=_on(flags, "vol_hi"), known=_known(flags, "vol_hi"))


_LEVEL_OF: Mapping[str, Callable[[Mapping[str, FlagMemory]], Level | None]] = {
    "price": _price_level,
    "liquidations": _liquidation_level,
    "open_interest": _open_interest_level,
    "funding": _funding_level,
    "skew": _skew_level,
    "volatility": _volatility_level,
}
