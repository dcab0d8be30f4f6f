"""The Discord service: one client with our slash commands, whose answers are `answering`'s."""

from typing import Any

import discord
import structlog
from discord import app_commands

from bot.alone import StillLeads
from bot.chat_platform import Desk
from bot.messenger import delivering
from bot.platforms.discord.admitting import Admits
from bot.platforms.discord.answering import Answers
from bot.platforms.discord.asking import asker_of
from bot.platforms.discord.buttons import KINDS, is_forgotten
from bot.platforms.discord.connection import GatewayClient, check, signed_in
from bot.platforms.discord.guilds import GuildEvents
from bot.platforms.discord.messenger import NAME, DiscordMessenger
from bot.platforms.discord.panel_view import PanelItem
from bot.platforms.discord.registry import sync_if_changed
from bot.platforms.discord.sending import say_alone, say_forgotten
from bot.platforms.discord.slash import slash_command
from bot.platforms.discord.translation import SlashWords
from commands.protocol import dispatch
from commands.protocol.limits import LETTER, LINE

__all__ = ["Client", "check", "run"]

OF_ANOTHER = (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch)
MEMORY = "discord_commands.sha256"

Interaction = discord.Interaction[Any]
log = structlog.stdlib.get_logger(__name__)


async def run(desk: Desk) -> None:
    """Answer on Discord until cancelled. Raises PlatformStopped where no retry would help."""
    client = Client(desk)
    async with (
        signed_in(client, desk.settings),
        delivering(desk.deliver, DiscordMessenger(client)),
    ):
        if desk.alone is None:
            await client.connect()
        else:
            await desk.alone.do(f"{NAME}:{client.user.id if client.user else 0}", client.connect_alone)


class Tree(app_commands.CommandTree[Any]):
    """The slash commands; what fails in one is logged without its words."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Whether somebody is let in, with a command and with each letter that words are offered for."""
        admits: Admits = interaction.client.admits
        return await admits(interaction)

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Log it; Discord itself tells the reader that no answer came."""
        if isinstance(error, OF_ANOTHER):
            log.warning("Discord shows commands of another version of this program")
            return
        log.error("an interaction was not answered", kind=interaction.type.name, exc_info=error)


class Client(GuildEvents, GatewayClient):
    """The client with our commands."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.settings)
        self.desk = desk
        self.answers = Answers(desk)
        self.tree = Tree(self)
        for command in dispatch.commands():
            self.tree.add_command(slash_command(command, self.answers.slash, self.answers.suggest))

    async def connect_alone(self, _still_leads: StillLeads) -> None:
        """Be connected to the gateway while this process leads: Discord would tell every process that is the same."""
        try:
            await self.connect()
        finally:
            await self._hang_up()

    async def _hang_up(self) -> None:
        """Leave the gateway, ready to connect again; what is sent over HTTP goes on."""
        for shard in tuple(self.shards.values()):
            if not shard.is_closed():
                await shard.disconnect()

    async def setup_hook(self) -> None:
        """Once a start, before the gateway: know the buttons of earlier lives, and hand changed commands over."""
        self.add_dynamic_items(*KINDS, PanelItem)
        await self.tree.set_translator(SlashWords())
        await sync_if_changed(self.tree, self.desk.settings.data_dir / MEMORY)

    async def admits(self, interaction: Interaction) -> bool:
        """Whether something is done for who asks; a refusal is said once, and then they are left unanswered."""
        is_typing = interaction.type is discord.InteractionType.autocomplete
        asker = asker_of(interaction, is_hidden=True)
        said = await self.desk.admit(asker, LETTER if is_typing else LINE, tells=not is_typing)
        if said:
            await say_alone(interaction, said)
        return said is None

    async def on_interaction(self, interaction: Interaction) -> None:
        """A page handed in, whichever process has shown it, and what another version showed; the library keeps to the rest."""
        is_page = interaction.type is discord.InteractionType.modal_submit
        is_pressed = interaction.type is discord.InteractionType.component
        if not is_page and not (is_pressed and is_forgotten(_name_of(interaction))):
            return
        if not await self.admits(interaction):
            return
        await (self.answers.hand_in(interaction) if is_page else say_forgotten(interaction))


def _name_of(interaction: Interaction) -> str:
    """The name of what was pressed."""
    told: Any = interaction.data or {}
    return str(told.get("custom_id", ""))
