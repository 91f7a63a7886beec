"""How good a table is, as one number whose parts are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeproof.data.rules import Rule, plain, row_rules
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Quality:
    """The parts of a table's quality, each from 0 to 1.

    The parts are three of the dimensions of data quality of ISO/IEC 25012: completeness, accuracy as
    far as rules tell (validity), and consistency as far as repeated rows tell (uniqueness).

    Attributes:
        completeness: Share of cells that are not missing.
        validity: Share of answers to rules that were good; 1 when no rule was asked.
        uniqueness: Share of rows that are no repetition of an earlier one.
    """

    completeness: float
    validity: float
    uniqueness: float

    @property
    def score(self) -> float:
        """The mean of the parts."""
        return (self.completeness + self.validity + self.uniqueness) / 3


def assess(frame: pl.LazyFrame, schema: TableSchema | None = None) -> Quality | None:
    """Return the quality of a table, or None when it has no cells.

    Args:
        frame: The table.
        schema: What it should keep.
    """
    import polars as pl

    present = frame.collect_schema()
    rules = [rule for rule in row_rules(schema, present) if isinstance(rule, Rule)] if schema else []
    if not present.names():
        return None
    row = (
        frame.select(
            pl.len().alias("rows"),
            pl.sum_horizontal(plain(name, dtype).is_null().sum() for name, dtype in present.items()).alias(
                "missing"
            ),
            pl.struct(pl.all()).n_unique().alias("different"),
            *(rule.broken.sum().alias(f"broken {number}") for number, rule in enumerate(rules)),
        )
        .collect(engine="streaming")
        .row(0)
    )
    rows, missing, different, *broken = row
    if not rows:
        return None
    return Quality(
        1 - missing / (rows * len(present)),
        1 - sum(amount or 0 for amount in broken) / (rows * len(rules)) if rules else 1.0,
        different / rows,
    )
