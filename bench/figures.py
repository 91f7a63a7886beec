"""What the benchmarks share: medians, and lines that read alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def median(work: Callable[[], object], times: int = 5) -> float:
    """Return the median seconds that some work takes."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def say(what: str, value: float, unit: str, note: str = "") -> None:
    """Print one figure."""
    print(f"{what:<44} {value:>10,.1f} {unit:<8} {note}".rstrip(), flush=True)
