"""Comparing two tables, or a table with the stored profile of another."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeproof.data.comparing.columns import find_columns
from pipeproof.data.comparing.drift import ALPHA, find_drift
from pipeproof.data.comparing.leakage import find_leaks
from pipeproof.data.comparing.matching import TOLERANCE, Matching
from pipeproof.data.comparing.result import PARTS, Leak, Part, TableDifference
from pipeproof.data.comparing.rows import find_rows, matchable
from pipeproof.data.comparing.sides import Table, opened, opened_one, profile_in
from pipeproof.data.privacy.masking import private_columns
from pipeproof.errors import Finding, UsageError, suggest
from pipeproof.model.contract import frozen


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of two tables; see `compare`."""

    key: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    label: str = ""
    alpha: float = ALPHA
    tolerance: float = TOLERANCE
    parts: tuple[Part, ...] = PARTS
    show_private: bool = False


def compare(  # noqa: PLR0913 each is a choice of a person with a default
    a: Any,
    b: Any,
    key: str | Sequence[str] | None = None,
    *,
    only: Sequence[str] = (),
    label: str = "",
    alpha: float = ALPHA,
    tolerance: float = TOLERANCE,
    parts: Collection[Part] = PARTS,
    show_private: bool = False,
) -> TableDifference:
    """Return what two tables differ in: columns, rows, and how the distribution of each column moved.

    Args:
        a: The table before: a path, or a table of Polars, pandas, Arrow or DuckDB; or its stored profile (a
            profile, its document, or the JSON file), against which rows are not compared and drift is approximate.
        b: The table after.
        key: The columns that tell rows apart; without one, whole rows are counted.
        only: The columns to compare; all unless given.
        label: A column that is to be predicted: columns that tell it all but perfectly are pointed out.
        alpha: Chance of one false alarm or more among all columns that is allowed, before effects are looked at.
        tolerance: How far floating-point numbers may be apart and count as the same, when rows are matched by a
            key: this part of the larger one, and this much where both are below 1.
        parts: What to compare: `schema`, `rows`, `drift`.
        show_private: Whether values of columns with personal data are shown as they are.

    Raises:
        UsageError: A column that was named is in neither table, or a number is out of range.
        ContractError: One of them is no table, or cannot be read.
    """
    keys = (key,) if isinstance(key, str) else tuple(key or ())
    chosen = tuple(part for part in PARTS if part in parts)
    asked = Asked(keys, tuple(only), label, alpha, tolerance, chosen, show_private)
    _refuse_numbers(asked)
    profile = profile_in(a)
    if profile is not None:
        return _since(profile, b, asked)
    with opened(a, b) as (before, after):
        return _between(before, after, asked)


def drift(a: Any, b: Any, *, only: Sequence[str] = (), alpha: float = ALPHA) -> TableDifference:
    """Return how the distribution of each column moved from one table to the other, and nothing else.

    Args:
        a: The table before, or its stored profile.
        b: The table after.
        only: The columns to compare; all that both have unless given.
        alpha: Chance of one false alarm or more among all columns that is allowed, before effects are looked at.
    """
    only_drift: tuple[Part, ...] = ("drift",)
    return compare(a, b, only=only, alpha=alpha, parts=only_drift)


def _between(first: Table, second: Table, asked: Asked) -> TableDifference:
    import polars as pl

    _refuse_names(asked, first.types, second.types)
    before, after = _chosen(first, asked), _chosen(second, asked)
    common = [name for name in before.types if name in after.types]
    private = _private(asked, before, after)
    a_rows, b_rows = pl.collect_all([table.frame.select(pl.len()) for table in (before, after)])
    matching = matchable(before, after, Matching(asked.key, tuple(common), asked.tolerance, private))
    compared = bool(matching.columns or matching.key)
    moved = (
        find_drift(before, after, _moving(common, asked), private, asked.alpha)
        if "drift" in asked.parts
        else None
    )
    names = _names(before, after)
    return TableDifference(
        names[0],
        names[1],
        a_rows.item(),
        b_rows.item(),
        columns=find_columns(before, after) if "schema" in asked.parts else None,
        rows=find_rows(before, after, matching) if "rows" in asked.parts and compared else None,
        drift=moved,
        leaks=(*_leaks(before, "first", asked), *_leaks(after, "second", asked)),
        alpha=asked.alpha,
        notes=tuple(_notes(common, matching, asked)),
    )


