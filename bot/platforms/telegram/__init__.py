"""Telegram: lines and buttons in, HTML messages out, by long polling."""

from bot.chat_platform import ChatPlatform

PLATFORM = ChatPlatform("telegram", token_setting="telegram_token", service="bot.platforms.telegram.service")  # noqa: S106, a setting's name
