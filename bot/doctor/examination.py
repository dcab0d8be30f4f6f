"""What is set, what is missing and what to do; whether the running service does its work is asked of its store."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping
from itertools import chain

from bot.addresses import insist_outside
from bot.chat_platform import (
    ChatPlatform,
    Noticed,
    PlatformAway,
    PlatformStopped,
    Stands,
    platforms,
    trouble_memo,
)
from bot.doctor.findings import SETTING, Examination, Finding, Finds
from bot.doctor.machine import (
    backups,
    clock_is_set,
    folder_of,
    health_address,
    readable_by_others,
    room_left,
    where_names_lead,
)
from bot.doctor.sources import SourceFound, try_sources
from bot.doctor.stores import of_store
from bot.doctor.verdicts import of_sources
from bot.environment import PREFIX
from bot.health.asking import ask_store
from bot.settings import Misconfigured, Settings, read_settings
from commands.protocol.dispatch import commands
from market.signals import signals
from scheduler.exchanges import exchanges
from store.connection import StoreUnavailable, connected
from store.memos import StoredMemos
from store.server import ValkeyFailed, running_socket
from store.server.binary import find_server
from store.services import Memos

DEFAULT_ASSETS = "BTC, ETH, SOL and the twelve next by open interest"
NETWORK_S = 20.0
"""For everything that is tried outside this machine, together."""

STANDS: Mapping[Stands, Finds] = {
    Stands.WELL: Finds.OK,
    Stands.CHOICE: Finds.UNSET,
    Stands.WEAK: Finds.WEAK,
}


async def examine(*, offline: bool = False) -> Examination:
    """Look at the settings, the store, the tokens and the exchanges; whatever is broken becomes a finding, never an error.

    `offline` leaves out what needs the network: exchanges and tokens.
    """
    sources: tuple[SourceFound, ...] = ()
    try:
        settings = read_settings()
    except Misconfigured as mistakes:
        found = [Finding(SETTING, Finds.WRONG, text, "Mend it.") for text in mistakes.problems]
    else:
        found, sources = await _configured(settings, offline=offline)
    return Examination(
        (Finding("Python", Finds.OK, sys.version.split()[0]), *found),
        sources,
        tuple(signal.name for signal in signals()),
        tuple(command.name for command in commands()),
        tuple(platform.name for platform in platforms()),
    )


async def _configured(settings: Settings, *, offline: bool) -> tuple[list[Finding], tuple[SourceFound, ...]]:
    """All that is configured, and the exchanges; all that waits for the network waits at the same time."""
    insist_outside(settings.guarded_hosts())
    store = await _store(settings)  # alone: a read of it has tenths of a second
    if not offline:
        _load_platforms(settings)
    asking = [_platform(platform, settings, offline=offline) for platform in platforms()]
    sources, tokens, names = await asyncio.gather(
        _sources(settings, offline=offline),
        asyncio.gather(*asking),
        _names(settings, offline=offline),
    )
    assets = ", ".join(settings.assets) or DEFAULT_ASSETS
    found = [
        *chain.from_iterable(tokens),
        *_private_store(settings),
        *store,
        Finding("assets", Finds.OK, assets),
        _owners(settings),
        *_outside(settings),
        backups(settings, time.time()),
        clock_is_set(),
        *readable_by_others(dict(os.environ)),
        *names,
    ]
    if offline:
        return [*found, Finding("network", Finds.UNSET, "left out: --offline")], ()
    return [*found, *of_sources(sources, settings.assets)], sources


def _load_platforms(settings: Settings) -> None:
    """Load what is tried before anything is waited for: this process stands still meanwhile, and every answer would seem late."""
    for platform in platforms():
        if platform.token(settings) is not None:
            platform.load()


async def _sources(settings: Settings, *, offline: bool) -> tuple[SourceFound, ...]:
    if offline:
        return ()
    known = exchanges()
    try:
        async with asyncio.timeout(NETWORK_S):
            return await try_sources(known, settings.rest_urls(), settings.ws_urls())
    except TimeoutError:
        return tuple(
            SourceFound(one.venue, "too slow", f"not done within {NETWORK_S:.0f} s") for one in known
        )


async def _names(settings: Settings, *, offline: bool) -> list[Finding]:
    return [] if offline else await where_names_lead(settings)


def _owners(settings: Settings) -> Finding:
    if settings.operators:
        return Finding("owners", Finds.OK, f"{len(settings.operators)} named")
    to_do = f"To see to it from a chat, set {PREFIX}OPERATORS; /id tells your number there."
    return Finding(
        "owners", Finds.UNSET, f"no {PREFIX}OPERATORS: nobody may change what is watched in a chat", to_do
    )


def _outside(settings: Settings) -> Iterator[Finding]:
    if settings.ping_url is not None:
        yield Finding("ping", Finds.OK, f"{PREFIX}PING_URL is set, and not tried")
        return
    to_do = f"To be told elsewhere when all of this ends, set {PREFIX}PING_URL."
    yield Finding("ping", Finds.UNSET, f"no {PREFIX}PING_URL", to_do)


async def _platform(platform: ChatPlatform, settings: Settings, *, offline: bool) -> list[Finding]:
    variable = f"{PREFIX}{platform.token_setting.upper()}"
    if platform.token(settings) is None:
        to_do = f"To use it, set {variable}, or {variable}_FILE to a file that holds the token."
        return [Finding(platform.name, Finds.UNSET, f"no {variable}", to_do)]
    if offline:
        return [Finding(platform.name, Finds.OK, f"{variable} is set, and not tried")]
    try:
        name = await platform.check(settings)
    except PlatformStopped as refused:
        return [Finding(platform.name, Finds.WRONG, f"{variable} is refused", str(refused))]
    except PlatformAway as away:
        to_do = f"Is there a network? {PREFIX}{platform.name.upper()}_URL points it elsewhere."
        return [Finding(platform.name, Finds.WEAK, str(away), to_do)]
    told = f"the token is {name}'s; `seawall run` starts it"
    link, noticed = await asyncio.gather(_invited(platform, settings), _noticed(platform, settings))
    return [Finding(platform.name, Finds.OK, f"{told}{link}"), *noticed]


async def _invited(platform: ChatPlatform, settings: Settings) -> str:
    """The link by which the bot is taken in, as the end of a sentence; "" where there is none."""
    try:
        link = await platform.invite(settings)
    except (PlatformStopped, PlatformAway) as failure:
        return f"; no link to invite it ({failure})"
    return "" if link is None else f"; invite it by {link}"


async def _noticed(platform: ChatPlatform, settings: Settings) -> list[Finding]:
    """What else the platform tells of the bot."""
    try:
        noticed = await platform.inspect(settings)
    except (PlatformStopped, PlatformAway) as failure:
        return [Finding(platform.name, Finds.WEAK, str(failure))]
    return [_finding(platform, one) for one in noticed]


def _finding(platform: ChatPlatform, noticed: Noticed) -> Finding:
    return Finding(f"{platform.name} {noticed.what}", STANDS[noticed.stands], noticed.seen, noticed.to_do)


def _private_store(settings: Settings) -> Iterator[Finding]:
    """The private Valkey's program and folder, where no other store is set."""
    if settings.redis_url is not None:
        return
    try:
        yield Finding("Valkey", Finds.OK, f"private, {find_server().name} out of the installed packages")
    except ValkeyFailed as failure:
        yield Finding("Valkey", Finds.WRONG, str(failure), "Install Valkey or set SEAWALL_REDIS_URL.")
    folder = folder_of(settings)
    if os.access(folder, os.W_OK | os.X_OK):
        yield Finding("data folder", Finds.OK, str(settings.data_dir))
        yield room_left(folder)
    else:
        yield Finding("data folder", Finds.WRONG, f"{folder} may not be written to", "Set SEAWALL_DATA_DIR.")


