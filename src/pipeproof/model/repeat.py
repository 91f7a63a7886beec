"""A step that is done again until a condition holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MOST_ITERATIONS = 10_000
"""Iterations of one step at most."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """How often a step is done again.

    Attributes:
        condition: The condition that ends it, asked after each iteration.
        at_most: Iterations at most.
        otherwise: What becomes of a step whose condition does not hold by then.
    """

    condition: str
    at_most: int = 10
    otherwise: Literal["fail", "pass"] = "fail"
