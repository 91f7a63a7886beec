"""How much one line of a text file may hold, so that no file can exhaust the memory.

Tables are read batch by batch, whatever they unpack to; but a batch holds whole lines. A file whose lines never
end, by accident or as a compressed bomb, is refused before it is read.
"""

from __future__ import annotations

import gzip
import mmap
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

LONGEST_LINE = 64 * 2**20
"""Bytes between two line breaks; the longest real lines, of documents within JSON, stay below a tenth of it."""
_CHUNK = 2**20
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_MOST_RATIO = 1032  # what deflate can pack at most (zlib.net, "Technical Details")


def endless_line(file: Path, most: int = LONGEST_LINE) -> int | None:
    """Return the number of bytes before a line that is longer than allowed, None where there is none.

    A plain file is only touched in a few places; a compressed one is unpacked once, and nothing is kept.

    Args:
        file: A text file, plain or compressed by gzip. Others are not looked into.
        most: Bytes that a line may have.

    Raises:
        OSError: It cannot be read, or is cut off.
    """
    with file.open("rb") as stream:
        start = stream.read(4)
        size = file.stat().st_size
        if start.startswith(_GZIP):
            return _endless_packed(file, most) if size * _MOST_RATIO > most else None
        if start == _ZSTD or size <= most:
            return None
        return _endless_plain(stream, size, most)


def _endless_plain(stream: IO[bytes], size: int, most: int) -> int | None:
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
        begin = 0
        while size - begin > most:
            last = text.rfind(b"\n", begin, begin + most)
            if last < 0:
                return begin
            begin = last + 1
    return None


def _endless_packed(file: Path, most: int) -> int | None:
    begin = at = 0
    for chunk in _unpacked(file, min(_CHUNK, most)):  # so no line within a chunk is too long
        last = chunk.rfind(b"\n")
        first = chunk.find(b"\n")
        if at + (len(chunk) if first < 0 else first) - begin > most:
            return begin
        if last >= 0:
            begin = at + last + 1
        at += len(chunk)
    return None


def _unpacked(file: Path, size: int) -> Iterator[bytes]:
    try:
        with gzip.open(file) as stream:
            while chunk := stream.read(size):
                yield chunk
    except (EOFError, zlib.error) as error:
        raise OSError(0, str(error), str(file)) from error
