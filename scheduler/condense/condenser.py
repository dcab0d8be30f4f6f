"""Reports of several venues in, the observations of one step out: pure, and honest about what it cannot see."""

from collections.abc import Iterable

from market.across import AtVenue
from market.findings import Finding, Found
from market.observations import (
    SECOND_MS,
    Asset,
    Candle,
    Depth,
    DepthBand,
    Funding,
    Heartbeat,
    ImpliedVolatility,
    Liquidation,
    Liquidations,
    Mark,
    Observation,
    OpenInterest,
    OptionQuote,
    Skew,
    SpotVolume,
    Venue,
)
from scheduler.condense.across import across
from scheduler.condense.depth import step_depth, take_depth, take_recorded_depth
from scheduler.condense.funding import step_funding, take_funding
from scheduler.condense.interest import link_interest, take_interest, weights
from scheduler.condense.liquidations import (
    begin_to_listen,
    miss_liquidations,
    step_liquidations,
    take_bucket,
    take_heartbeat,
    take_liquidations,
)
from scheduler.condense.memory import CondenserState, VenueMemory
from scheduler.condense.presumption import presumed_interest
from scheduler.condense.price import step_price, take_candle, take_mark
from scheduler.condense.spot import step_spot, take_spot
from scheduler.condense.volatility import step_volatility, take_index, take_options, take_skew
from scheduler.exchange import Report, Told

VENUES = (Venue.BINANCE, Venue.OKX, Venue.BYBIT, Venue.HYPERLIQUID, Venue.DERIBIT)


class Condenser:
    """Condenses what venues say of one asset. All it remembers is `state`; equal input gives equal output."""

    def __init__(
        self, asset: Asset, venues: tuple[Venue, ...] = VENUES, state: CondenserState | None = None
    ) -> None:
        """`venues` are those that list the asset: the first sum of open interest waits three minutes for all of them."""
        self.state = state if state is not None else CondenserState(asset)
        self.venues = venues

    def take(self, reports: Iterable[Report], received_at_ms: int, took_ms: int | None = None) -> None:
        """Take what one answer or frame told. Other assets and what is implausible or told again change nothing.

        One call is one answer: equal liquidations in it are twins, option quotes in it are a chain of one instant. An
        answer that `took_ms` may be overtaken by frames that long: it is passed over, and that is nothing to notice.
        """
        noted = len(self.state.findings)
        events: list[Liquidation] = []
        quotes: list[OptionQuote] = []
        for report in reports:
            if report.asset not in (self.state.asset, None):
                continue
            self._know(report.said.venue if isinstance(report, Told) else report.venue)
            match report:
                case Told():
                    self._take_told(report, received_at_ms)
                case Mark():
                    take_mark(self.state, report, received_at_ms)
                case Liquidation():
                    events.append(report)
                case OptionQuote():
                    quotes.append(report)
                case Heartbeat():
                    take_heartbeat(self.state, report, received_at_ms)
                case DepthBand():
                    take_depth(self.state, report, received_at_ms)
        take_liquidations(self.state, events, received_at_ms)
        take_options(self.state, quotes, received_at_ms)
        if took_ms is not None:
            new = self.state.findings[noted:]
            self.state.findings[noted:] = [one for one in new if not _is_overtaken(one, took_ms)]

    def miss(self, venue: Venue, until_ms: int) -> None:
        """A venue's liquidations were not heard until then, and cannot be had: the minutes of it are not whole."""
        miss_liquidations(self.state, venue, until_ms)

    def begin_to_listen(self) -> None:
        """Venues are listened to from now on: until here, since this memory was kept, nobody was."""
        begin_to_listen(self.state)

    def presume(self, samples: Iterable[OpenInterest]) -> None:
        """Learn from a past that is about to be taken what its late comers weighed at its beginning.

        Of no effect once there is a sum of open interest: its level stays, whoever joins.
        """
        if self.state.interest_coins is None:
            self.state.presumed = presumed_interest(self.state.asset, samples)

    def step(self, now_ms: int) -> tuple[tuple[Observation, ...], tuple[Finding, ...]]:
        """What became known since the last step, for the engine; and what was noticed, the last of each name and venue."""
        state = self.state
        noted, state.findings, state.stepped_ms = state.findings, [], now_ms
        candles, of_price = step_price(state, now_ms)
        heavy = weights(state, now_ms)
        interest, of_interest = link_interest(state, now_ms, self.venues, heavy)
        rates, of_funding = step_funding(state, now_ms, heavy)
        forced, of_forced = step_liquidations(state, now_ms, heavy)
        options, of_options = step_volatility(state, now_ms)
        books, of_books = step_depth(state, now_ms)
        told: list[Observation] = [*candles, *rates, *forced, *options, *books, *step_spot(state, now_ms)]
        if interest is not None:
            told.append(interest)
        frozen = [
            Finding(Found.FROZEN, now_ms, venue, "mark", memory.stillness.moved)
            for venue, memory in state.venues.items()
            if memory.stillness.moved is not None
        ]
        found = [*noted, *frozen, *of_price, *of_interest, *of_funding, *of_forced, *of_options, *of_books]
        return tuple(told), _newest(found)

    def across(self, now_ms: int) -> tuple[AtVenue, ...]:
        """What each venue says by itself after the last step: to be shown."""
        return across(self.state, now_ms)

    def _know(self, venue: Venue) -> None:
        if venue not in self.state.venues:
            self.state.venues[venue] = VenueMemory()

    def _take_told(self, told: Told, received_at_ms: int) -> None:
        said = told.said
        match said:
            case Candle():
                take_candle(self.state, said, received_at_ms)
            case Funding():
                take_funding(self.state, said, received_at_ms, told.relayed_by)
            case OpenInterest():
                take_interest(self.state, said, received_at_ms)
            case ImpliedVolatility():
                take_index(self.state, said, received_at_ms)
            case Liquidations():
                take_bucket(self.state, said)
            case Skew():
                take_skew(self.state, said)
            case Depth():
                take_recorded_depth(self.state, said)
            case SpotVolume():
                take_spot(self.state, said, received_at_ms)


def _is_overtaken(one: Finding, took_ms: int) -> bool:
    if one.found is not Found.OUT_OF_ORDER or one.value is None:
        return False
    return one.value <= took_ms + SECOND_MS


def _newest(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple({(one.found, one.venue, one.of): one for one in findings}.values())
