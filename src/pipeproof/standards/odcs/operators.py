"""The standard's operators, `mustBe` and its kin, as bounds that are both allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pipeproof.standards.notes import Notes, Path
from pipeproof.standards.taking import is_a, shown

_PAIRS = ("mustBeBetween", "mustNotBeBetween")
OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    *_PAIRS,
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between what a number lies; None for no bound."""

    low: float | None = None
    high: float | None = None

    def narrowed(self, low: float | None, high: float | None) -> Bounds:
        """Return the bounds that keep others too."""
        lows = [bound for bound in (self.low, low) if bound is not None]
        highs = [bound for bound in (self.high, high) if bound is not None]
        return Bounds(max(lows, default=None), min(highs, default=None))

    def scaled(self, power: int) -> Bounds:
        """Return the bounds times a power of ten, to the digit."""
        return Bounds(*(None if bound is None else _scaled(bound, power) for bound in (self.low, self.high)))


def _scaled(number: float, power: int) -> float:
    moved = Decimal(repr(number)).scaleb(power)
    return int(moved) if moved == moved.to_integral_value() and abs(moved) < 10**15 else float(moved)


def read_bounds(entry: Mapping[str, Any], path: Path, notes: Notes, *, whole: bool) -> Bounds | None:
    """Return the bounds that the operators of a rule ask for.

    Args:
        entry: The rule.
        path: Where it stands.
        notes: Takes operands that are no numbers.
        whole: Whether the number is a count, so that above 3 is from 4 on.

    Returns:
        None where an operator is none of bounds, as `mustNotBe: 7`, or there is no operator.
    """
    bounds, understood = Bounds(), False
    for operator in OPERATORS:
        operand = entry.get(operator)
        if operand is None or not _is_operand(operator, operand, path, notes):
            continue
        found = _bounds(operator, operand, whole=whole)
        if found is None:
            return None
        bounds, understood = bounds.narrowed(found.low, found.high), True
    return bounds if understood else None


def write_bounds(bounds: Bounds) -> dict[str, Any]:
    """Return the operator that asks for bounds."""
    low, high = bounds.low, bounds.high
    if low is not None and high is not None:
        return {"mustBe": low} if low == high else {"mustBeBetween": [low, high]}
    return {"mustBeLessOrEqualTo": high} if low is None else {"mustBeGreaterOrEqualTo": low}


def _is_operand(operator: str, operand: Any, path: Path, notes: Notes) -> bool:
    if operator in _PAIRS:
        fits = isinstance(operand, list) and len(operand) == 2 and all(is_a(one, float) for one in operand)  # noqa: PLR2004 a pair
        wanted = "a list of two numbers"
    else:
        fits = is_a(operand, float) or operator in {"mustBe", "mustNotBe"}
        wanted = "a number"
    if not fits:
        notes.wrong((*path, operator), f"{operator} is {shown(operand)}, and must be {wanted}")
    return fits


def _bounds(operator: str, operand: Any, *, whole: bool) -> Bounds | None:
    if operator == "mustBeBetween":
        return Bounds(min(operand), max(operand))
    if operator == "mustBe":
        number = int(operand) if isinstance(operand, bool) else operand
        return Bounds(number, number) if is_a(number, float) else None
    if operator == "mustNotBe" and operand == 0 and whole:
        return Bounds(1)
    if operator.startswith("mustNotBe"):
        return None
    if "Greater" in operator:
        return Bounds(operand if "Equal" in operator else _next(operand, math.inf, whole=whole))
    return Bounds(high=operand if "Equal" in operator else _next(operand, -math.inf, whole=whole))


def _next(number: float, towards: float, *, whole: bool) -> float:
    """Return the nearest number beyond another one."""
    if not whole:
        return math.nextafter(number, towards)
    return math.floor(number) + 1 if towards > 0 else math.ceil(number) - 1
