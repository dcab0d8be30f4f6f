"""The body of an answer, read piece by piece and never further than a cap: neither on the wire nor unpacked."""

import zlib

import httpx

BODY_CAP_BYTES = 5 * 1024 * 1024
ACCEPTED = "gzip"
_GZIP_ONLY = zlib.MAX_WBITS | 16


class TooLarge(Exception):
    """The body is longer than the cap."""


class Unpackable(Exception):
    """The body is not packed as its header says, or in a way that was not asked for."""


async def read_body(response: httpx.Response, cap_bytes: int) -> bytes:
    """The unpacked body of a streamed answer.

    httpx's own unpacking has no bound: 64 kB from the wire can become 64 MB before anybody can count them.
    Raises TooLarge, Unpackable, and what httpx raises while reading.
    """
    declared = response.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 12 or int(declared) > cap_bytes):
        raise TooLarge
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing == "identity":
        return await _plain(response, cap_bytes)
    if packing in {"gzip", "x-gzip"}:
        return await _unpacked(response, cap_bytes)
    raise Unpackable


async def _plain(response: httpx.Response, cap_bytes: int) -> bytes:
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > cap_bytes:
            raise TooLarge
    return bytes(body)


async def _unpacked(response: httpx.Response, cap_bytes: int) -> bytes:
    body, packed_bytes = bytearray(), 0
    unpacking = zlib.decompressobj(_GZIP_ONLY)
    async for piece in response.aiter_raw():
        packed_bytes += len(piece)
        try:
            body += unpacking.decompress(piece, cap_bytes + 1 - len(body))
        except zlib.error as failure:
            raise Unpackable from failure
        if len(body) > cap_bytes or packed_bytes > cap_bytes:
            raise TooLarge
    if not unpacking.eof:
        raise Unpackable
    return bytes(body)
