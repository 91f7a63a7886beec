"""Durations and sizes as people write them."""

from __future__ import annotations

import re

_TIME = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = {
    "": 1,
    "b": 1,
    "k": 10**3,
    "kb": 10**3,
    "mb": 10**6,
    "m": 10**6,
    "gb": 10**9,
    "g": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_LONGEST = 10 * 366 * 86400.0  # more than operating systems wait for
_HUGE = 10.0**300  # a whole number beyond this would not fit a float
_LARGEST = 10**18
_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*\Z")


def seconds(value: float | str) -> float:
    """Return a duration in seconds: ``90``, ``"90s"``, ``"10m"``, ``"1.5h"``.

    Raises:
        ValueError: It is no duration, or not above zero.
    """
    found = _quantity(value, _TIME, "s", "a duration such as 90, 10m or 1.5h")
    if not 0 < found <= _LONGEST:  # false for .nan too
        raise ValueError("must be above zero and at most ten years")
    return found


def size(value: int | str) -> int:
    """Return a size in bytes: ``1000000``, ``"512MB"``, ``"2GiB"``.

    Raises:
        ValueError: It is no size, or not above zero.
    """
    found = _quantity(value, _SIZE, "", "a size such as 512MB or 2GiB")
    if not 1 <= found <= _LARGEST:
        raise ValueError("must be above zero and at most an exabyte")
    return int(found)


def _quantity(value: float | str, units: dict[str, float] | dict[str, int], default: str, what: str) -> float:
    if isinstance(value, bool):
        raise ValueError(f"must be {what}")  # noqa: TRY004 pydantic turns ValueErrors into findings
    if isinstance(value, int | float):
        return float(value) if abs(value) < _HUGE else _HUGE
    if not isinstance(value, str):
        raise ValueError(f"must be {what}")  # noqa: TRY004 the same
    match = _QUANTITY.match(value)
    unit = match[2].lower() or default if match else ""
    if match is None or unit not in units:
        raise ValueError(f"must be {what}")
    return float(match[1]) * units[unit]
