"""Plain data as YAML that people like to read and that all readers understand alike."""

from __future__ import annotations

import io
import re
from typing import Any

import yaml

WIDTH = 110
_NUMBERLIKE = re.compile(r"([-+.]?[0-9][0-9_,.:etz +-]*|0[xob][0-9a-f_]+|[-+]?\.(inf|nan))\Z", re.IGNORECASE)
_SPREAD = frozenset({"columns", "tables", "inputs", "outputs"})
_SCALARS = "tag:yaml.org,2002:str"


class _Dumper(yaml.SafeDumper):
    """Quotes all text that some version of YAML takes for a number, and repeats rather than refers."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002 the signature is PyYAML's
        super().increase_indent(flow, indentless=False)


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    if _NUMBERLIKE.match(text):
        return dumper.represent_scalar(_SCALARS, text, style='"')
    block = "|" if "\n" in text.strip("\n") else None
    return dumper.represent_scalar(_SCALARS, text, style=block)


_Dumper.add_representer(str, _text)


def to_yaml(document: Any, *, lines: bool = False) -> str:
    """Return plain data as YAML.

    Args:
        document: Mappings, lists and scalars.
        lines: Whether what fits on a line stands on one, as in the short form of contracts; else only
            lists of scalars do.
    """
    node = _Dumper(io.StringIO(), sort_keys=False).represent_data(document)
    if isinstance(node, yaml.CollectionNode):
        node.flow_style = False
        _lay_out(node, 0, lines=lines)
    return yaml.serialize(node, Dumper=_Dumper, width=WIDTH + 20, allow_unicode=True)


def _lay_out(node: yaml.Node, depth: int, *, lines: bool) -> None:
    """Decide for every collection below whether it stands on one line."""
    for child, key in _children(node):
        if not isinstance(child, yaml.CollectionNode):
            continue
        room = WIDTH - 2 * depth - key
        scalars = all(isinstance(inner, yaml.ScalarNode) for inner, _ in _children(child))
        may = (lines and not _spreads(node, child)) or (scalars and isinstance(child, yaml.SequenceNode))
        child.flow_style = (may and _length(child) <= room) or not child.value
        if child.flow_style:
            _flow(child)
        else:
            _lay_out(child, depth + 1, lines=lines)


def _spreads(parent: yaml.Node, node: yaml.Node) -> bool:
    """Return whether a collection has a line for each entry, however short: columns, and what holds them."""
    holders = [key.value for key, value in getattr(parent, "value", ()) if value is node]
    keys = {key.value for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
    return bool(_SPREAD & {*holders, *keys})


def _children(node: yaml.Node) -> list[tuple[yaml.Node, int]]:
    """Return the values of a collection, each with how long its key is."""
    if isinstance(node, yaml.MappingNode):
        return [(value, len(str(key.value)) + 2) for key, value in node.value]
    return [(value, 0) for value in node.value] if isinstance(node, yaml.SequenceNode) else []


def _flow(node: yaml.Node) -> None:
    for child, _ in _children(node):
        if isinstance(child, yaml.CollectionNode):
            child.flow_style = True
            _flow(child)


def _length(node: yaml.Node) -> int:
    """Return about how long a node is on one line; a text of several lines fits on none."""
    if isinstance(node, yaml.ScalarNode):
        return 10 * WIDTH if "\n" in node.value else len(node.value) + 2 * bool(node.style)
    inner = [_length(child) + key for child, key in _children(node)]
    return 2 + sum(inner) + 2 * max(len(inner) - 1, 0)
