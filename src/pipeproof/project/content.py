"""The content of files and folders as it is now."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipeproof.digest import digest_file


def content_digest(path: Path) -> str:
    """Return the digest of a file, or of a folder with all files in it; empty when there is none."""
    if path.is_dir():
        listing = hashlib.sha256()
        for file in sorted(item for item in path.rglob("*") if item.is_file()):
            listing.update(f"{file.relative_to(path)}\0{digest_file(file)}\0".encode(errors="surrogatepass"))
        return listing.hexdigest()
    return digest_file(path) if path.is_file() else ""
