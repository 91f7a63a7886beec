"""transform steps in whole pipelines: wiring, static checks in place, processes, timeouts."""

from __future__ import annotations

import time

import polars as pl
import pytest

import pipeproof as pp
from pipeproof.errors import ConfigError
from pipeproof.steps.transform import KIND, AddColumn, FillNulls, Filter, Join, TransformConfig, Union

TOP = """\
sources:
  raw: {path: raw.csv, contract: {columns: {id: integer, amount: integer?, town: string?}}}
  sizes: {path: sizes.csv, contract: {columns: {id: integer, size: integer}}}
parameters: {limit: 15, day: "2024-01-01"}
workflow:
  name: flow
  steps:
"""


def pipeline(folder, operations, more="", kind="transform"):
    (folder / "raw.csv").write_text("id,amount,town\n1,10,ulm\n2,,\n3,30,bonn\n")
    (folder / "sizes.csv").write_text("id,size\n1,7\n3,8\n")
    lines = "".join(f"          - {operation}\n" for operation in operations)
    path = folder / "flow.yaml"
    path.write_text(
        f"{TOP}    - name: made\n      type: {kind}\n      retry_count: 0\n{more}      config:\n"
        f"        input_name: raw\n        transformations:\n{lines}"
    )
    return path


def rows(run):
    assert run, [step.failure for step in run.record.steps.values()]
    return run["made"].outputs["made"].table().rows()


@pytest.mark.parametrize("kind", ["transform", "SnowparkTransformStep"])
def test_operations_run_one_after_the_other(tmp_path, kind):
    operations = [
        "{type: fill_nulls, columns: [amount], value: 0}",
        '{type: add_column, name: more, value: "amount + id * {limit}"}',
        '{type: filter, condition: "more > {limit}"}',
        "{type: join, with: sizes, on: id, how: left}",
        "{type: select, columns: [id, more, size]}",
    ]
    assert rows(pp.run(pipeline(tmp_path, operations, kind=kind))) == [(1, 25, 7), (2, 30, None), (3, 75, 8)]


def test_the_seed_of_the_step_chooses_a_sample_that_comes_again(tmp_path):
    path = pipeline(tmp_path, ["{type: sample, n: 1}"])
    assert rows(pp.run(path)) == rows(pp.run(path))


def test_joined_and_united_datasets_are_inputs():
    config = TransformConfig("a", (Join("b", ("k",)), Union(("c", "d"))))
    wiring = KIND.wire("made", config, None)
    assert (dict(wiring.inputs), dict(wiring.outputs)) == ({n: n for n in "abcd"}, {"made": "made"})


def test_parameters_of_expressions_and_values_are_known_before_the_run():
    config = TransformConfig(
        "a", (FillNulls(value="{x}"), AddColumn("n", "a + {y}"), Filter("s = '<{z}>' -- {no}\n"))
    )
    assert set(KIND.placeholders(config)) == {"x", "y", "z"}


def problems(folder, *operations):
    with pytest.raises(ConfigError) as caught:
        pp.load(pipeline(folder, operations))
    return [str(finding).split("flow.yaml:")[-1] for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("operation", "starts", "says"),
    [
        ("{type: fil_nulls, columns: [id], value: 0}", "14:13  PPF105", "did you mean 'fill_nulls'?"),
        ("{columns: [id]}", "14:13  PPF105", "the key 'type' is missing"),
        ("{type: join, on: id}", "14:13  PPF104", "needs the key 'with'"),
        ("{type: join, with: sizes, on: id, sufix: _2}", "14:47  PPF103", "did you mean 'suffix'?"),
        (
            "{type: join, with: sizes, on: id, how: outter}",
            "14:52  PPF105",
            "one of the choices is needed, this is 'outter'",
        ),
        ("{type: join, with: sizes}", "14:13  PPF105", "no key columns are named"),
        ("{type: join, with: sises, on: id}", "14:32  PPF121", "did you mean 'sizes'?"),
        ("{type: join, with: sizes, on: size}", "14:43  PPF151", "operation 1 (join) uses column 'size'"),
        (
            "{type: join, with: sizes, left_on: id, right_on: idd}",
            "14:62  PPF151",
            "which 'sizes' does not have",
        ),
        ("{type: cast, columns: {id: int}}", "14:40  PPF105", "did you mean 'integer'?"),
        ("{type: add_column, name: x}", "14:13  PPF104", "needs the key 'value'"),
        ('{type: add_column, name: x, value: "id +"}', "14:52  PPF146", "operation 1 (add_column)"),
        ('{type: add_column, name: x, value: "id + amout"}', "14:54  PPF151", "did you mean 'amount'?"),
        ('{type: add_column, name: x, value: "{lmit}"}', "14:49  PPF132", "did you mean 'limit'?"),
        ('{type: filter, condition: "sum(id) > 1"}', "14:44  PPF146", "SUM puts rows together"),
        ("{type: select, columns: [id, twon]}", "14:42  PPF151", "did you mean 'town'?"),
        ("{type: select, columns: 3}", "14:37  PPF105", "a list is needed"),
        ("{type: rename, columns: {id: town}}", "14:13  PPF147", "two columns 'town'"),
        ("{type: sort, by: [id, town], descending: [true]}", "14:42  PPF105", "1 directions for 2 columns"),
        ("{type: sort, by: id, descending: yes please}", "14:46  PPF105", "true, false, or a list"),
        ("{type: sample}", "14:13  PPF105", "either n or a fraction"),
        ("{type: sample, fraction: 1.5}", "14:38  PPF105", "not between 0 and 1"),
        ("{type: fill_nulls, columns: id}", "14:13  PPF105", "either a value or a strategy"),
        ("{type: fill_nulls, strategy: mean}", "14:13  PPF105", "needs the key 'columns'"),
        ("{type: window, name: w, function: lag}", "14:13  PPF105", "lag needs the key 'column'"),
        (
            "{type: window, name: w, function: rolling_mean, column: id}",
            "14:13  PPF105",
            "size of at least 1",
        ),
        ("{type: rank, name: w}", "14:13  PPF105", "rank needs the key 'order_by'"),
        (
            "{type: aggregate, aggregations: {n: {function: summ, column: id}}}",
            "14:60  PPF105",
            "did you mean 'sum'?",
        ),
        ("{type: aggregate, aggregations: {n: {function: sum}}}", "14:31  PPF105", "needs the key 'column'"),
        ("{type: aggregate, aggregations: {n: sum(idd)}}", "14:53  PPF151", "did you mean 'id'?"),
        ("{type: aggregate, aggregations: {n: id}}", "14:49  PPF146", "write an aggregate such as sum(id)"),
        ("select", "14:13  PPF105", "a mapping is needed"),
    ],
)
def test_a_wrong_operation_is_found_before_anything_runs(tmp_path, operation, starts, says):
    (found,) = problems(tmp_path, operation)
    assert found.startswith(starts)
    assert says in found


