"""Spot volume: what each venue's spot market turned over, hour by hour, handed on as it is told; two are never added up."""

from market.findings import Found
from market.observations import SpotVolume
from market.state.market import is_plausible
from scheduler.condense.admission import is_of_our_time, note
from scheduler.condense.memory import CondenserState
from scheduler.exchange import Kind

OF = Kind.SPOT.value


def take_spot(state: CondenserState, said: SpotVolume, received_at_ms: int) -> None:
    """Take an hour that is newer than those handed on; one of the future or that cannot be is refused."""
    if not is_plausible(said):
        note(state, Found.IMPLAUSIBLE, received_at_ms, said.venue, OF, None)
    elif said.known_at_ms > state.spot_at_ms.get(said.venue, 0) and is_of_our_time(
        state, said.venue, OF, said.known_at_ms, received_at_ms
    ):
        state.spots.append(said)


def step_spot(state: CondenserState, now_ms: int) -> list[SpotVolume]:
    """The hours told since the last step, oldest first, each once."""
    if not state.spots:
        return []
    told: list[SpotVolume] = []
    waiting = sorted(state.spots, key=lambda said: (said.known_at_ms, said.venue))
    state.spots = [said for said in waiting if said.known_at_ms > now_ms]
    for said in waiting:
        if state.spot_at_ms.get(said.venue, 0) < said.known_at_ms <= now_ms:
            state.spot_at_ms[said.venue] = said.known_at_ms
            told.append(said)
    return told
