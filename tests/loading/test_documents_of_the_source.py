"""Every configuration of the Dynamic Workflow Runner's documentation (sections 7 to 10), written as YAML."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from pipeproof.loading.loaded import Loaded
from pipeproof.planning.lint import placeholders
from pipeproof.planning.parameters import declared_parameters
from pipeproof.plugins import Kinds

Load = Callable[..., Loaded]

AUTH = {
    "snowpark": {
        "connection_parameters": {
            "account": "test_account",
            "user": "test_user",
            "password": "test_password",
            "warehouse": "test_warehouse",
            "database": "test_database",
            "schema": "test_schema",
        }
    },
    "logging": {"level": "INFO"},
}
QUERY = {
    "name": "extract_data",
    "type": "SnowparkQueryStep",
    "config": {
        "query_template": "SELECT * FROM test_table WHERE date = '{partition_date}'",
        "output_name": "raw_data",
    },
}
TRANSFORM = {
    "name": "transform_data",
    "type": "SnowparkTransformStep",
    "config": {
        "input_name": "raw_data",
        "output_name": "features",
        "transformations": [{"type": "fill_nulls", "columns": ["feature1", "feature2"], "value": 0}],
    },
}
INFERENCE = {
    "name": "model_inference",
    "type": "ModelInferenceStep",
    "config": {
        "model_type": "xgboost",
        "model_path": "models/test_model.json",
        "input_name": "features",
        "output_name": "predictions",
    },
}
WORKFLOW = {
    "<<": "base/auth.yaml",
    "workflow": {"name": "test_workflow", "timeout": 3600, "steps": [QUERY, TRANSFORM, INFERENCE]},
}


def text(data: object) -> str:
    return yaml.safe_dump(data, sort_keys=False)


def with_steps(*steps: object, **top: object) -> str:
    return text({**top, "workflow": {"name": "w", "steps": list(steps)}})


def codes(loaded: Loaded) -> list[str]:
    return [finding.code for finding in loaded.findings]


def needs(kind: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(Kinds().resolve(kind) is None, reason=f"the kind {kind} is not installed")


@needs("SnowparkTransformStep")
@needs("ModelInferenceStep")
def test_the_three_steps_of_section_9_load_with_their_parent(load: Load) -> None:
    loaded = load(
        configs__base__auth=text(AUTH),
        configs__workflows__flow=text(WORKFLOW),
        configs__models__unused="a: 1\n",
    )
    # The document has no model file; all else is as it should be.
    assert codes(loaded) in ([], ["PPF143"], ["PPF401"], ["PPF146"]), loaded.findings
    pipeline = loaded.pipeline
    assert pipeline.name == "test_workflow"
    assert pipeline.timeout == 3600
    assert pipeline.log_level == "INFO"
    assert [step.name for step in pipeline.steps] == ["extract_data", "transform_data", "model_inference"]
    assert [step.retry.count for step in pipeline.steps] == [3, 3, 3]
    assert any("Snowflake" in note for note in pipeline.notes)


def test_the_query_step_of_section_9_takes_the_date_without_declaring_it(load: Load) -> None:
    pipeline = load(flow=with_steps(QUERY, sources={"test_table": "t.csv"})).pipeline
    assert pipeline.steps[0].outputs == {"raw_data": "raw_data"}
    used = placeholders(pipeline, Kinds())
    assert declared_parameters(pipeline, used)["partition_date"].type == "date"


def test_the_query_step_of_section_8_loads(load: Load) -> None:
    step = {
        "name": "test_query",
        "type": "SnowparkQueryStep",
        "config": {"query_template": "SELECT 1 as test_col, 'test' as test_str", "output_name": "test_data"},
    }
    loaded = load(flow=with_steps(step))
    assert codes(loaded) == []
    assert loaded.pipeline.steps[0].kind == "sql"


@needs("SnowparkTransformStep")
def test_the_transform_step_of_section_8_loads(load: Load) -> None:
    step = {
        "name": "test_transform",
        "type": "SnowparkTransformStep",
        "config": {
            "input_name": "source",
            "output_name": "transformed",
            "transformations": [
                {"type": "fill_nulls", "columns": ["col2"], "value": 0},
                {"type": "add_column", "name": "col3", "value": "col1 + col2"},
            ],
        },
    }
    loaded = load(flow=with_steps(step, sources={"source": "s.csv"}))
    assert codes(loaded) == []
    assert loaded.pipeline.steps[0].inputs["source"] == "source"


@needs("ModelInferenceStep")
def test_the_inference_step_of_section_8_loads(load: Load) -> None:
    step = {
        "name": "test_inference",
        "type": "ModelInferenceStep",
        "config": {
            "model_type": "xgboost",
            "model_path": "flow.yaml",
            "input_name": "features",
            "output_name": "predictions",
            "feature_columns": [f"feature_{i}" for i in range(5)],
        },
    }
    loaded = load(flow=with_steps(step, sources={"features": "f.csv"}))
    assert [step.name for step in loaded.pipeline.steps] == ["test_inference"], loaded.findings


def test_the_inheritance_of_section_7_resolves(load: Load) -> None:
    parent = {"snowpark": {"account": "test_account"}, "workflow": {"timeout": 3600}}
    child = {"<<": "parent.yaml", "workflow": {"name": "child_workflow", "timeout": 1800, "steps": [QUERY]}}
    loaded = load(parent=text(parent), flow=text(child))
    assert codes(loaded) == []
    assert loaded.node is not None
    assert loaded.node.plain["snowpark"] == {"account": "test_account"}
    assert (loaded.pipeline.name, loaded.pipeline.timeout) == ("child_workflow", 1800)


@pytest.mark.parametrize("value", ["test_account", "prod_account"])
def test_the_variable_of_section_7_is_filled_in(load: Load, value: str) -> None:
    loaded = load({"ACCOUNT": value}, flow=with_steps(QUERY, snowpark={"account": "${ACCOUNT}"}))
    assert codes(loaded) == []
    assert loaded.node is not None
    assert loaded.node.plain["snowpark"]["account"] == value


@pytest.mark.parametrize("snowpark", [{"account": "a"}, {"connection_parameters": {"account": "a"}}, {}])
def test_a_connection_loads_nested_or_flat(load: Load, snowpark: object) -> None:
    assert codes(load(flow=with_steps(QUERY, snowpark=snowpark))) == []


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"logging": {}}, "PPF104"),
        ({"workflow": {}}, "PPF104"),
        ({"workflow": {"steps": []}}, "PPF104"),
        ({"workflow": {"name": "x", "steps": []}}, "PPF104"),
        ({"workflow": {"name": "x", "steps": [{"name": "test"}]}}, "PPF104"),
        (
            {
                "workflow": {
                    "name": "x",
                    "steps": [{"name": "s", "type": "NonExistentStepType", "config": {}}],
                }
            },
            "PPF115",
        ),
    ],
)
def test_the_wrong_configurations_of_section_9_are_errors(load: Load, config: object, code: str) -> None:
    assert codes(load(flow=text(config)))[0] == code


def test_a_file_that_is_an_empty_mapping_says_what_it_needs(load: Load) -> None:
    (finding,) = load(flow="{}\n").findings
    assert "'workflow'" in finding.what


def test_an_unknown_type_names_the_known_ones(load: Load) -> None:
    step = {"name": "s", "type": "NonExistentStepType", "config": {}}
    (finding,) = load(flow=with_steps(step)).findings
    assert "pipeproof steps" in finding.fix
    step["type"] = "SnowparkQeryStep"
    (finding,) = load(flow=with_steps(step)).findings
    assert "did you mean 'SnowparkQueryStep'?" in finding.fix


def test_the_timeout_of_a_query_counts_when_the_step_has_none(load: Load) -> None:
    config = {**QUERY["config"], "timeout": 30}  # type: ignore[dict-item]  # a mapping
    assert load(flow=with_steps({**QUERY, "config": config})).pipeline.steps[0].timeout == 30
    assert load(flow=with_steps({**QUERY, "timeout": 5, "config": config})).pipeline.steps[0].timeout == 5


def test_a_query_has_the_optional_keys_of_section_4(load: Load) -> None:
    config = {
        "query_template": "SELECT {n} AS x",
        "output_name": "y",
        "query_parameters": {"n": 1},
        "chunk_size": 10,
    }
    assert codes(load(flow=with_steps({"name": "q", "type": "SnowparkQueryStep", "config": config}))) == []
