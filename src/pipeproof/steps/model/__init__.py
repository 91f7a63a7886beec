"""``model``: a trained model applied to a table, read and predicted in chunks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeproof.digest import digest_file
from pipeproof.errors import ContractError, Finding, ModelError, suggest
from pipeproof.formats.models import LOADERS, detect
from pipeproof.model.contract import Contract
from pipeproof.model.pipeline import Pipeline
from pipeproof.model.step import Isolation, Step
from pipeproof.planning.lint import promised
from pipeproof.ports import Job, Objects, Program, StepKind, Wiring, config_of, option
from pipeproof.steps.staging import collect_table


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What a model step needs."""

    input_name: str = option(doc="Dataset to predict for.")
    model_path: str = option("", doc="File of the model; {parameter} is filled in. Or give `model`.")
    model: str = option("", doc="Dataset that holds the model, made by a step before.")
    model_type: str | None = option(
        None, doc="xgboost, lightgbm or sklearn; known from the file unless given."
    )
    output_name: str = option("", doc="Dataset that it makes; the step's name unless given.")
    feature_columns: tuple[str, ...] = option(
        (), doc="Columns the model is given, in its order; needed when it knows no names itself."
    )
    output: Literal["label", "probability", "raw"] | None = option(
        None, doc="What is predicted; probability for classifiers, the value for regressions unless given."
    )
    prediction_column: str = option(
        "prediction", doc="Column for the prediction; with a class behind it where there are many."
    )
    keep_columns: tuple[str, ...] | None = option(
        None, doc="Columns of the input that go along; all unless given."
    )
    chunk_size: int = option(100_000, doc="Rows that are predicted at a time.")
    trusted: tuple[str, ...] = option((), doc="Types that a skops file may hold besides the usual ones.")


def _wire(name: str, config: ModelConfig, _contract: Contract) -> Wiring:
    output = config.output_name or name
    read = [dataset for dataset in (config.input_name, config.model) if dataset]
    return Wiring({dataset: dataset for dataset in read}, {output: output})


def _check(step: Step, pipeline: Pipeline) -> Iterable[Finding]:
    config = config_of(step, ModelConfig)
    if bool(config.model_path) == bool(config.model):
        yield Finding(
            "PPF104",
            f"step {step.name!r} needs either `model_path`, a file, or `model`, a dataset",
            step=step.name,
            path=("config",),
            fix="give one of them",
        )
    if config.model_type is not None and config.model_type not in LOADERS:
        yield Finding(
            "PPF105",
            f"model_type in step {step.name!r}: {config.model_type!r} is no kind of model",
            step=step.name,
            path=("config", "model_type"),
            fix=suggest(config.model_type, LOADERS),
        )
    if config.chunk_size < 1:
        yield Finding(
            "PPF105",
            f"chunk_size in step {step.name!r}: must be at least 1, this is {config.chunk_size}",
            step=step.name,
            path=("config", "chunk_size"),
        )
    yield from _unknown_columns(step, config, pipeline)


def _unknown_columns(step: Step, config: ModelConfig, pipeline: Pipeline) -> Iterable[Finding]:
    schema = promised(step.inputs[config.input_name], pipeline)
    if schema is None or not schema.columns:
        return
    for key, columns in (("feature_columns", config.feature_columns), ("keep_columns", config.keep_columns)):
        for position, column in enumerate(columns or ()):
            if column not in schema.names:
                yield Finding(
                    "PPF151",
                    f"step {step.name!r} uses the column {column!r}, which {config.input_name!r} does not have",
                    step=step.name,
                    column=column,
                    path=("config", key, position),
                    fix=suggest(column, schema.names),
                )


def _prepare(job: Job, objects: Objects) -> Program:
    config = config_of(job, ModelConfig)
    table = job.given(config.input_name)
    if table.kind != "table":
        what = f"step {job.step.name!r} predicts for a table, {config.input_name!r} is a {table.kind}"
        raise ContractError(Finding("PPF208", what, step=job.step.name, fix="name a table as input_name"))
    return Program(
        "pipeproof.steps.model.predict:predict",
        {
            "table": str(objects.path(table.digest)),
            "table_name": config.input_name,
            "rows": table.rows,
            **_place(job, config, objects),
            "model_type": config.model_type,
            "trusted": list(config.trusted),
            "feature_columns": list(config.feature_columns),
            "output": config.output,
            "prediction_column": config.prediction_column,
            "keep_columns": None if config.keep_columns is None else list(config.keep_columns),
            "chunk_size": config.chunk_size,
            "into": str(job.scratch / "table.parquet"),
        },
    )


def _place(job: Job, config: ModelConfig, objects: Objects) -> dict[str, Any]:
    """Return where the model is, how the user calls it and the digest of its content."""
    if not config.model:
        path = job.root / str(config.model_path)
        if not path.exists():
            what = f"step {job.step.name!r}: there is no model file {config.model_path}"
            raise ModelError(Finding("PPF143", what, step=job.step.name, fix="check `model_path`"))
        file = detect.only_model(path, str(config.model_path)) if path.is_dir() else path
        return {"model": str(path), "model_name": str(config.model_path), "digest": digest_file(file)}
    artifact = job.given(config.model)
    name = artifact.name or config.model
    if artifact.kind == "folder":
        objects.lay_out(artifact.digest, job.scratch / "model")
        return {"model": str(job.scratch / "model"), "model_name": name, "digest": artifact.digest}
    if artifact.kind != "file":
        what = f"step {job.step.name!r} needs a model, the dataset {config.model!r} is a {artifact.kind}"
        raise ModelError(
            Finding("PPF402", what, step=job.step.name, fix="let the step that makes it write a file")
        )
    return {"model": str(objects.path(artifact.digest)), "model_name": name, "digest": artifact.digest}


def _files(step: Step, root: Path) -> Iterable[Path]:
    config = config_of(step, ModelConfig)
    if config.model_path:
        yield root / str(config.model_path)


def _preload(step: Step) -> Iterable[str]:
    config = config_of(step, ModelConfig)
    named = {"xgboost": "xgboost", "lightgbm": "lightgbm", "sklearn": "sklearn"}
    # Of a model that is told by its file alone, a JSON or UBJ file can only be one of XGBoost's.
    guessed = "xgboost" if str(config.model_path or "").endswith((".json", ".ubj")) else ""
    return {"polars", named.get(str(config.model_type), guessed)} - {""}


def _isolation(_step: Step) -> Isolation:
    return "worker"  # model libraries cannot be interrupted; the fork server has them loaded already


KIND = StepKind(
    name="model",
    summary="a trained model applied to a table: XGBoost, LightGBM, scikit-learn",
    config=ModelConfig,
    example="""\
- name: score
  type: model
  config:
    model_type: xgboost
    model_path: models/delay.json
    input_name: features
    output_name: predictions
""",
    wire=_wire,
    prepare=_prepare,
    collect=collect_table,
    check=_check,
    files=_files,
    engines=("polars", "xgboost", "lightgbm", "scikit-learn", "joblib", "skops"),
    preload=_preload,
    isolation=_isolation,
    templates=("model_path",),
    paths={"model_path": "PPF143"},
    aliases={"ModelInferenceStep": {}},
)
