"""What a chat platform is: a name, the token that switches it on, and a service that runs until it is cancelled.

A platform brings people's lines to the one door for text and lays its answers out. It knows no command by name.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import import_module

from pydantic import SecretStr

from bot.settings import Settings
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from market.rules import Rules
from store.services import Services

Answer = Callable[[str, Context], Awaitable[Reply]]
"""The door: a line such as "/regime BTC" and its context, to a reply. It answers wrong lines too."""


class PlatformStopped(Exception):
    """A platform cannot go on, such as with a token that is refused; its text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a platform is given: the door for text and everything a context needs.

    `now_ms` gives the present in UTC milliseconds; `answer` is `commands.protocol.dispatch.answer`.
    """

    settings: Settings
    services: Services
    answer: Answer
    now_ms: Callable[[], int]
    rules: Rules = field(default_factory=Rules)

    async def ask(
        self, line: str, *, platform: str, user: str, chat: str, is_private: bool, language: str = "en"
    ) -> Reply:
        """The reply to a line somebody wrote; `is_private` where nobody else would read it."""
        context = Context(
            services=self.services,
            now_ms=self.now_ms(),
            rules=self.rules,
            platform=platform,
            user=user,
            chat=chat,
            is_private=is_private,
            language=language,
            role=Role.ANYONE,
        )
        return await self.answer(line, context)


@dataclass(frozen=True, slots=True)
class ChatPlatform:
    """The entry of a platform, PLATFORM in its package.

    `token_setting` names the setting that switches it on; `service` the module whose `run(desk)` is the service. That
    module is imported when the platform starts, so that a library nobody uses costs neither time nor memory.
    """

    name: str
    token_setting: str
    service: str

    def token(self, settings: Settings) -> SecretStr | None:
        """The token the operator gave, None where this platform is off."""
        token: SecretStr | None = getattr(settings, self.token_setting)
        return token

    async def run(self, desk: Desk) -> None:
        """Serve until cancelled. Raises PlatformStopped where no retry would help."""
        await import_module(self.service).run(desk)
