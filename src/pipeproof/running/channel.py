"""Messages between the coordinator and its children: JSON behind its length. Standard library only."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

_LENGTH = struct.Struct("!I")
_PIECE = 65536
_AT_ONCE = 32768  # what a socket takes that was empty
# Programs that we start must not hold it; macOS has no such flag.
_CLOSED_ON_START = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)  # NumPy scalars
    return item() if callable(item) else str(value)


# Made once: json.dumps with options makes a new encoder at each call.
_encode = json.JSONEncoder(default=_plain, separators=(",", ":")).encode


class Channel:
    """One end of a stream of messages.

    Args:
        connection: The socket.
        expects: Whether the first message may bring a descriptor.

    Attributes:
        closed: Whether the other side is gone, or sent something that is no message.
        given: The descriptor that the other side sent.
    """

    def __init__(self, connection: socket.socket, *, expects: bool = False) -> None:
        self.connection = connection
        self.closed = False
        self.given: int | None = None
        self._expects = expects
        self._buffer = bytearray()

    def send(
        self, message: Mapping[str, Any], await_room: Callable[[socket.socket], None] | None = None
    ) -> None:
        """Send one message.

        Args:
            message: Plain data.
            await_room: Waits until the socket takes more, for one who must not sleep meanwhile.
        """
        body = _encode(message).encode()
        framed = memoryview(_LENGTH.pack(len(body)) + body)
        if await_room is None or len(framed) < _AT_ONCE:
            self.connection.sendall(framed)
            return
        while framed:
            await_room(self.connection)
            with contextlib.suppress(BlockingIOError):
                framed = framed[self.connection.send(framed, socket.MSG_DONTWAIT) :]

    def give(self, message: Mapping[str, Any], descriptor: int) -> None:
        """Send one message with a descriptor."""
        body = _encode(message).encode()
        socket.send_fds(self.connection, [_LENGTH.pack(len(body)) + body], [descriptor])

    def receive(self) -> dict[str, Any] | None:
        """Wait for the next message and return it, or None when the other side is gone."""
        while not self.closed:
            message = self.take()
            if message is not None:
                return message
        return None

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Send a question and wait for its answer.

        Raises:
            ConnectionError: The other side is gone.
        """
        self.send(question)
        answer = self.receive()
        if answer is None:
            raise ConnectionError("nobody is there to answer: the run has ended")
        return answer

    def take(self) -> dict[str, Any] | None:
        """Read once, and return a message if that completes one; waits when nothing can be read."""
        try:
            piece = self._receive_given() if self._expects else self.connection.recv(_PIECE)
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

    def _receive_given(self) -> bytes:
        self._expects = False
        piece, given, _, _ = socket.recv_fds(self.connection, _PIECE, 1, _CLOSED_ON_START)
        self.given = given[0] if given else None
        return piece

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
