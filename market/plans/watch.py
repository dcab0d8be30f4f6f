"""The watch over one plan: what happened to it since the last look, each thing told once, and nothing guessed in a gap.

Rungs, the most to lose, the trader's own line and time, and the forced close are told once for good. What stands against the position
(the market, its funding, the nearness of the forced close) is told again only after it was over for a time that was
watched. Without a fresh price a look says nothing and changes nothing; the time until the next one is a gap.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from market.margin import sign_of
from market.observations import HOUR_MS, Side
from market.plan_rules import PlanRules
from market.plans.losing import max_loss_price
from market.plans.news import PlanNews
from market.plans.plan import GAPS_KEPT, Gap, Happened, Plan, Watch
from market.plans.standing import CALLED, TIGHTENING, is_beyond, rung_usd, sigmas_to_liquidation
from market.reading import Presence
from market.rules import Rules
from market.sizing import conditions_of, turned_by
from market.snapshot import Snapshot

Claim = tuple[bool | None, bool | None]
"""Whether a condition would be told now, and whether it stays where it was told; None unknown."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look sees of a market: the price in USD with its age, and what is known beside it.

    `is_risk_invalidated` is told of each side, None where a stale input hides it; `funding_8h` is what the day pays,
    `funding_seen_8h` the same where it is fresh enough to be warned of. `step_ms` is the time between two prices.
    """

    price_usd: float
    price_at_ms: int
    step_ms: float
    sigma: float | None
    funding_8h: float | None
    funding_seen_8h: float | None
    is_risk_invalidated: Mapping[Side, bool | None]


def watch(
    plan: Plan,
    snapshot: Snapshot,
    rules: Rules,
    watched_since_ms: int,
    now_ms: int,
    funding_limit_8h: float | None = None,
) -> tuple[Plan, tuple[Happened, ...]]:
    """The plan as the watch knows it after a look, and what is to be told, in the order of `Happened`.

    `watched_since_ms` is the last time it could be watched (a plan that was never: when it was made). `funding_limit_8h` is
    the owner's own threshold, None: the one from which funding is elevated. The same look twice tells nothing twice.
    """
    sight = see(snapshot, rules)
    return (
        (plan, ())
        if sight is None
        else watch_seen(plan, sight, rules, watched_since_ms, now_ms, funding_limit_8h)
    )


def watch_seen(
    plan: Plan,
    sight: Sight,
    rules: Rules,
    watched_since_ms: int,
    now_ms: int,
    funding_limit_8h: float | None = None,
) -> tuple[Plan, tuple[Happened, ...]]:
    """The same as `watch`, for many plans of what was seen once."""
    if now_ms < max(plan.made_ms, plan.watch.news_ms):
        return plan, ()
    watched = _with_gap(plan, sight, rules.plans, max(watched_since_ms, plan.made_ms), now_ms)
    if Happened.LIQUIDATED in watched.told_ms:
        return replace(plan, watch=watched), ()
    paid = _with_funding(plan, watched, sight, rules.plans, now_ms)
    limit = rules.funding.elevated if funding_limit_8h is None else funding_limit_8h
    against = _against(plan, sight, rules, limit, now_ms)
    after, returning = _keep_told(paid, against, rules.plans, now_ms)
    is_tight = any(name in after.told_ms for name in TIGHTENING)
    happened = {*returning, *_touched(plan, sight, rules, now_ms, after, is_tight=is_tight)}
    ordered = tuple(one for one in Happened if one in happened)
    told = after.told_ms | {str(one): now_ms for one in ordered}
    tight = [told[name] for name in TIGHTENING if name in told]
    after = replace(
        after,
        told_ms=told,
        tight_since_ms=min(tight, default=None),
        news_ms=now_ms if ordered else after.news_ms,
    )
    return (plan if after == plan.watch else replace(plan, watch=after)), ordered


def news_of(
    before: Plan, after: Plan, happened: tuple[Happened, ...], snapshot: Snapshot, rules: Rules
) -> PlanNews:
    """What the owner is told of one look. ValueError where nothing was seen in it."""
    sight = see(snapshot, rules)
    if sight is None:
        raise ValueError("a look without a price has no news")
    since_ms = before.watch.news_ms
    return PlanNews(
        plan=after,
        happened=happened,
        at_ms=snapshot.at_ms,
        price_usd=sight.price_usd,
        price_at_ms=sight.price_at_ms,
        sigmas=sigmas_to_liquidation(after, sight.price_usd, sight.sigma, rules.plans, snapshot.at_ms),
        funding_8h=sight.funding_8h,
        state=snapshot.regime.state,
        source=snapshot.source,
        gaps=tuple(gap for gap in after.watch.gaps if gap.until_ms > since_ms),
        turned=turned_by(snapshot, after.side),
    )


def has_price(snapshot: Snapshot) -> bool:
    """Whether a look has a fresh price; without one no plan is watched by it."""
    price = snapshot.reading("price")
    return (
        price is not None and price.presence is Presence.SEEN and (price.facts.get("price_usd") or 0.0) > 0.0
    )


def see(snapshot: Snapshot, rules: Rules) -> Sight | None:
    """What a look sees, None where it has no fresh price: then it is as if nobody had looked."""
    price, price_usd = snapshot.reading("price"), snapshot.fact("price", "price_usd")
    if price is None or price_usd is None or not has_price(snapshot):
        return None
    conditions = conditions_of(snapshot, rules)
    funding = snapshot.reading("funding")
    is_fresh = funding is not None and funding.presence is Presence.SEEN
    return Sight(
        price_usd=price_usd,
        price_at_ms=price.asof_ms or snapshot.at_ms,
        step_ms=price.facts.get("step_ms") or 0.0,
        sigma=conditions.sigma,
        funding_8h=conditions.funding_8h,
        funding_seen_8h=conditions.funding_8h if is_fresh else None,
        is_risk_invalidated={side: conditions.against(side).risk_invalidated for side in Side},
    )


def _with_gap(plan: Plan, sight: Sight, rules: PlanRules, since_ms: int, now_ms: int) -> Watch:
    """Remember a time that was not watched; what was on its way to be over has to be watched anew."""
    before = plan.watch
    if now_ms - since_ms <= max(rules.gap_after_ms, rules.gap_steps * sight.step_ms):
        return before
    last = before.gaps[-1] if before.gaps else None
    if last is None or last.until_ms < since_ms:
        return replace(before, gaps=(*before.gaps, Gap(since_ms, now_ms))[-GAPS_KEPT:], clear_since_ms={})
    if last.until_ms >= now_ms:
        return before  # the same look once more
    # the same gap once more, after an end before it was kept that the plans were watched
    same = Gap(min(last.since_ms, since_ms), now_ms)
    return replace(before, gaps=(*before.gaps[:-1], same), clear_since_ms={})


def _with_funding(plan: Plan, before: Watch, sight: Sight, rules: PlanRules, now_ms: int) -> Watch:
    """Count what was paid, once an hour, at the mean of the day; of more than a day the rate says nothing."""
    since_ms = before.funding_at_ms or plan.made_ms
    if sight.funding_8h is None or now_ms - since_ms < HOUR_MS:
        return before
    hours = min(now_ms - since_ms, rules.longest_funding_ms) / HOUR_MS
    # contracts margined in coins are so many US dollars at every price
    notional_usd = plan.coins * (plan.entry_usd if plan.is_inverse else sight.price_usd)
    paid_usd = sign_of(plan.side) * sight.funding_8h * hours / 8.0 * notional_usd
    return replace(before, funding_paid_usd=(before.funding_paid_usd or 0.0) + paid_usd, funding_at_ms=now_ms)


def _against(plan: Plan, sight: Sight, rules: Rules, limit_8h: float, now_ms: int) -> dict[Happened, Claim]:
    """What may stand against the position, be over, and stand again."""
    sigmas = sigmas_to_liquidation(plan, sight.price_usd, sight.sigma, rules.plans, now_ms)
    rate = None if sight.funding_seen_8h is None else sign_of(plan.side) * sight.funding_seen_8h
    invalidated = sight.is_risk_invalidated[plan.side]
    near, eased = rules.plans.near_sigmas, limit_8h * rules.plans.funding_exit_share
    is_near = sigmas is not None and sigmas <= near
    stays_near = sigmas is not None and sigmas <= rules.plans.near_sigmas_exit
    return {
        Happened.NEAR_LIQUIDATION: (is_near, stays_near),
        Happened.FUNDING_BEYOND: (None, None) if rate is None else (rate >= limit_8h, rate >= eased),
        Happened.RISK_INVALIDATED: (invalidated, invalidated),
    }


def _keep_told(
    before: Watch, claims: dict[Happened, Claim], rules: PlanRules, now_ms: int
) -> tuple[Watch, tuple[Happened, ...]]:
    """Tell what begins, and forget what was told of a condition that has been over for long enough."""
    told, clear = dict(before.told_ms), dict(before.clear_since_ms)
    begun = []
    for name, (enters, stays) in claims.items():
        if name not in told:
            if enters:
                told[name] = now_ms
                begun.append(name)
        elif stays is not False:
            clear.pop(name, None)  # an unknown is no time that was seen to be clear
        elif now_ms - clear.setdefault(name, now_ms) >= rules.rearm_after_ms:
            del told[name], clear[name]
    return replace(before, told_ms=told, clear_since_ms=clear), tuple(begun)


def _touched(
    plan: Plan, sight: Sight, rules: Rules, now_ms: int, after: Watch, *, is_tight: bool
) -> list[Happened]:
    """What the price or the time has reached and was not told yet."""
    price = sight.price_usd
    reached = {
        called: is_beyond(plan, price, rung_usd(plan, rung, rules, tight=is_tight))
        for rung, called in CALLED.items()
    }
    lost_usd = max_loss_price(replace(plan, watch=after), rules.sizing.fee_rate)
    reached[Happened.MAX_LOSS] = is_beyond(plan, price, lost_usd)
    reached[Happened.LIQUIDATED] = is_beyond(plan, price, plan.liquidation_usd)
    reached[Happened.THESIS_PRICE] = is_beyond(plan, price, plan.line_usd)
    reached[Happened.THESIS_TIME] = plan.until_ms is not None and now_ms >= plan.until_ms
    return [name for name, holds in reached.items() if holds and name not in after.told_ms]
