"""What the models do not know: the lengths, counts and patterns of the Bot API's pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.doubles.telegram_markup import INVISIBLE, Read, units

LONGEST_TEXT_UNITS = 4_096
LONGEST_CAPTION_UNITS = 1_024
MOST_ENTITIES = 100
LONGEST_CALLBACK_BYTES = 64
LONGEST_CALLBACK_ANSWER = 200
LONGEST_COPIED = 256
LONGEST_PLACEHOLDER = 64
MOST_BUTTONS_IN_A_ROW = 8
MOST_BUTTONS = 100
STYLES = frozenset({"danger", "success", "primary"})
PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Deep linking: what may follow start= and startgroup=."""

MOST_COMMANDS = 100
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"[a-z]{2}")
LONGEST_COMMAND_HELP = 256
LONGEST_DESCRIPTION = 512
LONGEST_SHORT_DESCRIPTION = 120

MOST_RESULTS = 50
LONGEST_RESULT_ID_BYTES = 64
LONGEST_OFFSET_BYTES = 64

WEBHOOK_PORTS = frozenset({443, 80, 88, 8443})
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
MOST_WEBHOOK_CONNECTIONS = 100
BUTTON_KINDS = (
    "url",
    "callback_data",
    "copy_text",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "callback_game",
    "pay",
    "disabled",
)


class Wrong(Exception):
    """What Telegram says of a request that breaks a limit."""


ReadText = Callable[[str, str | None], Read]


def check_text(read: Read) -> None:
    """A message has words, and not too many of them, nor too many marks. Raises Wrong."""
    if read.is_empty:
        raise Wrong("message text is empty")
    if units(read.seen) > LONGEST_TEXT_UNITS:
        raise Wrong("message is too long")
    check_marks(read)


def check_marks(read: Read) -> None:
    """Marks beyond the hundredth would be dropped in silence. Raises Wrong."""
    if len(read.entities) > MOST_ENTITIES:
        raise Wrong(f"{len(read.entities)} entities")


def check_buttons(rows: Sequence[Sequence[Any]]) -> None:
    """Not too many of them, each of exactly one kind. Raises Wrong."""
    buttons = [button for row in rows for button in row]
    if len(buttons) > MOST_BUTTONS or any(len(row) > MOST_BUTTONS_IN_A_ROW for row in rows):
        raise Wrong("reply markup is too long")
    if any(not row for row in rows):
        raise Wrong("a row of buttons is empty")
    for button in buttons:
        _check_button(button)


def check_forced_reply(placeholder: str | None) -> None:
    """What stands in the empty line is short. Raises Wrong."""
    if placeholder is not None and not 1 <= len(placeholder) <= LONGEST_PLACEHOLDER:
        raise Wrong("input field placeholder must be between 1 and 64 characters")


def _check_button(button: Any) -> None:
    if not INVISIBLE.sub("", button.text):
        raise Wrong("inline keyboard button text must be non-empty")
    if sum(getattr(button, kind, None) is not None for kind in BUTTON_KINDS) != 1:
        raise Wrong("BUTTON_TYPE_INVALID")
    if (
        button.callback_data is not None
        and not 1 <= len(button.callback_data.encode()) <= LONGEST_CALLBACK_BYTES
    ):
        raise Wrong("BUTTON_DATA_INVALID")
    if button.copy_text is not None and not 1 <= len(button.copy_text.text) <= LONGEST_COPIED:
        raise Wrong("BUTTON_COPY_TEXT_INVALID")
    if button.style is not None and button.style not in STYLES:
        raise Wrong("invalid button style specified")
    if button.url is not None:
        check_link(button.url)


