"""One person in tables and texts: found by a key, and by what else of theirs stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.personal import words_of
from pipeproof.data.privacy.detecting import kinds_by_content
from pipeproof.errors import Finding, UsageError, suggest

if TYPE_CHECKING:
    import polars as pl

FORGOTTEN = "[forgotten]"
_OWN = frozenset({"email", "phone", "card", "bank", "national_id"})
_SHORTEST = 5  # characters of a value that is looked for in texts besides the key's own
_MOST_VALUES = 200
_SHORTEST_KEY = 3  # characters of a key's value that is looked for in texts, _SHORTEST where all are digits
_LONG_NUMBER = 9  # digits; ids of other things have fewer


@dataclass(frozen=True)
class Person:
    """Who is meant: any row in which one of the columns has its value.

    Attributes:
        keys: Column → value, compared as text. Columns are the same whose names have the same words.
        values: What else stands for this person alone, such as an e-mail address; looked for in texts.
        names: Their full names, which others may have too; blotted out in texts, and nothing else follows from them.
    """

    keys: Mapping[str, str]
    values: frozenset[str] = field(default_factory=frozenset)
    names: frozenset[str] = field(default_factory=frozenset)

    def rows(self, frame: pl.LazyFrame) -> pl.Expr | None:
        """Return which rows of a table are about the person; None where it has no such column."""
        import polars as pl

        wanted = {words_of(name): value for name, value in self.keys.items()}
        asked = [
            (pl.col(name).cast(pl.String).str.strip_chars() == wanted[words_of(name)]).fill_null(value=False)
            for name, kind in frame.collect_schema().items()
            if words_of(name) in wanted and not kind.is_nested()
        ]
        return pl.any_horizontal(asked) if asked else None

    def elsewhere(self, frame: pl.LazyFrame) -> dict[str, int]:
        """Return the columns and nested fields in which a value stands, also inside of longer texts: name → how often."""
        import polars as pl

        schema = frame.collect_schema()
        leaves = [leaf for name, dtype in schema.items() for leaf in _leaves(name, pl.col(name), dtype)]
        asked = {
            name: found for name, leaf, kind in leaves if (found := self._stands(leaf, kind)) is not None
        }
        if not asked:
            return {}
        told = frame.select(found.sum().alias(name) for name, found in asked.items())
        return {
            name: int(times)
            for name, times in told.collect(engine="streaming").row(0, named=True).items()
            if times
        }

    def _stands(self, leaf: pl.Expr, dtype: pl.DataType) -> pl.Expr | None:
        import polars as pl

        if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
            said = self._alternatives(self.sought)
            # The engine of Polars looks neither ahead nor behind.
            return leaf.cast(pl.String).str.contains(rf"(?:^|[^\w-])(?:{said})(?:$|[^\w-])") if said else None
        numbers = [value for value in self._distinctive if value.isdigit()]
        return leaf.cast(pl.String).is_in(numbers) if numbers and dtype.is_integer() else None

    def with_values_of(self, rows: pl.DataFrame) -> Person:
        """Return the same person with what stands in their rows, in columns that hold such data."""
        kinds = kinds_by_content(rows.lazy(), rows.columns)
        own = _in(rows, [name for name, kind in kinds.items() if kind in _OWN])
        full = {
            name
            for name in _in(rows, [name for name, kind in kinds.items() if kind == "name"])
            if " " in name
        }
        return Person(self.keys, self.values | own, self.names | full)

    @property
    def sought(self) -> frozenset[str]:
        """The values that are looked for in texts: not `7` or `no`, which stand everywhere."""
        return frozenset({value for value in self.keys.values() if _can_be_sought(value)} | self.values)

    @cached_property
    def _distinctive(self) -> list[str]:
        """The values that are nobody else's in any place: a short number in another column counts something else."""
        return [value for value in self.sought if not value.isdigit() or len(value) >= _LONG_NUMBER]

    def stands_in(self, data: Any) -> bool:
        """Say whether a value stands in bytes, of a file as it is."""
        said = self._alternatives(self._distinctive).encode()
        return bool(said) and re.search(rb"(?<![\w-])(?:" + said + rb")(?![\w-])", data) is not None

    @staticmethod
    def _alternatives(values: Iterable[str]) -> str:
        return "|".join(map(re.escape, sorted(values, key=len, reverse=True)))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        said = self._alternatives(self.sought | self.names)
        return re.compile(rf"(?<![\w-])(?:{said})(?![\w-])" if said else r"(?!)")

    def without(self, text: str) -> tuple[str, int]:
        """Return a text in which the person's values are blotted out, and how often they stood there.

        `C-1` is not found in `C-12` or `AC-1`.
        """
        return self._pattern.subn(FORGOTTEN, text)

    def without_in(self, document: Any) -> tuple[Any, int]:
        """Return plain data in which the person's values are blotted out, and how often they stood there."""
        if isinstance(document, str):
            return self.without(document)
        if isinstance(document, int | float) and not isinstance(document, bool):
            same = str(document) in self.keys.values() and len(str(document)) >= _SHORTEST
            return (FORGOTTEN, 1) if same else (document, 0)
        if isinstance(document, list):
            done = [self.without_in(item) for item in document]
            return [item for item, _ in done], sum(times for _, times in done)
        if isinstance(document, dict):
            done = [self.without_in(item) for pair in document.items() for item in pair]
            pairs = zip(done[::2], done[1::2], strict=True)
            return {str(name): item for (name, _), (item, _) in pairs}, sum(times for _, times in done)
        return document, 0


