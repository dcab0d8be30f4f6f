"""This machine, looked at: room on its disk, its clock, files that others can read, and where the service tells how it is."""

import asyncio
import ctypes
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from bot.addresses import ALLOWING, LeadsInside, look_up
from bot.doctor.findings import Finding, Finds
from bot.environment import ENV_FILE, PREFIX, with_env_file
from bot.settings import SECRETS, Settings

GB = 1_000_000_000
LITTLE_BYTES, TOO_LITTLE_BYTES = GB, GB // 10
TIMEX_BYTES = 512
"""More than the kernel's struct timex takes; its first field 0 asks and sets nothing."""
BACKUPS = "seawall-*.jsonl"
HOUR_S = 3_600.0
OLDEST_BACKUP_H = 36.0
"""One is made each night."""
NOT_SET_BY_NTP = 5
"""TIME_ERROR of adjtimex(2)."""
ASKED_WITHIN_S = 6.0
"""A name server that is dead costs five seconds before the second one is asked."""
OTHERS = stat.S_IRGRP | stat.S_IROTH


def room_left(folder: Path) -> Finding:
    """How much room is left where the private Valkey writes."""
    free = shutil.disk_usage(folder).free
    seen = f"{free / GB:.1f} GB free at {folder}"
    if free >= LITTLE_BYTES:
        return Finding("disk", Finds.OK, seen)
    to_do = "Make room: the private Valkey stops taking what it is told when its disk is full."
    return Finding("disk", Finds.WEAK if free >= TOO_LITTLE_BYTES else Finds.WRONG, seen, to_do)


def backups(settings: Settings, now_s: float) -> Finding:
    """Whether a copy is kept each night, and how old the newest is."""
    folder = settings.backup_dir
    if folder is None:
        to_do = f"To keep one each night, set {PREFIX}BACKUP_DIR; `seawall backup FILE` makes one now."
        return Finding("backup", Finds.UNSET, f"no {PREFIX}BACKUP_DIR", to_do)
    try:
        newest_s = max((file.stat().st_mtime for file in folder.glob(BACKUPS)), default=None)
    except OSError as failure:
        to_do = "May the service write there?"
        return Finding("backup", Finds.WEAK, f"{folder} cannot be read: {failure.strerror}", to_do)
    if newest_s is None:
        to_do = "The first one comes as soon as the service evaluates."
        return Finding("backup", Finds.UNSET, f"none in {folder} yet", to_do)
    hours = (now_s - newest_s) / HOUR_S
    seen = f"the newest in {folder} is {hours:.0f} h old"
    if hours <= OLDEST_BACKUP_H:
        return Finding("backup", Finds.OK, seen)
    return Finding("backup", Finds.WEAK, seen, "Does the service run? Its log says why none could be made.")


def clock_is_set(answer: int | None = None) -> Finding:
    """Whether something keeps this machine's clock right, as its kernel says; `answer` is that of adjtimex."""
    told = _adjtimex() if answer is None else answer
    if told < 0:
        return Finding("NTP", Finds.UNSET, "this system does not tell whether its clock is set by NTP")
    if told == NOT_SET_BY_NTP:
        to_do = (
            "Start one: timedatectl set-ntp true, or chrony. Ages, quiet hours and leases go by the clock."
        )
        return Finding("NTP", Finds.WEAK, "nothing sets this machine's clock", to_do)
    return Finding("NTP", Finds.OK, "this machine's clock is set")


def readable_by_others(environ: dict[str, str]) -> Iterator[Finding]:
    """Files that hold secrets and that other users of this machine may read."""
    said, _ = with_env_file(environ, Settings.model_fields, SECRETS)
    named = {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    if any(f"{PREFIX}{name.upper()}" in said.keys() - environ.keys() for name in SECRETS):
        named.add(ENV_FILE)
    for variable in sorted(named & {name for name, value in said.items() if value}):
        with suppress(OSError):
            file = Path(said[variable]).expanduser()
            if file.stat().st_mode & OTHERS and not file.is_relative_to("/run/secrets"):
                yield Finding("secrets", Finds.WEAK, f"others may read {file}", f"chmod 600 {file}")


async def health_address(settings: Settings, *, is_running: bool) -> Finding:
    """Where the service tells how it is, and whether somebody answers there."""
    if settings.health_listen is None:
        to_do = f"To watch it from outside, set {PREFIX}HEALTH_LISTEN, such as 127.0.0.1:8090."
        return Finding("health", Finds.UNSET, f"no {PREFIX}HEALTH_LISTEN", to_do)
    where = f"http://{settings.health_listen}/readyz"
    status = await _status(settings.health_listen)
    if status is None and not is_running:
        return Finding("health", Finds.OK, f"{where}, once it runs")
    if status is None:
        to_do = "Is it another process's or machine's? The log of `seawall run` says where it listens."
        return Finding("health", Finds.WEAK, f"nobody answers at {where}", to_do)
    if status == 200:
        return Finding("health", Finds.OK, f"{where} says that all is well")
    return Finding("health", Finds.WEAK, f"{where} answers {status}", "What it says there tells why.")


async def where_names_lead(settings: Settings) -> list[Finding]:
    """Addresses of the settings whose names lead nowhere, or into one's own network."""
    hosts = settings.guarded_hosts()
    return [found for found in await asyncio.gather(*map(_where, hosts)) if found is not None]


async def _where(host: str) -> Finding | None:
    try:
        async with asyncio.timeout(ASKED_WITHIN_S):
            await look_up(host)
    except LeadsInside:
        to_do = f"Name it in {ALLOWING} where that is meant; it is not asked until then."
        return Finding("addresses", Finds.WRONG, f"{host} leads into a private network", to_do)
    except TimeoutError:
        to_do = "Does each name server of this machine answer?"
        return Finding("addresses", Finds.WEAK, f"{host} was not found within {ASKED_WITHIN_S:.0f} s", to_do)
    except OSError:
        to_do = "Is there a name server? Is it spelled right?"
        return Finding("addresses", Finds.WEAK, f"{host} leads nowhere", to_do)
    return None


async def _status(place: str) -> int | None:
    """What /readyz answers there, None where nobody does."""
    host, _, port = place.rpartition(":")
    host = host.strip("[]")
    with suppress(ValueError):  # what listens everywhere is asked here
        host = "localhost" if ip_address(host).is_unspecified else host
    try:
        async with asyncio.timeout(ASKED_WITHIN_S):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET /readyz HTTP/1.0\r\nHost: {place}\r\n\r\n".encode())
            line = await reader.readline()
            writer.close()
    except (OSError, TimeoutError, ValueError):
        return None
    words = line.split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


def _adjtimex() -> int:
    """What the kernel says of its clock, -1 where it says nothing."""
    if not sys.platform.startswith("linux"):
        return -1
    try:
        return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)))
    except (OSError, AttributeError):
        return -1


def folder_of(settings: Settings) -> Path:
    """The data folder, or the nearest one above it that is there."""
    return next(path for path in (settings.data_dir, *settings.data_dir.parents) if path.exists())
