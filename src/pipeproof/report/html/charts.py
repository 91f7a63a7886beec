"""Small pictures of distributions and of what goes together: histograms, shares, tables of colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from pipeproof.report.html.markup import Content, Markup, element
from pipeproof.report.html.parts import bar
from pipeproof.report.quantities import percent

_WIDER = 1.5  # times the usual width, and a bin holds what lies far out
_WIDTH, _HEIGHT, _GAP = 240.0, 60.0, 0.8
_STEPS = (0.3, 0.6, 0.85)  # where a correlation becomes worth seeing, clear, and close


def histogram(edges: Sequence[float], counts: Sequence[float], says: str) -> Markup:
    """Return a histogram, all of its bins of one width: a wider bin at an end holds what lies far out.

    Args:
        edges: Edges of the bins.
        counts: How much is in each.
        says: What it shows, for those who hear the page.
    """
    highest = max(counts, default=0) or 1
    wide = _WIDTH / max(1, len(counts))
    usual = _usual_width(edges)
    bars = []
    for at, amount in enumerate(counts):
        height = _HEIGHT * amount / highest
        far = edges[at + 1] - edges[at] > _WIDER * usual
        if amount:
            bars.append(_bar(at * wide, wide, max(height, 0.8), far=far))
    base = element("line", x1=0, y1=_HEIGHT, x2=_WIDTH, y2=_HEIGHT)
    return element(
        "svg",
        bars,
        base,
        class_="histogram",
        viewBox=f"0 0 {_WIDTH:g} {_HEIGHT + 1:g}",
        preserveAspectRatio="none",
        role="img",
        aria_label=says,
        focusable="false",
    )


def far_ends(edges: Sequence[float]) -> tuple[bool, bool]:
    """Return whether the first and the last bin of a histogram hold what lies far out."""
    if len(edges) < 3:  # noqa: PLR2004 one bin
        return False, False
    most = _WIDER * _usual_width(edges)
    return edges[1] - edges[0] > most, edges[-1] - edges[-2] > most


def _usual_width(edges: Sequence[float]) -> float:
    widths = sorted(b - a for a, b in pairwise(edges))
    return widths[len(widths) // 2] if widths else 0.0


def _bar(x: float, wide: float, height: float, *, far: bool) -> Markup:
    return element(
        "rect",
        x=round(x + _GAP / 2, 2),
        y=round(_HEIGHT - height, 2),
        width=round(wide - _GAP, 2),
        height=round(height, 2),
        class_="tail" if far else None,
    )


def shares(rows: Iterable[tuple[Content, float]], rest: float = 0.0, others: str = "others") -> Markup:
    """Return shares as bars with their names, and what is left as a line of its own."""
    lines = [_share(name, share) for name, share in rows]
    if rest > 0:
        lines.append(_share(element("span", others, class_="rest"), rest))
    return element("ul", lines, class_="shares")


def _share(name: Content, share: float) -> Markup:
    return element(
        "li", element("span", element("bdi", name)), bar(share), element("span", percent(share), class_="n")
    )


def heat(names: Sequence[str], values: Sequence[Sequence[float | None]], says: str) -> Markup:
    """Return a table of correlations, the stronger ones coloured; the numbers say it without colour.

    Args:
        names: What the rows and columns are.
        values: From -1 to 1, a row for each name; None where nothing is to be said.
        says: What it shows, for those who hear the page.
    """
    heads = [element("th", name, scope="col") for name in names]
    rows = [
        element("tr", element("th", element("bdi", name), scope="row"), [_warm(value) for value in row])
        for name, row in zip(names, values, strict=True)
    ]
    drawn = element(
        "table",
        element("caption", says, class_="heard"),
        element("thead", element("tr", element("th", "", scope="col"), heads)),
        element("tbody", rows),
        class_="heat",
    )
    return element("div", drawn, class_="scrolls", tabindex=0, role="region", aria_label=says)


def _warm(value: float | None) -> Markup:
    if value is None:
        return element("td", "")
    step = sum(abs(value) >= least for least in _STEPS)
    return element("td", f"{value:.2f}", class_=f"{'p' if value > 0 else 'n'}{step}" if step else None)
