from pathlib import Path

import pytest

from bot.settings import EXCHANGES, Misconfigured, Settings, read_settings, state_directory
from market.observations import Venue
from tests import canary


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SEAWALL_{name.upper()}", raising=False)
        monkeypatch.delenv(f"SEAWALL_{name.upper()}_FILE", raising=False)


def problems() -> tuple[str, ...]:
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    return caught.value.problems


def test_nothing_has_to_be_set() -> None:
    settings = read_settings()
    assert settings.telegram_token is None
    assert settings.discord_token is None
    assert settings.redis_url is None
    assert settings.assets == ()
    assert settings.operators == ()
    assert settings.rest_urls() == settings.ws_urls() == {}
    assert settings.secrets() == ()


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_TELEGRAM_TOKEN", "")
    assert read_settings().telegram_token is None


def test_a_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(canary.TELEGRAM_TOKEN + "\n")
    monkeypatch.setenv("SEAWALL_TELEGRAM_TOKEN_FILE", str(file))
    settings = read_settings()
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == canary.TELEGRAM_TOKEN


def test_a_secret_from_both_places_is_a_mistake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEAWALL_DISCORD_TOKEN", canary.DISCORD_TOKEN)
    monkeypatch.setenv("SEAWALL_DISCORD_TOKEN_FILE", str(tmp_path / "x"))
    assert problems() == ("SEAWALL_DISCORD_TOKEN and SEAWALL_DISCORD_TOKEN_FILE are both set: keep one.",)


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"", "empty"), (b"x" * 5_000, "too long"), (b"\xff\xfe", "not plain text")],
)
def test_a_secret_file_that_is_no_use_is_named(
    content: bytes | None, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("SEAWALL_REDIS_URL_FILE", str(file))
    (problem,) = problems()
    assert problem.startswith(f"SEAWALL_REDIS_URL_FILE: {file} cannot be read: ")
    assert why in problem


def test_every_mistake_is_listed_at_once_and_no_secret_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_TELEGRAM_TOKEN", "my secret")
    monkeypatch.setenv("SEAWALL_DISCORD_TOKEN", "my secret")
    monkeypatch.setenv("SEAWALL_REDIS_URL", "http://me:my secret@host")
    monkeypatch.setenv("SEAWALL_TELEGRAM_URL", "ftp://host")
    monkeypatch.setenv("SEAWALL_ASSETS", "btc, $ETH")
    monkeypatch.setenv("SEAWALL_LOG_LEVEL", "loud")
    monkeypatch.setenv("SEAWALL_LOG_FORMAT", "xml")
    said = problems()
    for name in (
        "TELEGRAM_TOKEN",
        "DISCORD_TOKEN",
        "REDIS_URL",
        "TELEGRAM_URL",
        "ASSETS",
        "LOG_LEVEL",
        "LOG_FORMAT",
    ):
        assert sum(problem.startswith(f"SEAWALL_{name} ") for problem in said) == 1
    assert len(said) == 7
    assert "my secret" not in "\n".join(said)


def test_a_slip_of_the_pen_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_TELEGRAM_TOEKN", "x")
    assert problems() == ("SEAWALL_TELEGRAM_TOEKN is no setting. Did you mean SEAWALL_TELEGRAM_TOKEN?",)


def test_what_tests_read_is_no_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_RECORDINGS", "x")
    read_settings()


def test_each_venue_can_be_sent_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_ALLOW_PRIVATE_URLS", "127.0.0.1, [::1]")
    monkeypatch.setenv("SEAWALL_BINANCE_REST_URL", "http://127.0.0.1:8000/binance/")
    monkeypatch.setenv("SEAWALL_HYPERLIQUID_WS_URL", "wss://[::1]:9/hyperliquid")
    settings = read_settings()
    assert settings.rest_urls() == {Venue.BINANCE: "http://127.0.0.1:8000/binance"}
    assert settings.ws_urls() == {Venue.HYPERLIQUID: "wss://[::1]:9/hyperliquid"}


@pytest.mark.parametrize("venue", EXCHANGES)
@pytest.mark.parametrize("of", ["REST", "WS"])
@pytest.mark.parametrize(
    "url",
    [
        "x",
        "ftp://host",
        "//host",
        "{scheme}://",
        "{scheme}://host:99999",
        "{scheme}://me:word-of-honour@host",
    ],
)
def test_an_address_that_is_none_is_named_without_what_was_given(
    venue: Venue, of: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"SEAWALL_{venue.upper()}_{of}_URL"
    monkeypatch.setenv(name, url.format(scheme="https" if of == "REST" else "wss"))
    (problem,) = problems()
    assert problem.startswith(f"{name} must be an address such as {'https' if of == 'REST' else 'wss'}://")
    assert "word-of-honour" not in problem


def test_streams_are_not_asked_over_http_nor_questions_over_websockets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SEAWALL_OKX_WS_URL", "https://host")
    monkeypatch.setenv("SEAWALL_OKX_REST_URL", "wss://host")
    assert len(problems()) == 2


def test_a_venue_misspelt_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_BINANC_REST_URL", "https://host")
    assert problems() == ("SEAWALL_BINANC_REST_URL is no setting. Did you mean SEAWALL_BINANCE_REST_URL?",)


def test_operators_are_people_on_a_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_OPERATORS", "telegram:123456, Discord:987,telegram:123456")
    assert read_settings().operators == ("telegram:123456", "discord:987")


@pytest.mark.parametrize("people", ["123456", "telegram:bob", "telegram:1 2", "slack:1", "telegram:1,x"])
def test_an_operator_that_is_nobody_is_a_mistake(people: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_OPERATORS", people)
    (problem,) = problems()
    assert problem.startswith(
        "SEAWALL_OPERATORS must be at most 100 people such as telegram:123456,discord:987"
    )


def test_assets_are_capitals_in_the_order_given_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_ASSETS", "eth, btc,ETH,1000pepe")
    assert read_settings().assets == ("ETH", "BTC", "1000PEPE")


def test_secrets_show_themselves_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_TELEGRAM_TOKEN", canary.TELEGRAM_TOKEN)
    monkeypatch.setenv("SEAWALL_DISCORD_TOKEN", canary.DISCORD_TOKEN)
    monkeypatch.setenv("SEAWALL_REDIS_URL", canary.REDIS_URL)
    settings = read_settings()
    assert settings.secrets() == canary.SECRETS
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        assert not canary.leaks(shown)


def test_the_state_directory_is_the_platforms_own() -> None:
    home = Path.home()
    assert state_directory({}, "linux") == home / ".local/state/seawall"
    assert state_directory({"XDG_STATE_HOME": "/var/x"}, "linux") == Path("/var/x/seawall")
    assert state_directory({"XDG_STATE_HOME": "relative"}, "linux") == home / ".local/state/seawall"
    assert state_directory({}, "darwin") == home / "Library/Application Support/seawall"


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())
