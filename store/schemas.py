"""Which numbers stand in a store: a program that would not understand what a newer one wrote is told so before it begins.

Each program says once which number of every kind it writes. Where a newer one has been, chats and plans may be of a number
that this one cannot read: it must not answer as if they were not there. A store whose keys have another beginning by now
(`keys.VERSION`) says so under the old one.
"""

from collections.abc import Iterable
from typing import Any

from store import keys
from store.codec import Kind
from store.connection import Connection, UnsafeStore

LAYOUT = "keys"
"""The field that says with which number keys begin."""

_NOTE = """
local newer, changes = {}, {}
for place = 1, #ARGV, 2 do
  local there = tonumber(redis.call('HGET', KEYS[1], ARGV[place]) or '0')
  if there > tonumber(ARGV[place + 1]) then
    newer[#newer + 1] = ARGV[place]
    newer[#newer + 1] = there
  elseif there < tonumber(ARGV[place + 1]) then
    changes[#changes + 1] = ARGV[place]
    changes[#changes + 1] = ARGV[place + 1]
  end
end
if #newer == 0 and #changes > 0 then redis.call('HSET', KEYS[1], unpack(changes)) end
return newer
"""


class WrittenByNewer(UnsafeStore):
    """A newer version has written what this one cannot read, and what must not be treated as missing."""


async def insist_on_schemas(connection: Connection, kinds: Iterable[Kind[Any]]) -> None:
    """Say which numbers this program writes. Raises WrittenByNewer where the store holds newer ones, StoreUnavailable."""
    numbers = {LAYOUT: int(keys.VERSION.removeprefix("v"))}
    numbers |= {kind.name: kind.schema for kind in kinds if not kind.rebuildable}
    values = [part for pair in numbers.items() for part in pair]
    async with connection.writing() as redis:
        newer: Any = await redis.eval(_NOTE, 1, keys.SCHEMAS, *values)
    if newer:
        told = dict(zip((name.decode() for name in newer[::2]), newer[1::2], strict=True))
        raise WrittenByNewer(_in_words(told, numbers, connection.place))


def _in_words(told: dict[str, int], numbers: dict[str, int], place: str) -> str:
    if LAYOUT in told:
        held = f"was moved to the keys v{told[LAYOUT]} of a newer version; this one knows {keys.VERSION}"
    else:
        names = ", ".join(
            f"{name} {number} (this one knows {numbers[name]})" for name, number in told.items()
        )
        held = f"was written by a newer version: {names}"
    return (
        f"The store at {place} {held}. Nothing was changed. Start the newer version, or give this one an empty store "
        "and `seawall restore` a backup that it made itself."
    )
