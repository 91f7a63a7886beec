"""Logs of what failed, folded away until they are asked for; notes and facts of the run."""

from __future__ import annotations

from collections.abc import Iterator

from pipeproof.report.html.markup import Content, Markup, element
from pipeproof.report.html.parts import mark, more_than, section
from pipeproof.report.html.view import FailureRow, Page

MOST = 60
ROOM = 300_000
"""Characters of all logs together: the file must stay easy to send."""


def draw_logs(page: Page) -> Markup | None:
    """Return what failed with its traceback and log; nothing where nothing failed."""
    if not page.failures:
        return None
    return section(
        "logs", "Logs of failures", list(_blocks(page)), more_than(MOST, len(page.failures), "failures")
    )


def _blocks(page: Page) -> Iterator[Markup]:
    room = ROOM
    for one in page.failures[:MOST]:
        texts = [(title, text) for title, text in (("Traceback", one.traceback), ("Log", one.log)) if text]
        needed = sum(len(text) for _, text in texts)
        yield _block(one, texts if needed <= room else [])
        room -= needed if needed <= room else 0


def _block(one: FailureRow, texts: list[tuple[str, str]]) -> Markup:
    told: list[Content] = [
        [element("h3", title), element("pre", text, class_="log")] for title, text in texts
    ]
    if not texts:
        told = [element("p", "It printed nothing, or more than this page has room for.", class_="says")]
    head = element("summary", mark("failed"), " ", element("b", one.title), f" — {one.message}")
    return element("details", head, told, element("p", element("code", one.command, class_="command")))


def draw_notes(page: Page) -> Markup | None:
    """Return what is worth knowing, and with what the run was made; nothing where there is neither."""
    notes = [element("li", note) for note in page.notes[:MOST]]
    facts = [element("div", element("dt", name), element("dd", value)) for name, value in page.facts.items()]
    if not notes and not facts:
        return None
    return section(
        "notes",
        "Notes",
        element("ul", notes, class_="notes") if notes else None,
        element("dl", facts, class_="facts") if facts else None,
    )
