"""YAML text to nodes: safe, located, YAML 1.2 scalars, duplicate keys refused."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import yaml

from pipeproof.errors import ConfigError, Finding, Location
from pipeproof.loading.node import Node

LARGEST = 10 * 2**20
_MOST_NODES = 500_000
_DEEPEST = 100
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The scalars of YAML 1.2's core schema: `no`, `on` and 2013-07-03 stay text.
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"false", "False", "FALSE"}
_INTEGER = re.compile(r"[-+]?[0-9][0-9_]*\Z|0x[0-9a-fA-F]+\Z|0o[0-7]+\Z")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z"
)


def read(path: Path, shown: str) -> Node:
    """Return the nodes of a YAML file.

    Args:
        path: The file.
        shown: How errors name the file.

    Raises:
        ConfigError: It cannot be read or parsed, repeats a key, or is no mapping.
    """
    return parse(read_text(path, shown), shown)


def read_text(path: Path, shown: str) -> str:
    """Return the text of a file.

    Raises:
        ConfigError: The file is missing, no regular file, unreadable, too large or not UTF-8.
    """
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise ConfigError(_unreadable(shown, "it is a folder", "name a file in it"))
        if not stat.S_ISREG(about.st_mode):
            raise ConfigError(_unreadable(shown, "it is no regular file", "name a YAML file"))
        if about.st_size > LARGEST:
            size = f"{about.st_size / 2**20:,.0f} MB"
            raise ConfigError(
                _unreadable(shown, f"it is too large for a configuration ({size})", "is it a data file?")
            )
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(_unreadable(shown, "it does not exist", "check the path")) from None
    except UnicodeDecodeError as error:
        where = _position(path, error.start, shown)
        raise ConfigError(
            Finding(
                "PPF102",
                f"this is not UTF-8 (byte 0x{error.object[error.start]:02x})",
                where,
                fix="save the file as UTF-8",
            )
        ) from None
    except OSError as error:
        raise ConfigError(
            _unreadable(shown, (error.strerror or str(error)).lower(), "check its permissions")
        ) from None


def parse(text: str, shown: str) -> Node:
    """Return the nodes of YAML text whose top is a mapping.

    Raises:
        ConfigError: The text cannot be parsed, repeats a key, or is no mapping.
    """
    try:
        documents: list[yaml.Node | None] = list(yaml.compose_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_syntax(error, text, shown)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else _first_line(error)
        raise ConfigError(Finding("PPF101", f"this is not valid YAML: {reason}", Location(shown))) from None
    present = [document for document in documents if document is not None]
    if not present:
        fix = "start with `workflow:`, or make a project with `pipeproof new NAME`"
        raise ConfigError(Finding("PPF107", "the file is empty", Location(shown), fix=fix))
    if len(present) > 1:
        where = _place(present[1], shown)
        raise ConfigError(
            Finding("PPF107", "a second document starts here", where, fix="keep one document a file")
        )
    builder = _Builder(shown)
    node = builder.build(present[0])
    if builder.problems:
        raise ConfigError(*builder.problems)
    if not isinstance(node.value, dict):
        kind = "a list" if isinstance(node.value, list) else f"the value {node.value!r}"[:60]
        fix = "start with a key such as `workflow:`"
        raise ConfigError(Finding("PPF107", f"a mapping is needed here, this is {kind}", node.where, fix=fix))
    return node


class _Builder:
    """Turns composed YAML into nodes and gathers every problem on the way."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.problems: list[Finding] = []
        self.count = 0

    def build(self, raw: yaml.Node, depth: int = 0) -> Node:
        where = _place(raw, self.shown)
        self.count += 1
        if self.count > _MOST_NODES or depth > _DEEPEST:
            what = "aliases make this too large" if depth <= _DEEPEST else "it is nested too deeply"
            raise ConfigError(*self.problems, Finding("PPF101", f"this is not usable YAML: {what}", where))
        if isinstance(raw, yaml.MappingNode):
            return self._mapping(raw, where, depth)
        if isinstance(raw, yaml.SequenceNode):
            return Node([self.build(item, depth + 1) for item in raw.value], where)
        return Node(self._scalar(raw, where), where)

    def _mapping(self, raw: yaml.MappingNode, where: Location, depth: int) -> Node:
        node = Node({}, where)
        merged: list[Node] = []
        for raw_key, raw_value in raw.value:
            place = _place(raw_key, self.shown)
            value = self.build(raw_value, depth + 1)
            if raw_key.value == "<<" and isinstance(raw_key, yaml.ScalarNode) and _is_anchor(value):
                merged += value.value if isinstance(value.value, list) else [value]
                continue
            key = self._key(raw_key, place)
            if key is None:
                continue
            if key in node.value:
                first = node.keys[key]
                self.problems.append(
                    Finding(
                        "PPF106",
                        f"key {key!r} stands here again; the first is in line {first.line}",
                        place,
                        fix="keep one of them",
                    )
                )
            node.value[key] = value
            node.keys[key] = place
        for parent in merged:
            for key, value in parent.value.items():
                if key not in node.value:
                    node.value[key], node.keys[key] = value, parent.keys[key]
        return node

    def _key(self, raw: yaml.Node, place: Location) -> str | None:
        if isinstance(raw, yaml.ScalarNode):
            return str(raw.value)
        self.problems.append(Finding("PPF105", "a key must be a single word or text", place, fix="quote it"))
        return None

    def _scalar(self, raw: yaml.Node, where: Location) -> Any:
        text: str = raw.value
        if raw.tag.startswith("!") or "python" in raw.tag:
            self.problems.append(
                Finding("PPF101", f"the tag {raw.tag} is not allowed", where, fix="remove the tag")
            )
            return text
        plain = getattr(raw, "style", None) in {None, ""}
        if not plain or raw.tag == "!":
            return text
        return resolve(text)


