"""A report as one HTML file that needs nothing else: no network, no script for what matters.

`markup` is the one place where text becomes HTML; `of_test` and `of_run` turn a document into what a page
shows; the modules beside them each draw one part of it.
"""

from __future__ import annotations

from pipeproof.report.html.page import html_page

__all__ = ["html_page"]
