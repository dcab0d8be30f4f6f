"""The parts of the Telegram platform that need no server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import Conflict, NetworkError

from bot.chat_platform import asks_again
from bot.platforms.telegram import buttons
from bot.platforms.telegram.buttons import Buttons, is_renewal
from bot.platforms.telegram.parts import plain
from bot.platforms.telegram.patience import Patience, Pauses
from bot.platforms.telegram.transport import Flooded
from bot.platforms.telegram.updates import Seen, addressed
from commands.protocol.reply import Action

ME = "seawall_bot"


def data_of(kept: Buttons, command: str, line: str = "/regime") -> str:
    markup = kept.keyboard((Action("x", command),), line)
    assert markup is not None
    return str(markup.inline_keyboard[0][0].callback_data)


@given(st.text(min_size=1, max_size=300).map(lambda words: "/size " + words))
def test_every_line_fits_a_button_and_comes_back_from_it(line: str) -> None:
    kept = Buttons()
    data = data_of(kept, line)
    assert 1 <= len(data.encode()) <= 64
    assert kept.line(data) == line


def test_a_long_line_has_the_same_name_in_every_life() -> None:
    line = "/size BTC 5x 10k long 64,200 stop=3% hold=72h margin=isolated base=8x"
    first, second = Buttons(), Buttons()
    assert data_of(first, line) == data_of(second, line)
    assert Buttons().line(data_of(first, line)) is None


def test_the_oldest_long_lines_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buttons, "MOST_KEPT_LINES", 2)
    kept = Buttons()
    names = [data_of(kept, f"/size {'x' * 70} {number}") for number in range(3)]
    assert kept.line(names[0]) is None
    assert kept.line(names[1]) is not None
    assert kept.line(names[2]) is not None


@pytest.mark.parametrize(
    ("command", "line", "same"),
    [
        ("/regime BTC", "/regime", True),
        ("/regime BTC", "regime xbt", True),
        ("/regime BTC", "/REGIME", True),
        ("/check BTC long", "/check", True),
        ("/why BTC", "/regime", False),
        ("/size BTC 3x 10k", "/size btc 5x 10k", False),
        ("/size BTC 5x 10k", "/size 10k 5x btc", True),
        ("/regime", "", False),
    ],
)
def test_a_button_that_asks_the_same_again_renews(command: str, line: str, same: bool) -> None:
    assert asks_again(command, line) is same
    assert is_renewal(data_of(Buttons(), command, line)) is same


def test_buttons_stand_in_rows_a_phone_can_show() -> None:
    actions = tuple(
        Action(label, "/regime")
        for label in ("Why", "Size", "Warn me", "Refresh", "A rather long label here", "B")
    )
    markup = Buttons().keyboard(actions, "/x")
    assert markup is not None
    assert [[button.text for button in row] for row in markup.inline_keyboard] == [
        ["Why", "Size", "Warn me", "Refresh"],
        ["A rather long label here", "B"],
    ]
    assert Buttons().keyboard((), "/x") is None


@pytest.mark.parametrize(
    ("text", "is_private", "line"),
    [
        ("/regime", True, "/regime"),
        ("  regime btc ", True, "regime btc"),
        ("/regime@seawall_bot btc", True, "/regime btc"),
        ("/regime@other_bot btc", True, None),
        ("/frobnicate", True, "/frobnicate"),
        ("", True, None),
        ("/regime", False, "/regime"),
        ("/regime@Seawall_Bot\tbtc", False, "/regime btc"),
        ("/frobnicate", False, None),
        ("/frobnicate@seawall_bot", False, "/frobnicate"),
        ("regime", False, None),
        ("@seawall_bot size btc 5x", False, "size btc 5x"),
        ("@seawall_bot", False, None),
        ("me@seawall_bot", True, "me@seawall_bot"),
        ("me@seawall_bot", False, None),
        ("@other_bot regime", True, None),
    ],
)
def test_what_is_meant_for_the_bot(text: str, is_private: bool, line: str | None) -> None:
    assert addressed(text, ME, is_private=is_private) == line


def test_an_update_is_new_once() -> None:
    seen = Seen()
    assert seen.is_new(1)
    assert not seen.is_new(1)
    assert seen.is_new(2)


@given(st.text())
def test_plain_text_is_what_was_escaped(text: str) -> None:
    from bot.layout import TELEGRAM_HTML, Style

    form = TELEGRAM_HTML.forms[Style.FIXED]
    assert plain(form.open + form.escape(text) + form.close) == text


async def test_waits_grow_to_the_longest_and_start_anew_after_a_success(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []

    async def note(pause_s: float) -> None:
        waited.append(pause_s)

    monkeypatch.setattr("bot.platforms.telegram.patience.asyncio.sleep", note)
    patience = Patience(Pauses(first_s=1, longest_s=5))
    for _ in range(4):
        await patience.wait(NetworkError("x"))
    patience.rest()
    await patience.wait(Flooded(3))
    await patience.wait(Conflict("x"))
    assert waited == [1, 2, 4, 5, 3, 5]
