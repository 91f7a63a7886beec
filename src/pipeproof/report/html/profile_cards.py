"""A column of a profile as a card."""

from __future__ import annotations

from collections.abc import Iterator

from pipeproof.data.profiling.profile import ColumnProfile, Grid
from pipeproof.report.html.charts import far_ends, histogram, shares
from pipeproof.report.html.markup import Content, Markup, element, short
from pipeproof.report.html.view import NAME
from pipeproof.report.profile_words import end_words, missing_words, value_words
from pipeproof.report.quantities import number, percent

_MOST_VALUES = 6
_FEW_SHARED = 0.01
_ROUNDED = 1e-9  # what rounding may leave of a share


def draw_card(column: ColumnProfile) -> Markup:
    """Return what is known of a column: what is special, its distribution, its numbers."""
    return element(
        "article",
        element("h3", element("bdi", short(column.name, NAME)), element("small", short(column.type, NAME))),
        element(
            "p", [element("span", text, class_=tone or None) for text, tone in _marks(column)], class_="marks"
        ),
        _picture(column),
        element("dl", [[element("dt", name), element("dd", value)] for name, value in _facts(column)]),
        class_="card",
    )


def _marks(column: ColumnProfile) -> Iterator[tuple[str, str]]:
    """Yield what is special about a column, with its tone."""
    if column.private:
        yield f"not shown: {short(column.private, NAME)}", "note"
    if column.unique and column.present > 1:
        yield "unique", "good"
    if column.constant:
        yield "constant", "warn"
    if column.rows and not column.present:
        yield "all missing", "bad"
    if column.order and not column.constant:
        yield column.order, ""
    if column.infinite:
        yield f"{column.infinite:,} infinite", "warn"
    if column.texts and column.texts.odd:
        yield f"{percent(column.texts.odd)} of another kind", "warn"
    if column.texts and column.texts.respelled:
        yield f"{percent(column.texts.respelled)} spelled otherwise", "warn"


def _picture(column: ColumnProfile) -> Markup | None:
    """Return the distribution of a column: a histogram of numbers, shares of values, or shapes of texts."""
    if column.grid and not column.constant:
        return _histogram(column, column.grid)
    named = [one for one in column.common[:_MOST_VALUES] if not column.private]
    if named and (named[0].share >= _FEW_SHARED or not column.others):
        rest = 1 - sum(one.share for one in named)
        others = f"{max(0, (column.distinct or 0) - len(named)):,} others"
        rows = ((short(value_words(one.value), NAME), one.share) for one in named)
        return shares(rows, rest if rest > _ROUNDED else 0.0, others)
    if column.texts and column.texts.shapes:
        shapes = column.texts.shapes[:_MOST_VALUES]
        return shares((element("code", short(one.shape, NAME) or "(empty)"), one.share) for one in shapes)
    return None


def _histogram(column: ColumnProfile, grid: Grid) -> Markup:
    low, high = end_words(column, column.minimum), end_words(column, column.maximum)
    says = f"Distribution of {short(column.name, NAME)} from {low} to {high}"
    if column.unit is None:  # the first or last bin may hold what lies far out, and is drawn no wider
        first, last = far_ends(grid.edges)
        low = f"{low} to {number(grid.edges[1])}, …" if first else low
        high = f"…, {number(grid.edges[-2])} to {high}" if last else high
    ends = element("div", element("span", low), element("span", high), class_="ends")
    return element("div", histogram(grid.edges, grid.counts, says), ends)


def _facts(column: ColumnProfile) -> Iterator[tuple[str, Content]]:
    yield "missing", missing_words(column)
    if column.nans:
        yield "of these NaN", f"{column.nans:,}"
    if column.distinct is not None:
        about = "≈ " if column.distinct_error else ""
        yield "distinct", f"{about}{column.distinct:,}"
    if column.grid and column.unit is None and not column.constant:
        quartiles = (column.grid.at(level) for level in (0.25, 0.5, 0.75))
        yield "quartiles", " · ".join(number(one) for one in quartiles if one is not None)
        if column.mean is not None:
            spread = f" ± {number(column.std)}" if column.std is not None else ""
            yield "mean", f"{number(column.mean)}{spread}"
        if column.zeros or column.negative:
            parts = (percent((amount or 0) / column.present) for amount in (column.zeros, column.negative))
            yield "zero · negative", " · ".join(parts)
    if column.lengths:
        low, high = column.lengths.minimum, column.lengths.maximum
        yield (
            "length",
            f"{low:,}" if low == high else f"{low:,} to {high:,}, mean {number(column.lengths.mean)}",
        )
    if column.fields:
        yield "fields", ", ".join(short(field.name, NAME) for field in column.fields)
