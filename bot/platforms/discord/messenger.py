"""Warnings into Discord channels: one message or an edit, and which of six things every error of Discord is.

Every message carries a nonce made from its row; Discord shows a nonce once, so what is sent again after a lost answer does
not appear twice (developer documentation, Create Message).
"""

from http import HTTPStatus

import aiohttp
import discord
from discord.http import Route

from bot.layout import DISCORD_MARKDOWN, lay_out
from bot.messenger import Manners, Undelivered, Wrong
from bot.platforms.discord.buttons import view_of
from commands.protocol.reply import Reply
from store.pace import Rate

NAME = "discord"
MANNERS = Manners(Rate(43.5, 15.0, most_a_second=43), in_flight=8, is_idempotent=True, reserve=0.0)
"""50 requests a second in all, of which 49 and 50 were still answered with 429 in the field (performance.md, section 4).

Never more than 45 in any second; what a slow moment cost is made good within that. Replies are answers to interactions, which count apart.
"""

A_CHANNEL = (Rate(1.0, 5.0),)
GONE = frozenset({10003, 10004, 50001, 50007, 50013})
"""Unknown channel or guild, missing access or permissions, no direct messages."""
MESSAGE_GONE = frozenset({10008, 50005})
DEFAULT_WAIT_S = 5.0


class DiscordMessenger:
    """Implements `bot.messenger.Messenger` on the library's client."""

    platform = NAME
    manners = MANNERS

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    def rates(self, address: str) -> tuple[Rate, ...]:
        """Five in five seconds a channel."""
        return A_CHANNEL

    async def send(self, address: str, reply: Reply, *, is_silent: bool, nonce: str) -> str:
        """A new message, without mentions and previews."""
        self._insist_on_login()
        channel = self._client.get_partial_messageable(channel_of(address))
        try:
            sent = await channel.send(
                lay_out(reply, DISCORD_MARKDOWN)[0],
                nonce=nonce,
                silent=is_silent,
                suppress_embeds=True,
                allowed_mentions=discord.AllowedMentions.none(),
                view=view_of(reply.actions, "") or discord.utils.MISSING,
            )
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise understood(error) from None
        return str(sent.id)

    async def edit(self, address: str, message: str, reply: Reply) -> None:
        """Another text for a message of ours."""
        self._insist_on_login()
        channel = self._client.get_partial_messageable(channel_of(address))
        try:
            await channel.get_partial_message(int(message)).edit(
                content=lay_out(reply, DISCORD_MARKDOWN)[0],
                view=view_of(reply.actions, ""),
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise understood(error) from None

    async def ask(self) -> None:
        """Ask Discord who we are."""
        self._insist_on_login()
        try:
            await self._client.http.request(Route("GET", "/users/@me"))
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise understood(error) from None

    def _insist_on_login(self) -> None:
        """Before the login the library has no connection, and fails in words of its own."""
        if self._client.http.token is None:
            raise Undelivered(Wrong.NOT_SENT, "not logged in yet")


def channel_of(address: str) -> int:
    """The channel or thread of "discord:CHANNEL". Raises ValueError for another address."""
    platform, _, channel = address.partition(":")
    if platform != NAME:
        raise ValueError(f"{address!r} is no address on Discord")
    return int(channel)


def understood(error: Exception) -> Undelivered:
    """What an error of the library, or of the connection below it, means for a message."""
    match error:
        case discord.RateLimited():
            return Undelivered(Wrong.RATE_LIMITED, "rate limited", wait_s=error.retry_after)
        case discord.HTTPException():
            return _of_status(error)
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Undelivered(Wrong.NOT_SENT, type(error).__name__)
        case discord.LoginFailure():
            return Undelivered(Wrong.BOT, "Discord refuses the bot token")
        case _:
            return Undelivered(Wrong.UNCERTAIN, type(error).__name__)


def _of_status(error: discord.HTTPException) -> Undelivered:
    why = f"{error.status} code {error.code}"
    if error.code in GONE:
        return Undelivered(Wrong.CHAT, why)
    if error.status == HTTPStatus.UNAUTHORIZED:
        return Undelivered(Wrong.BOT, "Discord refuses the bot token")
    if error.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Undelivered(Wrong.RATE_LIMITED, why, wait_s=DEFAULT_WAIT_S, is_global=True)
    if error.code in MESSAGE_GONE or error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Undelivered(Wrong.MESSAGE, why)
    return Undelivered(Wrong.UNCERTAIN, why)
