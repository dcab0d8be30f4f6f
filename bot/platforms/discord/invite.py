"""The link by which a server takes the bot in, or a person: with no more rights than it needs, and never an administrator's."""

import asyncio

import discord
from discord.http import HTTPClient, Route

from bot.chat_platform import PlatformAway, PlatformStopped
from bot.settings import Settings

NEEDED = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    embed_links=True,
    attach_files=True,
)
"""To warn in a channel and in a thread below a warning, with pictures. A role that everybody may mention is its server's choice."""
SCOPES = ("bot", "applications.commands")


def invite_link(application: int) -> str:
    """The link for the application of this number."""
    return discord.utils.oauth_url(application, permissions=NEEDED, scopes=SCOPES)


async def invite(settings: Settings) -> str:
    """The link for the bot of the token that is set. Raises PlatformStopped (no token, or refused) and PlatformAway."""
    if settings.discord_token is None:
        raise PlatformStopped("Discord needs SEAWALL_DISCORD_TOKEN.")
    if settings.discord_url is not None:
        Route.BASE = str(settings.discord_url).rstrip("/")
    asking = HTTPClient(asyncio.get_running_loop())
    try:
        await asking.static_login(settings.discord_token.get_secret_value())
        return invite_link(int((await asking.application_info())["id"]))
    except discord.LoginFailure:
        raise PlatformStopped("Discord refuses the bot token.") from None
    except Exception as error:  # noqa: BLE001, whatever its library of HTTP raises: it did not answer as it should
        raise PlatformAway(f"Discord does not say which application it is ({type(error).__name__})") from None
    finally:
        await asking.close()
