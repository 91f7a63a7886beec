"""Plain data to typed values by pydantic, with every problem as a located finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import ValidationError

from pipeproof.errors import Finding, closest, suggest
from pipeproof.loading.node import Node, Path
from pipeproof.loading.shapes import adapter, doc_of, known_keys

T = TypeVar("T")
_LONG = 60
_MISSING = {"missing", "missing_argument"}
_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}


def validate(
    kind: type[T],
    plain: Any,
    node: Node,
    path: Path,
    problems: list[Finding],
    *,
    what: str,
    step: str = "",
) -> T | None:
    """Return `plain` as a `kind`, or None; unknown keys are reported and left out.

    Args:
        kind: A pydantic model or a dataclass.
        plain: The data, with defaults that are not in the file laid under it.
        node: The file that `path` leads into.
        path: Where the data stand in it.
        problems: Takes every problem.
        what: What the data are, for messages: "step 'train'".
        step: The step they belong to.
    """
    any_kind: Any = kind
    try:
        valid: T = adapter(any_kind).validate_python(plain)
    except ValidationError as error:
        found = _one_each(error, plain)
        wrong = _without_misspelt(found)
        problems += [_finding(kind, item, node, path, what, step) for item in wrong]
        unknown = [item.real for item in wrong if item.type in _UNKNOWN]
        rest = _without(plain, unknown)
        if len(unknown) < len(found) or rest == plain:
            return None
        return validate(kind, rest, node, path, problems, what=what, step=step)
    return valid


@dataclass(frozen=True, slots=True)
class _Wrong:
    """What pydantic says of one value.

    Attributes:
        type: pydantic's name of the error.
        location: pydantic's path, in which unions add the names of their members.
        real: The path within the data.
        given: The value.
        context: What the message needs.
        says: What is needed instead, one text for each member of a union.
    """

    type: str
    location: Path
    real: Path
    given: Any
    context: Mapping[str, Any]
    says: tuple[str, ...]


def _one_each(error: ValidationError, plain: Any) -> list[_Wrong]:
    """Return one error for each wrong value, although every member of a union complains of it."""
    found: dict[tuple[Path, bool], _Wrong] = {}
    for item in error.errors(include_url=False):
        location = tuple(item["loc"])
        named = item["type"] in _MISSING
        real = _real(location[:-1] if named else location, plain) + (location[-1:] if named else ())
        wrong = _Wrong(item["type"], location, real, item["input"], item.get("ctx", {}), (_needed(item),))
        known = found.get((real, named))
        if known is None:
            found[real, named] = wrong
        elif known.type not in _UNKNOWN:
            found[real, named] = replace(known, says=tuple(dict.fromkeys([*known.says, *wrong.says])))
    # A member that got further knows better what was meant.
    deeper = [wrong.real for wrong in found.values()]
    return [
        wrong
        for wrong in found.values()
        if not any(len(real) > len(wrong.real) and real[: len(wrong.real)] == wrong.real for real in deeper)
    ]


def _real(location: Path, plain: Any) -> Path:
    kept: list[str | int] = []
    for part in location:
        in_list = isinstance(plain, list) and isinstance(part, int) and part < len(plain)
        if in_list or (isinstance(plain, Mapping) and part in plain):
            kept.append(part)
            plain = plain[part]
    return tuple(kept)


def _without(plain: Any, locations: Sequence[Path]) -> Any:
    """Return a copy of plain data without the keys at these locations."""
    if isinstance(plain, Mapping):
        here = {location[0] for location in locations if len(location) == 1}
        below = [location for location in locations if len(location) > 1]
        return {key: _without(value, _under(below, key)) for key, value in plain.items() if key not in here}
    if isinstance(plain, list):
        return [_without(value, _under(locations, index)) for index, value in enumerate(plain)]
    return plain


def _under(locations: Sequence[Path], part: str | int) -> list[Path]:
    return [location[1:] for location in locations if location and location[0] == part]


def _finding(kind: type, wrong: _Wrong, node: Node, path: Path, what: str, step: str) -> Finding:
    full = (*path, *wrong.real)
    key = str(wrong.location[-1]) if wrong.location else ""
    if wrong.type in _UNKNOWN:
        known = known_keys(kind, wrong.location[:-1])
        where = node.locate_key(full)
        fix = suggest(key, known) or "remove it"
        return Finding("PPF103", f"unknown key {key!r} in {what}", where, path=full, step=step, fix=fix)
    where = node.locate(full)
    if wrong.type in _MISSING:
        inside = ".".join(str(part) for part in wrong.real[:-1])
        place = f"{what}, in {inside}" if inside else what
        doc = doc_of(kind, wrong.location)
        fix = f"add {key}: {doc[:1].lower()}{doc[1:]}"
        return Finding("PPF104", f"{place} needs the key {key!r}", where, path=full, step=step, fix=fix)
    name = ".".join(str(part) for part in wrong.real)
    said = " or ".join(wrong.says) + f", this is {_shown(_chosen(wrong))}"
    message = (f"{name} in {what}: {said}" if name else f"{what}: {said}")[:300]
    fix = _choices(wrong) or "correct the value"
    return Finding("PPF105", message, where, path=full, step=step, fix=fix)


def _shown(given: Any) -> str:
    if isinstance(given, dict | list):
        return "a mapping" if isinstance(given, dict) else "a list"
    text = repr(given)
    return text if len(text) < _LONG else f"{text[:_LONG]}..."


def _needed(error: Any) -> str:
    kind, context = error["type"], error.get("ctx", {})
    wanted = {
        "string_type": "text is needed",
        "int_type": "a whole number is needed",
        "int_parsing": "a whole number is needed",
        "float_type": "a number is needed",
        "float_parsing": "a number is needed",
        "bool_type": "true or false is needed",
        "bool_parsing": "true or false is needed",
        "list_type": "a list is needed",
        "tuple_type": "a list is needed",
        "dict_type": "a mapping is needed",
        "mapping_type": "a mapping is needed",
        "model_type": "a mapping is needed",
        "dataclass_type": "a mapping is needed",
        "model_attributes_type": "a mapping is needed",
        "literal_error": "one of the choices is needed",
        "union_tag_invalid": "one of the types is needed",
        "union_tag_not_found": "the key 'type' is missing",
        "string_pattern_mismatch": "letters, digits, _ . - only",
        "greater_than": f"must be above {context.get('gt')}",
        "greater_than_equal": f"must be at least {context.get('ge')}",
        "less_than_equal": f"must be at most {context.get('le')}",
        "too_short": f"needs at least {context.get('min_length')} items",
        "string_too_short": "must not be empty",
        "int_from_float": "a whole number is needed",
    }.get(kind)
    if wanted is None:
        wanted = str(context["error"]) if "error" in context else error["msg"].lower()
    return wanted


def _choices(wrong: _Wrong) -> str:
    expected = wrong.context.get("expected") or wrong.context.get("expected_tags")
    if not expected or wrong.type not in {"literal_error", "union_tag_invalid"}:
        return ""
    names = [part.strip().strip("'") for part in str(expected).replace(" or ", ", ").split(",")]
    return suggest(str(_chosen(wrong)), names)


def _chosen(wrong: _Wrong) -> Any:
    """Return the wrong value itself: of a mapping told apart by its type, that type."""
    given = wrong.given
    told_apart = wrong.type == "union_tag_invalid" and isinstance(given, Mapping)
    return given.get("type") if told_apart else given


def _without_misspelt(wrong: list[_Wrong]) -> list[_Wrong]:
    """Leave out that a key is missing where another one beside it is that key, misspelt."""
    unknown = [(item.real[:-1], str(item.location[-1])) for item in wrong if item.type in _UNKNOWN]
    return [
        item
        for item in wrong
        if item.type not in _MISSING
        or not any(
            beside == item.real[: len(beside)] and closest(name, [str(item.location[-1])])
            for beside, name in unknown
        )
    ]
