"""Where an address of the settings may lead: out into the network, and into one's own only where that was said.

An address that somebody slipped into the settings could otherwise ask what only this machine can reach: its own services, and the
clouds' metadata at 169.254.169.254. A name is checked when it is looked up, and the connection goes to the very addresses that were
checked: there is no second look-up that could say otherwise.
"""

import asyncio
import socket
from collections.abc import Collection, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import urlsplit

LONGEST_URL = 2_000
THIS_MACHINE = ("localhost", ".localhost", ".localdomain")
TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones, their last 32 bits (RFC 6052)."""

ALLOWING = "SEAWALL_ALLOW_PRIVATE_URLS"


class LeadsInside(OSError):
    """A name leads to an address of one's own network, and nobody said that it may."""


def check_operator_url(
    url: str, allow_private: Collection[str] = (), schemes: Collection[str] = ("http", "https")
) -> str:
    """The host of an address that the settings name, in small letters and without brackets.

    Raises ValueError, in words that never repeat the address: where it is none of these schemes, has a user in it, or leads by
    its letters alone to this machine or a private network and `allow_private` does not name its host. A name that has to be
    looked up is checked when it is: `insist_outside` for connections, `look_up` for the doctor.
    """
    host = _host_of(url, schemes)
    if host in allow_private:
        return host
    literal = _literal(host)
    is_inside = host.endswith(THIS_MACHINE) if literal is None else is_private(literal)
    if is_inside:
        raise ValueError(f"leads into a private network: name its host in {ALLOWING} where that is meant")
    return host


def is_private(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is not of the public network: private, loopback, link-local, shared, reserved, or one in disguise."""
    if isinstance(address, IPv6Address):
        inner = _inside_of(address)
        if inner is not None:
            return is_private(inner)
        if address.is_site_local:  # of networks of long ago; the standard library calls them global
            return True
    return not address.is_global or address.is_multicast or address.is_reserved


def insist_outside(hosts: Iterable[str]) -> None:
    """From now on each of these names is refused on the running loop where a look-up of it leads inside.

    Every client of this process looks names up by its loop, and connects to what that gives.
    """
    loop, guarded = asyncio.get_running_loop(), frozenset(host.rstrip(".") for host in hosts)
    if not guarded:
        return
    plainly = loop.getaddrinfo

    async def look_up(host: Any, port: Any, **how: Any) -> Any:
        found = await plainly(host, port, **how)
        if _name(host) in guarded:
            _refuse_inside(found)
        return found

    loop.getaddrinfo = look_up  # type: ignore[method-assign]


async def look_up(host: str) -> tuple[str, ...]:
    """What a name leads to now, without duplicates. Raises OSError, and LeadsInside where any of it is inside."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    _refuse_inside(found)
    return tuple(dict.fromkeys(str(where[4][0]) for where in found))


def _host_of(url: str, schemes: Collection[str]) -> str:
    shape = f"must be an address such as {min(schemes, key=len)}://host/path, without user or password"
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError(shape)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(shape) from None
    if parts.scheme not in schemes or not host or port == 0 or "@" in parts.netloc or not host.isascii():
        raise ValueError(shape)
    return host.rstrip(".")


def _refuse_inside(found: Iterable[Any]) -> None:
    """Raise LeadsInside where one of the addresses is inside: a name that leads to both is not half trusted."""
    for where in found:
        address = _literal(str(where[4][0]))
        if address is None or is_private(address):
            raise LeadsInside(
                socket.EAI_FAIL, f"its name leads into a private network ({ALLOWING} does not name it)"
            )


def _inside_of(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for, None where it stands for itself."""
    if address in TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _name(host: Any) -> str:
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return text.lower().rstrip(".")
