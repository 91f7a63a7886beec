"""Text in columns: what it is wide on a screen, not how many characters it has."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def width(text: str) -> int:
    """Return the cells that a text takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def pad(text: str, cells: int) -> str:
    """Return a text filled up with spaces on its right."""
    return text + " " * max(0, cells - width(text))


def cut(text: str, cells: int) -> str:
    """Return a text that takes at most so many cells; what is cut off is shown as one ``…``."""
    if width(text) <= cells:
        return text
    kept, left = "", cells - 1
    for character in text:
        left -= _cells(character)
        if left < 0:
            break
        kept += character
    return kept + "…"


def clean(text: str) -> str:
    """Return foreign text that cannot steer the terminal: control characters are written out."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
