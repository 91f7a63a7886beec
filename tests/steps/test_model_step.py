"""The model step, run as part of a pipeline: features are checked, predictions equal the library's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import pipeproof as pp
from pipeproof.errors import ConfigError

ROWS = 500
NAMES = ["age", "height", "weight"]
LISTED = f"[{', '.join(NAMES)}]"


def table(rows=ROWS, seed=3):
    source = np.random.default_rng(seed)
    numbers = {name: source.normal(size=rows) for name in NAMES}
    return pl.DataFrame({"id": range(rows), **numbers, "town": source.choice(["ulm", "bonn"], rows)})


def classifier(path, classes=2, *, names=True):
    rows = table()
    labels = (rows["age"].to_numpy() * 2).astype(int) % classes
    settings = (
        {"objective": "binary:logistic"}
        if classes == 2
        else {"objective": "multi:softprob", "num_class": classes}
    )
    matrix = xgboost.DMatrix(
        rows.select(NAMES).to_numpy(), label=labels, feature_names=NAMES if names else None
    )
    made = xgboost.train({**settings, "nthread": 1}, matrix, 8)
    path.parent.mkdir(exist_ok=True)
    made.save_model(path)
    return made


def theirs(made, rows, **options):
    names = NAMES if made.feature_names else None
    return made.predict(xgboost.DMatrix(rows.select(NAMES).to_numpy(), feature_names=names), **options)


def pipeline(folder, config, extra="", steps=""):
    table().write_parquet(folder / "rows.parquet")
    path = folder / "flow.yaml"
    path.write_text(
        f"sources:\n  rows: {{path: rows.parquet{extra}}}\n"
        f"workflow:\n  name: flow\n  steps:\n{steps}"
        f"    - name: score\n      type: model\n      retry_count: 0\n      config: {{input_name: rows, {config}}}\n"
    )
    return path


def problems(folder, config, extra=""):
    with pytest.raises(ConfigError) as caught:
        pp.load(pipeline(folder, config, extra=extra))
    return str(caught.value)


# What most tests look at is one run: libraries of models take seconds to import, a step milliseconds.

FRAME = pd.DataFrame({name: table()[name].to_list() for name in ("age", "town")})
TABLES = {
    "rows": table(),
    "none": table().head(0),
    "many": table(300_000),
    "shuffled": table().select("town", "weight", "age", "id", "height"),
    "misspelt": table().rename({"weight": "wieght"}),
    "worded": table().with_columns(age=pl.lit("old")),
    "predicted": table().with_columns(prediction=1),
    "ageless": table().with_columns(age=None),
    "mixed": table().with_columns(
        age=pl.col("id") % 2 == 0,
        height=pl.when(pl.col("id") % 3 == 0).then(None).otherwise("height"),
        weight=pl.col("weight").cast(pl.Decimal(18, 4)),
    ),
}
CHUNKS = [1, 7, 499, 500, 501]
STEPS = {
    "plain": ("rows", "model_path: model.json"),
    "label": ("rows", "model_path: model.json, output: label"),
    "raw": ("rows", "model_path: model.json, output: raw"),
    "classes": ("rows", "model_path: classes.ubj, prediction_column: p, keep_columns: [id]"),
    **{f"by_{size}": ("rows", f"model_path: model.json, chunk_size: {size}") for size in CHUNKS},
    "many_rows": ("many", "model_path: model.json, chunk_size: 50000, keep_columns: [id]"),
    "none_probability": ("none", "model_path: model.json, output: probability"),
    "none_label": ("none", "model_path: classes.ubj, output: label"),
    "none_classes": ("none", "model_path: classes.ubj, keep_columns: []"),
    "in_order": ("shuffled", "model_path: model.json"),
    "listed": ("rows", f"model_path: nameless.json, feature_columns: {LISTED}"),
    "unlisted": ("rows", "model_path: nameless.json"),
    "listed_two": ("rows", "model_path: nameless.json, feature_columns: [age, height]"),
    "listed_others": ("rows", "model_path: model.json, feature_columns: [age, height, id]"),
    "missing": ("misspelt", "model_path: model.json"),
    "text": ("worded", "model_path: model.json"),
    "numbers": ("mixed", "model_path: model.json"),
    "gaps": ("ageless", "model_path: line.joblib"),
    "fitted_on_texts": ("rows", "model_path: towns.joblib, model_type: sklearn, output: probability"),
    "words": ("rows", f"model_path: words.joblib, output: label, feature_columns: {LISTED}"),
    "no_probability": ("rows", f"model_path: plane.joblib, output: probability, feature_columns: {LISTED}"),
    "taken": ("predicted", "model_path: model.json"),
    "not_taken": ("predicted", "model_path: model.json, prediction_column: p"),
    "keeps_nothing": ("rows", "model_path: model.json, keep_columns: [idd]"),
    "dated": ("rows", 'model_path: "dated/{partition_date}.json"'),
    "undated": ("rows", 'model_path: "dated/{partition_date}-2.json"'),
    "timed": ("rows", "model_path: model.json"),
    "first_generation": ("rows", "model_type: xgboost, model_path: model.json, output_name: predictions"),
}


@dataclass(frozen=True)
class Models:
    """Models by the name of their file, and a run with a step for each of `STEPS`."""

    made: dict[str, Any]
    run: Any

    def scored(self, step):
        assert self.run.record.steps[step].status == "passed", self.run.record.steps[step].failure
        return self.run[step].outputs[step].table()

    def failure(self, step):
        assert self.run.record.steps[step].status == "failed"
        return self.run.record.steps[step].failure


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    rows = table()
    towns = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough"), LogisticRegression()
    )
    made = {
        "model.json": classifier(folder / "model.json"),
        "classes.ubj": classifier(folder / "classes.ubj", 3),
        "nameless.json": classifier(folder / "nameless.json", names=False),
        "dated/2024-05-01.json": classifier(folder / "dated" / "2024-05-01.json"),
        "line.joblib": LinearRegression().fit(rows.select(NAMES).to_pandas(), rows["id"]),
        "plane.joblib": LinearRegression().fit(rows.select(NAMES).to_numpy(), rows["id"]),
        "words.joblib": LogisticRegression().fit(rows.select(NAMES).to_numpy(), rows["town"].to_numpy()),
        "towns.joblib": towns.fit(FRAME, rows["age"].to_numpy() > 0),
    }
    for name, model in made.items():
        if name.endswith(".joblib"):
            joblib.dump(model, folder / name)
    lines = ["sources:"]
    for name, frame in TABLES.items():
        frame.write_parquet(folder / f"{name}.parquet")
        lines.append(f"  {name}: {{path: {name}.parquet}}")
    lines += ["workflow:", "  name: flow", "  steps:"]
    said = {"first_generation": "type: ModelInferenceStep", "timed": "type: model, timeout: 60"}
    lines += [
        f"    - {{name: {name}, {said.get(name, 'type: model')}, retry_count: 0, "
        f"config: {{input_name: {rows}, {config}}}}}"
        for name, (rows, config) in STEPS.items()
    ]
    (folder / "flow.yaml").write_text("\n".join(lines))
    run = pp.run(folder / "flow.yaml", {"partition_date": "2024-05-01"}, keep_going=True)
    return Models(made, run)


def test_a_classifier_gives_the_probability_beside_all_columns_of_its_input(models):
    got = models.scored("plain")
    assert got.columns == [*table().columns, "prediction"]
    np.testing.assert_array_equal(got["prediction"].to_numpy(), theirs(models.made["model.json"], table()))


def test_labels_are_given_when_asked_for(models):
    wanted = theirs(models.made["model.json"], table())
    labels = models.scored("label")["prediction"]
    assert labels.dtype == pl.Int64
    assert labels.to_list() == [int(value > 0.5) for value in wanted]


def test_margins_are_given_when_asked_for(models):
    wanted = theirs(models.made["model.json"], table(), output_margin=True)
    np.testing.assert_array_equal(models.scored("raw")["prediction"].to_numpy(), wanted)


def test_many_classes_give_one_column_each(models):
    got = models.scored("classes")
    assert got.columns == ["id", "p_0", "p_1", "p_2"]
    np.testing.assert_array_equal(got.drop("id").to_numpy(), theirs(models.made["classes.ubj"], table()))


@pytest.mark.parametrize("size", CHUNKS)
def test_the_size_of_the_chunks_does_not_change_the_result(size, models):
    assert models.scored(f"by_{size}").equals(models.scored("plain"))


def test_a_table_of_more_rows_than_are_read_at_once_keeps_its_order(models):
    got = models.scored("many_rows")
    assert got["id"].to_list() == list(range(300_000))
    wanted = theirs(models.made["model.json"], TABLES["many"])
    np.testing.assert_array_equal(got["prediction"].to_numpy(), wanted)


@pytest.mark.parametrize(("step", "kind"), [("none_probability", pl.Float64), ("none_label", pl.Int64)])
def test_an_empty_table_gives_an_empty_table_with_the_same_columns(step, kind, models):
    got = models.scored(step)
    assert got.columns == [*table().columns, "prediction"]
    assert got.height == 0
    assert got.schema["prediction"] == kind


def test_an_empty_table_has_a_column_for_each_class(models):
    assert models.scored("none_classes").columns == ["prediction_0", "prediction_1", "prediction_2"]


def test_features_are_put_into_the_models_order(models):
    wanted = theirs(models.made["model.json"], table())
    np.testing.assert_array_equal(models.scored("in_order")["prediction"].to_numpy(), wanted)


def test_feature_columns_name_the_features_of_a_model_that_knows_no_names(models):
    wanted = theirs(models.made["nameless.json"], table())
    np.testing.assert_array_equal(models.scored("listed")["prediction"].to_numpy(), wanted)


def test_a_model_without_names_asks_for_feature_columns(models):
    said = models.failure("unlisted")
    assert said.code == "PPF401"
    assert "does not know the names of its 3 features" in said.message


def test_a_wrong_number_of_feature_columns_is_refused(models):
    said = models.failure("listed_two")
    assert "nameless.json has 3 features, feature_columns names 2" in said.message


def test_feature_columns_that_the_model_does_not_use_are_refused(models):
    said = models.failure("listed_others")
    assert "feature_columns names 'id', which model.json does not use" in said.message
    assert "model.json uses the feature 'weight', which feature_columns does not name" in said.message


def test_a_missing_feature_is_named_with_what_was_probably_meant(models):
    said = models.failure("missing")
    assert (said.code, said.fix) == ("PPF401", "did you mean 'wieght'?")
    assert said.message == "model.json needs the feature 'weight', which 'misspelt' does not have"
    assert said.permanent


def test_a_feature_that_is_text_is_refused(models):
    assert models.failure("text").message == "the feature 'age' is string, model.json takes numbers"


def test_booleans_decimals_and_missing_values_are_numbers(models):
    numbers = TABLES["mixed"].with_columns(pl.col(NAMES).cast(pl.Float64))
    wanted = theirs(models.made["model.json"], numbers)
    np.testing.assert_array_equal(models.scored("numbers")["prediction"].to_numpy(), wanted)


def test_a_model_that_takes_no_missing_values_says_which_columns_have_some(models):
    said = models.failure("gaps")
    assert said.code == "PPF406"
    assert said.message == "line.joblib takes no missing values; this chunk has some in: age (500)"
    assert "fill_nulls" in said.fix


def test_a_scikit_learn_pipeline_gets_text_columns_as_it_was_fitted_on_them(models):
    wanted = models.made["towns.joblib"].predict_proba(FRAME)[:, 1]
    np.testing.assert_allclose(models.scored("fitted_on_texts")["prediction"].to_numpy(), wanted)


def test_labels_that_are_words_become_text(models):
    wanted = models.made["words.joblib"].predict(table().select(NAMES).to_numpy())
    assert models.scored("words")["prediction"].to_list() == wanted.tolist()


def test_a_probability_of_a_regression_is_refused(models):
    said = models.failure("no_probability")
    assert (said.code, said.message) == ("PPF405", "plane.joblib gives no probability; it gives: value")


def test_a_prediction_does_not_take_the_place_of_a_column(models):
    assert models.failure("taken").code == "PPF407"


def test_a_prediction_stands_beside_a_column_of_the_usual_name(models):
    assert models.scored("not_taken").columns == [*TABLES["predicted"].columns, "p"]


def test_a_column_to_keep_that_is_not_there_is_refused(models):
    said = models.failure("keeps_nothing")
    assert (said.code, said.fix) == ("PPF401", "did you mean 'id'?")


TRAIN = """\
import xgboost, polars as pl
def main(input_paths, output_paths):
    rows = pl.read_parquet(input_paths["rows"])
    names = ["age", "height", "weight"]
    data = xgboost.DMatrix(rows.select(names).to_numpy(), label=rows["age"].to_numpy() > 0, feature_names=names)
    xgboost.train({"objective": "binary:logistic", "nthread": 1}, data, 3).save_model(output_paths["model"] + EXTRA)
