"""The one place where text becomes HTML: whatever is given is escaped, and nothing given can steer the page.

An element is made of children (text, elements, lists of them) and attributes. Only this module makes
`Markup`; tags and names of attributes are written by us and are checked all the same, because a page that
people trust is read next to logs that nobody did.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

VOID = frozenset({"meta", "br", "rect", "line", "path", "circle", "use"})
LONGEST = 24_000
"""Characters of one text that reach the page; a log is shorter, and more is no reading for anybody."""
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]*")
_OUR_LINK = re.compile(r"#[a-z0-9-]+")
# Control characters but tab and line feed, what turns the direction of text around, halves of surrogates,
# and what is no character: all of these are written out.
_STEERING = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ud800-\\udfff\\ufeff\\ufff9-\\uffff]"
)
_CODE = re.compile("`([^`\n]+)`")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")


@dataclass(frozen=True, slots=True)
class Markup:
    """HTML that is finished: nothing in it needs escaping."""

    text: str


Content = Markup | str | int | float | None | Iterable["Content"]
Value = str | int | float | bool | None


def element(tag: str, *children: Content, **attributes: Value) -> Markup:
    """Return an element.

    Args:
        tag: Its name.
        children: What stands in it; None and empty lists are nothing.
        attributes: Its attributes: ``class_`` is ``class``, ``aria_label`` is ``aria-label``; True is an
            attribute without a value, None and False are none.

    Raises:
        ValueError: A name is none, or an attribute is one in which text could run.
    """
    if not _NAME.fullmatch(tag):
        raise ValueError(f"no name of an element: {tag!r}")
    front = f"<{tag}{''.join(_attribute(name, value) for name, value in attributes.items())}>"
    return Markup(f"{front[:-1]}/>" if tag in VOID else f"{front}{join(children).text}</{tag}>")


def join(children: Iterable[Content]) -> Markup:
    """Return contents one after the other."""
    return Markup("".join(map(_written, children)))


def escape(text: str) -> str:
    """Return foreign text as HTML that shows it: cut where it is very long, steering characters written out."""
    return html.escape(_STEERING.sub(_shown, cut(text, LONGEST)))


def prose(text: str) -> list[Content]:
    """Return a sentence in which what stands between backticks is code."""
    parts = _CODE.split(text)
    return [element("code", part) if at % 2 else part for at, part in enumerate(parts)]


def cut(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters, and how many more there were."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest:,} characters more)"


def short(text: str, longest: int) -> str:
    """Return a text of at most `longest` characters, for a line that has no room to say what is left out."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def plain(text: str) -> str:
    """Return what a program printed without its colours and with line ends of one kind."""
    return _COLOUR.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def _shown(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def _written(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Markup):
        return content.text
    if isinstance(content, str):
        return escape(content)
    if isinstance(content, int | float):
        return str(content)
    return join(content).text


def _attribute(name: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    plain_name = name.rstrip("_").replace("_", "-")
    if not _NAME.fullmatch(plain_name) or plain_name.startswith("on") or plain_name in {"style", "src"}:
        raise ValueError(f"no attribute for a report: {plain_name!r}")
    if value is True:
        return f" {plain_name}"
    if plain_name == "href" and not _OUR_LINK.fullmatch(str(value)):
        raise ValueError(f"a report leads nowhere but into itself: {value!r}")
    return f' {plain_name}="{escape(str(value))}"'
