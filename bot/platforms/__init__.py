"""The chat platforms: one package each, found by its entry PLATFORM."""

from functools import lru_cache

from bot.chat_platform import ChatPlatform
from market.entries import entries


@lru_cache(maxsize=1)
def platforms() -> tuple[ChatPlatform, ...]:
    """Every chat platform with a token of its own; their libraries are imported when they run."""
    return entries("bot.platforms", "PLATFORM", ChatPlatform, lambda platform: platform.name)
