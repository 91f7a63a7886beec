"""A column that drifted as a card: what changed, how sure, how large, and both distributions over each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from pipeproof.data.comparing.findings import chance
from pipeproof.data.comparing.result import Bins, Category, ColumnDrift, Question
from pipeproof.report.comparison_words import (
    change_words,
    effect_words,
    missing_words,
    move_words,
    news_words,
    value_words,
)
from pipeproof.report.html.markup import Markup, element, short
from pipeproof.report.html.view import LINE, NAME

_WIDTH, _HEIGHT = 300.0, 80.0
_TOLD = ("0.01", "0.25", "0.5", "0.75", "0.99")
_FEWER = ("0.01", "0.5", "0.99")


def draw_card(column: ColumnDrift) -> Markup:
    """Return the card of a column."""
    told = [_alarm(column, question) for question in column.alarms]
    news = [element("li", short(said, LINE)) for said in news_words(column)]
    return element(
        "article",
        element(
            "h3",
            element("bdi", short(column.column, NAME)),
            element("small", f"{column.type}, by {column.kind}"),
        ),
        element("ul", told, class_="told"),
        _drawn(column),
        _quantiles(column),
        element("ul", news, class_="news") if news else None,
        class_="card",
    )


def _alarm(column: ColumnDrift, question: Question) -> Markup:
    says = {
        "distribution": move_words(column) or "the distribution moved",
        "missing": missing_words(column),
        "outliers": "more values lie far out",
    }[question.about]
    sure = f"{effect_words(question)} · {chance(question.corrected)}"
    return element("li", element("b", short(says, LINE)), " ", element("small", sure, title=question.method))


def _drawn(column: ColumnDrift) -> Markup | None:
    if column.bins is not None:
        return _histogram(column, column.bins)
    return _shares(column.categories) if column.categories else None


def _histogram(column: ColumnDrift, bins: Bins) -> Markup:
    """Return both distributions as areas over the same bins; heights are densities, so bins may differ in width."""
    edges = bins.edges
    low, high = edges[0], edges[-1]
    widths = [max(right - left, 1e-300) for left, right in pairwise(edges)]
    before, after = (
        [share / width for share, width in zip(shares, widths, strict=True)]
        for shares in (bins.before, bins.after)
    )
    top = max((*before, *after)) or 1.0
    places = [_WIDTH * (edge - low) / (high - low) for edge in edges]
    drawn = element(
        "svg",
        element("path", d=_steps(places, before, top), class_="before"),
        element("path", d=_steps(places, after, top), class_="after"),
        class_="overlaid",
        viewBox=f"0 0 {_WIDTH:g} {_HEIGHT:g}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"distribution before and after, from {value_words(column, low)} to {value_words(column, high)}",
        focusable="false",
    )
    ends = element(
        "p",
        element("span", value_words(column, low)),
        element("span", value_words(column, high)),
        class_="ends",
    )
    return element("div", drawn, ends)


def _steps(places: Sequence[float], heights: Sequence[float], top: float) -> str:
    """Return the outline of a histogram as a path."""
    parts = [f"M{places[0]:.1f},{_HEIGHT:g}"]
    for (left, right), height in zip(pairwise(places), heights, strict=True):
        y = _HEIGHT - (_HEIGHT - 4) * height / top
        parts.append(f"L{left:.1f},{y:.1f}L{right:.1f},{y:.1f}")
    return "".join([*parts, f"L{places[-1]:.1f},{_HEIGHT:g}Z"])


def _shares(categories: Sequence[Category]) -> Markup:
    most = max(max(one.before, one.after) for one in categories) or 1.0
    lines = [
        element(
            "li",
            element("bdi", short(one.name, NAME)),
            _bars(one.before / most, one.after / most),
            element("span", change_words(one.before, one.after), class_="n"),
        )
        for one in categories
    ]
    return element("ul", lines, class_="shares")


def _bars(before: float, after: float) -> Markup:
    return element(
        "svg",
        element("rect", width=round(100 * before, 1), height=5, class_="before"),
        element("rect", y=6, width=round(100 * after, 1), height=5, class_="after"),
        class_="bars",
        viewBox="0 0 100 11",
        preserveAspectRatio="none",
        aria_hidden="true",
        focusable="false",
    )


def _quantiles(column: ColumnDrift) -> Markup | None:
    levels = _FEWER if column.type in {"timestamp", "date"} else _TOLD
    told = [level for level in levels if level in column.before.quantiles and level in column.after.quantiles]
    if not told:
        return None
    head = [
        element("th", "", scope="col"),
        *(element("th", f"{float(one):.0%}", scope="col") for one in told),
    ]
    rows = [
        element(
            "tr",
            element("th", what, scope="row", class_=what),
            [element("td", value_words(column, side.quantiles[level])) for level in told],
        )
        for what, side in (("before", column.before), ("after", column.after))
    ]
    caption = element("caption", "Quantiles", class_="heard")
    inner = element(
        "table", caption, element("thead", element("tr", head)), element("tbody", rows), class_="levels"
    )
    return element("div", inner, class_="scrolls", tabindex=0, role="region", aria_label="Quantiles")
