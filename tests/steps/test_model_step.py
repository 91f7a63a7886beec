"""The model step, run as part of a pipeline: features are checked, predictions equal the library's."""

from __future__ import annotations

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


def pipeline(folder, config, rows=None, extra="", steps=""):
    (table() if rows is None else rows).write_parquet(folder / "rows.parquet")
    path = folder / "flow.yaml"
    path.write_text(
        f"sources:\n  rows: {{path: rows.parquet{extra}}}\n"
        f"workflow:\n  name: flow\n  steps:\n{steps}"
        f"    - name: score\n      type: model\n      retry_count: 0\n      config: {{input_name: rows, {config}}}\n"
    )
    return path


def scored(folder, config, rows=None):
    run = pp.run(pipeline(folder, config, rows))
    assert run, [step.failure for step in run.record.steps.values()]
    return run["score"].outputs["score"].table()


def failure(folder, config, rows=None):
    run = pp.run(pipeline(folder, config, rows))
    assert not run
    return run.record.steps["score"].failure


def problems(folder, config, extra=""):
    with pytest.raises(ConfigError) as caught:
        pp.load(pipeline(folder, config, extra=extra))
    return str(caught.value)


def test_a_classifier_gives_the_probability_beside_all_columns_of_its_input(tmp_path):
    made = classifier(tmp_path / "model.json")
    got = scored(tmp_path, "model_path: model.json")
    assert got.columns == [*table().columns, "prediction"]
    np.testing.assert_array_equal(got["prediction"].to_numpy(), theirs(made, table()))


def test_labels_and_margins_are_given_when_asked_for(tmp_path):
    made = classifier(tmp_path / "model.json")
    wanted = theirs(made, table())
    labels = scored(tmp_path, "model_path: model.json, output: label")["prediction"]
    assert labels.dtype == pl.Int64
    assert labels.to_list() == [int(value > 0.5) for value in wanted]
    raw = scored(tmp_path, "model_path: model.json, output: raw")["prediction"]
    np.testing.assert_array_equal(raw.to_numpy(), theirs(made, table(), output_margin=True))


def test_many_classes_give_one_column_each(tmp_path):
    made = classifier(tmp_path / "model.ubj", 3)
    got = scored(tmp_path, "model_path: model.ubj, prediction_column: p, keep_columns: [id]")
    assert got.columns == ["id", "p_0", "p_1", "p_2"]
    np.testing.assert_array_equal(got.drop("id").to_numpy(), theirs(made, table()))


@pytest.mark.parametrize("size", [1, 7, 499, 500, 501])
def test_the_size_of_the_chunks_does_not_change_the_result(size, tmp_path):
    classifier(tmp_path / "model.json")
    assert scored(tmp_path, f"model_path: model.json, chunk_size: {size}").equals(
        scored(tmp_path, "model_path: model.json")
    )


def test_a_table_of_more_rows_than_are_read_at_once_keeps_its_order(tmp_path):
    made = classifier(tmp_path / "model.json")
    rows = table(300_000)
    got = scored(tmp_path, "model_path: model.json, chunk_size: 50000, keep_columns: [id]", rows)
    assert got["id"].to_list() == list(range(300_000))
    np.testing.assert_array_equal(got["prediction"].to_numpy(), theirs(made, rows))


@pytest.mark.parametrize(
    ("classes", "output", "kind"), [(2, "probability", pl.Float64), (3, "label", pl.Int64)]
)
def test_an_empty_table_gives_an_empty_table_with_the_same_columns(classes, output, kind, tmp_path):
    classifier(tmp_path / "model.json", classes)
    got = scored(tmp_path, f"model_path: model.json, output: {output}", table().head(0))
    assert got.columns == [*table().columns, "prediction"]
    assert got.height == 0
    assert got.schema["prediction"] == kind


