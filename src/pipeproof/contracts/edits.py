"""The single steps that lead from one version of a column to the next, each alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pipeproof.contracts.constraints import NUMERIC, digits_say, format_says, many, maximum_says, minimum_says
from pipeproof.contracts.counter import VALUE_FIELDS
from pipeproof.contracts.verdict import show
from pipeproof.model.contract import Column, Limit

_Says = Callable[[Column], str]


@dataclass(frozen=True, slots=True)
class Edit:
    """One step: the column after it, the others as before.

    Attributes:
        column: The column with this one change.
        rule: The rule that changed, with the field or `items` of nested values before it.
        what: What changed.
        only_words: Whether nothing is said of the data.
    """

    column: Column
    rule: str
    what: str
    only_words: bool = False


_RULES: Mapping[str, tuple[tuple[str, ...], _Says]] = MappingProxyType(
    {
        "minimum": (("minimum", "minimum_open"), minimum_says),
        "maximum": (("maximum", "maximum_open"), maximum_says),
        "pattern": (("pattern",), lambda column: f"matches {column.pattern}"),
        "format": (("format",), format_says),
        "min_length": (("min_length",), lambda column: f"at least {many(column.min_length, 'character')}"),
        "max_length": (("max_length",), lambda column: f"at most {many(column.max_length, 'character')}"),
        "multiple_of": (("multiple_of",), lambda column: f"a multiple of {column.multiple_of}"),
        "digits": (("precision", "scale"), lambda column: digits_say(column).removeprefix("has ")),
        "min_items": (("min_items",), lambda column: f"at least {many(column.min_items, 'item')}"),
        "max_items": (("max_items",), lambda column: f"at most {many(column.max_items, 'item')}"),
        "order": (("order",), lambda column: f"{column.order}"),
    }
)
_FLAGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "nullable": ("may be missing", "may no longer be missing"),
        "unique": ("must be unique", "need no longer be unique"),
        "required": ("must be there", "may be absent"),
    }
)
_WORDS = ("description", "privacy", "physical", "generator")


def edits(old: Column, new: Column, name: str = "") -> Iterator[Edit]:
    """Yield the steps from one version of a column to the next.

    Args:
        old: The column as it was.
        new: The column as it is.
        name: What to call it; its name unless given.
    """
    whose = name or f"column {old.name!r}"
    types = f"{whose}: {old.type or 'any type'} → {new.type or 'any type'}"
    if _is_retyped(old, new):
        taken = {field: getattr(new, field) for field in VALUE_FIELDS}
        yield Edit(replace(old, **taken), "type", types)
    else:
        if old.type != new.type:
            yield Edit(replace(old, type=new.type), "type", types)
        yield from _of_values(old, new, whose)
    yield from _flags(old, new, whose)
    yield from _others(old, new, whose)


def _is_retyped(old: Column, new: Column) -> bool:
    """Return whether the type is another one, to which the old rules of values mean nothing."""
    return (
        old.type != new.type
        and not (old.type in NUMERIC and new.type in NUMERIC)
        and None not in {old.type, new.type}
    )


def _of_values(old: Column, new: Column, whose: str) -> Iterator[Edit]:
    for rule, (names, says) in _RULES.items():
        taken = {name: getattr(new, name) for name in names}
        if taken == {name: getattr(old, name) for name in names}:
            continue
        was = says(old) if getattr(old, names[0]) is not None or _has(old, names) else ""
        now = says(new) if getattr(new, names[0]) is not None or _has(new, names) else ""
        if was != now:
            yield Edit(replace(old, **taken), rule, f"{whose}: {_said(was, now)}")
    if old.categories != new.categories:
        yield Edit(replace(old, categories=new.categories), "categories", f"{whose}: {_categories(old, new)}")
    yield from _nested(old, new, whose)


def _has(column: Column, names: tuple[str, ...]) -> bool:
    return any(getattr(column, name) not in {None, False} for name in names)


def _said(was: str, now: str) -> str:
    if was and now:
        return f"{was} → {now}"
    return f"now {now}" if now else f"no longer {was}"


def _categories(old: Column, new: Column) -> str:
    if not old.categories or not new.categories:
        listed = ", ".join(map(show, new.categories or old.categories))
        return f"only {listed} from now on" if new.categories else f"no longer only {listed}"
    more = [show(item) for item in new.categories if item not in old.categories]
    less = [show(item) for item in old.categories if item not in new.categories]
    parts = [
        *([f"new {'category' if len(more) == 1 else 'categories'} {', '.join(more)}"] if more else []),
        *([f"{', '.join(less)} {'is' if len(less) == 1 else 'are'} no longer a category"] if less else []),
    ]
    return "; ".join(parts) or "the categories stand in another order"


def _nested(old: Column, new: Column, whose: str) -> Iterator[Edit]:
    if old.items is not None and new.items is not None:
        for edit in edits(old.items, replace(new.items, name=old.items.name), f"the items of {whose}"):
            yield replace(edit, column=replace(old, items=edit.column), rule=f"items.{edit.rule}")
    elif old.items != new.items:
        says = "are from now on described" if new.items else "are no longer described"
        yield Edit(replace(old, items=new.items), "items", f"the items of {whose} {says}")
    if old.fields and new.fields:
        yield from _fields(old, new, whose)
    elif old.fields != new.fields:
        says = "are from now on described" if new.fields else "are no longer described"
        yield Edit(replace(old, fields=new.fields), "fields", f"the fields of {whose} {says}")


def _fields(old: Column, new: Column, whose: str) -> Iterator[Edit]:
    known = {field.name: field for field in new.fields}
    for field in old.fields:
        path = f"field {field.name!r} of {whose}"
        if field.name not in known:
            others = tuple(other for other in old.fields if other is not field)
            yield Edit(replace(old, fields=others), f"{field.name}.removed", f"{path} is removed")
            continue
        for edit in edits(field, known[field.name], path):
            changed = tuple(edit.column if other is field else other for other in old.fields)
            yield replace(edit, column=replace(old, fields=changed), rule=f"{field.name}.{edit.rule}")
    for field in new.fields:
        if field.name not in {other.name for other in old.fields}:
            says = f"field {field.name!r} of {whose} is new" + (
                "" if field.required else ", and may be absent"
            )
            yield Edit(replace(old, fields=(*old.fields, field)), f"{field.name}.added", says)


def _flags(old: Column, new: Column, whose: str) -> Iterator[Edit]:
    for flag, (yes, no) in _FLAGS.items():
        now = getattr(new, flag)
        if now != getattr(old, flag):
            changed: dict[str, Any] = {flag: now}
            yield Edit(replace(old, **changed), flag, f"{whose} {yes if now else no}")


def _others(old: Column, new: Column, whose: str) -> Iterator[Edit]:
    for rule, says in limit_changes(old.limits, new.limits):
        kept = tuple(limit for limit in old.limits if limit.rule != rule)
        taken = tuple(limit for limit in new.limits if limit.rule == rule)
        yield Edit(replace(old, limits=(*kept, *taken)), f"limit of {rule}", f"{whose}: {says}")
    for word in _WORDS:
        if getattr(old, word) != getattr(new, word):
            changed: dict[str, Any] = {word: getattr(new, word)}
            was, now = str(getattr(old, word)), str(getattr(new, word))
            said = "another description" if word == "description" else f"{word} {_said(was, now)}"
            yield Edit(replace(old, **changed), word, f"{whose}: {said}", only_words=True)


def limit_changes(old: tuple[Limit, ...], new: tuple[Limit, ...]) -> Iterator[tuple[str, str]]:
    """Yield the rules whose limits changed, and how."""
    was, now = ({limit.rule: limit for limit in limits} for limits in (old, new))
    for rule in dict.fromkeys((*was, *now)):
        if was.get(rule) != now.get(rule):
            yield rule, f"{rule!r} may be broken {_limit(was.get(rule))} → {_limit(now.get(rule))}"


def _limit(limit: Limit | None) -> str:
    if limit is None:
        return "nowhere"
    parts = [
        *([f"in {limit.rows:,} rows"] if limit.rows else []),
        *([f"in {100 * limit.share:.3g} % of the rows"] if limit.share else []),
    ]
    where = " or ".join(parts) or "nowhere"
    return where if limit.severity == "error" else f"{where}, with a warning"
