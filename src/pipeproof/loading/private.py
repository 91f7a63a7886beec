"""Which names say that what they stand for is private."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_SHORTEST = 6  # shorter values would mask ordinary words all over a log
# A letter may stand before (PGPASSWORD), none behind (tokenizer, secretary); PWD is the working directory.
_PRIVATE = re.compile(
    r"(?:(?:password|passwd|passphrase|secret|credential|(?:api|access|private)[_-]?key)s?|token)\d*(?![a-z])",
    re.IGNORECASE,
)


def is_private(name: str) -> bool:
    """Whether a name, or a text with names such as ``${API_KEY}``, says that its value is private."""
    return _PRIVATE.search(name) is not None


def secret_values(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of variables whose names say that they are private, as far as they can be masked."""
    for name, value in environment.items():
        if is_private(name) and len(value) >= _SHORTEST:
            yield value
