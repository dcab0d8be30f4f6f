"""Answers to interactions, which go past the library's HTTP client: again where the connection was reset.

They carry no nonce. An acknowledgement that was taken already is refused the second time with a code of its own, which is as
good; an edit is the same twice; a new message is repeated only where it certainly was not sent.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
import discord
from discord.http import Route
from discord.webhook.async_ import AsyncWebhookAdapter

from bot.platforms.discord.retry import SAFE_METHODS

PAUSES_S = (0.1, 0.4)
"""Discord waits three seconds for an acknowledgement."""
ACKNOWLEDGED = 40060
CALLBACK = "/callback"


class PatientAnswers(AsyncWebhookAdapter):
    """The library's way of answering, with patience; set as `discord.webhook.async_.async_context`."""

    async def request(
        self,
        route: Route,
        session: aiohttp.ClientSession,
        *,
        files: Sequence[discord.File] | None = None,
        **more: Any,
    ) -> Any:
        """One request. Raises what the library raises."""
        is_again = False
        for pause_s in PAUSES_S:
            try:
                return await self._once(route, session, files, more, is_again=is_again)
            except (aiohttp.ClientError, ConnectionError) as error:
                if not _may_be_repeated(route, error):
                    raise
            is_again = True
            for file in files or ():
                file.reset(seek=True)
            await asyncio.sleep(pause_s)
        return await self._once(route, session, files, more, is_again=is_again)

    async def _once(
        self,
        route: Route,
        session: aiohttp.ClientSession,
        files: Sequence[discord.File] | None,
        more: dict[str, Any],
        *,
        is_again: bool,
    ) -> Any:
        try:
            return await super().request(route, session, files=files, **more)
        except discord.HTTPException as refused:
            if not is_again or refused.code != ACKNOWLEDGED:
                raise
            return {"interaction": {"id": route.url.split("/")[-3], "type": 2}}


def _may_be_repeated(route: Route, error: Exception) -> bool:
    is_unsent = isinstance(error, aiohttp.ClientConnectorError)
    return is_unsent or route.method in SAFE_METHODS or route.path.endswith(CALLBACK)
