"""What a setting's value must look like: a type a kind of value. No message repeats what was given."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, SecretStr

from market.observations import Asset, Venue
from market.rules import MOST_WATCHED

MANY_OPERATORS = 100
MANY_VISITORS = 1_000
MOST_A_MINUTE = 1_000_000
MANY_HOSTS = 100
LONGEST_URL = 2_000
WEBHOOK_PORTS = frozenset({None, 443, 80, 88, 8_443})
"""The ports Telegram brings updates to (Bot API, setWebhook); a Bot API server of one's own takes any."""
EXCHANGES = (Venue.BINANCE, Venue.BYBIT, Venue.OKX, Venue.DERIBIT, Venue.HYPERLIQUID)

_TELEGRAM_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{30,100}")
_DISCORD_TOKEN = re.compile(r"[A-Za-z0-9_-]{18,40}\.[A-Za-z0-9_-]{4,10}\.[A-Za-z0-9_-]{20,80}")
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}", re.ASCII)
_LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253}):([0-9]{1,5})", re.ASCII)
_REDIS_URL = re.compile(r"(rediss?|valkeys?|unix)://\S+")
_SECRET_URL = re.compile(r"https?://[A-Za-z0-9._\[\]:-]{1,255}(/[!-~]{0,1000})?", re.ASCII)
_ASSET = re.compile(r"[A-Z0-9]{1,20}")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:.]{2,45}\]?", re.ASCII)
_OPERATOR = re.compile(r"(telegram|discord):[0-9]{1,20}")
_VISITOR = re.compile(r"telegram:-?[0-9]{1,20}|discord:[0-9]{1,20}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,7}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Means:
    """What kind of value a setting holds, in words for docs/settings.md."""

    words: str


def _shaped(shape: re.Pattern[str], otherwise: str) -> Callable[[SecretStr], SecretStr]:
    """A check that a secret has this shape, without what stands around it; its error never holds the secret."""

    def check(secret: SecretStr) -> SecretStr:
        said = secret.get_secret_value().strip()
        if not shape.fullmatch(said):
            raise ValueError(otherwise)
        return SecretStr(said)

    return check


def _address(*schemes: str) -> Callable[[str], str]:
    """A check that this is an address of one of these schemes; gives it without a slash at its end."""

    def check(url: str) -> str:
        given = url.strip()
        if not (
            len(url) <= LONGEST_URL and given.isprintable() and " " not in given and _whole(given, schemes)
        ):
            raise ValueError(
                f"must be an address such as {schemes[-1]}://host:port/path, without user or password"
            )
        return given.rstrip("/")

    return check


def _whole(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        is_plain = parts.username is None and parts.password is None and not (parts.query or parts.fragment)
        return is_plain and parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _plain(url: HttpUrl) -> HttpUrl:
    if url.username is not None or url.password is not None or url.query is not None:
        raise ValueError("must be an address such as https://host:port/path, without user or password")
    return url


def _listening(place: str) -> str:
    match = _LISTEN.fullmatch(place.strip())
    if match is None or not 0 < int(match[2]) < 65_536:
        raise ValueError("must be a host and a port, such as 127.0.0.1:8080 or 0.0.0.0:8080")
    return place.strip()


def _listed(value: object) -> list[str]:
    """The words of a list separated by commas; of anything else one word that is nothing."""
    listed = value.split(",") if isinstance(value, str) else value
    return [str(word).strip() for word in listed] if isinstance(listed, list | tuple) else [""]


def _assets(value: object) -> tuple[Asset, ...]:
    if value == ():
        return ()
    names = tuple(dict.fromkeys(word.upper() for word in _listed(value) if word))
    wrong = [name[:24] for name in names if not _ASSET.fullmatch(name)]
    if wrong or not 0 < len(names) <= MOST_WATCHED:
        raise ValueError(
            f"must be 1 to {MOST_WATCHED} names such as BTC,ETH" + (f", not {wrong[0]!r}" if wrong else "")
        )
    return names


def _people(value: object) -> tuple[str, ...]:
    people = tuple(dict.fromkeys(word.lower() for word in _listed(value) if word))
    wrong = [place for place, person in enumerate(people, 1) if not _OPERATOR.fullmatch(person)]
    if wrong or len(people) > MANY_OPERATORS:
        raise ValueError(
            f"must be at most {MANY_OPERATORS} people such as telegram:123456,discord:987"
            + (f"; number {wrong[0]} is none" if wrong else "")
        )
    return people


def _visitors(value: object) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(word.lower() for word in _listed(value) if word))
    wrong = [place for place, one in enumerate(named, 1) if not _VISITOR.fullmatch(one)]
    if wrong or len(named) > MANY_VISITORS:
        raise ValueError(
            f"must be at most {MANY_VISITORS} people, chats and servers such as telegram:123456,telegram:-100987,discord:42"
            + (f"; number {wrong[0]} is none" if wrong else "")
        )
    return named


def _digits(value: object) -> object:
    """A whole number as it is written here; the library would also take "1_000", "1e3" and the digits of other scripts."""
    if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value.strip()):
        raise ValueError(f"must be a whole number from 1 to {MOST_A_MINUTE}, such as 60")
    return value


