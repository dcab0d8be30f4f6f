"""What a start loads: the line editor only where a line can be edited."""

import subprocess
import sys

WITHOUT = """
import sys
import bot.answers, bot.demo.show, bot.live_chat
assert "prompt_toolkit" not in sys.modules
import bot.platforms.terminal.keyboard
assert "prompt_toolkit" not in sys.modules
"""


def test_questions_pipes_and_plain_terminals_do_not_load_the_editor() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
