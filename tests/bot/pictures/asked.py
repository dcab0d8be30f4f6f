"""The market of the examples with half a year of hours, so that its answers come with a picture, and who draws them."""

from dataclasses import replace
from pathlib import Path

from bot.chat_platform import Desk
from bot.pictures.drawing import draw
from commands.protocol.picture import Picture
from store.in_memory import HoursInMemory
from tests.bot.desks import desk_on
from tests.commands.test_regime_picture import lived


class Easel:
    """Draws in this process, and counts."""

    def __init__(self, *, is_late: bool = False) -> None:
        self.drawn: list[str] = []
        self.is_late = is_late

    async def png(self, wanted: Picture, is_private: bool) -> bytes | None:
        """The picture, None while it is late."""
        if self.is_late:
            return None
        self.drawn.append(wanted.key)
        return draw(wanted)


def desk_with_hours(
    easel: Easel,
    *,
    telegram_url: str | None = None,
    discord_url: str | None = None,
    data_dir: Path = Path("/nowhere"),
) -> Desk:
    """The market of the examples, whose /regime comes with a picture."""
    desk = desk_on(telegram_url=telegram_url, discord_url=discord_url, data_dir=data_dir, is_warning=True)
    services = replace(desk.services, hours=HoursInMemory({"BTC": lived()}))
    return replace(desk, services=services, draw=easel.png)
