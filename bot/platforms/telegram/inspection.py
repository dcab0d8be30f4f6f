"""What `seawall doctor` is told of the bot beside its token: how its updates reach it, and what it may be asked."""

from datetime import UTC, datetime

from telegram import WebhookInfo

from bot.chat_platform import Noticed, Stands
from bot.platforms.telegram.links import group_link
from bot.platforms.telegram.service import signed_in
from bot.platforms.telegram.webhook import Address, address_of
from bot.settings import Settings

MANY_WAITING = 100
LONGEST_REASON = 120


async def invite(settings: Settings) -> str:
    """The link by which a group takes the bot in. Raises PlatformStopped (no token, or refused) and PlatformAway."""
    async with signed_in(settings) as bot:
        return group_link(bot.username)


async def inspect(settings: Settings) -> tuple[Noticed, ...]:
    """How updates reach the bot, and whether it answers inline. Raises PlatformStopped and PlatformAway.

    Nothing is changed, and no update is fetched: that would take it from the service that runs.
    """
    async with signed_in(settings) as bot:
        info = await bot.get_webhook_info()
        return _updates(info, address_of(settings)), _inline(is_inline=bool(bot.supports_inline_queries))


def _updates(info: WebhookInfo, address: Address | None) -> Noticed:
    """Whether what is set is what Telegram does, and what went wrong the last time it tried."""
    waiting = f"{info.pending_update_count} wait"
    if address is None and info.url:
        told = "are to be asked for, but a webhook is set"
        return Noticed(
            "updates", told, "`seawall run` takes it down; stop the instance that set it.", Stands.WEAK
        )
    if address is None:
        seen = f"are asked for, by one instance at a time; {waiting}"
        if info.pending_update_count < MANY_WAITING:
            return Noticed("updates", seen)
        return Noticed(
            "updates", seen, "Does `seawall run` run? Its log says what it waits for.", Stands.WEAK
        )
    if info.url != address.url:
        seen = f"are to be brought to {address.shown}; Telegram does not do so yet"
        return Noticed("updates", seen, "`seawall run` sets the webhook.", Stands.CHOICE)
    seen = f"are brought to {address.shown}; {waiting}"
    if info.last_error_message is None or not info.pending_update_count:
        return Noticed("updates", seen)
    to_do = f"Does your proxy pass {address.path} on to {address.host}:{address.port}, as it came?"
    return Noticed("updates", f"{seen}; {_trouble(info)}", to_do, Stands.WEAK)


def _trouble(info: WebhookInfo) -> str:
    at = info.last_error_date
    when = "" if at is None else f" at {datetime.fromtimestamp(at.timestamp(), UTC):%Y-%m-%d %H:%M} UTC"
    why = "".join(sign for sign in (info.last_error_message or "") if sign.isprintable())[:LONGEST_REASON]
    return f"Telegram could not{when}: {why}"


def _inline(*, is_inline: bool) -> Noticed:
    if is_inline:
        return Noticed("inline mode", "is on: @bot BTC shares a card in any chat")
    return Noticed("inline mode", "is off", "To use it: /setinline in @BotFather's chat.", Stands.CHOICE)
