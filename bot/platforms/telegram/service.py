"""The Telegram service: fetch updates, answer each as its own task, and stop in order."""

import asyncio
import html
from collections import OrderedDict
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog
from pydantic import SecretStr
from telegram import Bot, Update
from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder, ContextTypes, TypeHandler

from bot.chat_platform import Asker, Desk, PlatformAway, PlatformStopped, Sentence
from bot.lines import Lines
from bot.messenger import delivering
from bot.platforms.telegram.buttons import Buttons, signing_key
from bot.platforms.telegram.inline import Inline
from bot.platforms.telegram.intake import Intake
from bot.platforms.telegram.managers import Managers
from bot.platforms.telegram.menu import update_menu
from bot.platforms.telegram.messages import respond
from bot.platforms.telegram.messenger import NAME, TelegramMessenger
from bot.platforms.telegram.parts import Part, deliver
from bot.platforms.telegram.patience import Patience, Pauses
from bot.platforms.telegram.photos import Photos
from bot.platforms.telegram.sharing import Shares
from bot.platforms.telegram.transport import STAND_IN, AiohttpRequest, PollingRequest
from bot.platforms.telegram.updates import (
    ALLOWED_UPDATES,
    Forgotten,
    Question,
    Seen,
    Sharing,
    aside,
    question_of,
)
from bot.settings import Settings
from commands.protocol.request import Role

TELEGRAM_URL = "https://api.telegram.org"
MOST_AT_ONCE = 256
"""Updates answered at the same time; the library's default is one after the other."""

LONG_POLL_S = 25
LATE_MS = 120_000
"""A command older than this was sent while the bot was away: its sender is told so, once, instead of being answered."""

TOLD_FOR_MS = 600_000
MOST_TOLD_CHATS = 10_000
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
    bot = Bot(STAND_IN, f"{_root(settings)}/bot", request=AiohttpRequest(_token(settings), connections=1))
    try:
        async with bot:  # its entry asks getMe
            return f"@{bot.username}"
    except InvalidToken:
        raise PlatformStopped(REFUSED) from None
    except TelegramError as error:
        raise PlatformAway(f"Telegram does not answer as it should: {error.message}") from None


