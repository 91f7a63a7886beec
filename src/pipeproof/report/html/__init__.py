"""A report as one HTML file that needs nothing else: no network, no script for what matters.

`markup` is the one place where text becomes HTML; `of_test` and `of_run` turn a document into what a page
shows; the modules beside them each draw one part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.report.html.page import html_page

__all__ = ["html_page", "write_html"]


def write_html(document: Mapping[str, Any], to: Path) -> None:
    """Write the report of a ``pipeproof.test/1`` or ``pipeproof.run/1`` document.

    Args:
        document: What happened.
        to: The file; folders above it are made.

    Raises:
        OSError: The file cannot be written.
        ValueError: The document is of another schema.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(html_page(document), "utf-8")
