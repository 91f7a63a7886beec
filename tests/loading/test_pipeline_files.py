"""Pipeline files to pipelines: sections, contracts, groups, and all problems at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeproof.loading.loaded import Loaded

Load = Callable[..., Loaded]
STEP = "{name: a, type: sql, config: {query_template: SELECT 1 AS x}}"
FLOW = f"workflow: {{name: x, steps: [{STEP}]}}\n"


def codes(loaded: Loaded) -> list[str]:
    return [finding.code for finding in loaded.findings]


def test_all_problems_of_a_file_its_parents_and_contracts_are_found_at_once(load: Load) -> None:
    loaded = load(
        base="logging: {levle: INFO}\nworkflow: {timeout: soon}\n",
        contract="columns: {x: {typ: integer}}\n",
        flow="""\
            extends: base.yaml
            sources: {raw: {fromat: csv, path: d.csv}}
            parameters: {n: {type: intger}}
            workflow:
              name: x
              steps:
                - {name: a, type: sql, contract: contract.yaml, config: {query_template: SELECT 1 AS x}}
                - {name: b, typ: sql}
                - {name: c, type: nosuch}
                - {name: d, type: sql, config: {query_template: SELECT 1 AS x, chunk_size: many}}
            """,
    )
    files = {Path(finding.where.file).name for finding in loaded.findings if finding.where}
    assert files == {"base.yaml", "contract.yaml", "flow.yaml"}
    assert sorted(codes(loaded)) == [
        "PPF103", "PPF103", "PPF103", "PPF103", "PPF105", "PPF105", "PPF105", "PPF115",
    ]  # fmt: skip


def test_one_wrong_value_is_one_problem_although_it_could_be_of_two_types(load: Load) -> None:
    step = "{name: a, type: python, config: {function: 'm:f', inputs: 3}}"
    (finding,) = load(flow=f"workflow: {{name: x, steps: [{step}]}}\n").findings
    assert "a mapping is needed or a list is needed, this is 3" in finding.what


@pytest.mark.parametrize("section", ["sources", "targets", "parameters", "logging"])
def test_a_section_whose_lines_are_commented_out_is_empty(load: Load, section: str) -> None:
    assert codes(load(flow=f"{section}:\n{FLOW}")) == []


def test_a_source_is_a_path_or_a_mapping(load: Load) -> None:
    sources = load(flow="sources: {a: a.csv, b: {path: b.csv, format: tsv}}\n" + FLOW).pipeline.sources
    assert Path(sources["a"].path).name == "a.csv"
    assert sources["b"].format == "tsv"


def test_paths_of_sources_are_found_from_the_file_and_the_project(load: Load) -> None:
    loaded = load(
        configs__workflows__flow="sources: {a: ../../data/a.yaml, b: data/a.yaml}\n" + FLOW, data__a="x: 1\n"
    )
    assert {source.path for source in loaded.pipeline.sources.values()} == {"data/a.yaml"}


def test_a_database_file_is_found_from_the_project(load: Load) -> None:
    text = "sources: {a: {database: 'sqlite:///data/shop.yaml', table: t}}\n" + FLOW
    source = load(configs__workflows__flow=text, data__shop="x: 1\n").pipeline.sources["a"]
    assert source.database == "sqlite:///data/shop.yaml"


def test_a_parameter_takes_its_type_from_its_default(load: Load) -> None:
    text = (
        "parameters: {s: x, i: 3, f: 0.5, b: true, d: {type: date}, t: {type: string, default: 5}}\n" + FLOW
    )
    parameters = load(flow=text).pipeline.parameters
    kinds = [parameter.type for parameter in parameters.values()]
    assert kinds == ["string", "integer", "number", "boolean", "date", "string"]
    assert parameters["d"].required
    assert parameters["t"].default == "5"


@pytest.mark.parametrize(
    "wrong", ["{type: integer, default: x}", "{type: date, default: soon}", "{type: boolean, default: 3}"]
)
def test_a_default_that_is_not_of_the_type_is_an_error(load: Load, wrong: str) -> None:
    assert codes(load(flow=f"parameters: {{n: {wrong}}}\n" + FLOW)) == ["PPF105"]


def test_a_contract_is_the_same_inline_and_in_a_file(load: Load) -> None:
    columns = "columns: {x: {type: integer, range: [0, 9]}, y: 'number?'}"
    step = "{name: a, type: sql, config: {query_template: SELECT 1 AS x}, contract: %s}"
    inline = load(flow="workflow: {name: x, steps: [" + step % f"{{{columns}}}" + "]}\n").pipeline
    filed = load(flow="workflow: {name: x, steps: [" + step % "c.yaml" + "]}\n", c=columns + "\n").pipeline
    assert inline == filed
    schema = filed.steps[0].contract.outputs["a"].schema
    assert schema is not None
    assert (schema["x"].maximum, schema["y"].nullable) == (9, True)


def test_a_variable_is_filled_in_in_a_contract_file(load: Load) -> None:
    step = "{name: a, type: sql, config: {query_template: SELECT 1 AS x}, contract: c.yaml}"
    loaded = load(
        {"TOP": "7"}, flow=f"workflow: {{name: x, steps: [{step}]}}\n", c="columns: {x: {max: '${TOP}'}}\n"
    )
    schema = loaded.pipeline.steps[0].contract.outputs["a"].schema
    assert schema is not None
    assert schema["x"].maximum == 7


def test_a_step_may_wait_for_a_group(load: Load) -> None:
    pipeline = load(
        flow="""\
            workflow:
              name: x
              steps:
                - {name: last, type: sql, depends_on: [early], config: {query_template: SELECT 1 AS x}}
                - {name: a, type: sql, group: early, config: {query_template: SELECT 1 AS x}}
                - {name: b, type: sql, group: early, config: {query_template: SELECT 1 AS x}}
            """
    ).pipeline
    assert pipeline.by_name["last"].needs == ("a", "b")
    assert [step.name for step in pipeline.steps] == ["a", "b", "last"]


def test_a_group_with_the_name_of_a_step_is_refused(load: Load) -> None:
    steps = "[{name: a, type: sql, group: a, config: {query_template: SELECT 1 AS x}}]"
    assert codes(load(flow=f"workflow: {{name: x, steps: {steps}}}\n")) == ["PPF113"]


def test_what_a_broken_step_would_make_is_not_missed(load: Load) -> None:
    loaded = load(flow="workflow: {name: x, steps: [{name: a, type: sql, config: {output_name: b}}]}\n")
    assert "b" in loaded.guessed


def test_where_a_value_stands_is_no_part_of_equality(load: Load) -> None:
    assert load(flow=FLOW) == load(flow="# moved\n\n" + FLOW)


@pytest.mark.parametrize("section", ["sources", "targets"])
def test_a_contract_in_a_file_says_what_happens_when_it_does_not_hold(load: Load, section: str) -> None:
    loaded = load(
        clean="columns: {x: integer}\nenforce: warn\n",
        flow=f"{section}: {{a: {{path: a.csv, contract: clean.yaml}}}}\n" + FLOW,
    )
    assert getattr(loaded.pipeline, section)["a"].enforce == "warn"


@pytest.mark.parametrize(
    ("type_and_config", "says", "effects"),
    [
        ("type: files, config: {operation: copy, path: d, to: o/d}", "", "external"),
        ("type: files, config: {operation: copy, path: d, to: o/d}", "effects: none, ", "none"),
        ("type: sql, config: {query_template: SELECT 1 AS x}", "", "none"),
        ("type: python, config: {function: 'm:f'}", "effects: external, ", "external"),
    ],
)
def test_the_effects_of_a_step_are_what_it_says_or_what_its_kind_does(
    load: Load, type_and_config: str, says: str, effects: str
) -> None:
    loaded = load(flow=f"workflow: {{name: x, steps: [{{name: a, {says}{type_and_config}}}]}}\n")
    assert loaded.pipeline.by_name["a"].effects == effects
