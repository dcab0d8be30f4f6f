"""Buttons of Telegram by themselves: what they carry, what outlives a restart, and which presses are not taken."""

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.chat_platform import asks_again
from bot.lines import Lines
from bot.platforms.telegram.buttons import (
    Buttons,
    Keyboard,
    Pressed,
    Refused,
    Unpressed,
    Whose,
    carries,
    keyboard_of,
    share_place,
    signing_key,
    without_sharing,
)
from commands.protocol.reply import Action, Copy
from store.in_memory import MemosInMemory
from tests import canary

KEY = signing_key(SecretStr(canary.TELEGRAM_TOKEN))
LONG = "/size BTC 5x equity=10000 long entry=64200 lose=3% hold=72h base=8x"
ALICE, BOB, GROUP = 11, 12, -1_001
HERE = Whose(GROUP)
HERS = Whose(GROUP, ALICE)


def lines() -> Lines:
    return Lines(MemosInMemory(lambda: 0))


def buttons(kept: Lines | None = None) -> Buttons:
    return Buttons(KEY, kept or lines())


def data_in(keyboard: Keyboard | None) -> str:
    return str(rows_in(keyboard)[0][0].callback_data)


def rows_in(keyboard: Keyboard | None) -> tuple[tuple[InlineKeyboardButton, ...], ...]:
    return as_told(keyboard).inline_keyboard


def as_told(keyboard: Keyboard | None) -> InlineKeyboardMarkup:
    """The keyboard as it is told of once it stands below a message."""
    assert keyboard is not None
    told = InlineKeyboardMarkup.de_json(keyboard, None)
    assert not told.api_kwargs
    return told


async def data_of(shown: Buttons, command: str, line: str = "/regime", whose: Whose = HERE) -> str:
    return data_in(await shown.keyboard((Action("x", command),), line, whose))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300).map(lambda words: "/size " + words))
async def test_every_line_fits_a_button_and_comes_back_from_it(line: str) -> None:
    shown = buttons()
    data = await data_of(shown, line)
    assert 1 <= len(data.encode()) <= 64
    assert await shown.pressed(data, GROUP, BOB) == Pressed(line)


async def test_a_long_line_outlives_a_restart() -> None:
    kept = lines()
    data = await data_of(buttons(kept), LONG)
    assert await buttons(kept).pressed(data, GROUP, BOB) == Pressed(LONG)
    assert await data_of(buttons(kept), LONG) == data


async def test_a_line_that_is_kept_no_more_is_forgotten() -> None:
    data = await data_of(buttons(), LONG)
    assert await buttons().pressed(data, GROUP, BOB) == Unpressed(Refused.FORGOTTEN)


async def test_a_long_line_that_cannot_be_kept_has_no_button() -> None:
    shown = buttons(Lines(None))
    assert await shown.keyboard((Action("x", LONG),), "/regime", HERE) is None
    assert await shown.typing("Type it", f"{LONG} venue=", HERE) is None


async def test_half_a_sign_has_no_button() -> None:
    assert await buttons().keyboard((Action("x", "/size \ud83d"),), "/regime", HERE) is None


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
async def test_a_button_that_asks_the_same_again_renews(command: str, line: str, same: bool) -> None:
    assert asks_again(command, line) is same
    shown = buttons()
    pressed = await shown.pressed(await data_of(shown, command, line), GROUP, BOB)
    assert pressed == Pressed(command, renews=same)


async def test_a_button_that_asks_for_a_field_to_be_typed_carries_the_line_that_lacks_it() -> None:
    for lacking in ("/size BTC leverage=", f"{LONG} venue="):
        shown = buttons()
        button = await shown.typing("Type it", lacking, HERE)
        assert button is not None
        assert await shown.pressed(button["callback_data"], GROUP, BOB) == Pressed(lacking, types=True)


async def test_a_button_is_none_in_another_chat() -> None:
    shown = buttons()
    for command in ("/why BTC", LONG):
        data = await data_of(shown, command)
        assert await shown.pressed(data, -1_002, BOB) == Unpressed(Refused.FORGOTTEN)


