"""A profile as plain values: what is known of a table, ready to be shown, kept as JSON and read again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipeproof.data.profiling.score import Quality
from pipeproof.errors import ConfigError, Finding, Location
from pipeproof.model.codec import from_plain
from pipeproof.model.contract import Scalar

SCHEMA = "pipeproof.profile/1"
Unit = Literal["days", "microseconds", "nanoseconds"]


@dataclass(frozen=True, slots=True)
class Grid:
    """The distribution of numbers as quantiles and as a histogram; times are numbers of the column's unit.

    Attributes:
        levels: Levels from 0 to 1.
        quantiles: The number at each level.
        edges: Edges of the histogram, ascending; a bin holds its left edge, the last one both.
        counts: How many values lie in each bin, one less than there are edges.
        error: Largest share of the values by which the rank of a quantile may be off; 0 where all is exact.
    """

    levels: tuple[float, ...] = ()
    quantiles: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()
    counts: tuple[float, ...] = ()
    error: float = 0.0

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of each bin."""
        total = sum(self.counts) or 1
        return tuple(count / total for count in self.counts)

    def at(self, level: float) -> float | None:
        """Return the quantile at a level that is in the grid."""
        found = (number for known, number in zip(self.levels, self.quantiles, strict=True) if known == level)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Common:
    """A value that comes often.

    Attributes:
        value: The value; times as ISO text, None in a column whose values are not shown.
        count: How often it comes.
        share: Its share of the values that are not missing.
    """

    value: Scalar
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Shape:
    """What texts look like: `A` for a capital letter, `a` for a small one, `9` for a digit.

    Attributes:
        shape: The shape, such as `AA-999`.
        share: Share of the texts that were looked at.
    """

    shape: str
    share: float


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of texts in characters, of lists in elements, of binary values in bytes."""

    minimum: int
    mean: float
    maximum: int


@dataclass(frozen=True, slots=True)
class Texts:
    """What the texts of a column look like, of so many that were looked at.

    Attributes:
        looked: How many texts were looked at; drawn evenly where there are more.
        shapes: Their most frequent shapes.
        kinds: Kind of text → its share: number, date, other.
        odd: Share of the texts that are of a rarer kind than most, such as a word among numbers.
        respelled: Share that differ only in case or spaces from a more frequent spelling.
        spellings: Examples of such: several spellings of one value.
    """

    looked: int
    shapes: tuple[Shape, ...] = ()
    kinds: Mapping[str, float] = field(default_factory=dict)
    odd: float = 0.0
    respelled: float = 0.0
    spellings: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What is known of a column.

    Attributes:
        name: Its name.
        type: The contract's word for its type, or that of Polars where there is none.
        physical: Its type in Polars.
        rows: How many rows were looked at.
        nulls: How many values are null.
        nans: How many are not a number.
        infinite: How many are infinite; they are in no distribution.
        distinct: How many values are different; None where they cannot be compared.
        distinct_error: Standard error of that number as a share of it; 0 where it is exact.
        unique: Whether no value comes twice; None where that is not known.
        order: How the values follow each other from row to row.
        minimum: The smallest finite one; times as ISO text.
        maximum: The largest finite one.
        mean: Mean of the finite numbers; of times in their unit.
        std: Standard deviation of a sample.
        zeros: How many are 0.
        negative: How many are below 0.
        unit: The unit of numbers that stand for times: since 1970 for days and microseconds, of the day for
            nanoseconds.
        grid: How its numbers are distributed.
        common: Values that come often, the most frequent first; all of them where `others` is 0.
        others: Share of the values that `common` does not name.
        missed: How much more often than counted a value may come.
        lengths: Lengths of its texts or lists.
        texts: What its texts look like.
        private: The kind of personal data for which its values are not shown.
        fields: The fields of a struct.
    """

    name: str
    type: str
    physical: str
    rows: int
    nulls: int = 0
    nans: int = 0
    infinite: int = 0
    distinct: int | None = None
    distinct_error: float = 0.0
    unique: bool | None = None
    order: Literal["ascending", "descending"] | None = None
    minimum: Scalar = None
    maximum: Scalar = None
    mean: float | None = None
    std: float | None = None
    zeros: int | None = None
    negative: int | None = None
    unit: Unit | None = None
    grid: Grid | None = None
    common: tuple[Common, ...] = ()
    others: float = 0.0
    missed: int = 0
    lengths: Lengths | None = None
    texts: Texts | None = None
    private: str = ""
    fields: tuple[ColumnProfile, ...] = ()

    @property
    def missing(self) -> int:
        """How many values are missing: null, or not a number."""
        return self.nulls + self.nans

    @property
    def present(self) -> int:
        """How many values are not missing."""
        return self.rows - self.missing

    @property
    def constant(self) -> bool:
        """Whether all values are there and the same one."""
        return self.distinct == 1 and not self.missing and self.rows > 1


