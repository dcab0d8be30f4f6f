"""The settings: what the operator chose, read once from the environment and nowhere else."""

import hashlib
import hmac
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.environment import PREFIX, read_secret_files, slips, without_webhook
from market.observations import Asset, Venue
from market.rules import MOST_WATCHED

MANY_OPERATORS = 100
LONGEST_URL = 2_000
WEBHOOK_PORTS = frozenset({None, 443, 80, 88, 8_443})
"""The ports Telegram brings updates to (Bot API, setWebhook); a Bot API server of one's own takes any."""
EXCHANGES = (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.DERIBIT, Venue.HYPERLIQUID)

_TELEGRAM_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{30,100}")
_DISCORD_TOKEN = re.compile(r"[A-Za-z0-9_-]{18,40}\.[A-Za-z0-9_-]{4,10}\.[A-Za-z0-9_-]{20,80}")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}", re.ASCII)
_LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):([0-9]{1,5})", re.ASCII)
_REDIS_URL = re.compile(r"(rediss?|valkeys?|unix)://\S+")
_ASSET = re.compile(r"[A-Z0-9]{1,20}")
_OPERATOR = re.compile(r"(telegram|discord):[0-9]{1,20}")

WEBHOOK_PURPOSE = b"seawall: secret of the Telegram webhook"

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class Misconfigured(Exception):
    """The environment cannot be used; `problems` holds one sentence a mistake, none of them a secret."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _rest_address(url: str) -> str:
    return _address(url, ("http", "https"))


def _ws_address(url: str) -> str:
    return _address(url, ("ws", "wss"))


def _address(url: str, schemes: tuple[str, ...]) -> str:
    """The address without a slash at its end. Raises ValueError, which never repeats what was given."""
    try:
        parts = urlsplit(url.strip())
        is_plain = parts.username is None and parts.password is None and not (parts.query or parts.fragment)
        is_whole = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_plain = is_whole = False
    if not (
        is_plain
        and is_whole
        and len(url) <= LONGEST_URL
        and url.strip().isprintable()
        and " " not in url.strip()
    ):
        raise ValueError(
            f"must be an address such as {schemes[-1]}://host:port/path, without user or password"
        )
    return url.strip().rstrip("/")


def _elsewhere(name: str, of: str) -> str:
    return f"Where {name}'s {of} are found instead of at {name}."


RestUrl = Annotated[str, AfterValidator(_rest_address)]
WsUrl = Annotated[str, AfterValidator(_ws_address)]


def state_directory(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Where this platform keeps what a program must remember, such as ~/.local/state/seawall."""
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "seawall"
    chosen = environ.get("XDG_STATE_HOME", "")
    root = Path(chosen) if chosen.startswith("/") else Path.home() / ".local" / "state"
    return root / "seawall"


