"""The parts of the Telegram platform that need no server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.error import Conflict, NetworkError

from bot.platforms.telegram.addressing import addressed
from bot.platforms.telegram.parts import plain
from bot.platforms.telegram.patience import Patience, Pauses
from bot.platforms.telegram.transport import Flooded
from bot.platforms.telegram.updates import Seen

ME = "seawall_bot"


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
        ("@seawall_bot why?", False, "why"),
        ("@Seawall_bot, regime btc", False, "regime btc"),
        ("/regime@seawall_bot?", False, "/regime"),
        ("Why btc?!", True, "Why btc"),
        ("size btc 2.5x.", True, "size btc 2.5x"),
        ("plan BTC ?", True, "plan BTC ?"),
        ("?", True, "?"),
        ("/plan ?", True, "/plan ?"),
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
