"""The page of a run or a test: its parts in their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeproof.report.document import RUN
from pipeproof.report.html.edges import draw_edges
from pipeproof.report.html.findings import draw_findings
from pipeproof.report.html.graph import draw_graph
from pipeproof.report.html.head import head_of
from pipeproof.report.html.logs import draw_logs, draw_notes
from pipeproof.report.html.of_run import page_of_run
from pipeproof.report.html.of_test import page_of_test
from pipeproof.report.html.parts import symbol_of
from pipeproof.report.html.steps import draw_quality, draw_table, draw_timeline
from pipeproof.report.html.trials import draw_trials
from pipeproof.report.html.view import Page
from pipeproof.report.html.whole import whole_page
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
    return whole_page(
        f"{symbol_of(page.status)} {page.pipeline} {page.status} · {page.command}",
        head_of(page, drawn),
        [part for _, _, part in drawn],
        f"Written by Pipeproof from {document['schema']}.",
    )


def _page_of(document: Mapping[str, Any]) -> Page:
    if document.get("schema") == TEST:
        return page_of_test(document)
    if document.get("schema") == RUN:
        return page_of_run(document)
    raise ValueError(f"no page for {document.get('schema')!r}; known: {TEST}, {RUN}")
