"""Patterns of other languages, which match anywhere in a text, and ours, which match the whole of it."""

from __future__ import annotations

import re

from pipeproof.contracts.patterns import refusals

_ANYTHING = r"[\s\S]*"


def whole(pattern: str) -> str | None:
    """Return a pattern that whole texts match, for one found anywhere; None when it cannot be asked."""
    inner = _between_anchors(pattern)
    if inner is None:
        start = "" if pattern.startswith("^") and not _branches(pattern) else _ANYTHING
        end = "" if _ends_anchored(pattern) and not _branches(pattern) else _ANYTHING
        inner = f"{start}(?:{pattern}){end}"
    return None if any(refusals(inner)) else inner


def anywhere(pattern: str) -> str:
    """Return a pattern of ours as one that is found anywhere; `whole` gives it back."""
    if pattern.startswith("(?:") or _branches(pattern):
        return f"^(?:{pattern})$"
    return f"^{pattern}$"


def held(pattern: str) -> str:
    """Return a pattern for a tool that puts anchors around it and forgets that a bar ends what they hold."""
    return f"(?:{pattern})" if pattern.startswith("(?:") or _branches(pattern) else pattern


def unheld(pattern: str) -> str | None:
    """Return what `held` was given; None for a pattern that cannot be asked."""
    inner = pattern[3:-1] if pattern.startswith("(?:") and _closes_at_end(pattern) else pattern
    return None if any(refusals(inner)) else inner


def from_start(pattern: str) -> str | None:
    """Return a pattern that whole texts match, for one that tools match from the start of a text on."""
    return whole(pattern if pattern.startswith("^") and not _branches(pattern) else f"^(?:{pattern})")


def _between_anchors(pattern: str) -> str | None:
    """Return what stands between anchors that hold the whole pattern."""
    if not (pattern.startswith("^") and _ends_anchored(pattern)) or len(pattern) < 2:  # noqa: PLR2004 two anchors
        return None
    inner = pattern[1:-1]
    if inner.startswith("(?:") and _closes_at_end(inner):
        return inner[3:-1]
    return None if _branches(inner) else inner


def _ends_anchored(pattern: str) -> bool:
    before = pattern[:-1]
    escapes = len(before) - len(before.rstrip("\\"))
    return pattern.endswith("$") and escapes % 2 == 0


def _blank(pattern: str) -> str:
    """Return a pattern with escapes and classes blanked, so that brackets and bars are what they seem."""
    return re.sub(
        r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", lambda match: " " * len(match[0]), pattern, flags=re.DOTALL
    )


def _branches(pattern: str) -> bool:
    """Return whether a bar stands outside all brackets."""
    depth = 0
    for char in _blank(pattern):
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            return True
    return False


def _closes_at_end(pattern: str) -> bool:
    """Return whether the bracket that opens a pattern closes at its end."""
    depth = 0
    for at, char in enumerate(_blank(pattern)):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return at == len(pattern) - 1
    return False
