"""An encrypted store for data that were downloaded: readable with its key, and only for so long.

Each file is sealed by AES-256-GCM in chunks of 1 MiB under a key of its own, which HKDF makes of the vault's
key and a random salt. A chunk's number and whether it is the last are part of what is authenticated, so that
chunks cannot be swapped, left out or cut off (the construction that is known as STREAM). Names and times are
inside of what is encrypted; file names are a keyed hash of them. A file appears under its name when it is
complete; one that was not is not readable by anybody and goes with the next `purge`.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import io
import json
import os
import secrets
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pipeproof.data.privacy.keyed import SHORTEST_KEY
from pipeproof.errors import ContractError, Finding, StoreError, UsageError, suggest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MAGIC = b"PPV1"
_CHUNK = 2**20
_TAG, _SALT, _SIZE = 16, 32, 32
_UNFINISHED = ".unfinished-"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a vault.

    Attributes:
        name: Its name.
        size: Bytes, as they were put in.
        put: When it was put in, in seconds since 1970.
        expires: When its time is over, None for never.
    """

    name: str
    size: int
    put: float
    expires: float | None = None


class Vault:
    """Files in a folder that only who has the key can read.

    Args:
        folder: The folder; made, for its owner alone, when something is put in.
        key: The secret, at least 16 bytes.

    Raises:
        UsageError: The key is too short, or the extra `privacy` is not installed.
    """

    def __init__(self, folder: str | Path, key: bytes) -> None:
        if len(key) < SHORTEST_KEY:
            what = f"the key has {len(key)} bytes, and can be guessed; {SHORTEST_KEY} are the least"
            raise UsageError(Finding("PPF341", what, fix="make one: pipeproof data anonymise --new-key FILE"))
        self.folder = Path(folder)
        self._key = key
        _sealer(key, b"", b"")  # who lacks the package learns it now, not after a download

    def __repr__(self) -> str:
        return f"<Vault {self.folder}>"  # never the key

    def put(self, name: str, content: bytes | Path | IO[bytes], *, keep: float | None = None) -> Entry:
        """Encrypt a file and keep it; one of the same name is replaced when the new one is complete.

        Args:
            name: Name to find it by.
            content: Bytes, a file, or something to read from.
            keep: Seconds until its time is over; None for no end.

        Raises:
            StoreError: It cannot be written.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self.folder / f"{_UNFINISHED}{secrets.token_hex(8)}"
        now = time.time()
        try:
            with _reading(content) as source, _private(beside) as target:
                expires = None if keep is None else now + keep
                size = self._seal({"name": name, "put": now, "expires": expires}, source, target)
            beside.replace(self._path(name))
        except OSError as error:
            what = f"{name} cannot be kept in {self.folder}: {error.strerror or error}"
            raise StoreError(Finding("PPF503", what, fix="see that there is space and permission")) from error
        finally:
            beside.unlink(missing_ok=True)
        return Entry(name, size, now, expires)

    def open(self, name: str) -> IO[bytes]:
        """Return a file, decrypted, to be read.

        It is decrypted whole and checked to its end before anything of it is returned; above 64 MiB it stands
        in an unnamed temporary file that the system removes with the process.

        Raises:
            UsageError: It is not there, or its time is over.
            ContractError: The key is another one, or the file was changed or cut short.
        """
        path = self._path(name)
        if not path.exists():
            known = [entry.name for entry in self.list()]
            if not known and (files := len(self._files())):
                what = f"no file in the vault {self.folder} can be opened with this key (there are {files:,})"
                raise ContractError(Finding("PPF344", what, fix="use the key that they were put in with"))
            what = f"there is no {name!r} in the vault {self.folder} under this key"
            raise UsageError(Finding("PPF345", what, fix=suggest(name, known)))
        entry = self._entry(path)
        if _is_over(entry):
            path.unlink(missing_ok=True)
            what = f"the time of {name!r} in the vault {self.folder} is over; it is removed"
            raise UsageError(Finding("PPF345", what, fix="download it again"))
        from tempfile import SpooledTemporaryFile

        out: IO[bytes] = SpooledTemporaryFile(max_size=64 * _CHUNK)  # noqa: SIM115 who asked closes it
        chunks = self._chunks(path)
        next(chunks)  # what is known of it
        try:
            for chunk in chunks:
                out.write(chunk)
        except BaseException:
            out.close()
            raise
        out.seek(0)
        return out

    def list(self) -> Sequence[Entry]:
        """Return what is in the vault and can be read with this key, by name; not what is over."""
        found = []
        for path in self._files():
            with contextlib.suppress(ContractError):  # of another key
                found.append(self._entry(path))
        return sorted((entry for entry in found if not _is_over(entry)), key=lambda entry: entry.name)

    def purge(self, name: str | None = None) -> int:
        """Remove what is over and what was never completed, or one file whatever its time; return how many.

        Args:
            name: The file to remove.
        """
        if name is not None:
            path = self._path(name)
            there = path.exists()
            path.unlink(missing_ok=True)
            return int(there)
        gone = list(self.folder.glob(f"{_UNFINISHED}*")) if self.folder.is_dir() else []
        for path in self._files():
            with contextlib.suppress(ContractError):
                if _is_over(self._entry(path)):
                    gone.append(path)
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def _files(self) -> Sequence[Path]:
        return sorted(self.folder.glob("*.sealed")) if self.folder.is_dir() else []

    def _path(self, name: str) -> Path:
        named = hmac.new(self._key, b"name\0" + name.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return self.folder / f"{named.hexdigest()}.sealed"

    def _entry(self, path: Path) -> Entry:
        about = json.loads(next(self._chunks(path)))
        sealed = path.stat().st_size - len(_MAGIC) - _SALT
        return Entry(about["name"], _size_inside(sealed, about), about["put"], about["expires"])

    def _seal(self, about: dict[str, Any], source: IO[bytes], target: IO[bytes]) -> int:
        salt = os.urandom(_SALT)
        sealer = _sealer(self._key, salt, _MAGIC)
        head = json.dumps(about).encode()
        target.write(_MAGIC + salt + struct.pack(">I", len(head) + _TAG))
        target.write(sealer.encrypt(_nonce(0, last=False), head, None))
        size, number = 0, 0
        chunk = _filled(source)
        while True:
            following = _filled(source) if chunk else b""
            number += 1
            size += len(chunk)
            target.write(sealer.encrypt(_nonce(number, last=not following), chunk, None))
            if not following:
                return size
            chunk = following

    def _chunks(self, path: Path) -> Iterator[bytes]:
        """Yield what is known of a file, then its content.

        Raises:
            ContractError: The key is another one, or the file was changed or cut short.
        """
        from cryptography.exceptions import InvalidTag

        try:
            with path.open("rb") as file:
                head = file.read(len(_MAGIC) + _SALT + 4)
                if head[: len(_MAGIC)] != _MAGIC or len(head) != len(_MAGIC) + _SALT + 4:
                    raise _unreadable(path)
                sealer = _sealer(self._key, head[len(_MAGIC) : -4], _MAGIC)
                yield sealer.decrypt(
                    _nonce(0, last=False), file.read(struct.unpack(">I", head[-4:])[0]), None
                )
                chunk, number = file.read(_CHUNK + _TAG), 0
                while True:
                    following = file.read(_CHUNK + _TAG)
                    number += 1
                    yield sealer.decrypt(_nonce(number, last=not following), chunk, None)
                    if not following:
                        return
                    chunk = following
        except (InvalidTag, ValueError) as error:
            raise _unreadable(path) from error


def _filled(source: IO[bytes]) -> bytes:
    """Return the next chunk; what is read from a network comes in pieces."""
    pieces, missing = [], _CHUNK
    while missing and (piece := source.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _sealer(key: bytes, salt: bytes, purpose: bytes) -> AESGCM:
    """Return the cipher of one file.

    Raises:
        UsageError: The package is not installed.
    """
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    except ImportError as error:
        what = "the encrypted store needs the package cryptography"
        raise UsageError(Finding("PPF343", what, fix="pip install 'pipeproof[privacy]'")) from error
    return AESGCM(HKDF(SHA256(), _SIZE, salt, b"pipeproof vault " + purpose).derive(key))


def _nonce(number: int, *, last: bool) -> bytes:
    """Return the number of a chunk as 12 bytes: each is used once under the key of one file."""
    return struct.pack(">IQ", int(last), number)


def _size_inside(sealed: int, about: dict[str, Any]) -> int:
    content = sealed - 4 - len(json.dumps(about).encode()) - _TAG
    return content - -(-content // (_CHUNK + _TAG)) * _TAG


def _is_over(entry: Entry) -> bool:
    return entry.expires is not None and entry.expires <= time.time()


@contextlib.contextmanager
def _reading(content: bytes | Path | IO[bytes]) -> Iterator[IO[bytes]]:
    if isinstance(content, bytes):
        yield io.BytesIO(content)
    elif isinstance(content, Path):
        with content.open("rb") as file:
            yield file
    else:
        yield content


def _private(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _unreadable(path: Path) -> ContractError:
    what = f"{path} cannot be opened: the key is another one, or the file was changed or cut short"
    return ContractError(Finding("PPF344", what, fix="use the key that it was put in with"))
