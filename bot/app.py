"""The service: a store, a market played into it, and every chat platform that has a token, until it is told to stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

from bot import logs
from bot.addresses import insist_outside
from bot.admission import may_hear
from bot.alone import Alone
from bot.chat_platform import ChatPlatform, Desk, PlatformStopped, platforms
from bot.collection import give_back, settle
from bot.delivery.emptied import notice_emptied
from bot.delivery.errand import Stopped
from bot.delivery.post import PostOffice
from bot.delivery.words import Words
from bot.evaluating import SCHEDULER, Evaluation
from bot.feed import MakeFeed
from bot.health.care import Care, deliver_canaries
from bot.leading import Leading, Standing
from bot.live import KEPT_KINDS, configure_log, open_store, services_on
from bot.messenger import Messenger
from bot.pictures.drawn import drawing
from bot.processes import this_process
from bot.reloading import Reloading, watched_in
from bot.running import WrongRequest, on_hangup
from bot.settings import Settings
from commands.protocol.limits import Gate
from scheduler.clock import now_ms
from store.connection import Connection
from store.schemas import insist_on_schemas

DELIVERY = "delivery"
MATCHING = "matching"
"""The lease of who gives warnings their rows."""
STARTED_S = 10.0
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
FONTS = "fonts"
"""The folder, among those of the service, in which the list of fonts is kept."""

RunPlatform = Callable[[Desk], Awaitable[None]]
"""Serves a platform, or sends there, until it is cancelled."""

_log = logging.getLogger(__name__)


async def serve(settings: Settings, make_feed: MakeFeed, only: Sequence[str] = ()) -> int:
    """Run the service until it is cancelled, or those of its parts that are named (`parts`).

    Parts that run apart share one store, on the same data folder or the same server. Raises ValkeyFailed and
    StoreUnavailable where there is no store, WrongRequest for a part that is not known or has no token.
    """
    here = _parts_here(settings, only)
    hangup = _prepare(settings)
    async with open_store(settings) as connection:
        feed, name = make_feed(), this_process()
        care = Care(
            connection,
            settings,
            [one.name for one in platforms() if one.token(settings)],
            (SCHEDULER, MATCHING) if feed.is_live else (SCHEDULER,),
        )
        office = _post_office(connection, settings, care) if feed.is_live else None
        deliver = partial(bring, office, care) if office is not None else None
        services = services_on(connection, is_live=feed.is_live)
        turn = office.reply_turn if office is not None else None
        watched = (watched_in(connection, settings),) if feed.is_live and SCHEDULER in here else ()
        reloading = Reloading(settings, services.memos, watched, wanted=hangup)
        services = replace(services, reloads=reloading)
        async with (
            connection.remembering(),
            drawing(settings.data_dir / FONTS, services.pictures) as drawn,
            care.taken(),
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(reloading.run())
            gate, alone = Gate(services.limits), Alone(connection, name)
            desk = Desk(
                settings,
                services,
                now_ms,
                deliver=deliver,
                reply_turn=turn,
                draw=drawn.png,
                gate=gate,
                tally=care.tally,
                alone=alone,
            )
            if SCHEDULER in here:
                evaluation = Evaluation(connection, feed, name)
                care.parts.add(SCHEDULER, tasks.create_task(evaluation.run()), lambda: evaluation.leading)
                if feed.is_live:
                    tasks.create_task(_look_after(connection, settings, care, evaluation.leading))
                await evaluation.settled()
            if office is not None and DELIVERY in here:
                task = tasks.create_task(alone.do_fenced(MATCHING, match))
                care.parts.add(DELIVERY, task, partial(alone.led, MATCHING))
                tasks.create_task(deliver_canaries(office.deliver))
            for one, run in _ways(settings, here, is_live=feed.is_live):
                part = one if one in here else f"{one}-sending"
                care.parts.add(
                    part, tasks.create_task(keep_up(one, run, desk)), partial(alone.led, f"{one}:")
                )
    return 0


def _prepare(settings: Settings) -> asyncio.Event:
    """What comes before everything else: the log, and that no address leads where it should not.

    Gives what a SIGHUP sets from now on: it wants the settings to be read again.
    """
    configure_log(settings)
    insist_outside(settings.guarded_hosts())
    logs.watch_loop(asyncio.get_running_loop())
    for rest in (settle, give_back):
        asyncio.get_running_loop().call_later(STARTED_S, rest)
    hangup = asyncio.Event()
    on_hangup(hangup.set)
    return hangup


def _post_office(connection: Connection, settings: Settings, care: Care) -> PostOffice:
    """The way of warnings to those whom the settings, as they are at that moment, let hear of them."""
    return PostOffice(connection, Words(), now_ms, care.tally, partial(may_hear, settings))


async def match(connection: Connection) -> None:
    """Give each warning its rows, and erase what nobody can be told any more, on the connection of who leads."""
    office = PostOffice(connection, Words(), now_ms)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(office.address())
        tasks.create_task(office.tidy())
        tasks.create_task(notice_emptied(connection, partial(insist_on_schemas, connection, KEPT_KINDS)))


async def _look_after(connection: Connection, settings: Settings, care: Care, leading: Leading) -> None:
    """Look out for the market, and keep a backup each night where a folder is set, for as long as this process leads."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(care.lookout(leading).run())
        if settings.backup_dir is not None:
            from bot.backup.nightly import Nightly  # noqa: PLC0415, only where it is used

            nightly = Nightly(
                connection, settings.backup_dir, now_ms, lambda: leading.standing is Standing.LEADER
            )
            tasks.create_task(nightly.run())


