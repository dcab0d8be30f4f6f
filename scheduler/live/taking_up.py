"""Taking up an asset: its past, or the gap since it was last seen, played through condensing and engine."""

import asyncio
from collections.abc import Callable, Iterable

from market.alerts import Alert
from market.observations import DAY_MS, Candle, Observation
from scheduler.collect import Collector
from scheduler.collect.past import COLD_DAYS, Heard, Past, play_past
from scheduler.collect.poller import REACH_MS
from scheduler.condense import Condenser, CondenserState
from scheduler.cycle import Announce, Watched
from scheduler.engine import Engine
from scheduler.exchange import Told

STEPS_AT_ONCE = 20
"""Between so many steps others of this process have their turn."""

READ_SHARE = 0.9
"""How much of taking up is reading; the rest is playing what was read."""

JUDGED_MS = 14 * DAY_MS
"""The longest memory of a judgement is the seven days of the sequence: twice that is judged, what lies before is remembered."""

Progress = Callable[[float], None]


async def read_past(
    watched: Watched,
    condenser: CondenserState,
    now_ms: int,
    collector: Collector,
    own: Iterable[Heard] = (),
    tell: Progress | None = None,
) -> Past | None:
    """What happened since the asset was last seen, None where the next poll reaches back as far.

    One that was never seen has a cold start's past, `COLD_DAYS` and more; so has one that was away for longer.
    """
    is_cold = watched.seq == 0
    since_ms = condenser.price_at_ms or watched.engine.state.market.now_ms
    if not is_cold and now_ms - since_ms <= REACH_MS:
        return None
    earliest_ms = now_ms - COLD_DAYS * DAY_MS
    begin_ms = earliest_ms if is_cold else max(since_ms, earliest_ms)
    return await collector.past(watched.engine.asset, begin_ms, own, read_part(tell))


def read_part(tell: Progress | None) -> Progress | None:
    """What is told of reading, as its part of the whole."""
    return None if tell is None else lambda share: tell(READ_SHARE * share)


def has_prices(past: Past) -> bool:
    """Whether any candle was heard: without, there is nothing to judge by, and it is asked for again."""
    return any(
        isinstance(report, Told) and isinstance(report.said, Candle)
        for heard in past.heard
        for report in heard.reports
    )


async def play(
    past: Past,
    engine: Engine,
    condenser: Condenser,
    announce: Announce | None,
    tell: Progress | None = None,
    judged_ms: int = JUDGED_MS,
) -> None:
    """Play a past into condenser and engine; its warnings go to the log, late as they are (None: they are old news).

    Of old news only the last `judged_ms` are judged, which is half the work.
    What lies before the engine's own time is told at the first step after it. Raises StoreUnavailable: then engine and
    condenser are of no use any more.
    """
    late: list[Observation] = []
    for count, (at_ms, observations, findings) in enumerate(play_past(past, condenser)):
        late += observations
        if at_ms > engine.state.market.now_ms:
            alerts: tuple[Alert, ...] = ()
            if announce is None and at_ms < past.until_ms - judged_ms:
                engine.state.market.observe(late, at_ms, engine.rules)
            else:
                _, alerts = engine.step(at_ms, late, findings)
            late = []
            if announce is not None:
                for alert in alerts:
                    await announce(alert)
        if count % STEPS_AT_ONCE == 0:
            _tell(tell, past, at_ms)
            await asyncio.sleep(0)
    if late:
        engine.step(engine.state.market.now_ms, late)


def _tell(tell: Progress | None, past: Past, at_ms: int) -> None:
    if tell is not None:
        share = (at_ms - past.since_ms) / max(1, past.until_ms - past.since_ms)
        tell(READ_SHARE + (1.0 - READ_SHARE) * min(1.0, max(0.0, share)))
