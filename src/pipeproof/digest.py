"""Names for content: digests of values, files and configurations."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pipeproof.model.codec import to_plain


def digest_value(value: Any) -> str:
    """Return the digest of a value that JSON can hold, the same for equal values."""
    text = json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def digest_file(path: Path) -> str:
    """Return the digest of a file's content."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
