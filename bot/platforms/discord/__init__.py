"""Discord: slash commands made of the commands' own fields, answers only their reader sees where they hold a position."""

from bot.chat_platform import ChatPlatform

PLATFORM = ChatPlatform(
    "discord",
    token_setting="discord_token",  # noqa: S106, a setting's name
    service="bot.platforms.discord.service",
    posts="bot.platforms.discord.posting",
    invites="bot.platforms.discord.invite",
)
