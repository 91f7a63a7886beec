"""Source 000's three-step workflow, written as files, run by the installed command with a real model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xgboost

AUTH = """\
snowpark:
  connection_parameters:
    account: test_account
    user: test_user
    password: test_password
    warehouse: test_warehouse
    database: test_database
    schema: test_schema
logging:
  level: INFO
"""

WORKFLOW = """\
"<<": base/auth.yaml
workflow:
  name: test_workflow
  timeout: 3600
  steps:
    - name: extract_data
      type: SnowparkQueryStep
      config:
        query_template: "SELECT * FROM test_table WHERE date = '{partition_date}'"
        output_name: raw_data
    - name: transform_data
      type: SnowparkTransformStep
      config:
        input_name: raw_data
        output_name: features
        transformations:
          - type: fill_nulls
            columns: [feature1, feature2]
            value: 0
    - name: model_inference
      type: ModelInferenceStep
      config:
        model_type: xgboost
        model_path: models/test_model.json
        input_name: features
        output_name: predictions
sources:
  test_table: data/test_table.csv
"""

COMMAND = [str(Path(sys.executable).with_name("pipeproof"))]
DAY = "2025-07-03"


def raw_rows(rows=400):
    source = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "date": source.choice(["2025-07-02", DAY], rows),
            "feature1": [
                None if hole else value
                for hole, value in zip(source.random(rows) < 0.2, source.normal(size=rows), strict=True)
            ],
            "feature2": [
                None if hole else value
                for hole, value in zip(source.random(rows) < 0.2, source.normal(size=rows), strict=True)
            ],
        }
    )


@pytest.fixture
def project(tmp_path):
    rows = raw_rows()
    files = {
        "configs/base/auth.yaml": AUTH,
        "configs/workflows/test_workflow.yaml": WORKFLOW,
        "data/test_table.csv": rows.write_csv(),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "models").mkdir()
    numbers = rows.select("feature1", "feature2").fill_null(0)
    labels = (numbers["feature1"] + numbers["feature2"] > 0).to_numpy()
    data = xgboost.DMatrix(numbers.to_numpy(), label=labels, feature_names=numbers.columns)
    model = xgboost.train({"objective": "binary:logistic", "eval_metric": "logloss", "nthread": 1}, data, 10)
    model.save_model(tmp_path / "models" / "test_model.json")
    return tmp_path, model


def pipeproof(folder, *words):
    return subprocess.run([*COMMAND, *words], cwd=folder, capture_output=True, text=True, check=False)


def test_the_workflow_predicts_what_xgboost_itself_predicts_and_says_where_it_ran(project):
    folder, model = project
    done = pipeproof(folder, "run", "test_workflow", "-p", f"partition_date={DAY}", "--json", "run.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "embedded engine" in done.stdout + done.stderr
    got = pl.read_parquet(_predictions(folder))
    wanted = (
        raw_rows().filter(pl.col("date") == DAY).with_columns(pl.col("feature1", "feature2").fill_null(0))
    )
    assert got.height == wanted.height > 100
    for name in ("feature1", "feature2"):
        np.testing.assert_allclose(got[name].to_numpy(), wanted[name].to_numpy())
    data = xgboost.DMatrix(
        got.select("feature1", "feature2").to_numpy(), feature_names=["feature1", "feature2"]
    )
    np.testing.assert_array_equal(got["prediction"].to_numpy(), model.predict(data))


def _predictions(folder):
    """Return where the object store keeps the dataset `predictions` of the run that run.json tells of."""
    found = [item for item in _walk(json.loads((folder / "run.json").read_text())) if "digest" in item]
    digest = next(item["digest"] for item in found if item.get("name") == "predictions.parquet")
    return folder / ".pipeproof" / "objects" / digest[:2] / digest[2:]


def _walk(plain):
    if isinstance(plain, dict):
        yield plain
        for value in plain.values():
            yield from _walk(value)
    elif isinstance(plain, list):
        for value in plain:
            yield from _walk(value)


def test_the_workflow_has_no_problem_that_can_be_seen_before(project):
    folder, _ = project
    done = pipeproof(folder, "check", "test_workflow")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_model_that_is_missing_is_found_before_the_run(project):
    folder, _ = project
    (folder / "models" / "test_model.json").unlink()
    done = pipeproof(folder, "check", "test_workflow")
    assert done.returncode == 2
    assert "PPF143" in done.stdout + done.stderr
    assert "models/test_model.json" in done.stdout + done.stderr
