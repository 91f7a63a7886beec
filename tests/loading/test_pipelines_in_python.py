"""Pipelines made in Python: the same values as from YAML, found by module or file, errors at the user's line."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from pipeproof.errors import ConfigError, UsageError
from pipeproof.loading.build import load_file
from pipeproof.loading.find import load_target
from pipeproof.loading.loaded import Loaded
from pipeproof.loading.places import places_for
from pipeproof.model.pipeline import Pipeline
from pipeproof.plugins import Kinds
from pipeproof.steps.python.decorator import step

PYTHON = """\
    from pipeproof import Column, Contract, Parameter, Pipeline, Port, Retry, TableSchema, step

    COUNTED = Contract(outputs={"total": Port("total", schema=TableSchema((Column("n", "integer"),)))})

    @step(output="total", contract=COUNTED, timeout=60, retry=Retry(1))
    def count(raw, limit):
        return raw

    @step(outputs=["train", "test"], depends_on=["count"], group="model", env={"A": "1"})
    def split(total):
        return {"train": total, "test": total}

    flow = Pipeline(
        "flow",
        steps=[split, count],
        sources={"raw": "data/raw.csv"},
        parameters={"limit": Parameter("limit", "integer", 3, required=False)},
    )

    def make():
        return flow
"""
YAML = """\
    sources: {raw: data/raw.csv}
    parameters: {limit: 3}
    workflow:
      name: flow
      steps:
        - name: count
          type: python
          config: {function: MODULE:count, inputs: {raw: raw}, output_name: total}
          contract: {columns: {n: integer}}
          timeout: 60
          retry_count: 1
        - name: split
          type: python
          depends_on: [count]
          group: model
          env: {A: 1}
          config:
            function: MODULE:split
            inputs: {total: total}
            outputs: {train: split.train, test: split.test}
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write a module with a name that no other test uses, and return the name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write(text: str, folder: str = "") -> str:
        name = f"flow_{uuid.uuid4().hex}"
        path = tmp_path / folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return name

    return write


def loaded(target: str | Pipeline) -> Loaded:
    return load_target(target, Kinds(), {})[0]


def from_yaml(folder: Path, name: str) -> Pipeline:
    path = folder / "flow.yaml"
    path.write_text(dedent(YAML).replace("MODULE", name))
    found = load_file(path, places_for(path, {}), Kinds(), {})
    assert found.findings == ()
    return found.pipeline


def test_python_and_yaml_give_the_same_pipeline(module: Callable[..., str], tmp_path: Path) -> None:
    name = module(PYTHON)
    assert loaded(f"{name}:flow").pipeline == from_yaml(tmp_path, name)


@pytest.mark.parametrize("target", ["{}:flow", "{}:make", "{}.py:flow", "./{}.py:flow"])
def test_a_pipeline_is_found_by_module_file_or_function(module: Callable[..., str], target: str) -> None:
    assert loaded(target.format(module(PYTHON))).pipeline.name == "flow"


def test_a_file_in_a_folder_is_imported_by_the_name_that_workers_use(
    module: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / ".pipeproof").mkdir()
    name = module(PYTHON, "flows")
    pipeline = loaded(f"flows/{name}.py:flow").pipeline
    assert pipeline.by_name["count"].config.function == f"flows.{name}:count"  # type: ignore[attr-defined]  # a python step
    assert pipeline.root == str(tmp_path)


def test_a_file_that_imports_its_neighbour_is_imported(module: Callable[..., str]) -> None:
    neighbour = module("LIMIT = 3\n", "flows")
    name = module(f"from {neighbour} import LIMIT\n" + dedent(PYTHON), "flows")
    assert loaded(f"flows/{name}.py:flow").pipeline.name == "flow"


def test_a_file_with_the_name_of_a_library_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("flow = 1\n")
    with pytest.raises(UsageError, match="rename the file"):
        loaded("json.py:flow")
    import sys

    assert sys.modules["json"] is json


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("from pipeproof import Pipeline, Step\nflow = Pipeline('x', [Step('a', 'sql'), Step('a', 'sql')])\n", 2, "PPF113"),
        ("from pipeproof import Pipeline, Step\nflow = Pipeline('x', [Step('a', 'sql', needs=('b',))])\n", 2, "PPF124"),
        ("def make():\n    from pipeproof import Pipeline, Step\n    return Pipeline('x', [Step('a', 'sql', needs=('b',))])\n\n\nflow = make()\n", 3, "PPF124"),
        ("x = 1\ny = x / 0\n", 2, "PPF109"),
        ("import no_such_library\n", 1, "PPF109"),
        ("\ndef flow():\n    raise ValueError\n", 3, "PPF109"),
        ("\nx = (\n", 2, "PPF109"),
    ],
)  # fmt: skip
def test_an_error_is_shown_at_the_line_of_the_user(
    module: Callable[..., str], text: str, line: int, code: str
) -> None:
    name = module(text)
    with pytest.raises((ConfigError, UsageError)) as caught:
        loaded(f"{name}:flow")
    (finding,) = caught.value.findings
    assert finding.code == code
    assert finding.where is not None
    assert (Path(finding.where.file).name, finding.where.line) == (f"{name}.py", line)


def test_a_module_that_failed_is_imported_anew(module: Callable[..., str], tmp_path: Path) -> None:
    name = module("raise ValueError\n")
    with pytest.raises(UsageError):
        loaded(f"{name}.py:flow")
    (tmp_path / f"{name}.py").write_text(dedent(PYTHON))
    assert loaded(f"{name}.py:flow").pipeline.name == "flow"


def test_a_pipeline_is_taken_as_it_is(tmp_path: Path) -> None:
    pipeline = Pipeline("x", root=str(tmp_path))
    assert loaded(pipeline).pipeline == pipeline


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"retry_count": 2}, "'retry_count'; give retry=Retry"),
        ({"isolatoin": "fresh"}, "'isolatoin'; did you mean 'isolation'"),
    ],
)
def test_an_option_that_a_step_does_not_have_is_refused(options: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        step(**options)(dedent)  # type: ignore[call-overload]  # that is the point
    assert caught.value.findings[0].where is not None


def test_a_function_says_its_effects_and_whether_it_may_be_done_twice() -> None:
    decorated = step(name="send", effects="external", idempotent=True)(lambda: 1)
    (made,) = Pipeline("p", steps=(decorated,)).steps  # type: ignore[arg-type]  # it becomes a step
    assert (made.effects, made.idempotent) == ("external", True)
