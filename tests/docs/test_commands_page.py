"""The page of all commands is what the commands say of themselves."""

from pathlib import Path

from commands.protocol.dispatch import commands
from commands.wording.manual import page

PAGE = Path(__file__).parent.parent.parent / "docs" / "commands.md"


def test_the_page_of_all_commands_is_the_one_they_make() -> None:
    """Made anew by `python -m commands.wording.manual > docs/commands.md`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_command_has_a_section_with_every_word_it_reads() -> None:
    told = page()
    for command in commands():
        section = told.split(f"## /{command.name}\n")[1].split("\n## ")[0]
        assert command.example in section
        assert all(f"| {option.name}" in section for option in command.options)
