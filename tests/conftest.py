"""What all tests share: the watch for leaking tokens, patience with properties, and where the recordings are."""

import logging
import os
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import canary

HOME = Path(__file__).parent.parent
WATCH = pytest.StashKey[canary.Watch]()
SHOWN = ("Captured stdout", "Captured stderr")

# A property holds or does not; how long a slow machine takes over an example, or over drawing one, is no part of it.
settings.register_profile(
    "any machine", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Stand the watch on the root logger, in every worker of xdist as well."""
    watch = canary.Watch()
    watch.begin()
    config.stash[WATCH] = watch


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that let a canary into a log line or printed one, at whatever moment of its life."""
    report = yield
    found = item.config.stash[WATCH].take()
    printed = [text for title, text in report.sections if title.startswith(SHOWN) and canary.leaks(text)]
    if found or printed:
        report.outcome = "failed"
        report.longrepr = "the canary token was seen in\n" + "\n".join(found + printed)
    return report


def pytest_warning_recorded(warning_message: warnings.WarningMessage) -> None:
    """A warning is an emitted line as well."""
    assert not canary.leaks(str(warning_message.message)), "the canary token was seen in a warning"


@pytest.fixture(scope="session", autouse=True)
def nothing_leaks_between_tests(pytestconfig: pytest.Config) -> Iterator[None]:
    """Look once more when the last test of this process is over."""
    yield
    assert not pytestconfig.stash[WATCH].take()


@pytest.fixture(autouse=True)
def watched_log(pytestconfig: pytest.Config) -> Iterator[canary.Watch]:
    """The watch; a test that changes the levels of loggers finds and leaves them as they were."""
    watch = pytestconfig.stash[WATCH]
    watch.begin()  # a fixture of a whole module may have changed levels before
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    levels = {name: logger.level for name, logger in _loggers()}
    yield watch
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    for name, logger in _loggers():
        level = levels.get(name, logging.NOTSET)
        if logger.level != level:
            logger.setLevel(level)


def _loggers() -> list[tuple[str, logging.Logger]]:
    """Every logger there is but the root."""
    known = logging.root.manager.loggerDict.items()
    return [(name, logger) for name, logger in known if isinstance(logger, logging.Logger)]


@pytest.fixture
def recordings() -> Path:
    """The recorded third-party files, beside the checkout or where SEAWALL_RECORDINGS says."""
    path = Path(os.environ.get("SEAWALL_RECORDINGS", HOME.parent / "shared"))
    if not (path / "history").is_dir():
        pytest.skip(f"no recordings at {path}: set SEAWALL_RECORDINGS")
    return path
