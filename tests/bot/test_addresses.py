"""Where an address of the settings may lead: never, unsaid, to this machine, one's own network or a cloud's metadata."""

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientConnectorError, ClientSession, web
from discord.http import Route

from bot.addresses import LeadsInside, check_operator_url, insist_outside, is_private, look_up
from bot.chat_platform import PlatformAway
from bot.platforms.discord.breaker import Breaker
from bot.platforms.discord.connection import check
from bot.settings import Misconfigured, Settings, read_settings
from market.observations import Venue
from scheduler.exchange import Asked
from scheduler.exchanges import exchanges
from scheduler.fetch import Fetcher, SourceFailed
from scheduler.streams import open_wires
from tests import canary

INSIDE = (
    "127.0.0.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.100.100.200",
    "169.254.169.254",
    "224.0.0.1",
    "240.0.0.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "2002:7f00:1::",
    "64:ff9b::a9fe:a9fe",
)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_of_ones_own_network_is_told_in_every_disguise(address: str) -> None:
    assert is_private(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(ValueError, match="leads into a private network"):
        check_operator_url(f"http://{host}:8080/x")


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101", "::ffff:8.8.8.8"])
def test_an_address_of_the_public_network_may_be_asked(address: str) -> None:
    assert not is_private(ip_address(address))


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "a.localhost", "localhost.", "localhost.localdomain"]
)
def test_this_machine_is_known_by_its_names(host: str) -> None:
    with pytest.raises(ValueError, match="leads into a private network"):
        check_operator_url(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/",
        "file:///etc/passwd",
        "gopher://host",
        "//host",
        "http://",
        "http://user@host",
        "http://user:secret@host",
        "http://@host",
        "http://host:0",
        "http://host:99999",
        "http://[::1",
        "http://ho st",
        "http://host\\@evil",
        "http://host\n.evil",
        "http://b\u00fccher.example",
        "http://" + "a" * 2_001,
    ],
)
def test_what_is_no_plain_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="must be an address such as http://") as caught:
        check_operator_url(url)
    assert "secret" not in str(caught.value)
    assert "evil" not in str(caught.value)


def test_what_was_said_may_lead_inside_and_nothing_else() -> None:
    assert check_operator_url("http://127.0.0.1:8080", {"127.0.0.1"}) == "127.0.0.1"
    assert check_operator_url("http://[::1]:8080", {"::1"}) == "::1"
    assert check_operator_url("https://Ping.Example/x") == "ping.example"
    with pytest.raises(ValueError, match="SEAWALL_ALLOW_PRIVATE_URLS"):
        check_operator_url("http://127.0.0.2:8080", {"127.0.0.1"})


# ------------------------------------------------------------------------------------------ settings


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SEAWALL_{name.upper()}", raising=False)


@pytest.mark.usefixtures("bare_environment")
@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("BINANCE_REST_URL", "http://169.254.169.254/latest/meta-data"),
        ("OKX_WS_URL", "wss://[::1]:9/ws"),
        ("TELEGRAM_URL", "http://10.0.0.5:8081"),
        ("DISCORD_URL", "http://localhost:3000/api/v10"),
        ("DISCORD_GATEWAY_URL", "ws://192.168.1.5"),
    ],
)
def test_a_setting_that_leads_inside_is_a_mistake_until_its_host_is_named(
    name: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SEAWALL_{name}", url)
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    (problem,) = caught.value.problems
    assert problem.startswith(f"SEAWALL_{name} leads into a private network: name its host in ")
    monkeypatch.setenv("SEAWALL_ALLOW_PRIVATE_URLS", "[::1], 10.0.0.5,169.254.169.254, LOCALHOST,192.168.1.5")
    assert read_settings().guarded_hosts() == ()


@pytest.mark.usefixtures("bare_environment")
def test_hosts_that_are_none_and_addresses_with_users_are_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAWALL_ALLOW_PRIVATE_URLS", "bot-api,http://x")
    monkeypatch.setenv("SEAWALL_TELEGRAM_URL", "http://me:my-secret@host")
    with pytest.raises(Misconfigured) as caught:
        read_settings()
    first, second = caught.value.problems
    assert first.startswith("SEAWALL_TELEGRAM_URL must be an address such as")
    assert second.startswith("SEAWALL_ALLOW_PRIVATE_URLS must be at most 100 hosts such as")
    assert "my-secret" not in first


# ------------------------------------------------------------------------------------------ connections


@pytest.fixture
def rebinding() -> Iterator[list[str]]:
    """A name server whose `rebound.example` leads where the list says, one entry a question, the last for ever."""
    answers: list[str] = []
    plainly = asyncio.BaseEventLoop.getaddrinfo

    async def lies(self: Any, host: Any, port: Any, **how: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else str(host)
        if name != "rebound.example":
            return await plainly(self, host, port, **how)
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, int(port or 0)))]

    patched = pytest.MonkeyPatch()
    patched.setattr(asyncio.BaseEventLoop, "getaddrinfo", lies)
    yield answers
    patched.undo()