async def test_a_button_of_somebodys_own_is_theirs_alone() -> None:
    shown = buttons()
    for command in ("/watch PEPE", LONG):
        data = await data_of(shown, command, whose=HERS)
        assert await shown.pressed(data, GROUP, ALICE) == Pressed(command)
        assert await shown.pressed(data, GROUP, BOB) == Unpressed(Refused.NOT_YOURS)
        assert await shown.pressed(data.replace("@", ""), GROUP, BOB) == Unpressed(Refused.FORGOTTEN)


@given(st.text(max_size=64))
async def test_what_nobody_signed_is_no_button(data: str) -> None:
    assert isinstance(await buttons().pressed(data, GROUP, ALICE), Unpressed)


async def test_a_changed_line_or_mark_is_no_button() -> None:
    shown = buttons()
    data = await data_of(shown, "/why BTC")
    for forged in (
        data.replace("BTC", "ETH"),
        data[:8] + "=" + data[8:],
        data[:8] + "?" + data[8:],
        data[1:],
    ):
        assert await shown.pressed(forged, GROUP, BOB) == Unpressed(Refused.FORGOTTEN)


async def test_a_button_of_another_token_is_none() -> None:
    data = await data_of(Buttons(signing_key(SecretStr("123:other")), lines()), "/why BTC")
    assert await buttons().pressed(data, GROUP, BOB) == Unpressed(Refused.FORGOTTEN)


async def test_the_token_itself_signs_nothing() -> None:
    token = canary.TELEGRAM_TOKEN.encode()
    digest = hmac.digest(token, f"{GROUP}  /why BTC".encode(), "sha256")[:6]
    forged = base64.urlsafe_b64encode(digest).decode() + "/why BTC"
    assert await buttons().pressed(forged, GROUP, BOB) == Unpressed(Refused.FORGOTTEN)
    assert token not in KEY


@pytest.mark.parametrize(("data", "line"), [("/why BTC", "/why BTC"), ("=/regime BTC", "/regime BTC")])
async def test_a_button_from_before_they_were_signed_tells_the_line_to_send(data: str, line: str) -> None:
    assert await buttons().pressed(data, GROUP, BOB) == Unpressed(Refused.OLD, line)


async def test_sharing_names_its_chat_and_leaves_with_its_button() -> None:
    shown = buttons()
    button = shown.sharing("Share", "-1001:7", Whose(ALICE))
    keyboard = await shown.keyboard((Action("Why", "/why BTC"),), "/size", Whose(ALICE))
    assert keyboard is not None
    both = as_told(keyboard_of([*keyboard["inline_keyboard"], [button]]))
    data = button["callback_data"]
    assert await shown.pressed(data, ALICE, ALICE) == Pressed(shares="-1001:7")
    assert share_place(both) == "-1001:7"
    assert carries(both, data)
    rest = as_told(without_sharing(both))
    assert (share_place(rest), carries(rest, data)) == (None, False)
    assert without_sharing(as_told(keyboard_of([[button]]))) is None


async def test_buttons_stand_in_rows_a_phone_can_show() -> None:
    actions = tuple(
        Action(label, "/regime")
        for label in ("Why", "Size", "Warn me", "Refresh", "A rather long label here", "B")
    )
    shown = await buttons().keyboard(actions, "/x", HERE)
    assert [[button.text for button in row] for row in rows_in(shown)] == [
        ["Why", "Size", "Warn me", "Refresh"],
        ["A rather long label here", "B"],
    ]
    assert await buttons().keyboard((), "/x", HERE) is None


async def test_what_can_be_copied_stands_below_the_buttons_and_never_too_long() -> None:
    copies = (Copy("Size 5,190", "5190"), Copy("none", ""), Copy("long", "9" * 257), Copy("edge", "9" * 256))
    asked, copied = rows_in(await buttons().keyboard((Action("Why", "/why BTC"),), "/size", HERE, copies))
    assert [button.text for button in asked] == ["Why"]
    told = [button.copy_text.text for button in copied if button.copy_text is not None]
    assert told == ["5190", "9" * 256]
    assert all(button.callback_data is None for button in copied)
