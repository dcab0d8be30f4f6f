"""Plans of the worked case A of section 8, and looks at a market that is quiet unless stated otherwise."""

from collections.abc import Iterable
from dataclasses import replace

from market.observations import HOUR_MS, MINUTE_MS, Side
from market.plans import Happened, Plan, Thesis, make_plan, watch
from market.reading import Presence
from market.sizing import MarginMode, Position, SizeCheck, check_size
from market.snapshot import Snapshot
from tests.market.markets import HALF_PERCENT, RULES, SIZING, conditions, reading, snapshot

MADE_MS = 1_700_000_000_000


def checked(
    side: Side = Side.LONG,
    leverage: float = 5.0,
    equity_usd: float | None = 10_000.0,
    mode: MarginMode = MarginMode.ISOLATED,
    lose: float | None = None,
    **market: float | None,
) -> SizeCheck:
    """Case A: BTC at 100,000, sigma 40 %, 72 hours, half a percent of maintenance."""
    position = Position("BTC", side, leverage, equity_usd=equity_usd, mode=mode, drawdown_budget=lose)
    return check_size(position, conditions(**market), HALF_PERCENT, SIZING)  # type: ignore[arg-type]


def planned(
    side: Side = Side.LONG,
    leverage: float = 5.0,
    line_usd: float | None = None,
    until_ms: int | None = None,
    lose: float | None = 1.0,
    **market: float | None,
) -> Plan:
    """The plan of case A; as much as all of its margin may be lost unless stated otherwise, so that the rungs come first."""
    check = checked(side, leverage, lose=lose, **market)  # type: ignore[arg-type]
    return make_plan(check, "p7f2", MADE_MS, SIZING, Thesis(line_usd, until_ms))


def at(minute: float) -> int:
    """So many minutes after the plan was made, UTC ms."""
    return MADE_MS + round(minute * MINUTE_MS)


def seen(
    price_usd: float | None,
    minute: float,
    *,
    raised: Iterable[str] = (),
    unknown: Iterable[str] = (),
    presence: Presence = Presence.SEEN,
    f24: float | None = 0.0,
    sigma: float | None = 0.4,
    absent: tuple[str, ...] = (),
) -> Snapshot:
    """A look at BTC."""
    price = reading("price", presence, price_usd=price_usd, step_ms=float(MINUTE_MS))
    price = replace(price, asof_ms=at(minute) - 4_000)
    funding, volatility = reading("funding", f24=f24), reading("volatility", sigma=sigma)
    looked = snapshot(price, funding, volatility, raised=tuple(raised), unknown=tuple(unknown), absent=absent)
    return replace(looked, at_ms=at(minute))


def watched(
    plan: Plan, looks: Iterable[Snapshot], limit_8h: float | None = None, since_ms: int = MADE_MS
) -> tuple[Plan, list[tuple[Happened, ...]]]:
    """A plan after some looks, and what each of them told; looks without a price are none, as in the scheduler."""
    told = []
    for look in looks:
        after, happened = watch(plan, look, RULES, since_ms, look.at_ms, limit_8h)
        price = look.reading("price")
        if price is not None and price.presence is Presence.SEEN and price.facts["price_usd"] is not None:
            since_ms = look.at_ms
        plan = after
        told.append(happened)
    return plan, told


def hours(count: float) -> float:
    """So many hours in minutes."""
    return count * HOUR_MS / MINUTE_MS
