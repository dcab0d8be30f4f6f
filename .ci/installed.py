"""Say whether what is installed here is what the lock says, without asking anybody: names, versions, and files on request.

    .venv/bin/python .ci/installed.py requirements-dev.lock [--files]

With --files every installed file is compared with the hash that its package recorded of it. Ends with 1 where anything differs.
"""

import base64
import hashlib
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackagePath, distributions
from pathlib import Path

from packaging.markers import Marker

ALWAYS_THERE = frozenset({"pip", "setuptools", "wheel", "seawall", "numba", "llvmlite"})
"""What a virtual environment brings along, we ourselves, and what `seawall[fast]` adds where somebody wants it."""
_LOCKED = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)\s*(?:;\s*([^\\]+?))?\s*\\?")


def main() -> int:
    """Print every difference, and give 1 where there is one."""
    lock, here = Path(sys.argv[1]), list(distributions())
    wrong = [*differences(locked(lock.read_text()), here)]
    if "--files" in sys.argv[2:]:
        wrong += changed_files(here)
    for line in wrong:
        print(line)
    if not wrong:
        print(f"installed: as {lock.name} says")
    return 1 if wrong else 0


def locked(text: str) -> dict[str, str]:
    """The version of every package that a lock means for this machine, by its name as it is compared."""
    found = {}
    for line in text.splitlines():
        match = _LOCKED.fullmatch(line.strip())
        if match is not None and (match[3] is None or Marker(match[3]).evaluate()):
            found[canonical(match[1])] = match[2]
    return found


def differences(wanted: dict[str, str], here: list[Distribution]) -> Iterator[str]:
    """What is missing, of another version, or not in the lock at all, a sentence each."""
    versions = {canonical(one.metadata["Name"]): one.version for one in here}
    for name, version in wanted.items():
        if name not in versions:
            yield f"{name} {version} is locked and not installed"
        elif versions[name] != version:
            yield f"{name} is {versions[name]}, the lock says {version}"
    for name in sorted(versions.keys() - wanted.keys() - ALWAYS_THERE):
        yield f"{name} {versions[name]} is installed and in no lock"


def changed_files(here: list[Distribution]) -> Iterator[str]:
    """The installed files that are not what their package recorded of them."""
    for one in here:
        for file in one.files or ():
            if file.hash is not None and not _is_as_recorded(file):
                yield f"{one.metadata['Name']}: {file} is not as it was installed"


def canonical(name: str) -> str:
    """A name as names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_as_recorded(file: PackagePath) -> bool:
    path = Path(str(file.locate()))
    if file.hash is None or not path.is_file():
        return False
    digest = hashlib.new(file.hash.mode, path.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value


if __name__ == "__main__":
    sys.exit(main())
