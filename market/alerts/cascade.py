"""Cascade warnings: triggered by edges of the 24 h price shock or by forced selling (quant.md section 7a.1).

Context is told with it and raises nothing: warnings that it had made louder were no more often right (decision 0043). Alone it gives
at most a watch.
"""

from dataclasses import replace
from math import exp

from market.alerts.alert import (
    CLASSES,
    Alert,
    Edge,
    Kind,
    Reason,
    Severity,
    context_of,
    facts_of,
    short_id,
)
from market.alerts.memory import AlertMemory, Episode
from market.reading import Presence
from market.regime import INPUTS
from market.rules import AlertRules
from market.snapshot import Snapshot
from market.table import State


def shock_class(shock: float | None, rules: AlertRules) -> int:
    """0 none, 1 watch, 2 warning, 3 critical; an unknown shock is none."""
    if shock is None:
        return 0
    return sum(shock <= limit for limit in (rules.watch_shock, rules.warning_shock, rules.critical_shock))


def _trigger(snapshot: Snapshot, context: tuple[str, ...], rules: AlertRules) -> tuple[int, Reason]:
    """The class a warning would have now (0 none) and what triggers it."""
    regime = snapshot.regime
    if regime.state is State.UNWINDING and regime.flag("lb") is True:
        return 3, Reason.FORCED_SELLING
    level = shock_class(snapshot.fact("price", "shock_24h"), rules)
    if level:
        return level, Reason.PRICE_SHOCK
    crowded = "protip" in context or "kst_fe" in context
    return (1, Reason.CONTEXT_ALONE) if crowded else (0, Reason.CONTEXT_CLEARED)


