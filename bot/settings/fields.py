"""Every setting there is: one line or two each, with what it is for, whom it concerns, and whether a reload takes it."""

import hashlib
import hmac
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator
from pydantic.fields import FieldInfo

from bot.settings.checks import (
    EXCHANGES,
    WEBHOOK_PORTS,
    Assets,
    ATimes,
    DiscordToken,
    FilePlace,
    Folder,
    Hosts,
    Level,
    Listening,
    People,
    PlainUrl,
    RestUrl,
    SecretUrl,
    StoreUrl,
    TelegramToken,
    Visitors,
    WebhookSecret,
    WsUrl,
)
from market.observations import Venue

WEBHOOK_PURPOSE = b"seawall: secret of the Telegram webhook"

Part = Literal["every", "scheduler", "delivery", "telegram", "discord"]
"""Which part of the service reads a setting; `every` where all of them do."""


def setting(
    default: Any,
    says: str,
    part: Part,
    example: str,
    *,
    reloads: bool = False,
    by: Callable[[], Any] | None = None,
    shown: str = "",
) -> Any:
    """A setting: its default (or what makes it), what it is for, whose it is, an example, whether a reload takes it.

    `shown` is how docs/settings.md writes the default, where the value itself says too little.
    """
    given = {"default": default} if by is None else {"default_factory": by}
    return Field(
        **given,
        description=says,
        examples=[example],
        json_schema_extra={"part": part, "reloads": reloads, "shown": shown},
    )


def told(field: FieldInfo) -> Mapping[str, Any]:
    """What a setting says of itself beside its value: `part`, `reloads`, `shown`."""
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError("a setting is made by `setting(...)`")
    return extra


def _rest(name: str) -> Any:
    return setting(
        None,
        f"Where {name}'s REST is found instead of at {name}.",
        "scheduler",
        "https://mirror.example/rest",
    )


def _ws(name: str) -> Any:
    return setting(
        None,
        f"Where {name}'s websockets are found instead of at {name}.",
        "scheduler",
        "wss://mirror.example/ws",
    )


