"""Personal data replaced so that joins still work: equal values become equal values, other values others.

What stands for a value follows from the key, the kind and the value. It is drawn again when it is a real
value of a column of this kind, or stands for another value already; so tables that are to be joined are
given together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from pipeproof.contracts.personal import Kind, kind_by_name, mask_value
from pipeproof.contracts.personal_texts import mask_text
from pipeproof.data.inputs import Opened, open_table, reading, settle
from pipeproof.data.privacy.detecting import IN_TEXTS, SAMPLE, Flag, scan_table
from pipeproof.data.privacy.fakes import FAKES
from pipeproof.data.privacy.keyed import Draws, Key
from pipeproof.errors import Finding, UsageError, suggest
from pipeproof.formats import tables
from pipeproof.model.contract import TableSchema

if TYPE_CHECKING:
    import polars as pl

Method = Literal["fake", "hash", "mask", "text", "year", "round", "drop", "keep"]
METHODS: tuple[Method, ...] = get_args(Method)
KEYED = frozenset({"fake", "hash"})
_USUAL: Mapping[Kind, Method] = MappingProxyType(
    {"birth_date": "year", "location": "round", "personal": "hash"}
)
_COARSE = frozenset({"birth_date", "location"})  # made ones would be wrong in another way
_ATTEMPTS = 1_000


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was done to a column.

    Attributes:
        column: The column.
        kind: The kind of personal data that it holds, empty where it was only asked for.
        method: What was done.
        values: How many different values were replaced; None where they were not counted.
    """

    column: str
    kind: str
    method: Method
    values: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {"column": self.column, "kind": self.kind, "method": self.method, "values": self.values}


