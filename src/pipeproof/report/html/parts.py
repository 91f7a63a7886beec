"""Small things that several parts of a page are made of: marks, bars, tables, sections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeproof.model.contract import frozen
from pipeproof.report.html.markup import Content, Markup, element

MARKS: Mapping[str, tuple[str, str, str]] = frozen(
    {
        "passed": ("✓", "good", "passed"),
        "reused": ("✓", "good", "reused"),
        "fits": ("✓", "good", "fits"),
        "holds": ("✓", "good", "holds"),
        "refused": ("⊘", "good", "refused clearly"),
        "noted": ("•", "note", "noted"),
        "warning": ("!", "warn", "warning"),
        "note": ("i", "note", "note"),
        "failed": ("✗", "bad", "failed"),
        "excused": ("!", "warn", "failed, the run went on"),
        "error": ("✗", "bad", "error"),
        "broken": ("✗", "bad", "broken"),
        "differs": ("≠", "bad", "differs"),
        "interrupted": ("!", "warn", "interrupted"),
        "running": ("▸", "warn", "running"),
        "skipped": ("○", "dim", "skipped"),
        "unsaid": ("○", "dim", "says nothing"),
        "blocked": ("○", "dim", "blocked"),
        "waiting": ("·", "dim", "waiting"),
        "unseen": ("·", "dim", "not seen"),
        "unchecked": ("·", "plain", "not checked"),
        "unknown": ("·", "dim", "unknown"),
    }
)
"""State → symbol, tone, word. The symbols tell the states apart without colour."""


def symbol_of(state: str) -> str:
    """Return the symbol of a state."""
    return MARKS.get(state, MARKS["unknown"])[0]


def tone_of(state: str) -> str:
    """Return the tone of a state."""
    return MARKS.get(state, MARKS["unknown"])[1]


def word_of(state: str) -> str:
    """Return the word for a state."""
    return MARKS[state][2] if state in MARKS else state


def mark(state: str, *, word: bool = False) -> Markup:
    """Return the symbol of a state, with its word beside it or for those who hear the page."""
    symbol = element("span", symbol_of(state), class_=f"mark {tone_of(state)}", aria_hidden="true")
    said = word_of(state)
    return element("span", symbol, " ", said) if word else element("span", symbol, hidden_word(said))


def hidden_word(text: str) -> Markup:
    """Return text that is heard and not seen."""
    return element("span", text, class_="heard")


def section(name: str, title: str, *children: Content, says: str = "") -> Markup:
    """Return a part of the page with its heading.

    Args:
        name: Its place in the page, for links.
        title: Heading.
        children: What stands in it.
        says: A line below the heading.
    """
    below = element("p", says, class_="says") if says else None
    return element(
        "section",
        element("h2", title, id=f"{name}-title"),
        below,
        *children,
        id=name,
        aria_labelledby=f"{name}-title",
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: what stands in it, what it is sorted by, and whether it holds a number."""

    content: Content
    key: str | float | None = None
    number: bool = False


def table(
    caption: str, heads: Sequence[tuple[str, bool]], rows: Iterable[Sequence[Cell]], *, kind: str = ""
) -> Markup:
    """Return a table that scrolls inside itself where the page is narrow; the first cell of a row names it.

    Args:
        caption: What it shows, for those who hear the page.
        heads: Heading of each column, and whether it holds numbers.
        rows: Cells.
        kind: Class of the table.
    """
    head = (element("th", name, scope="col", class_="n" if number else None) for name, number in heads)
    body = (element("tr", [_cell(cell, first=not at) for at, cell in enumerate(row)]) for row in rows)
    inner = element(
        "table",
        element("caption", caption, class_="heard"),
        element("thead", element("tr", list(head))),
        element("tbody", list(body)),
        class_=f"sorts {kind}".rstrip(),
    )
    return element("div", inner, class_="scrolls", tabindex=0, role="region", aria_label=caption)


def _cell(cell: Cell, *, first: bool) -> Markup:
    key = None if cell.key is None else str(cell.key)
    number = "n" if cell.number else None
    if first:
        return element("th", cell.content, scope="row", data_key=key, class_=number)
    return element("td", cell.content, data_key=key, class_=number)


def bar(share: float | None, tone: str = "") -> Markup | None:
    """Return a small bar of a share from 0 to 1; nothing where it is not known."""
    if share is None:
        return None
    width = round(100 * min(max(share, 0.0), 1.0), 1)
    return element(
        "svg",
        element("rect", width=100, height=6, class_="track"),
        element("rect", width=max(width, 0.5) if share > 0 else 0, height=6, class_=f"fill {tone}".rstrip()),
        class_="bar",
        viewBox="0 0 100 6",
        preserveAspectRatio="none",
        aria_hidden="true",
        focusable="false",
    )


def more_than(shown: int, total: int, noun: str) -> Markup | None:
    """Return a line that says how much is not shown; nothing when all is."""
    if total <= shown:
        return None
    return element("p", f"{total - shown:,} more {noun} are in the JSON document (--json).", class_="says")
