"""What can be pressed on Discord, for those who are let in: nothing is done with a press before that."""

from collections.abc import Awaitable, Callable
from typing import Any

import discord

Interaction = discord.Interaction[Any]
Admits = Callable[[Interaction], Awaitable[bool]]


class Admitted:
    """Something below an answer; the client says whether something is done for who presses it."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether something is done for who presses."""
        admits: Admits = interaction.client.admits
        return await admits(interaction)
