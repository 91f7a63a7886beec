"""Names for content: digests of values, files and configurations."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pipeproof.model.codec import to_plain

# Made once: json.dumps with options makes a new encoder at each call.
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def digest_value(value: Any) -> str:
    """Return the digest of a value that JSON can hold, the same for equal values."""
    return hashlib.sha256(canonical(value)).hexdigest()


def canonical(value: Any) -> bytes:
    """Return a value as the JSON that its digest is of, the same for equal values."""
    return _encode(to_plain(value)).encode(errors="surrogatepass")


def digest_file(path: Path) -> str:
    """Return the digest of a file's content."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
