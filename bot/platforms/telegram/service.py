"""The Telegram service: fetch updates, answer each as its own task, and stop in order."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, NoReturn

import structlog
from pydantic import SecretStr
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder, ContextTypes, TypeHandler

from bot.alone import StillLeads
from bot.chat_platform import TROUBLE_S, Desk, PlatformAway, PlatformStopped, trouble_memo
from bot.lines import Lines
from bot.messenger import delivering
from bot.platforms.telegram.answering import Answering
from bot.platforms.telegram.buttons import Buttons, signing_key
from bot.platforms.telegram.intake import Intake
from bot.platforms.telegram.menu import update_menu
from bot.platforms.telegram.messenger import NAME, TelegramMessenger
from bot.platforms.telegram.patience import Patience, Pauses
from bot.platforms.telegram.rich import Newer
from bot.platforms.telegram.transport import STAND_IN, AiohttpRequest, PollingRequest
from bot.platforms.telegram.updates import ALLOWED_UPDATES
from bot.settings import Settings
from store.connection import StoreUnavailable

TELEGRAM_URL = "https://api.telegram.org"
MOST_AT_ONCE = 256
"""Updates answered at the same time; the library's default is one after the other."""

LONG_POLL_S = 25
HELD_UP_S = 5.0
"""What arrives after so long may arrive in a process that was held up meanwhile, such as by SIGSTOP."""
FINISH_S = 5.0
FAREWELL_S = 2.0
REFUSED = (
    "Telegram refuses the bot token: get a valid one from @BotFather, set SEAWALL_TELEGRAM_TOKEN,"
    " and leave SEAWALL_TELEGRAM_URL out unless you run a Bot API server of your own."
)

Bots = Application[Any, Any, Any, Any, Any, Any]
log = structlog.stdlib.get_logger(__name__)


async def run(desk: Desk) -> None:
    """Answer on Telegram until cancelled. Raises PlatformStopped where the token is refused."""
    service = Service(desk)
    await service.serve()


async def check(settings: Settings) -> str:
    """The bot's name, as Telegram tells it for the token. Raises PlatformStopped (refused) and PlatformAway."""
    async with signed_in(settings) as bot:
        return f"@{bot.username}"


@asynccontextmanager
async def signed_in(settings: Settings) -> AsyncIterator[Bot]:
    """The bot, known to Telegram. Raises PlatformStopped (no token, or refused) and PlatformAway, also of what is asked in the block."""
    bot = sending_bot(settings, connections=1)
    try:
        await bot.initialize()  # it asks getMe
        yield bot
    except InvalidToken:
        raise PlatformStopped(REFUSED) from None
    except TelegramError as error:
        raise PlatformAway(f"Telegram does not answer as it should: {error.message}") from None
    finally:
        # `async with bot` would leave its session open where it is cancelled as it begins
        await bot.shutdown()


