"""``{parameter}`` in the fields that are templates; everything else with braces is left alone."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pipeproof.errors import ConfigError, Finding, suggest
from pipeproof.model.contract import Scalar, frozen
from pipeproof.model.pipeline import Source, Target
from pipeproof.model.step import Step
from pipeproof.ports import StepKind

P = TypeVar("P", Source, Target)
_BRACE = re.compile(r"\{\{|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}|\{|\}")


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class _Part:
    """A part of a text that is replaced: a placeholder, or a doubled brace when it has no name."""

    start: int
    end: int
    name: str = ""


def _parts(text: str) -> list[_Part]:
    """Return what is replaced in a text, in order.

    Doubled braces count as a pair alone: ``}}`` closes a ``{{`` unless it closes single braces
    between them, so JSON such as ``{"a":{"b":1}}`` is left as it is.
    """
    found: list[_Part] = []
    opened: list[int | None] = []  # where a `{{` stands, or None for a single brace
    at = 0
    while match := _BRACE.search(text, at):
        start, at = match.span()
        if match["name"]:
            found.append(_Part(start, at, match["name"]))
        elif match.group() != "}":
            opened.append(start if match.group() == "{{" else None)
        elif opened and opened[-1] is None:
            opened.pop()
        elif opened and text.startswith("}}", start):
            at = start + 2
            found += [_Part(begun, begun + 2) for begun in (opened.pop(),) if begun is not None]
            found.append(_Part(start, at))
    return sorted(found)


def names_in(value: Any) -> Iterator[str]:
    """Yield the placeholders in a template field: text, or text anywhere inside it."""
    if isinstance(value, str):
        yield from (part.name for part in _parts(value) if part.name)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from names_in(item)


def fill(value: Any, parameters: Mapping[str, Scalar]) -> Any:
    """Return a template field with its placeholders filled in; ``{{x}}`` becomes ``{x}``.

    A text that is one placeholder and nothing else becomes the value itself, with its type.

    Raises:
        ConfigError: A placeholder has no parameter.
    """
    if isinstance(value, str):
        return _fill_text(value, parameters)
    if isinstance(value, Mapping):
        return {key: fill(item, parameters) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(fill(item, parameters) for item in value)
    return value


def _fill_text(text: str, parameters: Mapping[str, Scalar]) -> Any:
    made, at = "", 0
    for part in _parts(text):
        if part.name and part.end - part.start == len(text):
            return _value(part.name, parameters)
        made += text[at : part.start] + (
            str(_value(part.name, parameters)) if part.name else text[part.start]
        )
        at = part.end
    return made + text[at:]


def _value(name: str, parameters: Mapping[str, Scalar]) -> Scalar:
    if name not in parameters:
        fix = suggest(name, parameters) or f"declare it under `parameters:` or give -p {name}=VALUE"
        raise ConfigError(Finding("PPF132", f"the placeholder {{{name}}} has no parameter", fix=fix))
    return parameters[name]


def fill_path(place: P, parameters: Mapping[str, Scalar]) -> P:
    """Return a source or target with the placeholders of its path filled in.

    Raises:
        ConfigError: A placeholder has no parameter, or a value leads out of the folder.
    """
    path = str(fill(place.path, parameters))
    climbs = ".." in Path(path).parts and ".." not in Path(place.path).parts
    if climbs or (Path(path).is_absolute() and not Path(place.path).is_absolute()):
        what = f"{place.name}: a parameter leads its path out of the folder: {path}"
        raise ConfigError(
            Finding("PPF127", what, fix="give a value without '..' that does not begin with '/'")
        )
    return dataclasses.replace(place, path=path) if path != place.path else place


def fill_step(step: Step, kind: StepKind, parameters: Mapping[str, Scalar]) -> Step:
    """Return a step with the template fields of its config, its environment and its own values filled in."""
    given = fill(dict(step.given), parameters)
    parameters = {**parameters, **given}
    environment = fill(dict(step.environment), parameters)
    config = step.config
    filled = {name: fill(getattr(config, name), parameters) for name in kind.templates}
    if any(item != getattr(config, name) for name, item in filled.items()):
        config = dataclasses.replace(config, **filled)  # type: ignore[type-var]  # a config is a dataclass
    if config is step.config and not environment and not given:
        return step  # as most steps, of which there may be thousands
    return dataclasses.replace(
        step,
        config=config,
        environment={k: str(v) for k, v in environment.items()},
        given=frozen(given),
    )
