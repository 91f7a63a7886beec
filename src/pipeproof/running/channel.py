"""Messages between the coordinator and its children: JSON behind its length. Standard library only."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

_LENGTH = struct.Struct("!I")
_PIECE = 65536


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)  # NumPy scalars
    return item() if callable(item) else str(value)


# Made once: json.dumps with options makes a new encoder at each call.
_encode = json.JSONEncoder(default=_plain, separators=(",", ":")).encode


class Channel:
    """One end of a stream of messages.

    Attributes:
        closed: Whether the other side is gone, or sent something that is no message.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.closed = False
        self._buffer = bytearray()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message."""
        body = _encode(message).encode()
        self.connection.sendall(_LENGTH.pack(len(body)) + body)

    def receive(self) -> dict[str, Any] | None:
        """Wait for the next message and return it, or None when the other side is gone."""
        while not self.closed:
            message = self.take()
            if message is not None:
                return message
        return None

    def take(self) -> dict[str, Any] | None:
        """Read once, and return a message if that completes one; waits when nothing can be read."""
        try:
            piece = self.connection.recv(_PIECE)
        except OSError:
            piece = b""
        if not piece:
            self.closed = True
            return None
        self._buffer += piece
        if len(self._buffer) < _LENGTH.size:
            return None
        end = _LENGTH.size + _LENGTH.unpack_from(self._buffer)[0]
        return self._decode(end) if len(self._buffer) >= end else None

    def _decode(self, end: int) -> dict[str, Any] | None:
        body = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        try:
            message = json.loads(body)
        except ValueError:
            message = None
        if not isinstance(message, dict):  # someone else wrote to our descriptor
            self.closed = True
            return None
        return message

    def close(self) -> None:
        """Close this end."""
        self.closed = True
        self.connection.close()