class Service:
    """One bot on Telegram: its application, the buttons it has shown, and the updates it has taken."""

    def __init__(self, desk: Desk, pauses: Pauses | None = None) -> None:
        self._request = AiohttpRequest(_token(desk.settings))
        self.application = _build(desk.settings, self._request)
        self._desk = desk
        self._patience = Patience(pauses or Pauses(), self._own_up)
        self._buttons = buttons_on(desk)
        self._messenger = TelegramMessenger(self.application.bot, self._buttons)
        self._intake = Intake(self.application.update_queue)
        self._answering: Answering | None = None
        self._menu: asyncio.Task[None] | None = None
        self._offset: int | None = None
        self.application.add_handler(TypeHandler(Update, self._take))
        self.application.add_error_handler(_log_error)

    @property
    def bot(self) -> Bot:
        """The library's bot; it does not know the token."""
        bot: Bot = self.application.bot
        return bot

    async def serve(self) -> None:
        """Start, poll until cancelled, then finish what was begun."""
        try:
            await self.start()
            async with delivering(self._desk.deliver, self._messenger):
                await (
                    self._poll() if self._desk.settings.telegram_webhook_url is None else self._be_brought()
                )
        finally:
            await self.stop()

    async def start(self) -> None:
        """Sign in, and be ready for updates. Raises PlatformStopped where the token is refused."""
        while True:
            try:
                await self.application.initialize()
                if self._desk.settings.telegram_webhook_url is None:
                    await self.bot.delete_webhook(drop_pending_updates=False)
                break
            except InvalidToken:
                raise PlatformStopped(REFUSED) from None
            except TelegramError as error:
                await self._patience.wait(error)
        self._patience.rest()
        self._answering = Answering(self.bot, self._desk, self._buttons, self._messenger)
        self._request.moved = self._answering.chat_moved
        await self.application.start()
        self._menu = asyncio.create_task(self._settle_in(self._answering.newer))
        log.info("Telegram answers", bot=self.bot.username)

    async def _settle_in(self, newer: Newer) -> None:
        """Beside the first answers: ask what the server knows, and set what it shows of the bot."""
        await newer.probe(self.bot, wants_tables=self._desk.settings.telegram_tables)
        await update_menu(self.bot, hides=newer.has_whispers)

    async def _poll(self) -> None:
        """Fetch updates: Telegram lets one process do that, so of many on one store one does, and the others stand by."""
        alone = self._desk.alone
        if alone is None:
            await self._fetch(_leads_always)
        else:
            await alone.do(f"{NAME}:{self.bot.id}", self._fetch)

    async def _fetch(self, still_leads: StillLeads) -> None:
        try:
            while True:
                await self._fetch_some(still_leads)
        finally:
            # another process that fetches by now would be thrown out by a farewell
            if self._offset is not None and not await still_leads():
                self._offset = None
            await self._say_what_was_taken()

    async def _fetch_some(self, still_leads: StillLeads) -> None:
        clock = asyncio.get_running_loop().time
        began_s = clock()
        try:
            updates = await self.bot.get_updates(
                offset=self._offset, timeout=LONG_POLL_S, allowed_updates=ALLOWED_UPDATES
            )
        except InvalidToken:
            raise PlatformStopped(REFUSED) from None
        except TelegramError as error:
            if isinstance(error, Conflict) and not await still_leads():
                await _until_ended()
            await self._patience.wait(error)
            return
        self._patience.rest()
        if updates and clock() - began_s > HELD_UP_S and not await still_leads():
            await _until_ended()  # who leads by now is brought the same ones
        for update in updates:
            self._offset = update.update_id + 1
            await self.application.update_queue.put(update)

    async def _say_what_was_taken(self) -> None:
        """Tell Telegram which updates were taken, or the next one that fetches would be brought them again."""
        if self._offset is not None:
            await _within(FAREWELL_S, self.bot.get_updates(offset=self._offset, timeout=0, limit=1))
        self._offset = None

    async def _be_brought(self) -> None:
        """Let Telegram bring updates instead; its server is imported only here, since few use one."""
        from bot.platforms.telegram.webhook import Webhook, address_of  # noqa: PLC0415

        address = address_of(self._desk.settings)
        if address is not None:
            await Webhook(address, self.bot, self._intake, self._patience, ALLOWED_UPDATES).serve()

    async def stop(self) -> None:
        """Finish what was begun."""
        if self._menu is not None:
            self._menu.cancel()
        if self.application.running:
            await _within(FINISH_S, self.application.stop())
        if self._answering is not None:
            await _within(FAREWELL_S, self._answering.settled())
        await self.application.shutdown()
        await self.bot.shutdown()

    async def _own_up(self, trouble: str) -> None:
        """Keep what troubles this bot where `seawall doctor` finds it, for as long as it goes on."""
        memos = self._desk.services.memos
        if memos is not None:
            with suppress(StoreUnavailable):
                await memos.keep(trouble_memo(NAME), trouble, TROUBLE_S)

    async def settled(self) -> None:
        """Wait until what goes on beside the answers is done: the menu, and chats that moved."""
        if self._menu is not None:
            await asyncio.wait({self._menu})
        if self._answering is not None:
            await self._answering.settled()

    async def _take(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        try:
            if self._answering is not None:
                await self._answering.take(update)
        finally:
            self._intake.let_go(update.update_id)


async def _until_ended() -> NoReturn:
    """Ask no more until whoever runs this ends it: one more question would throw out the process that fetches by now."""
    while True:
        await asyncio.Event().wait()


async def _leads_always() -> bool:
    """There is no store that others could share."""
    return True


def sending_bot(settings: Settings, connections: int | None = None) -> Bot:
    """The library's bot of the settings' token, which it does not know itself; it is not signed in yet."""
    request = AiohttpRequest(
        _token(settings), **({} if connections is None else {"connections": connections})
    )
    return Bot(STAND_IN, f"{_root(settings)}/bot", request=request)


def buttons_on(desk: Desk) -> Buttons:
    """The buttons of the bot whose token the settings hold. Raises PlatformStopped where there is none."""
    return Buttons(signing_key(_token(desk.settings)), Lines(desk.services.memos))


def _build(settings: Settings, request: AiohttpRequest) -> Bots:
    root = _root(settings)
    return (
        ApplicationBuilder()
        .token(STAND_IN)
        .base_url(f"{root}/bot")
        .base_file_url(f"{root}/file/bot")
        .request(request)
        .get_updates_request(PollingRequest(_token(settings), connections=2))
        .concurrent_updates(MOST_AT_ONCE)
        .updater(None)
        .job_queue(None)
        .build()
    )


def _token(settings: Settings) -> SecretStr:
    if settings.telegram_token is None:
        raise PlatformStopped("Telegram needs SEAWALL_TELEGRAM_TOKEN.")
    return settings.telegram_token


def _root(settings: Settings) -> str:
    return str(settings.telegram_url or TELEGRAM_URL).rstrip("/")


async def _within(limit_s: float, work: Coroutine[Any, Any, object]) -> None:
    """Let a last piece of work be done in its time; what fails now only repeats itself at the next start."""
    with suppress(TelegramError, TimeoutError):
        async with asyncio.timeout(limit_s):
            await work


async def _log_error(_update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    log.error("an update was not answered", exc_info=context.error)