def decide_cascade(
    memory: AlertMemory, snapshot: Snapshot, rules: AlertRules, now_ms: int
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """Open, raise, repeat or close the cascade warning of one asset."""
    price = snapshot.reading("price")
    if price is None or price.presence is not Presence.SEEN or price.value is None:
        return _lose_sight(memory, snapshot, rules, now_ms)
    context = context_of(snapshot)
    level, reason = _trigger(snapshot, context, rules)
    episode = memory.episode
    if episode is None:
        return _open(memory, snapshot, level, reason, context, rules, now_ms)
    episode = replace(episode, low_usd=min(episode.low_usd, price.value), is_unknown=False)
    has_broken = _is_price_led(reason) and not episode.by_price
    if has_broken:
        episode = replace(episode, by_price=True, reference_usd=_reference(snapshot, price.value))
    if level > _rank(episode.severity) or has_broken:
        # what context opened said that price had not broken: that it has is told, also where nothing gets louder
        louder = CLASSES[max(level, _rank(episode.severity)) - 1]
        episode = replace(episode, severity=louder, told_ms=now_ms, clear_since_ms=None)
        return replace(memory, episode=episode), (
            _tell(snapshot, episode, Edge.ESCALATED, reason, context, now_ms),
        )
    if _is_price_led(reason) and now_ms - episode.told_ms >= rules.rearm_after_ms:
        episode = replace(episode, told_ms=now_ms, clear_since_ms=None)
        why = Reason.STILL_FALLING_AFTER_A_DAY if reason is Reason.PRICE_SHOCK else reason
        return replace(memory, episode=episode), (_tell(snapshot, episode, Edge.FIRED, why, context, now_ms),)
    return _maybe_close(memory, episode, snapshot, level, context, rules, now_ms)


def _is_price_led(reason: Reason) -> bool:
    return reason in (Reason.PRICE_SHOCK, Reason.FORCED_SELLING)


def _rank(severity: Severity) -> int:
    return CLASSES.index(severity) + 1


def _reference(snapshot: Snapshot, price_usd: float) -> float:
    """The price a day ago, or the present one where a day ago is unknown."""
    change = snapshot.fact("price", "r_24h")
    return price_usd if change is None else price_usd * exp(-change)


def _open(
    memory: AlertMemory,
    snapshot: Snapshot,
    level: int,
    reason: Reason,
    context: tuple[str, ...],
    rules: AlertRules,
    now_ms: int,
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    price = snapshot.fact("price", "price_usd")
    if not level or price is None:
        return memory, ()
    by_price = _is_price_led(reason)
    told = memory.context_told_ms
    if not by_price:
        # context comes and goes: it is worth one silent line a day
        if told is not None and now_ms - told < rules.rearm_after_ms:
            return memory, ()
        memory = replace(memory, context_told_ms=now_ms)
    episode = Episode(
        id=short_id(Kind.CASCADE, snapshot.asset, now_ms),
        severity=CLASSES[level - 1],
        opened_ms=now_ms,
        told_ms=now_ms,
        reference_usd=_reference(snapshot, price) if by_price else price,
        low_usd=price,
        sigma_1d=snapshot.fact("price", "sigma_1d") or 0.0,
        by_price=by_price,
    )
    return replace(memory, episode=episode), (_tell(snapshot, episode, Edge.FIRED, reason, context, now_ms),)


def _maybe_close(
    memory: AlertMemory,
    episode: Episode,
    snapshot: Snapshot,
    level: int,
    context: tuple[str, ...],
    rules: AlertRules,
    now_ms: int,
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """Close the episode once the shock has stayed cleared; whether it was a false alarm is decided by the fall."""
    is_over = _is_shock_over(snapshot, rules) if episode.by_price else _is_context_over(snapshot, level)
    episode = _noted(episode, is_over, rules, now_ms)
    since = episode.clear_since_ms
    if not is_over or since is None or now_ms - since < rules.clear_after_ms:
        return replace(memory, episode=episode), ()
    edge, reason = _verdict(episode, rules)
    return replace(memory, episode=None), (_tell(snapshot, episode, edge, reason, context, now_ms),)


def _noted(episode: Episode, is_over: bool | None, rules: AlertRules, now_ms: int) -> Episode:
    """The episode with since when it is clear; a short while in which that is not known neither counts nor ends it."""
    if is_over is None:
        blind_ms = now_ms if episode.blind_since_ms is None else episode.blind_since_ms
        return replace(episode, blind_since_ms=blind_ms)
    since = episode.clear_since_ms if is_over else None
    if since is not None and episode.blind_since_ms is not None:
        blind_for_ms = now_ms - episode.blind_since_ms
        since = since + blind_for_ms if blind_for_ms <= rules.blind_for_ms else None
    if is_over and since is None:
        since = now_ms
    return replace(episode, clear_since_ms=since, blind_since_ms=None)


def _is_shock_over(snapshot: Snapshot, rules: AlertRules) -> bool | None:
    """Whether price has recovered and nobody is forced; None where an input is stale and somebody may be."""
    shock, regime = snapshot.fact("price", "shock_24h"), snapshot.regime
    if shock is None:
        return None
    if shock <= rules.rearm_shock or regime.state is State.UNWINDING:
        return False
    stale = {reading.name for reading in snapshot.readings if reading.presence is Presence.STALE}
    is_blind = not stale.isdisjoint(INPUTS)  # an old book or volatility hides nobody who is forced
    return None if is_blind and State.UNWINDING in regime.possible else True


def _is_context_over(snapshot: Snapshot, level: int) -> bool | None:
    """Whether the crowd is seen to have gone; that it is not seen any more is no evidence."""
    regime = snapshot.regime
    if level:
        return False
    gone = regime.protip is False and (regime.flag("fe") is False or regime.flag("kst") is False)
    return gone or None


def _verdict(episode: Episode, rules: AlertRules) -> tuple[Edge, Reason]:
    if not episode.by_price:
        return Edge.RESOLVED, Reason.CONTEXT_CLEARED
    fall = episode.low_usd / episode.reference_usd - 1.0
    if fall <= -max(rules.real_fall, rules.real_fall_sigmas * episode.sigma_1d):
        return Edge.RESOLVED, Reason.SHOCK_CLEARED
    return Edge.FALSE_ALARM, Reason.NEVER_FELL_FAR


def _lose_sight(
    memory: AlertMemory, snapshot: Snapshot, rules: AlertRules, now_ms: int
) -> tuple[AlertMemory, tuple[Alert, ...]]:
    """Without a fresh price a warning that stands is unknown, said once (a feed may flap), and never resolved."""
    episode = memory.episode
    if episode is None or episode.is_unknown:
        return memory, ()
    told_ms = episode.unknown_told_ms
    episode = replace(_noted(episode, None, rules, now_ms), is_unknown=True)
    if told_ms is not None and now_ms - told_ms < rules.same_state_quiet_ms:
        return replace(memory, episode=episode), ()
    episode = replace(episode, unknown_told_ms=now_ms)
    alert = _tell(snapshot, episode, Edge.UNKNOWN, Reason.NO_FRESH_PRICE, (), now_ms)
    return replace(memory, episode=episode), (replace(alert, lost_so_far=None),)


def _tell(
    snapshot: Snapshot, episode: Episode, edge: Edge, reason: Reason, context: tuple[str, ...], now_ms: int
) -> Alert:
    price = snapshot.fact("price", "price_usd")
    return Alert(
        id=episode.id,
        asset=snapshot.asset,
        kind=Kind.CASCADE,
        severity=episode.severity,
        edge=edge,
        reason=reason,
        at_ms=now_ms,
        opened_ms=episode.opened_ms,
        state=snapshot.regime.state,
        lost_so_far=None if price is None else price / episode.reference_usd - 1.0,
        low_so_far=episode.low_usd / episode.reference_usd - 1.0,
        context=context,
        facts=facts_of(snapshot),
    )