def parts() -> tuple[str, ...]:
    """What `seawall run --only` may name.

    The scheduler brings the market, delivery matches warnings to those who asked and sends them on every platform that has a
    token, a platform listens, answers and sends as well. Of each there may be any number: what only one may do, one does.
    """
    return SCHEDULER, DELIVERY, *(platform.name for platform in platforms())


def _parts_here(settings: Settings, only: Sequence[str]) -> frozenset[str]:
    """The parts this process runs; all of them where none is named."""
    known, named = parts(), [name.strip().lower() for words in only for name in words.split(",")]
    for name in named:
        if name not in known:
            raise WrongRequest(f'"{name}" is no part of the service. One of: {", ".join(known)}.')
    without = [one.name for one in platforms() if one.name in named and one.token(settings) is None]
    if without:
        raise WrongRequest(f"{without[0]} has no token: set SEAWALL_{without[0].upper()}_TOKEN.")
    return frozenset(named or known)


def _ways(settings: Settings, here: Collection[str], *, is_live: bool) -> Iterator[tuple[str, RunPlatform]]:
    """How each platform with a token is served here: listened to and answered, or sent to and no more."""
    for platform in with_token(settings):
        if platform.name in here:
            yield platform.name, platform.run
        elif is_live and DELIVERY in here:
            yield platform.name, platform.post


def with_token(settings: Settings) -> list[ChatPlatform]:
    """The platforms the operator gave a token; says so where there is none."""
    found = [platform for platform in platforms() if platform.token(settings) is not None]
    if not found:
        _log.warning(
            "no chat platform has a token: `seawall chat` and `seawall ask` are answered here, and nobody else. "
            "`seawall doctor` says what to set"
        )
    return found


async def bring(office: PostOffice, care: Care, messenger: Messenger) -> None:
    """Deliver one platform's warnings until cancelled, or until its bot is refused: its rows are then kept."""
    try:
        async with care.owners.reached_by(messenger):
            await office.deliver(messenger)
    except Stopped as stopped:
        _log.error("warnings on %s wait: %s", messenger.platform, stopped)


async def keep_up(name: str, run: RunPlatform, desk: Desk) -> None:
    """Run a platform for as long as it can; what ends one platform does not end the service or another platform."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            _log.info("%s starts", name)
            await run(desk)
        except PlatformStopped as stopped:
            _log.error("%s stopped: %s", name, stopped)
            return
        except Exception:  # noqa: BLE001, whatever a library of its own raises ends this platform only
            _log.exception("%s failed; it starts again in %.0f s", name, pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)
