"""A test from Python: healthy pipelines pass with any seed, and what cannot be tried is said."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import pipeproof as pp
from pipeproof.project import Project
from pipeproof.project.prove import Proof, prepare
from pipeproof.project.verdicts import verdict_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="trials are sealed by the kernel of Linux")

Prove = Callable[..., Proof]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a pipeline and its code."""

    def start(text: str, code: str = "") -> str:
        (tmp_path / "p.yaml").write_text(textwrap.dedent(text))
        (tmp_path / "code.py").write_text(textwrap.dedent(code))
        return str(tmp_path / "p.yaml")

    return start


# Healthy pipelines of different kinds

SHOP = """\
sources:
  customers:
    path: customers.csv
    contract: {columns: {id: {type: integer, unique: true}, country: {type: string, pattern: "[A-Z]{2}"}}}
  orders:
    path: orders.csv
    contract:
      columns:
        customer: {type: integer, references: customers.id}
        amount: {type: number, min: 0}
        note: string?
        at: timestamp
workflow:
  name: shop
  steps:
    - name: joined
      type: sql
      config: {query_template: "SELECT o.*, c.country FROM orders o JOIN customers c ON c.id = o.customer", output_name: joined}
      contract:
        rows: {of: orders, share: 1.0}
        columns: {customer: integer, amount: {type: number, min: 0}, note: string?, at: timestamp, country: {type: string, pattern: "[A-Z]{2}"}}
    - name: summarise
      type: python
      config: {function: "code.py:summarise", inputs: {joined: joined}, output_name: by_country}
      contract:
        inputs: {joined: {columns: {country: {type: string, pattern: "[A-Z]{2}"}, amount: {type: number, min: 0}}}}
        columns: {country: {type: string, unique: true, pattern: "[A-Z]{2}"}, amount: {type: number, min: 0}}
    - name: describe
      type: script
      config: {script: describe.py, inputs: {table: by_country}, outputs: {said: described}}
      contract:
        refuses: [country.missing_column]
        inputs: {table: {format: csv, columns: {country: {type: string, pattern: "[A-Z]{2}"}, amount: number}}}
        outputs: {said: {format: csv, columns: {country: string, words: string}}}
"""
SHOP_CODE = """\
import polars as pl

def summarise(joined):
    return joined.group_by("country").agg(pl.col("amount").sum()).sort("country")
"""
DESCRIBE = """\
import csv

def main(input_paths, output_paths, environ_vars, job_args):
    with open(input_paths["table"], newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    if "country" not in (reader.fieldnames or []):
        raise ValueError("the column country is missing")
    with open(output_paths["said"], "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["country", "words"])
        writer.writerows([row["country"], "much" if float(row["amount"] or 0) > 100 else "little"] for row in rows)
"""
SENSORS = """\
parameters: {day: {type: date}, factor: {type: number, default: 2.5}}
sources:
  readings:
    path: readings.parquet
    contract:
      key: [sensor, at]
      rows: {min: 10}
      columns:
        sensor: {type: integer, range: [1, 40]}
        at: date
        value: {type: number, nullable: true, range: [-50, 50]}
        state: {type: string, categories: [ok, worn, broken]}
workflow:
  name: sensors
  steps:
    - name: calibrated
      type: transform
      group: all
      config:
        input_name: readings
        output_name: calibrated
        transformations:
          - {type: fill_nulls, columns: [value], value: 0.0}
          - {type: add_column, name: double, value: "value * 2"}
      contract: {columns: {sensor: integer, value: {type: number, range: [-50, 50]}, double: number, state: {type: string, categories: [ok, worn, broken]}}}
    - name: rate
      type: python
      group: all
      config: {function: "code.py:rate", inputs: {readings: calibrated}, output_name: rated}
      contract:
        inputs: {readings: {columns: {value: number, state: {type: string, categories: [ok, worn, broken]}}}}
        columns: {score: {type: number, range: [0, 1]}}
"""
SENSORS_CODE = """\
import polars as pl

WEIGHTS = {"ok": 1.0, "worn": 0.5, "broken": 0.0}

def rate(readings: pl.DataFrame) -> pl.DataFrame:
    known = readings["state"].is_in(list(WEIGHTS)).all() if "state" in readings.columns else False
    if not known:
        raise ValueError("state: one of ok, worn, broken")
    return readings.select(score=pl.col("state").replace_strict(WEIGHTS, return_dtype=pl.Float64))
"""


def prove_shop(write: Callable[..., str], tmp_path: Path, seed: int) -> Proof:
    (tmp_path / "describe.py").write_text(DESCRIBE)
    return pp.test(write(SHOP, SHOP_CODE), seed=seed)


@pytest.mark.parametrize("seed", [0, 7])
def test_a_healthy_shop_passes_with_any_seed(write, tmp_path, seed):
    proof = prove_shop(write, tmp_path, seed)
    assert proof, str(proof)
    assert proof.verdict.errors == ()


@pytest.mark.parametrize("seed", [0, 3])
def test_healthy_sensors_pass_with_any_seed(write, seed):
    proof = pp.test(write(SENSORS, SENSORS_CODE), seed=seed)
    assert proof, str(proof)
    assert proof.verdict.errors == ()