def resolve(text: str) -> Any:
    """Return what plain text stands for by YAML 1.2's core schema."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.match(text) and len(text) < 400:  # noqa: PLR2004 beyond this Python refuses to convert
        return int(text.replace("_", ""), 0) if text[:2] in {"0x", "0o"} else int(text.replace("_", ""))
    if _FLOAT.match(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _is_anchor(value: Node) -> bool:
    items = value.value if isinstance(value.value, list) else [value]
    return bool(items) and all(isinstance(item.value, dict) for item in items)


def _place(raw: yaml.Node, shown: str) -> Location:
    return Location(shown, raw.start_mark.line + 1, raw.start_mark.column + 1)


def _syntax(error: yaml.MarkedYAMLError, text: str, shown: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    where = Location(shown, mark.line + 1, mark.column + 1) if mark else Location(shown)
    lines = text.splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Finding(
            "PPF101", "a tab indents this line; YAML needs spaces", where, fix="replace the tab by spaces"
        )
    what = error.problem or error.context or "it cannot be parsed"
    return Finding(
        "PPF101", f"this is not valid YAML: {what}", where, evidence=line.strip()[:80], fix=_guess(what)
    )


def _guess(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "quote the value if it contains ': ', or check the indentation"
    if "expected <block end>" in problem or "did not find expected key" in problem:
        return "check the indentation of this line and the one before"
    if "could not find expected ':'" in problem:
        return "is a ':' or a closing quote missing in the line before?"
    if "undefined alias" in problem:
        return "an asterisk starts an alias: quote the value if you mean the text"
    return ""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _unreadable(shown: str, why: str, fix: str) -> Finding:
    return Finding("PPF102", f"the file cannot be read: {why}", Location(shown), fix=fix)


def _position(path: Path, offset: int, shown: str) -> Location:
    before = path.read_bytes()[:offset]
    return Location(shown, before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1) + 1)