def _hosts(value: object) -> tuple[str, ...]:
    hosts = tuple(dict.fromkeys(word.lower() for word in _listed(value) if word))
    wrong = [place for place, host in enumerate(hosts, 1) if not _HOST.fullmatch(host)]
    if wrong or len(hosts) > MANY_HOSTS:
        raise ValueError(
            f"must be at most {MANY_HOSTS} hosts such as bot-api,192.168.1.5"
            + (f"; number {wrong[0]} is none" if wrong else "")
        )
    return tuple(host.strip("[]").rstrip(".") for host in hosts)


def _capitals(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _spelled_out(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:  # what it raises of a person whom this machine does not know
        raise ValueError("~ names nobody whom this machine knows: write the whole path") from None


TelegramToken = Annotated[
    SecretStr,
    AfterValidator(_shaped(_TELEGRAM_TOKEN, "is no Telegram bot token (digits, a colon, 35 characters)")),
    Means("a token"),
]
DiscordToken = Annotated[
    SecretStr,
    AfterValidator(_shaped(_DISCORD_TOKEN, "is no Discord bot token (three parts joined by dots)")),
    Means("a token"),
]
WebhookSecret = Annotated[
    SecretStr,
    AfterValidator(_shaped(_WEBHOOK_SECRET, "must be 16 to 256 letters, digits, _ and -")),
    Means("16 to 256 letters, digits, _ and -"),
]
StoreUrl = Annotated[
    SecretStr,
    AfterValidator(
        _shaped(_REDIS_URL, "is no address such as redis://127.0.0.1:6379/0 or unix:///run/valkey.sock")
    ),
    Means("`redis://`, `rediss://` or `unix://` address"),
]
SecretUrl = Annotated[
    SecretStr,
    AfterValidator(_shaped(_SECRET_URL, "is no address such as https://switch.example/ping/0123")),
    Means("`https://` or `http://` address"),
]
PlainUrl = Annotated[HttpUrl, AfterValidator(_plain)]
RestUrl = Annotated[str, AfterValidator(_address("http", "https")), Means("`http://` or `https://` address")]
WsUrl = Annotated[str, AfterValidator(_address("ws", "wss")), Means("`ws://` or `wss://` address")]
Listening = Annotated[str, AfterValidator(_listening), Means("host and port")]
Assets = Annotated[tuple[Asset, ...], BeforeValidator(_assets), Means("names, separated by commas")]
People = Annotated[tuple[str, ...], BeforeValidator(_people), Means("people, separated by commas")]
Visitors = Annotated[
    tuple[str, ...],
    BeforeValidator(_visitors),
    Means("people, chats and servers, separated by commas"),
]
ATimes = Annotated[
    int, Field(ge=1, le=MOST_A_MINUTE), BeforeValidator(_digits), Means("a whole number from 1 on")
]
Hosts = Annotated[tuple[str, ...], BeforeValidator(_hosts), Means("hosts without ports, separated by commas")]
Level = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(_capitals),
    Means("`DEBUG`, `INFO`, `WARNING` or `ERROR`"),
]
Folder = Annotated[Path, AfterValidator(_spelled_out), Means("a folder")]
FilePlace = Annotated[Path, AfterValidator(_spelled_out), Means("a file")]