def _leaks(table: Table, which: Literal["first", "second"], asked: Asked) -> Iterator[Leak]:
    if asked.label in table.types:
        yield from find_leaks(table, which, asked.label, list(table.types), asked.key)


def _since(document: Any, b: Any, asked: Asked) -> TableDifference:
    import polars as pl

    from pipeproof.data.comparing.stored import columns_since, drift_since
    from pipeproof.data.profiling.profile import Profile

    profile = Profile.from_dict(document)
    with opened_one(b) as whole:
        types = {column.name: None for column in profile.columns}
        _refuse_names(asked, types, whole.types)
        table = _chosen(whole, asked)
        kept = {name for name in types if not asked.only or name in asked.only}
        profile = Profile(
            profile.name, profile.rows, profile.looked, tuple(c for c in profile.columns if c.name in kept)
        )
        common = [name for name in types if name in kept and name in table.types]
        private = _private(asked, table)
        return TableDifference(
            f"profile of {profile.name}",
            table.name,
            profile.rows,
            table.frame.select(pl.len()).collect().item(),
            columns=columns_since(profile, table) if "schema" in asked.parts else None,
            drift=drift_since(profile, table, _moving(common, asked), private, asked.alpha)
            if "drift" in asked.parts
            else None,
            leaks=tuple(_leaks(table, "second", asked)),
            alpha=asked.alpha,
            approximate=True,
            notes=("rows are not compared: a profile keeps none",) if "rows" in asked.parts else (),
        )


def _chosen(table: Table, asked: Asked) -> Table:
    """Return a table with the columns that were asked for, its key and the label."""
    if not asked.only:
        return table
    wanted = {*asked.only, *asked.key, asked.label}
    types = {name: kind for name, kind in table.types.items() if name in wanted}
    return Table(table.name, table.frame.select(list(types)), types)


def _moving(common: Sequence[str], asked: Asked) -> list[str]:
    """Return the columns whose distributions are compared: a key names rows and has none."""
    return [name for name in common if name not in asked.key and (not asked.only or name in asked.only)]


def _names(before: Table, after: Table) -> tuple[str, str]:
    if before.name != after.name:
        return before.name, after.name
    return f"{before.name} (before)", f"{after.name} (after)"


def _private(asked: Asked, *tables: Table) -> Mapping[str, str]:
    if asked.show_private:
        return {}
    found: dict[str, str] = {}
    for table in tables:
        found |= private_columns(None, table.types, table.frame)
    return frozen(found)


def _notes(common: Sequence[str], matching: Matching, asked: Asked) -> Iterator[str]:
    if not common:
        yield "the tables have no column in common: nothing but their columns could be compared"
    compared = {*matching.columns, *matching.key}
    left = [name for name in common if name not in compared]
    if left and "rows" in asked.parts:
        yield f"not compared row by row, as their types do not go together: {', '.join(left)}"


def _refuse_numbers(asked: Asked) -> None:
    problems = []
    if not 0 < asked.alpha < 1:
        problems.append(Finding("PPF339", f"alpha is {asked.alpha}", fix="give a number between 0 and 1"))
    if not 0 <= asked.tolerance < math.inf:
        what = f"the tolerance is {asked.tolerance}"
        problems.append(Finding("PPF339", what, fix="give a number from 0 on, such as 1e-9"))
    if problems:
        raise UsageError(*problems)


def _refuse_names(asked: Asked, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Refuse columns that are not there: a key must be in both tables, others in one of them."""
    both = [name for name in before if name in after]
    either = list(dict.fromkeys((*before, *after)))
    problems = [
        Finding("PPF339", f"the key {name!r} is not a column of both tables", fix=suggest(name, both))
        for name in asked.key
        if name not in both
    ]
    problems += [
        Finding("PPF339", f"{what} {name!r} is a column of neither table", fix=suggest(name, either))
        for what, names in (("column", asked.only), ("the label", [asked.label] if asked.label else []))
        for name in names
        if name not in either
    ]
    problems += [
        Finding("PPF339", f"the key {name!r} is named twice", fix="name it once")
        for name in dict.fromkeys(asked.key)
        if asked.key.count(name) > 1
    ]
    if problems:
        raise UsageError(*problems)