def check_link(url: str) -> None:
    """A link a button may open; one to a bot has a payload that Telegram would hand over. Raises Wrong."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https", "tg"} or not parts.netloc:
        raise Wrong("BUTTON_URL_INVALID")
    if parts.netloc == "t.me":
        given = parse_qs(parts.query, keep_blank_values=True)
        for payload in (*given.get("start", ()), *given.get("startgroup", ())):
            check_payload(payload)


def check_payload(payload: str) -> None:
    """What a deep link may carry. Raises Wrong."""
    if not PAYLOAD.fullmatch(payload):
        raise Wrong(f"START_PARAM_INVALID: {payload[:80]!r}")


def check_menu(call: Any) -> None:
    """A hundred commands at most, small ASCII names, each with a line of help, no name twice. Raises Wrong."""
    check_language(call.language_code)
    names = [entry.command for entry in call.commands]
    if len(names) > MOST_COMMANDS:
        raise Wrong("BOT_COMMANDS_TOO_MUCH")
    if len(set(names)) != len(names) or not all(map(COMMAND.fullmatch, names)):
        raise Wrong("BOT_COMMAND_INVALID")
    if not all(1 <= len(entry.description) <= LONGEST_COMMAND_HELP for entry in call.commands):
        raise Wrong("BOT_COMMAND_DESCRIPTION_INVALID")


def check_language(code: str | None) -> None:
    """A language is two letters, or none for everybody else. Raises Wrong."""
    if code and not LANGUAGE.fullmatch(code):
        raise Wrong("invalid language code specified")


def check_description(text: str | None, language: str | None, longest: int) -> None:
    """What the bot says of itself. Raises Wrong."""
    check_language(language)
    if len(text or "") > longest:
        raise Wrong("BOT_DESCRIPTION_TOO_LONG")


def check_inline_answer(call: Any, read: ReadText) -> None:
    """Fifty results at most, each with its own short id, a title, and words that can be sent. Raises Wrong."""
    if len(call.results) > MOST_RESULTS:
        raise Wrong("RESULTS_TOO_MUCH")
    names = [result.id for result in call.results]
    if len(set(names)) != len(names):
        raise Wrong("RESULT_ID_DUPLICATE")
    if not all(1 <= len(name.encode()) <= LONGEST_RESULT_ID_BYTES for name in names):
        raise Wrong("RESULT_ID_INVALID")
    if len((call.next_offset or "").encode()) > LONGEST_OFFSET_BYTES:
        raise Wrong("NEXT_OFFSET_INVALID")
    if call.button is not None:
        _check_results_button(call.button)
    for result in call.results:
        _check_result(result, read)


def _check_results_button(button: Any) -> None:
    if (button.web_app is None) == (button.start_parameter is None):
        raise Wrong("exactly one of web_app and start_parameter must be used")
    if button.start_parameter is not None:
        check_payload(button.start_parameter)


def _check_result(result: Any, read: ReadText) -> None:
    if result.type == "article" and not result.title.strip():
        raise Wrong("ARTICLE_TITLE_EMPTY")
    content = getattr(result, "input_message_content", None)
    if content is not None and isinstance(getattr(content, "message_text", None), str):
        mode = content.parse_mode if isinstance(content.parse_mode, str) else None
        check_text(read(content.message_text, mode))
    check_buttons(getattr(result.reply_markup, "inline_keyboard", None) or [])


def check_webhook(call: Any) -> None:
    """An https address on a port Telegram knows, a secret it can send. Raises Wrong."""
    if not call.url:
        return
    parts = urlsplit(call.url)
    if parts.scheme != "https" or not parts.hostname:
        raise Wrong("bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in WEBHOOK_PORTS:
        raise Wrong("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if call.secret_token is not None and not SECRET.fullmatch(call.secret_token):
        raise Wrong("secret token contains unallowed characters")
    if call.max_connections is not None and not 1 <= call.max_connections <= MOST_WEBHOOK_CONNECTIONS:
        raise Wrong("max_connections must be from 1 to 100")


CHECKS: Mapping[str, Callable[[Any], None]] = {
    "SetMyCommands": check_menu,
    "GetMyCommands": lambda call: check_language(call.language_code),
    "SetMyDescription": lambda call: check_description(
        call.description, call.language_code, LONGEST_DESCRIPTION
    ),
    "SetMyShortDescription": lambda call: check_description(
        call.short_description, call.language_code, LONGEST_SHORT_DESCRIPTION
    ),
    "SetWebhook": check_webhook,
}
"""The checks that need nothing but the request, by its model's name."""
