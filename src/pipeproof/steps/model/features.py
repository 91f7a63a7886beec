"""Which columns of a table a model is given: named, ordered and typed as it wants them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeproof.errors import Finding, ModelError, closest, suggest
from pipeproof.formats.models.model import Model

if TYPE_CHECKING:
    import polars as pl

_SHOWN = 12


def choose(
    model: Model, columns: Sequence[str], given: Sequence[str], table: str, model_name: str
) -> dict[str, str]:
    """Return name of the feature → column of the table, in the model's order.

    Args:
        model: The model.
        columns: Columns of the table.
        given: ``feature_columns`` of the step.
        table: Name of the table, for messages.
        model_name: Name of the model, for messages.

    Raises:
        ModelError: The table lacks features, or nobody says which columns they are.
    """
    names = model.features or given
    if not names:
        raise _unnamed(model, columns, model_name)
    if model.features and given:
        _refuse_other_names(model, given, model_name)
    if model.width is not None and len(names) != model.width:
        raise _wrong_number(model, names, model_name)
    spelled = {model.spell(column): column for column in reversed(columns)} | {name: name for name in columns}
    missing = [name for name in names if name not in spelled]
    if missing:
        raise ModelError(*(_missing(name, columns, table, model_name) for name in missing))
    return {name: spelled[name] for name in names}


def _unnamed(model: Model, columns: Sequence[str], model_name: str) -> ModelError:
    count = "its features" if model.width is None else f"its {model.width} features"
    return ModelError(
        Finding(
            "PPF401",
            f"{model_name} does not know the names of {count}, and the step does not say them",
            evidence=f"the table has: {', '.join(columns[:_SHOWN])}",
            fix="write feature_columns: [...], in the order that the model was trained with",
        )
    )


def _refuse_other_names(model: Model, given: Sequence[str], model_name: str) -> None:
    known = set(model.features)
    spelled = {model.spell(name) for name in given}
    problems = [
        Finding(
            "PPF401",
            f"feature_columns names {name!r}, which {model_name} does not use",
            column=name,
            fix=suggest(name, known),
        )
        for name in given
        if model.spell(name) not in known
    ]
    problems += [
        Finding(
            "PPF401",
            f"{model_name} uses the feature {name!r}, which feature_columns does not name",
            column=name,
            fix="add it, or leave feature_columns out: the model knows its names",
        )
        for name in model.features
        if name not in spelled
    ]
    if problems:
        raise ModelError(*problems)


def _wrong_number(model: Model, names: Sequence[str], model_name: str) -> ModelError:
    return ModelError(
        Finding(
            "PPF401",
            f"{model_name} has {model.width} features, feature_columns names {len(names)}",
            fix="name the columns that it was trained with, in that order",
        )
    )


def _missing(name: str, columns: Sequence[str], table: str, model_name: str) -> Finding:
    like = closest(name, columns)
    hint = f"did you mean {like!r}?" if like else f"the table has: {', '.join(columns[:_SHOWN])}"
    return Finding(
        "PPF401",
        f"{model_name} needs the feature {name!r}, which {table!r} does not have",
        column=name,
        fix=hint,
    )


def refuse_text(
    model: Model, features: Mapping[str, str], schema: Mapping[str, pl.DataType], model_name: str
) -> None:
    """Make sure that every feature is a number, unless the model prepares its columns itself.

    Raises:
        ModelError: With every column that is no number.
    """
    if model.takes_text:
        return
    wrong = [(column, schema[column]) for column in features.values() if not _is_number(schema[column])]
    if wrong:
        raise ModelError(*(_no_number(column, kind, model_name) for column, kind in wrong))


def _is_number(kind: Any) -> bool:
    import polars as pl

    return kind.is_numeric() or kind in {pl.Boolean, pl.Null}


def _no_number(column: str, kind: Any, model_name: str) -> Finding:
    from pipeproof.formats.tables import logical_type

    return Finding(
        "PPF401",
        f"the feature {column!r} is {logical_type(kind)}, {model_name} takes numbers",
        column=column,
        fix="cast or encode it before, as it was done for training",
    )