class Settings(BaseSettings):
    """Everything an operator can choose. Secrets show themselves as stars in repr, str and JSON."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    telegram_token: SecretStr | None = Field(
        default=None, description="Token from @BotFather; starts Telegram."
    )
    discord_token: SecretStr | None = Field(
        default=None, description="Bot token of a Discord application; starts Discord."
    )
    redis_url: SecretStr | None = Field(
        default=None, description="An existing Valkey or Redis. Without it a private Valkey is started."
    )
    telegram_url: HttpUrl | None = Field(
        default=None,
        description="Root of a self-hosted Bot API server, without /bot. Default: Telegram's own.",
    )
    telegram_webhook_url: RestUrl | None = Field(
        default=None,
        description="Where Telegram brings updates to (https), instead of being asked for them. Default: it is asked.",
    )
    telegram_webhook_listen: str = Field(
        default="127.0.0.1:8080",
        description="Host and port at which the webhook's updates arrive here, behind your own TLS.",
    )
    telegram_webhook_secret: SecretStr | None = Field(
        default=None, description="What proves that an update is Telegram's. Default: made from the token."
    )
    telegram_tables: bool = Field(
        default=True,
        description="Whether a table is sent as one where Telegram's server takes that. Clients that cannot show it show nothing.",
    )
    discord_url: HttpUrl | None = Field(
        default=None, description="Root of a Discord REST server, with its version. Default: Discord's own."
    )
    discord_gateway_url: WsUrl | None = Field(
        default=None,
        description="Where Discord's gateway is reached, such as at a proxy. Default: where Discord says.",
    )
    assets: Annotated[tuple[Asset, ...], NoDecode] = Field(
        default=(),
        description="Watched assets, separated by commas. Default: BTC, ETH, SOL and the twelve next by open interest.",
    )
    operators: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Who may change what is watched: telegram:123456,discord:987. Default: nobody in a chat.",
    )
    binance_rest_url: RestUrl | None = Field(default=None, description=_elsewhere("Binance", "REST"))
    binance_ws_url: WsUrl | None = Field(default=None, description=_elsewhere("Binance", "websockets"))
    bybit_rest_url: RestUrl | None = Field(default=None, description=_elsewhere("Bybit", "REST"))
    bybit_ws_url: WsUrl | None = Field(default=None, description=_elsewhere("Bybit", "websockets"))
    okx_rest_url: RestUrl | None = Field(default=None, description=_elsewhere("OKX", "REST"))
    okx_ws_url: WsUrl | None = Field(default=None, description=_elsewhere("OKX", "websockets"))
    deribit_rest_url: RestUrl | None = Field(default=None, description=_elsewhere("Deribit", "REST"))
    deribit_ws_url: WsUrl | None = Field(default=None, description=_elsewhere("Deribit", "websockets"))
    hyperliquid_rest_url: RestUrl | None = Field(default=None, description=_elsewhere("Hyperliquid", "REST"))
    hyperliquid_ws_url: WsUrl | None = Field(
        default=None, description=_elsewhere("Hyperliquid", "websockets")
    )
    data_dir: Path = Field(
        default_factory=lambda: state_directory(os.environ),
        description="Where the private Valkey keeps its files.",
    )
    log_level: Level = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    library_log_level: Level = Field(
        default="WARNING", description="The same for httpx, telegram, discord and their like."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="console or json, on stderr."
    )

    @field_validator("telegram_token")
    @classmethod
    def _telegram_token_has_its_shape(cls, token: SecretStr | None) -> SecretStr | None:
        return _shaped(token, _TELEGRAM_TOKEN, "is no Telegram bot token (digits, a colon, 35 characters)")

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _webhook_secret_has_its_shape(cls, secret: SecretStr | None) -> SecretStr | None:
        return _shaped(secret, _WEBHOOK_SECRET, "must be 16 to 256 letters, digits, _ and -")

    @field_validator("telegram_webhook_url")
    @classmethod
    def _webhook_can_be_reached(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is None or info.data.get("telegram_url") is not None:
            return url
        if urlsplit(url).scheme != "https" or urlsplit(url).port not in WEBHOOK_PORTS:
            raise ValueError("must be an https address with the port 443, 80, 88 or 8443, or none")
        return url

    @field_validator("telegram_webhook_listen")
    @classmethod
    def _webhook_listens_somewhere(cls, place: str) -> str:
        match = _LISTEN.fullmatch(place.strip())
        if match is None or not 0 < int(match[2]) < 65_536:
            raise ValueError("must be a host and a port, such as 127.0.0.1:8080 or 0.0.0.0:8080")
        return place.strip()

    @field_validator("discord_token")
    @classmethod
    def _discord_token_has_its_shape(cls, token: SecretStr | None) -> SecretStr | None:
        return _shaped(token, _DISCORD_TOKEN, "is no Discord bot token (three parts joined by dots)")

    @field_validator("redis_url")
    @classmethod
    def _redis_url_has_its_shape(cls, url: SecretStr | None) -> SecretStr | None:
        return _shaped(
            url, _REDIS_URL, "is no address such as redis://127.0.0.1:6379/0 or unix:///run/valkey.sock"
        )

    @field_validator("assets", mode="before")
    @classmethod
    def _assets_are_names(cls, value: object) -> tuple[Asset, ...]:
        if value == ():
            return ()
        listed = value.split(",") if isinstance(value, str) else value
        words = [str(word) for word in listed] if isinstance(listed, list | tuple) else []
        names = tuple(dict.fromkeys(word.strip().upper() for word in words if word.strip()))
        wrong = [name[:24] for name in names if not _ASSET.fullmatch(name)]
        if wrong or not 0 < len(names) <= MOST_WATCHED:
            raise ValueError(
                f"must be 1 to {MOST_WATCHED} names such as BTC,ETH"
                + (f", not {wrong[0]!r}" if wrong else "")
            )
        return names

    @field_validator("operators", mode="before")
    @classmethod
    def _operators_are_people(cls, value: object) -> tuple[str, ...]:
        listed = value.split(",") if isinstance(value, str) else value
        words = [str(word).strip() for word in listed] if isinstance(listed, list | tuple) else [""]
        people = tuple(dict.fromkeys(word.lower() for word in words if word))
        wrong = [place for place, person in enumerate(people, 1) if not _OPERATOR.fullmatch(person)]
        if wrong or len(people) > MANY_OPERATORS:
            raise ValueError(
                f"must be at most {MANY_OPERATORS} people such as telegram:123456,discord:987"
                + (f"; number {wrong[0]} is none" if wrong else "")
            )
        return people

    @field_validator("log_level", "library_log_level", mode="before")
    @classmethod
    def _levels_are_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("data_dir")
    @classmethod
    def _home_is_spelled_out(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    def rest_urls(self) -> dict[Venue, str]:
        """Where questions are asked, of the venues the operator sends elsewhere."""
        given = {venue: getattr(self, f"{venue}_rest_url") for venue in EXCHANGES}
        return {venue: url for venue, url in given.items() if url is not None}

    def ws_urls(self) -> dict[Venue, str]:
        """Where streams are listened to, of the venues the operator sends elsewhere."""
        given = {venue: getattr(self, f"{venue}_ws_url") for venue in EXCHANGES}
        return {venue: url for venue, url in given.items() if url is not None}

    def secrets(self) -> tuple[str, ...]:
        """The secrets in clear, for the redaction of logs only."""
        given = (self.telegram_token, self.discord_token, self.redis_url, self.webhook_secret())
        return tuple(secret.get_secret_value() for secret in given if secret is not None)

    def webhook_secret(self) -> SecretStr | None:
        """What Telegram sends with each update, made from the token where none is given; None without a webhook."""
        if self.telegram_webhook_url is None or self.telegram_token is None:
            return None
        return self.telegram_webhook_secret or SecretStr(_derived(self.telegram_token, WEBHOOK_PURPOSE))


def read_settings() -> Settings:
    """The settings of this process's environment.

    Raises Misconfigured with every mistake at once, in words that name the variable and hold no secret.
    """
    from_files, problems = read_secret_files(os.environ)
    problems += [*slips(os.environ, Settings.model_fields), *without_webhook(os.environ)]
    try:
        settings = Settings(**from_files)
    except ValidationError as error:
        problems += [_in_words(mistake) for mistake in error.errors(include_input=False, include_url=False)]
        raise Misconfigured(tuple(problems)) from None
    if problems:
        raise Misconfigured(tuple(problems))
    return settings


def _derived(token: SecretStr, purpose: bytes) -> str:
    """A secret of its own for a purpose, from which nobody finds the token."""
    return hmac.new(token.get_secret_value().encode(), purpose, hashlib.sha256).hexdigest()


def _shaped(secret: SecretStr | None, shape: re.Pattern[str], otherwise: str) -> SecretStr | None:
    if secret is not None and not shape.fullmatch(secret.get_secret_value().strip()):
        raise ValueError(otherwise)
    return None if secret is None else SecretStr(secret.get_secret_value().strip())


def _in_words(mistake: Any) -> str:
    variable = PREFIX + str(mistake["loc"][0]).upper()
    why = str(mistake["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return f"{variable} {why}."
