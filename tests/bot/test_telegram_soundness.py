"""Updates that are not as documented: passed over, whichever way they come, and nothing of them is written into the log."""

import json
import logging
from typing import Any

import pytest
from telegram.error import NetworkError

from bot.platforms.telegram.soundness import read_update
from bot.platforms.telegram.transport import _sifted
from tests.doubles.telegram import ALICE, PRIVATE

SAID: dict[str, Any] = {"message_id": 1, "date": 1, "chat": PRIVATE, "from": ALICE, "text": "/regime btc"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": 1.5},
        {"message_id": "x"},
        {"date": -1},
        {"date": 10**13},
        {"chat": []},
        {"from": {"id": None}},
    ],
)
def test_an_update_with_a_field_of_another_kind_is_passed_over_and_no_other(wrong: dict[str, Any]) -> None:
    updates = [{"update_id": 1, "message": {**SAID, **wrong}}, {"update_id": 2, "message": SAID}]
    assert read_update(updates[0], None) is None
    kept = json.loads(_sifted(json.dumps({"ok": True, "result": updates}).encode()))["result"]
    assert kept == [{"update_id": 1}, updates[1]]


def test_an_update_without_a_number_is_left_out() -> None:
    body = json.dumps({"ok": True, "result": [{"update_id": {}, "message": SAID}, 5]}).encode()
    assert json.loads(_sifted(body))["result"] == []


@pytest.mark.parametrize(
    "body", [b'{"ok":true,"result":[{"update_id":1,"message":{"text":"a secret', b"[" * 99_999]
)
def test_what_is_no_json_is_an_error_of_the_network_and_is_not_logged(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(NetworkError):
        _sifted(body)
    assert "secret" not in caplog.text
