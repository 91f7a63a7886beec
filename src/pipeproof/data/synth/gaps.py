"""Where values are missing."""

from __future__ import annotations

from pipeproof.data.synth.design import MIXED, Design
from pipeproof.data.synth.seeds import Block, Whole
from pipeproof.model.contract import Column

MISSING = 0.1
"""Share of missing values in a column that may have such."""
_OFTEN_MISSING = 0.5


def gaps(design: Design, column: Column, block: Block) -> Whole | None:
    """Return which rows miss a value: a tenth of them, more in the edge that is about them; None for none."""
    if not column.nullable or not block.rows:
        return None
    shows = design.is_about(column, "nulls")
    first = len(design.forced(column))  # rows before it show other values
    if column.name in design.schema.key:  # a missing value is a value of a key like another
        return block.at == first if shows else None
    share = design.gaps.get(column.name, MISSING)
    if design.case.scenario == "edge" and design.case.name == "nulls":
        if not shows:
            return None
        share = _OFTEN_MISSING
    found: Whole = design.random(column.name, "gaps", block.number).random(block.rows) < share
    found[block.at < first] = False
    if shows:
        found[block.at == first] = True
    return found


def rows_to_show(design: Design) -> int:
    """Return how many rows it takes to show every value that must be seen, and a missing one."""
    mixed = design.case.name == MIXED and any(column.nullable for column in design.schema.columns)
    return design.most_forced + mixed