@pytest.fixture
async def asked() -> Any:
    """A server on loopback, and what it was asked."""
    paths: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        paths.append(request.path)
        raise web.HTTPFound("http://127.0.0.1:9/elsewhere")

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1], paths
    await runner.cleanup()


async def test_a_name_that_leads_inside_later_is_refused_at_every_look_up(
    rebinding: list[str], asked: tuple[int, list[str]]
) -> None:
    port, paths = asked
    rebinding[:] = ["93.184.215.14", "127.0.0.1"]
    assert await look_up("rebound.example") == ("93.184.215.14",)
    insist_outside({"rebound.example"})
    async with ClientSession() as session:
        with pytest.raises(ClientConnectorError, match="leads into a private network"):
            await session.get(f"http://rebound.example:{port}/")
    with pytest.raises(LeadsInside):
        await look_up("rebound.example")
    assert paths == []


async def test_the_connection_goes_to_the_address_that_was_checked(
    rebinding: list[str], asked: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, _ = asked
    rebinding[:] = ["127.0.0.1", "203.0.113.1"]
    monkeypatch.setattr("bot.addresses.is_private", lambda _: False)
    insist_outside({"rebound.example"})
    async with ClientSession() as session:
        answered = await session.get(f"http://rebound.example:{port}/", allow_redirects=False)
    assert answered.status == 302  # one look-up, one address: it was never asked again
    assert rebinding == ["203.0.113.1"]


async def test_no_client_of_ours_reaches_a_guarded_name_that_leads_inside(
    rebinding: list[str], asked: tuple[int, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Route, "BASE", Route.BASE)  # the library's, which a client of ours moves
    port, paths = asked
    rebinding[:] = ["127.0.0.1"]
    insist_outside({"rebound.example"})
    known = [exchange for exchange in exchanges() if exchange.venue is Venue.BYBIT]
    async with Fetcher(known, {Venue.BYBIT: f"http://rebound.example:{port}"}, deadline_s=1.0) as fetcher:
        with pytest.raises(SourceFailed):
            await fetcher.get(known[0].instruments()[0], Asked(0, {}))
    async with open_wires() as wires:
        with pytest.raises(ClientConnectorError):
            await wires.session.ws_connect(f"ws://rebound.example:{port}/")
    settings: dict[str, Any] = {
        "discord_token": canary.DISCORD_TOKEN,
        "discord_url": f"http://rebound.example:{port}",
    }
    with pytest.raises(PlatformAway):
        await check(Settings(**settings))
    assert paths == []


async def test_a_stream_and_discord_are_not_sent_elsewhere(asked: tuple[int, list[str]]) -> None:
    port, paths = asked
    async with open_wires() as wires:
        with pytest.raises(ClientConnectionError, match="a redirect is not followed"):
            await wires.session.ws_connect(f"ws://127.0.0.1:{port}/stream")
    trace = Breaker(lambda: 0.0).listening()
    async with ClientSession(trace_configs=[trace]) as session:
        with pytest.raises(ClientConnectionError, match="a redirect is not followed"):
            await session.get(f"http://127.0.0.1:{port}/discord")
    assert paths == ["/stream", "/discord"]
