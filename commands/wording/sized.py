"""A checked size with all that is told beside it, and the numbers of it for `--json`."""

from dataclasses import dataclass

from commands.wording.learning import learning_numbers
from commands.wording.sizing_lines import survivable
from market.adverse import Adverse
from market.sizing import Position, SizeCheck, numbers_of
from market.sizing.wallet import Others
from market.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Sized:
    """A checked position, the market it was checked in, and what is told beside it.

    `stated` is the position as the asker said it, so without their own kept limits, which `check.position` has. `own_funding_8h` is their own limit on funding where this side pays beyond it, else None. `can_keep`: limits of
    one's own can be set here. `others` None: no wallet is shared; `adverse` None: no hours of the asset are kept.
    `from_here_usd`: the margin that lacks for another 10 % from the present price, None where that is no question.
    """

    check: SizeCheck
    snapshot: Snapshot
    stated: Position
    own_funding_8h: float | None = None
    can_keep: bool = False
    others: Others | None = None
    adverse: Adverse | None = None
    from_here_usd: float | None = None


def numbers_of_size(sized: Sized) -> dict[str, object]:
    """All numbers behind the answer under plain keys: those of the check itself, and what is told beside it."""
    check = sized.check
    fees = 2.0 * check.trade.fee_rate
    notional = check.asked.notional_usd
    return {
        **numbers_of(check),
        "learning": learning_numbers(sized.snapshot),
        "fees": None if notional is None else fees * notional,
        "fees_of_margin": fees * check.position.leverage,
        "checks": {one.question.value: one.known for one in check.checklist.checks},
        "margin_from_here": sized.from_here_usd if check.trade.equity_stated else None,
        "own_funding_8h": sized.own_funding_8h,
        "survivable_leverage": (survives := survivable(check)),
        "survivable_notional": survives * check.trade.margin_usd if check.trade.equity_stated else None,
        "adverse": None if sized.adverse is None else _plain_adverse(sized.adverse),
        "others": None if sized.others is None else _plain_others(sized.others),
    }


def _plain_adverse(adverse: Adverse) -> dict[str, object]:
    return {
        "horizon_hours": adverse.horizon_hours,
        "days": adverse.days,
        "worst": adverse.worst,
        "quantile_975": adverse.quantile,
    }


def _plain_others(others: Others) -> dict[str, object]:
    return {
        "count": others.count,
        "maintenance": others.maintenance_usd,
        "unrealised": others.unrealised_usd,
        "unknown": list(others.unknown),
    }