def state_directory(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Where this platform keeps what a program must remember, such as ~/.local/state/seawall."""
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "seawall"
    chosen = environ.get("XDG_STATE_HOME", "")
    root = Path(chosen) if chosen.startswith("/") else Path.home() / ".local" / "state"
    return root / "seawall"


class Settings(BaseModel):
    """Everything that can be chosen. Secrets show themselves as stars in repr, str and JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=True)

    env_file: FilePlace | None = setting(
        None,
        "A file of lines SEAWALL_NAME=value, which a reload reads again. Only the environment can name it.",
        "every",
        "/etc/seawall/settings",
    )
    telegram_token: TelegramToken | None = setting(
        None, "Token from @BotFather; starts Telegram.", "telegram", "123456789:AA..."
    )
    discord_token: DiscordToken | None = setting(
        None, "Bot token of a Discord application; starts Discord.", "discord", "MTk4..."
    )
    redis_url: StoreUrl | None = setting(
        None,
        "An existing Valkey or Redis. Without it a private Valkey is started.",
        "every",
        "redis://127.0.0.1:6379/0",
    )
    telegram_url: PlainUrl | None = setting(
        None,
        "Root of a self-hosted Bot API server, without /bot.",
        "telegram",
        "http://bot-api:8081",
        shown="Telegram's own",
    )
    telegram_webhook_url: RestUrl | None = setting(
        None,
        "Where Telegram brings updates to (https), instead of being asked for them.",
        "telegram",
        "https://bot.example/telegram",
        shown="it is asked",
    )
    telegram_webhook_listen: Listening = setting(
        "127.0.0.1:8080",
        "Host and port at which the webhook's updates arrive here, behind your own TLS.",
        "telegram",
        "0.0.0.0:8080",
    )
    telegram_webhook_secret: WebhookSecret | None = setting(
        None,
        "What proves that an update is Telegram's.",
        "telegram",
        "3f9c0b...",
        shown="made from the token",
    )
    telegram_tables: bool = setting(
        True,
        "Whether a table is sent as one where Telegram's server takes that. Clients that cannot show it show nothing.",
        "telegram",
        "false",
    )
    discord_url: PlainUrl | None = setting(
        None,
        "Root of a Discord REST server, with its version.",
        "discord",
        "http://proxy:3000/api/v10",
        shown="Discord's own",
    )
    discord_gateway_url: WsUrl | None = setting(
        None,
        "Where Discord's gateway is reached, such as at a proxy.",
        "discord",
        "wss://proxy.example",
        shown="where Discord says",
    )
    assets: Assets = setting(
        (),
        "Watched assets, separated by commas.",
        "scheduler",
        "BTC,ETH,SOL",
        reloads=True,
        shown="BTC, ETH, SOL and the twelve next by open interest",
    )
    operators: People = setting(
        (),
        "The owners: who may change what is watched and see to the bot from a chat.",
        "every",
        "telegram:123456,discord:987",
        reloads=True,
        shown="nobody in a chat",
    )
    allowed: Visitors = setting(
        (),
        "Who may use the bot at all: people, chats and servers, by the platform's numbers (/id tells them). "
        "Owners always may.",
        "every",
        "telegram:123456,telegram:-100987,discord:42",
        reloads=True,
        shown="everybody",
    )
    limit_person: ATimes = setting(
        20, "So often a minute one person is answered.", "every", "60", reloads=True
    )
    limit_chat: ATimes = setting(30, "So often a minute one chat is answered.", "every", "90", reloads=True)
    limit_all: ATimes = setting(
        500, "So often a minute anybody is answered, in all.", "every", "2000", reloads=True
    )
    binance_rest_url: RestUrl | None = _rest("Binance")
    binance_ws_url: WsUrl | None = _ws("Binance")
    bybit_rest_url: RestUrl | None = _rest("Bybit")
    bybit_ws_url: WsUrl | None = _ws("Bybit")
    okx_rest_url: RestUrl | None = _rest("OKX")
    okx_ws_url: WsUrl | None = _ws("OKX")
    deribit_rest_url: RestUrl | None = _rest("Deribit")
    deribit_ws_url: WsUrl | None = _ws("Deribit")
    hyperliquid_rest_url: RestUrl | None = _rest("Hyperliquid")
    hyperliquid_ws_url: WsUrl | None = _ws("Hyperliquid")
    allow_private_urls: Hosts = setting(
        (),
        "Hosts within your own network to which the addresses named here may lead, such as a Bot API server beside the bot. "
        "Every other address must lead out of it, and is checked again whenever its name is looked up.",
        "every",
        "bot-api,192.168.1.5",
    )
    health_listen: Listening | None = setting(
        None,
        "Host and port at which this process tells how it is: /healthz, /readyz and /metrics.",
        "every",
        "127.0.0.1:8090",
        shown="nowhere",
    )
    ping_url: SecretUrl | None = setting(
        None,
        "Asked once after each full cycle, so that a dead-man switch elsewhere notices when that ends.",
        "scheduler",
        "https://switch.example/ping/0123",
    )
    data_dir: Folder = setting(
        None,
        "Where the private Valkey keeps its files.",
        "every",
        "/var/lib/seawall",
        by=lambda: state_directory(os.environ),
        shown="your platform's, such as `~/.local/state/seawall`",
    )
    backup_dir: Folder | None = setting(
        None,
        "Where a backup is kept each night, the newest fourteen, by the process that evaluates.",
        "scheduler",
        "/var/lib/seawall/backups",
        shown="none is made",
    )
    log_level: Level = setting("INFO", "DEBUG, INFO, WARNING or ERROR.", "every", "DEBUG", reloads=True)
    library_log_level: Level = setting(
        "WARNING", "The same for httpx, telegram, discord and their like.", "every", "INFO", reloads=True
    )
    log_format: Literal["console", "json"] = setting(
        "console", "console or json, on stderr.", "every", "json"
    )

    @field_validator("telegram_webhook_url")
    @classmethod
    def _webhook_can_be_reached(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is None or info.data.get("telegram_url") is not None:
            return url
        if urlsplit(url).scheme != "https" or urlsplit(url).port not in WEBHOOK_PORTS:
            raise ValueError("must be an https address with the port 443, 80, 88 or 8443, or none")
        return url

    def rest_urls(self) -> dict[Venue, str]:
        """Where questions are asked, of the venues that are sent elsewhere."""
        given = {venue: getattr(self, f"{venue}_rest_url") for venue in EXCHANGES}
        return {venue: url for venue, url in given.items() if url is not None}

    def ws_urls(self) -> dict[Venue, str]:
        """Where streams are listened to, of the venues that are sent elsewhere."""
        given = {venue: getattr(self, f"{venue}_ws_url") for venue in EXCHANGES}
        return {venue: url for venue, url in given.items() if url is not None}

    def guarded_hosts(self) -> tuple[str, ...]:
        """The hosts of addresses named here that may not lead into one's own network."""
        given = {name: getattr(self, name) for name in CALLED}
        hosts = {urlsplit(_in_clear(url)).hostname or "" for url in given.values() if url is not None}
        return tuple(sorted(hosts - {"", *self.allow_private_urls}))

    def secrets(self) -> tuple[str, ...]:
        """The secrets in clear, for the redaction of logs only."""
        given = (*(getattr(self, name) for name in SECRETS), self.webhook_secret())
        return tuple(dict.fromkeys(secret.get_secret_value() for secret in given if secret is not None))

    def webhook_secret(self) -> SecretStr | None:
        """What Telegram sends with each update, made from the token where none is given; None without a webhook."""
        if self.telegram_webhook_url is None or self.telegram_token is None:
            return None
        return self.telegram_webhook_secret or SecretStr(_derived(self.telegram_token, WEBHOOK_PURPOSE))


def _derived(token: SecretStr, purpose: bytes) -> str:
    """A secret of its own for a purpose, from which nobody finds the token."""
    return hmac.new(token.get_secret_value().encode(), purpose, hashlib.sha256).hexdigest()


def _in_clear(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _holds_secret(kind: Any) -> bool:
    return kind is SecretStr or any(_holds_secret(inner) for inner in get_args(kind))


SECRETS = tuple(name for name, field in Settings.model_fields.items() if _holds_secret(field.annotation))
"""Settings that may also be given as the path of a file: SEAWALL_TELEGRAM_TOKEN_FILE and so on."""

NOT_CALLED = ("redis_url", "telegram_webhook_url")
"""Addresses that nothing here asks as a URL of the web: the store's, and the one at which Telegram calls."""

CALLED = tuple(name for name in Settings.model_fields if name.endswith("_url") and name not in NOT_CALLED)
"""Addresses that are called as the settings name them, and so may not lead just anywhere (bot/addresses.py)."""
