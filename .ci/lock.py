"""Resolve requirements.lock and requirements-dev.lock anew: hashed, for every platform, without an index address.

    python3 .ci/lock.py [--upgrade]

uv does the work, in a virtual environment thrown away afterwards. Versions already locked stay unless --upgrade.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
WITH = (
    *("--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"),
    *("--no-annotate", "--custom-compile-command", "make lock"),
)


def main() -> None:
    """Resolve the larger list first, so that the smaller one is a part of it."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        subprocess.run([f"{folder}/bin/pip", "install", "--quiet", "uv"], check=True)
        uv = Path(folder, "bin", "uv")
        resolve(uv, "--group", "build", "--group", "dev", "--output-file", "requirements-dev.lock")
        resolve(
            uv,
            *(
                "--group",
                "build",
                "--constraint",
                "requirements-dev.lock",
                "--output-file",
                "requirements.lock",
            ),
        )


def resolve(uv: Path, *options: str) -> None:
    """Run one resolution from the project's folder."""
    command = [str(uv), "pip", "compile", "pyproject.toml", *WITH, *sys.argv[1:], *options]
    subprocess.run(command, check=True, cwd=HOME)


if __name__ == "__main__":
    main()
