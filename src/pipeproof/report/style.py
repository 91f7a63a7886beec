"""Colour, where a person looks at a terminal and has not asked for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Tone = Literal["good", "bad", "warn", "dim", "bold"]
_CODES: Mapping[Tone, str] = {"good": "32", "bad": "31", "warn": "33", "dim": "2", "bold": "1"}


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text, or leaves it as it is."""

    colour: bool = False

    def __call__(self, tone: Tone | None, text: str) -> str:
        """Return a text in a tone."""
        if not self.colour or tone is None or not text:
            return text
        return f"\x1b[{_CODES[tone]}m{text}\x1b[0m"


PLAIN = Style()


def style_of(stream: Any, environment: Mapping[str, str]) -> Style:
    """Return the style for a stream: colour only on a terminal that can, and without ``NO_COLOR``.

    `NO_COLOR` is honoured as no-color.org says: present and not empty.
    """
    return Style(is_terminal(stream) and not environment.get("NO_COLOR") and _can(environment))


def is_terminal(stream: Any) -> bool:
    """Say whether a person may be looking at a stream."""
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # no stream at all, or a closed one
        return False


def can_move(stream: Any, environment: Mapping[str, str]) -> bool:
    """Say whether lines on a stream can be drawn anew."""
    return is_terminal(stream) and _can(environment)


def _can(environment: Mapping[str, str]) -> bool:
    return environment.get("TERM", "") not in {"", "dumb"}
