"""What is quoted of recorded history: which row an alert, or an hour, belongs to, and that the shipped table is whole."""

from dataclasses import replace

import msgspec
import pytest

from market.alerts import CLASSES, Alert, Edge, Kind, Reason, Severity
from market.alerts.reach import HIGHEST
from market.odds import (
    TOGETHER,
    Odds,
    Share,
    Table,
    alert_name,
    hours_name,
    is_established,
    recorded_odds,
    told_of,
)
from market.table import State

FIRED = Alert(
    "ab12", "BTC", Kind.CASCADE, Severity.WARNING, Edge.FIRED, Reason.PRICE_SHOCK, 0, 0, State.CROWDING
)
ENOUGH = Share(40, 30, 0.2, 0.1, 0.3, 0.05, differs=True, is_established=True)


def row(name: str, asset: str, *assets: str, episodes: int = 40) -> Odds:
    return Odds(name, asset, assets, 2021, 2025, episodes, 0, ENOUGH, ENOUGH)


def table(*rows: Odds) -> Table:
    return Table(0.07, 2.5, 0.05, 20, 2021, 2025, ("BTC", "ETH", "SOL"), rows)


@pytest.mark.parametrize(
    ("alert", "name"),
    [
        (FIRED, "cascade/warning/price_shock"),
        (replace(FIRED, edge=Edge.ESCALATED, reason=Reason.CONTEXT_JOINED), "cascade/warning/price_shock"),
        (replace(FIRED, severity=Severity.WATCH, reason=Reason.CONTEXT_ALONE), "cascade/watch/context_alone"),
        (replace(FIRED, reason=Reason.FORCED_SELLING), "cascade/warning/forced_selling"),
        (replace(FIRED, kind=Kind.REGIME), "regime/warning/CROWDING"),
        (replace(FIRED, kind=Kind.FUNDING, facts={"funding_8h": -0.001}), "funding/warning/negative"),
        (replace(FIRED, kind=Kind.FUNDING, facts={"funding_8h": 0.001}), "funding/warning/dear"),
        (replace(FIRED, kind=Kind.FUNDING), "funding/warning/unknown"),
        (replace(FIRED, kind=Kind.STAGE), "stage/warning"),
    ],
)
def test_an_alert_is_counted_with_those_of_its_kind_severity_and_occasion(alert: Alert, name: str) -> None:
    assert told_of(alert) == name


@pytest.mark.parametrize("edge", [Edge.RESOLVED, Edge.FALSE_ALARM, Edge.UNKNOWN])
def test_nothing_is_quoted_for_what_is_over_or_out_of_sight(edge: Edge) -> None:
    assert told_of(replace(FIRED, edge=edge)) is None


def test_hours_are_counted_by_state_and_fall_and_those_of_the_pro_tip_apart() -> None:
    assert hours_name(State.CROWDING, True, True) == "hours/protip"
    assert hours_name(State.CROWDING, True, False) == "hours/CROWDING/falling"
    assert hours_name(State.UNWINDING, True, True) == "hours/UNWINDING/falling"
    assert hours_name(State.HEALTHY, False, False) == "hours/HEALTHY"
    assert hours_name(State.INSUFFICIENT_DATA, True, False) is None


def test_an_asset_quotes_its_own_row_else_the_one_it_is_counted_in_else_none() -> None:
    own, several = row("oi/watch", "BTC", "BTC"), row("oi/watch", TOGETHER, "BTC", "ETH")
    odds = table(own, several)
    assert odds.row("oi/watch", "BTC") is own
    assert odds.row("oi/watch", "ETH") is several
    assert odds.row("oi/watch", "SOL") is None
    assert odds.row("skew/watch", "BTC") is None


def test_a_row_is_established_where_both_of_its_shares_are() -> None:
    few = replace(ENOUGH, is_established=False)
    assert is_established(row("oi/watch", "BTC", "BTC"))
    assert not is_established(replace(row("oi/watch", "BTC", "BTC"), further_fall=few))


def test_the_shipped_table_is_read_once_and_says_what_it_counts() -> None:
    shipped = recorded_odds()
    assert recorded_odds() is shipped
    assert (shipped.fall, shipped.sigmas, shipped.further_fall) == (0.07, 2.5, 0.05)
    assert set(shipped.assets) == {"BTC", "ETH", "SOL", "XRP"}
    assert len({(one.name, one.asset) for one in shipped.rows}) == len(shipped.rows)


def test_every_shipped_share_lies_in_its_interval_and_is_counted_on_enough_days() -> None:
    shipped = recorded_odds()
    for odds in shipped.rows:
        for share in (odds.sell_off, odds.further_fall):
            if not share.cases:
                continue
            assert share.low is not None
            assert share.share is not None
            assert share.high is not None
            assert 0.0 <= share.low <= share.share <= share.high <= 1.0
            assert not share.is_established or share.days >= shipped.least_days
        assert set(odds.assets) <= set(shipped.assets)
        assert odds.asset == TOGETHER or odds.assets == (odds.asset,)


def test_the_shipped_table_has_no_row_for_what_can_never_be_told() -> None:
    reached = {
        alert_name(kind, severity)
        for kind, highest in HIGHEST.items()
        for severity in CLASSES[: CLASSES.index(highest) + 1]
    }
    told = {one.name for one in recorded_odds().rows if not one.name.startswith("hours/")}
    assert {"/".join(name.split("/")[:2]) for name in told} <= reached


def test_a_table_that_lacks_a_part_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"rows": []}', type=Table)
