"""What is said of a column of a profile in a few words, in text and on a page alike."""

from __future__ import annotations

import math
import re

from pipeproof.data.profiling.profile import ColumnProfile, Correlations
from pipeproof.model.contract import Scalar
from pipeproof.report.cells import clean, cut
from pipeproof.report.quantities import number, percent, whole_percent
from pipeproof.report.style import Tone

_MOST_VALUES = 3
_LONGEST_VALUE = 24
_STRONG = 0.5
_FEW_SHARED = 0.01  # share of the most frequent value, below which values are not worth naming
_MANY_ZEROS = 0.2
_POOR, _GOOD = 0.8, 0.95  # scores


def missing_words(column: ColumnProfile) -> str:
    """Return how many values are missing: a dash for none."""
    if not column.missing:
        return "—"
    return "all" if not column.present else f"{column.missing:,} ({percent(column.missing / column.rows)})"


def distinct_words(column: ColumnProfile) -> str:
    """Return how many values are different, and whether each is."""
    if column.distinct is None:
        return "—"
    if column.unique and column.present > 1:
        return "unique"
    return f"{'≈ ' if column.distinct_error else ''}{column.distinct:,}"


def number_words(column: ColumnProfile) -> list[str]:
    """Return what is to be said of a column of numbers or times; nothing of another one."""
    if column.grid is None or column.constant:
        return []
    said = [f"{end_words(column, column.minimum)} … {end_words(column, column.maximum)}"]
    if column.unit is None:
        median = column.grid.at(0.5)
        said.append(f"median {scalar_words(median)}" if median is not None else "")
        zeros = (column.zeros or 0) / column.present
        said.append(f"{whole_percent(zeros)} zero" if zeros >= _MANY_ZEROS else "")
    said.append(f"{column.infinite:,} infinite" if column.infinite else "")
    said.append(column.order or "")
    return [part for part in said if part]


def common_words(column: ColumnProfile) -> list[str]:
    """Return what is to be said of a column of texts, categories, lists or structs."""
    if not column.present:
        return []
    if column.private:
        return [f"not shown: {column.private}", *_shapes(column), *_lengths(column)]
    if column.fields:
        return ["fields " + ", ".join(field.name for field in column.fields)]
    if column.constant and column.common:
        return [f"always {_quoted(column.common[0].value)}"]
    if column.common and (column.common[0].share >= _FEW_SHARED or not column.others):
        return [_values(column), *_odd(column)]
    return [*_shapes(column), *_lengths(column), *_odd(column)]


def _values(column: ColumnProfile) -> str:
    shown = column.common[:_MOST_VALUES]
    told = ", ".join(f"{_quoted(one.value)} {whole_percent(one.share)}" for one in shown)
    more = (column.distinct or 0) - len(shown)
    return f"{told}, {more:,} more" if more > 0 else told


def _quoted(value: Scalar) -> str:
    return cut(clean(value_words(value)), _LONGEST_VALUE)


def _shapes(column: ColumnProfile) -> list[str]:
    if column.texts is None or not column.texts.shapes:
        return []
    first = column.texts.shapes[0]
    return (
        [f"{cut(clean(first.shape), _LONGEST_VALUE)} {whole_percent(first.share)}"]
        if first.share >= _FEW_SHARED
        else []
    )


def _lengths(column: ColumnProfile) -> list[str]:
    lengths = column.lengths
    if lengths is None:
        return []
    noun = "character" if column.texts is not None else "element" if column.type == "list" else "byte"
    low, high = lengths.minimum, lengths.maximum
    return [f"{low:,} {noun}{'' if low == 1 else 's'}" if low == high else f"{low:,} to {high:,} {noun}s"]


def _odd(column: ColumnProfile) -> list[str]:
    texts = column.texts
    if texts is None:
        return []
    said = [f"{percent(texts.odd)} of another kind"] if texts.odd else []
    return [*said, f"{percent(texts.respelled)} spelled otherwise"] if texts.respelled else said


def scalar_words(value: Scalar) -> str:
    """Return a value as people read it; numbers are short."""
    if value is None or isinstance(value, bool | str):
        return "—" if value is None else value if isinstance(value, str) else str(value).lower()
    if value == int(value) and abs(value) < 10_000:  # noqa: PLR2004 years stay as they are
        return str(int(value))
    return number(value)


def value_words(value: Scalar) -> str:
    """Return a value as people read it; a text whose spaces would not be seen is quoted."""
    return (
        repr(value)
        if (isinstance(value, str) and value != value.strip()) or value == ""
        else scalar_words(value)
    )


def end_words(column: ColumnProfile, value: Scalar) -> str:
    """Return the smallest or largest value of a column as people read it: times without their last zeros."""
    text = scalar_words(value)
    if column.unit is None or not isinstance(value, str):
        return text
    return re.sub(r"(\d\d:\d\d):00(?=$|[+-])", r"\1", text.replace("T", " "))


def score_words(score: float) -> str:
    """Return a score with three digits; only a perfect one is 1.000."""
    return f"{math.floor(score * 1000) / 1000:.3f}"


def score_tone(score: float) -> Tone:
    """Return how good a score is: one below 0.8 is bad, one from 0.95 on is good."""
    return "good" if score >= _GOOD else "warn" if score >= _POOR else "bad"


def strongest(correlations: Correlations) -> list[tuple[str, str, float]]:
    """Return the pairs whose ranks go together clearly, the strongest first."""
    found = [
        (a, b, value)
        for row, a in enumerate(correlations.columns)
        for column, b in enumerate(correlations.columns[:row])
        if (value := correlations.spearman[row][column]) is not None and abs(value) >= _STRONG
    ]
    return sorted(found, key=lambda pair: -abs(pair[2]))
