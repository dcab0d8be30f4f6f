"""One address for a server that is far away: TLS with an authority of one's own, a user with a password, and what is wrong said."""

import logging
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from store.connection import StoreUnavailable, connected, open_connection
from store.memos import StoredMemos
from store.outbox import Outbox
from tests.doubles.server import certificates, valkey_with, with_tls

PASSWORD = "p@ss:w/rd %41"
IN_THE_ADDRESS = "p%40ss%3Aw%2Frd%20%2541"


@pytest_asyncio.fixture
async def socket() -> AsyncIterator[Path]:
    """A server with one user, and no way in without."""
    async with valkey_with() as socket:
        async with connected(socket) as connection, connection.writing() as redis:
            await redis.acl_setuser(
                "bot", enabled=True, passwords=[f"+{PASSWORD}"], keys=["v1:*"], categories=["+@all"]
            )
            await redis.acl_setuser("default", enabled=False)
        yield socket


async def refused(address: str, *, match: str) -> str:
    """All that is said of an address that does not work."""
    with pytest.raises(StoreUnavailable, match=match) as failure:
        async with connected(address):
            pass
    return "".join(traceback.format_exception(failure.value))


async def test_one_address_names_tls_the_authority_the_user_and_the_password(
    socket: Path, tmp_path: Path
) -> None:
    authority, certificate, key = certificates(tmp_path)
    async with with_tls(socket, certificate, key) as port:
        address = f"rediss://bot:{IN_THE_ADDRESS}@localhost:{port}/0?ssl_ca_certs={authority}"
        async with connected(address) as connection:
            memos = StoredMemos(connection)
            await memos.keep("a", "kept", 60)
            assert await memos.read("a") == "kept"
            await Outbox(connection, "telegram").open()
            assert repr(connection) == f"Connection(rediss:localhost:{port})"


async def test_a_server_that_cannot_prove_who_it_is_is_not_told_the_password(
    socket: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authority, certificate, key = certificates(tmp_path)
    _, of_another, its_key = certificates(tmp_path, "other.example")
    said = ""
    async with with_tls(socket, of_another, its_key) as port:
        login = f"rediss://bot:{IN_THE_ADDRESS}@localhost:{port}/0"
        said += await refused(f"{login}?ssl_ca_certs={authority}", match="[Hh]ostname mismatch")
        said += await refused(login, match="certificate verify failed")
        said += await refused(f"{login}?ssl_ca_certs=/nowhere.pem", match="No such file")
    assert certificate.exists()
    assert key.exists()
    assert PASSWORD not in said + caplog.text
    assert IN_THE_ADDRESS not in said + caplog.text


async def test_a_certificate_that_is_over_is_said_to_be(socket: Path, tmp_path: Path) -> None:
    authority, certificate, key = certificates(tmp_path, days=0)
    async with with_tls(socket, certificate, key) as port:
        address = f"rediss://bot:{IN_THE_ADDRESS}@localhost:{port}/0?ssl_ca_certs={authority}"
        said = await refused(address, match="certificate has expired")
    assert IN_THE_ADDRESS not in said


@pytest.mark.parametrize(
    ("login", "why"),
    [
        ("", "Authentication required"),
        ("bot:wrong@", "invalid username-password pair"),
        ("nobody:wrong@", "invalid username-password pair"),
    ],
)
async def test_a_login_that_is_missing_or_wrong_is_said_without_the_password(
    socket: Path, login: str, why: str
) -> None:
    said = await refused(f"unix://{login}{socket}", match=why)
    assert "wrong" not in said


async def test_a_user_whose_password_is_changed_meanwhile_is_said_to_have_a_wrong_one(socket: Path) -> None:
    async with connected(f"unix://bot:{IN_THE_ADDRESS}@{socket}") as connection:
        async with connection.writing() as redis:
            await redis.acl_setuser("bot", passwords=["+new", f"-{PASSWORD}"])
            await redis.client_kill_filter(_type="normal", skipme=False)
        with pytest.raises(StoreUnavailable):
            await StoredMemos(connection).read("a")
        with pytest.raises(StoreUnavailable, match="invalid username-password pair") as failure:
            await StoredMemos(connection).read("a")
        assert PASSWORD not in "".join(traceback.format_exception(failure.value))


@pytest.mark.parametrize(
    ("address", "option"),
    [
        ("rediss://:hunter2@localhost:1/0?ssl_ca_cert=/x", "ssl_ca_cert,"),
        ("redis://:hunter2@localhost:1/0?ssl_ca_certs=/x", "belongs to rediss"),
        ("redis://:hunter2@localhost:1/0?socket_timeout=99", "socket_timeout"),
    ],
)
def test_an_option_that_is_none_is_refused_in_words_without_a_value(address: str, option: str) -> None:
    with pytest.raises(ValueError, match=option) as failure:
        open_connection(address)
    assert "hunter2" not in "".join(traceback.format_exception(failure.value))
