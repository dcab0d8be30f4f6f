"""Three simulated days, asked about on the way: before, during and after a sell-off, and in a calm."""

from collections.abc import AsyncIterator

import pytest

from market.alerts import Edge, Kind, Severity
from market.table import State
from tests.journeys.traveller import Traveller, travelling

SELLING = (State.UNWINDING, State.CAPITULATION)
EASING = (State.DIGESTING, State.STABILISING, State.HEALTHY)


@pytest.fixture
async def traveller() -> AsyncIterator[Traveller]:
    async with travelling() as someone:
        yield someone


async def test_the_same_position_fits_before_and_waits_while_longs_are_closed_by_force(
    traveller: Traveller,
) -> None:
    await traveller.until_state(State.HEALTHY)
    calm = await traveller.talk("/size BTC 3x 10k")
    await traveller.until_state(*SELLING)
    storm = await traveller.talk("/size BTC 3x 10k")
    assert calm.splitlines()[0] == "BTC 3x long · FITS"
    assert "WAIT" in storm.splitlines()[0] or "TOO MUCH NOW" in storm.splitlines()[0]


async def test_the_state_in_the_heading_is_the_state_of_the_market(traveller: Traveller) -> None:
    for states in ((State.HEALTHY,), SELLING, EASING):
        snapshot = await traveller.until_state(*states)
        assert f"BTC · {snapshot.regime.state.value}" in (await traveller.talk("/regime"))


async def test_every_screen_says_that_the_market_is_simulated(traveller: Traveller) -> None:
    await traveller.until_state(*SELLING)
    for line in ("/regime", "/why", "/scan", "/check", "/size BTC 5x", "/status", "/help", "/start", "hello"):
        assert "SIMULATED" in await traveller.talk(line), line


async def test_a_button_leads_on_to_the_reason(traveller: Traveller) -> None:
    await traveller.until_state(*SELLING)
    offered = await traveller.talk("/regime btc")
    assert "[1] Why" in offered
    followed = await traveller.talk("1")
    assert followed.startswith("> /why BTC\n")
    assert "repeated long liquidations" in followed


@pytest.mark.parametrize(
    "line", ["/size btc banana", "/size BTC 0x", "/regime DOGE", "/size BTC 5x 1e309", "/nope"]
)
async def test_a_slip_is_answered_and_leaves_nothing_half_done(line: str, traveller: Traveller) -> None:
    before = await traveller.talk("/regime")
    slip = await traveller.talk(line)
    assert slip.startswith("! ")
    assert "Example: /" in slip
    assert await traveller.talk("/regime") == before


async def test_one_warning_comes_to_nothing_one_is_real_and_none_is_said_twice(traveller: Traveller) -> None:
    await traveller.to_the_end()
    loud = [
        alert
        for alert in traveller.alerts
        if alert.kind is Kind.CASCADE and alert.severity is not Severity.WATCH
    ]
    ends = {alert.id: alert.edge for alert in loud if alert.edge in {Edge.RESOLVED, Edge.FALSE_ALARM}}
    assert sorted(ends.values()) == [Edge.FALSE_ALARM, Edge.RESOLVED]
    said = [(alert.id, alert.edge, alert.severity, alert.at_ms) for alert in traveller.alerts]
    assert len(said) == len(set(said))
    openings = [(alert.id, alert.severity) for alert in loud if alert.edge in {Edge.FIRED, Edge.ESCALATED}]
    repeated = {opening for opening in openings if openings.count(opening) > 1}
    assert len(repeated) <= 1  # only "still falling after a day" repeats a severity
    assert len(set(traveller.states)) >= 4


async def test_a_calm_market_stays_calm_and_lets_the_base_stand() -> None:
    async with travelling(seed=3, scenario="calm") as traveller:
        await traveller.to_the_end()
        assert not [alert for alert in traveller.alerts if alert.severity is not Severity.WATCH]
        assert "PROCEED" in await traveller.talk("/check")
