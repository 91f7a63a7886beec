"""Numbers that follow from a value and a secret key, and from nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from pipeproof.errors import Finding, UsageError

SHORTEST_KEY = 16
"""Bytes; 128 bits cannot be guessed."""
_HASH_LETTERS = 26  # of base 32: 130 bits, so that two values of a billion never share one


class Key:
    """A secret with which values are replaced: who has it can do the same again, nobody else can undo it.

    Raises:
        UsageError: It is too short to be a secret.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SHORTEST_KEY:
            what = f"the key has {len(secret)} bytes, and can be guessed; {SHORTEST_KEY} are the least"
            raise UsageError(Finding("PPF341", what, fix="make one: pipeproof data anonymise --new-key FILE"))
        # One made of it, so that what others do with the same secret shows nothing here.
        self._secret = hmac.digest(secret, b"pipeproof anonymise 1", hashlib.sha256)

    def __repr__(self) -> str:
        return "<Key>"  # never the secret

    def digest(self, domain: str, text: str, attempt: int = 0) -> bytes:
        """Return 32 bytes for a value; other domains and attempts give others."""
        said = f"{domain}\0{attempt}\0{text}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, said, "sha256")

    def pseudonym(self, text: str, domain: str = "hash") -> str:
        """Return 26 letters and digits that stand for a value."""
        return base64.b32encode(self.digest(domain, text)).decode()[:_HASH_LETTERS].lower()


class Draws:
    """Choices that follow from one digest, one after the other."""

    def __init__(self, digest: bytes) -> None:
        self._left = int.from_bytes(digest)

    def below(self, end: int) -> int:
        """Return a number from 0 up to, and without, `end`."""
        self._left, drawn = divmod(self._left, end)
        return drawn


def new_key(path: Path) -> None:
    """Write a new random key to a file that only its owner may read.

    Raises:
        UsageError: There is a file already, or it cannot be written.
    """
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    except FileExistsError:
        what = f"{path} is there already; a new key would make what was done with it unrepeatable"
        raise UsageError(
            Finding("PPF341", what, fix="name another file, or use it with --key-file")
        ) from None
    except OSError as error:
        what = f"{path} cannot be written: {(error.strerror or str(error)).lower()}"
        raise UsageError(
            Finding("PPF341", what, fix="name a file in a folder that you may write to")
        ) from error


def key_in(file: str | None = None, variable: str | None = None) -> Key | None:
    """Return the key in a file or an environment variable, None where neither is named.

    Raises:
        UsageError: It cannot be read, or is too short.
    """
    if file is not None:
        try:
            return Key(Path(file).read_bytes().strip())
        except OSError as error:
            what = f"the key file {file} cannot be read: {(error.strerror or str(error)).lower()}"
            fix = f"make one: pipeproof data anonymise --new-key {file}"
            raise UsageError(Finding("PPF341", what, fix=fix)) from error
    if variable is not None:
        if variable not in os.environ:
            what = f"the environment variable {variable} has no value"
            raise UsageError(Finding("PPF341", what, fix=f"export {variable}, or use --key-file"))
        return Key(os.environ[variable].encode().strip())
    return None
