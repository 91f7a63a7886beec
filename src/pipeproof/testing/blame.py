"""Which column a failure is about, and what to do: read from the error, the line, and the contracts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeproof.contracts.constraints import keeps
from pipeproof.errors import closest
from pipeproof.model.contract import Column, TableSchema
from pipeproof.model.outcome import Failure
from pipeproof.model.trial import Case

_BY_CASE = {
    "empty": "return early when there are no rows, or say in the contract of the input that there are some (rows: {min: 1})",
    "one_row": "handle a single row (spreads, splits and bins of one value), or ask for more in the contract (rows: {min: N})",
    "nulls": "fill or drop missing values before this line, or say in the contract that the column has none",
    "extremes": "handle the ends of the range, or narrow it in the contract of the input",
    "duplicates": "handle repeated rows, or say in the contract which columns are unique",
    "categories": "handle every category that the contract allows, or list only those that come",
}
_BY_KIND = {
    "timeout": "look for a loop without an end: the data of a trial are small",
    "memory": "read less at once, or give the step more with `resources: {memory: ...}`",
    "output": "write every output that the contract names, in every branch of the code",
    "exit": "raise an error that says what is wrong: who ends the process leaves no reason behind",
    "signal": "look at the end of the step's log, and at the library that was called last",
    "import": "install the package, or correct the import",
}
_BY_RULE = (
    (
        r"breaks '[≤≥<>]",
        "correct the values where they are made (has a unit changed?), or change the contract",
    ),
    ("is unique'", "keep one row of each, or take the rule out of the contract"),
    (
        "'has no missing values'",
        "fill or drop them where they are made, or allow them in the contract (nullable: true)",
    ),
    (
        r"^(?!.*column).* rows, the contract",
        "keep as many rows as promised, or change `rows:` in the contract",
    ),
    ("", "correct the values where they are made, or change the contract"),
)
_QUOTED = re.compile(r"""(['"])((?:(?!\1).)+)\1""")
_MISSING = re.compile(r"\b(?:nan|na|nat|none|nonetype|null|non-finite|missing)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Blame:
    """What a failure is about: a column, or none that is known, and what to do."""

    column: str = ""
    fix: str = ""


def blame(failure: Failure, case: Case, schemas: Iterable[TableSchema]) -> Blame:
    """Return what a failure is about.

    Args:
        failure: The failure.
        case: What was peculiar about the data.
        schemas: What the data of the step's inputs were made from.
    """
    columns = {column.name: column for schema in schemas for column in schema.columns}
    for found in (_by_message(failure, columns), _by_line(failure, columns)):
        if found is not None:
            return Blame(case.column or found.column, _given(failure) or found.fix or _usual(failure, case))
    return Blame(case.column, _given(failure) or _usual(failure, case))


def _given(failure: Failure) -> str:
    """Return what the failure itself says is to be done; more time is no help where data are small."""
    return "" if failure.kind == "timeout" else failure.fix


def correct(broken: str) -> str:
    """Return what to do about data that break a rule, by what was found."""
    return next(fix for pattern, fix in _BY_RULE if re.search(pattern, broken))


def _usual(failure: Failure, case: Case) -> str:
    return _BY_KIND.get(failure.kind) or _BY_CASE.get(case.name, "")


def _by_message(failure: Failure, columns: dict[str, Column]) -> Blame | None:
    """Read the error: it names a column, a value of one, or a column that there is not."""
    named = [match[2] for match in _QUOTED.finditer(failure.message)]
    for name in named:
        if name in columns:
            return _about(columns[name], failure)
    if failure.type != "KeyError" or len(named) != 1:
        return None
    name = named[0]
    allowed = [column for column in columns.values() if keeps(name, column)]
    owners = [column for column in allowed if column.categories] or [c for c in allowed if c.pattern]
    if len(owners) == 1:
        fix = (
            f"the contract allows {name!r} for {owners[0].name}: handle it, or list only the values that come"
        )
        return Blame(owners[0].name, fix)
    like = closest(name, columns)
    hint = f"; the contract has {like!r}" if like else ""
    return Blame(name, f"if {name!r} is a column of an input, its contract must name it{hint}")


def _by_line(failure: Failure, columns: dict[str, Column]) -> Blame | None:
    """Read the line that failed: it names just one column."""
    if not failure.frames:
        return None
    named = [name for name in _names_on(failure.frames[-1].text) if name in columns]
    return _about(columns[named[0]], failure) if len(set(named)) == 1 else None


def _names_on(line: str) -> Iterator[str]:
    yield from (match[2] for match in _QUOTED.finditer(line))
    yield from re.findall(r"\.([A-Za-z_]\w*)", line)


def _about(column: Column, failure: Failure) -> Blame:
    if column.nullable and _MISSING.search(f"{failure.type} {failure.message}"):
        fix = f"the contract allows missing values in {column.name}: fill or drop them before this line"
        return Blame(column.name, fix)
    return Blame(column.name, "")
