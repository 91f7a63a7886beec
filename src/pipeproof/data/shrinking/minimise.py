"""The fewest items that still have a property, by delta debugging.

The algorithm is ddmin (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002). Candidates are
asked for several at a time and the first of them counts, so that what is found does not depend on how many
are tried at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import TypeVar

T = TypeVar("T")
Ask = Callable[[Sequence[T]], Sequence[bool]]
"""Several candidates → whether each has the property."""


def first_with(candidates: Iterable[T], ask: Ask[T], width: int) -> T | None:
    """Return the first candidate that has the property, asking for so many at a time; None when there is none."""
    waiting = iter(candidates)
    while batch := list(islice(waiting, width)):
        for candidate, has in zip(batch, ask(batch), strict=True):
            if has:
                return candidate
    return None


def fewest(items: Sequence[T], ask: Ask[Sequence[T]], width: int = 1) -> Sequence[T]:
    """Return items that have a property of all of them, none of which can be left out.

    Args:
        items: Items that have the property together.
        ask: Whether lists of items have it; it may say no to all when no more may be tried.
        width: How many lists are asked for at a time.
    """
    empty = items[:0]
    if not items or first_with([empty], ask, width) is not None:
        return empty
    parts = 2
    while len(items) > 1:
        found = first_with(_candidates(items, parts), ask, width)
        if found is not None:
            # What was left out is a part when a rest is found, so the parts stay as large as they were.
            parts = 2 if len(found) <= -(-len(items) // parts) else max(parts - 1, 2)
            items = found
        elif parts >= len(items):
            break
        else:
            parts = min(parts * 2, len(items))
    return items


def _candidates(items: Sequence[T], parts: int) -> Iterator[Sequence[T]]:
    """Yield each part of the items alone, then all but each part."""
    cuts = [round(len(items) * number / parts) for number in range(parts + 1)]
    spans = [(start, end) for start, end in pairwise(cuts) if end > start]
    yield from (items[start:end] for start, end in spans)
    if parts > 2:  # noqa: PLR2004 of two parts, each is the rest of the other
        yield from ([*items[:start], *items[end:]] for start, end in spans)
