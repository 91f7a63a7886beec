"""What the last word of a column's name tells of its numbers: a latitude ends at the pole, an hour at 23."""

from __future__ import annotations

from collections.abc import Mapping

from pipeproof.contracts.personal import words_of
from pipeproof.model.contract import frozen

Range = tuple[int, int]
_KNOWN: Mapping[str, Range] = frozen(
    {
        "month": (1, 12),
        **dict.fromkeys(("day", "mday", "dayofmonth"), (1, 31)),
        "hour": (0, 23),
        **dict.fromkeys(("minute", "second"), (0, 59)),
        **dict.fromkeys(("weekday", "dow", "dayofweek"), (0, 7)),
        **dict.fromkeys(("dayofyear", "yday"), (1, 366)),
        **dict.fromkeys(("lat", "latitude"), (-90, 90)),
        **dict.fromkeys(("lon", "lng", "long", "longitude"), (-180, 180)),
        **dict.fromkeys(("prob", "probability", "fraction", "ratio", "share"), (0, 1)),
        **dict.fromkeys(("percent", "percentage", "pct", "humid", "humidity"), (0, 100)),
    }
)
_USUAL: Mapping[str, Range] = frozen(
    {
        **dict.fromkeys(("day", "mday", "dayofmonth"), (1, 28)),
        **dict.fromkeys(("weekday", "dow", "dayofweek"), (1, 7)),
        **dict.fromkeys(("dayofyear", "yday"), (1, 365)),
        "age": (18, 90),
        "rating": (1, 5),
        "quantity": (1, 20),
    }
)
"""Narrower ranges, within which all numbers are right in every calendar, and those of words that tell no limit."""


def known_range(name: str) -> Range | None:
    """Return the range that everybody knows numbers of a name to have, or None."""
    return _KNOWN.get(_last(name))


def usual_range(name: str) -> Range | None:
    """Return a range of numbers that surprise nobody under a name, or None: what data are made of."""
    return _USUAL.get(_last(name), known_range(name))


def _last(name: str) -> str:
    return (words_of(name) or ("",))[-1]
