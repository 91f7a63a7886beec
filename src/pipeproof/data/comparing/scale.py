"""Cells in which many numbers are counted: of equal width, or ever wider away from the middle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

CELLS = 16_384
_TAIL = 0.005  # share of the values on either side that the two open cells at the ends take, about
_SAMPLE = 4096


@dataclass(frozen=True, slots=True)
class Scale:
    """A division of all numbers into cells, which never puts the larger of two values into a lower cell.

    Attributes:
        low: Where the first cell that is bounded begins, on the scale.
        high: Where the last one ends.
        bend: The middle and the width of the part around it in which cells of a bent scale are about as wide as
            each other; None for a straight scale.
    """

    low: float
    high: float
    bend: tuple[float, float] | None = None

    def cells(self, values: Numbers) -> NDArray[np.int64]:
        """Return the cell of each value; what lies outside of the range is in the first or the last one."""
        import numpy as np

        places = (values - self.low) if self.bend is None else self.places(values) - self.low
        places *= CELLS / (self.high - self.low)
        np.clip(places, 0, CELLS - 1, out=places)
        return places.astype(np.int64)

    def edges(self) -> Numbers:
        """Return where each cell begins, as far as rounding lets."""
        import numpy as np

        edges: Numbers = self.low + np.arange(CELLS, dtype=float) * ((self.high - self.low) / CELLS)
        return edges if self.bend is None else self._unplaced(edges)

    def bent(self, values: Numbers) -> Scale:
        """Return a scale for values of which most are close together and others far away."""
        import numpy as np

        some = np.sort(values[:: max(1, len(values) // _SAMPLE)])
        low, middle, high = (float(some[int(len(some) * share)]) for share in (0.25, 0.5, 0.75))
        width = (high - low) / 4
        if not np.isfinite(width) or width <= 0:
            width = (self.high - self.low) / 1000
        bent = replace(self, bend=(middle, width))
        ends = bent.places(np.array([self.low, self.high]))
        return replace(bent, low=float(ends[0]), high=float(ends[1]))

    def places(self, values: Numbers) -> Numbers:
        """Return the places of values on a bent scale.

        The bits of a positive number, read as a whole number, grow as its logarithm does, in straight pieces
        between powers of two, and never fall where the number grows. A logarithm that is computed might.
        """
        import numpy as np

        middle, width = self.bend or (0.0, 1.0)
        away = values - middle
        bits = (np.abs(away) + width).view(np.int64) - np.float64(width).view(np.int64)
        placed: Numbers = np.copysign(bits.astype(float), away)
        return placed

    def _unplaced(self, places: Numbers) -> Numbers:
        import numpy as np

        middle, width = self.bend or (0.0, 1.0)
        bits = np.abs(places).astype(np.int64) + np.float64(width).view(np.int64)
        values: Numbers = np.copysign(bits.view(np.float64) - width, places) + middle
        return values


def scale_of(a: Numbers, b: Numbers) -> Scale | None:
    """Return a straight scale for nearly all values of two samples; None where they have no width."""
    import numpy as np

    some = [np.sort(values[:: max(1, len(values) // _SAMPLE)]) for values in (a, b)]
    low = min(float(values[int(len(values) * _TAIL)]) for values in some)
    high = max(float(values[int(len(values) * (1 - _TAIL))]) for values in some)
    width = high - low
    return Scale(low, high) if np.isfinite(width) and width > 0 and CELLS / width < np.inf else None