@dataclass(frozen=True, slots=True)
class Anonymised:
    """A table without personal data, as far as it was found or named.

    Attributes:
        name: Name of the table.
        frame: The table.
        columns: What was done to which column.
    """

    name: str
    frame: pl.LazyFrame
    columns: tuple[Replaced, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, without the values."""
        return {"table": self.name, "columns": [column.to_dict() for column in self.columns]}


def anonymise(
    given: Any | Sequence[Any],
    *,
    key: Key | bytes | None = None,
    columns: Mapping[str, str] | None = None,
    contracts: Sequence[TableSchema | None] = (),
    sample: int | None = SAMPLE,
) -> tuple[Anonymised, ...]:
    """Return tables in which columns with personal data are replaced.

    Args:
        given: One table or several, see `pipeproof.data.inputs.open_table`. Those that are to be joined go together.
        key: The secret that fakes and hashes follow from.
        columns: Column → one of `METHODS`; columns that are not named get what is usual for their kind.
        contracts: What is known of the columns of each table.
        sample: How many rows of each table to look at for personal data; None for all.

    Raises:
        UsageError: A method or column does not exist, or there is no key for what needs one.
        ContractError: There is no such table.
    """
    several = given if isinstance(given, list | tuple) else [given]
    known = [*contracts, *[None] * (len(several) - len(contracts))]
    chosen = _methods(columns or {})
    secret = Key(key) if isinstance(key, bytes) else key
    works = [
        _work(settle(open_table(table, schema))[0], schema, chosen, sample)
        for table, schema in zip(several, known, strict=True)
    ]
    _refuse(works, chosen, secret)
    made = _stand_ins(works, secret) if secret is not None else {}
    return tuple(_done(work, made) for work in works)


@dataclass(frozen=True, slots=True)
class _Work:
    """A table, and what is to be done to which of its columns."""

    name: str
    frame: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    tasks: tuple[Replaced, ...]


def _methods(columns: Mapping[str, str]) -> dict[str, Method]:
    wrong = [
        Finding("PPF340", f"there is no method {method!r} for column {name!r}", fix=suggest(method, METHODS))
        for name, method in columns.items()
        if method not in METHODS
    ]
    if wrong:
        raise UsageError(*wrong)
    return {name: cast("Method", method) for name, method in columns.items()}


def _work(
    opened: Opened, schema: TableSchema | None, chosen: Mapping[str, Method], sample: int | None
) -> _Work:
    with reading(opened):
        flags = {flag.column: flag for flag in scan_table(opened.frame, contract=schema, sample=sample).flags}
    # Texts stay as they are in the file: what is not replaced must not change, not even `007`.
    frame = opened.frame
    if opened.typed is not None and opened.path is not None and tables.format_in(opened.path) in tables.TEXT:
        frame = opened.typed.raw
    have = dict(frame.collect_schema())
    tasks = (
        _task(name, have[name], flags.get(name), chosen.get(name))
        for name in have
        if name in chosen or name in flags
    )
    return _Work(opened.name, frame, have, tuple(task for task in tasks if task.method != "keep"))


def _task(name: str, dtype: pl.DataType, flag: Flag | None, asked: Method | None) -> Replaced:
    kind = flag.kind if flag is not None else kind_by_name(name)
    if asked is not None:
        return Replaced(name, kind or "", asked)
    if dtype.is_nested():
        return Replaced(name, kind or "", "drop")
    if flag is not None and IN_TEXTS in flag.says:
        return Replaced(name, flag.kind, "mask")
    usual = _USUAL.get(cast("Kind", kind), "fake")
    # Numbers with a point, which pandas makes of integers with gaps, have no shape to keep.
    odd = usual == "fake" and not (_is_text(dtype) or dtype.is_integer())
    return Replaced(name, kind or "", "hash" if odd else usual)


def _is_text(dtype: pl.DataType) -> bool:
    import polars as pl

    return isinstance(dtype, pl.String | pl.Categorical | pl.Enum)


def _refuse(works: Sequence[_Work], chosen: Mapping[str, Method], key: Key | None) -> None:
    """Refuse what cannot be done, all of it at once."""
    present = {name for work in works for name in work.schema}
    wrong = [
        Finding("PPF342", f"no table has a column {name!r}", column=name, fix=suggest(name, present))
        for name in chosen
        if name not in present
    ]
    wrong += [
        found for work in works for task in work.tasks if (found := _impossible(work, task)) is not None
    ]
    needing = [
        f"{task.column} ({task.method})" for work in works for task in work.tasks if task.method in KEYED
    ]
    if key is None and needing:
        what = f"there is no key, and without one whoever guesses a value can find it: {', '.join(needing)}"
        fix = "make one with --new-key FILE and give it with --key-file, or choose mask or drop"
        wrong.append(Finding("PPF341", what, fix=fix))
    if wrong:
        raise UsageError(*wrong)


def _impossible(work: _Work, task: Replaced) -> Finding | None:
    """Return what is wrong with a method for a column of this type."""
    import polars as pl

    dtype = work.schema[task.column]
    texts = _is_text(dtype)
    flat = not dtype.is_nested()
    possible: dict[Method, bool] = {
        "fake": (texts or dtype.is_integer()) and task.kind not in _COARSE,
        "hash": flat,
        "mask": flat,
        "text": texts,
        "year": texts or isinstance(dtype, pl.Date | pl.Datetime),
        "round": texts or dtype.is_numeric(),
        "drop": True,
    }
    if possible[task.method]:
        return None
    of = f"{task.kind} as {dtype}" if task.kind else str(dtype)
    what = f"{work.name}: column {task.column!r} ({of}) cannot be replaced by {task.method!r}"
    can = ", ".join(method for method, fits in possible.items() if fits)
    return Finding("PPF340", what, column=task.column, fix=f"possible: {can}")


def _domain(task: Replaced) -> str:
    return "hash" if task.method == "hash" else task.kind if task.kind in FAKES else "personal"


def _stand_ins(works: Sequence[_Work], key: Key) -> dict[str, dict[str, str]]:
    """Return for each domain what stands for each value of all columns in it."""
    values: dict[str, set[str]] = {}
    for work in works:
        for task in work.tasks:
            if task.method in KEYED:
                values.setdefault(_domain(task), set()).update(_different(work, task.column))
    return {
        domain: {text: key.pseudonym(text) for text in real}
        if domain == "hash"
        else _fakes(domain, real, key)
        for domain, real in values.items()
    }


def _different(work: _Work, column: str) -> list[str]:
    import polars as pl

    different = work.frame.select(pl.col(column).cast(pl.String).unique().drop_nulls())
    found = different.collect(engine="streaming").to_series()
    return found.filter(found.str.strip_chars() != "").to_list()


def _fakes(domain: str, real: set[str], key: Key) -> dict[str, str]:
    """Return a made value for each real one: none is real, none stands for two."""
    make = FAKES[cast("Kind", domain)]
    taken: set[str] = set()
    made: dict[str, str] = {}
    for text in sorted(real):  # who comes first keeps what both draw, whatever the order of the rows
        for attempt in range(_ATTEMPTS):
            drawn = make(text, Draws(key.digest(domain, text, attempt)))
            if drawn not in real and drawn not in taken:
                break
        else:  # fewer values have this shape than there are in the column
            drawn = key.pseudonym(text, domain)
        made[text] = drawn
        taken.add(drawn)
    return made


def _done(work: _Work, made: Mapping[str, Mapping[str, str]]) -> Anonymised:
    import polars as pl

    frame, done = work.frame, []
    for task in work.tasks:
        column, values = pl.col(task.column), None
        if task.method == "drop":
            frame = frame.drop(task.column)
        elif task.method in KEYED:
            stand_ins = made[_domain(task)]
            mine = {text: stand_ins[text] for text in _different(work, task.column)}
            values = len(mine)
            frame = frame.with_columns(_mapped(task, work.schema[task.column], mine))
        elif task.method == "mask":
            kind = task.kind or "personal"
            frame = frame.with_columns(_each(column, lambda text, kind=kind: mask_value(text, kind)))
        elif task.method == "text":
            frame = frame.with_columns(_each(column, mask_text))
        else:
            coarser = _year if task.method == "year" else _rounded
            frame = frame.with_columns(coarser(task.column, work.schema[task.column]))
        done.append(Replaced(task.column, task.kind, task.method, values))
    return Anonymised(work.name, frame, tuple(done))


def _mapped(task: Replaced, dtype: pl.DataType, mine: Mapping[str, str]) -> pl.Expr:
    import polars as pl

    column = pl.col(task.column).cast(pl.String)
    replaced = column.replace(list(mine), list(mine.values())) if mine else column
    return replaced.cast(dtype) if task.method == "fake" and _fit(mine.values(), dtype) else replaced


def _fit(made: Iterable[str], dtype: pl.DataType) -> bool:
    """Say whether made values can be of the type of the real ones."""
    import polars as pl

    try:
        pl.Series([int(text) for text in made], dtype=dtype) if dtype.is_integer() else None
    except (ValueError, OverflowError, TypeError):
        return False
    return dtype.is_integer()


def _each(column: pl.Expr, change: Any) -> pl.Expr:
    import polars as pl

    return column.cast(pl.String).map_elements(change, return_dtype=pl.String)


def _year(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return dates as the first day of their year; texts that are no dates are masked."""
    import polars as pl

    column = pl.col(name)
    if dtype.is_temporal():
        return column.dt.truncate("1y")
    year = column.cast(pl.String).str.extract(r"(?:^|\D)((?:18|19|20)\d{2})(?:\D|$)")
    return pl.when(column.is_null()).then(None).otherwise(year.fill_null("…")).alias(name)


def _rounded(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return numbers with one digit after the point (11 km of a latitude), whole numbers to tens."""
    import polars as pl

    column = pl.col(name)
    if dtype.is_integer():
        return (column // 10 * 10).cast(dtype)
    if dtype.is_numeric():
        return column.round(1)
    return column.cast(pl.Float64, strict=False).round(1)
