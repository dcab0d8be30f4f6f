"""Telegram: lines and buttons in, HTML messages out, by long polling or a webhook."""

from bot.chat_platform import ChatPlatform

PLATFORM = ChatPlatform(
    "telegram",
    token_setting="telegram_token",  # noqa: S106, a setting's name
    service="bot.platforms.telegram.service",
    posts="bot.platforms.telegram.posting",
    invites="bot.platforms.telegram.inspection",
    inspects="bot.platforms.telegram.inspection",
    spares=("apscheduler",),  # for a job queue; 1 MB
)
