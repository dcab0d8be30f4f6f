"""What is set, what is missing and what to do; and whether the running service does its work."""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from bot.chat_platform import ChatPlatform, platforms
from bot.settings import PREFIX, Misconfigured, Settings, read_settings
from commands.protocol.dispatch import commands
from market.signals import signals
from store.connection import StoreUnavailable, connected, open_connection
from store.health import Health, is_healthy
from store.server import ValkeyFailed, running_socket
from store.server.binary import find_server


class Finds(StrEnum):
    """How something is: fine, left out by choice, or in need of a hand."""

    OK = "ok"
    UNSET = "not set"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what it is, how it is, what was seen, and what to do (nothing where it is fine)."""

    what: str
    finds: Finds
    seen: str
    to_do: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything looked at, and the entries that were found by name, which a folder scan hides from a search."""

    findings: tuple[Finding, ...]
    signals: tuple[str, ...]
    commands: tuple[str, ...]
    platforms: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Nothing is wrong; what is not set is a choice."""
        return all(finding.finds is not Finds.WRONG for finding in self.findings)

    def to_json(self) -> dict[str, object]:
        """The same with plain keys, for `--json`."""
        return {"ok": self.ok, **asdict(self)}


async def examine() -> Examination:
    """Look at the settings, the store and the entries; whatever is broken becomes a finding, never an error."""
    try:
        found = [_version(), *await _configured(read_settings())]
    except Misconfigured as mistakes:
        found = [
            _version(),
            *(Finding("setting", Finds.WRONG, text, "Mend it.") for text in mistakes.problems),
        ]
    return Examination(
        tuple(found),
        tuple(signal.name for signal in signals()),
        tuple(command.name for command in commands()),
        tuple(platform.name for platform in platforms()),
    )


def in_words(examination: Examination) -> str:
    """The examination in lines: what is wrong first, then what is not set, then what is fine."""
    worst_first = sorted(examination.findings, key=lambda finding: list(Finds)[::-1].index(finding.finds))
    lines = [f"{finding.finds:<7} {finding.what}: {finding.seen}" for finding in worst_first]
    for place, finding in reversed(list(enumerate(worst_first))):
        if finding.to_do:
            lines.insert(place + 1, f"        {finding.to_do}")
    entries = {
        "signals": examination.signals,
        "commands": examination.commands,
        "platforms": examination.platforms,
    }
    lines += [f"found   {kind}: {', '.join(names) or 'none'}" for kind, names in entries.items()]
    return "\n".join(lines)


async def health(settings: Settings) -> Health:
    """Whether the store answers and the last evaluation is younger than three cycles, without starting anything."""
    if settings.redis_url is not None:
        address: str | Path | None = settings.redis_url.get_secret_value()
    else:
        address = running_socket(settings.data_dir)
    if address is None:
        return Health(ok=False, reason="The service does not run: no store was started on its data folder.")
    try:
        connection = open_connection(address)
    except ValueError as wrong:
        return Health(ok=False, reason=str(wrong))
    try:
        return await is_healthy(connection, round(time.time() * 1_000))
    finally:
        await connection.close()


def _version() -> Finding:
    return Finding("Python", Finds.OK, sys.version.split()[0])


async def _configured(settings: Settings) -> list[Finding]:
    return [
        *(_platform(platform, settings) for platform in platforms()),
        *_private_store(settings),
        *await _store(settings),
        Finding("assets", Finds.OK, ", ".join(settings.assets)),
    ]


def _platform(platform: ChatPlatform, settings: Settings) -> Finding:
    variable = f"{PREFIX}{platform.token_setting.upper()}"
    if platform.token(settings) is not None:
        return Finding(platform.name, Finds.OK, f"{variable} is set; `seawall run` starts it")
    to_do = f"To use it, set {variable}, or {variable}_FILE to a file that holds the token."
    return Finding(platform.name, Finds.UNSET, f"no {variable}", to_do)


def _private_store(settings: Settings) -> Iterator[Finding]:
    """The private Valkey's program and folder, where no other store is set."""
    if settings.redis_url is not None:
        return
    try:
        yield Finding("Valkey", Finds.OK, f"private, {find_server().name} out of the installed packages")
    except ValkeyFailed as failure:
        yield Finding("Valkey", Finds.WRONG, str(failure), "Install Valkey or set SEAWALL_REDIS_URL.")
    folder = next(path for path in (settings.data_dir, *settings.data_dir.parents) if path.exists())
    if os.access(folder, os.W_OK | os.X_OK):
        yield Finding("data folder", Finds.OK, str(settings.data_dir))
    else:
        yield Finding("data folder", Finds.WRONG, f"{folder} may not be written to", "Set SEAWALL_DATA_DIR.")


async def _store(settings: Settings) -> list[Finding]:
    """The store that is set or running: does it answer, would it throw things away, is the evaluation fresh."""
    url = None if settings.redis_url is None else settings.redis_url.get_secret_value()
    address = url or running_socket(settings.data_dir)
    if address is None:
        return [Finding("service", Finds.UNSET, "does not run", "Start it: make serve, or seawall run.")]
    try:
        async with connected(address):
            pass
    except (StoreUnavailable, ValueError) as failure:
        to_do = "Look at SEAWALL_REDIS_URL." if url else "Start the service: make serve, or seawall run."
        return [Finding("store", Finds.WRONG if url else Finds.UNSET, str(failure), to_do)]
    now = await health(settings)
    to_do = "" if now.ok else "Is `seawall run` running? Its log says what it waits for."
    return [
        Finding("store", Finds.OK, "answers, and evicts nothing that must stay"),
        Finding("evaluation", Finds.OK if now.ok else Finds.UNSET, now.reason, to_do),
    ]
