"""Names and addresses of one person in a row: the e-mail address is made of the name beside it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import polars as pl

from pipeproof.data.extremes import kind_of
from pipeproof.data.synth.design import Design
from pipeproof.data.synth.pools import pool_for
from pipeproof.data.synth.pools.made import PERSONAL, of_people
from pipeproof.data.synth.seeds import Whole, generator, mixed, permutation
from pipeproof.model.contract import Column, TableSchema

_TWO = 2
_PLAIN = Column("plain")
_RULES = ("minimum", "maximum", "categories", "pattern", "min_length", "max_length", "order")
_FEWEST = 1000  # numbers behind names that are to differ, so that they do not count the rows


def columns_of(design: Design) -> tuple[Column, ...]:
    """Return the columns that say something of one person in a row; none where only one does."""
    drawn = {name for group in design.drawn for name in group.names}
    return tuple(column for column in _personal(design.schema) if column.name not in drawn)


@lru_cache(maxsize=256)
def _personal(schema: TableSchema) -> tuple[Column, ...]:
    found = tuple(column for column in schema.columns if pool_for(column) in PERSONAL and _is_free(column))
    return found if len(found) >= _TWO else ()


def _is_free(column: Column) -> bool:
    """Return whether no rule of a column says what its texts are like, besides its pool."""
    return kind_of(column) in {"string", None} and all(
        getattr(column, rule) == getattr(_PLAIN, rule) for rule in _RULES
    )


def _persons(design: Design, count: int, at: Whole) -> Whole:
    key = int(generator(design.seed, design.name, "person").integers(0, 2**63))
    return (mixed(at, key) % np.uint64(count)).astype(np.int64)


def values(design: Design, column: Column, at: Whole) -> pl.Series:
    """Return what rows with some numbers say of their persons."""
    known = of_people(pool_for(column))
    return known.gather(_persons(design, len(known), at)).alias(column.name)


def different(design: Design, column: Column, at: Whole) -> pl.Series:
    """Return the same with a number behind it, so that no two rows have the same."""
    pool = pool_for(column)
    known = of_people("username" if pool == "email" else pool)
    numbers = permutation(max(design.rows, _FEWEST), design.seed, design.name, column.name)(at)
    end = "@example.com" if pool == "email" else ""
    between = " " if pool in {"full_name", "first_name", "last_name"} else ""
    texts = known.gather(_persons(design, len(known), at)).alias(column.name)
    ends = pl.Series(numbers).cast(pl.String)
    return pl.select(pl.concat_str(texts, pl.lit(between), ends, pl.lit(end)).alias(column.name)).to_series()