async def _store(settings: Settings) -> list[Finding]:
    """The store that is set or running: does it answer, would it throw things away, is the evaluation fresh."""
    url = None if settings.redis_url is None else settings.redis_url.get_secret_value()
    address = url or running_socket(settings.data_dir)
    if address is None:
        return [
            Finding("service", Finds.UNSET, "does not run", "Start it: make serve, or seawall run."),
            await health_address(settings, is_running=False),
        ]
    try:
        async with connected(address) as connection:
            found = await of_store(connection, settings)
            found += await _troubles(settings, StoredMemos(connection))
    except (StoreUnavailable, ValueError) as failure:
        to_do = "Look at SEAWALL_REDIS_URL." if url else "Start the service: make serve, or seawall run."
        return [Finding("store", Finds.WRONG if url else Finds.UNSET, str(failure), to_do)]
    now = await ask_store(settings)
    to_do = "" if now.ok else "Is `seawall run` running? Its log says what it waits for."
    return [
        *found,
        Finding("evaluation", Finds.OK if now.ok else Finds.UNSET, now.reason, to_do),
        await health_address(settings, is_running=now.ok),
    ]


async def _troubles(settings: Settings, memos: Memos) -> list[Finding]:
    """What the platforms of the service that runs say of themselves."""
    found = []
    for platform in (one for one in platforms() if one.token(settings) is not None):
        trouble = await memos.read(trouble_memo(platform.name))
        if trouble is not None:
            found.append(Finding(f"{platform.name} service", Finds.WEAK, trouble, "Its log says since when."))
    return found
