"""Each report goes to the condenser of its asset; and venues stand as their questions and streams do."""

import pytest

from market.findings import Found
from market.observations import Candle, Heartbeat, Mark, Venue
from scheduler.collect.inbox import Inbox
from scheduler.collect.reports import report
from scheduler.condense import Condenser
from scheduler.exchange import Channel, Kind, Report, Told
from scheduler.fetch import SourceStatus, State
from scheduler.streams import ChannelStatus, StreamStatus

NOW_MS = 1_767_571_200_000
MARK = Channel(Kind.MARK, "BTCUSDT", 1.0)
FORCED = Channel(Kind.LIQUIDATIONS, None, None)


def inbox() -> Inbox:
    made = Inbox()
    made.condensers["BTC"] = Condenser("BTC", (Venue.BINANCE, Venue.OKX))
    made.condensers["ETH"] = Condenser("ETH", (Venue.OKX,))
    return made


def heard(made: Inbox, asset: str) -> set[Venue]:
    return {*made.condensers[asset].state.venues}


@pytest.mark.parametrize(
    "said",
    [
        Mark(Venue.OKX, "BTC", NOW_MS, 60_000.0),
        Told("BTC", Candle(Venue.OKX, NOW_MS - 300_000, 300_000, 1.0, 2.0, 0.5, 1.5)),
        Heartbeat(Venue.OKX, "BTC", "liquidations", NOW_MS),
    ],
    ids=lambda said: type(said).__name__,
)
def test_a_report_reaches_its_asset_alone(said: Report) -> None:
    made = inbox()
    made.take((said, Mark(Venue.OKX, "DOGE", NOW_MS, 0.1)), NOW_MS)
    assert heard(made, "BTC") == {Venue.OKX}
    assert heard(made, "ETH") == set()


def test_a_report_of_no_asset_reaches_all_that_its_venue_lists() -> None:
    made = inbox()
    made.take((Heartbeat(Venue.OKX, None, "liquidations", NOW_MS),), NOW_MS)
    made.take((Heartbeat(Venue.BINANCE, None, "liquidations", NOW_MS),), NOW_MS)
    assert heard(made, "BTC") == {Venue.OKX, Venue.BINANCE}
    assert heard(made, "ETH") == {Venue.OKX}


def test_the_reports_of_one_answer_are_taken_as_one() -> None:
    taken: list[int] = []

    class Counting(Condenser):
        def take(self, reports: object, received_at_ms: int, took_ms: int | None = None) -> None:
            taken.append(len(list(reports)))  # type: ignore[call-overload]

    made = Inbox()
    made.condensers["BTC"] = Counting("BTC")
    made.take([Mark(Venue.OKX, asset, NOW_MS, 1.0) for asset in ("BTC", "ETH", "BTC")], NOW_MS)
    assert taken == [2]


def test_an_answer_that_frames_have_overtaken_is_nothing_to_notice() -> None:
    made = inbox()
    made.take((Mark(Venue.OKX, "BTC", NOW_MS, 60_000.0),), NOW_MS)
    late = (Mark(Venue.OKX, "BTC", NOW_MS - 3_000, 60_001.0),)
    condenser = made.condensers["BTC"]

    def noticed() -> list[float | None]:
        found = condenser.step(NOW_MS + 1_000)[1]
        return [one.value for one in found if one.found is Found.OUT_OF_ORDER]

    made.take(late, NOW_MS + 100, took_ms=2_000)
    assert noticed() == [], "it was under way for two seconds, and stamps are whole seconds"
    made.take(late, NOW_MS + 200, took_ms=1_500)
    assert noticed() == [3_000.0]
    made.take(late, NOW_MS + 300)
    assert noticed() == [3_000.0], "a frame is late however little"
    assert condenser.state.venues[Venue.OKX].mark.value == 60_000.0


def status(state: State = State.OK, **changed: object) -> SourceStatus:
    known: dict[str, object] = {
        "venue": Venue.OKX,
        "state": state,
        "until_ms": None,
        "last_success_ms": NOW_MS,
        "last_failure_ms": None,
        "last_failure_why": None,
        "failures_in_a_row": 0,
        "rejected": 0,
        "complaints": (),
    }
    return SourceStatus(**{**known, **changed})  # type: ignore[arg-type]


def stream(venue: Venue = Venue.OKX, *, is_up: bool = True, is_stalled: bool = False) -> StreamStatus:
    channels = (
        ChannelStatus(MARK, NOW_MS - 1_000, NOW_MS - 1_000, is_stalled),
        ChannelStatus(FORCED, NOW_MS - 9_000, NOW_MS, is_stalled=is_stalled),
    )
    return StreamStatus(venue, "/ws", NOW_MS - 60_000 if is_up else None, 1, 0, "closed 1006", None, channels)


@pytest.mark.parametrize(
    ("source", "state"),
    [
        (status(), "open"),
        (status(last_success_ms=None), "new"),
        (status(State.BACKING_OFF), "troubled"),
        (status(State.BACKING_OFF, until_ms=NOW_MS + 1), "shut"),
        (status(State.DISABLED, until_ms=NOW_MS + 1), "banned"),
        (status(State.GEO_BLOCKED, until_ms=NOW_MS + 1), "geo_blocked"),
    ],
)
def test_the_state_of_a_venue_in_the_words_of_the_store(source: SourceStatus, state: str) -> None:
    assert report(source, (), 3).state == state


def test_a_venues_own_streams_are_counted_and_its_silent_channels_named() -> None:
    streams = (stream(), stream(is_up=False, is_stalled=True), stream(Venue.BYBIT))
    said = report(status(), streams, 3)
    assert (said.streams, said.streams_up, said.heard_ms, said.lists) == (2, 1, NOW_MS - 1_000, 3)
    assert said.silent == ("mark BTCUSDT", "liquidations")


def test_why_is_the_trouble_there_is_now() -> None:
    failing = status(State.BACKING_OFF, last_failure_why="mark: no connection")
    assert report(failing, (stream(is_up=False),), 1).why == "mark: no connection"
    recovered = status(last_failure_why="mark: no connection")
    assert report(recovered, (stream(),), 1).why is None
    assert report(recovered, (stream(is_up=False),), 1).why == "closed 1006"
