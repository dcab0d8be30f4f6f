"""Which server program is run."""

import subprocess
from pathlib import Path

import pytest

from store.server import ValkeyFailed
from store.server.binary import find_server


def test_the_wheel_brings_a_valkey_that_runs() -> None:
    said = subprocess.run([find_server(), "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("Valkey server v=")


@pytest.mark.parametrize("name", ["valkey-server", "redis-server"])
def test_without_the_wheel_an_installed_server_is_taken(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).symlink_to(find_server())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server(wheel="no_such_wheel") == tmp_path / name


def test_valkey_is_preferred_to_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("redis-server", "valkey-server"):
        (tmp_path / name).symlink_to(find_server())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server(wheel="no_such_wheel").name == "valkey-server"


def test_without_any_the_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValkeyFailed, match="Install Valkey, or set SEAWALL_REDIS_URL"):
        find_server(wheel="no_such_wheel")