def test_an_empty_table_has_a_column_for_each_class(tmp_path):
    classifier(tmp_path / "model.json", 3)
    got = scored(tmp_path, "model_path: model.json, keep_columns: []", table().head(0))
    assert got.columns == ["prediction_0", "prediction_1", "prediction_2"]


def test_features_are_put_into_the_models_order(tmp_path):
    made = classifier(tmp_path / "model.json")
    shuffled = table().select("town", "weight", "age", "id", "height")
    got = scored(tmp_path, "model_path: model.json", shuffled)
    np.testing.assert_array_equal(got["prediction"].to_numpy(), theirs(made, table()))


def test_feature_columns_name_the_features_of_a_model_that_knows_no_names(tmp_path):
    made = classifier(tmp_path / "model.json", names=False)
    got = scored(tmp_path, f"model_path: model.json, feature_columns: [{', '.join(NAMES)}]")
    np.testing.assert_array_equal(got["prediction"].to_numpy(), theirs(made, table()))


def test_a_model_without_names_asks_for_feature_columns(tmp_path):
    classifier(tmp_path / "model.json", names=False)
    said = failure(tmp_path, "model_path: model.json")
    assert said.code == "PPF401"
    assert "does not know the names of its 3 features" in said.message


def test_a_wrong_number_of_feature_columns_is_refused(tmp_path):
    classifier(tmp_path / "model.json", names=False)
    said = failure(tmp_path, "model_path: model.json, feature_columns: [age, height]")
    assert "model.json has 3 features, feature_columns names 2" in said.message


def test_feature_columns_that_the_model_does_not_use_are_refused(tmp_path):
    classifier(tmp_path / "model.json")
    said = failure(tmp_path, "model_path: model.json, feature_columns: [age, height, id]")
    assert "feature_columns names 'id', which model.json does not use" in said.message
    assert "model.json uses the feature 'weight', which feature_columns does not name" in said.message


def test_a_missing_feature_is_named_with_what_was_probably_meant(tmp_path):
    classifier(tmp_path / "model.json")
    said = failure(tmp_path, "model_path: model.json", table().rename({"weight": "wieght"}))
    assert (said.code, said.fix) == ("PPF401", "did you mean 'wieght'?")
    assert said.message == "model.json needs the feature 'weight', which 'rows' does not have"
    assert said.permanent


def test_a_feature_that_is_text_is_refused(tmp_path):
    classifier(tmp_path / "model.json")
    said = failure(tmp_path, "model_path: model.json", table().with_columns(age=pl.lit("old")))
    assert said.message == "the feature 'age' is string, model.json takes numbers"


def test_booleans_decimals_and_missing_values_are_numbers(tmp_path):
    made = classifier(tmp_path / "model.json")
    rows = table().with_columns(
        age=pl.col("id") % 2 == 0,
        height=pl.when(pl.col("id") % 3 == 0).then(None).otherwise("height"),
        weight=pl.col("weight").cast(pl.Decimal(18, 4)),
    )
    numbers = rows.with_columns(pl.col(NAMES).cast(pl.Float64))
    got = scored(tmp_path, "model_path: model.json", rows)
    np.testing.assert_array_equal(got["prediction"].to_numpy(), theirs(made, numbers))


def test_a_model_that_takes_no_missing_values_says_which_columns_have_some(tmp_path):
    rows = table()
    joblib.dump(LinearRegression().fit(rows.select(NAMES).to_pandas(), rows["id"]), tmp_path / "m.joblib")
    said = failure(tmp_path, "model_path: m.joblib", rows.with_columns(age=None))
    assert said.code == "PPF406"
    assert said.message == "m.joblib takes no missing values; this chunk has some in: age (500)"
    assert "fill_nulls" in said.fix