def test_columns_are_followed_through_the_operations(tmp_path):
    found = problems(
        tmp_path,
        '{type: add_column, name: twice, value: "id * 2"}',
        "{type: rename, columns: {twice: double}}",
        "{type: drop, columns: [amount]}",
        "{type: join, with: sizes, on: id}",
        '{type: filter, condition: "double > 1 AND size > 0 AND TOWN IS NULL"}',
        "{type: window, name: r, function: row_number, order_by: size}",
        '{type: aggregate, group_by: town, aggregations: {n: "sum(r)"}}',
        "{type: sort, by: [n, town]}",
        "{type: sort, by: [twice, amount, r]}",
    )
    assert [line.split("uses column ")[1].split(",")[0] for line in found] == ["'twice'", "'amount'", "'r'"]
    assert all("operation 9 (sort)" in line for line in found)


def test_columns_of_a_dataset_without_a_contract_are_not_judged(tmp_path):
    path = pipeline(tmp_path, ['{type: add_column, name: x, value: "whatever + 1"}'])
    path.write_text(
        path.read_text().replace(", contract: {columns: {id: integer, amount: integer?, town: string?}}", "")
    )
    pp.load(path)
    failure = pp.run(path).record["made"].failure
    assert (failure.code, failure.permanent) == ("PPF151", True)
    assert "operation 1 (add_column) uses column 'whatever'" in failure.message


@pytest.mark.parametrize("more", ["", "      timeout: 60\n"])
def test_a_value_that_fails_names_the_operation_in_every_isolation(tmp_path, more):
    operations = [
        "{type: sort, by: id}",
        "{type: cast, columns: {town: integer}}",
        "{type: drop, columns: id}",
    ]
    failure = pp.run(pipeline(tmp_path, operations, more)).record["made"].failure
    assert (failure.code, failure.permanent) == ("PPF242", True)
    assert failure.message.startswith(
        "operation 2 (cast) failed: 2 of the values of column 'town' are no integer"
    )


def test_a_transform_that_the_workflows_timeout_may_have_to_end_runs_in_a_process(tmp_path):
    path = pipeline(tmp_path, ["{type: distinct}"])
    path.write_text(path.read_text().replace("workflow:\n", "workflow:\n  timeout: 60\n", 1))
    assert pp.plan(path)["made"].isolation == "worker"


def test_a_step_without_a_timeout_runs_in_a_thread_and_one_with_it_in_a_process(tmp_path):
    isolations = [
        next(
            task.isolation
            for task in pp.plan(pipeline(tmp_path, ["{type: sort, by: id}"], more)).tasks
            if task.name == "made"
        )
        for more in ("", "      timeout: 60\n")
    ]
    assert isolations == ["thread", "worker"]


def test_a_transform_that_takes_too_long_is_ended(tmp_path):
    path = pipeline(tmp_path, ["{type: join, with: sizes, how: cross}"] * 1, "      timeout: 3\n")
    pl.DataFrame({"id": range(60_000), "amount": 1, "town": "x"}).write_csv(tmp_path / "raw.csv")
    pl.DataFrame({"id": range(60_000), "size": 1}).write_csv(tmp_path / "sizes.csv")
    with path.open("a") as file:
        file.write('          - {type: filter, condition: "sqrt(id * size) + sqrt(amount) < 0"}\n')
    started = time.monotonic()
    failure = pp.run(path).record["made"].failure
    assert (failure.kind, failure.code) == ("timeout", "PPF202")
    assert time.monotonic() - started < 30


def test_a_union_of_datasets_that_differ_fails_clearly(tmp_path):
    failure = pp.run(pipeline(tmp_path, ["{type: union, with: sizes}"])).record["made"].failure
    assert "operation 1 (union): 'sizes' lacks amount, town and has size more" in failure.message
    assert "fill_missing: true" in failure.fix
