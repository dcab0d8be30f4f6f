"""The process that draws: pictures in at its input, PNGs out at its output, until the input ends.

Started as `python -m bot.pictures.worker`; nothing else imports this, and only this imports matplotlib. A frame is its length
in four bytes and so many bytes; an answer begins with one byte that says whether it is a picture or what went wrong.
"""

import os
import struct
import sys
from typing import BinaryIO

import msgspec

from bot.pictures.drawing import draw
from commands.protocol.picture import Picture

NICER = 10
"""Answering goes before drawing where both want the processor."""


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Draw what comes until nothing comes any more; a picture that cannot be drawn is answered with why, in words."""
    decoder = msgspec.msgpack.Decoder(Picture)
    while len(head := source.read(4)) == 4:
        asked = source.read(struct.unpack(">I", head)[0])
        try:
            answer = b"\x00" + draw(decoder.decode(asked))
        except Exception as wrong:  # noqa: BLE001, one picture that fails does not end the others
            answer = b"\x01" + f"{type(wrong).__name__}: {wrong}"[:300].encode()
        sink.write(struct.pack(">I", len(answer)) + answer)
        sink.flush()


def main() -> None:
    """Serve the process that started this one; what a library prints does not come between the answers."""
    os.nice(NICER)
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, sink)


if __name__ == "__main__":
    main()
