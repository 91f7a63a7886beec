"""The top of the page: the verdict first, in one word and one sentence, then its numbers."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from pipeproof.report.html.markup import Markup, element
from pipeproof.report.html.parts import hidden_word, mark, symbol_of, tone_of
from pipeproof.report.html.view import Page
from pipeproof.report.html.whole import Part, draw_head

_ORDER = ("passed", "refused", "noted", "failed", "unsaid", "skipped")


def head_of(page: Page, parts: Iterable[Part]) -> Markup:
    """Return the verdict, and links to the parts of the page."""
    headline = element(
        "h1",
        element("span", symbol_of(page.status), class_="mark", aria_hidden="true"),
        element("bdi", page.pipeline),
        f" {page.status}",
        class_=f"verdict {tone_of(page.status)}",
    )
    return draw_head(_origin(page), headline, page.sentence, page.figures, parts, _statuses(page))


def _origin(page: Page) -> str:
    return " · ".join(part for part in (page.command, page.name, _when(page.started_at)) if part)


def _when(started_at: str) -> str:
    if not started_at:
        return ""
    return dt.datetime.fromisoformat(started_at).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _statuses(page: Page) -> Markup | None:
    """Return one bar of all trials by what came of them, and its legend."""
    counts = Counter(trial.status for trial in page.trials)
    if not counts:
        return None
    pieces, x = [], 0.0
    for status in _ORDER:
        width = 1000 * counts[status] / counts.total()
        if width:
            pieces.append(element("rect", x=round(x, 2), width=round(width, 2), height=10, class_=status))
        x += width
    drawn = element(
        "svg",
        pieces,
        class_="statuses",
        viewBox="0 0 1000 10",
        preserveAspectRatio="none",
        aria_hidden="true",
        focusable="false",
    )
    legend = [
        element("li", mark(status, word=True), " ", element("b", f"{counts[status]:,}"))
        for status in _ORDER
        if counts[status]
    ]
    return element("div", drawn, hidden_word("Trials: "), element("ul", legend, class_="legend"))
