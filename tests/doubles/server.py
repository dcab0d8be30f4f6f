"""A Valkey with settings of its own: a users' file, a port; and a wire with TLS before it, as a managed server has one."""

import asyncio
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from store.server.binary import find_server
from store.server.wire import Answer, ping
from tests.doubles.proxy import Proxy

READY_WITHIN_S = 60.0
OPTIONS = {
    "port": "0",
    "appendonly": "no",
    "save": "",
    "loglevel": "warning",
    "maxmemory-policy": "noeviction",
}


@asynccontextmanager
async def valkey_with(**options: str) -> AsyncIterator[Path]:
    """The socket of a server that keeps nothing, for the length of the block; options as in its file, `_` for `-`."""
    with tempfile.TemporaryDirectory(prefix="v", dir="/tmp") as folder:
        async with _served(Path(folder), options) as socket:
            yield socket


@asynccontextmanager
async def _served(folder: Path, options: Mapping[str, str]) -> AsyncIterator[Path]:
    socket = folder / "s"
    said = OPTIONS | {"dir": str(folder), "unixsocket": str(socket)}
    said |= {name.replace("_", "-"): value for name, value in options.items()}
    words = [word for name, value in said.items() for word in (f"--{name}", value)]
    process = await asyncio.create_subprocess_exec(str(find_server()), *words, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            while await ping(socket) is Answer.ABSENT:
                if process.returncode is not None and process.stdout is not None:
                    raise RuntimeError((await process.stdout.read()).decode())
                await asyncio.sleep(0.01)
        yield socket
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def with_tls(socket: Path, certificate: Path, key: Path) -> AsyncIterator[int]:
    """The port of a wire with TLS before a server's socket: what a managed server has in front of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    proxy = Proxy(socket)
    server = await asyncio.start_server(proxy.carry, "127.0.0.1", 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in tuple(proxy.tasks):
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)
        await server.wait_closed()


def certificates(folder: Path, name: str = "localhost", days: int = 2) -> tuple[Path, Path, Path]:
    """An authority of our own, and a certificate with its key that it signed for `name`; one of no days is over already."""
    authority, key = folder / "ca.pem", folder / "key.pem"
    request, certificate = folder / "request.pem", folder / f"{name}{days}.pem"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    if not authority.exists():
        _openssl(
            "req",
            "-x509",
            *curve,
            "-keyout",
            folder / "ca.key",
            "-out",
            authority,
            "-subj",
            "/CN=test",
            "-days",
            "2",
        )
    named = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
    _openssl("req", "-new", *curve, "-keyout", key, "-out", request, *named)
    signed = ("-CA", authority, "-CAkey", folder / "ca.key", "-CAcreateserial", "-copy_extensions", "copy")
    _openssl("x509", "-req", "-in", request, *signed, "-out", certificate, "-days", str(days))
    return authority, certificate, key


def _openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