def _leaves(name: str, column: pl.Expr, dtype: Any) -> Iterator[tuple[str, pl.Expr, pl.DataType]]:
    """Yield a column, or the fields and items in it that are not nested: name, values, type."""
    import polars as pl

    if isinstance(dtype, pl.Struct):
        for inner in dtype.fields:
            yield from _leaves(f"{name}.{inner.name}", column.struct.field(inner.name), inner.dtype)
    elif isinstance(dtype, pl.List):
        yield from _leaves(name, column.explode(), dtype.inner)
    elif isinstance(dtype, pl.Array):
        yield from _leaves(name, column.arr.explode(), dtype.inner)
    else:
        yield name, column, dtype


def _can_be_sought(value: str) -> bool:
    return len(value) >= (_SHORTEST if value.isdigit() else _SHORTEST_KEY)


def _in(rows: pl.DataFrame, columns: Iterable[str]) -> set[str]:
    """Return the values of some columns that are long enough to mean somebody."""
    found = {
        str(value).strip() for name in columns for value in rows[name].drop_nulls().unique()[:_MOST_VALUES]
    }
    return {value for value in found if len(value) >= _SHORTEST}


def person_of(given: Iterable[str]) -> Person:
    """Return the person that `COLUMN=VALUE` words name.

    Raises:
        UsageError: One of them names nobody.
    """
    keys: dict[str, str] = {}
    wrong = []
    for item in given:
        name, mark, value = item.partition("=")
        if not mark or not name.strip() or not value.strip():
            shown = name.strip() or "COLUMN"
            wrong.append(Finding("PPF346", f"--key {item} names nobody", fix=f"write --key {shown}=VALUE"))
        keys[name.strip()] = value.strip()
    if wrong or not keys:
        raise UsageError(*wrong or [Finding("PPF346", "nobody is named", fix="write --key COLUMN=VALUE")])
    return Person(keys)


def unasked(person: Person, columns: Iterable[str]) -> tuple[str, ...]:
    """Return what of the keys cannot be asked.

    Raises:
        UsageError: Nothing of one can: no table has its column, and texts cannot be searched for its value.
    """
    words = {words_of(name) for name in columns}
    notes: list[str] = []
    wrong: list[Finding] = []
    for name, value in person.keys.items():
        short = value not in person.sought
        if words_of(name) not in words:
            found = Finding(
                "PPF342", f"no table has a column {name!r}", column=name, fix=suggest(name, columns)
            )
            if short:
                wrong.append(found)
            notes.append(f"{found.what}; {found.fix}" if found.fix else found.what)
        elif short:
            notes.append(
                f"the value of {name} is too short to be looked for in texts: columns alone are asked"
            )
    if wrong:
        raise UsageError(*wrong)
    return tuple(notes)
