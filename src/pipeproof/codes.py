"""Every finding code: what it means, an example that gives it, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A finding code as it is documented.

    Attributes:
        code: ``PPF`` and three digits; the first one tells the area.
        title: What it says, in a few words.
        why: Why it is wrong, or what follows from it.
        example: Something small that gives it.
        fix: What to do.
    """

    code: str
    title: str
    why: str
    example: str
    fix: str
