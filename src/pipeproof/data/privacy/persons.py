"""One person in tables and texts: found by a key, and by what else of theirs stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipeproof.contracts.personal import words_of
from pipeproof.data.privacy.detecting import kinds_by_content
from pipeproof.errors import Finding, UsageError

if TYPE_CHECKING:
    import polars as pl

FORGOTTEN = "[forgotten]"
_OWN = frozenset({"email", "phone", "card", "bank", "national_id"})
_SHORTEST = 5  # characters of a value that is looked for in texts besides the key's own
_MOST_VALUES = 200


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

    def elsewhere(self, frame: pl.LazyFrame) -> list[str]:
        """Return the columns of texts, of other names, in which the value of a key stands."""
        import polars as pl

        wanted = {words_of(name) for name in self.keys}
        names = [
            name
            for name, kind in frame.collect_schema().items()
            if kind == pl.String and words_of(name) not in wanted
        ]
        said = [*self.keys.values(), *self.values]
        found = frame.select(pl.col(names).is_in(said).any()).collect(engine="streaming") if names else None
        return [name for name in names if found is not None and found[name].item()]

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

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        said = sorted({*self.keys.values(), *self.values, *self.names}, key=len, reverse=True)
        return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, said))})(?![\w-])")

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
