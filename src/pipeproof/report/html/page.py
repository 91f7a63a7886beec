"""The page as a whole: its parts in their order, its style and script, and the rule that nothing else may run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pipeproof.report.document import RUN
from pipeproof.report.html.edges import draw_edges
from pipeproof.report.html.findings import draw_findings
from pipeproof.report.html.graph import draw_graph
from pipeproof.report.html.head import draw_head
from pipeproof.report.html.logs import draw_logs, draw_notes
from pipeproof.report.html.markup import Markup, element, join
from pipeproof.report.html.of_run import page_of_run
from pipeproof.report.html.of_test import page_of_test
from pipeproof.report.html.parts import symbol_of
from pipeproof.report.html.steps import draw_quality, draw_table, draw_timeline
from pipeproof.report.html.trials import draw_trials
from pipeproof.report.html.view import Page
from pipeproof.report.test_document import TEST

_PARTS = (
    ("findings", "Findings", draw_findings),
    ("graph", "Graph", draw_graph),
    ("trials", "Trials", draw_trials),
    ("edges", "Edges", draw_edges),
    ("timeline", "Timeline", draw_timeline),
    ("steps", "Steps", draw_table),
    ("quality", "Quality", draw_quality),
    ("logs", "Logs", draw_logs),
    ("notes", "Notes", draw_notes),
)


def html_page(document: Mapping[str, Any]) -> str:
    """Return a document as one HTML page.

    Args:
        document: A ``pipeproof.test/1`` or ``pipeproof.run/1`` document.

    Raises:
        ValueError: The document is of another schema.
    """
    page = _page_of(document)
    drawn = [(name, title, part) for name, title, draw in _PARTS if (part := draw(page)) is not None]
    body = element(
        "body",
        draw_head(page, [(name, title) for name, title, _ in drawn]),
        element("main", [part for _, _, part in drawn]),
        element("footer", element("p", f"Written by Pipeproof from {document['schema']}.")),
        _ours("script", "page.js"),
    )
    return f"<!doctype html>\n{element('html', _head(page), body, lang='en').text}\n"


def _page_of(document: Mapping[str, Any]) -> Page:
    if document.get("schema") == TEST:
        return page_of_test(document)
    if document.get("schema") == RUN:
        return page_of_run(document)
    raise ValueError(f"no page for {document.get('schema')!r}; known: {TEST}, {RUN}")


def _head(page: Page) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{symbol_of(page.status)} {page.pipeline} {page.status} · {page.command}"),
        _ours("style", "page.css"),
    )


@cache
def policy() -> str:
    """Return the rule for the browser: our style and our script, by their digests, and nothing else at all."""
    return (
        f"default-src 'none'; style-src '{_digest('page.css')}'; script-src '{_digest('page.js')}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(name: str) -> str:
    digest = hashlib.sha256(_text(name).encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _ours(tag: str, name: str) -> Markup:
    """Return a file of this package as it is, in its element: the only text of a page that is not escaped."""
    return join((Markup(f"<{tag}>{_text(name)}</{tag}>"),))


@cache
def _text(name: str) -> str:
    return files("pipeproof.report.html").joinpath(name).read_text("utf-8")
