"""A chat platform in memory that keeps the rules of one: nonces, edits of what exists, limits, and faults on order."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.layout import TELEGRAM_HTML, lay_out
from bot.messenger import Manners, Undelivered, Wrong
from commands.protocol.reply import Reply
from store.pace import Rate


@dataclass(slots=True)
class Message:
    """A message as its chat shows it."""

    address: str
    text: str
    is_silent: bool
    nonce: str
    edits: int = 0
    called: str | None = None


@dataclass(slots=True)
class ChatsInMemory:
    """`faults` are raised one a call, None letting a call through; with `arrives` a fault is raised after the effect."""

    platform: str = "telegram"
    manners: Manners = field(
        default_factory=lambda: Manners(Rate(10_000.0, 10_000.0), 4, is_idempotent=False)
    )
    messages: list[Message] = field(default_factory=list)
    faults: deque[Undelivered | None] = field(default_factory=deque)
    arrives: bool = False
    on_call: Callable[[], None] = lambda: None
    calls: int = 0

    def rates(self, address: str) -> tuple[Rate, ...]:
        """None worth a wait."""
        return (Rate(1_000.0, 1_000.0),)

    def shown(self, address: str) -> list[Message]:
        """What a chat shows."""
        return [message for message in self.messages if message.address == address]

    async def send(self, address: str, reply: Reply, *, is_silent: bool, nonce: str) -> str:
        """A new message, unless its nonce is known to an idempotent platform."""
        fault = self._fault()
        if fault is not None and not self.arrives:
            raise fault
        known = [place for place, one in enumerate(self.messages) if one.nonce == nonce]
        if not (known and self.manners.is_idempotent):
            self.messages.append(Message(address, "\n".join(lay_out(reply, TELEGRAM_HTML)), is_silent, nonce))
            known = [len(self.messages) - 1]
        if fault is not None:
            raise fault
        return str(known[0])

    async def edit(self, address: str, message: str, reply: Reply) -> None:
        """Another text for a message that exists."""
        fault = self._fault()
        if fault is not None and not self.arrives:
            raise fault
        if not message.isdigit() or int(message) >= len(self.messages):
            raise Undelivered(Wrong.MESSAGE, "message to edit not found")
        shown = self.messages[int(message)]
        shown.text, shown.edits = "\n".join(lay_out(reply, TELEGRAM_HTML)), shown.edits + 1
        if fault is not None:
            raise fault

    async def ask(self) -> None:
        """Whether it is there."""
        fault = self._fault()
        if fault is not None:
            raise fault

    def _fault(self) -> Undelivered | None:
        self.calls += 1
        self.on_call()
        return self.faults.popleft() if self.faults else None


@dataclass(slots=True)
class ServersInMemory(ChatsInMemory):
    """The same on a platform with roles and threads; `without_threads` are addresses where none can be opened."""

    platform: str = "discord"
    manners: Manners = field(default_factory=lambda: Manners(Rate(10_000.0, 10_000.0), 4, is_idempotent=True))
    threads: dict[str, str] = field(default_factory=dict)
    without_threads: set[str] = field(default_factory=set)

    async def send_calling(self, address: str, reply: Reply, role: str, *, nonce: str) -> str:
        """A new message that calls a role."""
        message = await ChatsInMemory.send(self, address, reply, is_silent=False, nonce=nonce)
        self.messages[int(message)].called = role
        return message

    async def open_thread(self, address: str, message: str, name: str) -> str:
        """The thread below a message that exists."""
        fault = self._fault()
        if fault is not None and not self.arrives:
            raise fault
        if address in self.without_threads:
            raise Undelivered(Wrong.CHAT, "403 code 50013")
        self.threads.setdefault(f"{self.platform}:9{message}", name)
        if fault is not None:
            raise fault
        return f"{self.platform}:9{message}"
