"""Some rows of a table, each column's different values as texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import polars as pl

Holds = Literal["text", "integer", "number", "date", "nested", "nothing"]
_FEW = 1_000  # of numbers with fractions, which are nothing but places


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of a table.

    Attributes:
        frame: The rows.
        rows: How many rows the table has, or those looked at where the rest was not counted.
        holds: What each column holds; `nothing` for what is never personal, such as truth values.
    """

    frame: pl.DataFrame
    rows: int
    holds: dict[str, Holds] = field(default_factory=dict)
    _texts: dict[str, pl.Series] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """The columns, in order."""
        return self.frame.columns

    @property
    def looked(self) -> int:
        """How many rows were looked at."""
        return self.frame.height

    def values(self, column: str) -> pl.Series:
        """Return the different values of a column as texts, without the empty ones, in the order they came."""
        if column not in self._texts:
            self._texts[column] = _as_texts(self.frame[column], self.holds[column])
        return self._texts[column]


def take_sample(frame: pl.LazyFrame, size: int | None, *, quick: bool = False) -> Sample:
    """Return rows that are spread evenly over a table, at least `size` if it has them.

    Args:
        frame: The table.
        size: How many rows; None for all.
        quick: Whether the first rows do, so that no more are read.
    """
    import polars as pl

    if quick and size is not None:
        taken = frame.head(size).collect()
        rows = taken.height
    elif size is None:
        taken = frame.collect()
        rows = taken.height
    else:
        rows = int(frame.select(pl.len()).collect().item())
        taken = frame.gather_every(max(1, rows // size)).collect()
    return Sample(taken, rows, {name: _holds(kind) for name, kind in taken.schema.items()})


def _holds(kind: pl.DataType) -> Holds:
    import polars as pl

    if isinstance(kind, pl.String | pl.Categorical | pl.Enum | pl.Null):
        return "text"
    if kind.is_integer():
        return "integer"
    if kind.is_numeric():
        return "number"
    if isinstance(kind, pl.Date | pl.Datetime):
        return "date"
    return "nested" if kind.is_nested() else "nothing"


def _as_texts(values: pl.Series, holds: Holds) -> pl.Series:
    import polars as pl

    empty = pl.Series(values.name, [], dtype=pl.String)
    if holds == "nothing" or not len(values):
        return empty
    if holds == "nested":
        return _inside(values)
    if holds == "number":  # what pandas made of integers with missing values
        values = values.drop_nulls().cast(pl.Float64)
        whole = bool(len(values)) and bool((values.is_finite() & (values == values.floor())).all())
        values = values.cast(pl.Int64, strict=False) if whole else values.head(_FEW)
    texts = values.unique(maintain_order=True).cast(pl.String).str.strip_chars().drop_nulls()
    return texts.filter(texts != "")


def _inside(values: pl.Series) -> pl.Series:
    """Return the texts of lists, or structs as JSON."""
    import polars as pl

    while isinstance(values.dtype, pl.List | pl.Array):
        values = values.explode()
    if isinstance(values.dtype, pl.Struct):
        values = values.struct.json_encode()
    return values.cast(pl.String, strict=False).drop_nulls().unique(maintain_order=True)
