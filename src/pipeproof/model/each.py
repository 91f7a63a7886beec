"""A step for each of many items: values, days, parts of a table, or what a step before makes a list of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeproof.model.contract import Scalar

MOST_ITEMS = 10_000
"""Items of one step at most."""
PARTS = "parts"
"""Behind a step's name and an at sign: the hidden step that splits a table, and the list that it makes."""
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+\-]{0,59}\Z")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+\-]+")


@dataclass(frozen=True, slots=True)
class Each:
    """What a step is done for, once each; one of the first four is given.

    Attributes:
        items: The values, or a text with placeholders that holds them between commas.
        first: First day of a range; it may hold placeholders.
        dataset: A dataset that is a list of values.
        table: A table that the step reads, split by `by`.
        last: Last day of the range, which belongs to it.
        every: Seconds from one day or time of the range to the next.
        by: Column of the table; each of its values is an item.
        at_once: How many items are worked on at once; as many as the run allows unless given.
        column: Column that says in the gathered table which item a row is of; `by`, or ``item``, unless given.
    """

    items: tuple[Scalar, ...] | str = ()
    first: str = ""
    dataset: str = ""
    table: str = ""
    last: str = ""
    every: float = 86_400.0
    by: str = ""
    at_once: int | None = None
    column: str = ""

    @property
    def said(self) -> str:
        """The column of the gathered table that says which item a row is of."""
        return self.column or self.by or "item"

    @property
    def is_dynamic(self) -> bool:
        """Whether only the run knows the items."""
        return bool(self.dataset or self.table)


def labels_of(items: Sequence[Scalar]) -> tuple[str, ...]:
    """Return a name for each item that may be part of a task's or a file's name; all of them differ."""
    labels: list[str] = []
    taken: set[str] = set()
    for number, item in enumerate(items, 1):
        text = str(item).lower() if isinstance(item, bool) or item is None else str(item)
        label = text if _SAFE.match(text) else f"{_UNSAFE.sub('_', text)[:40].strip('_.')}~{number}"
        if label in taken:
            label = f"{label}~{number}"
        taken.add(label)
        labels.append(label)
    return tuple(labels)
