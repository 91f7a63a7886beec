"""Mean and variance that can be merged."""

from __future__ import annotations

import math
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class Moments:
    """How many numbers there are, their mean, and the sum of the squares of their distances from it."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @property
    def std(self) -> float | None:
        """The standard deviation of a sample (divided by count - 1); None for fewer than two numbers."""
        return math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else None

    def merge(self, other: Moments) -> Moments:
        """Return the moments of both together.

        The formula is that of Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
        computing sample variances" (1979).
        """
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        apart = other.mean - self.mean
        return Moments(
            count,
            self.mean + apart * (other.count / count),
            self.squares + other.squares + apart * apart * (self.count / count) * other.count,
        )


def moments_of(numbers: pl.Series) -> Moments:
    """Return the moments of finite numbers."""
    mean, variance = numbers.mean(), numbers.var(ddof=0)
    if mean is None:
        return Moments()
    return Moments(len(numbers), float(mean), float(variance) * len(numbers))  # type: ignore[arg-type]  # of numbers
