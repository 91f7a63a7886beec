"""YAML text to nodes: safe, located, YAML 1.2 scalars, duplicate keys refused."""

from __future__ import annotations

import math
import re
import stat
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import yaml

from pipeproof.errors import ConfigError, Finding, Location, first_line
from pipeproof.loading.node import Node

LARGEST = 10 * 2**20
_MOST_NODES = 200_000
_DEEPEST = 100
_SUSPICIOUS = 1_000  # brackets, or columns of the longest line
_MOST_DIGITS = 400  # beyond some thousand Python refuses to convert
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_PLAIN = "plain"
_STRING = "tag:yaml.org,2002:str"
_TAGS = {
    _PLAIN,
    "!",
    *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")),
}


class _Loader(_Base):  # type: ignore[misc]  # the C loader when there is one
    """Leaves plain scalars to `resolve`: YAML 1.1's resolvers would guess, and take a third of the time."""

    yaml_implicit_resolvers: ClassVar[dict[None, list[tuple[str, re.Pattern[str]]]]] = {
        None: [(_PLAIN, re.compile(""))]
    }


_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# The scalars of YAML 1.2's core schema: `no`, `on` and 2013-07-03 stay text.
_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE, _FALSE = {"true", "True", "TRUE"}, {"false", "False", "FALSE"}
_INTEGER = re.compile(r"[-+]?[0-9]+\Z|0x[0-9a-fA-F]+\Z|0o[0-7]+\Z")
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
        binary = b"\0" in error.object and not error.object.startswith((b"\xff\xfe", b"\xfe\xff"))
        raise ConfigError(
            Finding(
                "PPF102",
                f"this is not UTF-8 (byte 0x{error.object[error.start]:02x})",
                where,
                fix="is it a binary file?" if binary else "save the file as UTF-8",
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
        _refuse_deep(text, shown)
        documents: list[yaml.Node | None] = list(yaml.compose_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_syntax(error, text, shown)) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(_unreadable_text(error, text, shown)) from None
    present = [document for document in documents if document is not None]
    if not present:
        fix = "start with `workflow:`, or make a project with `pipeproof new NAME`"
        raise ConfigError(Finding("PPF107", "the file is empty", Location(shown), fix=fix))
    if len(present) > 1:
        where = _place(present[1], shown)
        raise ConfigError(
            Finding("PPF107", "a second document starts here", where, fix="keep one document a file")
        )
    builder = _Builder(shown, text)
    node = builder.build(present[0])
    if builder.problems:
        raise ConfigError(*builder.problems)
    if not isinstance(node.value, dict):
        kind = "a list" if isinstance(node.value, list) else f"the value {node.value!r}"[:60]
        fix = "start with a key such as `workflow:`"
        raise ConfigError(Finding("PPF107", f"a mapping is needed here, this is {kind}", node.where, fix=fix))
    return node


def _refuse_deep(text: str, shown: str) -> None:
    """Refuse text that nests too deeply, before the parser's own recursion ends the process.

    A level takes a bracket or a column, so most files need no look at their events.

    Raises:
        ConfigError: It does.
    """
    if text.count("[") + text.count("{") < _SUSPICIOUS and max(map(len, text.split("\n"))) < _SUSPICIOUS:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST and (mark := event.start_mark) is not None:
            raise ConfigError(_too_deep(Location(shown, mark.line + 1, mark.column + 1)))


def _too_deep(where: Location) -> Finding:
    what = f"this is not usable YAML: it is nested too deeply (more than {_DEEPEST} levels)"
    return Finding("PPF101", what, where, fix="flatten it, or check the brackets")


class _Builder:
    """Turns composed YAML into nodes and gathers every problem on the way."""

    def __init__(self, shown: str, text: str) -> None:
        self.shown = shown
        self.text = text
        self.problems: list[Finding] = []
        self.count = 0

    def build(self, raw: yaml.Node, depth: int = 0) -> Node:
        where = _place(raw, self.shown)
        self.count += 1
        if depth > _DEEPEST:
            raise ConfigError(*self.problems, _too_deep(where))
        if self.count > _MOST_NODES:
            what = f"this is not usable YAML: with its aliases it has more than {_MOST_NODES:,} values"
            raise ConfigError(
                *self.problems, Finding("PPF101", what, where, fix="use fewer aliases of aliases")
            )
        if raw.tag not in _TAGS:
            shown = raw.tag.replace("tag:yaml.org,2002:", "!!")
            fix = "remove the tag; configuration is plain data"
            self.problems.append(Finding("PPF101", f"the tag {shown} is not allowed", where, fix=fix))
        if isinstance(raw, yaml.MappingNode):
            return self._mapping(raw, where, depth)
        if isinstance(raw, yaml.SequenceNode):
            return Node([self.build(item, depth + 1) for item in raw.value], where)
        style = getattr(raw, "style", None)
        indent = self._indent(raw) if style == "|" else None
        return Node(self._scalar(raw), where, indent=indent, quoted=style in {"'", '"'})

    @cached_property
    def _lines(self) -> list[str]:
        # As YAML and editors count them: splitlines() would also split at form feeds.
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def _indent(self, raw: yaml.Node) -> int:
        """Return how far a literal block is indented in the file beyond what belongs to its text."""
        following = self._lines[raw.start_mark.line + 1 : raw.end_mark.line + 1]
        line = next((line for line in following if line.strip()), "")
        first = next((line for line in raw.value.split("\n") if line.strip()), "")
        return (len(line) - len(line.lstrip(" "))) - (len(first) - len(first.lstrip(" ")))

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

    @staticmethod
    def _scalar(raw: yaml.Node) -> Any:
        text: str = raw.value
        return text if raw.tag in {_STRING, "!"} else resolve(text)


def resolve(text: str) -> Any:
    """Return what plain text stands for by YAML 1.2's core schema."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.match(text) and len(text) < _MOST_DIGITS:
        return int(text, 0) if text[:2] in {"0x", "0o"} else int(text)
    if _FLOAT.match(text) and (number := _number(text)) is not None:
        return number
    return text


def _number(text: str) -> float | None:
    """Return a float, or None when the text means more than a float can hold."""
    word = text.lower().lstrip("+-")
    number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return number if math.isfinite(number) or word in {".inf", ".nan"} else None


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
    if "quoted scalar" in (error.context or "") and "end of" in what and error.context_mark:
        start = error.context_mark
        what, where = "this quote is not closed", Location(shown, start.line + 1, start.column + 1)
        line = lines[start.line] if start.line < len(lines) else ""
    return Finding(
        "PPF101", f"this is not valid YAML: {what}", where, evidence=line.strip()[:80], fix=_guess(what)
    )


_GUESSES = {
    "quote is not closed": "add the closing quote",
    "mapping values are not allowed": "quote the value if it contains ': ', or check the indentation",
    "expected <block end>": "check the indentation of this line and the one before",
    "did not find expected key": "check the indentation of this line and the one before",
    "could not find expected ':'": "is a ':' or a closing quote missing in the line before?",
    "undefined alias": "an asterisk starts an alias: quote the value if you mean the text",
    "expected alphabetic or numeric": "* and & start aliases and anchors: quote the value if you mean the text",
    "did not find expected ',' or": "close the bracket that was opened before, or put a comma",
    "cannot start any token": "quote the value: it starts with a character that means something in YAML",
    "directive": "a % at the start of a line means something in YAML: quote the value",
}


def _guess(problem: str) -> str:
    found = (fix for part, fix in _GUESSES.items() if part in problem)
    return next(found, "check quotes, colons, brackets and indentation here and in the line before")


def _unreadable_text(error: Exception, text: str, shown: str) -> Finding:
    bad = _UNREADABLE.search(text)
    if bad is None:
        what = f"this is not valid YAML: {first_line(error)}"
        return Finding("PPF101", what, Location(shown), fix=_guess(what))
    line = text.count("\n", 0, bad.start()) + 1
    column = bad.start() - text.rfind("\n", 0, bad.start())
    what = f"this is not valid YAML: it holds the control character 0x{ord(bad.group()):02x}"
    fix = f'is it a binary file? In text, write it as "\\x{ord(bad.group()):02x}" in double quotes'
    return Finding("PPF101", what, Location(shown, line, column), fix=fix)


def _unreadable(shown: str, why: str, fix: str) -> Finding:
    return Finding("PPF102", f"the file cannot be read: {why}", Location(shown), fix=fix)


def _position(path: Path, offset: int, shown: str) -> Location:
    before = path.read_bytes()[:offset]
    return Location(shown, before.count(b"\n") + 1, offset - (before.rfind(b"\n") + 1) + 1)
