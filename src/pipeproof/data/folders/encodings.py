"""How the texts of a file are written, and a copy in UTF-8 of one that is written otherwise."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipeproof.errors import ContractError, Finding, Location, suggest
from pipeproof.formats.faults import open_bytes

UTF_8 = "utf-8"
Bytes = IO[bytes] | gzip.GzipFile
_PIECE = 1 << 20
_BOMB = 1 << 30
_RATIO = 200  # tables of real data are packed to a tenth or a fiftieth
_MARKS = {
    codecs.BOM_UTF8: UTF_8,
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_COMMON = ("utf-8", "utf-16", "utf-32", "latin-1", "windows-1252", "iso-8859-15", "shift_jis", "gb18030")


def encoding_of(file: Path, most: int = _BOMB) -> str:
    """Return how the texts of a file are written; one that is neither marked nor UTF-8 is taken for Windows-1252.

    That is a guess: what is written in it reads as some text in every other one-byte encoding too. A
    ``.zst`` file is taken for UTF-8: nothing here unpacks it, and who reads it as a table says what is wrong.

    Args:
        file: The file, which may be compressed.
        most: Bytes that it may unpack to, or 200 times its size where that is more.

    Raises:
        ContractError: It unpacks to so much that it was made to fill a disk.
        OSError: It cannot be read.
    """
    if file.suffix.lower() == ".zst":
        return UTF_8
    with _unpacked(file) as content:
        head = content.read(4)
        marked = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
        if marked is not None:
            return marked
        if len(head) > 1 and (head[0] == 0) != (head[1] == 0):  # every second byte of Latin letters
            return "utf-16-be" if head[0] == 0 else "utf-16-le"
        return UTF_8 if _is_utf_8(file, head, content, most) else "windows-1252"


def known_encoding(name: str) -> str:
    """Return the name of an encoding as Python knows it.

    Raises:
        ContractError: There is no such encoding.
    """
    try:
        return codecs.lookup(name).name
    except LookupError:
        what = f"there is no encoding {name!r}"
        raise ContractError(Finding("PPF392", what, fix=suggest(name, _COMMON))) from None


def in_utf_8(file: Path, encoding: str, into: Path) -> None:
    """Write a copy of a text file in UTF-8, without a mark at its beginning and not compressed.

    Raises:
        ContractError: Some bytes are no text in the encoding; says on which line.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    line, first = 1, True
    with _unpacked(file) as content, into.open("w", encoding=UTF_8, newline="") as copy:
        while True:
            piece = content.read(_PIECE)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].decode(encoding, "replace").count("\n")
                raise ContractError(_undecodable(file, encoding, line, error)) from None
            copy.write(text.removeprefix("\ufeff") if first else text)
            first, line = False, line + text.count("\n")
            if not piece:
                return


@contextmanager
def _unpacked(file: Path) -> Iterator[Bytes]:
    """Open a file to read what it holds, unpacked.

    Raises:
        ContractError: It is packed and broken.
    """
    try:
        with open_bytes(file) as content:
            yield content
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        what = f"it cannot be unpacked: {str(error).lower()}"
        raise ContractError(Finding("PPF320", what, Location(str(file)), fix="fetch it again")) from None


def _is_utf_8(file: Path, head: bytes, content: Bytes, most: int) -> bool:
    decoder = codecs.getincrementaldecoder(UTF_8)()
    most = max(most, file.stat().st_size * _RATIO)
    piece, total = head, 0
    try:
        while piece:
            decoder.decode(piece)
            total += len(piece)
            if total > most:
                what = f"it unpacks to over {_RATIO} times its size"
                raise ContractError(Finding("PPF397", what, Location(str(file)), fix="unpack it by hand"))
            piece = content.read(_PIECE)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _undecodable(file: Path, encoding: str, line: int, error: UnicodeDecodeError) -> Finding:
    what = f"this is no {encoding}: byte 0x{error.object[error.start]:02x}"
    return Finding("PPF397", what, Location(str(file), line), fix="name the right one with --encoding")
