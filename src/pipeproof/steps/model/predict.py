"""Predicting for a table chunk by chunk, from Parquet to Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import Finding, ModelError, suggest
from pipeproof.formats.models import MODELS, Model
from pipeproof.formats.models.model import LABEL, first_line
from pipeproof.formats.parts import write_batches
from pipeproof.running.context import StepContext
from pipeproof.steps.model.features import choose, refuse_text

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_READ = 131_072  # rows read at a time at least: a row group, which is unpacked whole anyway


def predict(args: Mapping[str, Any], context: StepContext) -> None:
    """Predict for the table and write it, with its predictions, to ``into``.

    Raises:
        ModelError: The model cannot be read, or does not fit the table.
    """
    import polars as pl

    name = args["model_name"]
    model = MODELS.get(Path(args["model"]), name, args["model_type"], args["trusted"], digest=args["digest"])
    table = pl.scan_parquet(args["table"], glob=False)
    schema = table.collect_schema()
    features = choose(model, schema.names(), args["feature_columns"], args["table_name"], name)
    refuse_text(model, features, schema, name)
    output = _output(model, args["output"], name)
    kept = _kept(schema.names(), args)
    context.log_param("model_type", model.kind)
    context.log_param("output", output)
    scorer = _Scorer(model, name, output, features, args["prediction_column"], kept)
    needed = list(dict.fromkeys([*kept, *features.values()]))
    chunks = _chunks(table.select(needed), args["chunk_size"])
    into = Path(args["into"])
    write_batches((scorer.score(chunk) for chunk in chunks), into)


def _output(model: Model, asked: str | None, name: str) -> str:
    if asked is None:
        return model.outputs[0]
    if asked not in model.outputs:
        given = ", ".join(model.outputs)
        what = f"{name} gives no {asked}; it gives: {given}"
        raise ModelError(Finding("PPF405", what, fix=f"write output: {model.outputs[0]}, or leave it out"))
    return asked


def _kept(columns: Sequence[str], args: Mapping[str, Any]) -> list[str]:
    kept = columns if args["keep_columns"] is None else args["keep_columns"]
    unknown = [name for name in kept if name not in columns]
    if unknown:
        raise ModelError(
            *(
                Finding(
                    "PPF401",
                    f"keep_columns names {name!r}, which {args['table_name']!r} does not have",
                    column=name,
                    fix=suggest(name, columns),
                )
                for name in unknown
            )
        )
    return list(kept)


def _chunks(table: pl.LazyFrame, size: int) -> Iterator[pl.DataFrame]:
    """Yield the rows in chunks, in order; an empty table is one empty chunk."""
    start, step = 0, max(size, _READ)
    while True:
        batch = table.slice(start, step).collect()
        if batch.height or not start:
            yield from batch.iter_slices(size) if batch.height else [batch]
        if batch.height < step:
            return
        start += step


class _Scorer:
    """Adds predictions to a chunk."""

    def __init__(
        self,
        model: Model,
        name: str,
        output: str,
        features: Mapping[str, str],
        column: str,
        kept: Sequence[str],
    ) -> None:
        self.model, self.name, self.output = model, name, output
        self.features, self.column, self.kept = features, column, kept
        self.refuse_clash()

    def score(self, chunk: pl.DataFrame) -> pl.DataFrame:
        """Return the columns to keep of a chunk, and its predictions behind them."""
        import polars as pl

        rows = chunk.select(pl.col(column).alias(name) for name, column in self.features.items())
        scores = self.predicted(rows) if rows.height else self.nothing()
        return chunk.select(self.kept).with_columns(**self.named(scores))

    def predicted(self, rows: pl.DataFrame) -> np.ndarray[Any, Any]:
        """Return what the model says.

        Raises:
            ModelError: It refuses the rows.
        """
        try:
            return self.model.predict(rows, self.output)
        except Exception as error:  # every library has errors of its own for data it does not like
            raise _refused(self.name, error, _missing(rows)) from error

    def nothing(self) -> np.ndarray[Any, Any]:
        """Return predictions for no rows, of the shape and type that rows would give."""
        import numpy as np

        if self.output == LABEL:
            return np.asarray(self.model.classes)[:0]
        return np.empty((0, len(self.model.classes)) if len(self.model.classes) > 2 else 0)  # noqa: PLR2004 one column tells two classes apart

    def named(self, scores: np.ndarray[Any, Any]) -> dict[str, pl.Series]:
        """Return predictions as columns: one, or one for each class."""
        import polars as pl

        if scores.ndim == 1 or scores.shape[1] == 1:
            return {
                self.column: pl.Series(
                    scores.reshape(-1).tolist() if scores.dtype == object else scores.reshape(-1)
                )
            }
        classes = self.model.classes
        behind = classes if len(classes) == scores.shape[1] else range(scores.shape[1])
        return {f"{self.column}_{label}": pl.Series(scores[:, index]) for index, label in enumerate(behind)}

    def refuse_clash(self) -> None:
        """Make sure that no prediction takes the place of a column that goes along."""
        names = self.named(self.nothing())
        taken = [name for name in names if name in self.kept]
        if taken:
            what = f"the table has a column {taken[0]!r} already, where the prediction should go"
            raise ModelError(
                Finding(
                    "PPF407", what, column=taken[0], fix="set prediction_column, or keep_columns without it"
                )
            )


def _refused(name: str, error: Exception, missing: Mapping[str, int]) -> ModelError:
    if missing and "nan" in str(error).lower():
        counts = ", ".join(f"{column} ({count:,})" for column, count in missing.items())
        what = f"{name} takes no missing values; this chunk has some in: {counts}"
        return ModelError(Finding("PPF406", what, fix="fill them before (transform: fill_nulls)"))
    what = f"{name} refuses the rows: {first_line(error)}"
    return ModelError(Finding("PPF406", what, fix="compare the columns with what it was trained on"))


def _missing(rows: pl.DataFrame) -> dict[str, int]:
    counts = rows.null_count().row(0, named=True)
    return {name: count for name, count in counts.items() if count}
