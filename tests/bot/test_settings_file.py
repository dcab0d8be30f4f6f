"""Settings out of a file, and the page that tells of every setting."""

import os
from pathlib import Path
from typing import Any

import pytest

from bot.settings import SECRETS, Misconfigured, Settings, read_settings
from bot.settings.fields import told
from bot.settings.manual import example, page, variable
from tests import canary

HOME = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SEAWALL_")]:
        monkeypatch.delenv(name)


def with_file(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = folder / "settings"
    file.write_text(text)
    monkeypatch.setenv("SEAWALL_ENV_FILE", str(file))
    return file


def problems() -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    return caught.value.problems


def test_a_file_says_what_the_environment_would(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(canary.TELEGRAM_TOKEN)
    text = f"# ours\n\nSEAWALL_ASSETS=btc, eth\nexport SEAWALL_LOG_FORMAT='json'\nSEAWALL_TELEGRAM_TABLES=false\nSEAWALL_TELEGRAM_TOKEN_FILE={token}\n"
    with_file(text, tmp_path, monkeypatch)
    settings = read_settings()
    assert settings.assets == ("BTC", "ETH")
    assert settings.log_format == "json"
    assert settings.telegram_tables is False
    assert settings.secrets() == (canary.TELEGRAM_TOKEN,)


def test_it_is_read_anew_each_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = with_file("SEAWALL_ASSETS=BTC\n", tmp_path, monkeypatch)
    assert read_settings().assets == ("BTC",)
    file.write_text("SEAWALL_ASSETS=SOL\n")
    assert read_settings().assets == ("SOL",)


def test_what_stands_in_both_places_must_be_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = with_file("SEAWALL_ASSETS=BTC\n", tmp_path, monkeypatch)
    monkeypatch.setenv("SEAWALL_ASSETS", "BTC")
    assert read_settings().assets == ("BTC",)
    monkeypatch.setenv("SEAWALL_ASSETS", "")
    assert read_settings().assets == ("BTC",)
    monkeypatch.setenv("SEAWALL_ASSETS", "ETH")
    assert problems() == (f"SEAWALL_ASSETS is set in the environment and otherwise in {file}: keep one.",)


def test_what_one_of_both_says_emptily_counts_as_not_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_file("SEAWALL_ASSETS=\nSEAWALL_LIMIT_PERSON=7\n", tmp_path, monkeypatch)
    monkeypatch.setenv("SEAWALL_ASSETS", "ETH")
    monkeypatch.setenv("SEAWALL_LIMIT_PERSON", "")
    settings = read_settings()
    assert (settings.assets, settings.limit_person) == (("ETH",), 7)


def test_every_line_that_says_nothing_is_named_and_none_is_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (
        "my secret line\nSEAWALL_ASSETS=BTC\nSEAWALL_ASSETS=ETH\nPATH=my secret\nSEAWALL_ENV_FILE=/x\n"
        "SEAWALL_ASETS=BTC\nSEAWALL_WHATEVER=my secret\nSEAWALL_LOG_LEVEL=my secret\n"
    )
    file = with_file(text, tmp_path, monkeypatch)
    said = problems()
    assert said == (
        f"{file}, line 1: not of the shape SEAWALL_NAME=value.",
        f"{file}, line 3: SEAWALL_ASSETS stands there twice.",
        f"{file}, line 4: PATH cannot be set here.",
        f"{file}, line 5: SEAWALL_ENV_FILE cannot be set here.",
        f"{file}: SEAWALL_WHATEVER is no setting.",
        "SEAWALL_ASETS is no setting. Did you mean SEAWALL_ASSETS?",
        "SEAWALL_LOG_LEVEL should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'.",
    )


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), (b"x" * 70_000, "too long"), (b"\xff\xfe", "not plain text")]
)
def test_a_file_that_cannot_be_read_is_named(
    content: bytes | None, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "settings"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SEAWALL_ENV_FILE", str(file))
    (problem,) = problems()
    assert problem.startswith(f"SEAWALL_ENV_FILE: {file} cannot be read: ")
    assert why in problem


def test_every_mistake_comes_with_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_LOG_FORMAT", "xml")
    monkeypatch.setenv("SEAWALL_TELEGRAM_URL", "ftp://host")
    assert problems() == (
        "SEAWALL_TELEGRAM_URL URL scheme should be 'http' or 'https'. Example: SEAWALL_TELEGRAM_URL=http://bot-api:8081",
        "SEAWALL_LOG_FORMAT should be 'console' or 'json'.",
    )


# ------------------------------------------------------------------------------------------ the page


def test_the_page_of_settings_is_what_the_settings_make() -> None:
    assert (HOME / "docs" / "settings.md").read_text() == page(), (
        "make it anew: .venv/bin/python -m bot.settings.manual > docs/settings.md"
    )


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_is_for_whose_it_is_and_what_it_looks_like(name: str) -> None:
    field = Settings.model_fields[name]
    assert field.description
    assert field.description.endswith(".")
    assert example(field)
    assert told(field)["part"]
    entry = page().split(f"### {variable(name)}\n")[1].split("\n###")[0]
    assert "Value: ;" not in entry
    assert ("_FILE`" in entry) == (name in SECRETS)


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name not in SECRETS])
def test_an_example_is_one(name: str) -> None:
    given: dict[str, Any] = {name: example(Settings.model_fields[name])}
    Settings(**given)


def test_no_example_of_a_secret_could_be_used() -> None:
    assert all(
        example(Settings.model_fields[name]).endswith("...") for name in SECRETS if not name.endswith("_url")
    )
