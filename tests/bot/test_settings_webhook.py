"""The settings of the webhook: what is taken, what is refused and why, and the secret that is made where none is given."""

from pathlib import Path

import pytest

from bot.settings import Misconfigured, Settings, read_settings
from tests import canary

URL = "SEAWALL_TELEGRAM_WEBHOOK_URL"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SEAWALL_{name.upper()}", raising=False)
        monkeypatch.delenv(f"SEAWALL_{name.upper()}_FILE", raising=False)
    monkeypatch.setenv("SEAWALL_TELEGRAM_TOKEN", canary.TELEGRAM_TOKEN)


def problems() -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    return caught.value.problems


def test_without_a_webhook_there_is_no_secret_of_one() -> None:
    assert read_settings().webhook_secret() is None


def test_the_secret_is_made_from_the_token_and_tells_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "https://bot.example.org/telegram/")
    settings = read_settings()
    secret = settings.webhook_secret()
    assert settings.telegram_webhook_url == "https://bot.example.org/telegram"
    assert secret is not None
    assert len(secret.get_secret_value()) == 64
    assert not canary.leaks(secret.get_secret_value())
    assert secret.get_secret_value() in settings.secrets(), "the log's redaction knows it"


def test_a_secret_of_ones_own_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("A-quiet_secret-of-my-own\n")
    monkeypatch.setenv(URL, "https://bot.example.org")
    monkeypatch.setenv("SEAWALL_TELEGRAM_WEBHOOK_SECRET_FILE", str(tmp_path / "secret"))
    secret = read_settings().webhook_secret()
    assert secret is not None
    assert secret.get_secret_value() == "A-quiet_secret-of-my-own"
    assert "quiet" not in repr(read_settings())


@pytest.mark.parametrize(
    "url",
    ["http://bot.example.org", "https://bot.example.org:8080/x", "https://me:pass@h", "bot.example.org"],
)
def test_an_address_telegram_cannot_reach_is_a_mistake(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, url)
    (problem,) = problems()
    assert problem.startswith(f"{URL} must be an ")
    assert "pass" not in problem.removeprefix(f"{URL} must be an ").replace("password", "")


def test_a_bot_api_server_of_ones_own_takes_any_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_ALLOW_PRIVATE_URLS", "127.0.0.1")
    monkeypatch.setenv("SEAWALL_TELEGRAM_URL", "http://127.0.0.1:8081")
    monkeypatch.setenv(URL, "http://127.0.0.1:9000/telegram")
    assert read_settings().telegram_webhook_url == "http://127.0.0.1:9000/telegram"


@pytest.mark.parametrize("place", ["8080", "host:", "host:0", "host:65536", "a b:1", "127.0.0.1:8080/x"])
def test_a_place_to_listen_is_a_host_and_a_port(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "https://bot.example.org")
    monkeypatch.setenv("SEAWALL_TELEGRAM_WEBHOOK_LISTEN", place)
    (problem,) = problems()
    assert problem.startswith("SEAWALL_TELEGRAM_WEBHOOK_LISTEN must be a host and a port, such as")


@pytest.mark.parametrize("secret", ["short", "x" * 257, "with a blank in the middle"])
def test_a_secret_telegram_would_not_take_is_a_mistake(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, "https://bot.example.org")
    monkeypatch.setenv("SEAWALL_TELEGRAM_WEBHOOK_SECRET", secret)
    (problem,) = problems()
    assert problem.startswith(
        "SEAWALL_TELEGRAM_WEBHOOK_SECRET must be 16 to 256 letters, digits, _ and -. Example: "
    )


def test_what_is_said_of_a_webhook_that_is_not_there_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_TELEGRAM_WEBHOOK_LISTEN", "127.0.0.1:8080")
    monkeypatch.setenv("SEAWALL_TELEGRAM_WEBHOOK_SECRET", "a-secret-of-my-own")
    assert problems() == (
        f"SEAWALL_TELEGRAM_WEBHOOK_LISTEN needs {URL}: without it there is no webhook.",
        f"SEAWALL_TELEGRAM_WEBHOOK_SECRET needs {URL}: without it there is no webhook.",
    )
