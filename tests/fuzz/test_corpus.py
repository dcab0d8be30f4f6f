"""What once went wrong is tried again, in a process that remembers nothing."""

import json
from pathlib import Path

import pytest

from tests.fuzz.harness import CORPUS, Report, complaints, tried
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.json")), ids=lambda path: path.stem)
async def test_what_once_went_wrong_goes_well(path: Path) -> None:
    told = json.loads(path.read_bytes())
    target = TARGETS[told["target"]]()
    with complaints() as heard:
        for given in (*told.get("before", ()), told["given"]):
            assert await tried(target, given, heard, Report(target.name, 0)) is None
        await target.end()
