"""A page from its first to its last line: head, style, script, and the rule that nothing else may run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from pipeproof.report.html.markup import Content, Markup, element, join
from pipeproof.report.html.view import Figure

Part = tuple[str, str, Markup]
"""A part of a page: its place for links, its title, what it shows."""


def whole_page(
    title: str, header: Markup, parts: Content, says: str, *, styles: Sequence[str] = ("page.css",)
) -> str:
    """Return a page that needs nothing else.

    Args:
        title: What the window is called.
        header: The top of the page.
        parts: What stands below it.
        says: What the last line says.
        styles: Our files of style, one after the other.
    """
    style = "".join(_text(name) for name in styles)
    script = _text("page.js")
    body = element(
        "body",
        header,
        element("main", parts),
        element("footer", element("p", says)),
        _ours("script", script),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        _ours("style", style),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en').text}\n"


def draw_head(
    origin: str,
    headline: Markup,
    sentence: Content,
    figures: Iterable[Figure],
    parts: Iterable[Part],
    below: Markup | None = None,
) -> Markup:
    """Return the top of a page.

    Args:
        origin: Which command made it.
        headline: What came of it, in a word or two.
        sentence: The same in a sentence.
        figures: Its numbers.
        parts: What the page has, to link to.
        below: What stands below the numbers.
    """
    numbers = [
        element("div", element("dt", one.says), element("dd", one.value), class_=one.tone or None)
        for one in figures
    ]
    links = [element("li", element("a", title, href=f"#{name}")) for name, title, _ in parts]
    return element(
        "header",
        element("p", origin, class_="origin"),
        headline,
        element("p", sentence, class_="sentence"),
        element("dl", numbers, class_="figures"),
        below,
        element("nav", element("ul", links), aria_label="Parts of this report") if links else None,
        class_="head",
    )


def policy(style: str, script: str) -> str:
    """Return the rule for the browser: our style and our script, by their digests, and nothing else at all."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _ours(tag: str, text: str) -> Markup:
    """Return a file of this package as it is, in its element: the only text of a page that is not escaped."""
    return join((Markup(f"<{tag}>{text}</{tag}>"),))


@cache
def _text(name: str) -> str:
    return files("pipeproof.report.html").joinpath(name).read_text("utf-8")
