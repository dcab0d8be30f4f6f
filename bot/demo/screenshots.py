"""Pictures of every answer for the documentation, by the code that answers: `python -m bot.demo.screenshots docs/pictures`.

The demo's market is played up to the selling, every command is asked its own example, and what a terminal shows is kept as
SVG, beside what is drawn of the answer as PNG. The same seed gives the same market.
"""

import asyncio
import io
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.text import Text as Styled

from bot.demo.script import HELD, SELLING
from bot.demo.stage import READER, Stage, open_stage
from bot.pace import Pace
from bot.pictures.drawn import drawing
from bot.platforms.terminal.rendering import draw_reply, draw_shortcuts
from commands.protocol.command import Command
from commands.protocol.dispatch import answer, commands
from commands.protocol.picture import Picture
from commands.protocol.reply import Reply
from commands.protocol.request import Context, Role
from store.chats import StoredChats
from store.connection import Connection
from store.forgetting import Forgetting
from store.memos import StoredMemos
from store.post import StoredPost

SEED, SCENARIO = 7, "sell_off"
COLUMNS = 80
COLOURS = 128
SHOT_AFTER_LOOKS = 3
"""So many looks after the selling began: its readings stand."""
FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


async def shots(folder: Path) -> int:
    """Write the pictures of all commands into a folder and give how many there are. Raises ValkeyFailed and OSError."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    written = 0
    with tempfile.TemporaryDirectory() as fonts:
        async with open_stage(SEED, SCENARIO) as stage, drawing(Path(fonts), None) as drawn:
            await stage.read_past()
            await _until_selling(stage)
            context = _context(stage)
            for command in _in_their_order(commands()):
                reply = await answer(command.example, context)
                picture = next((block for block in reply.blocks if isinstance(block, Picture)), None)
                png = None if picture is None else await drawn.png(picture, is_private=False)
                written += await asyncio.to_thread(_keep, folder, command, reply, png)
    return written


def _in_their_order(asked: Sequence[Command[Any]]) -> list[Command[Any]]:
    """What only tells after what has something to tell of."""
    return sorted(
        asked, key=lambda command: (command.name in {"positions", "alerts", "settings"}, command.order)
    )


def _context(stage: Stage) -> Context:
    connection: Connection = stage.connection
    services = replace(
        stage.services,
        chats=StoredChats(connection),
        post=StoredPost(connection),
        memos=StoredMemos(connection),
        privacy=Forgetting(connection),
    )
    return Context(services, stage.looked_ms, role=Role.OWNER, reach=READER)


async def _until_selling(stage: Stage) -> None:
    left, is_planned = SHOT_AFTER_LOOKS, False
    async for snapshot, _ in stage.rounds(Pace(None)):
        if not is_planned:
            await stage.ask(HELD)
            is_planned = True
        left -= snapshot.regime.state in SELLING
        if not left:
            return


def _keep(folder: Path, command: Command[Any], reply: Reply, png: bytes | None) -> int:
    """Write what a terminal shows of an answer, and its picture where it has one; the count of both."""
    (folder / f"{command.name}.svg").write_text(svg(command.example, reply), encoding="utf-8")
    if png is not None:
        _in_few_colours(png).save(folder / f"{command.name}.png", optimize=True)
    return 1 if png is None else 2


def _in_few_colours(png: bytes) -> Image.Image:
    """A third of the bytes, and nothing that an eye would miss."""
    return Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS)


def svg(line: str, reply: Reply) -> str:
    """A terminal that shows a line and its answer, as SVG that loads nothing from anywhere."""
    console = Console(
        record=True,
        width=COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        markup=False,
        highlight=False,
        emoji=False,
    )
    console.print(Styled(f"> {line}", style="bold"))
    for part in draw_reply(reply):
        console.print(part)
    if reply.actions:
        console.print(draw_shortcuts(reply.actions))
    drawn = console.export_svg(
        title="Seawall, a SIMULATED market", unique_id=line.split(maxsplit=1)[0].strip("/")
    )
    return FONT.sub("", drawn)


def main() -> int:
    """Draw them all."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures")
    written = asyncio.run(shots(folder))
    sys.stdout.write(f"{written} pictures in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
