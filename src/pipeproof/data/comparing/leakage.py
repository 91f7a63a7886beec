"""Columns that tell the label all but perfectly on their own: what is to be predicted may be in them already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from pipeproof.data.comparing.distances import as_numbers
from pipeproof.data.comparing.result import Leak
from pipeproof.data.comparing.sides import Table

if TYPE_CHECKING:
    import polars as pl

NEARLY = 0.99
"""From where on a column counts as telling the label: area under the curve, or rank correlation. Our convention: what
one honest feature tells is rarely above 0.9."""
NEARLY_ALL = 0.98
"""Share of the errors of the best constant guess that a column avoids, from where on it counts as telling the label."""
ROW_NUMBER = "row number"
_ROWS = 100_000  # rows that are looked at, evenly spread
_LEAST = 50  # rows, below which nothing is said
_LEAST_OF_CLASS = 10
_CLASSES = 20  # different numbers from which on a label is a quantity
_BINS = 50


def find_leaks(
    table: Table, which: Literal["first", "second"], label: str, names: Sequence[str], key: Sequence[str] = ()
) -> Iterator[Leak]:
    """Yield the columns of a table that may leak its label, and the row number, by which it may be sorted.

    Args:
        table: The table.
        which: Which of the two it is.
        label: The column that is to be predicted.
        names: The columns that may be used for it.
        key: Those of them that tell rows apart.
    """
    import polars as pl

    rows = table.frame.select(pl.len()).collect().item()
    some = table.frame.gather_every(max(1, rows // _ROWS)).select(label, *(n for n in names if n != label))
    frame = some.with_row_index(ROW_NUMBER).collect(engine="streaming")
    frame = frame.filter(_present(frame[label]))
    if frame.height < _LEAST:
        return
    target = frame[label]
    if _is_quantity(target):
        measure = _of_quantity
    else:
        measure = _of_classes
        counts = target.value_counts()["count"]
        if len(counts) < 2 or counts.sort(descending=True)[1] < _LEAST_OF_CLASS:  # noqa: PLR2004 two classes
            return
    for name in (*(n for n in names if n != label), ROW_NUMBER):
        for how, value in measure(frame[name], target):
            if value >= (NEARLY_ALL if how == "lambda" else NEARLY):
                yield Leak(which, name, how, value, _says(name, label, how, value, is_key=name in key))
                break


def _present(values: pl.Series) -> pl.Series:
    there = values.is_not_null()
    return there & values.is_not_nan().fill_null(value=False) if values.dtype.is_float() else there


def _is_quantity(target: pl.Series) -> bool:
    return (target.dtype.is_numeric() or target.dtype.is_temporal()) and target.n_unique() > _CLASSES


def _of_quantity(values: pl.Series, target: pl.Series) -> Iterator[tuple[str, float]]:
    """Yield the rank correlation (Spearman 1904), of a column that has an order."""
    import polars as pl

    if not (values.dtype.is_numeric() or values.dtype.is_temporal()):
        return
    both = pl.DataFrame({"x": values, "y": target}).filter(_present(values))
    if both.height >= max(_LEAST, len(target) // 2) and both["x"].n_unique() > 1:
        ranks = both.select(pl.corr("x", "y", method="spearman").abs())
        yield "rank correlation", float(ranks.item() or 0.0)


def _of_classes(values: pl.Series, target: pl.Series) -> Iterator[tuple[str, float]]:
    """Yield how well a column tells classes: the area under the curve of two of them, and lambda of any."""
    import polars as pl

    ordered = values.dtype.is_numeric() or values.dtype.is_temporal()
    if ordered and target.n_unique() == 2:  # noqa: PLR2004 area under the curve is of two classes
        yield "area under the curve", _area(values, target)
    if (
        ordered
        or values.dtype in {pl.String, pl.Boolean, pl.Categorical}
        or isinstance(values.dtype, pl.Enum)
    ):
        yield "lambda", _avoided(_codes(values), target)


def _area(values: pl.Series, target: pl.Series) -> float:
    """Return the area under the curve of a column as a score, whichever way round: the statistic of Mann and Whitney.

    It is the share of pairs of one row of each class that the column puts in order (Hanley and McNeil 1982).
    """
    import polars as pl

    both = pl.DataFrame({"x": values, "y": target == target.max()}).filter(_present(values))
    positive = int(both["y"].sum())
    negative = both.height - positive
    if min(positive, negative) < _LEAST_OF_CLASS or both.height < len(target) / 2:
        return 0.0
    ranks = float(both.select(pl.col("x").rank().filter(pl.col("y")).sum()).item())
    area = (ranks - positive * (positive + 1) / 2) / (positive * negative)
    return max(area, 1 - area)


def _codes(values: pl.Series) -> pl.Series:
    """Return groups of values: fiftieths of numbers, categories, and of names of rows what is not a digit."""
    import polars as pl

    if values.dtype == pl.Boolean:
        return values.cast(pl.String)
    if values.dtype.is_numeric() or values.dtype.is_temporal():
        if values.n_unique() <= _BINS:
            return values.cast(pl.Float64, strict=False).cast(pl.String)
        ranks = _ranks(values)
        return (ranks * _BINS // (len(as_numbers(values)) + 1)).cast(pl.String)
    texts = values.cast(pl.String)
    mostly_different = texts.n_unique() > len(texts) / 2
    return texts.str.replace_all(r"\d+", "0") if mostly_different else texts


def _ranks(values: pl.Series) -> pl.Series:
    """Return the ranks of values; those that are missing have none."""
    import polars as pl

    numbers = values.cast(pl.Float64) if values.dtype.is_numeric() else values.to_physical().cast(pl.Float64)
    return numbers.fill_nan(None).rank("average")


def _avoided(codes: pl.Series, target: pl.Series) -> float:
    """Return the share of errors that knowing the group avoids (lambda of Goodman and Kruskal 1954).

    What each group says is learnt from every other row and asked of the rest, so that groups of one row say nothing.
    """
    import polars as pl

    rows = pl.DataFrame({"group": codes, "label": target}).with_row_index("at")
    learnt, asked = rows.filter(pl.col("at") % 2 == 0), rows.filter(pl.col("at") % 2 == 1)
    usual = learnt["label"].mode().sort()[0]
    counts = learnt.group_by("group", "label").len().sort("len", "label", descending=True)
    best = counts.unique("group", keep="first", maintain_order=True).select(
        "group", pl.col("label").alias("said")
    )
    said = asked.join(best, on="group", how="left", nulls_equal=True).with_columns(
        pl.col("said").fill_null(usual)
    )
    wrong = int((said["said"] != said["label"]).sum())
    without = int((asked["label"] != usual).sum())
    return 1 - wrong / without if without >= _LEAST_OF_CLASS else 0.0


def _says(name: str, label: str, how: str, value: float, *, is_key: bool) -> str:
    if name == ROW_NUMBER:
        return f"the rows are sorted by {label}: the row number alone tells it ({how} {value:.3f})"
    what = f"the key {name}" if is_key else name
    return f"{what} alone tells {label} ({how} {value:.3f})"
