"""The page of a comparison: the verdict, columns, rows, a card for each column that drifted, and all of them in a table."""

from __future__ import annotations

from collections.abc import Iterator

from pipeproof.data.comparing.findings import chance
from pipeproof.data.comparing.result import (
    COMPARISON,
    ColumnDifference,
    ColumnDrift,
    RowDifference,
    RowExample,
    TableDifference,
)
from pipeproof.report.comparison_words import (
    change_words,
    effect_words,
    news_words,
    verdict_words,
)
from pipeproof.report.html.comparison_cards import draw_card
from pipeproof.report.html.markup import Content, Markup, element, short
from pipeproof.report.html.parts import Cell, bar, hidden_word, more_than, section, table
from pipeproof.report.html.view import LINE, NAME, Figure
from pipeproof.report.html.whole import draw_head, whole_page
from pipeproof.report.quantities import count, number, percent

_MOST_CARDS = 60
_MOST_ROWS = 500
_MOST_CELLS = 12
_STYLES = ("page.css", "comparison.css")


def comparison_page(found: TableDifference) -> str:
    """Return what two tables differ in as one HTML page that needs nothing else."""
    drawn = [
        (name, title, part)
        for name, title, part in (
            ("columns", "Columns", _columns(found.columns)),
            ("rows", "Rows", _rows(found.rows)),
            ("drift", "Drift", _drift(found)),
            ("all", "All columns", _all(found)),
            ("label", "Label", _label(found)),
        )
        if part is not None
    ]
    header = draw_head("pipeproof data compare", _headline(found), _sentence(found), _figures(found), drawn)
    title = f"{short(found.before, NAME)} and {short(found.after, NAME)} · comparison"
    says = f"Written by Pipeproof from {COMPARISON}."
    return whole_page(title, header, [part for _, _, part in drawn], says, styles=_STYLES)


def _headline(found: TableDifference) -> Markup:
    return element(
        "h1",
        element("bdi", short(found.before, NAME), class_="before"),
        " → ",
        element("bdi", short(found.after, NAME), class_="after"),
        class_="verdict pair",
    )


def _sentence(found: TableDifference) -> list[Content]:
    words = verdict_words(found)
    tone = "bad" if found.differs else "good"
    symbol = element("span", "≠ " if found.differs else "✓ ", class_=f"mark {tone}", aria_hidden="true")
    told = f"{words[0].upper()}{words[1:]}."
    known = " The first table is known by its stored profile only." if found.approximate else ""
    return [symbol, told, known, *(f" {note[0].upper()}{note[1:]}." for note in found.notes)]


def _figures(found: TableDifference) -> Iterator[Figure]:
    yield Figure(f"{found.rows_before:,}", "rows before")
    yield Figure(f"{found.rows_after:,}", "rows after")
    if found.columns is not None:
        parts = (found.columns.added, found.columns.removed, found.columns.retyped)
        changed = sum(map(len, parts))
        yield Figure(f"{changed:,}", "columns changed", "bad" if changed else "")
    if found.rows is not None:
        for many, what in (
            (found.rows.added, "rows added"),
            (found.rows.removed, "rows removed"),
            (found.rows.changed, "rows changed"),
        ):
            yield Figure(f"{many:,}", what, "bad" if many else "")
    if found.drift is not None:
        yield Figure(f"{len(found.drifted):,}", "columns drifted", "bad" if found.drifted else "")


def _columns(columns: ColumnDifference | None) -> Markup | None:
    if columns is None:
        return None
    if not (columns.differs or columns.stored or columns.reordered):
        return section("columns", "Columns", says="Both tables have the same columns of the same types.")
    lines = [
        *(_line("gone", name) for name in columns.removed),
        *(_line("new", name) for name in columns.added),
        *(_line("retyped", one.column, f"{one.before} → {one.after}") for one in columns.retyped),
        *(
            _line(
                "renamed?",
                guess.before,
                f"may be {short(guess.after, NAME)} now: names {guess.names:.2f}, values {guess.values:.2f} alike",
            )
            for guess in columns.renamed
        ),
        *(_line("stored", one.column, f"{one.before} → {one.after}") for one in columns.stored),
    ]
    order = "They stand in another order, which is no difference." if columns.reordered else ""
    return section("columns", "Columns", element("ul", lines[:_MOST_ROWS], class_="changes"), says=order)


def _line(what: str, name: str, says: str = "") -> Markup:
    tones = {"gone": "bad", "new": "good", "retyped": "warn", "renamed?": "note", "stored": "dim"}
    mark = element("span", what, class_=f"tag {tones[what]}")
    return element(
        "li", mark, " ", element("b", element("bdi", short(name, NAME))), f"  {says}" if says else None
    )


def _rows(rows: RowDifference | None) -> Markup | None:
    if rows is None:
        return None
    by = (
        f"Matched by {', '.join(short(name, NAME) for name in rows.key)}. "
        if rows.key
        else "Compared as whole rows. "
    )
    counts = (
        f"{rows.added:,} added, {rows.removed:,} removed, {rows.changed:,} changed, {rows.same:,} the same."
    )
    parts: list[Content] = [_unclear(rows), _by_column(rows), _examples(rows)]
    if rows.hint:
        parts.append(
            element(
                "p",
                "With ",
                element("code", f"--key {short(rows.hint, NAME)}"),
                " the cells that changed are shown.",
                class_="says",
            )
        )
    return section("rows", "Rows", *parts, says=by + counts)


