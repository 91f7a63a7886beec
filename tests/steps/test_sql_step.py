"""sql steps in whole pipelines: names of tables, timeouts, errors in place."""

from __future__ import annotations

import time

import pytest

import pipeproof as pp
from pipeproof.errors import ConfigError

SLOW = "SELECT count(*) AS n FROM range(100000) a, range(100000) b, range(100000) c WHERE (a.range * b.range + c.range) % 7 = 3"


def pipeline(folder, steps, top=""):
    (folder / "raw.csv").write_text("id,name\n1,a\n2,b\n")
    path = folder / "flow.yaml"
    path.write_text(f"sources:\n  raw_data: raw.csv\n{top}workflow:\n  name: flow\n  steps:\n{steps}")
    return path


def step(query, kind="sql", more="", name="q"):
    return f'    - name: {name}\n      type: {kind}\n      retry_count: 0\n{more}      config:\n        output_name: out_{name}\n        query_template: "{query}"\n'


@pytest.mark.parametrize(
    "table", ["raw_data", "RAW_DATA", "Raw_Data", "analytics.public.raw_data", "ANALYTICS.PUBLIC.RAW_DATA"]
)
@pytest.mark.parametrize("kind", ["sql", "SnowparkQueryStep"])
def test_a_table_finds_its_dataset_whatever_its_case_and_schema(tmp_path, table, kind):
    run = pp.run(pipeline(tmp_path, step(f"SELECT sum(id) AS total FROM {table}", kind)))
    assert run["q"].outputs["out_q"].table().rows() == [(3,)]


def test_a_dataset_in_upper_case_is_found_by_snowflake_too(tmp_path):
    steps = step("SELECT id FROM raw_data", name="A") + step(
        "SELECT id FROM OUT_a", "SnowparkQueryStep", name="b"
    )
    assert pp.run(pipeline(tmp_path, steps))["b"].outputs["out_b"].table().height == 2


def test_the_exact_name_of_a_dataset_counts_first(tmp_path):
    top = "  RAW_DATA: other.csv\n"
    (tmp_path / "other.csv").write_text("id\n10\n")
    run = pp.run(pipeline(tmp_path, step("SELECT id FROM RAW_DATA"), top))
    assert run["q"].outputs["out_q"].table().rows() == [(10,)]


def test_steps_are_ordered_by_names_that_differ_in_case(tmp_path):
    steps = step("SELECT id FROM OUT_FIRST", name="second") + step("SELECT id FROM raw_data", name="first")
    assert [s.name for s in pp.plan(pipeline(tmp_path, steps)).pipeline.steps] == ["first", "second"]


def test_a_table_that_nobody_makes_is_an_error_with_a_suggestion(tmp_path):
    with pytest.raises(ConfigError, match=r"flow.yaml:\d+:\d+  PPF121 .*did you mean 'raw_data'"):
        pp.load(pipeline(tmp_path, step("SELECT * FROM raw_dta")))


def test_a_query_means_the_same_in_every_time_zone(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    query = "SELECT CAST(CAST('2026-01-01 00:00:00+00' AS TIMESTAMPTZ) AS VARCHAR) AS at"
    run = pp.run(pipeline(tmp_path, step(query)))
    assert run["q"].outputs["out_q"].table().rows() == [("2026-01-01 00:00:00+00",)]


def test_a_slow_query_is_stopped_by_the_timeout_of_its_step(tmp_path):
    started = time.monotonic()
    run = pp.run(pipeline(tmp_path, step(SLOW, more="      timeout: 0.5\n")))
    failure = run.record["q"].failure
    assert (failure.kind, failure.code) == ("timeout", "PPF202")
    assert time.monotonic() - started < 15


def test_a_slow_query_is_stopped_by_the_timeout_of_its_config(tmp_path):
    query = step(SLOW).replace("      config:\n", "      config:\n        timeout: 1\n")
    assert pp.run(pipeline(tmp_path, query)).record["q"].failure.kind == "timeout"


def test_a_query_that_fails_says_where_and_leaves_nothing_behind(tmp_path):
    run = pp.run(pipeline(tmp_path, step("SELECT nme FROM raw_data")))
    failure = run.record["q"].failure
    assert (failure.code, failure.permanent) == ("PPF240", True)
    assert 'Referenced column "nme"' in failure.message
    assert "out_q" not in run["q"].outputs


def test_a_query_that_is_not_one_select_is_found_before_anything_runs(tmp_path):
    with pytest.raises(
        ConfigError,
        match=r"flow.yaml:\d+:\d+  PPF145  the query of 'q' cannot be used: the query starts with DROP",
    ):
        pp.load(pipeline(tmp_path, step("DROP TABLE raw_data")))


def test_parameters_of_the_step_come_before_those_of_the_run(tmp_path):
    top = "parameters: {n: 1, m: 5}\n"
    query = step("SELECT {n} + {m} AS v").replace(
        "        query_template", "        query_parameters: {n: 10}\n        query_template"
    )
    assert pp.run(pipeline(tmp_path, query, top))["q"].outputs["out_q"].table().rows() == [(15,)]


def test_a_wrong_column_is_located_in_the_file(tmp_path):
    text = (
        "sources:\n  raw: {path: raw.csv, contract: {columns: {id: integer}}}\n"
        "workflow:\n  name: flow\n  steps:\n    - name: q\n      type: sql\n      config:\n"
        "        query_template: |\n          SELECT id,\n                 idd\n          FROM raw\n"
    )
    (tmp_path / "raw.csv").write_text("id\n1\n")
    (tmp_path / "flow.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"flow.yaml:11:18  PPF151 .*'idd'.*did you mean 'id'"):
        pp.load(tmp_path / "flow.yaml")
