"""Slash commands within Discord's limits, in every language there is, and completed from what is known."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat_platform import Desk
from bot.platforms.discord.answering import Answers
from bot.platforms.discord.registry import fingerprint
from bot.platforms.discord.service import Client
from bot.platforms.discord.translation import FAMILY, SlashWords, is_name
from commands.protocol import dispatch, phrases
from commands.protocol.command import Command
from commands.protocol.forms import example_of, is_needed
from commands.protocol.words import Lexicon
from market.observations import Asset
from store.connection import StoreUnavailable
from store.in_memory import SnapshotsInMemory
from tests.bot.desks import desk_on
from tests.doubles.discord_schemas import refused

MOST_COMMANDS, MOST_OPTIONS, MOST_CHOICES = 100, 25, 25
MOST_LETTERS = 8_000
"""Discord's limits (developer documentation, Application Commands): the last for all names, descriptions and choices of one."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_on(data_dir=tmp_path)


def handed_over(desk: Desk) -> list[Mapping[str, Any]]:
    tree = Client(desk).tree
    return [command.to_dict(tree) for command in tree.get_commands()]


def letters(command: Mapping[str, Any]) -> Iterator[str]:
    yield from (command["name"], command.get("description", ""), str(command.get("value", "")))
    for inner in (*command.get("options", ()), *command.get("choices", ())):
        yield from letters(inner)


async def test_every_command_of_the_catalogue_is_a_slash_command_of_the_same_fields(desk: Desk) -> None:
    shown = {command["name"]: command for command in handed_over(desk)}
    assert set(shown) == {command.name for command in dispatch.commands()}
    for command in dispatch.commands():
        names = [option["name"] for option in shown[command.name]["options"]]
        assert names == [option.name for option in command.options]


@pytest.mark.parametrize("command", dispatch.commands(), ids=lambda command: command.name)
def test_an_option_is_read_as_the_same_word_in_a_line(command: Command[Any]) -> None:
    needed = {option.name: example_of(option) for option in command.options if is_needed(command, option)}
    lexicon = Lexicon(("BTC",), ("BTC", "PEPE"), can_watch=True)
    for option in command.options:
        said = {**needed, option.name: example_of(option)}
        words = [f"{name}={word}" for name, word in said.items()]
        assert command.read_options(said, lexicon) == command.read(words, lexicon)


async def test_all_commands_are_within_discords_limits_and_schemas(desk: Desk) -> None:
    shown = handed_over(desk)
    assert len(shown) <= MOST_COMMANDS  # so many need no groups
    for command in shown:
        assert refused("command", command) == [], command["name"]
        assert len(command["options"]) <= MOST_OPTIONS
        assert all(len(option.get("choices", ())) <= MOST_CHOICES for option in command["options"])
        assert sum(map(len, letters(command))) <= MOST_LETTERS
        assert all(map(is_name, (command["name"], *(option["name"] for option in command["options"]))))


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A language somebody has translated the names of two commands into."""
    folder = tmp_path / "phrases"
    folder.mkdir()
    (folder / "en.toml").write_text((phrases.FOLDER / "en.toml").read_text())
    (folder / "de.toml").write_text(
        '[slash.regime]\nname = "lage"\nhelp = "die Phase des Zyklus"\n'
        '[slash.regime.options.asset]\nname = "wert"\nhelp = "welcher"\n'
        '[slash.size]\nname = "Größe mit Leerzeichen"\n'
    )
    monkeypatch.setattr(phrases, "FOLDER", folder)
    phrases.phrases_in.cache_clear()
    phrases.languages.cache_clear()
    yield
    phrases.phrases_in.cache_clear()
    phrases.languages.cache_clear()


async def translated(desk: Desk, name: str) -> Mapping[str, Any]:
    tree = Client(desk).tree
    command: Any = tree.get_command(name)
    told: Mapping[str, Any] = await command.get_translated_payload(tree, SlashWords())
    return told


async def test_a_language_that_has_words_for_them_shows_its_own_names(german: None, desk: Desk) -> None:
    regime = await translated(desk, "regime")
    assert regime["name_localizations"] == {"de": "lage"}
    assert regime["description_localizations"] == {"de": "die Phase des Zyklus"}
    (asset,) = regime["options"]
    assert (asset["name"], asset["name_localizations"]) == ("asset", {"de": "wert"})
    assert refused("command", regime) == []


async def test_commands_are_described_in_spanish_with_what_may_be_typed(desk: Desk) -> None:
    size = await translated(desk, "size")
    options = {option["name"]: option for option in size["options"]}
    said = "cuántas veces el margen, por ejemplo 5x"
    assert options["leverage"]["description_localizations"] == {"es-ES": said, "es-419": said}
    assert options["leverage"]["description"] == "how many times the margin, such as 5x"
    assert size["name_localizations"] == {}
    assert refused("command", size) == []


async def test_a_name_that_discord_would_refuse_stays_english(german: None, desk: Desk) -> None:
    assert (await translated(desk, "size"))["name_localizations"] == {}
    assert (await translated(desk, "why"))["name_localizations"] == {}


async def test_other_words_are_other_commands_to_hand_over(desk: Desk, request: Any) -> None:
    before = fingerprint(Client(desk).tree)
    request.getfixturevalue("german")
    assert fingerprint(Client(desk).tree) != before


def test_every_translated_name_is_one_of_a_command_and_one_that_discord_takes() -> None:
    known = {f"slash.{command.name}.{word}" for command in dispatch.commands() for word in ("name", "help")}
    known |= {
        f"slash.{command.name}.options.{option.name}.{word}"
        for command in dispatch.commands()
        for option in command.options
        for word in ("name", "help")
    }
    for language in phrases.languages():
        words = phrases.phrases_in(language).by_key
        assert {key for key in words if key.startswith(FAMILY)} <= known
        assert all(is_name(words[key]) for key in words.keys() & known if key.endswith(".name"))


@dataclass(slots=True)
class Hanging:
    """Snapshots of a store that does not answer any more."""

    kept: SnapshotsInMemory
    is_away: bool = False
    hangs: bool = False

    async def watched(self) -> tuple[Asset, ...]:
        """The watched assets."""
        if self.is_away:
            raise StoreUnavailable("gone")
        await asyncio.sleep(60 if self.hangs else 0)
        return await self.kept.watched()


async def test_names_are_completed_in_time_also_while_the_store_hangs_or_is_away(desk: Desk) -> None:
    store = Hanging(SnapshotsInMemory(("BTC", "ETH")))
    answers = Answers(replace(desk, services=replace(desk.services, snapshots=store)))  # type: ignore[arg-type]
    assert await answers.suggest("") == ("BTC", "ETH")
    store.hangs = True
    began_s = time.monotonic()
    assert await answers.suggest("b") == ("BTC",)
    assert time.monotonic() - began_s < 0.3  # 80 ms, on a machine that is busy with other tests
    store.is_away = True
    assert await answers.suggest("e") == ("ETH",)