class Service:
    """One bot on Telegram: its application, the buttons it has shown, and the updates it has taken."""

    def __init__(self, desk: Desk, pauses: Pauses | None = None) -> None:
        self.application = _build(desk)
        self._desk = desk
        self._patience = Patience(pauses or Pauses())
        self._buttons = buttons_on(desk)
        self._messenger = TelegramMessenger(self.application.bot, self._buttons)
        self._seen = Seen()
        self._managers: Managers | None = None
        self._photos = Photos(self.application.bot, desk)
        self._shares = Shares(self.application.bot, self._photos)
        self._inline = Inline(self.application.bot, desk)
        self._intake = Intake(self.application.update_queue)
        self._told_ms: OrderedDict[int, int] = OrderedDict()
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
            await self._start()
            async with delivering(self._desk.deliver, self._messenger):
                await (
                    self._poll() if self._desk.settings.telegram_webhook_url is None else self._be_brought()
                )
        finally:
            await self._stop()

    async def _start(self) -> None:
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
        await self.application.start()
        await update_menu(self.bot)
        log.info("Telegram answers", bot=self.bot.username)

    async def _poll(self) -> None:
        while True:
            try:
                updates = await self.bot.get_updates(
                    offset=self._offset, timeout=LONG_POLL_S, allowed_updates=ALLOWED_UPDATES
                )
            except InvalidToken:
                raise PlatformStopped(REFUSED) from None
            except TelegramError as error:
                await self._patience.wait(error)
                continue
            self._patience.rest()
            for update in updates:
                self._offset = update.update_id + 1
                await self.application.update_queue.put(update)

    async def _be_brought(self) -> None:
        """Let Telegram bring updates instead; its server is imported only here, since few use one."""
        from bot.platforms.telegram.webhook import Webhook, address_of  # noqa: PLC0415

        address = address_of(self._desk.settings)
        if address is not None:
            await Webhook(address, self.bot, self._intake, self._patience, ALLOWED_UPDATES).serve()

    async def _stop(self) -> None:
        if self.application.running:
            await _within(FINISH_S, self.application.stop())
        if self._offset is not None:
            # tells Telegram that these updates were taken, or the next start would bring them again
            await _within(FAREWELL_S, self.bot.get_updates(offset=self._offset, timeout=0, limit=1))
        await self.application.shutdown()
        await self.bot.shutdown()

    async def _take(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        try:
            if self._seen.is_new(update.update_id):
                await self._meet(update)
        finally:
            self._intake.let_go(update.update_id)

    async def _meet(self, update: Update) -> None:
        if update.inline_query is not None:
            await self._inline.answer(update.inline_query)
            return
        question = await question_of(update, self.bot.username, self._buttons)
        if isinstance(question, Forgotten):
            await self._acknowledge(question.query_id, question.told)
        elif isinstance(question, Sharing):
            await self._share(question)
        elif question is not None:
            await self._answer(question)

    async def _answer(self, question: Question) -> None:
        if question.asked_at_ms is not None and self._desk.now_ms() - question.asked_at_ms > LATE_MS:
            await self._tell_late(question)
            return
        if question.query_id is not None:
            await self._acknowledge(question.query_id)
        asked = replace(question, asker=self._with_rights(question))
        privately = aside(asked)
        answered = privately or asked
        reply = await self._desk.ask(answered.line, answered.asker)
        await self._turn(answered.chat_id)
        group = None if privately is None else asked
        await respond(self.bot, self._buttons, answered, reply, photos=self._photos, group=group)

    async def _share(self, sharing: Sharing) -> None:
        await self._turn(int(sharing.place.partition(":")[0]))
        said = await self._shares.share(sharing)
        await self._acknowledge(sharing.query_id, None if said is None else said.in_words(sharing.language))

    async def _turn(self, chat_id: int) -> None:
        if self._desk.reply_turn is not None:
            await self._desk.reply_turn(self._messenger, f"{NAME}:{chat_id}")

    def _with_rights(self, question: Question) -> Asker:
        """The asker with a way to find out what they may do here, where the message itself does not tell."""
        asker = question.asker
        if asker.role is not Role.ANYONE or not asker.user:
            return asker
        if self._managers is None:
            self._managers = Managers(self.bot)
        return replace(asker, ask_role=self._managers.asking(question.chat_id, int(asker.user)))

    async def _tell_late(self, question: Question) -> None:
        now_ms = self._desk.now_ms()
        told_ms = self._told_ms.pop(question.chat_id, None)
        self._told_ms[question.chat_id] = now_ms
        while len(self._told_ms) > MOST_TOLD_CHATS:
            self._told_ms.popitem(last=False)
        if told_ms is None or now_ms - told_ms > TOLD_FOR_MS:
            told = html.escape(Sentence.WAS_AWAY.in_words(question.asker.language))
            await deliver(self.bot, Part(told, question.chat_id, thread_id=question.thread_id))

    async def _acknowledge(self, query_id: str, text: str | None = None) -> None:
        """Stop the button's little clock; too late is no reason not to answer."""
        try:
            await self.bot.answer_callback_query(query_id, text=text)
        except TelegramError as error:
            log.debug("a press was not acknowledged", error=type(error).__name__)


def buttons_on(desk: Desk) -> Buttons:
    """The buttons of the bot whose token the settings hold. Raises PlatformStopped where there is none."""
    return Buttons(signing_key(_token(desk.settings)), Lines(desk.services.memos))


def _build(desk: Desk) -> Bots:
    token = _token(desk.settings)
    root = _root(desk.settings)
    return (
        ApplicationBuilder()
        .token(STAND_IN)
        .base_url(f"{root}/bot")
        .base_file_url(f"{root}/file/bot")
        .request(AiohttpRequest(token))
        .get_updates_request(PollingRequest(token, connections=2))
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
