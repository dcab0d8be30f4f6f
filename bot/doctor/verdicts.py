"""What was found of the exchanges, in sentences: how each is, this machine's clock, and the assets that were named."""

from collections.abc import Iterator, Sequence
from statistics import median

from bot.doctor.findings import Finding, Finds
from bot.doctor.sources import ANSWERS, SourceFound
from market.observations import Asset
from scheduler.fetch import Failure

CLOCK_OFF_MS = 10_000
"""An answer is underway for less; beyond it ages are told wrong."""
CLOCK_REFUSED_MS = 60_000
"""What is stamped further ahead is refused, what is further behind is taken for old (scheduler/condense/admission.py)."""

TO_DO = {
    Failure.GEO_BLOCKED.value: "This venue does not serve your country: the others go on without it. "
    "Where you may, {rest} points it elsewhere.",
    Failure.UNREACHABLE.value: "Is there a network, a name server, a firewall? {rest} points it elsewhere.",
    Failure.TOO_SLOW.value: "Is there a network, a firewall that drops what goes out? {rest} points it elsewhere.",
    Failure.BANNED.value: "It has been asked too much from this address: leave it alone for a while.",
    Failure.SLOW_DOWN.value: "It has been asked too much from this address: leave it alone for a while.",
    Failure.MISREAD.value: "Its format has changed, or something answers in its place: look for a newer Seawall.",
}
OTHERWISE = "It may be in trouble: try again later, its status page may know more."


def of_sources(sources: Sequence[SourceFound], assets: Sequence[Asset]) -> Iterator[Finding]:
    """A finding an exchange, one of the clock where it can be told, one of assets that no exchange lists."""
    yield from map(_of_source, sources)
    if sources and not any(source.state == ANSWERS for source in sources):
        to_do = "Mend the network, or serve recorded history: seawall run --history FILE."
        yield Finding("exchanges", Finds.WRONG, "none answers: there is no live market", to_do)
    yield from _clock(sources)
    yield from _unlisted(sources, assets)


def _of_source(source: SourceFound) -> Finding:
    what = source.venue.value
    if source.state != ANSWERS:
        variable = f"SEAWALL_{what.upper()}_REST_URL"
        to_do = TO_DO.get(source.state, OTHERWISE).format(rest=variable)
        return Finding(what, Finds.WEAK, _placed(f"{source.state}: {source.why}", source), to_do)
    parts = [
        f"{source.instruments} perpetuals",
        f"{source.asked - len(source.unread)}/{source.asked} questions read",
    ]
    if source.lag_ms is not None:
        parts.append(f"clocks {abs(source.lag_ms) / 1_000:.1f} s apart")
    parts += [f"its stream {source.stream}" if source.is_well else f"stream: {source.stream}", *source.unread]
    if source.is_well:
        return Finding(what, Finds.OK, _placed(", ".join(parts), source))
    listens = source.stream in {"speaks", "connects"}
    to_do = (
        OTHERWISE
        if listens
        else f"Does a proxy or firewall refuse websockets? SEAWALL_{what.upper()}_WS_URL points it elsewhere."
    )
    return Finding(what, Finds.WEAK, _placed(", ".join(parts), source), to_do)


def _placed(text: str, source: SourceFound) -> str:
    """What was seen, and where it was looked for if that is not the venue's own place."""
    elsewhere = [url for url in (source.rest_url, source.ws_url) if url is not None]
    return f"{text} (at {', '.join(elsewhere)})" if elsewhere else text


def _clock(sources: Sequence[SourceFound]) -> Iterator[Finding]:
    """This machine's clock against the median of the venues: one of them may be wrong, or frozen."""
    lags = [source.lag_ms for source in sources if source.lag_ms is not None]
    if not lags:
        return
    apart_ms = median(lags)
    side = "ahead of" if apart_ms > 0 else "behind"
    seen = f"{abs(apart_ms) / 1_000:.1f} s {side} the exchanges ({len(lags)} tell the time)"
    if abs(apart_ms) <= CLOCK_OFF_MS:
        yield Finding("clock", Finds.OK, seen)
    else:
        finds = Finds.WEAK if abs(apart_ms) <= CLOCK_REFUSED_MS else Finds.WRONG
        yield Finding("clock", finds, seen, "Set this machine's clock by NTP: ages would be told wrong.")


def _unlisted(sources: Sequence[SourceFound], assets: Sequence[Asset]) -> Iterator[Finding]:
    answering = [source for source in sources if source.state == ANSWERS]
    listed = frozenset[Asset]().union(*(source.assets for source in answering))
    missing = [asset for asset in assets if asset not in listed]
    if answering and missing:
        seen = f"no exchange that answers lists {', '.join(missing)}"
        yield Finding("assets", Finds.WEAK, seen, "Look at SEAWALL_ASSETS: a name as in BTC,ETH,1000PEPE.")
