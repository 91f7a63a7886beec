"""List the kinds of steps, or the keys of one."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from pipeproof.cli.frame import PASSED
from pipeproof.cli.say import say_findings, say_json, say_lines, style_for
from pipeproof.errors import ConfigError, Finding, UsageError, suggest
from pipeproof.plugins import STEPS, Kinds

if TYPE_CHECKING:
    from pipeproof.ports import StepKind
    from pipeproof.report.style import Style

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", type(None): "nothing"}
_OURS = "pipeproof"
_WIDEST_TYPE = 28


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("kind", metavar="KIND", nargs="?", help="a kind or one of its aliases")


def run(options: argparse.Namespace) -> int:
    """Say which kinds there are, or what one needs."""
    kinds = Kinds()
    style = style_for(sys.stdout)
    if options.kind is None:
        shown, broken = _usable(kinds)
        if broken:
            say_findings(broken, "text")
        if options.format == "json":
            say_json({"schema": "pipeproof.steps/1", "kinds": [kind_document(kind) for kind in shown]})
        else:
            say_lines(_list_lines(shown, style))
        return PASSED
    kind = _find(options.kind, kinds)
    if options.format == "json":
        say_json({"schema": "pipeproof.steps/1", "kinds": [kind_document(kind)]})
    else:
        say_lines(kind_lines(kind, style))
    return PASSED


def _usable(kinds: Kinds) -> tuple[list[StepKind], list[Finding]]:
    """Return the kinds that can be imported, and what is wrong with the others."""
    usable: list[StepKind] = []
    broken: list[Finding] = []
    for name in kinds:
        try:
            usable.append(kinds[name])
        except ConfigError as error:
            broken += error.findings
    return [kind for kind in usable if not kind.hidden], broken


def _find(name: str, kinds: Kinds) -> StepKind:
    resolved = kinds.resolve(name)
    if resolved is None or kinds[resolved[0]].hidden:
        raise UsageError(
            Finding("PPF115", f"there is no step kind {name!r}", fix=suggest(name, kinds.known()))
        )
    return kinds[resolved[0]]


def _list_lines(kinds: Sequence[StepKind], style: Style) -> Iterator[str]:
    from pipeproof.report.cells import pad

    widest = max(len(kind.name) for kind in kinds)
    for kind in kinds:
        also = f"  (also {', '.join(kind.aliases)})" if kind.aliases else ""
        origin = package_of(kind)
        by = f"  [from {origin}]" if origin != _OURS else ""
        yield f"  {style('bold', pad(kind.name, widest))}  {kind.summary}{also}{by}"
    yield "pipeproof steps KIND says what a kind needs."


def kind_lines(kind: StepKind, style: Style) -> Iterator[str]:
    """Yield what a step of a kind needs, may have, and looks like."""
    yield f"{style('bold', kind.name)} · {kind.summary}"
    for alias, implied in kind.aliases.items():
        given = ", ".join(f"{key}: {value}" for key, value in implied.items())
        yield f"also written {alias}" + (f" ({given})" if given else "")
    if package_of(kind) != _OURS:
        yield f"from the package {package_of(kind)}"
    keys = config_keys(kind.config)
    yield from _key_lines("needs", [key for key in keys if key["required"]])
    yield from _key_lines("may have", [key for key in keys if not key["required"]])
    for part in parts_of(kind):
        title = f"{part['type']}: {part['summary']}" if part["summary"] else part["type"]
        yield from _key_lines(title, part["keys"])
    yield ""
    yield "any step may have, beside type, name and config:"
    yield from (f"  {line}" for line in _wrapped(", ".join(_common_keys())))
    yield ""
    yield "example:"
    yield from (f"  {line}" for line in kind.example.rstrip().splitlines())


def _key_lines(title: str, keys: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield ""
    yield title + ("" if keys else ": nothing")
    names = max((len(key["name"]) for key in keys), default=0)
    kinds = max((len(key["type"]) for key in keys if len(key["type"]) <= _WIDEST_TYPE), default=6)
    for key in keys:
        default = "" if key["default"] in {None, ""} else f" (unless given: {_shown(key['default'])})"
        kind, doc = key["type"], key["doc"]
        if len(kind) > _WIDEST_TYPE:
            kind, doc = "choice", _with_choices(doc, kind.split(" | "))
        yield f"  {key['name']:<{names}}  {kind:<{kinds}}  {doc}{default}".rstrip()


def _with_choices(doc: str, choices: Sequence[str]) -> str:
    return doc if all(choice in doc for choice in choices) else f"{doc} One of: {', '.join(choices)}."


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 90)


def _common_keys() -> list[str]:
    from pipeproof.loading.spec import StepSpec

    return [name for name in StepSpec.model_fields if name not in {"name", "type", "config"}]


def kind_document(kind: StepKind) -> dict[str, Any]:
    """Return a kind as plain data."""
    return {
        "name": kind.name,
        "summary": kind.summary,
        "package": package_of(kind),
        "aliases": {alias: dict(implied) for alias, implied in kind.aliases.items()},
        "keys": config_keys(kind.config),
        "parts": parts_of(kind),
        "example": kind.example,
    }


def parts_of(kind: StepKind) -> list[dict[str, Any]]:
    """Return the mappings that stand inside a kind's config, such as the operations of a transform."""
    found = []
    for record in _records(typing.get_type_hints(kind.config, include_extras=True).values()):
        keys = config_keys(record)
        tag = next((key["type"] for key in keys if key["name"] == "type"), record.__name__)
        others = [key for key in keys if key["name"] != "type"]
        found.append({"type": tag, "summary": _first_line(record), "keys": others})
    return found


