"""Shows that the locked packages install from wheels alone, on x86_64 and aarch64 and every Python we name; nothing is installed.

`python .ci/wheels.py`; exit 1 where a package would have to be built.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

MACHINES = ("x86_64", "aarch64")
PYTHONS = ("3.11", "3.12", "3.13")
GLIBC = ("manylinux2014", "manylinux_2_17", "manylinux_2_28", "manylinux_2_34")
"""The oldest Debian, Ubuntu and Raspberry Pi OS that have Python 3.11 bring at least the newest of these."""


def main() -> int:
    """Resolve for each machine and Python, and say how many wheels that takes."""
    refused = 0
    for machine in MACHINES:
        for python in PYTHONS:
            count = wheels(machine, python)
            refused += count is None
            print(
                f"{machine} Python {python}: {'not from wheels alone' if count is None else f'{count} wheels'}"
            )
    return 1 if refused else 0


def wheels(machine: str, python: str) -> int | None:
    """How many wheels the lock takes there, None where one is missing."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        call = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--dry-run",
            "--ignore-installed",
            "--no-deps",
            "--quiet",
        ]
        call += ["--require-hashes", "--only-binary", ":all:", "--report", str(report), "--target", folder]
        call += [
            "--implementation",
            "cp",
            "--python-version",
            python,
            "--abi",
            f"cp{python.replace('.', '')}",
        ]
        call += ["--abi", "abi3", *(part for old in GLIBC for part in ("--platform", f"{old}_{machine}"))]
        done = subprocess.run([*call, "-r", "requirements.lock"], check=False, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr.strip().splitlines()[-1], file=sys.stderr)
            return None
        chosen = [one["download_info"]["url"] for one in json.loads(report.read_text())["install"]]
    return len(chosen) if all(url.endswith(".whl") for url in chosen) else None


if __name__ == "__main__":
    sys.exit(main())
