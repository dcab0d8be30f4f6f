"""A hundred thousand subscriptions out of one store and into another: equal to the last byte."""

from pathlib import Path
from time import process_time

import pytest

from benchmarks.memory import EACH, keep_chats
from bot.backup.file import check
from bot.backup.telling import put_back, write_backup
from market.observations import DAY_MS
from store.connection import Connection, connected
from store.restore import Fate
from store.server import ephemeral_valkey
from tests.doubles.valkey import valkey, valkey_socket
from tests.store.samples import NOW_MS
from tests.store.test_backup import dump

__all__ = ["valkey", "valkey_socket"]


@pytest.mark.parametrize("subscriptions", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
async def test_subscriptions_come_back_equal(valkey: Connection, tmp_path: Path, subscriptions: int) -> None:
    chats, path = subscriptions // EACH, tmp_path / "kept"
    await keep_chats(valkey, chats)
    before, begun_s = await dump(valkey), process_time()
    counts = await write_backup(valkey, path, NOW_MS + DAY_MS, with_history=True)
    written_s, size = process_time() - begun_s, path.stat().st_size
    assert counts["chat"] == chats
    async with ephemeral_valkey() as socket, connected(socket) as other:
        begun_s = process_time()
        fates = await put_back(path, check(path).header, other)
        print(
            f"{chats:,} chats: {size / 1e6:.1f} MB, written in {written_s:.2f} s of CPU, "
            f"checked and put back in {process_time() - begun_s:.2f} s"
        )
        assert fates["chat"] == {Fate.WRITTEN: chats}
        assert await dump(other) == before
        assert (await put_back(path, check(path).header, other))["chat"] == {Fate.SAME: chats}
