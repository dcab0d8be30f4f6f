"""The names of slash commands and options in other languages, from the phrases.

The keys are `slash.COMMAND.name` and `.help`, and of an option `slash.COMMAND.options.OPTION.name` and `.help`. English stands in the commands themselves. A name that Discord would refuse is left out: one refused name refuses all commands.
"""

import structlog
from discord import Locale, app_commands

from commands.protocol.phrases import ORIGINAL, Phrases, languages, phrases_in, print_of

LONGEST_NAME = 32
LONGEST_DESCRIPTION = 100
"""Discord's limits (developer documentation, Application Commands)."""
FAMILY = "slash."
KEY, EXAMPLE = "key", "example"

Context = app_commands.TranslationContextTypes
log = structlog.stdlib.get_logger(__name__)


class SlashWords(app_commands.Translator):
    """Gives the library the words of a language where there are any."""

    async def translate(
        self, string: app_commands.locale_str, locale: Locale, context: Context
    ) -> str | None:
        """The name or description in a language, None where it has none of its own."""
        key = str(string.extras.get(KEY, ""))
        phrases = phrases_in(locale.value)
        found = None if phrases.language == ORIGINAL else phrases.by_key.get(key)
        if found is None or not key.endswith(".name"):
            return None if found is None else with_example(found, string.extras.get(EXAMPLE), phrases)
        if not is_name(found):
            log.warning("a slash command keeps its English name", language=phrases.language, key=key)
            return None
        return found


def translated(message: str, key: str, example: str | None = None) -> app_commands.locale_str:
    """A name or description that may have words of its own in other languages; `example` is what may be typed for it."""
    shown = {} if example is None else {EXAMPLE: example}
    return app_commands.locale_str(message, **{KEY: FAMILY + key}, **shown)


def with_example(description: str, example: str | None, phrases: Phrases) -> str:
    """A description with what may be typed ("the coin to trade, such as BTC"), without it where Discord refuses so much."""
    told = description if example is None else phrases.say("help.such_as", what=description, example=example)
    return told if len(told) <= LONGEST_DESCRIPTION else description[:LONGEST_DESCRIPTION]


def is_name(name: str) -> bool:
    """Whether Discord takes this as the name of a command or option: lower case, letters, digits, - and _, at most 32."""
    signs = all(sign.isalnum() or sign in "-_" for sign in name)
    return 0 < len(name) <= LONGEST_NAME and signs and name == name.lower()


def prints_of_translations() -> dict[str, str]:
    """A print of each other language's words, for the print of what Discord was handed."""
    return {language: print_of(language) for language in languages() if language != ORIGINAL}
