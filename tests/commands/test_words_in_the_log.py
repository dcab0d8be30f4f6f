"""What somebody writes never stands in the log, also where a slip of ours would repeat it."""

import logging
from dataclasses import replace

import pytest

from commands.protocol.dispatch import answer, answer_options, outcome
from market.observations import Asset
from market.snapshot import Snapshot
from store.in_memory import SnapshotsInMemory
from tests.commands.markets import crowding
from tests.commands.talking import context

SAID = "77123usdt"
WORDS = f"/size BTC 5x {SAID}"


class Slipping(SnapshotsInMemory):
    """A market with a slip in it, whose words repeat what was asked."""

    async def latest(self, asset: Asset) -> Snapshot | None:
        """Never there."""
        raise ValueError(f"nothing is known of {SAID.upper()} in {asset}")


@pytest.mark.parametrize("way", ["line", "options"])
async def test_an_error_that_repeats_a_line_is_logged_without_it(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    here = context(crowding())
    here = replace(here, services=replace(here.services, snapshots=Slipping(("BTC",))))
    options = {"leverage": 5.0, "asset": "BTC", "equity": SAID}
    with caplog.at_level(logging.DEBUG):
        reply = await (answer(WORDS, here) if way == "line" else answer_options("size", options, here))
    assert outcome(reply) == "failed"
    assert "ValueError: nothing is known of ... in ..." in caplog.text
    assert "test_words_in_the_log.py" in caplog.text, "where it happened is told"
    assert "77123" not in caplog.text
