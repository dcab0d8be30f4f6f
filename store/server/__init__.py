"""The private Valkey: a real server out of a wheel, started, shared and stopped by the programs that need it.

`private_valkey` keeps its data and is shared by all programs on one data directory; `ephemeral_valkey` belongs to one
program, keeps nothing and goes when that program goes, however it goes.
"""

from store.server.ephemeral import ephemeral_valkey
from store.server.failure import ValkeyFailed
from store.server.persistent import private_valkey, running_socket

__all__ = ["ValkeyFailed", "ephemeral_valkey", "private_valkey", "running_socket"]
