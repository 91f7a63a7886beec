"""What a step promises and needs: named inputs and outputs, variables, arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeVar

Scalar = str | int | float | bool | None
Logical = Literal["string", "integer", "number", "decimal", "boolean", "date", "timestamp", "time"]
LOGICAL_TYPES: tuple[Logical, ...] = (
    "string",
    "integer",
    "number",
    "decimal",
    "boolean",
    "date",
    "timestamp",
    "time",
)
TABLE_FORMATS = ("csv", "tsv", "parquet", "arrow", "jsonl")
FORMATS = (*TABLE_FORMATS, "file", "folder")
Enforce = Literal["fail", "warn", "quarantine", "off"]
T = TypeVar("T")
EMPTY: Mapping[str, object] = MappingProxyType({})


def frozen(items: Mapping[str, T] | None = None) -> Mapping[str, T]:
    """Return a read-only copy of a mapping."""
    return MappingProxyType(dict(items or {}))


@dataclass(frozen=True, slots=True)
class Reference:
    """Where the values of a column come from: a column of another dataset.

    Attributes:
        dataset: The dataset.
        column: Its column.
        orphans: Whether there may be values that the other column has not.
    """

    dataset: str
    column: str
    orphans: bool = False


@dataclass(frozen=True, slots=True)
class RowsOf:
    """How many rows there are, as a share of those of an input.

    Attributes:
        input: The input of the step, by the name that the code uses or that of the dataset.
        least: Least share, 1 for all.
        most: Largest share, None for any.
    """

    input: str
    least: float = 1.0
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """The rules of one column; bounds are inclusive unless marked open."""

    name: str
    type: Logical | None = None
    nullable: bool = False
    unique: bool = False
    minimum: Scalar = None
    maximum: Scalar = None
    minimum_open: bool = False
    maximum_open: bool = False
    categories: tuple[Scalar, ...] = ()
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    required: bool = True
    description: str = ""
    references: Reference | None = None


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of a table and what holds for its rows together."""

    columns: tuple[Column, ...] = ()
    key: tuple[str, ...] = ()
    min_rows: int = 0
    max_rows: int | None = None
    extra_columns: Literal["allow", "refuse"] = "allow"
    rows_of: RowsOf | None = None

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True)
class Port:
    """A named input or output of a step: where the code sees it, in which format, with which schema."""

    name: str
    format: str | None = None
    path: str | None = None
    schema: TableSchema | None = None
    required: bool = True
    enforce: Enforce | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that the code reads."""

    name: str
    required: bool = True
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """A command-line argument that the code takes."""

    name: str
    type: Literal["string", "integer", "number", "boolean"] = "string"
    required: bool = False
    default: Scalar = None


@dataclass(frozen=True, slots=True)
class Contract:
    """All that a step promises and needs, and which bad inputs it refuses."""

    inputs: Mapping[str, Port] = field(default_factory=frozen)
    outputs: Mapping[str, Port] = field(default_factory=frozen)
    environment: tuple[Variable, ...] = ()
    arguments: tuple[Argument, ...] = ()
    refuses: tuple[str, ...] = ()
    enforce: Enforce = "fail"