@dataclass(frozen=True, slots=True)
class Correlations:
    """How numbers go together, two columns at a time, over the sampled rows that have both.

    Attributes:
        columns: The columns: numbers, booleans, dates and times.
        pearson: Pearson's coefficient, a row a column; None where it is not defined.
        spearman: Pearson's coefficient of the ranks (Spearman's rho).
        rows: How many rows were looked at.
    """

    columns: tuple[str, ...] = ()
    pearson: tuple[tuple[float | None, ...], ...] = ()
    spearman: tuple[tuple[float | None, ...], ...] = ()
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """The numbers of one category: its value, its share of the rows, and quantiles at the levels of the pair."""

    value: Scalar
    share: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Dependence:
    """How a column of numbers depends on a column of categories.

    Attributes:
        by: The column of categories.
        of: The column of numbers.
        strength: Correlation ratio (eta squared) of the ranks: which share of their variance lies between
            the categories, from 0 to 1.
        levels: Levels of the quantiles.
        groups: The numbers of each category.
    """

    by: str
    of: str
    strength: float
    levels: tuple[float, ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a table.

    Attributes:
        name: What it is called.
        rows: How many rows it has.
        looked: How many of them were looked at; the rest where a sample was asked for.
        columns: What is known of each column, in their order.
        repeated: How many rows repeat an earlier one; at least so many where that is sketched.
        repeated_exactly: Whether that number is exact.
        keys: Columns that no two rows have alike, alone or in pairs.
        correlations: How numbers go together.
        dependences: How numbers depend on categories, where they clearly do.
        quality: How good the table is; None for one without cells.
        part: The `TablePart` that can be merged with that of another part; not kept in JSON.
    """

    name: str
    rows: int
    looked: int
    columns: tuple[ColumnProfile, ...] = ()
    repeated: int = 0
    repeated_exactly: bool = True
    keys: tuple[tuple[str, ...], ...] = ()
    correlations: Correlations = field(default_factory=Correlations)
    dependences: tuple[Dependence, ...] = ()
    quality: Quality | None = None
    part: Any = field(default=None, repr=False, compare=False)

    def __getitem__(self, name: str) -> ColumnProfile:
        return next(column for column in self.columns if column.name == name)

    @property
    def exact(self) -> bool:
        """Whether no number of a column is sketched, and all rows were looked at."""
        sketched = any(c.distinct_error or c.missed or (c.grid and c.grid.error) for c in self.columns)
        return self.looked == self.rows and not sketched

    def to_dict(self) -> dict[str, Any]:
        """Return the profile as a ``pipeproof.profile/1`` document."""
        return {"schema": SCHEMA, **_plain(self)}

    @staticmethod
    def from_dict(document: Mapping[str, Any]) -> Profile:
        """Return the profile of a document.

        Raises:
            ConfigError: It is no ``pipeproof.profile/1`` document.
        """
        return _profile_in(document, "the document")


def read_profile(path: str | Path) -> Profile:
    """Return a profile from a file that ``pipeproof data profile --json`` wrote.

    Raises:
        ConfigError: There is no such file, or it holds no profile.
    """
    file = Path(path)
    if file.exists() and not file.is_file():  # reading a pipe would wait for ever
        raise _no_profile(file, "it is no regular file")
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise _no_profile(file, f"it cannot be read: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise _no_profile(file, "it is no text in UTF-8") from error
    except (json.JSONDecodeError, RecursionError) as error:
        where = (
            f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise _no_profile(file, f"it is no JSON{': ' if where else ''}{where}") from error
    return _profile_in(document, file)


def _profile_in(document: Any, file: Path | str) -> Profile:
    found = document.get("schema") if isinstance(document, Mapping) else None
    if found != SCHEMA:
        has = f"its schema is {found!r}" if found else "it names no schema"
        raise _no_profile(file, f"{has}; a profile has {SCHEMA!r}")
    try:
        profile = from_plain(Profile, {name: item for name, item in document.items() if name != "part"})
        _check(profile)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_profile(file, f"a part of it is missing or of another kind ({error})") from error
    return profile


def _check(profile: Profile) -> None:
    for column in profile.columns:
        numbers: list[object] = [column.rows, column.nulls, column.nans]
        if column.grid:
            grid = column.grid
            numbers += [*grid.levels, *grid.quantiles, *grid.edges, *grid.counts, grid.error]
            if len(grid.levels) != len(grid.quantiles) or len(grid.counts) != max(0, len(grid.edges) - 1):
                raise ValueError(f"the grid of {column.name!r} has gaps")
        numbers += [common.share for common in column.common]
        if not all(isinstance(number, int | float) for number in numbers):
            raise TypeError(f"column {column.name!r} has what is no number where one belongs")


def _no_profile(file: Path | str, why: str) -> ConfigError:
    place = Location(str(file)) if isinstance(file, Path) else None
    what = f"{file} is no profile: {why}"
    return ConfigError(
        Finding("PPF330", what, place, fix="make one: pipeproof data profile TABLE --json FILE")
    )


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = (one.name for one in dataclasses.fields(value))
        return {name: _plain(getattr(value, name)) for name in names if name != "part"}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
