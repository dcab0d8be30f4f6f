"""Listening: websockets that stay connected, say when a channel has fallen silent, and name what was missed.

`open_wires` makes what the streams of a process share, `listen` stays on one stream until it is cancelled.
"""

from scheduler.streams.heard import ChannelStatus, Gap, Hear, Heard, Stall, StreamStatus
from scheduler.streams.listener import Listener, listen
from scheduler.streams.wires import KeepFrame, Wires, open_wires

__all__ = [
    "ChannelStatus",
    "Gap",
    "Hear",
    "Heard",
    "KeepFrame",
    "Listener",
    "Stall",
    "StreamStatus",
    "Wires",
    "listen",
    "open_wires",
]
