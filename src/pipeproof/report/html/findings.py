"""Findings: as clear as a good compiler's errors, for they are what the page is for."""

from __future__ import annotations

from collections.abc import Iterator

from pipeproof.report.html.markup import Content, Markup, element, prose
from pipeproof.report.html.parts import more_than, section, symbol_of, tone_of, word_of
from pipeproof.report.html.view import Page, Problem
from pipeproof.report.quantities import count

MOST = 100
_MOST_TRIALS = 4


def draw_findings(page: Page) -> Markup:
    """Return all findings, the gravest first."""
    shown = page.problems[:MOST]
    if not shown:
        return section("findings", "Findings", says="None. Nothing has to be done.")
    articles = [_article(at, one) for at, one in enumerate(shown)]
    return section(
        "findings",
        "Findings",
        element("div", articles, class_="findings"),
        more_than(MOST, len(page.problems), "findings"),
    )


def _article(at: int, one: Problem) -> Markup:
    return element(
        "article",
        element(
            "header",
            element("span", f"{at + 1} · ", element("code", one.code), class_="code"),
            element("h3", _symbol(one), " ", prose(one.what), id=f"finding-{at}"),
        ),
        _source(one),
        element("dl", [_row(name, value, tone) for name, value, tone in _rows(one)], class_="told"),
        _explained(one),
        class_=f"finding {tone_of(one.severity)}",
        aria_labelledby=f"finding-{at}",
    )


def _symbol(one: Problem) -> Markup:
    text = element("span", f"{word_of(one.severity)}:", class_="word")
    return element(
        "span", element("span", symbol_of(one.severity), aria_hidden="true"), " ", text, class_="mark"
    )


def _source(one: Problem) -> Markup | None:
    """Return the place, and below it the line of code if it is known."""
    if not one.place:
        return None
    place = element("span", one.place, class_="place")
    if one.source is None:
        return element("p", place, class_="source")
    line, code = one.source
    number = element("span", f"{line} │ ", class_="number")
    return element("pre", place, "\n", number, element("span", code, class_="line"), class_="source")


def _rows(one: Problem) -> Iterator[tuple[str, Content, str]]:
    """Yield what is said of a finding, as (label, content, tone)."""
    where = list(_where(one))
    if where:
        yield "in", where, ""
    if one.evidence:
        yield "shows", element("pre", one.evidence), ""
    if one.cause:
        yield "cause", prose(one.cause), ""
    if one.fix:
        yield "fix", prose(one.fix), "fix"
    if one.seen or one.seen_in:
        yield "seen", _seen(one), ""
    yield "next", element("code", one.command, class_="command"), ""


def _where(one: Problem) -> Iterator[Content]:
    parts: list[list[Content]] = [[one.kind]] if one.kind else []
    if one.step:
        parts.append(["step ", element("b", one.step)])
    if one.edge:
        parts.append(["edge ", element("b", one.edge[0]), " → ", element("b", one.edge[1])])
    if one.dataset:
        parts.append(["dataset ", element("b", one.dataset)])
    if one.column:
        parts.append(["column ", element("code", one.column)])
    for at, part in enumerate(parts):
        yield " · " if at else None
        yield element("span", part, class_="at")


def _seen(one: Problem) -> list[Content]:
    """Return with what data a finding was seen, and the names of the trials, which `pipeproof logs` takes."""
    more = len(one.seen_in) - _MOST_TRIALS
    rest = f" and {count(more, 'more trial')}" if more > 0 else ""
    names = f"{', '.join(one.seen_in[:_MOST_TRIALS])}{rest}"
    return [one.seen, " " if one.seen else None, element("small", names) if names else None]


def _row(name: str, value: Content, tone: str) -> Markup:
    return element("div", element("dt", name), element("dd", value), class_=tone or None)


def _explained(one: Problem) -> Markup | None:
    if not one.why:
        return None
    return element(
        "details", element("summary", f"What {one.code} means: {one.title}"), element("p", prose(one.why))
    )