def test_a_scikit_learn_pipeline_gets_text_columns_as_it_was_fitted_on_them(tmp_path):
    rows = table()
    frame = pd.DataFrame({name: rows[name].to_list() for name in ("age", "town")})
    made = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough"), LogisticRegression()
    )
    made.fit(frame, rows["age"].to_numpy() > 0)
    joblib.dump(made, tmp_path / "m.joblib")
    got = scored(tmp_path, "model_path: m.joblib, model_type: sklearn, output: probability")
    np.testing.assert_allclose(got["prediction"].to_numpy(), made.predict_proba(frame)[:, 1])


def test_labels_that_are_words_become_text(tmp_path):
    rows = table()
    made = LogisticRegression().fit(rows.select(NAMES).to_numpy(), rows["town"].to_numpy())
    joblib.dump(made, tmp_path / "m.joblib")
    got = scored(tmp_path, f"model_path: m.joblib, output: label, feature_columns: [{', '.join(NAMES)}]")
    assert got["prediction"].to_list() == made.predict(rows.select(NAMES).to_numpy()).tolist()


def test_a_probability_of_a_regression_is_refused(tmp_path):
    joblib.dump(
        LinearRegression().fit(table().select(NAMES).to_numpy(), table()["id"]), tmp_path / "m.joblib"
    )
    said = failure(
        tmp_path, "model_path: m.joblib, output: probability, feature_columns: [age, height, weight]"
    )
    assert (said.code, said.message) == ("PPF405", "m.joblib gives no probability; it gives: value")


def test_a_prediction_does_not_take_the_place_of_a_column(tmp_path):
    classifier(tmp_path / "model.json")
    said = failure(tmp_path, "model_path: model.json", table().with_columns(prediction=1))
    assert said.code == "PPF407"
    assert (
        scored(
            tmp_path, "model_path: model.json, prediction_column: p", table().with_columns(prediction=1)
        ).width
        == 7
    )


def test_a_column_to_keep_that_is_not_there_is_refused(tmp_path):
    classifier(tmp_path / "model.json")
    said = failure(tmp_path, "model_path: model.json, keep_columns: [idd]")
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


def test_a_placeholder_in_the_path_chooses_the_model(tmp_path):
    made = classifier(tmp_path / "models" / "2024-05-01.json")
    path = pipeline(tmp_path, 'model_path: "models/{partition_date}.json"')
    run = pp.run(path, {"partition_date": "2024-05-01"})
    got = run["score"].outputs["score"].table()
    np.testing.assert_array_equal(got["prediction"].to_numpy(), theirs(made, table()))


def test_a_model_that_a_placeholder_leads_to_and_is_not_there_is_named(tmp_path):
    path = pipeline(tmp_path, 'model_path: "models/{partition_date}.json"')
    said = pp.run(path, {"partition_date": "2024-05-02"}).record.steps["score"].failure
    assert (said.code, said.message) == (
        "PPF143",
        "step 'score': there is no model file models/2024-05-02.json",
    )


def test_a_timeout_puts_the_step_into_a_worker_that_predicts_the_same(tmp_path):
    made = classifier(tmp_path / "model.json")
    path = pipeline(tmp_path, "model_path: model.json")
    path.write_text(path.read_text() + "      timeout: 60\n")
    assert pp.plan(path)["score"].isolation == "worker"
    got = pp.run(path)["score"].outputs["score"].table()
    np.testing.assert_array_equal(got["prediction"].to_numpy(), theirs(made, table()))


def test_the_key_of_the_step_follows_the_content_of_the_model(tmp_path):
    classifier(tmp_path / "model.json")
    path = pipeline(tmp_path, "model_path: model.json")
    before = pp.plan(path)["score"].key
    classifier(tmp_path / "model.json", 3)
    assert pp.plan(path)["score"].key != before


def test_the_alias_of_the_first_generation_means_the_same(tmp_path):
    classifier(tmp_path / "model.json")
    path = pipeline(tmp_path, "model_type: xgboost, model_path: model.json, output_name: predictions")
    path.write_text(path.read_text().replace("type: model\n", "type: ModelInferenceStep\n"))
    assert pp.run(path)["score"].outputs["predictions"].table().width == 6


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
