"""Where operations hold expressions and templates; standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from pipeproof.steps.transform.operations import AddColumn, Aggregate, FillNulls, Filter, Operation

Place = tuple[str | int, ...]
Role = Literal["value", "condition", "aggregate"]
_WHOLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}\Z")


def expressions(operation: Operation) -> Iterator[tuple[Place, str, Role]]:
    """Yield the SQL expressions of an operation: the key they stand under, the text, what it is for."""
    if isinstance(operation, AddColumn) and isinstance(operation.value, str):
        yield ("value",), operation.value, "value"
    elif isinstance(operation, Filter):
        yield ("condition",), operation.condition, "condition"
    elif isinstance(operation, Aggregate):
        for name, item in operation.aggregations.items():
            if isinstance(item, str):
                yield ("aggregations", name), item, "aggregate"


def fill_placeholders(operation: Operation) -> Iterator[str]:
    """Yield the parameters that stand for values to fill."""
    if isinstance(operation, FillNulls):
        values = operation.value.values() if isinstance(operation.value, Mapping) else [operation.value]
        yield from (name for value in values if (name := placeholder(value)) is not None)


def placeholder(value: object) -> str | None:
    """Return the parameter that a value stands for, when it is nothing but one."""
    match = _WHOLE.match(value) if isinstance(value, str) else None
    return match.group(1) if match else None
