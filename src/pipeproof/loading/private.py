"""Which names say that what they stand for is private."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

_SHORTEST = 6  # shorter values would mask ordinary words all over a log
# A letter may stand before (PGPASSWORD), none behind (tokenizer, secretary); PWD is the working directory.
_PRIVATE = re.compile(
    r"(?:(?:password|passwd|passphrase|secret|credential|(?:api|access|private)[_-]?key)s?|token)\d*(?![a-z])",
    re.IGNORECASE,
)


_MARK = "\\u0000"  # as it stands in JSON; no file can hold this character
_PUT_AWAY = re.compile(r"\\u0000(?P<name>[^\\]+)\\u0000")


def is_private(name: str) -> bool:
    """Whether a name, or a text with names such as ``${API_KEY}``, says that its value is private."""
    return _PRIVATE.search(name) is not None


def hide(text: str, environment: Mapping[str, str], *, shown: Callable[[str, str], str]) -> str:
    """Return JSON in which no value of a private variable stands.

    Args:
        text: The JSON.
        environment: The variables.
        shown: (name, value) → what stands there instead, as it stands in JSON.
    """
    found = [
        (escaped, name, value)
        for name, value in environment.items()
        if is_private(name) and len(value) >= _SHORTEST and (escaped := json.dumps(value)[1:-1]) in text
    ]
    for escaped, name, value in sorted(found, key=lambda one: len(one[0]), reverse=True):
        text = text.replace(escaped, shown(name, value))
    return text


def put_away(text: str, environment: Mapping[str, str]) -> str:
    """Return JSON with the names of private variables where their values stood."""
    return hide(text, environment, shown=lambda name, _value: f"{_MARK}{name}{_MARK}")


def fetch(text: str, environment: Mapping[str, str]) -> str:
    """Return JSON that was put away, with the values that the variables have now.

    Raises:
        KeyError: A variable has no value.
    """
    return _PUT_AWAY.sub(lambda match: json.dumps(environment[match["name"]])[1:-1], text)


def secret_values(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of variables whose names say that they are private, as far as they can be masked."""
    for name, value in environment.items():
        if is_private(name) and len(value) >= _SHORTEST:
            yield value
