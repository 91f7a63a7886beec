"""Rules of texts as Polars expressions: patterns, formats, lengths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from pipeproof.contracts.constraints import format_says, many
from pipeproof.contracts.text_formats import TEXT_FORMATS
from pipeproof.errors import suggest
from pipeproof.model.contract import Column

if TYPE_CHECKING:
    import polars as pl


def rules(column: Column, value: pl.Expr) -> Iterator[tuple[str, str, pl.Expr | str]]:
    """Yield the rules of texts: name, what it says, where it is broken or why it cannot be asked."""
    if column.pattern is not None:
        matches = _matches(value, column.pattern)
        broken = (
            f"its pattern {column.pattern!r} is no regular expression" if matches is None else matches.not_()
        )
        yield "pattern", f"matches {column.pattern}", broken
    if column.format is not None:
        yield "format", format_says(column), _not_of_format(column.format, value)
    if column.min_length is not None:
        says = f"has at least {many(column.min_length, 'character')}"
        yield "min_length", says, value.str.len_chars() < column.min_length
    if column.max_length is not None:
        says = f"has at most {many(column.max_length, 'character')}"
        yield "max_length", says, value.str.len_chars() > column.max_length


def _not_of_format(name: str, value: pl.Expr) -> pl.Expr | str:
    matches = _matches(value, TEXT_FORMATS[name]) if name in TEXT_FORMATS else None
    if matches is None:
        return f"{name!r} is no format of text; {suggest(name, TEXT_FORMATS)}"
    return matches.not_()


def _matches(value: pl.Expr, pattern: str) -> pl.Expr | None:
    """Return whether whole texts match, asked of Rust's engine or, where that cannot, of Python's slower one."""
    import polars as pl

    whole = _whole(pattern)
    if whole is not None:
        return value.str.contains(whole)
    try:
        compiled = re.compile(pattern)
    except re.error:
        return None

    def match(texts: pl.Series) -> pl.Series:
        found = [None if text is None else compiled.fullmatch(text) is not None for text in texts]
        return pl.Series(texts.name, found, dtype=pl.Boolean)

    return value.map_batches(match, return_dtype=pl.Boolean, is_elementwise=True)


@lru_cache(maxsize=512)
def _whole(pattern: str) -> str | None:
    """Return the pattern for whole texts if Rust's engine reads it as Python does, else None."""
    import polars as pl

    if "[[" in pattern or "&&" in pattern or "--" in pattern or "~~" in pattern or "(?x" in pattern:
        return None  # sets within sets, and comments that would swallow the end, are read differently
    whole = f"^(?:{pattern})$"
    try:
        re.compile(pattern)
        pl.Series([""], dtype=pl.String).str.contains(whole)
    except (re.error, pl.exceptions.PolarsError):
        return None
    return whole