def config_keys(config: type) -> list[dict[str, Any]]:
    """Return the keys of a config dataclass: name, type in words, whether required, default, what it is for."""
    hints = typing.get_type_hints(config, include_extras=True)
    return [
        {
            "name": field.name.rstrip("_"),  # with_ is the key `with`, a word that Python keeps for itself
            "type": in_words(hints[field.name]),
            "required": field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
            "default": _default(field),
            "doc": field.metadata.get("doc", ""),
        }
        for field in dataclasses.fields(config)
    ]


def _default(field: dataclasses.Field[Any]) -> Any:
    value = None if field.default is dataclasses.MISSING else field.default
    return value if isinstance(value, str | int | float | bool) else None


def in_words(hint: Any) -> str:
    """Return a type as a person would say it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return in_words(arguments[0])
    if origin is typing.Literal:
        return " | ".join(str(item) for item in arguments)
    if origin in {typing.Union, types.UnionType}:
        parts = [in_words(item) for item in arguments if item is not type(None)]
        return " or ".join(dict.fromkeys(parts))
    if origin is not None and issubclass(origin, Mapping):
        return "mapping"
    if origin in {list, tuple} or hint in {list, tuple}:
        item = next((part for part in arguments if part is not Ellipsis), None)
        return f"list of {in_words(item)}" if item not in {None, Any} else "list"
    if dataclasses.is_dataclass(hint):
        return "mapping"
    return _WORDS.get(hint, "any value")


def _records(hints: Any) -> list[type]:
    """Return the config dataclasses that stand inside types, in order."""
    found: list[type] = []
    for hint in hints:
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            found.append(hint)
        else:
            found += _records(part for part in typing.get_args(hint) if not isinstance(part, str))
    return list(dict.fromkeys(found))


def _first_line(record: type) -> str:
    return (record.__doc__ or "").strip().partition("\n")[0]


def package_of(kind: StepKind) -> str:
    """Return the distribution that registers a kind."""
    points = entry_points(group=STEPS, name=kind.name)
    return next((point.dist.name for point in points if point.dist is not None), _OURS)
