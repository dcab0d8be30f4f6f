"""Webhook mode: Telegram brings updates to an address of the operator's, in place of being asked for them.

What is brought is taken only with the secret that Telegram was given, and confirmed only once it is queued; all else is
refused without a word of what it held.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from pydantic import SecretStr
from telegram import Bot, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.chat_platform import PlatformStopped
from bot.platforms.telegram.intake import Intake
from bot.platforms.telegram.patience import Patience
from bot.platforms.telegram.soundness import read_update
from bot.settings import Settings

DEFAULT_PATH = "/telegram"
HEALTH_PATH = "/healthz"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105, its name
LARGEST_BODY_BYTES = 1_000_000
READ_S = 10.0
LINGER_S = 1.0
AGAIN_S = 5
MOST_CONNECTIONS = 40
"""How many updates Telegram brings at the same time (its default)."""

LOOKED_AT_S = 60.0
"""So often Telegram is asked whether it still brings updates here, and what went wrong."""

REFUSED = "Telegram refuses the bot token: get a valid one from @BotFather and set SEAWALL_TELEGRAM_TOKEN."

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where Telegram brings updates (`url`), where they arrive here, and the secret that proves whose they are.

    The address tells by its last word which secret was set with it: Telegram tells nobody the secret itself.
    """

    url: str
    path: str
    host: str
    port: int
    secret: SecretStr

    @property
    def shown(self) -> str:
        """The address for people."""
        return self.url.partition("?")[0]


def address_of(settings: Settings) -> Address | None:
    """The webhook of the settings, None where updates are asked for."""
    secret, url, token = settings.webhook_secret(), settings.telegram_webhook_url, settings.telegram_token
    if secret is None or url is None or token is None:
        return None
    host, _, port = settings.telegram_webhook_listen.rpartition(":")
    path = urlsplit(url).path
    key, said = token.get_secret_value().encode(), secret.get_secret_value().encode()
    mark = hmac.new(key, b"mark of " + said, hashlib.sha256).hexdigest()[:12]
    whole = url if path else url + DEFAULT_PATH
    return Address(f"{whole}?v={mark}", path or DEFAULT_PATH, host.strip("[]"), int(port), secret)


class Webhook:
    """Takes what Telegram brings, and sees to it that it is brought here."""

    def __init__(
        self,
        address: Address,
        bot: Bot,
        intake: Intake,
        patience: Patience,
        kinds: Sequence[str],
    ) -> None:
        self._address, self._bot, self._intake, self._patience = address, bot, intake, patience
        self._kinds = tuple(kinds)
        self._was_set = False
        self._is_taken = False
        self._trouble: str | None = None

    async def serve(self) -> None:
        """Take updates until cancelled. Raises PlatformStopped where the token is refused."""
        async with self._listening():
            await self._keep_set()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        app = web.Application(client_max_size=LARGEST_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._serve)
        app.on_response_prepare.append(_without_version)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=LINGER_S, lingering_time=LINGER_S)
        await runner.setup()
        host, port = self._address.host, self._address.port
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            why = error.strerror or type(error).__name__
            raise PlatformStopped(
                f"Telegram's updates cannot arrive at {host}:{port} ({why}): set SEAWALL_TELEGRAM_WEBHOOK_LISTEN."
            ) from None
        log.info("Telegram's updates arrive here", address=self._address.shown, host=host, port=port)
        try:
            yield
        finally:
            await runner.cleanup()

    # ---- what is brought

    async def _serve(self, request: web.Request) -> web.Response:
        if request.path == HEALTH_PATH and request.method in {"GET", "HEAD"}:
            return _later() if self._intake.is_full else web.Response(text="ok")
        if self._address.path not in {request.path, request.raw_path.partition("?")[0]}:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        if request.method != "POST":
            return web.Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        if not self._is_from_telegram(request):
            return web.Response(status=HTTPStatus.FORBIDDEN)
        if self._intake.is_full:
            return _later()
        return await self._take(request)

    def _is_from_telegram(self, request: web.Request) -> bool:
        """Whether it carries the secret, compared in a time that tells nothing of where it differs."""
        said = request.headers.get(SECRET_HEADER, "").encode(errors="replace")
        return hmac.compare_digest(said, self._address.secret.get_secret_value().encode())

    async def _take(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(READ_S):
                told = json.loads(await request.read())
        except TimeoutError:
            return web.Response(status=HTTPStatus.REQUEST_TIMEOUT)
        except (ValueError, RecursionError):
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        if not isinstance(told, dict) or type(told.get("update_id")) is not int:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        update = read_update(told, self._bot)
        if update is None:
            log.warning("an update cannot be read and is passed over")
            return web.Response()
        return web.Response() if self._intake.take(update) else _later()

    # ---- that it is brought here

    async def _keep_set(self) -> None:
        while True:
            try:
                await self._look()
            except InvalidToken:
                raise PlatformStopped(REFUSED) from None
            except TelegramError as error:
                await self._patience.wait(error)
                continue
            self._patience.rest()
            await asyncio.sleep(LOOKED_AT_S)

    async def _look(self) -> None:
        """Set the webhook where Telegram has another one; what another instance set for itself is left alone."""
        info = await self._bot.get_webhook_info()
        if self._was_set and info.url not in {"", self._address.url}:
            if not self._is_taken:
                log.error("another instance has set a webhook of its own for this bot: stop one of the two")
            self._is_taken = True
            return
        self._is_taken = False
        if self._differs(info):
            if self._was_set:
                log.warning(
                    "this bot's webhook was taken down, such as by a second instance; it is set again"
                )
            await self._set()
        self._was_set = True
        self._tell_trouble(info)

    def _differs(self, info: WebhookInfo) -> bool:
        return (
            info.url != self._address.url
            or set(info.allowed_updates or ()) != set(self._kinds)
            or info.max_connections != MOST_CONNECTIONS
        )

    async def _set(self) -> None:
        await self._bot.set_webhook(
            self._address.url,
            max_connections=MOST_CONNECTIONS,
            allowed_updates=self._kinds,
            drop_pending_updates=False,
            secret_token=self._address.secret.get_secret_value(),
        )

    def _tell_trouble(self, info: WebhookInfo) -> None:
        """Say what Telegram reports of its last try, once for as long as it is the same."""
        trouble = info.last_error_message if info.pending_update_count else None
        if trouble is not None and trouble != self._trouble:
            log.warning(
                "Telegram could not bring updates", why=trouble[:200], waiting=info.pending_update_count
            )
        self._trouble = trouble


def _later() -> web.Response:
    """Telegram brings an update again that was not taken."""
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(AGAIN_S)})


async def _without_version(_request: web.Request, response: web.StreamResponse) -> None:
    """Strangers need not know what serves them."""
    response.headers["Server"] = "seawall"
