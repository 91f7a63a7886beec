"""Which names say that what they stand for is private."""

from __future__ import annotations

import re

# A letter may stand before (PGPASSWORD), none behind (tokenizer, secretary); PWD is the working directory.
_PRIVATE = re.compile(
    r"(?:(?:password|passwd|passphrase|secret|credential|(?:api|access|private)[_-]?key)s?|token)\d*(?![a-z])",
    re.IGNORECASE,
)


def is_private(name: str) -> bool:
    """Whether a name, or a text with names such as ``${API_KEY}``, says that its value is private."""
    return _PRIVATE.search(name) is not None
