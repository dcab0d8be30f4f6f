"""Options: one chain of one instant to a skew, of the first venue that has a fresh one; and the implied volatility index."""

from math import isfinite

from market.findings import Finding, Found
from market.observations import MINUTE_MS, ImpliedVolatility, OptionQuote, Skew, Venue
from market.options import Chain, skew_of
from market.options.quotes import STANDARD, stale_places, without_stale
from scheduler.condense.admission import as_of_ms, is_positive, is_timely, note
from scheduler.condense.memory import Chains, CondenserState

ORDER = (Venue.DERIBIT, Venue.BYBIT, Venue.OKX)
OF = "options"
TTL_MS = 15 * MINUTE_MS
HIGHEST_DVOL = 10.0


def take_options(state: CondenserState, said: list[OptionQuote], received_at_ms: int) -> None:
    """Take the quotes that came together as the chains of one instant, a venue."""
    for venue in dict.fromkeys(quote.venue for quote in said):
        quotes = tuple(quote for quote in said if quote.venue == venue and _is_possible(quote))
        if not quotes:
            note(state, Found.IMPLAUSIBLE, received_at_ms, venue, OF, None)
            continue
        stamp_ms = max(quote.known_at_ms for quote in quotes)
        if is_timely(state, venue, OF, stamp_ms, received_at_ms):
            memory = state.venues[venue]
            _keep(memory.chains, quotes, as_of_ms(memory, stamp_ms, received_at_ms))


def take_index(state: CondenserState, said: ImpliedVolatility, received_at_ms: int) -> None:
    """Take a volatility index if it is new and plausible."""
    if not 0.0 < said.dvol < HIGHEST_DVOL:
        note(state, Found.IMPLAUSIBLE, received_at_ms, said.venue, "volatility_index", None)
    elif is_timely(state, said.venue, "volatility_index", said.known_at_ms, received_at_ms):
        state.implied = said


def take_skew(state: CondenserState, said: Skew) -> None:
    """Take a skew of a recorded past: of use where no chain of a venue is newer."""
    if said.known_at_ms > state.skew_at_ms:
        state.skews[said.known_at_ms] = said


def step_volatility(
    state: CondenserState, now_ms: int
) -> tuple[list[Skew | ImpliedVolatility], list[Finding]]:
    """The skew of the newest chain and the index, each once."""
    told: list[Skew | ImpliedVolatility] = []
    if state.implied is not None and state.implied_at_ms < state.implied.known_at_ms <= now_ms:
        state.implied_at_ms = state.implied.known_at_ms
        told.append(state.implied)
    recorded = _recorded(state, now_ms)
    venue = next((one for one in ORDER if _is_fresh(state, one, now_ms)), None)
    if venue is None and recorded:
        state.skew_at_ms = recorded[-1].known_at_ms
        return [*told, *recorded], []
    if venue is None:
        return told, [Finding(Found.NO_SKEW, now_ms, None, OF)]
    chains = state.venues[venue].chains
    if chains.as_of_ms <= state.skew_at_ms:
        return told, []
    state.skew_at_ms = chains.as_of_ms
    skew = skew_of(without_stale(chains.newest, chains.earlier), now_ms)
    if skew is None or skew.known_at_ms > now_ms:
        return told, [Finding(Found.NO_SKEW, now_ms, venue, OF)]
    return [*told, skew], []


def newest_chain(state: CondenserState, now_ms: int) -> Chain | None:
    """The chain the skew is made of, with the quotes that stood still named; None where no venue has a fresh one."""
    venue = next((one for one in ORDER if _is_fresh(state, one, now_ms)), None)
    if venue is None:
        return None
    chains = state.venues[venue].chains
    stale = stale_places(chains.newest, chains.earlier)
    return Chain(state.asset, venue, chains.as_of_ms, chains.newest, stale)


def _recorded(state: CondenserState, now_ms: int) -> list[Skew]:
    ended = sorted(at_ms for at_ms in state.skews if at_ms <= now_ms)
    told = [state.skews.pop(at_ms) for at_ms in ended]
    return [said for said in told if said.known_at_ms > state.skew_at_ms]


def _keep(chains: Chains, quotes: tuple[OptionQuote, ...], at_ms: int) -> None:
    newest_ms = max(quote.known_at_ms for quote in quotes)
    if not chains.between or newest_ms - chains.between[0].known_at_ms >= STANDARD.stale_after_ms:
        chains.earlier, chains.between = chains.between, quotes
    chains.newest, chains.as_of_ms = quotes, at_ms


def _is_fresh(state: CondenserState, venue: Venue, now_ms: int) -> bool:
    memory = state.venues.get(venue)
    if memory is None or not memory.chains.newest:
        return False
    return now_ms - memory.chains.as_of_ms <= TTL_MS


def _is_possible(quote: OptionQuote) -> bool:
    is_iv = quote.mark_iv is None or (isfinite(quote.mark_iv) and quote.mark_iv >= 0.0)
    return is_iv and is_positive(quote.forward_usd) and is_positive(quote.strike_usd)
