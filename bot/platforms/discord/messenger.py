"""Warnings into Discord channels, threads and to people alone: one message or an edit, and which of six things every error is.

Every message carries a nonce made from its row; Discord shows a nonce once, so what is sent again after a lost answer does
not appear twice (developer documentation, Create Message). "discord:987" is a channel, "discord:@456" a person, whose
direct messages are opened when they are first written to.
"""

from contextlib import suppress
from http import HTTPStatus
from typing import Any, Literal

import aiohttp
import discord
from discord.http import Route

from bot.layout import clean
from bot.messenger import Manners, Undelivered, Wrong
from bot.platforms.discord.breaker import Resting
from bot.platforms.discord.messages import edits_of, first_taken, forms_of
from bot.platforms.discord.retry import is_of_discord
from commands.protocol.phrases import phrases_in
from commands.protocol.reply import Reply, Text
from store.pace import Rate

NAME = "discord"
MANNERS = Manners(Rate(43.5, 15.0, most_a_second=43), in_flight=8, is_idempotent=True, reserve=0.0)
"""50 requests a second in all, of which 49 and 50 were still answered with 429 in the field (performance.md, section 4).

Never more than 45 in any second; what a slow moment cost is made good within that. Replies are answers to interactions, which count apart.
"""

A_CHANNEL = (Rate(1.0, 5.0),)
GONE = frozenset({10003, 10004, 10013, 50001, 50007, 50013, 50278, 160005})
"""Unknown channel, guild or user, missing access or permissions, no direct messages, no server in common, a locked thread."""
SHUT = frozenset({50001, 50013, 160005})
"""Missing access or permissions, a locked thread: the server's owner can change that."""
A_PERSON = "@"
MOST_OPENED = 10_000
LONGEST_NAME = 100
"""Of a thread (developer documentation, Start Thread from Message)."""
ARCHIVED_MIN: Literal[1440] = 1440
"""A thread in which nothing was said for a day leaves the list of channels; a message brings it back."""
HAS_A_THREAD = 160004
MESSAGE_GONE = frozenset({10008, 50005})
DEFAULT_WAIT_S = 5.0


class DiscordMessenger:
    """Implements `bot.messenger.Messenger` on the library's client."""

    platform = NAME
    manners = MANNERS

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._opened: dict[int, int] = {}
        self._told_of: set[int] = set()

    def rates(self, address: str) -> tuple[Rate, ...]:
        """Five in five seconds a channel."""
        return A_CHANNEL

    async def send(self, address: str, reply: Reply, *, is_silent: bool, nonce: str) -> str:
        """A new message, without mentions and previews."""
        return await self._post(address, reply, is_silent=is_silent, nonce=nonce)

    async def send_calling(self, address: str, reply: Reply, role: str, *, nonce: str) -> str:
        """A new message that mentions one role, and can call nobody else."""
        return await self._post(address, reply, is_silent=False, nonce=nonce, role=role)

    async def open_thread(self, address: str, message: str, name: str) -> str:
        """The thread below a message; Discord gives it the message's own number."""
        self._insist_on_login()
        title = clean(name)[:LONGEST_NAME] or "-"
        try:
            opening = self._client.http.start_thread_with_message
            await opening(channel_of(address), int(message), name=title, auto_archive_duration=ARCHIVED_MIN)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            if not isinstance(error, discord.HTTPException) or error.code != HAS_A_THREAD:
                raise understood(error) from None
        return f"{NAME}:{message}"

    async def _post(
        self, address: str, reply: Reply, *, is_silent: bool, nonce: str, role: str | None = None
    ) -> str:
        self._insist_on_login()
        forms = forms_of(reply, is_silent=is_silent, role=role, may_embed=self._may_embed(address))
        around = {"nonce": nonce, "silent": is_silent, "allowed_mentions": _only(role)}
        try:
            channel: Any = await self._messageable(address)
            sent: discord.Message = await first_taken(forms, lambda form: channel.send(**around, **form))
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            if isinstance(error, discord.HTTPException) and error.code in SHUT:
                await self._tell_owner(address)
            raise understood(error) from None
        return str(sent.id)

    def _may_embed(self, address: str) -> bool:
        """Whether embeds are shown there, as far as is known: they need a right of their own."""
        place = None if person_of(address) is not None else self._client.get_channel(channel_of(address))
        us = self._client.user
        if us is None or not isinstance(place, discord.abc.GuildChannel | discord.Thread):
            return True
        within = place.parent if isinstance(place, discord.Thread) else place
        member = place.guild.get_member(us.id)
        return within is None or member is None or within.permissions_for(member).embed_links

    async def _tell_owner(self, address: str) -> None:
        """Tell the owner of a server that the bot may not write in one of its channels any more: once, and no matter whether it arrives."""
        place = None if person_of(address) is not None else self._client.get_channel(channel_of(address))
        if not isinstance(place, discord.abc.GuildChannel | discord.Thread) or place.id in self._told_of:
            return
        self._told_of.add(place.id)
        owner, language = place.guild.owner_id, place.guild.preferred_locale.value
        said = phrases_in(language).say("platform.shut_out", channel=place.name, server=place.guild.name)
        with suppress(Undelivered):
            await self.send(
                f"{NAME}:@{owner}", Reply((Text(said),)), is_silent=False, nonce=f"shut{place.id}"
            )

    async def edit(self, address: str, message: str, reply: Reply) -> None:
        """Another text for a message of ours."""
        self._insist_on_login()
        try:
            channel = await self._messageable(address)
            edited, nobody = channel.get_partial_message(int(message)), _only(None)
            await first_taken(edits_of(reply), lambda form: edited.edit(allowed_mentions=nobody, **form))
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise understood(error) from None

    async def ask(self) -> None:
        """Ask Discord who we are."""
        self._insist_on_login()
        try:
            await self._client.http.request(Route("GET", "/users/@me"))
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise understood(error) from None

    async def _messageable(self, address: str) -> discord.PartialMessageable:
        """Where an address is written to; the direct messages of a person are opened once and then known."""
        user = person_of(address)
        if user is None:
            return self._client.get_partial_messageable(channel_of(address))
        if user not in self._opened:
            opened = await self._client.create_dm(discord.Object(user))
            if len(self._opened) >= MOST_OPENED:
                self._opened.clear()
            self._opened[user] = opened.id
        return self._client.get_partial_messageable(self._opened[user], type=discord.ChannelType.private)

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


def person_of(address: str) -> int | None:
    """The person of "discord:@USER", None for a channel. Raises ValueError for a name that is no number."""
    platform, _, name = address.partition(":")
    is_person = platform == NAME and name.startswith(A_PERSON)
    return int(name.removeprefix(A_PERSON)) if is_person else None


def _only(role: str | None) -> discord.AllowedMentions:
    """A message may call this role, and nobody else."""
    if role is None:
        return discord.AllowedMentions.none()
    roles = [discord.Object(int(role))]
    return discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)


def understood(error: Exception) -> Undelivered:
    """What an error of the library, or of the connection below it, means for a message."""
    match error:
        case Resting():
            return Undelivered(Wrong.RATE_LIMITED, error.why, wait_s=error.wait_s, is_global=True)
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
        is_ban = not is_of_discord(error)
        return Undelivered(Wrong.RATE_LIMITED, why, wait_s=DEFAULT_WAIT_S, is_global=is_ban)
    if error.code in MESSAGE_GONE or error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Undelivered(Wrong.MESSAGE, why)
    return Undelivered(Wrong.UNCERTAIN, why)