"""


@pytest.mark.parametrize(
    ("port", "extra"), [("{format: file, path: model.json}", ""), ("{format: folder}", "/xgb.ubj")]
)
def test_a_model_made_by_a_step_before_is_used(port, extra, tmp_path):
    (tmp_path / "train.py").write_text(TRAIN.replace("EXTRA", repr(extra)))
    steps = (
        "    - name: train\n      type: script\n      config: {script: train.py, outputs: {model: model}}\n"
        f"      contract: {{inputs: {{rows: {{format: parquet}}}}, outputs: {{model: {port}}}}}\n"
    )
    run = pp.run(pipeline(tmp_path, "model: model", steps=steps))
    assert run, [step.failure for step in run.record.steps.values()]
    got = run["score"].outputs["score"].table()
    assert ((got["prediction"] > 0.5) == (got["age"] > 0)).mean() > 0.9


def test_a_placeholder_in_the_path_chooses_the_model(models):
    wanted = theirs(models.made["dated/2024-05-01.json"], table())
    np.testing.assert_array_equal(models.scored("dated")["prediction"].to_numpy(), wanted)


def test_a_model_that_a_placeholder_leads_to_and_is_not_there_is_named(models):
    said = models.failure("undated")
    assert (said.code, said.message) == (
        "PPF143",
        "step 'undated': there is no model file dated/2024-05-01-2.json",
    )


def test_a_step_with_a_timeout_runs_in_a_worker(tmp_path):
    classifier(tmp_path / "model.json")
    path = pipeline(tmp_path, "model_path: model.json")
    path.write_text(path.read_text() + "      timeout: 60\n")
    assert pp.plan(path)["score"].isolation == "worker"


def test_a_step_with_a_timeout_predicts_the_same(models):
    assert models.scored("timed").equals(models.scored("plain"))


def test_the_key_of_the_step_follows_the_content_of_the_model(tmp_path):
    classifier(tmp_path / "model.json")
    path = pipeline(tmp_path, "model_path: model.json")
    before = pp.plan(path)["score"].static
    classifier(tmp_path / "model.json", 3)
    assert pp.plan(path)["score"].static != before


def test_the_alias_of_the_first_generation_means_the_same(models):
    assert models.run["first_generation"].outputs["predictions"].table().equals(models.scored("plain"))


def test_a_model_file_that_is_not_there_is_found_before_the_run(tmp_path):
    assert "PPF143  step 'score': there is no file modle.json" in problems(tmp_path, "model_path: modle.json")


@pytest.mark.parametrize("config", ["output_name: x", "model_path: flow.yaml, model: rows"])
def test_a_step_needs_a_file_or_a_dataset_and_not_both(config, tmp_path):
    assert "PPF104  step 'score' needs either `model_path`, a file, or `model`" in problems(tmp_path, config)


def test_an_unknown_model_type_is_refused_with_what_was_meant(tmp_path):
    classifier(tmp_path / "model.json")
    said = problems(tmp_path, "model_path: model.json, model_type: xgbost")
    assert "PPF105" in said
    assert "did you mean 'xgboost'?" in said


def test_a_chunk_of_no_rows_is_refused(tmp_path):
    classifier(tmp_path / "model.json")
    assert "must be at least 1, this is 0" in problems(tmp_path, "model_path: model.json, chunk_size: 0")


@pytest.mark.parametrize("key", ["feature_columns", "keep_columns"])
def test_a_column_that_the_contract_upstream_does_not_have_is_found_before_the_run(key, tmp_path):
    classifier(tmp_path / "model.json")
    said = problems(
        tmp_path, f"model_path: model.json, {key}: [agee]", ", contract: {columns: {age: number}}"
    )
    assert (
        "PPF151  step 'score' uses the column 'agee', which 'rows' does not have; did you mean 'age'?" in said
    )