NARROW = """\
sources: {people: {path: p.csv, contract: {columns: {age: integer?, weight: integer?, name: string?}}}}
workflow:
  name: narrow
  steps:
    - name: adds
      type: python
      config: {function: "code.py:adds", inputs: {people: people}, output_name: out}
"""


def test_a_fault_at_the_edge_is_narrowed_down_to_its_column(write):
    code = """\
    def adds(people):
        worst = [row for row in people.rows() if row[1] is None]
        if len(worst) > people.height / 4:
            raise RuntimeError("too many gaps")
        return people
    """
    (finding,) = pp.test(write(NARROW, code)).findings
    assert (finding.code, finding.column) == ("PPF201", "weight")
    assert finding.what.startswith("adds fails on missing values in weight: RuntimeError")


def test_the_run_that_narrowed_down_is_no_test_of_its_own(write, tmp_path):
    code = "def adds(people):\n    assert people['weight'].null_count() < 60\n    return 1\n"
    proof = pp.test(write(NARROW, code))
    project = Project.at(tmp_path)
    (other,) = [record for record in project.records() if record.run != proof.verdict.test]
    with pytest.raises(pp.UsageError, match=f"it tells which columns are to blame in {proof.verdict.test}"):
        verdict_of(project, other)


def without_times(proof: Proof) -> object:
    verdict = proof.verdict
    results = tuple(replace(result, seconds=0.0) for result in verdict.results)
    return replace(verdict, test="", seconds=0.0, results=results)


def test_the_same_seed_gives_the_same_verdict(write):
    path = write(NARROW, "def adds(people):\n    return [age + 1 for age in people['age']]\n")
    assert without_times(pp.test(path, seed=5)) == without_times(pp.test(path, seed=5))


def test_another_seed_gives_other_data(write):
    path = write(NARROW, "def adds(people):\n    raise ValueError(str(people['age'].sum()))\n")
    first, second = (pp.test(path, ["adds"], seed=seed).findings[0].what for seed in (1, 2))
    assert first != second


# What a test cannot try

BARE = """\
sources: {people: p.csv}
workflow:
  name: bare
  steps:
    - {name: reads, type: python, config: {function: "code.py:reads", inputs: {people: people}, output_name: out}}
"""


def test_a_test_that_checks_nothing_fails_and_says_why(write):
    proof = pp.test(write(BARE, "def reads(people):\n    return 1\n"))
    assert not proof
    (finding,) = proof.findings
    assert finding.code == "PPF605"
    assert finding.evidence.splitlines() == [
        "the whole pipeline: people: no contract says what it is like, so it cannot be made",
        "reads: people: no contract names its columns, so it cannot be made",
    ]


def test_a_step_whose_input_is_unknown_is_skipped_and_the_others_are_tried(write):
    more = """\
        - {name: adds, type: python, config: {function: "code.py:reads", inputs: {people: known}, output_name: more}}
    """
    text = BARE.replace(
        "{people: p.csv}", "{people: p.csv, known: {path: k.csv, contract: {columns: {a: integer}}}}"
    )
    proof = pp.test(
        write(text + textwrap.indent(textwrap.dedent(more), "    "), "def reads(people):\n    return 1\n")
    )
    assert proof, str(proof)
    assert [(result.trial.step, result.trial.mode) for result in proof.verdict.skipped] == [
        ("", "pipeline"),
        ("reads", "isolation"),
    ]
    assert "skipped: reads: people: no contract names its columns" in str(proof)


def test_neither_missing_files_nor_a_missing_secret_hinder_a_test(write, monkeypatch):
    monkeypatch.delenv("PROVE_TOKEN", raising=False)
    text = NARROW.replace("type: python\n", "type: python\n      env: {TOKEN: '${secret:PROVE_TOKEN}'}\n")
    code = "import os\ndef adds(people):\n    assert os.environ['TOKEN']\n    return 1\n"
    proof = pp.test(write(text, code))
    assert proof, str(proof)


def test_a_function_that_only_this_process_has_is_skipped():
    @pp.step(
        contract=pp.Contract(
            inputs={"people": pp.Port("people", schema=pp.TableSchema((pp.Column("a", "integer"),)))}
        )
    )
    def here(people):
        return people

    proof = prepare(pp.Pipeline("local", steps=(here,), sources={"people": pp.Source("people", "p.csv")}))
    assert {trial.step for trial in proof.plan.trials if trial.skipped} == {"here"}


def test_a_test_binds_examples_and_stand_ins_for_what_it_is_not_given(write):
    text = SENSORS.replace(
        "{day: {type: date}",
        "{day: {type: date, example: 2020-02-02}, who: {type: string}, n: {type: integer}",
    )
    planned = prepare(write(text, SENSORS_CODE), parameters={"n": "5"})
    assert planned.plan.parameters == {"day": "2020-02-02", "factor": 2.5, "who": "test", "n": 5}


def test_a_pipeline_that_is_wrong_is_refused(write):
    with pytest.raises(pp.ConfigError, match="PPF"):
        prepare(write(BARE.replace("type: python", "type: pyhton")))


def test_steps_without_code_are_left_out_of_a_group_that_has_some(write):
    planned = prepare(write(SENSORS, SENSORS_CODE), ["all"])
    assert {trial.step for trial in planned.plan.trials} == {"rate"}
