"""A websocket that also gives what has come already: frames of a burst are handled together, not a task switch each."""

from typing import Any

import aiohttp

# bound once: before Python 3.12 a member looked up on its class is slow, and these are for every frame
TEXT, BINARY = aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY


class Inlet(aiohttp.ClientWebSocketResponse[bool]):
    """A client's websocket; aiohttp makes it where a session is given it as `ws_response_class`."""

    async def behind(self) -> list[bytes]:
        """The data frames that lie read behind the one received last, oldest first; it waits for nothing.

        They are as many as aiohttp reads ahead, about 128 kB. A close or a ping ends them and is left to `receive`.
        """
        # That there is anything can only be seen here: `read` would wait. Without it each frame comes alone, as ever.
        lying: Any = getattr(self._reader, "_buffer", ())
        read, frames = self._reader.read, list[bytes]()
        for _ in range(len(lying)):
            kind = lying[0][0][0]
            if kind is not TEXT and kind is not BINARY:
                break
            frames.append((await read()).data)
        return frames
