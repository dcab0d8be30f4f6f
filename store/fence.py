"""A client whose writes land only while a lease has one very value, checked by the server in the same step as the write.

A process that was held up for a minute does not know that another one leads by now; what it still had to write reaches
the server, and is refused there. A plain command goes through a script that looks at the lease first, a script has that
look put before it, and a transaction watches the lease.

A lease that expired and that nobody took since (its counter tells) is still its leader's: after a store that was away, the
first write may come before the first renewal, and must not cost the leader what it has in mind.
"""

from collections.abc import Iterable
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError, ResponseError, WatchError

REFUSED = "NOTLEADER"
"""What a refusal begins with."""
MOST_TRIES = 20
"""A lease that is renewed while a transaction is under way lets that begin again."""

_LOOK = (
    "do local fence, tenure = table.remove(KEYS), table.remove(ARGV) "
    "local held = redis.call('GET', fence) "
    "local kept = held or redis.call('GET', fence .. ':token') == string.match(tenure, '^%d+') and tenure "
    f"if kept ~= tenure then return redis.error_reply('{REFUSED} another one leads') end end "
)
"""Put before a script: the last key is the lease, the last argument the value that it has to have; the script sees neither."""

_CALL = _LOOK + "return redis.call(unpack(ARGV))"
_UNFENCED = ("SCRIPT LOAD", "SCRIPT EXISTS", "WATCH", "UNWATCH")
"""What a script cannot call, and what changes nothing of what is kept."""

_fenced_scripts: set[str] = set()
"""The names of scripts that begin with the look: no other is run by its name."""


class Unfenced(Exception):
    """A script was to be run that does not look at the lease: a mistake of ours."""


class _Renewed(RedisError):
    """Nothing was done: the lease was touched between the look at it and the transaction."""


def is_refusal(failure: BaseException) -> bool:
    """Whether the server refused a write because the lease has another value."""
    return isinstance(failure, ResponseError) and REFUSED in str(failure)


class _Fenced(Redis):
    """What a fenced client and its pipelines share."""

    fence: tuple[str, str]
    """The key of the lease, and the value it has to have."""

    def register_script(self, script: Any) -> AsyncScript:  # type: ignore[override]  # the library's own types disagree
        """The script, a text, with the look before it."""
        fenced = AsyncScript(self, _LOOK + script)
        _fenced_scripts.add(fenced.sha)
        return fenced

    async def _send_command_parse_response(
        self, conn: Any, command_name: Any, *args: Any, **options: Any
    ) -> Any:
        # the name stays, and with it how the answer is read; only what is sent is another command
        sent = self._guarded(args)
        return await super()._send_command_parse_response(conn, command_name, *sent, **options)  # type: ignore[no-untyped-call]

    def _guarded(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if args[0] in _UNFENCED:
            return args
        if args[0] in {"EVAL", "EVALSHA"}:
            return self._guarded_script(args)
        key, value = self.fence
        return "EVAL", _CALL, 1, key, *str(args[0]).split(), *args[1:], value

    def _guarded_script(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The call of a script with the lease as its last key, and the value as its last argument."""
        name, script, count, *rest = args
        if name == "EVAL":
            script = _LOOK + script
        elif script not in _fenced_scripts:
            raise Unfenced(script)
        key, value = self.fence
        return name, script, int(count) + 1, *rest[: int(count)], key, *rest[int(count) :], value


class FencedRedis(_Fenced):
    """A client on the connections of another one; `key` must hold `value` for anything to land."""

    def __init__(
        self, connection_pool: ConnectionPool, key: str, value: str, *, is_single: bool = False
    ) -> None:
        super().__init__(connection_pool=connection_pool, single_connection_client=is_single)
        self.fence = key, value

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> "FencedPipeline":
        """Commands sent together, which land together or not at all."""
        made = FencedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        made.fence = self.fence
        return made

    def client(self) -> "FencedRedis":
        """The same with one connection for itself."""
        return FencedRedis(self.connection_pool, *self.fence, is_single=True)


class FencedPipeline(_Fenced, Pipeline):  # type: ignore[misc]  # the same
    """Commands sent together: scripts look at the lease themselves, for anything else it is watched."""

    def pipeline_execute_command(self, *args: Any, **options: Any) -> "FencedPipeline":
        """Stage a command; a script with its look."""
        staged = self._guarded_script(args) if _is_script(args) else args
        super().pipeline_execute_command(*staged, **options)  # type: ignore[no-untyped-call]
        return self

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Execute all that was staged, unless another one leads; a renewal of the lease meanwhile is no change of it."""
        stack, scripts = list(self.command_stack), set(self.scripts)
        if not stack or self._looks_itself(stack):
            return await super().execute(raise_on_error)
        self.is_transaction = True
        for _ in range(MOST_TRIES):
            self.command_stack, self.scripts = list(stack), set(scripts)
            await self.immediate_execute_command("WATCH", self.fence[0])  # type: ignore[no-untyped-call]
            await self.immediate_execute_command("GET", self.fence[0])  # type: ignore[no-untyped-call]
            try:
                return await super().execute(raise_on_error)
            except _Renewed:
                continue
        raise ResponseError(f"{REFUSED} the lease changes without a pause")

    def _looks_itself(self, stack: Iterable[tuple[tuple[Any, ...], Any]]) -> bool:
        return not self.is_transaction and all(_is_script(args) for args, _ in stack)

    async def _execute_transaction(self, connection: Any, commands: Any, raise_on_error: Any) -> list[Any]:
        # a connection lost on the way is a WatchError too, and leaves open whether all was done: that one passes
        try:
            return await super()._execute_transaction(connection, commands, raise_on_error)  # type: ignore[no-any-return]
        except WatchError as changed:
            raise _Renewed from changed


def _is_script(args: tuple[Any, ...]) -> bool:
    return args[0] in {"EVAL", "EVALSHA"}