def _unclear(rows: RowDifference) -> Markup | None:
    if not any((*rows.repeated, *rows.missing)):
        return None
    told = (
        f"{rows.repeated[0]:,} keys before and {rows.repeated[1]:,} after stand in more than one row, "
        f"{rows.missing[0]:,} and {rows.missing[1]:,} rows miss their key. Their rows were compared as wholes: "
        f"{rows.unmatched[0]:,} added, {rows.unmatched[1]:,} removed."
    )
    return element("p", element("span", "! ", class_="mark warn", aria_hidden="true"), told, class_="says")


def _by_column(rows: RowDifference) -> Markup | None:
    if not rows.by_column:
        return None
    matched = rows.changed + rows.same
    cells = [
        [
            Cell(element("bdi", short(name, NAME)), name),
            Cell(f"{many:,}", many, number=True),
            Cell(percent(many / matched), many, number=True),
            Cell(bar(many / matched, "bad")),
        ]
        for name, many in list(rows.by_column.items())[:_MOST_ROWS]
    ]
    heads = [("Column", False), ("Changed", True), ("Share of matched rows", True), ("", False)]
    return table("In which columns rows changed", heads, cells, kind="bycolumn")


def _examples(rows: RowDifference) -> Markup | None:
    if not rows.examples or rows.nothing_in_common:
        return None
    return element("ul", [_example(one) for one in rows.examples], class_="changes examples")


def _example(example: RowExample) -> Markup:
    tones = {"added": "good", "removed": "bad", "changed": "warn", "repeated": "note"}
    names: list[Content] = [
        [element("span", f"{short(name, NAME)}=", class_="dim"), element("bdi", short(value, LINE)), " "]
        for name, value in example.row[:_MOST_CELLS]
    ]
    left_out = len(example.row) - _MOST_CELLS
    cells = [
        element(
            "span",
            element("bdi", short(cell.column, NAME)),
            " ",
            element("del", hidden_word("was "), short(cell.before, LINE)),
            " → ",
            element("ins", hidden_word("is "), short(cell.after, LINE)),
            class_="cell",
        )
        for cell in example.cells[:_MOST_CELLS]
    ]
    return element(
        "li",
        element("span", example.what, class_=f"tag {tones[example.what]}"),
        " ",
        names,
        f"and {left_out} more columns " if left_out > 0 else None,
        f"({example.times:,} times) " if example.times > 1 else None,
        cells,
    )


def _drift(found: TableDifference) -> Markup | None:
    if found.drift is None:
        return None
    asked = sum(len(column.questions) for column in found.drift)
    says = (
        f"{len(found.drifted)} of {count(len(found.drift), 'column')} drifted. An alarm needs both: p below "
        f"{found.alpha:g} after Holm's correction for {count(asked, 'question')}, and an effect that matters."
    )
    cards = [draw_card(column) for column in found.drifted[:_MOST_CARDS]]
    more = more_than(_MOST_CARDS, len(found.drifted), "columns")
    return section("drift", "Drift", _key(cards), element("div", cards, class_="cards"), more, says=says)


def _key(cards: list[Markup]) -> Markup | None:
    if not cards:
        return None
    return element(
        "p",
        element("span", "before", class_="before"),
        " ",
        element("span", "after", class_="after"),
        class_="key",
    )


def _all(found: TableDifference) -> Markup | None:
    if not found.drift:
        return None
    heads = [
        ("Column", False),
        ("Compared", False),
        ("D or V", True),
        ("PSI", True),
        ("JS", True),
        ("Moved by", True),
        ("p", True),
        ("Missing", True),
        ("Besides", False),
    ]
    rows = [_row(column) for column in found.drift[:_MOST_ROWS]]
    says = (
        "D is the largest difference of the cumulated shares, V is Cramér's, PSI the population stability index, JS the "
        "Jensen-Shannon distance; moved by is the Wasserstein distance in standard deviations of the first table."
    )
    more = more_than(_MOST_ROWS, len(found.drift), "columns")
    return section("all", "All columns", table("All columns", heads, rows, kind="all"), more, says=says)


def _row(column: ColumnDrift) -> list[Cell]:
    size = column.ks if column.ks is not None else column.cramer
    first = next((one for one in column.questions if one.about == "distribution"), None)
    symbol = element("span", "✗ ", hidden_word("drifted "), class_="mark bad") if column.alarms else None
    missing = change_words(column.before.missing, column.after.missing)
    besides = [
        *(effect_words(one) for one in column.alarms if one.about != "distribution"),
        *news_words(column),
    ]
    return [
        Cell([symbol, element("bdi", short(column.column, NAME))], column.column),
        Cell(column.kind, column.kind),
        _number(size),
        _number(column.psi),
        _number(column.js),
        _number(column.shift),
        Cell(
            "—" if first is None else chance(first.corrected).removeprefix("p = ").removeprefix("p "),
            number=True,
            key=1.0 if first is None else first.corrected,
        ),
        Cell(missing, column.after.missing, number=True),
        Cell(element("small", short("; ".join(besides), LINE))),
    ]


def _number(value: float | None) -> Cell:
    return (
        Cell("—", -1, number=True)
        if value is None
        else Cell(number(float(f"{value:.3f}")), value, number=True)
    )


def _label(found: TableDifference) -> Markup | None:
    if not found.leaks:
        return None
    lines = [
        element("li", element("span", leak.table, class_="tag warn"), " ", short(leak.says, LINE))
        for leak in found.leaks
    ]
    says = (
        "These tell the label all but perfectly on their own: what is to be predicted may be in them already."
    )
    return section("label", "Label", element("ul", lines, class_="changes"), says=says)
