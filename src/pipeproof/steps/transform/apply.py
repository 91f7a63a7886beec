"""Operations as steps of one lazy Polars query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from pipeproof.errors import ConfigError, Finding, PipeproofError, suggest
from pipeproof.formats.tables import logical_type
from pipeproof.steps.marking import BadSqlError
from pipeproof.steps.transform import cells, groups
from pipeproof.steps.transform.columns import joined, plain_names, unknown
from pipeproof.steps.transform.expression import UnknownColumnError, for_polars, parse
from pipeproof.steps.transform.expressions import Role, expressions
from pipeproof.steps.transform.operations import (
    ROLLING,
    AddColumn,
    Aggregate,
    Cast,
    Distinct,
    Drop,
    FillNulls,
    Filter,
    Join,
    Operation,
    Rename,
    Sample,
    Select,
    Sort,
    Union,
    Window,
    directions,
    function_of,
    keys,
    names,
)

_NEW = "pipeproof new"


@dataclass(frozen=True, slots=True)
class Stage:
    """What operations may look at: the datasets, the parameters, the dialect of expressions, the seed."""

    frames: Mapping[str, pl.LazyFrame]
    parameters: Mapping[str, Any]
    dialect: str
    seed: int


def apply_all(operations: Sequence[Operation], frame: pl.LazyFrame, stage: Stage) -> list[pl.LazyFrame]:
    """Return the table before the first operation and behind each.

    Raises:
        ConfigError: An operation cannot be compiled, or does not fit the table; it says which.
    """
    stages = [frame]
    for number, operation in enumerate(operations):
        at = f"operation {number + 1} ({operation.type})"
        try:
            stages.append(_apply(operation, stages[-1], stage, at))
        except PipeproofError as error:
            raise _placed(error, at) from None
        except UnknownColumnError as error:
            raise ConfigError(unknown(at, error.name, error.known)) from None
        except BadSqlError as error:
            raise ConfigError(Finding("PPF146", f"{at}: {error}")) from None
        except pl.exceptions.PolarsError as error:
            text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise ConfigError(
                Finding("PPF146", f"{at}: {text}", fix="check types and functions, or use a sql step")
            ) from error
    return stages


def _placed(error: PipeproofError, at: str) -> PipeproofError:
    if error.findings[0].what.startswith("operation "):
        return error
    first = error.findings[0]
    return type(error)(Finding(first.code, f"{at}: {first.what}", column=first.column, fix=first.fix))


def _apply(operation: Operation, frame: pl.LazyFrame, stage: Stage, at: str) -> pl.LazyFrame:
    have = tuple(frame.collect_schema().names())
    for _, name in plain_names(operation):
        if name not in have:
            raise ConfigError(unknown(at, name, have))
    made = _APPLY[type(operation)](operation, frame, stage)
    made.collect_schema()  # here, so that a wrong type is laid at the door of this operation
    return made


def order_counts(operation: Operation) -> bool:
    """Say whether an operation adds floats up, so that its result depends on the order of adding."""
    if isinstance(operation, FillNulls):
        return operation.strategy == "mean"
    if isinstance(operation, Window):
        return function_of(operation) in {*ROLLING, "sum", "mean", "cumsum"}
    if isinstance(operation, Aggregate):
        return True
    return any(" over" in text.lower() for _, text, _ in expressions(operation))


def _computed(frame: pl.LazyFrame, text: str, role: Role, stage: Stage) -> tuple[pl.LazyFrame, pl.Expr]:
    """Return an expression, and the frame to use it on."""
    expression = parse(text, role, stage.dialect)
    sql = for_polars(expression, stage.parameters, frame.collect_schema().names())
    if expression.truncates_time:
        # Polars must know the column's type for DATE_TRUNC, which only a query on the frame tells it.
        return frame.sql(f'SELECT *, {sql} AS "{_NEW}" FROM self'), pl.col(_NEW)  # noqa: S608 bound as a tree
    return frame, pl.sql_expr(sql)


def _add_column(operation: AddColumn, frame: pl.LazyFrame, stage: Stage) -> pl.LazyFrame:
    if not isinstance(operation.value, str):
        return frame.with_columns(pl.lit(operation.value).alias(operation.name))
    wider, value = _computed(frame, operation.value, "value", stage)
    return wider.with_columns(value.alias(operation.name)).drop(_NEW, strict=False)


def _filter(operation: Filter, frame: pl.LazyFrame, stage: Stage) -> pl.LazyFrame:
    wider, condition = _computed(frame, operation.condition, "condition", stage)
    kind = wider.select(condition.alias("condition")).collect_schema()["condition"]
    if kind not in {pl.Boolean, pl.Null}:
        raise ConfigError(
            Finding(
                "PPF146", f"the condition is {logical_type(kind)}, neither true nor false", fix="compare it"
            )
        )
    return wider.filter(condition).drop(_NEW, strict=False)


def _rename(operation: Rename, frame: pl.LazyFrame, _stage: Stage) -> pl.LazyFrame:
    _refuse_twins([operation.columns.get(name, name) for name in frame.collect_schema().names()])
    return frame.rename(dict(operation.columns))


def _select(operation: Select, frame: pl.LazyFrame, _stage: Stage) -> pl.LazyFrame:
    _refuse_twins(names(operation.columns))
    return frame.select(names(operation.columns))


def _drop(operation: Drop, frame: pl.LazyFrame, _stage: Stage) -> pl.LazyFrame:
    kept = [name for name in frame.collect_schema().names() if name not in names(operation.columns)]
    if not kept:
        raise ConfigError(Finding("PPF146", "no column would be left", fix="keep at least one"))
    return frame.select(kept)


def _sort(operation: Sort, frame: pl.LazyFrame, _stage: Stage) -> pl.LazyFrame:
    by = names(operation.by)
    return frame.sort(
        by, descending=directions(operation.descending, len(by)), nulls_last=True, maintain_order=True
    )


def _distinct(operation: Distinct, frame: pl.LazyFrame, _stage: Stage) -> pl.LazyFrame:
    return frame.unique(names(operation.columns) or None, keep=operation.keep, maintain_order=True)


def _join(operation: Join, frame: pl.LazyFrame, stage: Stage) -> pl.LazyFrame:
    other = stage.frames[operation.with_]
    left, right = keys(operation)
    have, theirs = frame.collect_schema(), other.collect_schema()
    for mine, yours in zip(left, right, strict=True):
        if yours not in theirs:
            what = f"column {yours!r} is not in {operation.with_!r}"
            raise ConfigError(Finding("PPF151", what, column=yours, fix=suggest(yours, theirs.names())))
        _refuse_unlike(mine, have[mine], yours, theirs[yours])
    columns = joined(operation, tuple(have.names()), tuple(theirs.names()))
    assert columns is not None  # noqa: S101 both sides are known here
    _refuse_twins(list(columns))
    if operation.how == "cross":
        return frame.join(other, how="cross", suffix=operation.suffix, maintain_order="left_right")
    renamed = {name: name + operation.suffix for name in theirs.names() if name in have and name not in right}
    # The keys of the other side get this side's names, so that they are one column whatever `how` is.
    both = other.rename({**renamed, **dict(zip(right, left, strict=True))})
    if operation.how in {"semi", "anti"}:
        return frame.join(both, on=left, how=operation.how, maintain_order="left")
    order: Literal["left_right", "right_left"] = "right_left" if operation.how == "right" else "left_right"
    return frame.join(both, on=left, how=operation.how, coalesce=True, maintain_order=order).select(columns)


def _refuse_unlike(mine: str, kind: pl.DataType, yours: str, other: pl.DataType) -> None:
    one, two = logical_type(kind), logical_type(other)
    numbers = {"integer", "number", "decimal"}
    if one != two and not ({one, two} <= numbers) and "Null" not in {one, two}:
        raise ConfigError(
            Finding(
                "PPF146",
                f"the keys {mine!r} ({one}) and {yours!r} ({two}) have different types",
                fix="cast one of them before the join",
            )
        )


def _union(operation: Union, frame: pl.LazyFrame, stage: Stage) -> pl.LazyFrame:
    frames = [frame, *(stage.frames[name] for name in names(operation.with_))]
    columns = [frame.collect_schema().names() for frame in frames]
    if operation.fill_missing:
        return pl.concat(frames, how="diagonal_relaxed")
    for name, theirs in zip(names(operation.with_), columns[1:], strict=True):
        missing = [column for column in columns[0] if column not in theirs]
        extra = [column for column in theirs if column not in columns[0]]
        if missing or extra:
            lacks = f"lacks {', '.join(missing)}" if missing else ""
            has = f"has {', '.join(extra)} more" if extra else ""
            raise ConfigError(
                Finding(
                    "PPF146",
                    f"{name!r} {' and '.join(part for part in (lacks, has) if part)}",
                    fix="set fill_missing: true, or select the same columns on both sides",
                )
            )
    return pl.concat([frame.select(columns[0]) for frame in frames], how="vertical_relaxed")


def _aggregate(operation: Aggregate, frame: pl.LazyFrame, stage: Stage) -> pl.LazyFrame:
    keys_ = names(operation.group_by)
    _refuse_twins([*keys_, *operation.aggregations])
    made: list[pl.Expr] = []
    for name, item in operation.aggregations.items():
        if isinstance(item, str):
            frame, value = _computed(frame, item, "aggregate", stage)
        else:
            value = groups.aggregation(item)
        made.append(value.alias(name))
    return groups.aggregated(frame, keys_, made)


def _refuse_twins(columns: list[str]) -> None:
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise ConfigError(
            Finding("PPF147", f"there would be two columns {twice[0]!r}", fix="give one of them another name")
        )


def _fill(operation: FillNulls, frame: pl.LazyFrame, stage: Stage) -> pl.LazyFrame:
    return cells.fill_nulls(operation, frame, stage.parameters)


def _cast(operation: Cast, frame: pl.LazyFrame, _stage: Stage) -> pl.LazyFrame:
    return cells.cast(operation, frame)


def _window(operation: Window, frame: pl.LazyFrame, _stage: Stage) -> pl.LazyFrame:
    return groups.window(operation, frame)


def _sample(operation: Sample, frame: pl.LazyFrame, stage: Stage) -> pl.LazyFrame:
    return groups.sample(operation, frame, stage.seed)


_APPLY: Mapping[type, Callable[[Any, pl.LazyFrame, Stage], pl.LazyFrame]] = {
    FillNulls: _fill,
    AddColumn: _add_column,
    Rename: _rename,
    Cast: _cast,
    Filter: _filter,
    Select: _select,
    Drop: _drop,
    Sort: _sort,
    Distinct: _distinct,
    Join: _join,
    Union: _union,
    Aggregate: _aggregate,
    Window: _window,
    Sample: _sample,
}
